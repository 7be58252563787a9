"""Which hypotheses a step of search is made for."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Beams(NamedTuple):
    """Which hypotheses a step is made for: so many sentences, so many hypotheses of each, and, unless all live, the
    places [rows] of those that do among all of them, and for each of all the row [sentences * width] that stands for
    it: one that does not live has that of the last before it that does. Attention goes sentence by sentence and is
    given all; everything else goes row by row."""

    sentences: int
    width: int
    living: Tensor | None = None
    rows: Tensor | None = None

    @classmethod
    def of(cls, tokens: Tensor) -> Beams:
        """Of the last pieces of hypotheses [sentences, width], below 0 where none lives."""
        sentences, width = tokens.shape
        lives = tokens.flatten() >= 0
        if bool(lives.all()):
            return cls(sentences, width)
        return cls(sentences, width, lives.nonzero().squeeze(1), lives.cumsum(0).sub_(1).clamp_(min=0))

    def spread(self, rows: Tensor) -> Tensor:
        """[rows, size] -> [sentences, width, size]; of hypotheses that do not live, what stands for them."""
        every = rows if self.rows is None else rows.index_select(0, self.rows)
        return every.view(self.sentences, self.width, -1)

    def gather(self, every: Tensor) -> Tensor:
        """[sentences, width, size] -> [rows, size]."""
        rows = every.flatten(0, 1)
        return rows if self.living is None else rows.index_select(0, self.living)
