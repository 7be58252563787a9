"""Batches hold every pair once, within their budget, in an order that only seed and epoch decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.data.batching import BucketOrder, budgeted, budgeted_ascending, make_batch, pad
from nmt.data.subwords import BEGIN, END, PADDING

lengths_of_pairs = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=80)
quick = settings(deadline=None, max_examples=100)


def an_order(lengths: list[tuple[int, int]], batch_tokens: int = 100, seed: int = 1) -> BucketOrder:
    return BucketOrder(np.array(lengths, dtype=np.int32), batch_tokens=batch_tokens, seed=seed)


def realistic_lengths(count: int) -> list[tuple[int, int]]:
    """Captions: 14 pieces or so, the target a little longer and like the source."""
    random = np.random.default_rng(7)
    source = random.lognormal(np.log(14), 0.35, count)
    target = source * random.lognormal(np.log(1.1), 0.2, count)
    return [(1 + round(one), 1 + round(other)) for one, other in zip(source, target, strict=True)]


@quick
@given(st.lists(st.integers(0, 60), max_size=80), st.integers(1, 120))
def test_runs_cover_every_sentence_once_in_order_and_keep_to_the_budget(lengths: list[int], budget: int) -> None:
    runs = budgeted(iter(lengths), budget)
    assert [index for start, end in runs for index in range(start, end)] == list(range(len(lengths)))
    for start, end in runs:
        assert end > start
        assert max(lengths[start:end]) * (end - start) <= budget or end - start == 1


@quick
@given(st.lists(st.integers(1, 60), min_size=2, max_size=80), st.integers(1, 120))
def test_a_run_ends_only_where_the_next_sentence_does_not_fit(lengths: list[int], budget: int) -> None:
    for start, end in budgeted(lengths, budget)[:-1]:
        assert max(lengths[start : end + 1]) * (end + 1 - start) > budget


@quick
@given(st.lists(st.integers(0, 60), max_size=80).map(sorted), st.integers(1, 120))
def test_ascending_lengths_are_cut_as_any_others(lengths: list[int], budget: int) -> None:
    assert budgeted_ascending(np.array(lengths, np.int32), budget) == budgeted(lengths, budget)


@quick
@given(lengths_of_pairs, st.integers(1, 200), st.integers(0, 5), st.integers(0, 5))
def test_an_epoch_holds_every_pair_once_within_the_budget(
    lengths: list[tuple[int, int]], batch_tokens: int, seed: int, epoch: int
) -> None:
    batches = an_order(lengths, batch_tokens, seed).epoch(epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) * max(max(lengths[row]) for row in batch) <= batch_tokens or len(batch) == 1


@quick
@given(lengths_of_pairs, st.integers(0, 5), st.integers(0, 5))
def test_the_order_depends_on_nothing_but_seed_and_epoch(lengths: list[tuple[int, int]], seed: int, epoch: int) -> None:
    one, used = an_order(lengths, seed=seed), an_order(lengths, seed=seed)
    used.epoch(epoch + 1)
    assert [batch.tolist() for batch in one.epoch(epoch)] == [batch.tolist() for batch in used.epoch(epoch)]


@quick
@given(lengths_of_pairs, st.sampled_from([np.uint16, np.int32, np.int64]))
def test_the_order_does_not_depend_on_how_lengths_are_stored(lengths: list[tuple[int, int]], kind: type) -> None:
    stored = BucketOrder(np.array(lengths, dtype=kind), batch_tokens=100, seed=1).epoch(0)
    assert [batch.tolist() for batch in stored] == [batch.tolist() for batch in an_order(lengths).epoch(0)]


@pytest.mark.parametrize("longest", [2**15, 2**16, 2**20])
def test_sentences_of_any_length_are_kept_within_the_budget(longest: int) -> None:
    lengths = [(1, longest), (longest - 1, 3), (2, 2), (longest, 1), (longest // 2, longest // 2)] * 3
    batches = an_order(lengths, 2 * longest).epoch(0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(15))
    assert all(len(batch) * max(max(lengths[row]) for row in batch) <= 2 * longest for batch in batches)


def test_an_epoch_is_a_sequence_of_batches() -> None:
    batches = an_order(realistic_lengths(500), 200).epoch(0)
    listed = [batch.tolist() for batch in batches]
    assert len(batches) == len(listed) > 10
    assert [batches[index].tolist() for index in range(len(batches))] == listed
    assert [batch.tolist() for batch in batches[3:7]] == listed[3:7]
    assert batches[-1].tolist() == listed[-1]
    with pytest.raises(IndexError):
        batches[len(batches)]


def test_a_corpus_may_have_no_pairs() -> None:
    assert len(BucketOrder(np.empty((0, 2), np.uint16), batch_tokens=100, seed=1).epoch(0)) == 0


def test_every_epoch_and_every_seed_has_its_own_batches() -> None:
    """Of pairs of one length, so that any of them may meet; that two meet ten at a time twice is beyond all chance."""
    epochs = [an_order([(10, 10)] * 1000, 100, seed).epoch(epoch) for seed in (1, 2) for epoch in (0, 1)]
    seen = [frozenset(batch.tolist()) for batches in epochs for batch in batches]
    assert len(seen) == len(set(seen)) == 400


def test_batches_do_not_come_sorted_by_length() -> None:
    lengths = realistic_lengths(5000)
    longest = [max(lengths[row][1] for row in batch) for batch in an_order(lengths, 500).epoch(0)]
    assert abs(np.corrcoef(longest, range(len(longest)))[0, 1]) < 0.41  # 5 standard deviations, 1 / sqrt(150) each
    assert len(longest) > 150


def test_little_of_a_batch_is_padding() -> None:
    """Sorted by target, then source: targets hardly differ within a batch, and a source is like its target. Batches
    drawn at random would be padding by more than a third."""
    lengths = realistic_lengths(10_000)
    pairs = [([5] * source, [5] * target) for source, target in lengths]

    def padding(batches: Sequence[np.ndarray]) -> float:
        return float(np.mean([make_batch([pairs[row] for row in rows]).padding for rows in batches]))

    assert padding(an_order(lengths, 1500).epoch(0)) < 0.15
    assert padding(np.array_split(np.arange(len(pairs)), 100)) > 0.33


pieces = st.lists(st.integers(END + 1, 50), max_size=12).map(lambda words: [*words, END])


@quick
@given(st.lists(st.tuples(pieces, pieces), min_size=1, max_size=8))
def test_a_batch_begins_targets_ends_sentences_and_pads_after_the_end(pairs: list[tuple[list[int], list[int]]]) -> None:
    batch = make_batch([(np.array(source, dtype=np.int32), target) for source, target in pairs])
    assert batch.source.shape == (len(pairs), max(len(source) for source, _ in pairs))
    assert batch.target.shape == (len(pairs), 1 + max(len(target) for _, target in pairs))
    for index, (source, target) in enumerate(pairs):
        assert batch.source_lengths[index] == len(source)
        words, padding = batch.source[index].split([len(source), batch.source.shape[1] - len(source)])
        assert words.tolist() == source
        assert (padding == PADDING).all()
        words, padding = batch.target[index].split([1 + len(target), batch.target.shape[1] - 1 - len(target)])
        assert words.tolist() == [BEGIN, *target]
        assert (padding == PADDING).all()


@quick
@given(st.lists(st.tuples(pieces, pieces), min_size=1, max_size=8))
def test_tokens_are_counted_without_padding_and_without_the_begin_symbol(
    pairs: list[tuple[list[int], list[int]]],
) -> None:
    batch = make_batch(pairs)
    assert batch.source_tokens == sum(len(source) for source, _ in pairs)
    assert batch.target_tokens == sum(len(target) for _, target in pairs) == int((batch.target[:, 1:] != PADDING).sum())
    positions = len(pairs) * sum(max(len(pair[side]) for pair in pairs) for side in (0, 1))
    assert batch.padding == pytest.approx(1 - (batch.source_tokens + batch.target_tokens) / positions)


def test_padding_alone_gives_the_source_side_of_a_batch() -> None:
    source, lengths = pad([[7, END], [END]])
    assert source.tolist() == [[7, END], [END, PADDING]]
    assert lengths.tolist() == [2, 1]
    assert source.dtype == lengths.dtype == torch.int64


def test_a_batch_on_a_device_is_the_same_batch() -> None:
    batch = make_batch([([4, END], [5, 6, END]), ([END], [7, END])])
    moved = batch.to(torch.device("cpu"))
    assert torch.equal(moved.source, batch.source)
    assert torch.equal(moved.source_lengths, batch.source_lengths)
    assert torch.equal(moved.target, batch.target)
    assert (moved.source_tokens, moved.target_tokens) == (batch.source_tokens, batch.target_tokens)
