"""How far hypotheses have come with the phrases they are asked for: an automaton for each phrase (Knuth, Morris and
Pratt 1977), all of them advanced at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from nmt.search.controls import ABSENT, Control, Phrase, phrase_table


class Seams(NamedTuple):
    """Where words go on from one piece to the next: wherever one that `leaves` a word open stands before one that
    `enters` it; and where characters do, which are spelled in bytes."""

    leaves: Tensor  # [pieces] of bool
    enters: Tensor  # [pieces] of bool
    lacks: Tensor  # [pieces] of int8, bytes that its character lacks after a piece; -1 for one that goes on with one

    def glued(self, before: Tensor, after: Tensor) -> Tensor:
        """Whether pieces are of one word with those before them; both of any shapes that go together."""
        return self.leaves[before] & self.enters[after]

    def lacking(self, history: Tensor) -> Tensor:
        """Bytes that the last character of what is said, history [..., length], lacks [...]."""
        # Those since a lead byte are taken from what it lacks: they all go on with its character.
        leads, distances = self.lacks.clamp(min=0), range(1, min(history.shape[-1], 3) + 1)
        return torch.stack([leads[history[..., -back]] - back + 1 for back in distances]).amax(dim=0).clamp(min=0)

    def among(self, pieces: Tensor) -> Seams:
        """The seams of some pieces [narrow], which are called by their places there."""
        return Seams(*(part[pieces] for part in self))


class Phrases:
    """The `include` phrases of the sentences of a batch. Progress [batch, n, phrases] is how many of a phrase's pieces
    the hypothesis ends with; once the phrase stands there for good it stays at one more than its length.

    With seams, a piece that goes on with the last word of a phrase undoes it: the phrase is to be no part of a longer
    word. Phrases themselves are taken to begin with a word."""

    def __init__(self, controls: Sequence[Control], device: torch.device, seams: Seams | None = None) -> None:
        phrases = [control.include for control in controls]
        self.seams = seams
        self.pieces = phrase_table(phrases).to(device)  # [sentences, phrases, longest]
        self.lengths = (self.pieces != ABSENT).sum(dim=-1)
        sentences, most, longest = self.pieces.shape
        self.moves = torch.zeros(sentences, most, longest + 1, longest, dtype=torch.long)
        for sentence, some in enumerate(phrases):
            for index, phrase in enumerate(some):
                for progress, row in enumerate(automaton(phrase)):
                    self.moves[sentence, index, progress, : len(row)] = torch.tensor(row)
        self.moves = self.moves.to(device)
        self.inner = torch.zeros(sentences, most, longest + 2, dtype=torch.bool, device=device)
        """[sentences, phrases, progress]: whether the next piece goes on with a word."""
        self.inner[..., 1:longest] = self._glued(self.pieces[..., :-1], self.pieces[..., 1:])
        self.inner &= torch.arange(longest + 2, device=device) < self.lengths.unsqueeze(-1)

    def advance(self, sentences: Tensor, progress: Tensor, last: Tensor, pieces: Tensor) -> Tensor:
        """Progress [batch, n, phrases] when pieces [batch, n] have been added after the last ones [batch, n]."""
        batch = sentences.view(-1, 1, 1)
        phrase = torch.arange(self.pieces.shape[1], device=sentences.device)
        lengths = self.lengths[sentences].unsqueeze(1)
        moves = self.moves[batch, phrase, progress.minimum(lengths)]  # [batch, n, phrases, longest]
        same = pieces[:, :, None, None] == self.pieces[sentences].unsqueeze(1)
        undone = (progress == lengths) & self._glued(last, pieces).unsqueeze(-1)
        stands = (progress >= lengths) & ~undone
        return torch.where(stands, lengths + 1, (moves * same).amax(dim=-1))

    def needed(self, sentences: Tensor, progress: Tensor) -> Tensor:
        """Pieces [batch, n] within which all phrases can be completed: all of those that are not, less what has been
        gained with the one that is gone on with: its progress, but not if more is undone by that. Taking its next piece
        always makes it less, by one at least; so does beginning one where nothing has been gained."""
        lengths = self.lengths[sentences].unsqueeze(1)
        open_ = progress < lengths
        undone = (lengths * (progress == lengths)).sum(dim=-1, keepdim=True)
        gained = progress * open_ - self._goes_on(sentences, progress) * undone
        return (lengths * open_).sum(dim=-1) - gained.amax(dim=-1).clamp(min=0)

    def following(self, sentences: Tensor, progress: Tensor) -> Tensor:
        """The next piece of each phrase, and its first where the next would undo a phrase [batch, n, 2 * phrases];
        ABSENT where a phrase is complete."""
        pieces = self.pieces[sentences].unsqueeze(1).expand(-1, progress.shape[1], -1, -1)
        padded = torch.nn.functional.pad(pieces, (0, 2), value=ABSENT)
        undoes = self._goes_on(sentences, progress) & self._unsure(sentences, progress)
        first = padded[..., 0].masked_fill(~undoes, ABSENT)
        return torch.cat([padded.gather(-1, progress.unsqueeze(-1)).squeeze(-1), first], dim=-1)

    def undoing(self, sentences: Tensor, progress: Tensor, last: Tensor) -> Tensor | None:
        """Which pieces [batch, n, all pieces] would undo a phrase that a hypothesis ends with, last [batch, n]; None
        where none would."""
        unsure = self._unsure(sentences, progress)
        if self.seams is None or not bool(unsure.any()):
            return None
        return unsure & self.seams.leaves[last].unsqueeze(-1) & self.seams.enters

    def _glued(self, before: Tensor, after: Tensor) -> Tensor:
        return torch.zeros_like(after, dtype=torch.bool) if self.seams is None else self.seams.glued(before, after)

    def _goes_on(self, sentences: Tensor, progress: Tensor) -> Tensor:
        """Whether the next piece of each phrase goes on with a word [batch, n, phrases]."""
        every = self.inner[sentences].unsqueeze(1).expand(-1, progress.shape[1], -1, -1)
        return every.gather(-1, progress.unsqueeze(-1)).squeeze(-1)

    def _unsure(self, sentences: Tensor, progress: Tensor) -> Tensor:
        """Which hypotheses [batch, n, 1] end with a phrase that may yet be undone."""
        return (progress == self.lengths[sentences].unsqueeze(1)).any(dim=-1, keepdim=True)


def automaton(phrase: Phrase) -> list[list[int]]:
    """For each number of pieces that a hypothesis ends with, and each piece of the phrase: how many after it."""
    table = []
    for progress in range(len(phrase) + 1):
        row = []
        for piece in phrase:
            ending = (*phrase[:progress], piece)
            longest = min(len(ending), len(phrase))
            row.append(next(size for size in range(longest, -1, -1) if phrase[:size] == ending[len(ending) - size :]))
        table.append(row)
    return table
