"""Optimisers and learning-rate schedules, each one line of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from torch import nn, optim

Parameters = Iterable[nn.Parameter]

OPTIMIZERS: dict[str, Callable[[Parameters, float, float], optim.Optimizer]] = {
    "adamw": lambda parameters, rate, decay: optim.AdamW(parameters, rate, weight_decay=decay, fused=True),
    "adam": lambda parameters, rate, decay: optim.Adam(parameters, rate, weight_decay=decay, fused=True),
    "sgd": lambda parameters, rate, decay: optim.SGD(parameters, rate, momentum=0.9, weight_decay=decay, nesterov=True),
    "adafactor": lambda parameters, rate, decay: optim.Adafactor(parameters, rate, weight_decay=decay),
}
"""From parameters, learning rate and weight decay to an optimiser."""


def warm(update: int, warmup: int) -> float:
    """The share of the peak rate at an update (counted from 1) of a linear warm-up."""
    return min(1.0, update / warmup) if warmup else 1.0


SCHEDULES: dict[str, Callable[[float, int, int], float]] = {
    "cosine": lambda progress, update, warmup: 0.5 * (1 + math.cos(math.pi * progress)),
    "linear": lambda progress, update, warmup: 1 - progress,
    "inverse-sqrt": lambda progress, update, warmup: math.sqrt(max(warmup, 1) / max(update, warmup, 1)),
    "constant": lambda progress, update, warmup: 1.0,
}
"""From the share of the budget used, the update (from 1) and the length of the warm-up to a share of the peak rate."""
