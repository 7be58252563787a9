"""Batches: pairs of like length under a token budget, in an order that depends on nothing but seed and epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nmt.data.subwords import BEGIN, PADDING

Item = TypeVar("Item")


@dataclass(frozen=True)
class Batch:
    """Padded piece numbers of some pairs. The target begins with BEGIN and ends with END."""

    source: Tensor  # [batch, source]
    source_lengths: Tensor  # [batch]
    target: Tensor  # [batch, target + 1]
    target_tokens: int  # predicted pieces, end symbols included
    source_tokens: int

    @property
    def padding(self) -> float:
        """Share of positions, of both sides, that hold padding."""
        positions = self.source.numel() + self.target.numel() - len(self.target)
        return 1 - (self.source_tokens + self.target_tokens) / positions

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Source, lengths of the source, target."""
        return self.source, self.source_lengths, self.target

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return replace(
            self,
            source=self.source.to(device, non_blocking=True),
            source_lengths=self.source_lengths.to(device, non_blocking=True),
            target=self.target.to(device, non_blocking=True),
        )


def make_batch(pairs: Sequence[tuple[Sequence[int] | NDArray[np.int32], Sequence[int] | NDArray[np.int32]]]) -> Batch:
    """Pairs of piece sequences, end symbols included -> a batch."""
    source, source_lengths = pad([source for source, _ in pairs])
    target, target_lengths = pad([target for _, target in pairs], begin=True)
    tokens = int(target_lengths.sum()) - len(pairs)
    return Batch(source, source_lengths, target, tokens, int(source_lengths.sum()))


def pad(sentences: Sequence[Sequence[int] | NDArray[np.int32]], *, begin: bool = False) -> tuple[Tensor, Tensor]:
    """Piece sequences -> [batch, longest] padded at the end, and lengths [batch]; with BEGIN before each if asked."""
    shift = int(begin)
    lengths = [len(sentence) + shift for sentence in sentences]
    padded = np.full((len(sentences), max(lengths)), PADDING, dtype=np.int64)
    if begin:
        padded[:, 0] = BEGIN
    for row, sentence in zip(padded, sentences, strict=True):
        row[shift : shift + len(sentence)] = sentence
    return torch.from_numpy(padded), torch.tensor(lengths)


class BucketOrder:
    """The batches of every epoch, as arrays of row numbers.

    Pairs are shuffled, sorted by the lengths of both sides so that equal ones stay shuffled, cut into batches of at
    most `batch_tokens` on the longer side, and the batches shuffled. Deterministic in seed and epoch: an epoch can be
    taken up again at any batch.
    """

    def __init__(self, lengths: NDArray[np.int32], *, batch_tokens: int, seed: int) -> None:
        self.lengths = lengths
        self.batch_tokens = batch_tokens
        self.seed = seed

    def epoch(self, number: int) -> list[NDArray[np.int64]]:
        """The batches of one epoch, in order."""
        random = np.random.default_rng([self.seed, number])
        order = random.permutation(len(self.lengths))
        source, target = self.lengths[order, 0], self.lengths[order, 1]
        longer, difference = np.maximum(source, target), target - source
        # Up and down in turn, so that a batch which reaches into the next length finds pairs of the same shape there.
        order = order[np.lexsort((np.where(longer % 2 == 0, difference, -difference), longer))]
        batches = budgeted(self.lengths[order].max(axis=1), self.batch_tokens)
        cut = [order[start:end] for start, end in batches]
        return [cut[index] for index in random.permutation(len(cut))]

    def largest(self) -> NDArray[np.int64]:
        """The batch of the first epoch that has the most positions on both sides: what memory must hold."""
        return max(self.epoch(0), key=lambda rows: len(rows) * int(self.lengths[rows].max(axis=0).sum()))


def budgeted(lengths: Iterable[int], budget: int) -> list[tuple[int, int]]:
    """Cuts a sequence of lengths into runs (start, end) whose count times longest is at most `budget`; a length beyond
    the budget has a run of its own."""
    runs: list[tuple[int, int]] = []
    start = longest = 0
    end = -1
    for end, length in enumerate(lengths):
        if end > start and max(longest, int(length)) * (end - start + 1) > budget:
            runs.append((start, end))
            start, longest = end, 0
        longest = max(longest, int(length))
    return [*runs, (start, end + 1)] if end >= 0 else runs


def chunked(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in their order, so many at a time; the last chunk has what is left."""
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
