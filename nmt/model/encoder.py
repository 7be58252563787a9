"""The encoder: bidirectional recurrent layers over the source. Padding never reaches a word's output."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nmt.errors import UserError
from nmt.model.cell import Recurrent, StackSizes
from nmt.model.dropout import HeldDropout


class Encoder(nn.Module):
    """A stack of bidirectional layers; each direction has half of `hidden`.

    The backward direction is a forward pass over sentences reversed by their own lengths: both directions meet the
    padding after the words, so nothing need be packed and nothing can leak.
    """

    def __init__(self, cell: type[Recurrent], sizes: StackSizes) -> None:
        super().__init__()
        hidden = sizes.hidden
        if hidden % 2:
            raise UserError(f"model.hidden is {hidden}; choose an even number, for the two directions of the encoder.")
        widths = [sizes.input_size] + [hidden] * (sizes.layers - 1)
        self.forwards = nn.ModuleList(cell(width, hidden // 2) for width in widths)
        self.backwards = nn.ModuleList(cell(width, hidden // 2) for width in widths)
        self.dropout = HeldDropout(sizes.dropout)
        self.residual = sizes.residual

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """inputs [batch, source, input], lengths [batch] -> outputs [batch, source, hidden], zero at padding, and the
        last output of both directions [batch, hidden] (the backward one's last is at the first word)."""
        reverse, words = _reversal(lengths, inputs.shape[1])
        for index, (forwards, backwards) in enumerate(zip(self.forwards, self.backwards, strict=True)):
            ahead = forwards(inputs)
            back = _take(backwards(_take(inputs, reverse)), reverse)
            outputs = torch.cat([ahead, back], dim=-1)
            if index > 0 and self.residual:
                outputs = outputs + inputs
            last = torch.cat([_take(ahead, lengths.unsqueeze(1) - 1)[:, 0], back[:, 0]], dim=-1)
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
