"""Dropout held over time, the same at all positions (Gal and Ghahramani 2016). Cheaper than a mask for each element."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from nmt.errors import UserError
from nmt.model.cell import Recurrent


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


class StateDropout:
    """Drops the same units of every layer's last output at each step of a batch, on their way into the recurrent
    product alone (Gal and Ghahramani 2016, section 4.2, with one mask for all sentences of a batch): the columns of
    the weights are masked, so that kernels for whole sequences can be kept.

    Raises UserError where no layer of the network has such a product."""

    def __init__(self, network: nn.Module, rate: float) -> None:
        layers = [layer for layer in network.modules() if isinstance(layer, Recurrent)]
        self.layers = [layer for layer in layers if layer.recurrent is not None] if rate else []
        self.rate = rate
        if rate and not self.layers:
            raise UserError(
                "model.state_dropout is for cells that multiply their last output by a matrix, such as lstm: set it 0, "
                "or another model.cell."
            )

    @contextlib.contextmanager
    def drawn(self) -> Iterator[None]:
        """While it is entered, the layers read their last outputs under newly drawn masks."""
        for layer in self.layers:
            weights = layer.recurrent
            assert weights is not None
            keep = torch.empty_like(weights[0]).bernoulli_(1 - self.rate)
            layer.held = weights * keep.div_(1 - self.rate)
        try:
            yield
        finally:
            for layer in self.layers:
                layer.held = None


def apply(mask: Tensor | None, inputs: Tensor) -> Tensor:
    """inputs [batch, size] under a mask from `HeldDropout.mask`."""
    return inputs if mask is None else inputs * mask
