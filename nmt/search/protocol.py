"""What a search needs of a model, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from torch import Tensor

S = TypeVar("S")

DEAD = -1
"""Stands for the last piece of a hypothesis that was given up."""


class Stepper(Protocol[S]):
    """Anything that can be searched: a model, an ensemble of them, a table of probabilities."""

    def start(self, source: Tensor, lengths: Tensor) -> S:
        """source [batch, source], lengths [batch] -> the state before the first piece, one hypothesis a sentence."""

    def step(self, tokens: Tensor, state: S) -> tuple[Tensor, S]:
        """The last piece of each hypothesis [batch, beam], `DEAD` where none lives -> log-probabilities of the next
        [batch, beam, pieces], finite ones of no meaning where none lives, which the caller may overwrite, and the state
        after it. Nothing need be computed for hypotheses that do not live."""

    def select(self, state: S, sentences: Tensor | None, rows: Tensor) -> S:
        """The state of hypotheses `rows` [kept] of batch * beam; `sentences` [kept batch] where the batch shrinks."""

    def attention(self, state: S) -> Tensor | None:
        """Where the step that led to this state looked [batch, beam, source], zero at padding; None without
        attention. Asked for right after the step, before any `select`."""


@dataclass(frozen=True)
class Hypothesis:
    """A finished translation: its pieces with the end symbol, its log-probability in nats, and the score that it was
    ranked by; the log-probability of each piece; attention [pieces, source], where it was asked for and there is any,
    padding left out."""

    pieces: tuple[int, ...]
    log_probability: float
    score: float
    piece_log_probabilities: tuple[float, ...] = ()
    attention: Tensor | None = None
