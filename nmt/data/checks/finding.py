"""What a check finds, and how findings are gathered: counted whole, with the first lines and examples kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from nmt.data.checks.chunk import Chunk
from nmt.data.checks.text import Rows, Text

ERROR, WARNING, NOTICE = "error", "warning", "notice"
LEVELS = (ERROR, WARNING, NOTICE)
"""An error falsifies training or its scores and must be mended; a warning costs quality; a notice may be as it is."""
MOST_LINES = 10_000
"""Line numbers kept for one finding: what is found on every line must not fill the memory."""
SOURCE, TARGET, BOTH = 0, 1, 2

UNREADABLE = ("encoding", "nul", "replacement_character", "mojibake")
"""Checks of lines that are not the text that was written."""
NO_SENTENCE = ("empty", "overlong", "html_tag", "placeholder", "link_only", "no_letters", "repetition", "long_token")
"""Checks of what nobody would translate: that its other side does not match is no fault of its own."""


class Found(NamedTuple):
    """One occurrence: the place of the pair in its part, from 0; the side; what shows it; how grave it is."""

    place: int
    side: int
    evidence: str
    level: str


DROPPED, KEPT = "`nmt data clean` drops them.", "`nmt data clean` keeps them."


class Check:
    """One thing that may be wrong. Every check sees all chunks of a part in order and then its end.

    `what` says what is wrong, `mend` what to do about it; pairs that it finds at a level of `drops` are no pairs to
    train on. `unless` names checks that explain what this one finds: where one of them has an error or a warning in
    the same pair, nothing more is said of it."""

    name: ClassVar[str]
    level: ClassVar[str] = WARNING
    what: ClassVar[str]
    mend: ClassVar[str] = DROPPED
    drops: ClassVar[tuple[str, ...]] = (ERROR, WARNING)
    unless: ClassVar[tuple[str, ...]] = ()

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """What is found in a chunk."""
        yield from ()

    def finish(self) -> Iterator[Found]:
        """What is known only once the whole part was seen."""
        yield from ()


class LineCheck(Check):
    """A check that looks at each line by itself."""

    def evidence(self, line: str) -> str | None:
        """What is wrong with a line; None if nothing is."""
        raise NotImplementedError

    def rows(self, text: Text) -> Rows:
        """The lines that are worth a look."""
        return np.arange(len(text))

    def find(self, chunk: Chunk) -> Iterator[Found]:
        for side, text in enumerate(chunk.texts):
            for row in self.rows(text).tolist():
                evidence = self.evidence(text.lines[row])
                if evidence is not None:
                    yield Found(chunk.first + row, side, evidence, self.level)


class PairCheck(Check):
    """A check that looks at each pair by itself."""

    def evidence(self, source: str, target: str) -> str | None:
        """What is wrong with a pair; None if nothing is."""
        raise NotImplementedError

    def rows(self, chunk: Chunk) -> Rows:
        """The pairs that are worth a look."""
        return np.arange(len(chunk))

    def find(self, chunk: Chunk) -> Iterator[Found]:
        sources, targets = chunk.sides
        for row in self.rows(chunk).tolist():
            evidence = self.evidence(sources[row], targets[row])
            if evidence is not None:
                yield Found(chunk.first + row, BOTH, evidence, self.level)


class Example(NamedTuple):
    """An occurrence with its texts: both sides, whatever the side of the finding."""

    line: tuple[int, ...]
    evidence: str
    source: str
    target: str


@dataclass
class Finding:
    """All occurrences of one kind at one level in one file, or in the pairs of a part."""

    check: type[Check]
    level: str
    part: str
    side: int
    where: str
    count: int = 0
    occurrences: list[tuple[int, str]] = field(default_factory=list)  # place and evidence, of MOST_LINES at most
    lines: list[tuple[int, ...]] = field(default_factory=list)  # one number, or those of both sides where they differ
    examples: list[Example] = field(default_factory=list)

    @property
    def mend(self) -> str:
        """What to do about them at this level."""
        return KEPT if self.check.mend == DROPPED and self.level not in self.check.drops else self.check.mend

    def add(self, found: Found) -> None:
        """Counts an occurrence."""
        self.count += 1
        if self.count <= MOST_LINES:
            self.occurrences.append((found.place, found.evidence))

    def without(self, runs: Sequence[tuple[int, int]]) -> None:
        """Leaves out what stands within some runs, first and last place."""
        kept = [one for one in self.occurrences if not any(first <= one[0] <= last for first, last in runs)]
        self.count -= len(self.occurrences) - len(kept)
        self.occurrences = kept

    def as_json(self) -> dict[str, object]:
        """Everything, for programs."""
        return {
            "name": self.check.name,
            "level": self.level,
            "part": self.part,
            "where": self.where,
            "count": self.count,
            "lines": [line[0] if len(line) == 1 else list(line) for line in self.lines],
            "lines_complete": len(self.lines) == self.count,
            "what": self.check.what,
            "mend": self.mend,
            "evidence": [evidence for _, evidence in self.occurrences],
            "examples": [example._asdict() for example in self.examples],
        }
