"""Cross-entropy with label smoothing, fused with the output layer: the [tokens, vocabulary] arrays are never whole in
memory, never kept for the backward pass, and never computed at padding."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from nmt.data.batching import Batch
from nmt.data.subwords import END, PADDING
from nmt.model.copying import Pointers
from nmt.model.seq2seq import Seq2Seq

CHUNK_BYTES = 2**23  # of logits computed at once, so that a chunk stays in the processor's cache


class Losses(NamedTuple):
    """Sums over the target tokens of a batch, padding left out."""

    objective: Tensor  # to differentiate: smoothed cross-entropy and what else is asked for, in nats
    likelihood: Tensor  # negative log-likelihood, in nats
    correct: Tensor  # tokens that were thought the likeliest


class Guide(NamedTuple):
    """What the attention should be like."""

    links: Tensor  # [batch, target, source], how much each target piece belongs to each source piece, at most 1 in sum
    weight: float


class _OutputCrossEntropy(torch.autograd.Function):
    """`Losses` in one tensor; the gradient of the first is computed beside it.

    With z = F W' + b, p = softmax(z) and smoothing s over V pieces, the loss of a position with label y is
    lse(z) - (1 - s) z_y - s mean(z), and its gradient in z is p - (1 - s) onehot(y) - s / V. The last two terms are
    added to the gradients of F, W and b directly, which saves two passes over the logits.

    The products are of the precision of F, which autocast makes bfloat16, as are the sums over the positions of a
    chunk; those over chunks are of the precision of W. Nothing here may make a wider copy of a chunk, as `scatter_add_`
    and sums of another type do: on a CPU that cost a fifth of an update.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float, consistency: float
    ) -> Tensor:
        copies, size = 2 if consistency else 1, features.shape[-1]
        features, labels = features.view(copies, -1, size), labels.view(copies, -1)
        feature_gradient = torch.empty_like(features)
        weight_gradient = torch.zeros_like(weight)
        bias_gradient = torch.zeros_like(bias)
        losses = bias.new_zeros(3)
        wide = features.dtype == weight.dtype  # then a product is added to the sum as it is made
        mean_weight, mean_bias = weight.mean(dim=0).to(features.dtype), bias.mean().to(features.dtype)
        weight, bias = weight.to(features.dtype), bias.to(features.dtype)
        rows = max(1, CHUNK_BYTES // (copies * len(weight) * features.element_size()))
        for start in range(0, features.shape[1], rows):
            part = features[:, start : start + rows].reshape(-1, size)
            label = labels[:, start : start + rows].reshape(-1, 1)
            logits = torch.addmm(bias, part, weight.t())
            true = logits.gather(1, label)
            losses[2] += (true >= logits.amax(dim=1, keepdim=True)).sum()
            apart = _differences(logits) if consistency else None
            probabilities = torch.softmax(logits, dim=1, out=logits)
            true_log = probabilities.gather(1, label).clamp_min_(torch.finfo(part.dtype).tiny).log_()
            mean_log = torch.addmv(mean_bias.expand(len(part)), part, mean_weight) - (true - true_log).squeeze(1)
            likelihood = true_log.sum(dtype=losses.dtype)
            losses[0] -= (1 - smoothing) * likelihood + smoothing * mean_log.sum(dtype=losses.dtype)
            losses[1] -= likelihood
            if apart is not None:
                losses[0] += consistency * _pull_together(probabilities, apart, consistency)
            probabilities[torch.arange(len(label), device=label.device), label.squeeze(1)] += smoothing - 1
            inner = torch.addmm(-smoothing * mean_weight, probabilities, weight)
            feature_gradient[:, start : start + rows] = inner.view(copies, -1, size)
            if wide:
                weight_gradient.addmm_(probabilities.t(), part)
            else:
                weight_gradient += probabilities.t() @ part
            bias_gradient += probabilities.sum(dim=0)
        weight_gradient -= features.sum(dim=(0, 1), dtype=losses.dtype) * (smoothing / len(weight))
        bias_gradient -= labels.numel() * smoothing / len(weight)
        ctx.save_for_backward(feature_gradient.flatten(0, 1), weight_gradient, bias_gradient)
        return losses

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        scale = gradients[0][0]
        return (*(saved * scale.to(saved.dtype) for saved in ctx.saved_tensors), None, None, None)


def _differences(logits: Tensor) -> Tensor:
    """logits [2 * tokens, pieces] of two passes -> those of the first minus those of the second."""
    first, second = logits.chunk(2)
    return first - second


def _pull_together(probabilities: Tensor, apart: Tensor, weight: float) -> Tensor:
    """Both Kullback-Leibler divergences between two passes, p and q, summed over the tokens: sum (p - q) d with d the
    difference of their logits. Adds `weight` times its gradient in the logits, p (d - E_p[d]) + p - q for the first
    and q (E_q[d] - d) + q - p for the second, to `probabilities` [2 * tokens, pieces], which are spoilt by that."""
    first, second = probabilities.chunk(2)
    difference = first - second
    divergence = (difference * apart).sum(dtype=torch.promote_types(apart.dtype, torch.float32))
    for own, sign in ((first, weight), (second, -weight)):
        weighted = own * apart
        pull = weighted.sub_(own * weighted.sum(dim=1, keepdim=True)).add_(difference)
        own.add_(pull, alpha=sign)
    return divergence


def output_cross_entropy(
    features: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float = 0.0, consistency: float = 0.0
) -> Losses:
    """The output layer and its loss in one.

    features [tokens, size], weight [pieces, size], bias [pieces], labels [tokens], padding already left out ->
    `Losses`, smoothed cross-entropy first.

    With `consistency`, the second half of the tokens are the first half in another pass, and so many times the
    divergences between what the two predict, both ways, are part of what is differentiated (Liang et al. 2021, eq. 2).
    """
    losses: Tensor = _OutputCrossEntropy.apply(features, weight, bias, labels, smoothing, consistency)  # type: ignore[no-untyped-call]
    return Losses(losses[0], losses[1].detach(), losses[2].detach())


def mixture_cross_entropy(
    network: Seq2Seq, features: Tensor, pointers: Pointers, labels: Tensor, smoothing: float, consistency: float
) -> Losses:
    """The same for a network that copies. What is smoothed is the label of the whole mixture: the cross-entropy is that
    of P, of which (1 - smoothing) is to be the label's and smoothing / V every piece's, copied or not. Chunks are made
    again for the gradient, which is left to autograd."""
    copies = 2 if consistency else 1

    def sums(part: Tensor, attention: Tensor, pieces: Tensor, label: Tensor) -> Tensor:
        where = Pointers(attention.flatten(0, 1), pieces.flatten(0, 1))
        logarithms = network.logits(part.flatten(0, 1), where)  # of probabilities, here
        true = logarithms.gather(1, label.reshape(-1, 1))
        objective = (smoothing - 1) * true.sum() - smoothing * logarithms.mean(dim=1).sum()
        if consistency:
            apart = _differences(logarithms)
            objective = objective + consistency * (_differences(logarithms.exp()) * apart).sum()
        correct = (true >= logarithms.amax(dim=1, keepdim=True)).sum()
        return torch.stack([objective, -true.sum(), correct.to(true.dtype)])

    rows = max(1, CHUNK_BYTES // (copies * network.output.out_features * 4))
    parts = (part.view(copies, -1, *part.shape[1:]) for part in (features, *pointers, labels))
    chunks = zip(*(torch.split(part, rows, dim=1) for part in parts), strict=True)
    found = [checkpoint(sums, *chunk, use_reentrant=False, preserve_rng_state=False) for chunk in chunks]
    objective, likelihood, correct = torch.stack(found).sum(dim=0)
    return Losses(objective, likelihood.detach(), correct.detach())


def batch_losses(
    network: Seq2Seq,
    batch: Batch,
    smoothing: float,
    *,
    consistency: float = 0.0,
    own: float = 0.0,
    guide: Guide | None = None,
    coverage: float = 0.0,
    precision: torch.dtype = torch.float32,
) -> Losses:
    """What a network makes of a batch, its matrix products in `precision`.

    `own`: share of the target input pieces that the network replaces by its predictions first. With a `guide`, the
    attention is pulled towards it; `coverage` is the weight of what it goes over twice.

    With `consistency`, the batch is read twice, under two draws of the dropout, and the objective is half of that of
    R-Drop (Liang et al. 2021, eq. 4): both likelihoods, and `consistency` / 2 times the divergences between what is
    predicted the two times, halved like them.
    """
    copies = 2 if consistency else 1
    read = batch.target[:, :-1]
    cast: dict[str, Any] = {"device_type": read.device.type, "dtype": precision, "enabled": precision != torch.float32}
    if own > 0:
        with torch.autocast(**cast):  # of its own: weights that it casts without a gradient must not be used again
            read = with_predictions(network, batch, own)
    with torch.autocast(**cast):
        parts = (batch.source, batch.source_lengths, read)
        features, attention = network(*(torch.cat([part] * copies) for part in parts))
    labels = torch.cat([batch.target[:, 1:]] * copies)
    words = labels != PADDING
    if network.copying is None:
        layer = network.output.weight, network.output.bias
        sums = output_cross_entropy(features[words], *layer, labels[words], smoothing, consistency / 2)
    else:
        pointers = network.pointers(attention, torch.cat([batch.source] * copies), words)
        with torch.autocast(**cast):
            said = features[words], pointers, labels[words]
            sums = mixture_cross_entropy(network, *said, smoothing, consistency / 2)
    if coverage and attention is not None:
        sums = sums._replace(objective=sums.objective + coverage * repeated(attention, words))
    if guide is not None and attention is not None:
        sums = sums._replace(objective=sums.objective + guide.weight * guided(attention, guide.links))
    return Losses(*(total / copies for total in sums))


@torch.no_grad()
def with_predictions(network: Seq2Seq, batch: Batch, share: float) -> Tensor:
    """The target input [batch, target] of a batch, in which each piece after the begin symbol is, with probability
    `share`, the one that the network thinks the likeliest in its place after the right ones (Mihaylova and Martins
    2019). Special pieces are neither replaced nor predicted."""
    read = batch.target[:, :-1]
    replaced = (torch.rand(read.shape, device=read.device) < share) & (read > END)
    features, attention = network(batch.source, batch.source_lengths, read)
    before = torch.cat([replaced[:, 1:], replaced.new_zeros(len(read), 1)], dim=1)  # what predicts the piece read next
    pointers = network.pointers(attention, batch.source, before)
    rows = max(1, CHUNK_BYTES // (network.output.out_features * features.element_size()))
    chunks = zip(torch.split(features[before], rows), pointers.split(rows), strict=True)
    likeliest = [network.logits(*chunk)[:, END + 1 :].argmax(dim=1) + END + 1 for chunk in chunks]
    return read.masked_scatter(replaced, torch.cat(likeliest))


def guided(attention: Tensor, links: Tensor) -> Tensor:
    """The cross-entropy, in nats, of attention [copies * batch, target, source] to alignments [batch, target, source],
    summed over the target positions (Chen et al. 2016, eq. 7). A position without links adds nothing."""
    logarithms = attention.float().clamp_min(torch.finfo(torch.float32).tiny).log()
    return -(links * logarithms.view(-1, *links.shape)).sum()


def repeated(attention: Tensor, words: Tensor) -> Tensor:
    """How much of the attention [batch, target, source] goes to where it was at positions before, the smaller of the
    two at each source position, summed over those positions that are `words` [batch, target] (See et al. 2017, eq. 12).
    From 0 to 1 at each."""
    before = attention.cumsum(dim=1) - attention
    return torch.minimum(attention, before).sum(dim=2)[words].sum()
