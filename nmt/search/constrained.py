"""Beam search for translations that have certain phrases."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nmt.search.controls import ABSENT, Control
from nmt.search.phrases import Phrases, Seams
from nmt.search.restrictions import NEVER
from nmt.search.strategies import Alive, Candidates, likeliest


class Constrained:
    """Beam search for translations that have all the phrases asked for: the beam is shared out among hypotheses that
    still need many pieces and those that need few (dynamic beam allocation, Post and Vilar 2018; vectorised, Hu et al.
    2019). The best of each such bank is kept, those nearest to completion first, then the second best of each, and so
    on: room that a bank does not fill goes to the others. A sentence of which nothing is asked has a plain beam.

    The notes are the progress of `Phrases`. A hypothesis is never let so far that its phrases have no room any more,
    so what is found has them all, where there are `seams` as words of their own.
    """

    groups = 1
    prune = 0.0

    def __init__(
        self,
        width: int,
        controls: Sequence[Control],
        longest: Sequence[int],
        end: int,
        device: torch.device,
        seams: Seams | None = None,
    ) -> None:
        self.width, self.end = width, end
        self.phrases = Phrases(controls, device, seams)
        self.longest = torch.tensor(longest, device=device)

    def choose(self, alive: Alive, log_probabilities: Tensor) -> Candidates:
        """2 * width candidates, bank by bank in turn."""
        sentences, beam = alive.sentences, log_probabilities.shape[1]
        progress = alive.notes
        if progress is None:
            progress = torch.zeros_like(self.phrases.lengths)[sentences].unsqueeze(1)
        incomplete = self.phrases.needed(sentences, progress) > 0
        log_probabilities[..., self.end].masked_fill_(incomplete, NEVER)
        parents, tokens = self._considered(alive, log_probabilities, progress)
        batch = torch.arange(len(sentences), device=sentences.device).unsqueeze(1)
        totals = alive.totals[batch, parents] + log_probabilities[batch, parents, tokens]
        last = alive.history[batch, parents, -1]
        progress = self.phrases.advance(sentences, progress[batch, parents], last, tokens)
        needed = self.phrases.needed(sentences, progress)
        room = self.longest[sentences].unsqueeze(1) - alive.history.shape[2] - 1
        least = needed + self._lacking(alive.history[..., -2:][batch, parents], tokens, sentences, progress)
        totals = totals.masked_fill((least > room) & (tokens != self.end), NEVER)
        totals = totals.masked_fill(_repeated(parents * log_probabilities.shape[-1] + tokens), NEVER)
        order = _in_turn(totals, needed)[:, : 2 * max(self.width, beam)]
        chosen = [part.gather(1, order).unsqueeze(1) for part in (totals, parents, tokens)]
        return Candidates(chosen[0], chosen[1], chosen[2], progress[batch, order].unsqueeze(1))

    def _lacking(self, recent: Tensor, tokens: Tensor, sentences: Tensor, progress: Tensor) -> Tensor | int:
        """Pieces [batch, n] that a character still lacks after the recent ones [batch, n, 2] and tokens [batch, n], and
        which no phrase has."""
        if self.phrases.seams is None:
            return 0
        lengths = self.phrases.lengths[sentences].unsqueeze(1)
        within = ((progress > 0) & (progress < lengths)).any(dim=-1)
        lacking = self.phrases.seams.lacking(torch.cat([recent, tokens.unsqueeze(-1)], dim=-1))
        return lacking.masked_fill(within, 0)

    def _considered(self, alive: Alive, log_probabilities: Tensor, progress: Tensor) -> tuple[Tensor, Tensor]:
        """Parents and tokens [batch, n]: the likeliest of all, the likeliest of each hypothesis, and what leads on with
        each phrase, or is the likeliest that does not undo it."""
        beam = log_probabilities.shape[1]
        _, parents, tokens = likeliest(2 * self.width, alive.totals, log_probabilities)
        best = log_probabilities.argmax(dim=-1)
        following = self.phrases.following(alive.sentences, progress)
        undoing = self.phrases.undoing(alive.sentences, progress, alive.history[..., -1])
        apart = best if undoing is None else log_probabilities.masked_fill(undoing, NEVER).argmax(dim=-1)
        following = torch.where(following == ABSENT, apart.unsqueeze(-1), following)
        each = torch.arange(beam, device=tokens.device).view(1, -1, 1).expand_as(following)
        own = each[..., :1].flatten(1)
        return torch.cat([parents, own, each.flatten(1)], dim=1), torch.cat([tokens, best, following.flatten(1)], dim=1)


def _repeated(keys: Tensor) -> Tensor:
    """Which of keys [batch, n] have stood before in their row."""
    order = keys.sort(dim=1, stable=True)
    again = torch.zeros_like(keys, dtype=torch.bool)
    again[:, 1:] = order.values[:, 1:] == order.values[:, :-1]
    return torch.zeros_like(again).scatter(1, order.indices, again)


def _in_turn(totals: Tensor, needed: Tensor) -> Tensor:
    """The order [batch, n] that takes the best candidate of each bank, then the second best of each, and so on; within
    a round, those that need the fewest pieces first. What is impossible comes last."""
    by_total = totals.argsort(dim=1, descending=True, stable=True)
    banks = needed.gather(1, by_total)
    by_bank = banks.argsort(dim=1, stable=True)
    banks = banks.gather(1, by_bank)
    ranks = torch.arange(banks.shape[1], device=banks.device) - torch.searchsorted(banks, banks)
    order = by_total.gather(1, by_bank)
    impossible = totals.gather(1, order) == NEVER
    most = int(needed.max()) + 1
    turns = (ranks * most + banks) + impossible * most * (banks.shape[1] + 1)
    return order.gather(1, turns.argsort(dim=1, stable=True))
