"""Weights in eight bits: what they stand for, and that nothing but the size of the numbers changes."""

from __future__ import annotations

import itertools

import pytest
import torch

from nmt.config import ModelConfig
from nmt.model.decoders import DECODER
from nmt.model.packed import packed
from nmt.model.quantized import QuantizedLinear, dequantize, quantize, supported
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import Seq2Seq

needs_int8 = pytest.mark.skipif(not supported(), reason="this PyTorch multiplies no whole numbers")
PIECES = 30


@pytest.mark.parametrize("weight", [torch.randn(7, 5), torch.zeros(2, 3), torch.tensor([[1e-20, 1e20], [0.0, -3.0]])])
def test_a_weight_is_off_by_half_a_step_at_most(weight: torch.Tensor) -> None:
    values, scales = quantize(weight)
    assert values.dtype == torch.int8
    steps = weight.abs().amax(dim=1, keepdim=True) / 127
    assert ((dequantize(values, scales) - weight).abs() <= steps * 0.5001 + 1e-12).all()


def test_quantising_again_changes_nothing() -> None:
    torch.manual_seed(1)
    values, scales = quantize(torch.randn(500, 64) * torch.rand(500, 1) ** 8)
    again, _ = quantize(dequantize(values, scales))
    assert torch.equal(again, values)


@needs_int8
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_products_are_near_and_no_row_depends_on_the_others(bias: bool) -> None:
    torch.manual_seed(1)
    layer = torch.nn.Linear(96, 40, bias=bias)
    small = QuantizedLinear(layer.weight, layer.bias if bias else None)
    inputs = torch.randn(9, 3, 96) * torch.logspace(-3, 3, 27).view(9, 3, 1)
    found, expected = small(inputs), layer(inputs)
    assert ((found - expected).norm(dim=-1) < 0.02 * expected.norm(dim=-1)).all()
    for row, alone in itertools.product(range(9), range(3)):
        assert torch.equal(small(inputs[row, alone : alone + 1]), found[row, alone : alone + 1])


@needs_int8
@pytest.mark.parametrize(("decoder", "cell"), list(itertools.product(DECODER, RECURRENT)))
@torch.inference_mode()
def test_a_network_in_eight_bits_steps_nearly_alike(decoder: str, cell: str) -> None:
    torch.manual_seed(2)
    config = ModelConfig(embedding=32, hidden=32, encoder_layers=1, heads=2, decoder=decoder, cell=cell)
    network = Seq2Seq(config, PIECES, PIECES, joint=True).eval()
    source, lengths = torch.randint(3, PIECES, (3, 7)), torch.tensor([7, 4, 2])
    found = []
    for searched in (network, packed(network, int8=True)):
        state = searched.start(source, lengths)
        first, state = searched.step(torch.tensor([[1], [1], [1]]), state)
        state = searched.select(state, None, torch.tensor([0, 0, 1, 1, 2, 2]))
        found.append((first, searched.step(torch.tensor([[4, 5], [6, 7], [8, 9]]), state)[0]))
    torch.testing.assert_close(found[1], found[0], rtol=0, atol=0.1)
    assert isinstance(packed(network, int8=True).output, QuantizedLinear)
