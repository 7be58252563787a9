"""Which pairs are not worth training on. A filter is one function and one line in `FILTERS`; what it drops is
counted and reported, so that nothing disappears unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

AnyPair = TypeVar("AnyPair", bound=tuple[str, str])

SHORT = 20  # characters up to which any ratio passes: "No." may well be translated by a whole phrase


@dataclass(frozen=True)
class Limits:
    """What the filters measure a pair against, in characters."""

    max_characters: int
    max_ratio: float


def empty(source: str, target: str, limits: Limits) -> bool:
    """Drops a pair with nothing to see on one side: only white space and invisible characters."""
    return not (_visible(source) and _visible(target))


def overlong(source: str, target: str, limits: Limits) -> bool:
    """Drops a pair with a side too long for a sentence; the exact limit, in pieces, comes later."""
    return max(len(source), len(target)) > limits.max_characters


def length_ratio(source: str, target: str, limits: Limits) -> bool:
    """Drops a pair with one side too many times longer than the other to be its translation."""
    shorter, longer = sorted((len(source), len(target)))
    return longer > SHORT and longer > limits.max_ratio * shorter


def _visible(text: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in text)


Filter = Callable[[str, str, Limits], bool]

FILTERS: dict[str, Filter] = {
    "empty": empty,
    "overlong": overlong,
    "length_ratio": length_ratio,
}


@dataclass(frozen=True)
class CleaningReport:
    """How many pairs were kept, how many each filter dropped, and on how many sides control characters were read as
    spaces."""

    kept: int
    dropped: dict[str, int]
    spaced: int = 0

    def __str__(self) -> str:
        reasons = ", ".join(f"{name} {count:,}" for name, count in self.dropped.items() if count)
        summary = f"kept {self.kept:,} of {self.kept + sum(self.dropped.values()):,} pairs"
        summary += f"; dropped: {reasons}" if reasons else ""
        return summary + (f"; control characters read as spaces in {self.spaced:,} lines" if self.spaced else "")


class Cleaner:
    """Passes on the pairs that no filter drops; a dropped pair counts for the first filter that drops it.

    Counts add up over all corpora that one cleaner is called with; make a new cleaner to count anew.
    """

    def __init__(self, *, max_characters: int, max_ratio: float) -> None:
        self._limits = Limits(max_characters, max_ratio)
        self._kept = 0
        self._dropped: Counter[str] = Counter()
        self._spaced = 0

    def __call__(self, pairs: Iterable[AnyPair]) -> Iterator[AnyPair]:
        """The pairs to keep, unchanged and in order."""
        for pair in pairs:
            reason = self._reason_to_drop(*pair)
            if reason is None:
                self._kept += 1
                yield pair
            else:
                self._dropped[reason] += 1

    def note_spaced(self, number: int, problem: str) -> None:
        """Counts a side in which control characters were read as spaces: what `corpus.read_pairs` reports."""
        self._spaced += 1

    @property
    def report(self) -> CleaningReport:
        """The counts so far."""
        return CleaningReport(self._kept, {name: self._dropped[name] for name in FILTERS}, self._spaced)

    def _reason_to_drop(self, source: str, target: str) -> str | None:
        return next((name for name, drops in FILTERS.items() if drops(source, target, self._limits)), None)
