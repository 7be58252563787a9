"""Which numbers this machine multiplies matrices in, and in which it is fastest."""

from __future__ import annotations

import time

import torch

from nmt.errors import UserError

SIZE = 512
GAIN = 1.3
"""How many times as fast bfloat16 must be to be worth its rounding."""


def check_precision(precision: str | None, device: torch.device) -> None:
    """Raises UserError for numbers that the processor has no instructions for: oneDNN has no LSTM of them there, and
    what it has of them is a hundred times slower."""
    if device.type == "cpu" and not possible(precision):
        raise UserError(
            f"train.precision is {precision}, for which this processor has no instructions: "
            "set train.precision float32."
        )


def possible(precision: str | None) -> bool:
    """Whether the processor computes in such numbers."""
    if not torch._C._has_mkldnn:
        return True
    halves = {
        "bfloat16": torch.ops.mkldnn._is_mkldnn_bf16_supported,
        "float16": torch.ops.mkldnn._is_mkldnn_fp16_supported,
    }
    return precision not in halves or bool(halves[precision]())


def fastest(device: torch.device) -> str:
    """`bfloat16` where products of it are clearly faster than those of float32, as measured now; else `float32`.

    A processor that has no fast instructions for bfloat16 may be a hundred times slower in it, so nothing is taken on
    trust; where it has none at all, a second is not spent on measuring that.
    A graphics card is asked: its small products take the time of starting them, whatever they are made of.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if not possible("bfloat16"):
        return "float32"
    return "bfloat16" if GAIN * _seconds(torch.bfloat16, device) < _seconds(torch.float32, device) else "float32"


def _seconds(precision: torch.dtype, device: torch.device) -> float:
    """The best time of a few products, the first one, which sets things up, left out."""
    matrix = torch.ones(SIZE, SIZE, dtype=precision, device=device)
    times = []
    for _ in range(6):
        started = time.perf_counter()
        matrix = matrix @ matrix / SIZE
        matrix[0, 0].item()  # waits for the device
        times.append(time.perf_counter() - started)
    return min(times[1:])
