"""Two systems side by side: the sentences that they translate otherwise, where they differ most first."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Sequence
from typing import Any

from nmt.report import charts
from nmt.report.gather import Run

SHOWN = 12
"""Sentences that are shown at once for each system; all are in a list behind them."""
BUCKETS = (-30, -15, -5, 5, 15, 30)
"""Differences of chrF between which the bars of the histogram stand."""

Words = list[tuple[str, bool]]  # with whether they are the system's own


def compare(first: Run, second: Run) -> dict[str, Any]:
    """What the page shows of the differences: a chart with the sentences behind its bars, the largest on either side
    with the words of their own marked, and all that differ in order."""
    gains = [mine.chrf - its.chrf for mine, its in zip(first.cases, second.cases, strict=True)]
    order = sorted(range(len(gains)), key=lambda row: -gains[row])
    labels, rows = _buckets(gains)
    axis = f"chrF of {first.name} less that of {second.name} (points)"
    differing = [row for row in order if first.cases[row].translation != second.cases[row].translation]
    return {
        "chart": charts.difference_chart(labels, [len(some) for some in rows], axis),
        "behind": [
            (f"{label} points: {len(some):,} sentences", some) for label, some in zip(labels, rows, strict=True)
        ],
        "best": [
            (first.name, [_pair(first, second, row, gains) for row in order[:SHOWN] if gains[row] > 0]),
            (second.name, [_pair(first, second, row, gains) for row in order[::-1][:SHOWN] if gains[row] < 0]),
        ],
        "all": sorted(differing, key=lambda row: -abs(gains[row])),
        "same": len(gains) - len(differing),
        "wins": [sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)],
    }


def _buckets(gains: Sequence[float]) -> tuple[list[str], list[list[int]]]:
    labels = [f"below {_signed(BUCKETS[0])}"]
    labels += [f"{_signed(low)} to {_signed(high)}" for low, high in itertools.pairwise(BUCKETS)]
    labels += [f"{_signed(BUCKETS[-1])} or more"]
    rows: list[list[int]] = [[] for _ in labels]
    for row, gain in enumerate(gains):
        rows[sum(gain >= edge for edge in BUCKETS)].append(row)
    return labels, [sorted(some, key=lambda row: gains[row]) for some in rows]


def _signed(number: int) -> str:
    return f"{number:+d}".replace("-", "−")


def _pair(first: Run, second: Run, row: int, gains: Sequence[float]) -> dict[str, Any]:
    mine, its = first.cases[row], second.cases[row]
    return {
        "number": row + 1,
        "source": mine.source,
        "reference": mine.reference,
        "gain": gains[row],
        "translations": [
            (run.name, case.chrf, words)
            for run, case, words in zip(
                (first, second), (mine, its), own_words(mine.translation, its.translation), strict=True
            )
        ],
    }


def own_words(first: str, second: str) -> tuple[Words, Words]:
    """The words of two texts, each with whether the other lacks it there."""
    sides = first.split(), second.split()
    marked: tuple[Words, Words] = ([], [])
    for kind, *ends in difflib.SequenceMatcher(None, *sides, autojunk=False).get_opcodes():
        for side, words, (start, end) in zip(marked, sides, (ends[:2], ends[2:]), strict=True):
            side.extend((word, kind != "equal") for word in words[start:end])
    return marked
