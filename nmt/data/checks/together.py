"""Whether pairs translate each other, by what the corpus itself shows: words that go together, names and numbers that
stand on both sides, lengths. One pair tells little, a run of them much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nmt.data.checks.chunk import Chunk
from nmt.data.checks.finding import BOTH, ERROR, Check, Found
from nmt.data.checks.likeness import LengthModel
from nmt.data.checks.text import Tokens

FREQUENT = 2_000
"""Words of each side whose company is known: [words, words] bytes of memory."""
LONGEST = 16
"""Frequent words of a line that are looked at."""
LEAST = 3
"""Pairs that two words must share before they are said to go together."""
LEVELS = np.array([-1e9, 0.0, 0.5, 0.8, 1.1, 1.4, 1.7, 2.0, 2.4, 2.8, 3.3])
FAR = np.array([-1e9, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
NOTE = 3.0
"""Nats for one pair at most: no single one makes a run."""


class Association:
    """The logarithm of how much likelier a pair's looks are for a translation than for two lines drawn at random."""

    def __init__(self, sample: Chunk) -> None:
        self._frequent = [_frequent(tokens) for tokens in sample.tokens]
        half = len(sample) // 2
        numbers = [self._numbers(sample.tokens[side], side) for side in (0, 1)]
        random = np.random.default_rng(1).permutation(len(sample))
        lengths = sample.lengths
        self._lengths = LengthModel.of(lengths)
        # What one half of the sample teaches is tried on the other, where it must prove itself.
        features: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]] = ([], [])
        tokens = sample.tokens
        everyone = np.arange(len(sample))
        for learnt, tried in ((everyone[:half], everyone[half:]), (everyone[half:], everyone[:half])):
            self._learn(numbers[0][learnt], numbers[1][learnt])
            chance = random[np.isin(random, tried)]
            for target, kept in zip((tried, chance), features, strict=True):
                shared = _shared(_some(tokens[0], tried), _some(tokens[1], target), self._frequent)
                both = numbers[0][tried], numbers[1][target]
                kept.append(self._features(both, shared, np.stack([lengths[0][tried], lengths[1][target]])))
        self._learn(*numbers)
        self._evidence = _log_ratios(np.concatenate(features[0]), np.concatenate(features[1]))
        self.usual = float(np.median(self(sample)))

    def __call__(self, chunk: Chunk) -> NDArray[np.float64]:
        """[pairs], in nats: above 0 where the pair looks like a translation."""
        numbers = self._numbers(chunk.tokens[0], 0), self._numbers(chunk.tokens[1], 1)
        shared = _shared(*chunk.tokens, self._frequent)
        features = self._features(numbers, shared, chunk.lengths)
        evidence = sum(table[column] for table, column in zip(self._evidence, features.T, strict=True))
        return np.asarray(evidence, np.float64)

    def _numbers(self, tokens: Tokens, side: int) -> NDArray[np.int64]:
        """[lines, LONGEST]: the numbers of the frequent words of each line, from 1; 0 elsewhere."""
        known = self._frequent[side]
        at = np.minimum(np.searchsorted(known, tokens.hashes), len(known) - 1)
        there = known[at] == tokens.hashes
        number, rows = at[there] + 1, tokens.rows[there]
        counts = np.bincount(rows, minlength=len(tokens.counts))
        column = np.arange(len(number)) - np.repeat(np.cumsum(counts) - counts, counts)
        padded = np.zeros((len(tokens.counts), LONGEST), np.int64)
        inside = column < LONGEST
        padded[rows[inside], column[inside]] = number[inside]
        return padded

    def _learn(self, source: NDArray[np.int64], target: NDArray[np.int64]) -> None:
        """Which words stand in the same pairs more often than chance has it: pointwise mutual information in tenths."""
        width = FREQUENT + 1
        counts = np.zeros(width * width, np.int32)
        for start in range(0, len(source), 1000):
            rows = slice(start, start + 1000)
            keys = (source[rows, :, None] * width + target[rows, None, :]).reshape(len(source[rows]), -1)
            keys.sort(axis=1)
            fresh = np.ones(keys.shape, bool)
            fresh[:, 1:] = keys[:, 1:] != keys[:, :-1]  # a word that stands twice in a line counts once
            counts += np.bincount(keys[fresh], minlength=width * width).astype(np.int32)
        table = counts.reshape(width, width)
        first, second = (_line_counts(side, width) for side in (source, target))
        with np.errstate(divide="ignore"):
            information = np.log(table * float(len(source)) / np.outer(first, second))
        information[(table < LEAST)] = 0
        information[0], information[:, 0] = 0, 0
        self._table = np.clip(10 * information, 0, 120).astype(np.int8)

    def _features(
        self,
        numbers: tuple[NDArray[np.int64], NDArray[np.int64]],
        shared: NDArray[np.int64],
        lengths: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """[pairs, 3], each a small class: how well the words go together, how many others both have, how the
        lengths agree."""
        best = np.zeros(len(shared))
        for start in range(0, len(shared), 512):
            rows = slice(start, start + 512)
            links = self._table[numbers[0][rows, :, None], numbers[1][rows, None, :]]
            forward, backward = links.max(axis=2).sum(axis=1), links.max(axis=1).sum(axis=1)
            words = (numbers[0][rows] > 0).sum(axis=1) + (numbers[1][rows] > 0).sum(axis=1)
            best[rows] = (forward + backward) / np.maximum(1, words) / 10
            best[rows][words == 0] = -1
        far = np.abs(self._lengths.far(lengths))
        columns = np.digitize(best, LEVELS[1:]), np.minimum(shared, 3), np.digitize(far, FAR[1:])
        return np.stack(columns, axis=1)


def _frequent(tokens: Tokens) -> NDArray[np.uint64]:
    """The hashes of the most frequent words, in order."""
    hashes, counts = np.unique(tokens.hashes, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:FREQUENT]
    return np.sort(hashes[most]) if len(most) else np.zeros(1, np.uint64)


def _line_counts(numbers: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """In how many lines each word stands, at least 1."""
    ordered = np.sort(numbers, axis=1)
    fresh = np.ones(ordered.shape, bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return np.maximum(1, np.bincount(ordered[fresh], minlength=width)).astype(np.float64)


def _shared(source: Tokens, target: Tokens, frequent: Sequence[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """[lines]: how many rare words, as names and numbers are, stand on both sides."""
    keys = []
    for tokens, known in zip((source, target), frequent, strict=True):
        at = np.minimum(np.searchsorted(known, tokens.hashes), len(known) - 1)
        rare = known[at] != tokens.hashes
        rows = tokens.rows[rare]
        keys.append((tokens.hashes[rare] ^ (rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)), rows))
    both = np.isin(keys[0][0], keys[1][0])
    return np.bincount(keys[0][1][both], minlength=len(source.counts))


def _some(tokens: Tokens, rows: NDArray[np.int64]) -> Tokens:
    """The words of some lines."""
    ends = np.cumsum(tokens.counts)
    groups = [tokens.hashes[ends[row] - tokens.counts[row] : ends[row]] for row in rows.tolist()]
    return Tokens(np.concatenate(groups) if groups else tokens.hashes[:0], tokens.counts[rows])


def _log_ratios(translations: NDArray[np.int64], chance: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """For each feature and each of its values, how much likelier it is in translations, as a logarithm."""
    tables = []
    for true, random in zip(translations.T, chance.T, strict=True):
        size = int(max(true.max(), random.max(), 11)) + 1
        shares = [(np.bincount(column, minlength=size) + 1.0) / (len(column) + size) for column in (true, random)]
        tables.append(np.log(shares[0] / shares[1]))
    return tables


class Misaligned(Check):
    """A run of pairs that do not translate each other: a line is missing on one side at its beginning and one on the
    other side at its end.

    A run is the stretch with the most evidence, summed (Page 1954): that its pairs are as unlike translations as lines
    drawn at random, or that each source fits the target some lines before or after it better than its own."""

    name = "misaligned"
    level = ERROR
    what = "a run of pairs that do not translate each other"
    mend = "Look for a missing or doubled line where the run begins; `nmt data clean` drops the run."

    SHIFTS = (-3, -2, -1, 1, 2, 3)
    WINDOW = 10  # pairs whose mean tells whether to look at shifts

    def __init__(self, association: Association) -> None:
        self._association = association
        self._runs = {shift: _Run() for shift in (0, *self.SHIFTS)}

    @property
    def runs(self) -> list[tuple[int, int]]:
        """First and last place of each run that was found; those that touch are one."""
        return [(first, last) for first, last, _ in self._joined()]

    def find(self, chunk: Chunk) -> Iterator[Found]:
        own = self._association(chunk)
        self._runs[0].add(-own, chunk.first)
        suspicious = False
        if len(own) >= self.WINDOW:  # as few as a last chunk may have show no shift
            window = np.convolve(own, np.ones(self.WINDOW) / self.WINDOW, "valid")
            suspicious = bool(window.min() < self._association.usual / 3)
        for shift in self.SHIFTS:
            better = np.full(len(chunk), -NOTE)
            if suspicious:
                here, there = max(0, -shift), max(0, shift)
                size = len(chunk) - abs(shift)
                moved = Chunk(0, (chunk.sides[0][here:][:size], chunk.sides[1][there:][:size]))
                better[here : here + size] = self._association(moved) - own[here : here + size]
            self._runs[shift].add(better, chunk.first)
        yield from ()

    def finish(self) -> Iterator[Found]:
        for run in self._runs.values():
            run.close()
        for first, last, shift in self._joined():
            fits = f"; each source fits the target {abs(shift)} {'after' if shift > 0 else 'before'}" if shift else ""
            for place in range(first, last + 1):
                yield Found(place, BOTH, f"of a run of {last - first + 1:,}{fits}", ERROR)

    def _joined(self) -> list[tuple[int, int, int]]:
        """The runs, those that overlap as one: first place, last place, shift."""
        joined: list[tuple[int, int, int]] = []
        every = ((first, last, shift) for shift, run in self._runs.items() for first, last in run.found)
        for first, last, shift in sorted(every, key=lambda run: (run[0], -run[1])):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(last, joined[-1][1]), joined[-1][2] or shift
            else:
                joined.append((first, last, shift))
        return joined


class _Run:
    """Adds up evidence, pair after pair, and keeps the stretches that have enough."""

    PROOF = 18.0  # nats: that chance brings so much together is unlikely in a million pairs
    FEWEST = 6  # pairs of a run
    END = 12.0  # nats against it, after which a run is over

    def __init__(self) -> None:
        self.found: list[tuple[int, int]] = []
        self._sum = self._peak = 0.0
        self._start = self._best = 0

    def add(self, evidence: NDArray[np.float64], first: int) -> None:
        """The evidence of some pairs that follow each other, from the place `first` on."""
        if not self._sum and evidence.max(initial=-1.0) <= 0:
            self._start = first + len(evidence)
            return
        for place, one in enumerate(evidence.clip(-NOTE, NOTE).tolist(), first):
            self._sum += one
            if self._sum <= 0 or self._sum < self._peak - self.END:
                self.close()
                self._start = place + 1
            elif self._sum > self._peak:
                self._peak, self._best = self._sum, place

    def close(self) -> None:
        """Ends the stretch that is being looked at."""
        if self._peak >= self.PROOF and self._best - self._start + 1 >= self.FEWEST:
            self.found.append((self._start, self._best))
        self._sum = self._peak = 0.0
