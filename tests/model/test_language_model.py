"""A network without an encoder is a language model: it reads no source, and is else what every network is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nmt.config import ModelConfig
from nmt.errors import UserError
from nmt.model.decoders import DECODER
from nmt.model.packed import packed
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import Seq2Seq

PIECES, BEGIN = 13, 2
ALONE = {"encoder_layers": 0, "attention": "none", "bridge": "zero"}
SMALL = {**ALONE, "embedding": 6, "hidden": 8, "decoder_layers": 2, "dropout": 0.0}
TARGET = torch.tensor([[BEGIN, 6, 6, 12, 4, 9], [BEGIN, 5, 7, 10, 11, 3], [BEGIN, 4, 4, 4, 8, 8]])
NOTHING = torch.full((3, 1), 3), torch.ones(3, dtype=torch.long)
"""Three empty sources: the end symbol alone."""

every_decoder_and_cell = pytest.mark.parametrize(
    ("decoder", "cell"), [(decoder, cell) for decoder in DECODER for cell in RECURRENT]
)


def a_network(*, joint: bool = True, **changes: object) -> Seq2Seq:
    torch.manual_seed(3)
    config = ModelConfig.model_validate({**SMALL, **changes})
    return Seq2Seq(config, PIECES, PIECES, joint=joint).double().eval()


def stepped(network: Seq2Seq, source: Tensor, lengths: Tensor) -> Tensor:
    """The log-probabilities [batch, target, pieces] of the steps along the target."""
    state, found = network.start(source, lengths), []
    for tokens in TARGET.unbind(1):
        log_probabilities, state = network.step(tokens.unsqueeze(1), state)
        found.append(log_probabilities)
    return torch.cat(found, dim=1)


@every_decoder_and_cell
@torch.no_grad()
def test_stepping_equals_reading_the_whole_and_sums_to_one(decoder: str, cell: str) -> None:
    network = a_network(decoder=decoder, cell=cell)
    features, attention = network(*NOTHING, TARGET)
    assert attention is None
    whole = network.output(features).log_softmax(dim=-1)
    torch.testing.assert_close(stepped(network, *NOTHING), whole, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(whole.exp().sum(dim=-1), torch.ones(TARGET.shape, dtype=torch.double))


@every_decoder_and_cell
@torch.no_grad()
def test_any_source_is_as_good_as_none(decoder: str, cell: str) -> None:
    network = a_network(decoder=decoder, cell=cell)
    others = torch.tensor([[99, 5000, 7], [4, 0, 0], [1, 2, 0]]), torch.tensor([3, 1, 2])  # of another vocabulary
    expected = stepped(network, *NOTHING)
    assert torch.equal(stepped(network, *others), expected)
    packed_too = stepped(packed(network.float()), *others)
    torch.testing.assert_close(packed_too, expected.float(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("tied", ["none", "target", "all"])
@every_decoder_and_cell
def test_every_weight_learns(decoder: str, cell: str, tied: str) -> None:
    network = a_network(decoder=decoder, cell=cell, tied=tied).train()
    features, _ = network(*NOTHING, TARGET)
    network.output(features).log_softmax(dim=-1)[..., 5].sum().backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []
    assert (network.output.weight is network.target_embedding.weight) == (tied != "none")


@pytest.mark.parametrize(
    ("changes", "joint", "told"),
    [
        ({"attention": "dot"}, True, "model.attention none"),
        ({"bridge": "last"}, True, "model.bridge zero"),
        ({}, False, "subwords.joint true"),
    ],
)
def test_what_needs_a_source_is_refused(changes: dict[str, str], joint: bool, told: str) -> None:
    with pytest.raises(UserError, match=told):
        a_network(joint=joint, **changes)
