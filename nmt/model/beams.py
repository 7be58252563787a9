"""Which hypotheses a step of search is made for."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Beams(NamedTuple):
    """Which hypotheses a step is made for: so many sentences, so many hypotheses of each, and the places [rows] among
    all of them of those that live, in order; None where all do. Attention goes sentence by sentence and is given all;
    everything else goes row by row."""

    sentences: int
    width: int
    living: Tensor | None = None

    def spread(self, rows: Tensor) -> Tensor:
        """[rows, size] -> [sentences, width, size], zero for hypotheses that do not live."""
        if self.living is not None:
            every = rows.new_zeros(self.sentences * self.width, rows.shape[-1])
            rows = every.index_copy_(0, self.living, rows)
        return rows.view(self.sentences, self.width, -1)

    def gather(self, every: Tensor) -> Tensor:
        """[sentences, width, size] -> [rows, size]."""
        rows = every.flatten(0, 1)
        return rows if self.living is None else rows.index_select(0, self.living)
