"""The encoder: recurrent layers over the source, in both directions. Padding never reaches a word's output."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nmt.errors import UserError
from nmt.model.cell import Recurrent, StackSizes
from nmt.model.dropout import HeldDropout
from nmt.model.stack import Between, recurrent_layer


class Encoder(nn.Module):
    """A stack of layers, so many of them bidirectional, from the lowest on; each direction of those has half of
    `hidden`.

    The backward direction is a forward pass over sentences reversed by their own lengths: both directions meet the
    padding after the words, so nothing need be packed and nothing can leak.
    """

    def __init__(self, cell: type[Recurrent], sizes: StackSizes, bidirectional: int) -> None:
        super().__init__()
        hidden = sizes.hidden
        if hidden % 2:
            raise UserError(f"model.hidden is {hidden}; choose an even number, for the two directions of the encoder.")
        widths = [sizes.input_size] + [hidden] * (sizes.layers - 1)
        both, ahead = widths[:bidirectional], widths[bidirectional:]
        self.forwards = nn.ModuleList(
            [recurrent_layer(cell, width, hidden // 2, sizes) for width in both]
            + [recurrent_layer(cell, width, hidden, sizes) for width in ahead]
        )
        self.backwards = nn.ModuleList(recurrent_layer(cell, width, hidden // 2, sizes) for width in both)
        self.between = Between(sizes)
        self.dropout = HeldDropout(sizes.dropout)

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """inputs [batch, source, input], lengths [batch] -> outputs [batch, source, hidden], zero at padding, and the
        last output of the last layer [batch, hidden], in all its directions (the backward one's is at the first
        word)."""
        reverse, words = _reversal(lengths, inputs.shape[1])
        for index, layer in enumerate(self.forwards):
            outputs = layer(inputs)
            last = _take(outputs, lengths.unsqueeze(1) - 1)[:, 0]
            if index < len(self.backwards):
                back = _take(self.backwards[index](_take(inputs, reverse)), reverse)
                outputs, last = torch.cat([outputs, back], dim=-1), torch.cat([last, back[:, 0]], dim=-1)
            outputs = self.between(index, outputs, inputs if index > 0 else None)
            if index < len(self.forwards) - 1:
                inputs = self.dropout(outputs)
        return outputs.masked_fill(~words.unsqueeze(-1), 0.0), last


def _reversal(lengths: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """Indices [batch, longest] that reverse each sentence and leave its padding, and where the words are."""
    positions = torch.arange(longest, device=lengths.device).expand(len(lengths), -1)
    words = positions < lengths.unsqueeze(1)
    return torch.where(words, lengths.unsqueeze(1) - 1 - positions, positions), words


def _take(inputs: Tensor, positions: Tensor) -> Tensor:
    """inputs [batch, length, size], positions [batch, n] -> [batch, n, size]."""
    return inputs.gather(1, positions.unsqueeze(-1).expand(-1, -1, inputs.shape[-1]))
