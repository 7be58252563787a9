"""Attention: from queries and the encoder's outputs to contexts. Keys are computed once for each source sentence."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from nmt.errors import UserError
from nmt.model.cell import State

MOST_FERTILE = 2.0
"""The most attention that `coverage` expects a source piece to need (Tu et al. 2016 have the same)."""


class Memory(NamedTuple):
    """An encoded batch of source sentences, ready to be attended to."""

    values: Tensor  # [batch, source, hidden], zero at padding
    keys: Tensor  # [batch, source, ...] or empty, as the attention prepared them
    bias: Tensor  # [batch, 1, source]: 0 at words, -inf at padding
    words: Tensor  # [batch, source, embedding], the embedded words as they were before the encoder
    pieces: Tensor  # [batch, source], their numbers

    def select(self, sentences: Tensor) -> Memory:
        """The memory of some of the sentences. sentences: [kept]."""
        return Memory(*(part.index_select(0, sentences) for part in self))


class Attention(nn.Module):
    """Base of all attentions. `context_size` is the last dimension of the contexts that `forward` returns.

    Args: size: width of queries and values; heads: for `multihead` only.
    """

    def __init__(self, size: int, heads: int = 1) -> None:
        super().__init__()
        self.context_size = size

    def prepare(self, values: Tensor) -> Tensor:
        """values [batch, source, size] -> keys, whatever of the scores does not depend on the query."""
        return values

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """queries [batch, target, size], keys from `prepare` -> scores [batch, target, source]."""
        raise NotImplementedError

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """queries [batch, target, size] -> contexts [batch, target, context_size], weights [batch, target, source]."""
        weights = (self.scores(queries, memory.keys) + memory.bias).softmax(dim=-1)
        return weights @ memory.values, weights

    def start(self, memory: Memory) -> State:
        """What the first position has of those before it, tensors [batch, ...]: nothing, where each looks for itself.
        What they hold follows the hypotheses through a search."""
        return ()

    def look(self, queries: Tensor, memory: Memory, past: State) -> tuple[Tensor, Tensor | None, State]:
        """One position of several hypotheses, queries [batch, beam, size], each with its `past` [batch, beam, ...] ->
        contexts, weights, and the past of the position after it."""
        return *self(queries, memory), past


class NoAttention(Attention):
    """No look back at the source: the encoder's last state carries all (Sutskever et al. 2014). Contexts are empty."""

    def __init__(self, size: int, heads: int = 1) -> None:
        super().__init__(size)
        self.context_size = 0

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """queries [batch, target, size] -> contexts [batch, target, 0], no weights."""
        return queries.new_zeros(*queries.shape[:-1], 0), None


class DotAttention(Attention):
    """score = q . k / sqrt(size) (Luong et al. 2015, eq. 8, dot; scaled as in Vaswani et al. 2017, section 3.2.1).

    Unscaled, the softmax saturates within the first epoch, every target position looks at one source position, and
    hardly a gradient comes through to change that: docs/results.md has the difference.
    """

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        scores: Tensor = queries @ keys.transpose(1, 2) * queries.shape[-1] ** -0.5
        return scores


class GeneralAttention(DotAttention):
    """score = q . W k / sqrt(size) (Luong et al. 2015, eq. 8, general; scaled)."""

    def __init__(self, size: int, heads: int = 1) -> None:
        super().__init__(size)
        self.key = nn.Linear(size, size, bias=False)

    def prepare(self, values: Tensor) -> Tensor:
        keys: Tensor = self.key(values)
        return keys


class AdditiveAttention(Attention):
    """score = v . tanh(W q + U k) (Bahdanau et al. 2015, appendix A.1.2)."""

    def __init__(self, size: int, heads: int = 1) -> None:
        super().__init__(size)
        self.query = nn.Linear(size, size, bias=False)
        self.key = nn.Linear(size, size)
        self.energy = nn.Linear(size, 1, bias=False)

    def prepare(self, values: Tensor) -> Tensor:
        keys: Tensor = self.key(values)
        return keys

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        hidden = (self.query(queries).unsqueeze(2) + keys.unsqueeze(1)).tanh()
        scores: Tensor = self.energy(hidden).squeeze(-1)
        return scores


class CoverageAttention(AdditiveAttention):
    """score = v . tanh(W q + U k + V c), with c the attention that the source piece has had at the positions before,
    over its fertility, that is what it should have in all (Tu et al. 2016, section 3: linguistic coverage). Positions
    are looked at one after the other."""

    def __init__(self, size: int, heads: int = 1) -> None:
        super().__init__(size)
        self.key = nn.Linear(size, size + 1)  # the last number is the fertility's
        self.covered = nn.Linear(1, size, bias=False)

    def start(self, memory: Memory) -> State:
        return (memory.values.new_zeros(memory.values.shape[:2]),)

    def look(self, queries: Tensor, memory: Memory, past: State) -> tuple[Tensor, Tensor | None, State]:
        (coverage,) = past
        keys, fertility = torch.split(memory.keys, [queries.shape[-1], 1], dim=-1)
        hidden = self.query(queries).unsqueeze(2) + keys.unsqueeze(1) + self.covered(coverage.unsqueeze(-1))
        weights = (self.energy(hidden.tanh()).squeeze(-1) + memory.bias).softmax(dim=-1)
        share = weights / (MOST_FERTILE * fertility.sigmoid().transpose(1, 2))
        return weights @ memory.values, weights, (coverage + share,)

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        past: State = tuple(part.unsqueeze(1) for part in self.start(memory))
        contexts, weights = [], []
        for query in torch.split(queries, 1, dim=1):
            context, weight, past = self.look(query, memory, past)
            contexts.append(context)
            weights.append(cast(Tensor, weight))
        return torch.cat(contexts, dim=1), torch.cat(weights, dim=1)


class MultiheadAttention(Attention):
    """Scaled dot products in several heads (Vaswani et al. 2017, eq. 1). The returned weights are the heads' mean."""

    def __init__(self, size: int, heads: int = 1) -> None:
        super().__init__(size)
        if size % heads:
            raise UserError(f"model.heads is {heads} and does not divide model.hidden, {size}: choose a divisor.")
        self.heads = heads
        self.query = nn.Linear(size, size)
        self.key_value = nn.Linear(size, 2 * size)
        self.output = nn.Linear(size, size)

    def prepare(self, values: Tensor) -> Tensor:
        """values [batch, source, size] -> keys and values of every head [batch, 2, heads, source, size / heads]."""
        batch, source, size = values.shape
        parts = self.key_value(values).view(batch, source, 2, self.heads, size // self.heads)
        keys: Tensor = parts.permute(0, 2, 3, 1, 4).contiguous()
        return keys

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """queries [batch, target, size] -> contexts [batch, target, size], mean weights [batch, target, source]."""
        batch, target, size = queries.shape
        keys, values = memory.keys.unbind(1)
        split = self.query(queries).view(batch, target, self.heads, size // self.heads).transpose(1, 2)
        scores = split @ keys.transpose(2, 3) * (size // self.heads) ** -0.5
        weights = (scores + memory.bias.unsqueeze(1)).softmax(dim=-1)
        contexts = (weights @ values).transpose(1, 2).reshape(batch, target, size)
        return self.output(contexts), weights.mean(dim=1)


ATTENTION: dict[str, type[Attention]] = {
    "none": NoAttention,
    "dot": DotAttention,
    "general": GeneralAttention,
    "additive": AdditiveAttention,
    "coverage": CoverageAttention,
    "multihead": MultiheadAttention,
}


def padding_bias(lengths: Tensor, longest: int) -> Tensor:
    """lengths [batch] -> the bias [batch, 1, longest] that hides what lies beyond each sentence's length."""
    inside = torch.arange(longest, device=lengths.device) < lengths.unsqueeze(1)
    bias = torch.zeros(inside.shape, device=lengths.device).masked_fill_(~inside, float("-inf"))
    return bias.unsqueeze(1)
