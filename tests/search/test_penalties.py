"""Under every length penalty, with and without one for coverage, a search that stops by its bound finds the optimum."""

from __future__ import annotations

import functools
import itertools

import pytest
import torch
from toy_table import BEGIN, END, SYMBOLS, WORDS, Table, log_probability, looks

from nmt.config import SearchConfig
from nmt.errors import UserError
from nmt.search.decode import decode
from nmt.search.penalties import LENGTH_PENALTIES, bound, coverage_penalty
from nmt.search.protocol import Hypothesis
from nmt.search.strategies import Beam

SENTENCES = list(range(20))
LONGEST = 5

every_penalty = pytest.mark.parametrize("name", LENGTH_PENALTIES)
every_strength = pytest.mark.parametrize("strength", [0.0, 0.6, 1.0, 3.0])


def search(width: int, settings: SearchConfig, table: Table | None = None) -> list[list[Hypothesis]]:
    source = torch.tensor(SENTENCES).unsqueeze(1).expand(-1, 3)
    lengths = torch.full((len(SENTENCES),), 3)
    limits = [LONGEST] * len(SENTENCES)
    return decode(table or Table(), source, lengths, Beam(width), symbols=SYMBOLS, limits=limits, search=settings)


@functools.cache
def translations(sentence: int) -> list[tuple[tuple[int, ...], float, float]]:
    """Every translation within the limit: pieces, log-probability, coverage penalty."""
    found = []
    for length in range(1, LONGEST):
        for words in itertools.product(WORDS, repeat=length):
            pieces = (*words, END)
            maps = [looks(sentence, (BEGIN, *pieces[:position])) for position in range(len(pieces))]
            found.append((pieces, log_probability(sentence, pieces), float(coverage_penalty(torch.stack(maps)))))
    return found


@every_penalty
@every_strength
@pytest.mark.parametrize("coverage", [0.0, 0.4])
@pytest.mark.parametrize("nbest", [1, 3])
def test_a_search_that_stops_by_its_bound_finds_the_optimum(
    name: str, strength: float, coverage: float, nbest: int
) -> None:
    settings = SearchConfig(
        normalization=name, length_penalty=strength, coverage_penalty=coverage, nbest=nbest, stopping="proven"
    )
    for sentence, found in zip(SENTENCES, search(3**LONGEST, settings), strict=True):
        scored = [
            (LENGTH_PENALTIES[name](total, len(pieces), strength) + coverage * missed, pieces)
            for pieces, total, missed in translations(sentence)
        ]
        best = sorted(scored, reverse=True)[:nbest]
        assert [one.pieces for one in found] == [pieces for _, pieces in best]
        assert [one.score for one in found] == pytest.approx([score for score, _ in best], abs=1e-4)


@every_penalty
@every_strength
def test_a_bound_is_never_below_what_a_hypothesis_becomes(name: str, strength: float) -> None:
    penalty = LENGTH_PENALTIES[name]
    for total, lost, length, longest in itertools.product([-9.0, -0.1, 0.0], [0.0, 2.0], [1, 2, 7], [7, 30]):
        assert penalty(total - lost, length, strength) <= bound(penalty, total, longest, strength)


@every_penalty
def test_the_bound_saves_steps(name: str) -> None:
    """Otherwise the optimum above would show nothing: a search that always goes on to the limit finds it too."""
    steps = []

    class Counted(Table):
        def step(self, tokens, state):  # type: ignore[no-untyped-def]
            steps.append(tokens.numel())
            return super().step(tokens, state)

    search(20, SearchConfig(normalization=name, length_penalty=0.0, stopping="proven"), Counted())
    assert sum(steps) < 0.9 * len(SENTENCES) * (1 + 3 + 9 + 20 + 20)


def test_proven_stopping_is_never_worse_than_a_full_beam() -> None:
    better = 0
    for proven, full in zip(
        search(2, SearchConfig(stopping="proven")), search(2, SearchConfig(stopping="full")), strict=True
    ):
        assert proven[0].score >= full[0].score
        better += proven[0].score > full[0].score
    assert better


def test_full_attention_on_every_source_piece_costs_nothing() -> None:
    assert float(coverage_penalty(torch.eye(4))) == 0
    assert float(coverage_penalty(torch.eye(4)[:3])) < -20


def test_coverage_without_attention_is_an_error() -> None:
    class Blind(Table):
        def attention(self, state):  # type: ignore[no-untyped-def]
            return None

    with pytest.raises(UserError, match="coverage_penalty"):
        search(2, SearchConfig(coverage_penalty=0.1), Blind())
