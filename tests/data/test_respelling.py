"""Texts spelled afresh are the same texts, in spellings that come as often as the settings ask."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vocabularies import GERMAN, PAIRS, a_vocabulary, anything

from nmt.data.respelling import Respelling
from nmt.data.subwords import END, EncodedPair, Subwords, Vocabulary

TAG = "<2de>"
VOCABULARIES = {algorithm: a_vocabulary(algorithm=algorithm, symbols=(TAG,)) for algorithm in ("unigram", "bpe")}
VOCABULARIES["reversed"] = VOCABULARIES["unigram"].reversed()
WAYS = [("bpe", 1.0, 0.0), ("unigram", 1.0, 0.0), *product(("unigram", "reversed"), (0.0, 1.0), (0.1, 1.0))]
every_way = pytest.mark.parametrize(("name", "dropout", "sampling"), WAYS)


def encoded(vocabulary: Vocabulary, pairs: list[tuple[str, str]]) -> list[EncodedPair]:
    sides = (vocabulary[side].encode([pair[side] for pair in pairs]) for side in (0, 1))
    return [(np.array(source, np.int32), np.array(target, np.int32)) for source, target in zip(*sides, strict=True)]


def text_of(subwords: Subwords, pieces: list[int], *, turned: bool) -> str:
    return subwords.decode(pieces[::-1] if turned else pieces)


@every_way
@settings(deadline=None, max_examples=60)
@given(
    pairs=st.lists(st.tuples(anything | st.just(f"{TAG} the boat"), st.sampled_from(GERMAN)), min_size=1, max_size=5),
    rate=st.sampled_from([0.1, 0.5, 0.99]),
)
def test_a_text_that_is_spelled_afresh_is_the_same_text(
    name: str, dropout: float, sampling: float, pairs: list[tuple[str, str]], rate: float
) -> None:
    vocabulary = VOCABULARIES[name]
    before = encoded(vocabulary, pairs)
    after = Respelling(vocabulary, 1, dropout=rate * dropout, sampling=sampling)(before, epoch=2, batch=3)
    for pair, old, new in zip(pairs, before, after, strict=True):
        for side in (0, 1):
            assert new[side].dtype == old[side].dtype
            assert new[side][-1] == END
            assert END not in new[side][:-1]
            turned = vocabulary.right_to_left and side == 1
            assert text_of(vocabulary[side], new[side].tolist(), turned=turned) == pair[side]
            if not sampling:
                assert len(new[side]) >= len(old[side])


@pytest.mark.parametrize("name", VOCABULARIES)
def test_with_neither_nothing_changes(name: str) -> None:
    pairs = encoded(VOCABULARIES[name], PAIRS)
    assert Respelling(VOCABULARIES[name], 1)(pairs, 0, 0) is pairs


@every_way
def test_the_spelling_changes_from_batch_to_batch_and_can_be_drawn_again(
    name: str, dropout: float, sampling: float
) -> None:
    vocabulary = VOCABULARIES[name]
    pairs = encoded(vocabulary, PAIRS * 10)

    def spelled(epoch: int, batch: int, seed: int = 1) -> list[list[list[int]]]:
        respell = Respelling(vocabulary, seed, dropout=0.3 * dropout, sampling=sampling)
        return [[side.tolist() for side in pair] for pair in respell(pairs, epoch, batch)]

    assert spelled(0, 0) == spelled(0, 0)
    others = [spelled(0, 0), spelled(0, 1), spelled(1, 0), spelled(0, 0, seed=2)]
    assert all(one != other for index, one in enumerate(others) for other in others[:index])


@pytest.mark.parametrize("name", ["unigram", "bpe"])
def test_so_large_a_share_of_the_pieces_is_cut(name: str) -> None:
    vocabulary = VOCABULARIES[name]
    parts, rate = vocabulary.source.parts(), 0.2
    pairs = encoded(vocabulary, PAIRS * 100)
    counts = (parts > 0).sum(axis=1)
    could = sum(int((counts[source] - 1).clip(0).sum()) for source, _ in pairs)
    more = sum(len(source) for source, _ in Respelling(vocabulary, 1, dropout=rate)(pairs, 0, 0))
    more -= sum(len(source) for source, _ in pairs)
    assert 0.8 * rate * could < more < 1.2 * rate * could / (1 - 2 * rate)  # nearly all parts can be cut again


@pytest.mark.parametrize("power", [0.2, 1.0])
def test_spellings_come_as_often_as_the_model_has_them(power: float) -> None:
    """Each spelling of a word has the product of its pieces' probabilities, to the power, among all its spellings."""
    vocabulary = VOCABULARIES["unigram"]
    subwords = vocabulary.source
    model = subwords._processor  # what it says of pieces is not asked for elsewhere
    written = "\u2581sinkt"
    scores = {}
    for cuts in product((False, True), repeat=len(written) - 1):
        spelling = "".join(letter + "|" * cut for letter, cut in zip(written, (*cuts, False), strict=True)).split("|")
        numbers = [model.piece_to_id(part) for part in spelling]
        if subwords.pieces(numbers) == spelling:
            scores[tuple(numbers)] = sum(map(model.get_score, numbers))
    assert len(scores) > 1
    likelihoods = np.exp(power * np.array(list(scores.values())))
    expected = dict(zip(scores, likelihoods / likelihoods.sum(), strict=True))
    pairs = encoded(vocabulary, [("sinkt", "sinkt")] * 4000)
    drawn = Counter(tuple(source[:-1].tolist()) for source, _ in Respelling(vocabulary, 1, sampling=power)(pairs, 0, 0))
    assert set(drawn) <= set(expected)
    for spelling, share in expected.items():
        assert abs(drawn[spelling] / 4000 - share) < 4 * (share * (1 - share) / 4000) ** 0.5 + 1e-3
