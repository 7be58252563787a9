"""What is asked of single translations: how they begin, which phrases are in them, which are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import torch
from torch import Tensor

from nmt.errors import UserError

ABSENT = -1
"""Stands in tables where a shorter phrase has no piece."""

Phrase = tuple[int, ...]


@dataclass(frozen=True)
class Control:
    """What is asked of one translation, in pieces without end symbols: it begins with `prefix`, has every phrase of
    `include` somewhere, in any order, and none of `exclude`. Phrases may share pieces, with each other and with the
    prefix; where it is known which pieces go on with a word (`Seams`), they are no part of a longer word.

    Raises UserError when it asks for what it forbids.
    """

    prefix: Phrase = ()
    include: tuple[Phrase, ...] = ()
    exclude: tuple[Phrase, ...] = ()

    def __post_init__(self) -> None:
        if not all((*self.include, *self.exclude)):
            raise UserError("an empty phrase can be neither asked for nor forbidden: leave it out.")
        for phrase in (self.prefix, *self.include):
            if any(contains(phrase, forbidden) for forbidden in self.exclude):
                raise UserError("a translation cannot have a phrase that is forbidden: change one of the two.")

    @property
    def needed(self) -> int:
        """Pieces that a translation has at least, end symbol included."""
        return len(self.prefix) + sum(map(len, self.include)) + 1

    def renumbered(self, numbers: Mapping[int, int]) -> Control:
        """The same with other numbers for the pieces. A forbidden phrase with a piece that has none cannot come up and
        is left out; the other phrases' pieces must all have one."""
        prefix, *include = [tuple(numbers[piece] for piece in phrase) for phrase in (self.prefix, *self.include)]
        possible = [phrase for phrase in self.exclude if all(piece in numbers for piece in phrase)]
        exclude = [tuple(numbers[piece] for piece in phrase) for phrase in possible]
        return Control(prefix, tuple(include), tuple(exclude))


NOTHING = Control()


def contains(pieces: Sequence[int], phrase: Sequence[int]) -> bool:
    """Whether a phrase stands somewhere in the pieces."""
    return any(tuple(pieces[start : start + len(phrase)]) == tuple(phrase) for start in range(len(pieces)))


def table(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of unlike length -> [rows, longest], ABSENT at their ends."""
    columns = list(zip_longest(*rows, fillvalue=ABSENT))
    return torch.tensor(columns, dtype=torch.long).view(len(columns), len(rows)).T


def phrase_table(phrases: Sequence[Sequence[Phrase]]) -> Tensor:
    """The phrases of each sentence -> [sentences, most phrases, longest phrase], ABSENT at their ends."""
    most = max(map(len, phrases))
    rows = [phrase for some in phrases for phrase in (*some, *[()] * (most - len(some)))]
    return table(rows).view(len(phrases), most, max(map(len, rows), default=0))
