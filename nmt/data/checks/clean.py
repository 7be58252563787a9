"""A corpus written anew without what the checks find: pairs dropped, lines mended, each counted with its reason."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from nmt.data.checks.characters import ControlCharacter, Invisible, Mojibake
from nmt.data.checks.check import CHECKS, Limits, check_corpus
from nmt.data.checks.chunk import Chunk, Part
from nmt.data.checks.finding import Check, Found
from nmt.data.lines import CONTROL, open_output
from nmt.errors import UserError

NORMAL_FORMS = ("nfc", "nfkc")
SPACES = re.compile(r"\s{2,}|^\s+|\s+$")
MARK = "\ufeff"


def without_control(line: str) -> str:
    """Control characters, tabs and stray separators become spaces, as in training, but for those that are halves of
    misread letters: such lines are for a check to drop."""
    if line.isprintable() or Mojibake.pattern.search(line):
        return line
    return ControlCharacter.pattern.sub(" ", CONTROL.sub(" ", line.replace(MARK, "").replace("\t", " ")))


def without_invisible(line: str) -> str:
    """Characters without width and marks of direction are removed."""
    return line if line.isascii() or Mojibake.pattern.search(line) else Invisible.pattern.sub("", line)


def without_spaces(line: str) -> str:
    """No spaces around the line, and one where there were several."""
    return SPACES.sub(" ", line).strip() if "  " in line or line != line.strip() else line


def unescaped(line: str) -> str:
    """HTML entities become what they stand for, also where they were escaped twice."""
    return without_control(html.unescape(html.unescape(line))) if "&" in line else line


MENDERS: dict[str, Callable[[str], str]] = {
    "control": without_control,
    "invisible": without_invisible,
    "unescape": unescaped,
    "nfc": lambda line: line if line.isascii() else unicodedata.normalize("NFC", line),
    "nfkc": lambda line: line if line.isascii() else unicodedata.normalize("NFKC", line),
    "spacing": without_spaces,
}
"""How lines are mended, in this order."""


class Mender:
    """Mends lines by some of `MENDERS`, and counts the lines that each has changed."""

    def __init__(self, names: Collection[str]) -> None:
        self._steps = [(name, mend) for name, mend in MENDERS.items() if name in names]
        self.counts: Counter[str] = Counter()

    def __call__(self, line: str) -> str:
        for name, mend in self._steps:
            mended = mend(line)
            if mended != line:
                self.counts[name] += 1
            line = mended
        return line


class Dropped(NamedTuple):
    """An example of a pair that was left out."""

    line: tuple[int, ...]
    evidence: str
    source: str
    target: str


@dataclass
class Cleaned:
    """What became of a corpus."""

    files: tuple[Path, Path]
    kept: int = 0
    unpaired: int = 0  # lines without a partner on the other side
    dropped: Counter[str] = field(default_factory=Counter)  # pairs, by the gravest reason
    mended: Counter[str] = field(default_factory=Counter)  # lines, by what was mended
    examples: dict[str, list[Dropped]] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Everything, for programs."""
        return {
            "files": [str(file) for file in self.files],
            "kept": self.kept,
            "lines_without_partner": self.unpaired,
            "dropped": dict(self.dropped),
            "mended": dict(self.mended),
            "examples": {name: [one._asdict() for one in some] for name, some in self.examples.items()},
        }


class Reasons:
    """Why each pair is dropped: one byte a pair, the gravest reason, which is the first of `CHECKS`."""

    def __init__(self, pairs: int, chosen: Collection[str], always: Collection[str], examples: int) -> None:
        self.of = bytearray(pairs)  # 0, or the place of the check in CHECKS, from 1
        self.evidence: dict[str, dict[int, str]] = {}
        self._chosen = {name: number for number, name in enumerate(CHECKS, 1) if name in chosen}
        self._always = set(always)
        self._examples = examples

    def note(self, part: Part, found: Found, check: Check) -> None:
        """Takes note of an occurrence in the training pairs."""
        number = self._chosen.get(check.name)
        droppable = found.level in check.drops or check.name in self._always
        if number is None or not droppable or part.name != "train" or found.place >= len(self.of):
            return
        if not self.of[found.place] or number < self.of[found.place]:
            self.of[found.place] = number
        examples = self.evidence.setdefault(check.name, {})
        if len(examples) < 4 * self._examples:
            examples[found.place] = found.evidence


def clean_corpus(
    train: Part,
    held_out: Sequence[Part],
    output: Path,
    *,
    limits: Limits,
    menders: Collection[str],
    only: Collection[str] = (),
    skip: Collection[str] = (),
    examples: int = 3,
) -> Cleaned:
    """Writes the training pairs that no check drops into the folder `output`, mended and in order.

    Raises UserError where a file is there already: nothing is ever written over."""
    files = outputs(train, output)
    train.mend = Mender(menders)
    chosen = [name for name in (only or CHECKS) if name not in skip]
    reasons = Reasons(train.pairs, chosen, only, examples)
    check_corpus(train, held_out, limits, names=[*chosen, "line_counts"], examples=0, mark=reasons.note)
    train.mend = mender = Mender(menders)
    result = Cleaned(files, unpaired=sum(train.lines) - 2 * train.pairs)
    with ExitStack() as stack:
        written = [stack.enter_context(open_output(file)) for file in files]
        for chunk in train.chunks():
            kept = [row for row in range(len(chunk)) if not reasons.of[chunk.first + row]]
            for side, lines in zip(written, chunk.sides, strict=True):
                side.write("".join(f"{lines[row]}\n" for row in kept).encode("utf-8", "replace"))
            _count(result, chunk, kept, reasons, train, examples)
    result.mended = mender.counts
    return result


def _count(result: Cleaned, chunk: Chunk, kept: list[int], reasons: Reasons, train: Part, examples: int) -> None:
    """Adds what became of a chunk to the result."""
    result.kept += len(kept)
    names = list(CHECKS)
    for row in set(range(len(chunk))).difference(kept):
        place = chunk.first + row
        name = names[reasons.of[place] - 1]
        result.dropped[name] += 1
        some = result.examples.setdefault(name, [])
        if len(some) < examples:
            evidence = reasons.evidence[name].get(place, "")
            some.append(Dropped(train.line(place, 2), evidence, chunk.sides[0][row], chunk.sides[1][row]))


def outputs(train: Part, folder: Path) -> tuple[Path, Path]:
    """The two files that will be written. Raises UserError where one is there already."""
    if train.parallel:
        names: Iterable[str] = (Path(path).name for path in train.locations)
    else:
        names = (
            f"train.{language or side}" for language, side in zip(train.languages, ("source", "target"), strict=True)
        )
    first, second = (folder / name for name in names)
    if first == second:
        raise UserError(f"both sides would be written to {first}: give the files different names.")
    for file in (first, second):
        if file.exists():
            raise UserError(f"{file} is there already, and nothing is written over: choose another --output.")
    folder.mkdir(parents=True, exist_ok=True)
    return first, second
