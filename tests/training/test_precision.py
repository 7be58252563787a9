"""The precision of the matrix products is the one that this machine is faster in."""

from __future__ import annotations

import pytest
import torch

from nmt.training import precision


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"),
    [(1.0, 0.5, "bfloat16"), (1.0, 0.9, "float32"), (1.0, 1.0, "float32"), (1.0, 100.0, "float32")],
)
def test_the_clearly_faster_one_is_chosen(
    float32: float, bfloat16: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {torch.float32: float32, torch.bfloat16: bfloat16}
    monkeypatch.setattr(precision, "_seconds", lambda kind, device: seconds[kind])
    assert precision.fastest(torch.device("cpu")) == chosen


def test_times_are_measured() -> None:
    for kind in (torch.float32, torch.bfloat16):
        assert 0 < precision._seconds(kind, torch.device("cpu")) < 10
    assert precision.fastest(torch.device("cpu")) in ("float32", "bfloat16")
