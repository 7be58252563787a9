"""What a model makes of a translation that is known already."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nmt.search.protocol import S, Stepper


@torch.inference_mode()
def trace(model: Stepper[S], source: Tensor, pieces: Sequence[int], begin: int) -> Tensor:
    """The log-probabilities [pieces, vocabulary] of what may stand in each place of one translation, by the same steps
    as in a search, before anything is ruled out. source: [source]; pieces: the translation, end symbol included; begin:
    the begin symbol."""
    state = model.start(source.unsqueeze(0), torch.tensor([len(source)], device=source.device))
    rows = []
    for piece in (begin, *pieces[:-1]):
        log_probabilities, state = model.step(torch.tensor([[piece]], device=source.device), state)
        rows.append(log_probabilities[0, 0].clone())
    return torch.stack(rows)
