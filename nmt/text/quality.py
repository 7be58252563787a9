"""Signs of how good a translation is, without a reference."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Evidence:
    """What the signs are read from: the words of both sides, their numbers of pieces, `confidence`, the geometric mean
    of the pieces' probabilities, and `coverage_deficit`, None for a model without attention."""

    source_words: Sequence[str]
    target_words: Sequence[str]
    source_pieces: int
    target_pieces: int
    confidence: float
    coverage_deficit: float | None


def confidence(log_probabilities: Sequence[float]) -> float:
    """The geometric mean of the probabilities of pieces, from 0 to 1."""
    return math.exp(sum(log_probabilities) / len(log_probabilities)) if log_probabilities else 1.0


def word_confidences(surfaces: Sequence[str], log_probabilities: Sequence[float]) -> list[float]:
    """The confidence of each word, of those that white space separates in the text which some pieces spell. surfaces:
    what each piece spells, the end symbol last. A piece counts to each word it has letters of, one without letters to
    the word that comes next, or to the last."""
    words: list[list[float]] = []
    waiting: list[float] = []
    ended = True
    for surface, value in zip(surfaces, log_probabilities, strict=True):
        waiting.append(value)
        if not surface.strip():
            ended = ended or bool(surface)
            continue
        if ended or surface[0].isspace() or not words:
            words.append([])
        words[-1] += waiting
        words += [[value] for _ in surface.split()[1:]]
        waiting, ended = [], surface[-1].isspace()
    if words:
        words[-1] += waiting
    return [confidence(values) for values in words]


def coverage_deficit(attention: Sequence[NDArray[np.float64]]) -> float:
    """The share of the source that was not looked at: the mean over its pieces of 1 less the attention received, where
    that is less than 1. attention: [target, source] of each part, the end symbol of the source last."""
    missing = [np.maximum(0.0, 1.0 - part[:, :-1].sum(axis=0)) for part in attention]
    return float(np.concatenate(missing).mean()) if missing else 0.0


def coverage_excess(attention: Sequence[NDArray[np.float64]]) -> float:
    """How much of the source was looked at again: the mean over its pieces of the attention received beyond 1.
    attention: as for `coverage_deficit`."""
    excess = [np.maximum(0.0, part[:, :-1].sum(axis=0) - 1.0) for part in attention]
    return float(np.concatenate(excess).mean()) if excess else 0.0


def repeats(evidence: Evidence) -> bool:
    """Some pair of neighbouring words stands in it three times at least, and more than twice as often as any pair in
    the source."""
    return _commonest(evidence.target_words) > 2 * max(1, _commonest(evidence.source_words))


def misses_source(evidence: Evidence) -> bool:
    """More than half of the source was not looked at."""
    return evidence.coverage_deficit is not None and evidence.coverage_deficit > 0.5


def is_unlikely(evidence: Evidence) -> bool:
    """The model itself gives its pieces a probability below a tenth, in the geometric mean."""
    return evidence.confidence < 0.1


def has_odd_length(evidence: Evidence) -> bool:
    """One side has more than three times as many pieces as the other, and ten more."""
    shorter, longer = sorted((evidence.source_pieces, evidence.target_pieces))
    return longer > max(3 * shorter, shorter + 10)


FLAGS: dict[str, Callable[[Evidence], bool]] = {
    "repetition": repeats,
    "coverage": misses_source,
    "unlikely": is_unlikely,
    "length": has_odd_length,
}
"""Signs that a translation repeats itself, or that the model made it up: each is a rule and a line here."""


def flags(evidence: Evidence) -> list[str]:
    """The names of the signs that a translation shows."""
    return [name for name, shows in FLAGS.items() if shows(evidence)]


def _commonest(words: Sequence[str]) -> int:
    return max(Counter(pairwise(words)).values(), default=0)
