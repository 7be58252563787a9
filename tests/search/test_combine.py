"""Ensembles and shallow fusion are searched like any model."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from toy_table import END, PIECES, SYMBOLS, Table, TableState, log_probability

from nmt.config import SearchConfig
from nmt.errors import UserError
from nmt.search.combine import MEANS, Ensemble, ShallowFusion
from nmt.search.decode import decode
from nmt.search.protocol import Hypothesis, Stepper
from nmt.search.strategies import Beam

SENTENCES = list(range(15))


class Other(Table):
    """The table of other sentences."""

    def start(self, source: Tensor, lengths: Tensor) -> TableState:
        return super().start(source + 100, lengths)


class Larger(Table):
    def step(self, tokens: Tensor, state: TableState) -> tuple[Tensor, TableState]:
        log_probabilities, after = super().step(tokens, state)
        return torch.cat([log_probabilities, log_probabilities[..., :1]], dim=-1), replace(after)


def search(model: Stepper[object], nbest: int = 3, width: int = 5) -> list[list[Hypothesis]]:
    """The best hypotheses; those of a width beyond the usual by log-probability alone, so that the best is the best."""
    source, lengths = torch.tensor(SENTENCES).unsqueeze(1), torch.ones(len(SENTENCES), dtype=torch.long)
    exact = width > 5
    settings = SearchConfig(nbest=nbest, length_penalty=0.0 if exact else 1.0, prune=0.0 if exact else 2.0)
    limits = [5 if exact else 6] * len(SENTENCES)
    return decode(model, source, lengths, Beam(width), symbols=SYMBOLS, limits=limits, search=settings)


def pieces(found: list[list[Hypothesis]]) -> list[list[tuple[int, ...]]]:
    return [[one.pieces for one in some] for some in found]


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("count", [1, 3])
def test_an_ensemble_of_one_model_is_that_model(mean: str, count: int) -> None:
    assert pieces(search(Ensemble([Table()] * count, mean))) == pieces(search(Table()))


@pytest.mark.parametrize("mean", MEANS)
def test_a_step_of_an_ensemble_is_the_mean(mean: str) -> None:
    source, lengths = torch.tensor([[4], [5]]), torch.tensor([1, 1])
    tokens = torch.tensor([[1], [1]])
    steps = [model.step(tokens, model.start(source, lengths))[0] for model in (Table(), Other())]
    ensemble = Ensemble([Table(), Other()], mean)
    found, _ = ensemble.step(tokens, ensemble.start(source, lengths))
    means = {"linear": sum(step.exp() for step in steps) / 2, "log-linear": (sum(steps) / 2).exp()}
    expected = means[mean] / means[mean].sum(dim=-1, keepdim=True)
    torch.testing.assert_close(found.exp(), expected)
    torch.testing.assert_close(found.exp().sum(dim=-1), torch.ones(2, 1, dtype=found.dtype))


@pytest.mark.parametrize("mean", MEANS)
def test_an_ensemble_has_its_own_mind(mean: str) -> None:
    together = pieces(search(Ensemble([Table(), Other()], mean)))
    assert together != pieces(search(Table()))
    assert together != pieces(search(Other()))


def test_an_ensemble_looks_where_its_models_look_on_average() -> None:
    source, lengths = torch.tensor([[4], [5]]), torch.tensor([1, 1])
    models = [Table(), Other()]
    states = [model.start(source, lengths) for model in models]
    maps = [model.attention(state) for model, state in zip(models, states, strict=True)]
    torch.testing.assert_close(Ensemble(models).attention(states), (maps[0] + maps[1]) / 2)


def test_a_language_model_without_weight_says_nothing() -> None:
    assert pieces(search(ShallowFusion(Table(), Other(), 0.0))) == pieces(search(Table()))


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_fusion_adds_weighted_log_probabilities(weight: float) -> None:
    for sentence, found in zip(SENTENCES, search(ShallowFusion(Table(), Other(), weight)), strict=True):
        for one in found:
            expected = log_probability(sentence, one.pieces) + weight * log_probability(sentence + 100, one.pieces)
            assert one.log_probability == pytest.approx(expected, abs=1e-4)
            assert one.pieces[-1] == END


@pytest.mark.parametrize("weight", [0.3, 1.0, 5.0])
def test_the_more_a_language_model_counts_the_more_it_likes_what_is_found(weight: float) -> None:
    """Of two optima, that of the larger weight is the likelier one by the language model, if they differ."""
    wide = 200  # all translations of up to four words fit
    less, more = (search(ShallowFusion(Table(), Other(), w), width=wide) for w in (weight / 2, weight))
    changed = 0
    for sentence, (before, *_), (after, *_) in zip(SENTENCES, less, more, strict=True):
        its = [log_probability(sentence + 100, one.pieces) for one in (before, after)]
        own = [log_probability(sentence, one.pieces) for one in (before, after)]
        assert its[1] >= its[0] - 1e-4
        assert own[1] <= own[0] + 1e-4
        changed += before.pieces != after.pieces
    assert changed


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_a_weight_that_cannot_be_is_an_error(weight: float) -> None:
    with pytest.raises(UserError, match="weight"):
        ShallowFusion(Table(), Other(), weight)


def test_models_of_different_vocabularies_do_not_go_together() -> None:
    for model in (Ensemble([Table(), Larger()]), ShallowFusion(Table(), Larger(), 0.5)):
        with pytest.raises(UserError, match=f"{PIECES + 1}"):
            search(model)
    with pytest.raises(UserError, match="needs a model"):
        Ensemble([])
    with pytest.raises(UserError, match="Did you mean 'linear'"):
        Ensemble([Table()], "liner")
