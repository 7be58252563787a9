"""Dropout held over time: one mask for a sentence (Gal and Ghahramani 2016). Cheaper than a mask for each element."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class HeldDropout(nn.Module):
    """Drops the same units at every position of a sentence, in training only."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def mask(self, batch: int, size: int, like: Tensor) -> Tensor | None:
        """A mask [batch, size] of 0 and 1 / (1 - rate), or None where nothing is dropped."""
        if not self.training or self.rate == 0:
            return None
        keep = torch.empty(batch, size, dtype=like.dtype, device=like.device).bernoulli_(1 - self.rate)
        return keep.div_(1 - self.rate)

    def forward(self, inputs: Tensor) -> Tensor:
        """inputs [batch, length, size] -> the same, with some units zero in every position of a sentence."""
        mask = self.mask(inputs.shape[0], inputs.shape[-1], inputs)
        return inputs if mask is None else inputs * mask.unsqueeze(1)


def apply(mask: Tensor | None, inputs: Tensor) -> Tensor:
    """inputs [batch, size] under a mask from `HeldDropout.mask`."""
    return inputs if mask is None else inputs * mask
