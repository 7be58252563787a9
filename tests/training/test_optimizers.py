"""Schedules stay between nothing and the peak; every optimiser goes downhill."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from nmt.training.optimizers import OPTIMIZERS, SCHEDULES, Moment, warm

UPDATES = 200


def rates(schedule: str, warmup: int) -> list[float]:
    """Shares of the peak rate over a budget of UPDATES, as the trainer asks for them."""
    function = SCHEDULES[schedule]
    return [warm(n + 1, warmup) * function(Moment(n / UPDATES, n + 1, warmup)) for n in range(UPDATES)]


@pytest.mark.parametrize("warmup", [0, 1, 20, UPDATES])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_rate_starts_at_the_warm_up_and_stays_above_zero_and_below_the_peak(schedule: str, warmup: int) -> None:
    shares = rates(schedule, warmup)
    assert shares[0] == pytest.approx(1 / max(warmup, 1))
    assert all(0 < share <= 1 for share in shares)
    after = shares[warmup:]
    assert after == sorted(after, reverse=True)  # once warm, it never rises again


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_rate_never_jumps(schedule: str) -> None:
    steps = [abs(later - earlier) for earlier, later in pairwise(rates(schedule, 20))]
    assert max(steps) < 1.5 / 20  # the warm-up is the steepest part


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_an_annealed_rate_ends_at_nothing(schedule: str) -> None:
    assert rates(schedule, 20)[-1] < 1.1 / UPDATES
    assert SCHEDULES[schedule](Moment(1.0, UPDATES, 20)) == pytest.approx(0, abs=1e-12)


def test_inverse_square_root_halves_with_four_times_the_updates() -> None:
    schedule = SCHEDULES["inverse-sqrt"]
    assert schedule(Moment(0.1, 100, 20)) == pytest.approx(2 * schedule(Moment(0.9, 400, 20)))


def test_a_plateau_halves_the_rate_each_time_that_validation_stands_still() -> None:
    shares = [SCHEDULES["plateau"](Moment(0.5, 100, 20, lowered)) for lowered in range(4)]
    assert shares == [1, 0.5, 0.25, 0.125]


def test_warming_up_is_linear_and_then_over() -> None:
    assert [warm(update, 4) for update in range(1, 7)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert warm(1, 0) == 1


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_lowers_a_simple_loss(name: str) -> None:
    torch.manual_seed(1)
    layer, inputs = nn.Linear(8, 4), torch.randn(32, 8)
    labels = inputs @ torch.randn(8, 4)
    optimizer = OPTIMIZERS[name](layer.parameters(), 0.05, 0.0)
    losses = []
    for _ in range(100):
        loss = nn.functional.mse_loss(layer(inputs), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_draws_the_weights_towards_zero(name: str) -> None:
    sizes = []
    for decay in (0.0, 0.1):
        parameter = nn.Parameter(torch.ones(4, 4))
        optimizer = OPTIMIZERS[name]([parameter], 0.05, decay)
        for _ in range(10):
            parameter.grad = torch.zeros_like(parameter)
            optimizer.step()
        sizes.append(float(parameter.detach().norm()))
    assert sizes[1] < sizes[0] == 4
