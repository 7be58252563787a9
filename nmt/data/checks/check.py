"""The whole check of a corpus: every part read once for a sample and once for all checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from nmt.data.checks.characters import CHARACTER_CHECKS
from nmt.data.checks.chunk import Chunk, Part
from nmt.data.checks.doubles import Duplicate, NearDuplicate, SameSource, SameTarget
from nmt.data.checks.finding import ERROR, LEVELS, NOTICE, Check, Example, Finding, Found
from nmt.data.checks.likeness import ENOUGH, SAMPLE, UnlikelyLength, WrongLanguage, WrongScript
from nmt.data.checks.markup import MARKUP_CHECKS
from nmt.data.checks.overlaps import Overlap
from nmt.data.checks.pairs import (
    CHARACTERS_PER_PIECE,
    Copied,
    Empty,
    LengthRatio,
    LinkMissing,
    Numbers,
    Overlong,
    Question,
)
from nmt.data.checks.together import Association, Misaligned
from nmt.data.checks.vocabulary import Coverage

PAIR_CHECKS: tuple[type[Check], ...] = (
    Misaligned,
    Overlap,
    Empty,
    Overlong,
    LengthRatio,
    UnlikelyLength,
    Copied,
    WrongScript,
    WrongLanguage,
    LinkMissing,
    Numbers,
    Question,
    Duplicate,
    NearDuplicate,
    SameSource,
    SameTarget,
)
"""Checks of pairs and of the whole corpus, the gravest first."""


class LineCounts(Check):
    """Two files of different numbers of lines."""

    name = "line_counts"
    level = ERROR
    what = "lines without a partner on the other side"
    mend = "Look for a missing or doubled line there; `nmt data clean` leaves them out."


ABOUT = 60
"""Pairs before and after a missing line that may be out of step: its place is only known nearly."""
ALL: tuple[type[Check], ...] = (LineCounts, *CHARACTER_CHECKS, *MARKUP_CHECKS, *PAIR_CHECKS)
CHECKS: dict[str, type[Check]] = {check.name: check for check in ALL}
"""All checks by name."""


@dataclass(frozen=True)
class Limits:
    """What training drops pairs by: `data.max_length` in pieces, `data.max_ratio`."""

    max_length: int = 128
    max_ratio: float = 9.0


@dataclass
class Report:
    """Everything that was found, part by part, gravest first."""

    parts: list[Part] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    coverage: Coverage | None = None
    sample: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    remarks: list[str] = field(default_factory=list)

    @property
    def worst(self) -> str | None:
        """The gravest level that was found."""
        return next((level for level in LEVELS if any(finding.level == level for finding in self.findings)), None)


Mark = Callable[[Part, Found, Check], None]
"""Told of every occurrence."""


def check_corpus(
    train: Part,
    held_out: Sequence[Part] = (),
    limits: Limits = Limits(),
    *,
    names: Iterable[str] = CHECKS,
    examples: int = 3,
    mark: Mark = lambda part, found, check: None,
) -> Report:
    """Checks the training pairs, and the held-out parts by themselves and against them, by the checks named."""
    report = Report([train, *held_out])
    wanted = set(names)
    profiles = Profiles.of(train, wanted)
    report.sample = profiles.sample
    report.remarks = profiles.remarks
    report.coverage = Coverage(held_out)
    for part in report.parts:
        others = held_out if part is train else [other for other in report.parts[1:] if other is not part]
        others = list(others) if part is train else others[: report.parts.index(part) - 1]
        checks = [check for check in _checks(profiles, others, limits) if check.name in wanted]
        gathered = Gathered(part, mark)
        if "line_counts" in wanted:
            gathered.add_all(LineCounts(), _without_partner(part))
        for chunk in part.chunks():
            gathered.add_chunk(checks, chunk)
            if part is train:
                report.coverage.see(chunk)
        for check in checks:
            gathered.add_all(check, check.finish())
        runs = [run for check in checks if isinstance(check, Misaligned) for run in check.runs]
        runs += [(step.place - ABOUT, step.place + ABOUT) for step in part.steps[1:]]
        report.findings += gathered.result(runs, examples)
    return report


@dataclass
class Profiles:
    """What a sample of the training pairs tells of all; None where there are too few."""

    sample: tuple[list[str], list[str]]
    script: WrongScript | None = None
    language: WrongLanguage | None = None
    length: UnlikelyLength | None = None
    association: Association | None = None
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, part: Part, wanted: set[str]) -> Profiles:
        """The profiles that the wanted checks need."""
        sample = part.sample(SAMPLE)
        profiles = cls(sample)
        if len(sample[0]) < ENOUGH:
            profiles.remarks.append(
                f"{len(sample[0]):,} pairs are too few to learn what is usual: scripts, languages, lengths and "
                "alignment were not looked at"
            )
            return profiles
        profiles.script = WrongScript(sample)
        profiles.length = UnlikelyLength(sample)
        if "misaligned" in wanted:
            profiles.association = Association(Chunk(0, sample))
        if "wrong_language" in wanted:
            profiles.language = language = WrongLanguage(sample)
            for side, expected in enumerate(language.expected):
                if expected is None:
                    profiles.remarks.append(
                        f"the language of {part.where(side)} is not clear: third languages were not looked for there"
                    )
        return profiles


def _checks(profiles: Profiles, others: Sequence[Part], limits: Limits) -> Iterator[Check]:
    """Checks for one part, which is also held against others."""
    yield from (check() for check in (*CHARACTER_CHECKS, *MARKUP_CHECKS))
    if profiles.association is not None:
        yield Misaligned(profiles.association)
    if others:
        yield Overlap(others)
    yield Empty()
    yield Overlong(limits.max_length * CHARACTERS_PER_PIECE, limits.max_length)
    yield LengthRatio(limits.max_ratio)
    yield from (check for check in (profiles.length, profiles.script, profiles.language) if check is not None)
    yield from (Copied(), LinkMissing(), Numbers(), Question())
    yield from (Duplicate(), NearDuplicate(), SameSource(), SameTarget())


def _without_partner(part: Part) -> Iterator[Found]:
    """Where one file has lines that the other lacks."""
    for before, step in zip(part.steps, part.steps[1:], strict=False):
        more = [step.source - before.source, step.target - before.target]
        side = 0 if more[0] else 1
        evidence = f"near this line {more[side]} more than in {part.where(1 - side)}"
        yield Found(step.place, side, evidence, ERROR)
    ends = [count - step for count, step in zip(part.lines, part.steps[-1][1:], strict=True)]
    if ends[0] != ends[1]:
        side = 0 if ends[0] > ends[1] else 1
        more_at_end = abs(ends[0] - ends[1])
        known = "" if len(part.steps) > 1 else ", or anywhere before: no place stands out"
        yield Found(part.pairs, side, f"at the end {more_at_end:,} more than in {part.where(1 - side)}{known}", ERROR)


class Gathered:
    """The findings of one part as they come."""

    def __init__(self, part: Part, mark: Mark) -> None:
        self._part = part
        self._mark = mark
        self._findings: dict[tuple[str, str, int], Finding] = {}

    def add_chunk(self, checks: Sequence[Check], chunk: Chunk) -> None:
        """Counts what the checks find in a chunk, each pair by the checks that say most about it."""
        founds = {check: list(check.find(chunk)) for check in checks}
        loud = {check.name: {one.place for one in some if one.level != NOTICE} for check, some in founds.items()}
        for check, some in founds.items():
            self.add_all(check, some, set().union(*(loud.get(name, ()) for name in check.unless)))

    def add_all(self, check: Check, founds: Iterable[Found], explained: Collection[int] = ()) -> None:
        """Counts what a check has found, but for the places where others explain it."""
        for found in founds:
            self._mark(self._part, found, check)
            if found.place in explained:
                continue
            key = check.name, found.level, found.side
            if key not in self._findings:
                where = self._part.where(found.side)
                self._findings[key] = Finding(type(check), found.level, self._part.name, found.side, where)
            self._findings[key].add(found)

    def result(self, runs: Sequence[tuple[int, int]], examples: int) -> list[Finding]:
        """The findings, gravest first, with their line numbers and so many examples each."""
        order = [(level, name) for level in LEVELS for name in CHECKS]
        findings = sorted(self._findings.values(), key=lambda finding: order.index((finding.level, finding.check.name)))
        for finding in findings:
            if Misaligned.name in finding.check.unless:
                finding.without(runs)
            finding.occurrences.sort()
            finding.lines = [self._part.line(place, finding.side) for place, _ in finding.occurrences]
        findings = [finding for finding in findings if finding.count]
        shown = {place for finding in findings for place, _ in finding.occurrences[:examples]}
        texts = self._part.texts(shown)
        for finding in findings:
            for (place, evidence), line in list(zip(finding.occurrences, finding.lines, strict=True))[:examples]:
                finding.examples.append(Example(line, evidence, *texts.get(place, ("", ""))))
        return findings
