"""What stands twice: within a part, and in training as well as in validation or test data.

Lines are known by 64-bit hashes. Those of a part go to files on disk, shared out by their upper bits, of which one at a
time is sorted: memory does not grow with the corpus until it has some hundred million pairs."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from nmt.data.checks.chunk import Chunk, Part
from nmt.data.checks.finding import BOTH, ERROR, LEVELS, NOTICE, SOURCE, TARGET, WARNING, Check, Found
from nmt.data.checks.text import FACTORS, Tokens

BUCKETS = 64
HELD = 100_000
"""Records that are held before they go to the files."""
CHANCE = 4
"""Words up to which two authors may well write the same pair: a double is then no sign of copying."""
LONG = 12
"""Words beyond which the same pair in training and test data is an error, and one of its sides a warning."""
ALIKE = 7
"""Words up to which two authors may well write nearly the same pair."""
SHINGLE = 2
"""Words in a row by which lines that are nearly the same are found."""
NEAR = 0.75
"""Share of the shingles of the longer of two lines that both have, from which they are nearly the same."""

FORMULAIC = 0.02
"""Share of the held-out pairs that are nearly another of them, from which likeness is a trait of the corpus."""
Place = tuple[Part, int] | None
"""A pair of a held-out part."""
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


def _hashes(lines: Sequence[str]) -> NDArray[np.uint64]:
    return np.fromiter(map(hash, map(str.strip, lines)), np.int64, len(lines)).view(np.uint64)


def _word_hashes(tokens: Tokens) -> NDArray[np.uint64]:
    """[lines]: a hash of the words of each line in their order."""
    ends = np.cumsum(tokens.counts)
    place = np.arange(len(tokens.hashes)) - np.repeat(ends - tokens.counts, tokens.counts)
    sums = np.concatenate([NOTHING, [np.uint64(0)], np.cumsum(tokens.hashes * FACTORS[place % len(FACTORS)])])
    return np.asarray(sums[ends] - sums[ends - tokens.counts])


def _both(source: NDArray[np.uint64], target: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """[pairs]: one hash of both sides."""
    return source * FACTORS[0] + target * FACTORS[1]


class Duplicate(Check):
    """The same pair again. Long ones were copied; short ones may have been written twice."""

    name = "duplicate"
    drops: ClassVar[tuple[str, ...]] = LEVELS
    what = "the same pair stands before"

    def __init__(self) -> None:
        self._shelves = _Shelves()

    def find(self, chunk: Chunk) -> Iterator[Found]:
        source, target = (_hashes(side) for side in chunk.sides)
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
        source, target = (_hashes(side) for side in chunk.sides)
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


class Overlap(Check):
    """A training pair that stands in the validation or test data, or nearly: their scores then say too much.

    Of those parts, which are small, the hashes of lines and of words in a row are held; any number of training pairs
    goes past them."""

    name = "overlap"
    level = ERROR
    what = "stands in the validation or test data too"

    def __init__(self, held_out: Sequence[Part]) -> None:
        self._known: list[dict[int, tuple[Part, int]]] = [{}, {}]
        self._lines: list[list[tuple[Part, int, frozenset[int]]]] = [[], []]  # of each side
        shingles: list[list[NDArray[np.uint64]]] = [[], []]
        owners: list[list[NDArray[np.int64]]] = [[], []]
        for part in held_out:
            for chunk in part.chunks():
                for side in (SOURCE, TARGET):
                    for place, key in enumerate(_hashes(chunk.sides[side]).tolist(), chunk.first):
                        self._known[side].setdefault(key, (part, place))
                    hashed, rows = _shingles(chunk.tokens[side])
                    shingles[side].append(hashed)
                    owners[side].append(rows + len(self._lines[side]))
                    groups = np.split(hashed, np.searchsorted(rows, np.arange(1, len(chunk))))
                    self._lines[side] += [
                        (part, place, frozenset(group.tolist())) for place, group in enumerate(groups, chunk.first)
                    ]
        self._index = [_Index(hashed, rows) for hashed, rows in zip(shingles, owners, strict=True)]
        chunks = ((part, chunk) for part in held_out for chunk in part.chunks())
        alike = sum(len(self._near(chunk, part)) for part, chunk in chunks)
        self._formulaic = alike > FORMULAIC * len(self._lines[0])

    def find(self, chunk: Chunk) -> Iterator[Found]:
        exact: dict[int, list[Place]] = {}
        for side in (SOURCE, TARGET):
            for row, key in enumerate(_hashes(chunk.sides[side]).tolist()):
                if key in self._known[side] and chunk.tokens[side].counts[row]:
                    exact.setdefault(row, [None, None])[side] = self._known[side][key]
        near = self._near(chunk)
        for row in sorted({*exact, *near}):
            yield from self._told(chunk, row, exact.get(row, [None, None]), near.get(row, [None, None]))

    def _told(self, chunk: Chunk, row: int, exact: list[Place], near: list[Place]) -> Iterator[Found]:
        """What is said of a pair by where its sides stand in the held-out parts, exactly and nearly."""
        same = [side for side in (SOURCE, TARGET) if exact[side]]
        like = [side for side in (SOURCE, TARGET) if exact[side] or near[side]]
        where = next(place for place in (*exact, *near) if place is not None)
        length = int(chunk.tokens[like[0]].counts[row])
        if len(like) == 1:
            kind, level = f"the {SIDES[like[0]]}", NOTICE if length <= LONG else WARNING
        elif len(same) == 2:
            kind, level = "the pair", NOTICE if length <= CHANCE else WARNING if length <= LONG else ERROR
        else:
            kind, level = "nearly the pair", NOTICE if length <= ALIKE or self._formulaic else WARNING
        yield Found(chunk.first + row, BOTH, f"{kind} is pair {where[1] + 1:,} of {where[0].name}", level)

    def _near(self, chunk: Chunk, own: Part | None = None) -> dict[int, list[Place]]:
        """The rows of which both sides are nearly those of a held-out pair, and which; of a chunk of the part `own`,
        those that are nearly another pair than themselves."""
        shingles = [_shingles(tokens) for tokens in chunk.tokens]
        enough = np.ones(len(chunk), bool)
        for index, (hashed, rows) in zip(self._index, shingles, strict=True):
            hits = np.bincount(rows[index.has(hashed)], minlength=len(chunk))
            enough &= hits >= np.maximum(3, NEAR * np.bincount(rows, minlength=len(chunk)))
        found: dict[int, list[Place]] = {}
        for row in np.flatnonzero(enough).tolist():
            candidates: set[int] | None = None
            for side, (hashed, rows) in enumerate(shingles):
                start, end = np.searchsorted(rows, [row, row + 1])
                alike = self._alike(side, hashed[start:end])
                candidates = alike if candidates is None else candidates & alike
                if not candidates:
                    break
            places = [self._lines[0][owner][:2] for owner in sorted(candidates or ())]
            places = [place for place in places if place != (own, chunk.first + row)]
            if places:
                found[row] = [places[0], places[0]]
        return found

    def _alike(self, side: int, shingles: NDArray[np.uint64]) -> set[int]:
        """Held-out lines that have nearly these words in a row."""
        mine = frozenset(shingles.tolist())
        likely = ((owner, self._lines[side][owner][2]) for owner in self._index[side].likely(shingles))
        return {owner for owner, theirs in likely if len(mine & theirs) >= NEAR * max(len(mine), len(theirs))}


SIDES = ("source", "target")


class _Index:
    """Which lines have some words in a row."""

    MOST = 50  # lines that share a shingle: what more share tells nothing

    def __init__(self, hashed: list[NDArray[np.uint64]], rows: list[NDArray[np.int64]]) -> None:
        keys, owners = np.concatenate([NOTHING, *hashed]), np.concatenate([NOTHING.astype(np.int64), *rows])
        self._owners = owners[np.argsort(keys, kind="stable")]
        self._keys, self._counts = np.unique(keys, return_counts=True)
        self._ends = np.cumsum(self._counts)

    def has(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of some shingles any line has."""
        return np.asarray(self._keys[self._at(keys)] == keys) if len(self._keys) else np.zeros(len(keys), bool)

    def likely(self, keys: NDArray[np.uint64]) -> list[int]:
        """Five lines that have the most of some shingles."""
        at = self._at(keys)
        at = at[self._keys[at] == keys]
        ends, counts = self._ends[at], self._counts[at]
        votes: Counter[int] = Counter()
        for end, count in zip(ends.tolist(), counts.tolist(), strict=True):
            if count <= self.MOST:
                votes.update(self._owners[end - count : end].tolist())
        return [owner for owner, _ in votes.most_common(5)]

    def _at(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        return np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)


NOTHING = np.zeros(0, np.uint64)


def _shingles(tokens: Tokens) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of all words in a row within the lines, and the line of each."""
    hashes, rows = tokens.hashes, tokens.rows
    if len(hashes) < SHINGLE:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    size = len(hashes) - SHINGLE + 1
    mixed = np.zeros(size, np.uint64)
    for step in range(SHINGLE):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + (hashes[step : step + size] ^ np.uint64(step))
    inside = rows[:size] == rows[SHINGLE - 1 :]
    return mixed[inside], rows[:size][inside]
