"""What stands twice within a part.

Lines are known by 64-bit hashes. Those of a part go to files on disk, shared out by their upper bits, of which one at a
time is sorted: memory does not grow with the corpus until it has some hundred million pairs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from nmt.data.checks.chunk import Chunk
from nmt.data.checks.finding import BOTH, LEVELS, NOTICE, SOURCE, TARGET, WARNING, Check, Found
from nmt.data.checks.text import FACTORS, Tokens

BUCKETS = 64
HELD = 100_000
"""Records that are held before they go to the files."""
CHANCE = 4
"""Words up to which two authors may well write the same pair: a double is then no sign of copying."""
RECORD = np.dtype([("key", "<u8"), ("other", "<u8"), ("place", "<u4"), ("words", "<u2")])


class _Shelves:
    """Records in files on disk, shared out by their keys; a few are simply held."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._held: list[NDArray[np.void]] = []
        self._count = 0
        self._files: list[BinaryIO] = []

    def add(self, records: NDArray[np.void]) -> None:
        """Takes in records; the key decides where each goes."""
        self._held.append(records)
        self._count += len(records)
        if self._count > HELD:
            self._spill()

    def _spill(self) -> None:
        if not self._files:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="nmt-check-"))
            paths = [f"{folder}/{number}" for number in range(BUCKETS)]
            self._files = [self._stack.enter_context(open(path, "w+b", buffering=8192)) for path in paths]  # noqa: SIM115
        records = np.concatenate(self._held)
        self._held, self._count = [], 0
        bucket = (records["key"] >> np.uint64(58)).astype(np.int64)
        order = np.argsort(bucket, kind="stable")
        ends = np.cumsum(np.bincount(bucket, minlength=BUCKETS))
        for file, start, end in zip(self._files, [0, *ends[:-1]], ends, strict=True):
            file.write(records[order[start:end]].tobytes())

    def __iter__(self) -> Iterator[NDArray[np.void]]:
        """The records bucket by bucket, sorted by key and place; then the files are gone."""
        with self._stack:
            if self._files:
                self._spill()
            for file in self._files:
                file.seek(0)
                yield _sorted(np.frombuffer(file.read(), RECORD))
        if self._held:
            yield _sorted(np.concatenate(self._held))


def _sorted(records: NDArray[np.void]) -> NDArray[np.void]:
    order = np.lexsort((records["place"], records["key"]))
    return np.asarray(records[order])


def line_hashes(lines: Sequence[str]) -> NDArray[np.uint64]:
    """[lines]: a hash of each, whatever spaces stand around it."""
    return np.fromiter(map(hash, map(str.strip, lines)), np.int64, len(lines)).view(np.uint64)


def _word_hashes(tokens: Tokens) -> NDArray[np.uint64]:
    """[lines]: a hash of the words of each line in their order."""
    ends = np.cumsum(tokens.counts)
    place = np.arange(len(tokens.hashes)) - np.repeat(ends - tokens.counts, tokens.counts)
    sums = np.zeros(len(place) + 1, np.uint64)
    np.cumsum(tokens.hashes * FACTORS[place % len(FACTORS)], out=sums[1:])
    return np.asarray(sums[ends] - sums[ends - tokens.counts], np.uint64)


def _both(source: NDArray[np.uint64], target: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """[pairs]: one hash of both sides."""
    return np.asarray(source * FACTORS[0] + target * FACTORS[1], np.uint64)


class Duplicate(Check):
    """The same pair again. Long ones were copied; short ones may have been written twice."""

    name = "duplicate"
    drops: ClassVar[tuple[str, ...]] = LEVELS
    what = "the same pair stands before"

    def __init__(self) -> None:
        self._shelves = _Shelves()

    def find(self, chunk: Chunk) -> Iterator[Found]:
        source, target = (line_hashes(side) for side in chunk.sides)
        self._keep(chunk, source, target)
        yield from ()

    def _keep(self, chunk: Chunk, keys: NDArray[np.uint64], others: NDArray[np.uint64]) -> None:
        """Keeps what a chunk's pairs are known by until the end."""
        records = np.zeros(len(chunk), RECORD)
        records["key"], records["other"] = keys, others
        records["place"] = np.arange(chunk.first, chunk.first + len(chunk))
        records["words"] = np.minimum(chunk.tokens[0].counts, 65_535)
        self._shelves.add(records[records["words"] > 0])

    def finish(self) -> Iterator[Found]:
        for records in self._shelves:
            same_key = np.flatnonzero(records["key"][1:] == records["key"][:-1]) + 1
            runs = np.split(same_key, np.flatnonzero(np.diff(same_key) > 1) + 1) if len(same_key) else []
            for run in runs:
                yield from self._doubles(records[run[0] - 1 : run[-1] + 1])

    def _doubles(self, same: NDArray[np.void]) -> Iterator[Found]:
        """What is found among records of one source."""
        first: dict[int, int] = {}
        for _, other, place, count in same.tolist():
            if other in first:
                level = WARNING if count > CHANCE else NOTICE
                yield Found(place, BOTH, f"as pair {first[other] + 1:,}", level)
            first.setdefault(other, place)


class SameSource(Duplicate):
    """The same source with another translation: as good as it is right."""

    name = "same_source"
    level = NOTICE
    drops = ()
    what = "the same source stands before, with another translation"
    mend = "Nothing need be done."
    side = SOURCE

    def find(self, chunk: Chunk) -> Iterator[Found]:
        turned = chunk if self.side == SOURCE else Chunk(chunk.first, chunk.sides[::-1])
        if turned is not chunk:
            turned.__dict__["texts"] = chunk.texts[::-1]
        return super().find(turned)

    def _doubles(self, same: NDArray[np.void]) -> Iterator[Found]:
        first, seen = same[0], {int(same[0]["other"])}
        for _, other, place, _count in same[1:].tolist():
            if other not in seen:
                yield Found(place, BOTH, f"as pair {int(first['place']) + 1:,}", NOTICE)
            seen.add(other)


class NearDuplicate(Duplicate):
    """The same pair again but for its capitals, punctuation and spaces."""

    name = "near_duplicate"
    drops = (WARNING,)
    what = "nearly the same pair stands before: capitals, punctuation or spaces differ"

    def find(self, chunk: Chunk) -> Iterator[Found]:
        source, target = (line_hashes(side) for side in chunk.sides)
        first, second = (_word_hashes(tokens) for tokens in chunk.tokens)
        self._keep(chunk, _both(first, second), _both(source, target))
        yield from ()

    def _doubles(self, same: NDArray[np.void]) -> Iterator[Found]:
        first, seen = same[0], {int(same[0]["other"])}
        for _, other, place, count in same[1:].tolist():
            if other not in seen:
                level = WARNING if count > CHANCE else NOTICE
                yield Found(place, BOTH, f"nearly as pair {int(first['place']) + 1:,}", level)
            seen.add(other)


class SameTarget(SameSource):
    """The same translation of other sources."""

    name = "same_target"
    what = "the same translation stands before, of another source"
    side = TARGET
