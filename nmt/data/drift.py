"""Where two files that should be parallel cease to be: found from the lengths of their lines alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmt.errors import UserError

EVIDENCE = 8.0  # that lines are missing, in log-length: 20 to 100 lines out of step bring it together
REACH = 10  # most missing lines in a row that are looked for
MOST_STEPS = 20  # places with missing lines that are looked for


class Step(NamedTuple):
    """From this pair on, from 0, so many lines of each side have been passed over: they have no partner."""

    place: int
    source: int
    target: int


def not_parallel(names: Sequence[str], sides: Iterable[Iterable[int]]) -> UserError:
    """The error for two files of different numbers of lines. `sides`: the lengths of the lines of each."""
    first, second = (np.fromiter(side, np.float64) for side in sides)
    line = drift(first, second)
    place = f"They drift apart near line {line:,}" if line else "No line stands out, so look near the end"
    counts = f"{names[0]} has {len(first):,} lines, {names[1]} has {len(second):,}"
    return UserError(f"{counts}: they must be parallel. {place}.")


def drift(first: NDArray[np.float64], second: NDArray[np.float64]) -> int | None:
    """The line, from 1, near which the lengths of two files' lines cease to match; None if none stands out."""
    return min((line for line, _, _ in _drifts(first, second)), default=None)


def steps(first: NDArray[np.float64], second: NDArray[np.float64]) -> list[Step]:
    """How to read two files with missing lines so that their lengths match, one step for each place with missing
    lines, after the first step, which is none."""
    found = [Step(0, 0, 0)]
    while len(found) <= MOST_STEPS:
        place, source, target = found[-1]
        drifts = _drifts(first[place + source :], second[place + target :])
        if not drifts:
            break
        line, _, shift = max(drifts, key=lambda drift: drift[1])
        found.append(Step(place + line - 1, source + max(shift, 0), target + max(-shift, 0)))
    return found


def _drifts(first: NDArray[np.float64], second: NDArray[np.float64]) -> list[tuple[int, float, int]]:
    """(line, evidence, shift): the lines, from 1, where the files begin to match better with a shift than without.

    Beyond a lost line they do. Summed line by line, the advantage of the right shift falls until there and rises
    afterwards."""
    common = min(len(first), len(second))
    first, second = np.log(first), np.log(second)
    second = second + (np.median(first[:common] - second[:common]) if common else 0.0)
    found = []
    for shift in {*range(-REACH, REACH + 1), len(first) - len(second)} - {0}:
        moved = first[max(shift, 0) :], second[max(-shift, 0) :]
        size = min(common, len(moved[0]), len(moved[1]))
        # A difference counts as 1 at most, or one freak line would outweigh many.
        plain, shifted = (np.abs(a[:size] - b[:size]).clip(max=1) for a, b in ((first, second), moved))
        advantage = np.concatenate([[0.0], np.cumsum(plain - shifted)])
        start = int(advantage.argmin())
        evidence = float(advantage[start:].max() - advantage[start])
        if evidence > EVIDENCE:
            found.append((start + 1, evidence, shift))
    return found
