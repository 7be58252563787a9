"""A part of a corpus, read a chunk of pairs at a time, whatever is wrong with it: broken bytes, lines without a
partner."""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmt.data.checks.text import Text, Tokens
from nmt.data.corpus import is_parallel, read_pairs
from nmt.data.drift import Step, steps
from nmt.data.lines import open_input
from nmt.errors import UserError

SIZE = 4096
"""Pairs looked at together."""
REPLACEMENT = "\ufffd"
MARK = "\ufeff"  # a byte order mark, as text


class Spoiled(NamedTuple):
    """What reading found before there was text: kind is one of encoding, byte_order_mark, carriage_returns, control."""

    place: int
    side: int
    kind: str
    evidence: str


WORDS = re.compile(r"\w+")


def words(line: str) -> list[str]:
    """The words of a line, whatever their case and the punctuation about them."""
    return WORDS.findall(line.lower())


@dataclass
class Chunk:
    """Pairs that follow each other; `first` is the place of the first of them in its part, from 0."""

    first: int
    sides: tuple[list[str], list[str]]
    spoiled: list[Spoiled] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sides[0])

    @functools.cached_property
    def tokens(self) -> tuple[Tokens, Tokens]:
        """The words of both sides."""
        return self.texts[0].tokens, self.texts[1].tokens

    @functools.cached_property
    def texts(self) -> tuple[Text, Text]:
        """Both sides as arrays of characters."""
        return Text(self.sides[0]), Text(self.sides[1])

    @functools.cached_property
    def lengths(self) -> NDArray[np.float64]:
        """[2, pairs], in characters."""
        return np.stack([text.lengths for text in self.texts]).astype(np.float64)


class Part:
    """Training, validation or test pairs, to be read several times. `mend`, where it is set, is applied
    to every line that is read."""

    def __init__(
        self,
        name: str,
        locations: Sequence[str],
        languages: tuple[str | None, str | None] = (None, None),
        *,
        split: str | None = None,
    ) -> None:
        self.name = name
        self.locations = tuple(locations)
        self.languages = languages
        self.split = split or name
        self.mend: Callable[[str], str] | None = None
        self.parallel = is_parallel(self.locations)
        if (
            self.parallel
            and Path(locations[0]).exists()
            and Path(locations[0]).resolve() == Path(locations[1]).resolve()
        ):
            raise UserError(f"{locations[0]} and {locations[1]} are the same file. Give one file for each language.")
        self.lines = self._count()
        self.steps = self._steps()

    @property
    def pairs(self) -> int:
        """How many pairs are read."""
        return min(count - step for count, step in zip(self.lines, self.steps[-1][1:], strict=True))

    def where(self, side: int) -> str:
        """How a message calls one side, or both."""
        if side < 2 and self.parallel:
            return self.locations[side]
        side_name = "" if side == 2 else f" ({self.languages[side] or ('source', 'target')[side]})"
        return " and ".join(self.locations) + side_name

    def line(self, place: int, side: int) -> tuple[int, ...]:
        """The line number, from 1, of a pair on one side; on both, two numbers where they differ."""
        step = next(step for step in reversed(self.steps) if step.place <= place)
        numbers = place + 1 + step.source, place + 1 + step.target
        return (numbers[side],) if side < 2 else tuple(dict.fromkeys(numbers))

    def chunks(self) -> Iterator[Chunk]:
        """All pairs, in order."""
        for chunk in self._decoded() if self.parallel else self._read():
            if self.mend is not None:
                sources, targets = ([self.mend(line) for line in side] for side in chunk.sides)
                chunk = Chunk(chunk.first, (sources, targets), chunk.spoiled)
            yield chunk

    def sample(self, most: int) -> tuple[list[str], list[str]]:
        """At most so many pairs from all over the part, in order."""
        stride = max(1, -(-self.pairs // most))
        sources: list[str] = []
        targets: list[str] = []
        for chunk in self.chunks():
            start = -chunk.first % stride
            sources += chunk.sides[0][start::stride]
            targets += chunk.sides[1][start::stride]
        return sources, targets

    def texts(self, places: set[int]) -> dict[int, tuple[str, str]]:
        """The pairs at some places."""
        found: dict[int, tuple[str, str]] = {}
        last = max(places, default=-1)
        for chunk in self.chunks():
            if chunk.first > last:
                break
            for place in places.intersection(range(chunk.first, chunk.first + len(chunk))):
                found[place] = chunk.sides[0][place - chunk.first], chunk.sides[1][place - chunk.first]
        return found

    def _count(self) -> tuple[int, int]:
        if self.parallel:
            first, second = (_lines(Path(path)) for path in self.locations)
            return first, second
        count = sum(1 for _ in self._pairs())
        return count, count

    def _steps(self) -> list[Step]:
        if self.lines[0] == self.lines[1]:
            return [Step(0, 0, 0)]
        with ExitStack() as stack:
            sides = [stack.enter_context(open_input(Path(path))) for path in self.locations]
            first, second = (np.fromiter(map(len, side), np.float64) for side in sides)
        return steps(first, second)

    def _pairs(self, report: Callable[[int, str], None] = lambda number, problem: None) -> Iterator[tuple[str, str]]:
        return iter(read_pairs(self.locations, *self.languages, split=self.split, report=report))

    def _read(self) -> Iterator[Chunk]:
        """The pairs of any form of corpus."""
        spoiled: list[Spoiled] = []
        pairs = self._pairs(lambda number, problem: spoiled.append(Spoiled(number - 1, 2, "control", problem)))
        first = 0
        while window := list(itertools.islice(pairs, SIZE)):
            yield Chunk(first, ([pair[0] for pair in window], [pair[1] for pair in window]), spoiled[:])
            first += len(window)
            spoiled.clear()

    def _decoded(self) -> Iterator[Chunk]:
        """The pairs of two text files; a step skips lines that have no partner."""
        with ExitStack() as stack:
            raw = [iter(stack.enter_context(open_input(Path(path)))) for path in self.locations]
            place = 0
            before = self.steps[0]
            for step, following in itertools.zip_longest(self.steps, self.steps[1:]):
                for side in (0, 1):
                    _skip(raw[side], step[1 + side] - before[1 + side])
                before = step
                end = following.place if following else self.pairs
                while place < end:
                    spoiled: list[Spoiled] = []
                    size = min(SIZE, end - place)
                    windows = (list(itertools.islice(side, size)) for side in raw)
                    first, second = (_decode(window, place, side, spoiled) for side, window in enumerate(windows))
                    yield Chunk(place, (first, second), sorted(spoiled))
                    place += size


def _skip(lines: Iterable[bytes], count: int) -> None:
    for _ in itertools.islice(lines, count):
        pass


def _decode(window: list[bytes], first: int, side: int, spoiled: list[Spoiled]) -> list[str]:
    """Some lines without their ends, as text; what is wrong with their bytes is noted."""
    whole = b"".join(window)
    with contextlib.suppress(UnicodeDecodeError):
        text = whole.decode()
        if "\r" not in text and (first or text[:1] != MARK):  # as most are
            return text.removesuffix("\n").split("\n")
    return [_decode_line(raw, place, side, spoiled) for place, raw in enumerate(window, first)]


def _decode_line(raw: bytes, place: int, side: int, spoiled: list[Spoiled]) -> str:
    raw = raw.removesuffix(b"\n")
    if raw.endswith(b"\r"):
        raw = raw[:-1]
        spoiled.append(Spoiled(place, side, "carriage_returns", "ends in CR LF"))
    try:
        line = raw.decode()
    except UnicodeDecodeError as error:
        spoiled.append(Spoiled(place, side, "encoding", f"byte {error.start + 1} is 0x{raw[error.start]:02x}"))
        line = raw.decode(errors="replace")
    if place == 0 and line.startswith(MARK):
        spoiled.append(Spoiled(place, side, "byte_order_mark", "at the beginning of the file"))
        line = line[1:]
    return line


def _lines(path: Path) -> int:
    with open_input(path) as lines:
        return sum(1 for _ in lines)
