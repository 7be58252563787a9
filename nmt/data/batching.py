"""Batches: pairs of like length under a token budget, in an order that depends on nothing but seed and epoch."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload

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
    def positions(self) -> int:
        """Of both sides, padding included."""
        return self.source.numel() + self.target.numel() - len(self.target)

    @property
    def padding(self) -> float:
        """Share of positions, of both sides, that hold padding."""
        return 1 - (self.source_tokens + self.target_tokens) / self.positions

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
    taken up again at any batch. Arrays are of the smallest type that will do, because a corpus has many pairs.
    """

    def __init__(self, lengths: NDArray[Any], *, batch_tokens: int, seed: int) -> None:
        """`lengths` [pairs, 2] of source and target."""
        self.batch_tokens = batch_tokens
        self.seed = seed
        longest = int(lengths.max(initial=0))
        self._shift = longest.bit_length() + 1
        self._shapes = _shapes(lengths, self._shift)

    def epoch(self, number: int) -> EpochBatches:
        """The batches of one epoch, in order."""
        random = np.random.default_rng([self.seed, number])
        order = random.permutation(np.arange(len(self._shapes), dtype=np.uint32))
        # Shape and place in the shuffled order as one number: sorted without memory beside it.
        bits = len(order).bit_length()
        ranked = self._shapes[order].astype(np.uint64)
        ranked <<= np.uint64(bits)
        ranked |= np.arange(len(order), dtype=np.uint32)
        ranked.sort()
        order = order[ranked & np.uint64((1 << bits) - 1)]
        ranked >>= np.uint64(bits + self._shift)
        runs = np.array(budgeted_ascending(ranked.astype(np.int32), self.batch_tokens), np.uint32).reshape(-1, 2)
        return EpochBatches(order, random.permutation(runs))

    def largest(self, lengths: NDArray[Any]) -> NDArray[np.uint32]:
        """The batch of the first epoch that has the most positions on both sides: what memory must hold."""
        return max(self.epoch(0), key=lambda rows: len(rows) * int(lengths[rows].max(axis=0).sum()))


def _shapes(lengths: NDArray[Any], shift: int) -> NDArray[Any]:
    """lengths [pairs, 2] -> [pairs], numbers in the order in which batches are cut: by the longer side, in the upper
    bits, and by how much longer the target is; up and down in turn, so that a batch which reaches into the next length
    finds pairs of the same shape there."""
    source, target = lengths[:, 0], lengths[:, 1]
    longer = np.maximum(source, target)
    difference = np.subtract(target, source, dtype=np.int32)
    difference[longer % 2 == 1] *= -1
    difference += 1 << shift - 1  # none is negative now
    shapes: NDArray[Any] = longer.astype(np.uint32 if 2 * shift <= 32 else np.uint64)
    shapes <<= shift
    shapes += difference.view(np.uint32)
    return shapes


class EpochBatches(Sequence[NDArray[np.uint32]]):
    """The batches of one epoch: one array of all rows, and where in it each batch begins and ends."""

    def __init__(self, order: NDArray[np.uint32], runs: NDArray[np.uint32]) -> None:
        self._order = order  # [pairs]
        self._runs = runs  # [batches, 2]

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint32]: ...

    @overload
    def __getitem__(self, index: slice) -> list[NDArray[np.uint32]]: ...

    def __getitem__(self, index: int | slice) -> NDArray[np.uint32] | list[NDArray[np.uint32]]:
        if isinstance(index, slice):
            return [self._order[start:end] for start, end in self._runs[index]]
        start, end = self._runs[index]
        return self._order[start:end]


def budgeted_ascending(lengths: NDArray[np.int32], budget: int) -> list[tuple[int, int]]:
    """What `budgeted` cuts lengths that never fall into, without a look at each of them."""
    runs: list[tuple[int, int]] = []
    start = 0

    def cost(end: int) -> int:
        return int(lengths[end - 1]) * (end - start)

    while start < len(lengths):
        end = start + max(1, bisect.bisect_right(range(start + 1, len(lengths) + 1), budget, key=cost))
        runs.append((start, end))
        start = end
    return runs


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
