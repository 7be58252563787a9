"""Strategies: how the continuations of all hypotheses are chosen. A strategy only chooses; the loop does the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from nmt.config import SearchConfig

BLOCK = 160
"""Pieces of a vocabulary whose likeliest is found before it is known whether any of them is wanted."""


class Alive(NamedTuple):
    """The hypotheses that a search goes on with, `beam` for each sentence."""

    sentences: Tensor  # [batch], which of the sentences that the search began with
    ended: Tensor  # [batch, groups], how many have ended so far
    sums: Tensor  # [batch, beam, length], log-probability up to each piece, 0 before the first
    history: Tensor  # [batch, beam, length], pieces from the begin symbol on
    notes: Tensor | None = None  # [batch, beam, ...], what the strategy has written of each hypothesis
    attention: Tensor | None = None  # [batch, beam, length - 1, source]

    @property
    def totals(self) -> Tensor:
        """Log-probabilities [batch, beam]; -inf stands for no hypothesis."""
        return self.sums[..., -1]

    def select(self, kept: Tensor) -> Alive:
        """Those of some sentences. kept: [kept batch]."""
        notes, attention = (None if part is None else part[kept] for part in (self.notes, self.attention))
        return Alive(self.sentences[kept], self.ended[kept], self.sums[kept], self.history[kept], notes, attention)


class Candidates(NamedTuple):
    """The chosen continuations of each sentence, in groups, best first within a group; -inf totals are none."""

    totals: Tensor  # [batch, groups, candidates], log-probability from the beginning
    parents: Tensor  # [batch, groups, candidates], which hypothesis is continued
    tokens: Tensor  # [batch, groups, candidates], with which piece
    notes: Tensor | None = None  # [batch, groups, candidates, ...]


class Strategy(Protocol):
    """`width` hypotheses of a sentence live on after each step, as many of each of the `groups`; those that are more
    than `prune` nats behind the best of their sentence are given up, unless that is 0."""

    width: int
    groups: int
    prune: float

    def choose(self, alive: Alive, log_probabilities: Tensor) -> Candidates:
        """log_probabilities [batch, beam, pieces] of the next piece, which may be overwritten -> candidates, enough of
        them in each group that width / groups are left when all that end have been taken out."""


class Greedy:
    """Always the likeliest piece."""

    width = groups = 1
    prune = 0.0

    def choose(self, alive: Alive, log_probabilities: Tensor) -> Candidates:
        """One candidate a sentence."""
        best, tokens = log_probabilities.max(dim=-1, keepdim=True)
        return Candidates(alive.totals.unsqueeze(1) + best, torch.zeros_like(tokens), tokens)


class Beam:
    """The `width` likeliest hypotheses (Sutskever et al. 2014, section 3.2), without those that are far behind (Freitag
    and Al-Onaizan 2017, relative threshold pruning)."""

    groups = 1

    def __init__(self, width: int, prune: float = 0.0) -> None:
        self.width, self.prune = width, prune

    def choose(self, alive: Alive, log_probabilities: Tensor) -> Candidates:
        """2 * width candidates: at most `width` of them, one a hypothesis, can be ends."""
        totals, parents, tokens = likeliest(2 * self.width, alive.totals, log_probabilities)
        return Candidates(totals.unsqueeze(1), parents.unsqueeze(1), tokens.unsqueeze(1))


class DiverseBeam:
    """Groups of beams, each choosing after the others: what `strength` nats are taken from for every hypothesis of an
    earlier group that it was chosen for now (Vijayakumar et al. 2018, with Hamming diversity). Totals stay plain
    log-probabilities: diversity decides what is kept, not what is best."""

    prune = 0.0

    def __init__(self, width: int, groups: int, strength: float) -> None:
        self.width, self.groups, self.strength = width, groups, strength

    def choose(self, alive: Alive, log_probabilities: Tensor) -> Candidates:
        """2 * width / groups candidates a group."""
        each = self.width // self.groups
        first = alive.history.shape[2] == 1  # all groups go on from the one hypothesis that there is
        counts = torch.zeros_like(log_probabilities[:, 0])
        chosen = []
        for start in [0] * self.groups if first else range(0, alive.history.shape[1], each):
            own = slice(start, start + each)
            totals, following = alive.totals[:, own], log_probabilities[:, own]
            _, parents, tokens = likeliest(2 * each, totals, following - self.strength * counts.unsqueeze(1))
            batch = torch.arange(len(parents), device=parents.device).unsqueeze(1)
            plain = totals[batch, parents] + following[batch, parents, tokens]
            lives = plain[:, :each].isfinite().to(counts.dtype)  # a finished group chooses nothing
            counts.scatter_add_(1, tokens[:, :each], lives)
            chosen.append((plain, parents + start, tokens))
        return Candidates(*(torch.stack(parts, dim=1) for parts in zip(*chosen, strict=True)))


class Sampling:
    """Draws from the model, `width` times: from probabilities ** (1 / temperature), of the `top_k` likeliest pieces
    (Fan et al. 2018; 0 is all), of those the fewest that hold `top_p` of the probability (Holtzman et al. 2020). What
    is drawn for a sentence hangs on its own pieces and the seed, not on the batch.

    Args: sources: the pieces of each sentence; longest: of any translation of the batch, in pieces.
    """

    prune = 0.0

    def __init__(self, search: SearchConfig, sources: Sequence[Sequence[int]], longest: int) -> None:
        self.width = self.groups = search.beam
        self.temperature, self.top_k, self.top_p = search.temperature, search.top_k, search.top_p
        generators = [np.random.default_rng([search.seed, *source]) for source in sources]
        drawn = [generator.random((longest, self.width), dtype=np.float32) for generator in generators]
        self.drawn = torch.from_numpy(np.stack(drawn)).clamp_(max=1 - 2**-20)

    def choose(self, alive: Alive, log_probabilities: Tensor) -> Candidates:
        """One candidate a hypothesis, or at first `width` of the only one."""
        values, tokens = log_probabilities, None
        if self.top_k or self.top_p < 1:
            values, tokens = values.topk(min(self.top_k or values.shape[-1], values.shape[-1]), dim=-1)
        share = (values / self.temperature).softmax(dim=-1)
        if self.top_p < 1:
            share = share.masked_fill(share.cumsum(dim=-1) - share >= self.top_p, 0.0)
        reached = share.cumsum(dim=-1).expand(-1, self.width, -1).contiguous()
        drawn = self.drawn.to(reached.device)[alive.sentences, alive.history.shape[2] - 1].unsqueeze(-1)
        places = torch.searchsorted(reached, drawn * reached[..., -1:], right=True)
        following = values.expand(-1, self.width, -1).gather(-1, places)
        pieces = places if tokens is None else tokens.expand(-1, self.width, -1).gather(-1, places)
        parents = torch.arange(alive.history.shape[1], device=places.device).expand(len(places), self.width)
        return Candidates(alive.totals.unsqueeze(-1) + following, parents.unsqueeze(-1), pieces)


def likeliest(count: int, totals: Tensor, log_probabilities: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The `count` likeliest continuations of hypotheses with totals [batch, beam] by pieces with log-probabilities
    [batch, beam, pieces], or all if there are fewer: totals, parents and tokens, each [batch, count].

    The likeliest of all stand in the blocks of a vocabulary whose maxima are the largest, and a maximum is quick. What
    is left over behind the last whole block is looked at in any case.
    """
    batch, beam, pieces = log_probabilities.shape
    blocks = pieces // BLOCK
    behind = blocks * BLOCK
    whole = log_probabilities[..., :behind].view(batch, beam, blocks, BLOCK)
    maxima = (whole.amax(dim=-1) + totals.unsqueeze(-1)).flatten(1)
    chosen = maxima.topk(min(count, beam * blocks), dim=-1).indices
    parents, block = chosen // max(1, blocks), chosen % max(1, blocks)
    count_up = partial(torch.arange, device=chosen.device)
    within = whole[count_up(batch).unsqueeze(1), parents, block]
    within_numbers = (parents * pieces + block * BLOCK).unsqueeze(-1) + count_up(BLOCK)
    rest = (log_probabilities[..., behind:] + totals.unsqueeze(-1)).flatten(1)
    rest_numbers = (count_up(beam).unsqueeze(1) * pieces + count_up(behind, pieces)).flatten().expand(batch, -1)
    values = torch.cat([(within + totals.gather(1, parents).unsqueeze(-1)).flatten(1), rest], dim=1)
    best, places = values.topk(min(count, beam * pieces), dim=-1)
    found = torch.cat([within_numbers.flatten(1), rest_numbers], dim=1).gather(1, places)
    return best, found // pieces, found % pieces


def _beam(search: SearchConfig, sources: Sequence[Sequence[int]], longest: int) -> Strategy:
    return Greedy() if search.beam == 1 else Beam(search.beam, search.prune if search.nbest == 1 else 0.0)


def _diverse(search: SearchConfig, sources: Sequence[Sequence[int]], longest: int) -> Strategy:
    return DiverseBeam(search.beam, search.groups, search.diversity)


STRATEGIES: dict[str, Callable[[SearchConfig, Sequence[Sequence[int]], int], Strategy]] = {
    "beam": _beam,
    "diverse": _diverse,
    "sampling": Sampling,
}
"""From settings, the pieces of each source sentence and the longest translation of any. A beam of one is greedy search,
which is the same and quicker."""
