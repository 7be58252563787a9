"""What stands in training as well as in validation or test data, exactly or nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nmt.data.checks.chunk import Chunk, Part
from nmt.data.checks.doubles import CHANCE, line_hashes
from nmt.data.checks.finding import BOTH, ERROR, NOTICE, SOURCE, TARGET, WARNING, Check, Found
from nmt.data.checks.text import Tokens

LONG = 12
"""Words beyond which the same pair in training and test data is an error, and one of its sides a warning."""
ALIKE = 9
"""Words up to which two authors may well write nearly the same pair."""
SHINGLE = 2
"""Words in a row by which lines that are nearly the same are found."""
NEAR = 0.75
"""Share of the shingles of the longer of two lines that both have, from which they are nearly the same."""

FORMULAIC = 0.02
"""Share of the held-out pairs that are nearly another of them, from which likeness is a trait of the corpus."""
Place = tuple[Part, int] | None
"""A pair of a held-out part."""
NOTHING = np.zeros(0, np.uint64)


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
                    for place, key in enumerate(line_hashes(chunk.sides[side]).tolist(), chunk.first):
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
            for row, key in enumerate(line_hashes(chunk.sides[side]).tolist()):
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
