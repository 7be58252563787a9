"""Cross-entropy with label smoothing, fused with the output layer: the [tokens, vocabulary] arrays are never whole in
memory, never kept for the backward pass, and never computed at padding."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

CHUNK_ELEMENTS = 2**21  # logits computed at once: 8 MB, so that a chunk stays in the processor's cache


class _OutputCrossEntropy(torch.autograd.Function):
    """Sum over positions of the smoothed cross-entropy; the gradient is computed beside the loss.

    With z = F W' + b, p = softmax(z) and smoothing s over V pieces, the loss of a position with label y is
    lse(z) - (1 - s) z_y - s mean(z), and its gradient in z is p - (1 - s) onehot(y) - s / V. The last two terms are
    added to the gradients of F, W and b directly, which saves two passes over the logits.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float) -> Tensor:
        feature_gradient = torch.empty_like(features)
        weight_gradient = torch.zeros_like(weight)
        bias_gradient = torch.zeros_like(bias)
        losses = features.new_zeros(2)
        mean_weight, mean_bias = weight.mean(dim=0), bias.mean()
        rows = max(1, CHUNK_ELEMENTS // len(weight))
        for start in range(0, len(features), rows):
            part, label = features[start : start + rows], labels[start : start + rows].unsqueeze(1)
            logits = torch.addmm(bias, part, weight.t())
            true = logits.gather(1, label)
            probabilities = torch.softmax(logits, dim=1, out=logits)
            true_log = probabilities.gather(1, label).clamp_min_(torch.finfo(part.dtype).tiny).log_()
            mean_log = torch.addmv(mean_bias.expand(len(part)), part, mean_weight) - (true - true_log).squeeze(1)
            losses[0] -= (1 - smoothing) * true_log.sum() + smoothing * mean_log.sum()
            losses[1] -= true_log.sum()
            probabilities.scatter_add_(1, label, torch.full_like(true, smoothing - 1))
            torch.addmm(-smoothing * mean_weight, probabilities, weight, out=feature_gradient[start : start + rows])
            weight_gradient.addmm_(probabilities.t(), part)
            bias_gradient += probabilities.sum(dim=0)
        weight_gradient -= features.sum(dim=0) * (smoothing / len(weight))
        bias_gradient -= len(features) * smoothing / len(weight)
        ctx.save_for_backward(feature_gradient, weight_gradient, bias_gradient)
        return losses

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        scale = gradients[0][0]
        return (*(saved * scale for saved in ctx.saved_tensors), None, None)


def output_cross_entropy(
    features: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """The output layer and its loss in one.

    features [tokens, size], weight [pieces, size], bias [pieces], labels [tokens], padding already left out ->
    smoothed cross-entropy to differentiate, and plain negative log-likelihood: each a sum in nats over the tokens.
    """
    losses: Tensor = _OutputCrossEntropy.apply(features, weight, bias, labels, smoothing)  # type: ignore[no-untyped-call]
    return losses[0], losses[1].detach()
