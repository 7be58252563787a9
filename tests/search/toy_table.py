"""Something to search that is no network: every prefix of every sentence has random probabilities of its own."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from nmt.search.restrictions import Symbols

PADDING, BEGIN, END = 0, 1, 2
WORDS = (3, 4, 5)
PIECES = 6
SYMBOLS = Symbols(begin=BEGIN, end=END, never=(PADDING, BEGIN))
SENTENCES = range(12)


@functools.cache
def next_log_probabilities(sentence: int, prefix: tuple[int, ...]) -> Tensor:
    """[PIECES]: drawn at random for this prefix of this sentence, forbidden pieces being likely among them."""
    logits = np.random.default_rng([sentence, *prefix]).normal(scale=1.5, size=PIECES)
    return torch.from_numpy(logits).log_softmax(dim=-1)


@functools.cache
def looks(sentence: int, prefix: tuple[int, ...]) -> Tensor:
    """[3]: where the step looks that follows a prefix."""
    logits = np.random.default_rng([1, sentence, *prefix]).normal(scale=3, size=3)
    return torch.from_numpy(logits).softmax(dim=-1)


@dataclass(frozen=True)
class TableState:
    """A sentence is its number, a hypothesis the pieces so far."""

    sentences: list[int]
    prefixes: list[tuple[int, ...]]


class Table:
    """Something to search that is no network."""

    def start(self, source: Tensor, lengths: Tensor) -> TableState:
        return TableState(source[:, 0].tolist(), [()] * len(source))

    def step(self, tokens: Tensor, state: TableState) -> tuple[Tensor, TableState]:
        assert tokens.numel() == len(state.prefixes)
        said = tokens.flatten().clamp(min=PADDING)  # of a hypothesis that does not live, anything
        prefixes = [(*prefix, int(token)) for prefix, token in zip(state.prefixes, said, strict=True)]
        owners = [sentence for sentence in state.sentences for _ in range(tokens.shape[1])]
        rows = [next_log_probabilities(*row) for row in zip(owners, prefixes, strict=True)]
        return torch.stack(rows).view(*tokens.shape, PIECES), replace(state, prefixes=prefixes)

    def attention(self, state: TableState) -> Tensor:
        """Over three source pieces, drawn at random for each prefix."""
        owners = [sentence for sentence in state.sentences for _ in range(len(state.prefixes) // len(state.sentences))]
        rows = [looks(*row) for row in zip(owners, state.prefixes, strict=True)]
        return torch.stack(rows).view(len(state.sentences), -1, 3)

    def select(self, state: TableState, sentences: Tensor | None, rows: Tensor) -> TableState:
        kept = range(len(state.sentences)) if sentences is None else sentences.tolist()
        return TableState([state.sentences[index] for index in kept], [state.prefixes[row] for row in rows.tolist()])


def limit_of(sentence: int) -> int:
    return 2 + sentence % 4


def log_probability(sentence: int, pieces: tuple[int, ...]) -> float:
    """Summed along the pieces, each predicted from those before it."""
    return sum(
        float(next_log_probabilities(sentence, (BEGIN, *pieces[:position]))[piece])
        for position, piece in enumerate(pieces)
    )
