"""Minimum risk training: the gradient is that of the expected cost, and following it lowers that."""

from __future__ import annotations

import math

import pytest
import torch
from examples import sentence_pairs

from nmt.config import Config, ModelConfig, SearchConfig, TrainConfig
from nmt.data.batching import Batch, make_batch
from nmt.data.subwords import Vocabulary, train_vocabulary
from nmt.evaluation.metrics import SENTENCE_METRICS
from nmt.model.decoders import DECODER
from nmt.model.seq2seq import Seq2Seq
from nmt.training.loss import batch_losses
from nmt.training.objective import Objective
from nmt.training.risk import Risk, expected_cost, log_probabilities

PAIRS = sentence_pairs(4)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    settings = Config().replace({"subwords.vocabulary": 340, "subwords.joint": True}).subwords
    return train_vocabulary(lambda: sentence_pairs(300), settings)


@pytest.fixture
def batch(vocabulary: Vocabulary) -> Batch:
    sides = (side.encode(list(texts)) for side, texts in zip(vocabulary, zip(*PAIRS, strict=True), strict=True))
    return make_batch(list(zip(*sides, strict=True)))


def a_network(decoder: str = "parallel", dropout: float = 0.0) -> Seq2Seq:
    torch.manual_seed(4)
    config = ModelConfig(decoder=decoder, embedding=16, hidden=16, dropout=dropout)
    return Seq2Seq(config, 340, 340, joint=True)


def a_risk(vocabulary: Vocabulary, **changes: object) -> Risk:
    settings = TrainConfig.model_validate({"risk": "chrf", "risk_samples": 4, "risk_sharpness": 0.2, **changes})
    return Risk(settings, SearchConfig(max_ratio=0.5), vocabulary.target)


def test_the_expected_cost_of_all_translations_is_that_of_the_distribution_and_so_is_its_gradient() -> None:
    torch.manual_seed(1)
    logits = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    costs = torch.rand(2, 5, dtype=torch.float64)
    probabilities = logits.softmax(dim=1)
    torch.testing.assert_close(expected_cost(logits.log_softmax(dim=1), costs, 1.0), (probabilities * costs).sum(dim=1))
    for sharpness in (0.05, 1.0, 3.0):
        assert torch.autograd.gradcheck(lambda logits, by=sharpness: expected_cost(logits, costs, by), logits)


def test_candidates_that_are_not_there_have_no_part() -> None:
    logits = torch.tensor([[-1.0, -2.0, float("-inf")]], requires_grad=True)
    cost = expected_cost(logits, torch.tensor([[0.0, 1.0, 9.0]]), 0.5)
    torch.testing.assert_close(cost, expected_cost(logits[:, :2], torch.tensor([[0.0, 1.0]]), 0.5))
    (gradient,) = torch.autograd.grad(cost, logits)
    assert gradient.isfinite().all()
    assert gradient[0, 2] == 0


@pytest.mark.parametrize("decoder", DECODER)
def test_several_targets_of_a_sentence_are_as_likely_as_each_alone(decoder: str, batch: Batch) -> None:
    network, owners = a_network(decoder).eval(), [2, 0, 0, 3]
    targets = [(7, 9, 3), (5, 3), (5, 8, 11, 3), (3,)]
    together = log_probabilities(network, batch, targets, torch.tensor(owners))
    alone = []
    for owner, target in zip(owners, targets, strict=True):
        length = int(batch.source_lengths[owner])
        features, _ = network(
            batch.source[owner : owner + 1, :length], torch.tensor([length]), torch.tensor([[2, *target[:-1]]])
        )
        alone.append(network.output(features[0]).log_softmax(dim=1)[range(len(target)), list(target)].sum())
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-4, atol=1e-4)
    parameters = list(network.parameters())
    for one, other in zip(
        torch.autograd.grad(together.sum(), parameters), torch.autograd.grad(sum(alone), parameters), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("metric", SENTENCE_METRICS)
def test_the_gradient_of_the_risk_is_its_slope(vocabulary: Vocabulary, batch: Batch, metric: str) -> None:
    network, risk = a_network(), a_risk(vocabulary, risk=metric)
    drawn = risk.candidates(network, batch)
    risk.candidates = lambda network, batch: drawn

    def value() -> torch.Tensor:
        return risk(network, batch)

    parameters = list(network.parameters())
    gradients = torch.autograd.grad(value(), parameters)
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    assert norm > 0
    values = []
    for step in (0.01, -0.02):
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter += step / norm * gradient
            values.append(float(value()))
    assert (values[0] - values[1]) / 0.02 == pytest.approx(float(norm), rel=0.05)


def test_candidates_are_different_and_drawn_alike_from_one_seed_and_otherwise_from_another(
    vocabulary: Vocabulary, batch: Batch
) -> None:
    network, risk = a_network(dropout=0.5).train(), a_risk(vocabulary)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(risk.candidates(network, batch))
    assert network.training
    assert drawn[0] == drawn[1] != drawn[2]
    for (_, reference), some in zip(PAIRS, drawn[0], strict=True):
        assert vocabulary.target.decode(some[0]) == reference
        assert len(set(some)) == len(some) > 1
    costs = risk.costs(drawn[0])
    assert all(0 <= cost <= 1 for cost in costs)
    assert costs[0] == pytest.approx(0)
    assert costs[1] > 0


def test_following_the_gradient_lowers_the_expected_cost(vocabulary: Vocabulary, batch: Batch) -> None:
    network, risk = a_network(), a_risk(vocabulary, risk_samples=8)
    drawn = risk.candidates(network, batch)
    risk.candidates = lambda network, batch: drawn
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    costs = []
    for _ in range(30):
        cost = risk(network, batch)
        costs.append(float(cost.detach()))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    assert costs[-1] < 0.5 * costs[0]


def test_nothing_is_drawn_from_a_network_that_has_no_numbers(vocabulary: Vocabulary, batch: Batch) -> None:
    network, risk = a_network(), a_risk(vocabulary)
    torch.nn.init.constant_(network.output.bias, math.nan)
    losses = Objective(risk.settings, risk=risk)(network, batch, 0.5)
    assert losses.objective.isnan()  # so that the update is skipped


def test_risk_and_likelihood_have_their_shares(vocabulary: Vocabulary, batch: Batch) -> None:
    network, risk = a_network(), a_risk(vocabulary, risk_likelihood=0.3)
    drawn = risk.candidates(network, batch)
    risk.candidates = lambda network, batch: drawn
    mixed = Objective(risk.settings, risk=risk)(network, batch, 0.5).objective
    usual = batch_losses(network, batch, risk.settings.label_smoothing).objective
    torch.testing.assert_close(mixed, 0.3 * usual + 0.7 * risk(network, batch))
