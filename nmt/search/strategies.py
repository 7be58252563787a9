"""Strategies: how the continuations of all hypotheses are chosen. A strategy only chooses; the loop does the rest."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Candidates(NamedTuple):
    """The chosen continuations of each sentence, best first; -inf totals are no continuation."""

    totals: Tensor  # [batch, candidates], log-probability from the beginning
    parents: Tensor  # [batch, candidates], which hypothesis is continued
    tokens: Tensor  # [batch, candidates], with which piece


class Strategy(Protocol):
    """`width` hypotheses of a sentence live on after each step."""

    width: int

    def choose(self, totals: Tensor, log_probabilities: Tensor) -> Candidates:
        """totals [batch, beam] of the hypotheses, log_probabilities [batch, beam, pieces] of the next piece
        -> candidates, enough of them that `width` are left when all that end have been taken out."""


class Greedy:
    """Always the likeliest piece."""

    width = 1

    def choose(self, totals: Tensor, log_probabilities: Tensor) -> Candidates:
        """One candidate a sentence."""
        best, tokens = log_probabilities[:, 0].max(dim=-1, keepdim=True)
        return Candidates(totals + best, torch.zeros_like(tokens), tokens)


class Beam:
    """The `width` likeliest hypotheses (Sutskever et al. 2014, section 3.2)."""

    def __init__(self, width: int) -> None:
        self.width = width

    def choose(self, totals: Tensor, log_probabilities: Tensor) -> Candidates:
        """2 * width candidates: at most `width` of them, one a hypothesis, can be ends.

        The best of all lie among the best of each hypothesis, and a maximum over short rows is quick.
        """
        _, beam, pieces = log_probabilities.shape
        each = min(2 * self.width, pieces)
        values, tokens = log_probabilities.topk(each, dim=-1)
        values = (values + totals.unsqueeze(-1)).flatten(1)
        best, places = values.topk(min(2 * self.width, beam * each), dim=-1)
        parents = torch.div(places, each, rounding_mode="floor")
        return Candidates(best, parents, tokens.flatten(1).gather(1, places))


def strategy_for(beam: int) -> Strategy:
    """Greedy search for a beam of one, which is the same and quicker."""
    return Greedy() if beam == 1 else Beam(beam)
