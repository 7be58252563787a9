"""Optimisers and learning-rate schedules, each one line of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

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


class Moment(NamedTuple):
    """When in a training an update is made."""

    used: float  # share of the budget
    update: int  # from 1
    warmup: int  # updates of the warm-up
    lowered: int = 0  # times that validation stood still


SCHEDULES: dict[str, Callable[[Moment], float]] = {
    "cosine": lambda moment: 0.5 * (1 + math.cos(math.pi * moment.used)),
    "linear": lambda moment: 1 - moment.used,
    "inverse-sqrt": lambda moment: math.sqrt(max(moment.warmup, 1) / max(moment.update, moment.warmup, 1)),
    "plateau": lambda moment: 0.5**moment.lowered,
    "constant": lambda moment: 1.0,
}
"""From a moment to a share of the peak rate, without the warm-up."""
