"""Sampling draws what the model has, alike in any company; diverse beams differ."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from torch import Tensor
from toy_table import (
    BEGIN,
    END,
    SENTENCES,
    SYMBOLS,
    WORDS,
    Table,
    TableState,
    limit_of,
    log_probability,
    next_log_probabilities,
)

from nmt.config import SearchConfig
from nmt.errors import UserError
from nmt.search.decode import decode
from nmt.search.protocol import DEAD, Hypothesis
from nmt.search.settings import OWNERS, check_search, plain
from nmt.search.strategies import STRATEGIES, Alive, Beam, DiverseBeam

LIMIT = 6


def search(sentences: list[int], **settings: object) -> list[list[Hypothesis]]:
    wanted = SearchConfig(**{"nbest": settings.get("beam", 5), **settings})
    check_search(wanted)
    strategy = STRATEGIES[wanted.strategy](wanted, [[sentence] for sentence in sentences], LIMIT)
    source, lengths = torch.tensor(sentences).unsqueeze(1), torch.ones(len(sentences), dtype=torch.long)
    limits = [LIMIT] * len(sentences)
    return decode(Table(), source, lengths, strategy, symbols=SYMBOLS, limits=limits, search=wanted)


VARIANTS: dict[str, dict[str, object]] = {
    "beam": {"beam": 4},
    "diverse": {"strategy": "diverse", "beam": 4, "groups": 2},
    "as many groups as beams": {"strategy": "diverse", "beam": 4, "groups": 4},
    "sampling": {"strategy": "sampling", "beam": 4},
    "sampling among few": {"strategy": "sampling", "beam": 4, "top_k": 3, "top_p": 0.9, "temperature": 1.5},
}
every_variant = pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)


def test_every_strategy_is_tested() -> None:
    assert {str(settings.get("strategy", "beam")) for settings in VARIANTS.values()} == set(STRATEGIES)


@every_variant
def test_a_sentence_does_not_notice_the_others(settings: dict[str, object]) -> None:
    together = search(list(range(12)), **settings)
    for sentence in range(12):
        (alone,) = search([sentence], **settings)
        assert [one.pieces for one in alone] == [one.pieces for one in together[sentence]]


@every_variant
def test_hypotheses_say_their_own_probability_piece_by_piece(settings: dict[str, object]) -> None:
    for sentence, found in enumerate(search(list(range(12)), **settings)):
        assert len(found) == 4
        for one in found:
            assert one.log_probability == pytest.approx(log_probability(sentence, one.pieces), abs=1e-4)
            assert sum(one.piece_log_probabilities) == pytest.approx(one.log_probability, abs=1e-4)
            assert len(one.piece_log_probabilities) == len(one.pieces)
            first = float(next_log_probabilities(sentence, (BEGIN,))[one.pieces[0]])
            assert one.piece_log_probabilities[0] == pytest.approx(first, abs=1e-4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_pieces_are_drawn_as_often_as_they_are_likely(temperature: float) -> None:
    (found,) = search([3], strategy="sampling", beam=1000, temperature=temperature)
    counts = Counter(one.pieces[0] for one in found)
    likely = {word: math.exp(float(next_log_probabilities(3, (BEGIN,))[word]) / temperature) for word in WORDS}
    assert len(found) == 1000
    for word in WORDS:
        share = likely[word] / sum(likely.values())
        assert counts[word] / 1000 == pytest.approx(share, abs=4 * (share * (1 - share) / 1000) ** 0.5)


@pytest.mark.parametrize("settings", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 0.01}])
def test_drawing_among_one_is_greedy(settings: dict[str, float]) -> None:
    drawn = search(list(range(30)), strategy="sampling", beam=1, **settings)
    assert [one[0].pieces for one in drawn] == [one[0].pieces for one in search(list(range(30)), beam=1)]


def test_other_seeds_draw_otherwise_and_the_same_seed_alike() -> None:
    one, again, other = (search(list(range(30)), strategy="sampling", beam=2, seed=seed) for seed in (1, 1, 2))
    assert one == again != other


def test_little_probability_leaves_the_unlikely_out() -> None:
    for sentence, found in enumerate(search(list(range(20)), strategy="sampling", beam=50, top_p=0.5)):
        likely = {word: math.exp(float(next_log_probabilities(sentence, (BEGIN,))[word])) for word in WORDS}
        ranked = sorted(WORDS, key=lambda word: -likely[word])
        held, allowed = 0.0, set()
        for word in ranked:
            if held < 0.5 * sum(likely.values()):
                allowed.add(word)
            held += likely[word]
        assert {one.pieces[0] for one in found} <= allowed


def test_groups_of_one_beam_that_do_not_mind_each_other_are_all_greedy() -> None:
    for found, best in zip(
        search(list(range(20)), strategy="diverse", beam=3, groups=3, diversity=0),
        search(list(range(20)), beam=1),
        strict=True,
    ):
        assert {one.pieces for one in found} == {best[0].pieces}


def test_one_group_is_beam_search() -> None:
    sentences = list(range(20))
    assert search(sentences, strategy="diverse", beam=4) == search(sentences, beam=4)


def test_groups_that_mind_each_other_begin_with_different_words() -> None:
    for found in search(list(range(20)), strategy="diverse", beam=3, groups=3, diversity=50):
        assert len({one.pieces[0] for one in found}) == 3


def test_a_finished_group_takes_nothing_from_the_others() -> None:
    ended, sums = torch.zeros(1, 2, dtype=torch.long), torch.zeros(1, 2, 2)
    for best in range(3, 6):
        scores = torch.full((1, 2, 6), -5.0)
        scores[:, :, best] = -1.0
        for dead in (False, True):
            sums[0, 0] = -math.inf if dead else 0.0
            alive = Alive(torch.zeros(1, dtype=torch.long), ended, sums, torch.zeros(1, 2, 2, dtype=torch.long))
            tokens = DiverseBeam(2, 2, 10.0).choose(alive, scores).tokens[0, 1].tolist()
            assert (tokens[0] == best) == dead


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"nbest": 6}, "nbest"),
    ({"beam": 1, "nbest": 2}, "nbest"),
    ({"strategy": "diverse", "groups": 2}, "divide"),
    ({"risk": "chrf", "beam": 1}, "widen"),
    ({"min_ratio": 3}, "min_ratio"),
    ({"strategy": "diverce"}, "Did you mean 'diverse'"),
    ({"normalization": "gmnt"}, "Did you mean 'gnmt'"),
    *(({name: 3 if name != "top_p" else 0.5}, "search.strategy") for name in OWNERS),
]


@pytest.mark.parametrize(("settings", "message"), IMPOSSIBLE)
def test_settings_that_do_not_go_together_are_errors(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_search(SearchConfig(**settings))


@every_variant
def test_validation_searches_plainly_whatever_the_settings(settings: dict[str, object]) -> None:
    wanted = plain(SearchConfig(**{**settings, "risk": "chrf", "length_penalty": 0.3}), 1)
    check_search(wanted)
    assert (wanted.strategy, wanted.beam, wanted.length_penalty) == ("beam", 1, 0.3)


def test_attention_comes_with_a_hypothesis_where_it_is_asked_for() -> None:
    source, lengths = torch.tensor([[1, 1, 1], [2, 2, 0]]), torch.tensor([3, 2])
    for asked in (True, False):
        found = decode(
            Table(), source, lengths, STRATEGIES["beam"](SearchConfig(), [], 0), symbols=SYMBOLS, limits=[5, 5],
            search=SearchConfig(nbest=3), attention=asked,
        )  # fmt: skip
        for hypotheses, length in zip(found, lengths.tolist(), strict=True):
            for one in hypotheses:
                assert one.pieces[-1] == END
                assert (one.attention is not None) == asked
                assert one.attention is None or one.attention.shape == (len(one.pieces), length)


class Watched(Table):
    """Notes how many hypotheses live at each step, and how far behind the best of their sentence they are."""

    def __init__(self) -> None:
        self.living: list[int] = []

    def step(self, tokens: Tensor, state: TableState) -> tuple[Tensor, TableState]:
        self.living.append(int((tokens != DEAD).sum()))
        return super().step(tokens, state)


def pruned(threshold: float, model: Table) -> list[list[Hypothesis]]:
    source, lengths = torch.tensor(SENTENCES).unsqueeze(1), torch.ones(len(SENTENCES), dtype=torch.long)
    limits = [limit_of(sentence) for sentence in SENTENCES]
    return decode(model, source, lengths, Beam(5, threshold), symbols=SYMBOLS, limits=limits)


def test_a_hypothesis_far_behind_is_given_up_and_nothing_else() -> None:
    every, few, wide = Watched(), Watched(), Watched()
    plain = pruned(0.0, every)
    assert pruned(1000.0, wide) == plain
    assert wide.living == every.living
    found = pruned(0.5, few)
    assert sum(few.living) < sum(every.living)
    for (mine, *_), (best, *_) in zip(found, plain, strict=True):
        assert mine.pieces[-1] == best.pieces[-1] == SYMBOLS.end


def test_translations_asked_for_are_all_found_with_pruning() -> None:
    """Pruning is for the one best translation: further ones are far behind by nature."""
    strategies = [STRATEGIES["beam"](SearchConfig(beam=5, nbest=n, prune=0.1), [[1]], 3) for n in (1, 2)]
    assert [strategy.prune for strategy in strategies] == [0.1, 0.0]
