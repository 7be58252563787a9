"""How hypotheses of different lengths are compared, and what live ones can still reach: by that bound a search knows
that it may stop."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

LEAST = 1e-10
"""Attention that a source piece is taken to have received at least, so that one overlooked does not cost everything."""

LengthPenalty = Callable[[float, int, float], float]
"""From a log-probability (at most 0), a number of pieces with the end symbol, and a strength (at least 0) to a score.
It rises with the log-probability and never falls with the length: `bound` rests on both."""


def average(total: float, length: int, strength: float) -> float:
    """log p / length ** a. At 1, the mean over the pieces; at 0, the plain log-probability."""
    return total / float(length**strength)


def gnmt(total: float, length: int, strength: float) -> float:
    """log p / ((5 + length) / 6) ** a (Wu et al. 2016, eq. 14)."""
    return total / float(((5 + length) / 6) ** strength)


def reward(total: float, length: int, strength: float) -> float:
    """log p + a * length: so many nats for each piece (He et al. 2016, Improved neural machine translation with SMT
    features)."""
    return total + strength * length


LENGTH_PENALTIES: dict[str, LengthPenalty] = {"average": average, "gnmt": gnmt, "reward": reward}


def bound(penalty: LengthPenalty, total: float, longest: int, strength: float) -> float:
    """The best score that anything can have which a live hypothesis of log-probability `total` becomes: nothing more is
    lost, and it ends as late as it may. A coverage penalty only lowers it."""
    return penalty(total, longest, strength)


def coverage_penalty(attention: Tensor) -> Tensor:
    """attention [..., pieces, source] of whole hypotheses -> the sum over the source pieces of the logarithm of the
    attention received, at most 1 each (Wu et al. 2016, eq. 14). Never above 0: what was not looked at costs."""
    return attention.sum(dim=-2).clamp(min=LEAST, max=1.0).log().sum(dim=-1)
