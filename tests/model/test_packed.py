"""A packed network searches as the network does, for every part there is."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from nmt.config import ModelConfig
from nmt.model.attention import ATTENTION
from nmt.model.decoders import DECODER
from nmt.model.packed import PackedLinear, packed
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import Seq2Seq

PIECES = 30


def a_network(**settings: object) -> Seq2Seq:
    torch.manual_seed(2)
    config = ModelConfig(**{"embedding": 12, "hidden": 16, "encoder_layers": 1, "heads": 2, **settings})
    return Seq2Seq(config, PIECES, PIECES, joint=True).eval()


@pytest.mark.parametrize(("decoder", "cell", "attention"), list(itertools.product(DECODER, RECURRENT, ATTENTION)))
@torch.inference_mode()
def test_a_packed_network_steps_alike(decoder: str, cell: str, attention: str) -> None:
    network = a_network(decoder=decoder, cell=cell, attention=attention)
    source, lengths = torch.randint(3, PIECES, (3, 7)), torch.tensor([7, 4, 2])
    found = []
    for searched in (network, packed(network)):
        state = searched.start(source, lengths)
        first, state = searched.step(torch.tensor([[1], [1], [1]]), state)
        state = searched.select(state, None, torch.tensor([0, 0, 1, 1, 2, 2]))
        second, state = searched.step(torch.tensor([[4, 5], [6, 7], [8, 9]]), state)
        found.append((first, second, searched.attention(state)))
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=1e-4)


def test_packing_leaves_the_network_as_it_was() -> None:
    network = a_network()
    before = {name: (id(module), type(module)) for name, module in network.named_modules()}
    prepared = packed(network)
    assert {name: (id(module), type(module)) for name, module in network.named_modules()} == before
    assert isinstance(prepared.output, PackedLinear)
    assert not any(isinstance(module, PackedLinear) for module in network.modules())


@pytest.mark.parametrize("cell", RECURRENT)
def test_no_product_of_a_step_is_left_unpacked(cell: str) -> None:
    prepared = packed(a_network(cell=cell, decoder_layers=2))
    left = {type(part) for layer in prepared.decoder.stack for part in layer.children()}
    assert PackedLinear in left
    assert nn.Linear not in {type(part) for part in prepared.decoder.modules()}


def test_other_numbers_than_float32_are_searched_as_they_are() -> None:
    network = a_network().double()
    assert packed(network) is network
