"""The precision of the matrix products is the one that this machine is faster in."""

from __future__ import annotations

import pytest
import torch

from nmt.errors import UserError
from nmt.training import precision


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"),
    [(1.0, 0.5, "bfloat16"), (1.0, 0.9, "float32"), (1.0, 1.0, "float32"), (1.0, 100.0, "float32")],
)
def test_the_clearly_faster_one_is_chosen(
    float32: float, bfloat16: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {torch.float32: float32, torch.bfloat16: bfloat16}
    monkeypatch.setattr(precision, "possible", lambda numbers: True)
    monkeypatch.setattr(precision, "_seconds", lambda kind, device: seconds[kind])
    assert precision.fastest(torch.device("cpu")) == chosen


def test_times_are_measured() -> None:
    for kind in (torch.float32, torch.bfloat16):
        assert 0 < precision._seconds(kind, torch.device("cpu")) < 10
    assert precision.fastest(torch.device("cpu")) in ("float32", "bfloat16")


@pytest.mark.parametrize("numbers", ["bfloat16", "float16"])
def test_what_the_processor_cannot_compute_in_is_refused(numbers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    device = torch.device("cpu")
    for name in ("_is_mkldnn_bf16_supported", "_is_mkldnn_fp16_supported"):
        monkeypatch.setattr(torch.ops.mkldnn, name, lambda: False, raising=False)
    precision.check_precision("float32", device)
    precision.check_precision(None, device)
    precision.check_precision(numbers, torch.device("cuda"))
    with pytest.raises(UserError, match=f"train.precision is {numbers}, .* set train.precision float32"):
        precision.check_precision(numbers, device)


def test_an_lstm_computes_in_what_is_possible() -> None:
    layer, inputs = torch.nn.LSTM(8, 8), torch.randn(3, 2, 8)
    for kind in (torch.bfloat16, torch.float16):
        if precision.possible(str(kind).removeprefix("torch.")):
            with torch.autocast("cpu", kind):
                assert layer(inputs)[0].isfinite().all()
