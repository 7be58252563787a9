"""Which pairs are not worth training on. A filter is one of the checks of `nmt.data.checks` and one line in `FILTERS`;
what it drops is counted and reported, so that nothing disappears unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from nmt.data.checks.pairs import Empty, LengthRatio, Overlong, PairCheck

AnyPair = TypeVar("AnyPair", bound=tuple[str, str])


@dataclass(frozen=True)
class Limits:
    """What the filters measure a pair against, in characters."""

    max_characters: int
    max_ratio: float


FILTERS: dict[str, Callable[[Limits], PairCheck]] = {
    "empty": lambda limits: Empty(),
    "overlong": lambda limits: Overlong(limits.max_characters),
    "length_ratio": lambda limits: LengthRatio(limits.max_ratio),
}
"""The checks of `nmt data check` that training filters by."""


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
        limits = Limits(max_characters, max_ratio)
        self._filters = {name: make(limits) for name, make in FILTERS.items()}
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
        return next((name for name, check in self._filters.items() if check.evidence(source, target) is not None), None)
