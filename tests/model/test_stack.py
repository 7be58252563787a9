"""Settings that make another stack of the same cells: whatever they are, the laws of the network hold (1, 2 and 7)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from nmt.config import ModelConfig
from nmt.model.cell import StackSizes
from nmt.model.decoders import DECODER
from nmt.model.packed import packed
from nmt.model.quantized import supported
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import PADDING, Seq2Seq, parameter_count
from nmt.model.stack import recurrent_layer
from nmt.training.loss import output_cross_entropy

PIECES, BEGIN, LAYERS = 20, 2, 3
SETTINGS: dict[str, dict[str, Any]] = {
    "deep transition": {"transitions": 3},
    "one way": {"bidirectional": "first"},
    "pre-norm": {"norm": "pre"},
    "feed-forward": {"feedforward": 1.5},
    "all": {"transitions": 2, "bidirectional": "first", "norm": "pre", "feedforward": 2.0},
    "all without residual": {"transitions": 2, "norm": "pre", "feedforward": 0.5, "residual": False},
}
SOURCES = torch.tensor([[5, 9, 4, 3, 0, 0, 0], [7, 3, 0, 0, 0, 0, 0], [11, 6, 5, 4, 8, 10, 3]])
LENGTHS = torch.tensor([4, 2, 7])

every_stack = pytest.mark.parametrize(("name", "decoder"), list(itertools.product(SETTINGS, DECODER)))
every_layer = pytest.mark.parametrize(
    ("cell", "transitions", "norm"),
    [(cell, *how) for cell in RECURRENT for how in ((3, "none"), (1, "pre"), (2, "pre"))],
)


def a_network(**settings: Any) -> Seq2Seq:
    torch.manual_seed(3)
    shape = {"embedding": 6, "hidden": 8, "heads": 2, "encoder_layers": LAYERS, "decoder_layers": LAYERS}
    return Seq2Seq(ModelConfig(**{**shape, **settings}), PIECES, PIECES, joint=True).eval()


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@every_layer
def test_running_the_sequence_equals_stepping(cell: str, transitions: int, norm: str) -> None:
    torch.manual_seed(1)
    layer = recurrent_layer(RECURRENT[cell], 5, 7, StackSizes(5, 7, 1, 0.0, True, transitions, norm)).double()
    inputs = torch.randn(3, 11, 5, dtype=torch.float64)
    start = tuple(torch.randn(3, 7, dtype=torch.float64) for _ in range(layer.STATES))
    state, outputs = start, []
    for position in inputs.unbind(1):
        output, state = layer.advance(layer.project(position), state)
        outputs.append(output)
    close(layer(inputs, start), torch.stack(outputs, dim=1))
    assert layer.project(inputs).shape == (3, 11, layer.GATES * 7)


@every_stack
def test_padding_is_not_there(name: str, decoder: str) -> None:
    network = a_network(decoder=decoder, **SETTINGS[name]).double()
    target = torch.randint(1, PIECES, (3, 5))
    together, _ = network(SOURCES, LENGTHS, target)
    for row, length in enumerate(LENGTHS.tolist()):
        alone, _ = network(SOURCES[row : row + 1, :length], LENGTHS[row : row + 1], target[row : row + 1])
        close(together[row], alone[0])


@every_stack
def test_stepping_equals_reading_the_whole_target(name: str, decoder: str) -> None:
    network = a_network(decoder=decoder, **SETTINGS[name]).double()
    target = torch.randint(1, PIECES, (3, 5))
    whole = network.output(network(SOURCES, LENGTHS, target)[0]).log_softmax(dim=-1)
    state = network.start(SOURCES, LENGTHS)
    for position in range(target.shape[1]):
        step, state = network.step(target[:, position : position + 1], state)
        close(step.squeeze(1), whole[:, position])


@every_stack
def test_every_parameter_takes_part_in_training(name: str, decoder: str) -> None:
    network = a_network(decoder=decoder, dropout=0.1, **SETTINGS[name]).train()
    features, _ = network(SOURCES, LENGTHS, torch.randint(1, PIECES, (3, 5)))
    network.output(features).log_softmax(dim=-1)[..., 3].sum().backward()
    assert not [key for key, one in network.named_parameters() if one.grad is None or not one.grad.any()]


@every_stack
@pytest.mark.parametrize(
    "int8", [False, pytest.param(True, marks=pytest.mark.skipif(not supported(), reason="no int8"))]
)
@torch.inference_mode()
def test_a_network_laid_out_for_search_steps_alike(name: str, decoder: str, int8: bool) -> None:
    network = a_network(decoder=decoder, embedding=32, hidden=32, **SETTINGS[name])
    found = []
    for searched in (network, packed(network, int8=int8)):
        first, state = searched.step(torch.full((3, 1), BEGIN), searched.start(SOURCES, LENGTHS))
        state = searched.select(state, None, torch.tensor([0, 0, 1, 1, 2, 2]))
        found.append((first, searched.step(torch.tensor([[4, 5], [6, 7], [8, 9]]), state)[0]))
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=0.2 if int8 else 1e-4)


@pytest.mark.parametrize("decoder", DECODER)
def test_the_defaults_have_no_weights_of_their_own(decoder: str) -> None:
    names = {name for name, _ in a_network(decoder=decoder).named_parameters()}
    assert {"encoder.forwards.2.layer.weight_ih_l0", "decoder.layers.0.layer.weight_ih_l0"} <= names
    assert not [name for name in names if "between" in name or "cells" in name or "norm" in name]


@pytest.mark.parametrize("name", list(SETTINGS))
def test_each_setting_makes_another_network(name: str) -> None:
    assert parameter_count(a_network(**SETTINGS[name])) != parameter_count(a_network())


@pytest.mark.parametrize("name", list(SETTINGS))
def test_it_learns_to_say_sentences_backwards(name: str) -> None:
    """Teacher-forced, half of the sentences of four words without a mistake, where chance would get one in 4,096."""

    def pairs(count: int) -> tuple[Tensor, Tensor]:
        words = torch.randint(4, 12, (count, 4))
        return words, torch.cat([torch.full((count, 1), BEGIN), words.flip(1)], dim=1)

    network = a_network(
        **{"embedding": 32, "hidden": 32, "encoder_layers": 2, "decoder_layers": 2, "dropout": 0, **SETTINGS[name]}
    ).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    for _ in range(200):
        source, target = pairs(32)
        features = network(source, torch.full((32,), 4), target[:, :-1])[0].flatten(0, 1)
        loss, _, _ = output_cross_entropy(features, network.output.weight, network.output.bias, target[:, 1:].flatten())
        optimizer.zero_grad()
        (loss / (4 * 32)).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    source, target = pairs(200)
    guesses = network.eval().output(network(source, torch.full((200,), 4), target[:, :-1])[0]).argmax(dim=-1)
    assert (guesses == target[:, 1:]).all(dim=1).float().mean() > 0.5
    assert PADDING not in guesses
