"""Restrictions: what the next piece cannot be. Each takes log-probabilities [batch, beam, pieces] and makes those of
impossible pieces -inf, in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nmt.search.controls import ABSENT, Control, phrase_table, table
from nmt.search.phrases import Seams

NEVER = float("-inf")


@dataclass(frozen=True)
class Symbols:
    """Numbers of the special pieces. `never` are pieces that no translation contains."""

    begin: int
    end: int
    never: tuple[int, ...] = ()


class Restriction(Protocol):
    """What is impossible by one rule."""

    def apply(self, log_probabilities: Tensor, history: Tensor, sentences: Tensor) -> None:
        """log_probabilities [batch, beam, pieces] of the pieces that follow history [batch, beam, length], the begin
        symbol first; sentences [batch]: which of the sentences that the search began with these are."""


class Lengths:
    """No special pieces; no end before a sentence's shortest length, nothing but the end at its longest. Lengths count
    the end symbol; no translation is empty, so the shortest is 2 at least."""

    def __init__(self, symbols: Symbols, shortest: Sequence[int], longest: Sequence[int], device: torch.device) -> None:
        self.end = symbols.end
        self.never = torch.tensor(symbols.never, dtype=torch.long, device=device)
        self.most_shortest, self.least_longest = max(shortest), min(longest)
        self.shortest = torch.tensor(shortest, device=device)
        self.longest = torch.tensor(longest, device=device)

    def apply(self, log_probabilities: Tensor, history: Tensor, sentences: Tensor) -> None:
        log_probabilities.index_fill_(-1, self.never, NEVER)
        position = history.shape[2]
        ends = log_probabilities[..., self.end]
        if position < self.most_shortest:
            ends.masked_fill_((self.shortest[sentences] > position).unsqueeze(1), NEVER)
        if position >= self.least_longest:
            full = (self.longest[sentences] <= position).view(-1, 1, 1)
            others = torch.arange(log_probabilities.shape[-1], device=full.device) != self.end
            log_probabilities.masked_fill_(full & others, NEVER)


class Prefix:
    """A translation begins with its own forced prefix."""

    def __init__(self, controls: Sequence[Control], device: torch.device) -> None:
        self.pieces = table([control.prefix for control in controls]).to(device)

    def apply(self, log_probabilities: Tensor, history: Tensor, sentences: Tensor) -> None:
        place = history.shape[2] - 1
        if place >= self.pieces.shape[1]:
            return
        forced = self.pieces[sentences, place].view(-1, 1, 1)
        others = torch.arange(log_probabilities.shape[-1], device=forced.device) != forced
        log_probabilities.masked_fill_(others & (forced != ABSENT), NEVER)


class NoRepetition:
    """No sequence of `size` pieces twice (Paulus et al. 2018, section 2.5), but for pieces that the translation is
    asked to have."""

    def __init__(self, size: int, controls: Sequence[Control], device: torch.device) -> None:
        self.size = size
        asked = [[*control.prefix, *(piece for phrase in control.include for piece in phrase)] for control in controls]
        self.asked = table(asked).to(device)

    def apply(self, log_probabilities: Tensor, history: Tensor, sentences: Tensor) -> None:
        said = history[..., 1:]
        if said.shape[2] < self.size:
            return
        windows = said.unfold(2, self.size, 1)
        recent = said[:, :, said.shape[2] - self.size + 1 :].unsqueeze(2)
        again = (windows[..., :-1] == recent).all(dim=-1)
        last = windows[..., -1]
        again &= (last.unsqueeze(-1) != self.asked[sentences].view(len(sentences), 1, 1, -1)).all(dim=-1)
        batch, beam, place = again.nonzero(as_tuple=True)
        log_probabilities[batch, beam, last[batch, beam, place]] = NEVER


class Forbidden:
    """None of a sentence's forbidden phrases: the last piece of one is impossible where the others stand before it."""

    def __init__(self, controls: Sequence[Control], device: torch.device) -> None:
        turned = [[phrase[::-1] for phrase in control.exclude] for control in controls]
        self.phrases = phrase_table(turned).to(device)  # last piece first

    def apply(self, log_probabilities: Tensor, history: Tensor, sentences: Tensor) -> None:
        last, *before = self.phrases[sentences].unsqueeze(1).unbind(-1)  # each [batch, 1, phrases]
        matches = (last != ABSENT).expand(-1, history.shape[1], -1).clone()
        for distance, pieces in enumerate(before, 1):
            if distance < history.shape[2]:
                matches &= (pieces == ABSENT) | (pieces == history[:, :, -distance].unsqueeze(-1))
            else:
                matches &= pieces == ABSENT
        batch, beam, phrase = matches.nonzero(as_tuple=True)
        log_probabilities[batch, beam, last[batch, 0, phrase]] = NEVER


class WholeCharacters:
    """No half of a character: a search for phrases begins them, and would leave them, after any byte."""

    def __init__(self, seams: Seams) -> None:
        self.seams = seams
        self.going_on = (seams.lacks < 0).nonzero().squeeze(1)

    def apply(self, log_probabilities: Tensor, history: Tensor, sentences: Tensor) -> None:
        half = self.seams.lacking(history) > 0
        others = log_probabilities[..., self.going_on]
        log_probabilities.index_fill_(-1, self.going_on, NEVER)
        if half.any():
            allowed = torch.full_like(log_probabilities[half], NEVER)
            allowed[:, self.going_on] = others[half]
            log_probabilities[half] = allowed


def restrictions(
    symbols: Symbols,
    shortest: Sequence[int],
    longest: Sequence[int],
    no_repeat_ngram: int,
    controls: Sequence[Control],
    device: torch.device,
    seams: Seams | None = None,
) -> list[Restriction]:
    """Those that a search of some sentences needs."""
    rules: list[Restriction] = [Lengths(symbols, shortest, longest, device)]
    if any(control.prefix for control in controls):
        rules.append(Prefix(controls, device))
    if no_repeat_ngram:
        rules.append(NoRepetition(no_repeat_ngram, controls, device))
    if any(control.exclude for control in controls):
        rules.append(Forbidden(controls, device))
    if seams is not None:
        rules.append(WholeCharacters(seams))
    return rules
