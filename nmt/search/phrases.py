"""How far hypotheses have come with the phrases they are asked for: an automaton for each phrase (Knuth, Morris and
Pratt 1977), all of them advanced at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nmt.search.controls import ABSENT, Control, Phrase, phrase_table


class Phrases:
    """The `include` phrases of the sentences of a batch. Progress [batch, n, phrases] is how many of a phrase's pieces
    the hypothesis ends with; once the phrase was complete it stays at its length."""

    def __init__(self, controls: Sequence[Control], device: torch.device) -> None:
        phrases = [control.include for control in controls]
        self.pieces = phrase_table(phrases).to(device)  # [sentences, phrases, longest]
        self.lengths = (self.pieces != ABSENT).sum(dim=-1)
        sentences, most, longest = self.pieces.shape
        self.moves = torch.zeros(sentences, most, longest + 1, longest, dtype=torch.long)
        for sentence, some in enumerate(phrases):
            for index, phrase in enumerate(some):
                for progress, row in enumerate(automaton(phrase)):
                    self.moves[sentence, index, progress, : len(row)] = torch.tensor(row)
        self.moves = self.moves.to(device)

    def advance(self, sentences: Tensor, progress: Tensor, pieces: Tensor) -> Tensor:
        """Progress [batch, n, phrases] when pieces [batch, n] have been added."""
        batch = sentences.view(-1, 1, 1)
        phrase = torch.arange(self.pieces.shape[1], device=sentences.device)
        moves = self.moves[batch, phrase, progress]  # [batch, n, phrases, longest]
        same = pieces[:, :, None, None] == self.pieces[sentences].unsqueeze(1)
        lengths = self.lengths[sentences].unsqueeze(1)
        return torch.where(progress == lengths, lengths, (moves * same).amax(dim=-1))

    def needed(self, sentences: Tensor, progress: Tensor) -> Tensor:
        """Pieces [batch, n] within which all phrases can be completed: the rest of the one that has come farthest, and
        all of the others. Taking the next piece of that one always makes it less, by one at least."""
        lengths = self.lengths[sentences].unsqueeze(1)
        open_ = progress < lengths
        return (lengths * open_).sum(dim=-1) - (progress * open_).amax(dim=-1)

    def following(self, sentences: Tensor, progress: Tensor) -> Tensor:
        """The next piece of each phrase [batch, n, phrases]; ABSENT where a phrase is complete."""
        padded = torch.nn.functional.pad(self.pieces[sentences], (0, 1), value=ABSENT)
        every = padded.unsqueeze(1).expand(-1, progress.shape[1], -1, -1)
        return every.gather(-1, progress.unsqueeze(-1)).squeeze(-1)


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
