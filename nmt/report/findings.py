"""What the data of a run tell: what `nmt data check` finds in them, and what only the run knows of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nmt.data.checks.check import Limits, check_corpus
from nmt.data.checks.chunk import Chunk, Part
from nmt.data.checks.finding import BOTH, LEVELS, Finding
from nmt.data.checks.summary import ranges, shown
from nmt.errors import UserError
from nmt.report.gather import FALLBACK, PAIRS, Run, Texts
from nmt.training.corpora import Corpora

CHECKED = 40_000
"""Pairs at the beginning of a part that are checked at most: a report is made in seconds, `nmt data check` sees all."""
EXAMPLES = 2
"""Examples of each finding."""


class Fact(NamedTuple):
    """A fact about the data, or one that is suspicious; with an example where one says more. `value` is ready to be
    read."""

    name: str
    value: str
    suspicious: bool = False
    example: str = ""


class Checked(NamedTuple):
    """What `nmt data check` finds in the data of a run, or of two that share them: by part, with what it is called."""

    runs: str
    parts: list[tuple[str, list[dict[str, Any]]]]
    remarks: list[str]


class Beginning(Part):
    """A part of a corpus of which no more than the first pairs are read."""

    @property
    def pairs(self) -> int:
        """How many pairs are read."""
        return min(CHECKED, super().pairs)

    def chunks(self) -> Iterator[Chunk]:
        """The first pairs, in order."""
        for chunk in super().chunks():
            left = CHECKED - chunk.first
            if left <= 0:
                return
            sources, targets = (side[:left] for side in chunk.sides)
            spoiled = [one for one in chunk.spoiled if one.place < CHECKED]
            yield Chunk(chunk.first, (sources, targets), spoiled)


def check(runs: Sequence[Run]) -> list[Checked]:
    """What is found in the data of the runs, once for those that share them; nothing where they are gone."""
    groups: list[list[Run]] = []
    for run in runs:
        if run.corpora is not None:
            alike = next((group for group in groups if _data(group[0]) == _data(run)), None)
            groups.append([run]) if alike is None else alike.append(run)
    return [checked for group in groups if (checked := _check(group)) is not None]


def _data(run: Run) -> tuple[Corpora | None, Limits]:
    return run.corpora, Limits(run.config.data.max_length, run.config.data.max_ratio)


def _check(group: Sequence[Run]) -> Checked | None:
    corpora, limits = _data(group[0])
    names = " and ".join(run.name for run in group)
    assert corpora is not None
    try:
        held_out = [(FALLBACK, corpora.valid), *corpora.tests.items()]
        train, *others = (
            Beginning(name, files, (corpora.source, corpora.target), split="test" if name.startswith("test") else name)
            for name, files in [("train", corpora.train), *held_out]
        )
        report = check_corpus(train, others, limits, examples=EXAMPLES)
    except UserError as error:
        group[0].left_out.append(f"the checks of the data of {names}: {error}")
        return None
    parts = [
        (_size(part), [_written(finding) for finding in report.findings if finding.part == part.name])
        for part in report.parts
    ]
    return Checked(names, parts, report.remarks)


def _size(part: Part) -> str:
    """What a part is called: `train: 29,000 pairs`, and how many of them were checked if not all."""
    first, second = part.lines
    size = f"{first:,} pairs" if first == second else f"{first:,} and {second:,} lines"
    return f"{part.name}: {size}" + (f", the first {CHECKED:,} checked" if min(first, second) > CHECKED else "")


def facts(runs: Sequence[Run]) -> list[tuple[str, list[Fact]]]:
    """What only the runs know of their data, by run, or for both at once where it is the same; nothing where the data
    are gone."""
    found = [(run.name, known) for run in runs if (known := _facts(run))]
    if len(found) == 2 and found[0][1] == found[1][1]:
        return [(" and ".join(name for name, _ in found), found[0][1])]
    return found


def _facts(run: Run) -> list[Fact]:
    if run.corpora is None:
        return []
    try:
        cleaner, pairs = run.corpora.clean(run.config.data)
        read = sum(1 for _ in zip(range(PAIRS), pairs, strict=False))
        valid = list(run.corpora.pairs(FALLBACK, run.corpora.valid))
    except UserError as error:
        run.left_out.append(f"the data of {run.name}: {error}")
        return []
    kept = f"the first {PAIRS:,} pairs" if read == PAIRS else str(cleaner.report)
    test = run.pairs if run.test != FALLBACK else []
    found = [Fact("Training pairs", kept), Fact("Validation pairs", f"{len(valid):,}")]
    found += [Fact(f"Test pairs ({run.test})", f"{len(test):,}")] if test else []
    return [*found, *_lengths(run, test or valid), *_coverage(run)]


def _lengths(run: Run, some: Texts) -> list[Fact]:
    if run.translator is None or not some:
        return []
    found = []
    sides = zip(run.translator.vocabulary, (run.config.data.source, run.config.data.target), (0, 1), strict=True)
    for subwords, language, side in sides:
        texts = [pair[side] for pair in some]
        words = max(1, sum(len(text.split()) for text in texts))
        pieces = sum(map(len, subwords.encode(texts, end=False)))
        value = f"{words / len(texts):.1f} words a sentence, {pieces / words:.2f} pieces a word"
        found.append(Fact(f"Length and pieces ({language or ('source', 'target')[side]})", value))
    return found


def _coverage(run: Run) -> list[Fact]:
    """How many words of the test sources training had."""
    known = [case for case in run.cases if case.frequencies is not None]
    total = sum(len(case.frequencies or ()) for case in known)
    if not total:
        return []
    unseen = sum(case.unseen or 0 for case in known)
    sentences = sum(bool(case.unseen) for case in known)
    worst = max(known, key=lambda case: case.unseen or 0)
    value = f"{unseen:,} of {total:,} ({unseen / total:.1%}), in {sentences:,} sentences"
    name = f"Source words of {run.test} never seen in training"
    return [Fact(name, value, unseen > 0.1 * total, worst.source if unseen else "")]


def _written(finding: Finding) -> dict[str, Any]:
    """A finding as the page shows it."""
    unit = "pair" if finding.side == BOTH else "line"
    where = "" if finding.side == BOTH else f" of {finding.where}"
    chosen = slice(None) if finding.side == BOTH else slice(finding.side, finding.side + 1)
    return {
        "level": finding.level,
        "grave": finding.level != LEVELS[-1],
        "name": finding.check.name,
        "count": f"{finding.count:,} {unit}{'' if finding.count == 1 else 's'}{where}",
        "what": finding.check.what,
        "unit": f"{unit.capitalize()}{'' if len(finding.lines) == 1 else 's'}",
        "lines": ranges(finding.lines, finding.count),
        "mend": finding.check.mend,
        "examples": [
            (
                f"{unit} {'/'.join(f'{number:,}' for number in one.line)}",
                shown(one.evidence),
                [shown(text) for text in (one.source, one.target)[chosen]],
            )
            for one in finding.examples
        ],
    }
