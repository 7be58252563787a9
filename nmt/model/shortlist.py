"""Lexical shortlists: translations are looked for among the pieces that the source pieces are often translated by, and
the most frequent ones (Jean et al. 2015, section 3.2; Junczys-Dowmunt et al. 2018, section 3.3). The output layer, the
softmax and the search then have a fraction of the vocabulary to go through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from nmt.model.seq2seq import SearchState, Seq2Seq

Linear = Callable[[Tensor, Tensor | None], Callable[[Tensor], Tensor]]


class Shortlist(NamedTuple):
    """The candidates."""

    lexicon: Tensor  # [source pieces, candidates] of int32, padded with piece 0
    frequent: Tensor  # [most frequent], target pieces that any sentence may have, special ones among them

    def candidates(
        self, sources: Sequence[Sequence[int]], asked: Iterable[Iterable[int]], pieces: int
    ) -> tuple[Tensor, Tensor]:
        """For a batch of source sentences, in pieces, and what pieces else each is to have: all target pieces that come
        into question [narrow], in their order, and which of them for which sentence [batch, narrow]. `pieces`: how many
        there are in the vocabulary."""
        allowed = torch.zeros(len(sources), pieces, dtype=torch.bool)
        allowed[:, self.frequent] = True
        for row, source, more in zip(allowed, sources, asked, strict=True):
            row[self.lexicon[torch.as_tensor(source)].flatten()] = True
            row[torch.tensor([*more], dtype=torch.long)] = True
        narrow = allowed.any(dim=0).nonzero().squeeze(1)
        return narrow, allowed[:, narrow]


class NarrowState(NamedTuple):
    """Where a search among few pieces stands."""

    inner: SearchState
    bias: Tensor  # [batch, 1, narrow]: 0 for the pieces of a sentence's own shortlist, -inf for the others'


class Narrowed:
    """A network that knows a few target pieces only, by their places among `pieces` [narrow], and for each sentence
    some of these, `allowed` [batch, narrow]: its translation is the same whatever the others' shortlists are.

    Args: stepper: the network as it is searched; output: its output layer's weight and bias; linear: what makes a
    linear map of these, None for an ordinary one.
    """

    def __init__(
        self, stepper: Seq2Seq, output: tuple[Tensor, Tensor], linear: Linear | None, pieces: Tensor, allowed: Tensor
    ) -> None:
        weight, bias = (part.detach()[pieces.to(part.device)] for part in output)
        self.stepper = stepper
        self.pieces = pieces.to(weight.device)
        self.bias = torch.zeros(allowed.shape).masked_fill_(~allowed, float("-inf")).unsqueeze(1).to(weight)
        self.output = linear(weight, bias) if linear else lambda inputs: functional.linear(inputs, weight, bias)

    def start(self, source: Tensor, lengths: Tensor) -> NarrowState:
        """See `Stepper` in `search`."""
        inner = self.stepper.start(source, lengths)
        if self.stepper.copying is not None:  # a source piece is said by its number here
            memory = inner.memory._replace(pieces=torch.searchsorted(self.pieces, source))
            inner = inner._replace(memory=memory)
        return NarrowState(inner, self.bias)

    def step(self, tokens: Tensor, state: NarrowState) -> tuple[Tensor, NarrowState]:
        """Log-probabilities [batch, beam, narrow] of a sentence's own shortlist, which sum to 1."""
        said = torch.where(tokens < 0, tokens, self.pieces[tokens])
        features, beams, inner = self.stepper.advance(said, state.inner)
        bias = beams.gather(state.bias.expand(-1, tokens.shape[1], -1))
        logits = self.output(features).add_(bias)
        return self.stepper.predicted(logits, features, beams, inner), NarrowState(inner, state.bias)

    def select(self, state: NarrowState, sentences: Tensor | None, rows: Tensor) -> NarrowState:
        """See `Stepper`."""
        bias = state.bias if sentences is None else state.bias.index_select(0, sentences)
        return NarrowState(self.stepper.select(state.inner, sentences, rows), bias)

    def attention(self, state: NarrowState) -> Tensor | None:
        """See `Stepper`."""
        return self.stepper.attention(state.inner)
