"""The loss of a batch: in half precision nearly the same for every network, and R-Drop's as the paper has it."""

from __future__ import annotations

import pytest
import torch
from examples import needs_bfloat16
from torch import Tensor
from torch.nn import functional

from nmt.config import ModelConfig
from nmt.data.batching import Batch, make_batch
from nmt.data.subwords import END, PADDING
from nmt.model.attention import ATTENTION
from nmt.model.bridge import BRIDGE
from nmt.model.decoders import DECODER
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import Seq2Seq
from nmt.training.loss import batch_losses

PIECES = 30
NETWORKS = [
    *(
        {"cell": cell, "decoder": decoder, "bridge": bridge}
        for cell in RECURRENT
        for decoder in DECODER
        for bridge in BRIDGE
    ),
    *({"decoder": decoder, "attention": attention} for decoder in DECODER for attention in ATTENTION),
]


def a_network(**changes: object) -> Seq2Seq:
    torch.manual_seed(4)
    settings = {"embedding": 16, "hidden": 16, "dropout": 0.0, "tied": "none", **changes}
    return Seq2Seq(ModelConfig.model_validate(settings), PIECES, PIECES, joint=True)


def batch_loss(*arguments: object, **options: object) -> tuple[Tensor, Tensor]:
    """Objective and likelihood as means over the words."""
    losses, words = batch_losses(*arguments, **options), arguments[1].target_tokens
    return losses.objective / words, losses.likelihood / words


def a_batch() -> Batch:
    torch.manual_seed(5)
    lengths = [(5, 3), (2, 7), (6, 6)]
    return make_batch([tuple([*torch.randint(4, PIECES, (n,)).tolist(), END] for n in pair) for pair in lengths])


@needs_bfloat16
@pytest.mark.parametrize("changes", NETWORKS, ids=lambda changes: "-".join(changes.values()))
def test_in_half_precision_loss_and_gradient_are_nearly_the_same(changes: dict[str, str]) -> None:
    results = []
    for precision in (torch.float32, torch.bfloat16):
        network = a_network(**changes)
        loss, likelihood = batch_loss(network, a_batch(), 0.1, precision=precision)
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        assert all(gradient.dtype == torch.float32 for gradient in gradients)
        results.append((loss, likelihood, torch.cat([gradient.flatten() for gradient in gradients])))
    (loss, likelihood, gradient), (rounded_loss, rounded_likelihood, rounded_gradient) = results
    torch.testing.assert_close(rounded_loss, loss, rtol=0.01, atol=0)
    torch.testing.assert_close(rounded_likelihood, likelihood, rtol=0.01, atol=0)
    assert not torch.equal(rounded_gradient, gradient)
    assert functional.cosine_similarity(rounded_gradient, gradient, dim=0) > 0.95  # a unit may switch on or off


def test_the_loss_is_a_mean_over_the_words() -> None:
    network, batch = a_network(), a_batch()
    loss, likelihood = batch_loss(network, batch, 0.1)
    features, _ = network(batch.source, batch.source_lengths, batch.target[:, :-1])
    labels = batch.target[:, 1:]
    logits = network.output(features)[labels != PADDING]
    for value, smoothing in ((loss, 0.1), (likelihood, 0.0)):
        expected = functional.cross_entropy(logits, labels[labels != PADDING], label_smoothing=smoothing)
        torch.testing.assert_close(value, expected)


def test_without_dropout_two_passes_agree_and_nothing_is_added() -> None:
    network, batch = a_network(), a_batch()
    torch.testing.assert_close(batch_loss(network, batch, 0.1, consistency=5.0), batch_loss(network, batch, 0.1))


def test_r_drop_adds_half_of_both_divergences() -> None:
    """Liang et al. 2021, eq. 4: the two likelihoods and alpha / 2 of the two divergences, here as means over words."""
    network, batch = a_network(dropout=0.3), a_batch()
    torch.manual_seed(1)
    loss, likelihood = batch_loss(network, batch, 0.0, consistency=5.0)
    torch.manual_seed(1)
    labels = batch.target[:, 1:]
    passes = (torch.cat([part] * 2) for part in (batch.source, batch.source_lengths, batch.target[:, :-1]))
    features, _ = network(*passes)
    first, second = (network.output(one)[labels != PADDING].log_softmax(dim=-1) for one in features.chunk(2))
    words = labels[labels != PADDING]
    both = functional.nll_loss(first, words) + functional.nll_loss(second, words)
    apart = functional.kl_div(second, first, reduction="batchmean", log_target=True)
    apart = apart + functional.kl_div(first, second, reduction="batchmean", log_target=True)
    torch.testing.assert_close(likelihood, both / 2)
    torch.testing.assert_close(2 * loss, both + 5.0 / 2 * apart)
    assert apart > 0.001


@pytest.mark.parametrize("consistency", [0.0, 5.0])
def test_a_piece_is_right_when_it_is_the_likeliest(consistency: float) -> None:
    network, batch = a_network(), a_batch()
    features, _ = network(batch.source, batch.source_lengths, batch.target[:, :-1])
    likeliest, labels = network.output(features).argmax(dim=-1), batch.target[:, 1:]
    batch.target[:, 1:] = torch.where((labels != PADDING) & (torch.rand(labels.shape) < 0.5), likeliest, labels)
    features, _ = network(batch.source, batch.source_lengths, batch.target[:, :-1])
    right = (network.output(features).argmax(dim=-1) == batch.target[:, 1:])[batch.target[:, 1:] != PADDING].sum()
    assert 0 < right < batch.target_tokens
    assert batch_losses(network, batch, 0.1, consistency=consistency).correct == right
