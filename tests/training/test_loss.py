"""The fused loss is cross-entropy: the same value and the same gradients, whatever the size of its chunks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nmt.training import loss
from nmt.training.loss import output_cross_entropy

TOKENS, SIZE, PIECES = 7, 5, 11
NUMBER = 8  # bytes of a float64
CHUNKS = {
    "one row": 1,
    "three rows, one left": NUMBER * (3 * PIECES + 2),
    "all rows exactly": NUMBER * TOKENS * PIECES,
    "one chunk": 2**23,
}

every_smoothing = pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
every_chunk = pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS.keys())


def features_and_layer(dtype: torch.dtype = torch.float64) -> tuple[list[Tensor], Tensor]:
    """Features, weight and bias to differentiate by, and labels, one of them twice."""
    torch.manual_seed(6)
    shapes = ((TOKENS, SIZE), (PIECES, SIZE), (PIECES,))
    parts = [torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes]
    return parts, torch.tensor([3, 0, 10, 3, 5, 1, 7])


def plain(parts: list[Tensor], labels: Tensor, smoothing: float) -> Tensor:
    """What torch makes of it."""
    return functional.cross_entropy(functional.linear(*parts), labels, reduction="sum", label_smoothing=smoothing)


def close(one: object, other: object) -> None:
    torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@every_smoothing
@every_chunk
def test_value_and_gradients_are_those_of_cross_entropy(
    smoothing: float, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss, "CHUNK_BYTES", chunk)
    parts, labels = features_and_layer()
    fused, _, _ = output_cross_entropy(*parts, labels, smoothing)
    expected = plain(parts, labels, smoothing)
    close(fused, expected)
    close(torch.autograd.grad(fused, parts), torch.autograd.grad(expected, parts))


@every_smoothing
@every_chunk
def test_beside_it_stands_the_plain_negative_log_likelihood(
    smoothing: float, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss, "CHUNK_BYTES", chunk)
    parts, labels = features_and_layer()
    _, likelihood, _ = output_cross_entropy(*parts, labels, smoothing)
    close(likelihood, plain(parts, labels, 0.0).detach())
    assert not likelihood.requires_grad


@every_smoothing
def test_losses_are_sums_over_the_tokens(smoothing: float) -> None:
    (features, *layer), labels = features_and_layer()
    whole = output_cross_entropy(features, *layer, labels, smoothing)
    rows = zip(features.split(1), labels.split(1), strict=True)
    each = [output_cross_entropy(feature, *layer, label, smoothing) for feature, label in rows]
    for total, parts in zip(whole, zip(*each, strict=True), strict=True):
        close(total, torch.stack(parts).sum())


@every_smoothing
@every_chunk
def test_two_passes_are_pulled_together_by_their_divergences(
    smoothing: float, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss, "CHUNK_BYTES", chunk)
    (features, *layer), labels = features_and_layer()
    parts, labels = [torch.cat([features, features.flip(0)]).detach().requires_grad_(), *layer], labels.repeat(2)
    fused, likelihood, _ = output_cross_entropy(*parts, labels, smoothing, 0.7)
    first, second = functional.linear(*parts).log_softmax(dim=-1).chunk(2)
    apart = functional.kl_div(second, first, reduction="sum", log_target=True)
    apart = apart + functional.kl_div(first, second, reduction="sum", log_target=True)
    expected = plain(parts, labels, smoothing) + 0.7 * apart
    close(fused, expected)
    close(torch.autograd.grad(fused, parts), torch.autograd.grad(expected, parts))
    close(likelihood, plain(parts, labels, 0.0).detach())


@pytest.mark.parametrize("consistency", [0.0, 0.7])
def test_features_in_half_precision_give_nearly_the_same(consistency: float) -> None:
    (features, *layer), labels = features_and_layer(torch.float32)
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        twice = torch.cat([features, 0.9 * features]).to(dtype)
        fused, _, _ = output_cross_entropy(twice, *layer, labels.repeat(2), 0.1, consistency)
        results.append([fused.detach(), *torch.autograd.grad(fused, [features, *layer])])
    for exact, rounded in zip(*results, strict=True):
        assert rounded.dtype == torch.float32
        assert (rounded - exact).norm() <= 0.02 * exact.norm()


@pytest.mark.parametrize("scale", [1.0, 1 / 30, -2.5])
def test_gradients_carry_the_scale_of_what_comes_after(scale: float) -> None:
    parts, labels = features_and_layer()
    fused = output_cross_entropy(*parts, labels, 0.1)[0] * scale
    close(torch.autograd.grad(fused, parts), torch.autograd.grad(plain(parts, labels, 0.1) * scale, parts))


def test_gradients_of_several_batches_add_up() -> None:
    parts, labels = features_and_layer()
    for scale in (0.5, 2.0):
        (output_cross_entropy(*parts, labels, 0.1)[0] * scale).backward()
    close([part.grad for part in parts], [2.5 * one for one in torch.autograd.grad(plain(parts, labels, 0.1), parts)])


def test_gradients_reach_what_made_the_features_and_tied_weights() -> None:
    """The output layer's weight is often the embedding too, so that it meets itself in the features."""
    (_, weight, bias), labels = features_and_layer()
    inputs = torch.tensor([1, 2, 3, 3, 4, 5, 6])
    fused, _, _ = output_cross_entropy(weight[inputs].tanh(), weight, bias, labels, 0.1)
    expected = plain([weight[inputs].tanh(), weight, bias], labels, 0.1)
    close(torch.autograd.grad(fused, [weight, bias]), torch.autograd.grad(expected, [weight, bias]))


def test_arguments_are_left_as_they_were() -> None:
    parts, labels = features_and_layer()
    before = [part.detach().clone() for part in parts]
    output_cross_entropy(*parts, labels, 0.1)[0].backward()
    for part, old in zip(parts, before, strict=True):
        assert torch.equal(part.detach(), old)


def test_a_hopeless_prediction_gives_a_finite_loss_and_the_true_gradient() -> None:
    """In single precision the label's probability is zero when it lies 200 nats behind."""
    features, labels = torch.tensor([[200.0], [1.0]], requires_grad=True), torch.tensor([1, 0])
    weight, bias = torch.tensor([[1.0], [0.0], [-1.0]], requires_grad=True), torch.zeros(3, requires_grad=True)
    parts = [features, weight, bias]
    fused, likelihood, _ = output_cross_entropy(*parts, labels, 0.1)
    assert fused.isfinite()
    assert likelihood.isfinite()
    expected = torch.autograd.grad(plain(parts, labels, 0.1), parts)
    torch.testing.assert_close(torch.autograd.grad(fused, parts), expected)
