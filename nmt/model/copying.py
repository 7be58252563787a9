"""Copying: what is said next may be one of the source's own pieces, wherever the attention is on it. So a name arrives
that the output layer never learnt to say."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.model.cell import exact


class Pointers(NamedTuple):
    """What some positions point at. Their source sentences have as many columns as the longest; a network that does not
    copy needs none."""

    attention: Tensor  # [rows, source], zero at padding
    pieces: Tensor  # [rows, source], numbers in the vocabulary of the target

    def split(self, rows: int) -> list[Pointers]:
        """So many rows at a time."""
        return [Pointers(*part) for part in zip(*(torch.split(part, rows) for part in self), strict=True)]


class Copying(nn.Module):
    """P(w) = g softmax(z)_w + (1 - g) times the attention on all w in the source (See et al. 2017, eq. 9), g a sigmoid
    of the feature vector, which every decoder makes of context, state and input (their eq. 8 has a linear map of the
    three). Source and target are of one vocabulary.

    Args: size: width of the feature vectors.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.gate = nn.Linear(size, 1)

    def forward(self, logits: Tensor, features: Tensor, pointers: Pointers) -> Tensor:
        """The output layer's logits [rows, pieces] and the features [rows, size] that it read -> log P [rows, pieces].

        It is added up in the log domain, at the source's pieces alone: log(a + b) = log a + softplus(log b - log a).
        """
        logits, gates, attention = exact(logits, self.gate(features), pointers.attention)
        generated = logits.log_softmax(dim=1) + functional.logsigmoid(gates)
        same = pointers.pieces.unsqueeze(2) == pointers.pieces.unsqueeze(1)
        attention = (same * attention.unsqueeze(1)).sum(dim=2)  # on all that are alike
        copied = attention.clamp_min(torch.finfo(attention.dtype).tiny).log() + functional.logsigmoid(-gates)
        gains = functional.softplus(copied - generated.gather(1, pointers.pieces), threshold=50)
        return generated.scatter_add(1, pointers.pieces, gains / same.sum(dim=2))
