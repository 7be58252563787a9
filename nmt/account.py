"""What is known about a translation beside its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmt.data.subwords import Subwords
from nmt.text import quality
from nmt.text.words import Word, pharaoh
from nmt.translator import Part


@dataclass(frozen=True)
class Account:
    """What is known about a translation: its pieces, end symbols included, and the log-probability of each; the
    alignment of white-space tokens (source, target), counted from 0; `confidence`, the geometric mean of the pieces'
    probabilities; `coverage_deficit`, see `quality`; the names of the `flags` it shows; the attention
    [target pieces, source pieces] of each part. Without attention: no alignment, None for the deficit."""

    pieces: list[str]
    log_probabilities: list[float]
    alignment: list[tuple[int, int]]
    confidence: float
    coverage_deficit: float | None
    flags: list[str]
    attention: list[NDArray[np.float64]]


def account_of(
    words: Sequence[Word], target: Sequence[Word], parts: Sequence[Part], subwords: Subwords, *, attends: bool
) -> Account:
    """The account of the best translation of a line, of its words and those of the line, and of what the search found.
    subwords: of the target; attends: whether the model has attention."""
    best = [part.hypotheses[0] for part in parts]
    pieces = [piece for one in best for piece in one.pieces]
    attention = [one.attention.double().numpy() for one in best if one.attention is not None]
    each = [value for one in best for value in one.piece_log_probabilities]
    confidence = quality.confidence(each)
    deficit = quality.coverage_deficit(attention) if attends else None
    source = sum(len(part.pieces) for part in parts)
    evidence = quality.Evidence(_lowered(words), _lowered(target), source, len(pieces), confidence, deficit)
    return Account(
        pieces=subwords.pieces(pieces),
        log_probabilities=each,
        alignment=pharaoh(words, target) if attends else [],
        confidence=confidence,
        coverage_deficit=deficit,
        flags=quality.flags(evidence) if parts else [],
        attention=attention,
    )


def _lowered(words: Sequence[Word]) -> list[str]:
    return [word.text.lower() for word in words]
