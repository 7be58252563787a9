"""The mean of several weights of one training is often better than any of them (Junczys-Dowmunt et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from nmt import model_folder


def mean(paths: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of the weights in some files, summed in double precision. Raises UserError when one is damaged."""
    total: dict[str, Tensor] = {}
    for path in paths:
        for name, value in model_folder.read_tensors(path).items():
            total[name] = total[name] + value.double() if name in total else value.double()
    return {name: (value / len(paths)).to(torch.float32) for name, value in total.items()}


def chosen(scores: Mapping[str, float], count: int, which: str) -> list[str]:
    """The `count` "best" of some scored names, or the "last" in their order."""
    names = sorted(scores)
    return (names if which == "last" else sorted(names, key=lambda name: scores[name]))[-count:]
