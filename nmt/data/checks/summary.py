"""What a terminal shows of a check and of a cleaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nmt.data.checks.check import Report
from nmt.data.checks.clean import Cleaned
from nmt.data.checks.finding import LEVELS, Example, Finding

RANGES = 12
"""Stretches of line numbers shown for one finding; the JSON has them all."""
WIDTH = 100


def of_check(report: Report, examples: int) -> Iterator[str]:
    """The findings of a check, line by line."""
    for part in report.parts:
        counts = part.lines
        size = f"{counts[0]:,} pairs" if counts[0] == counts[1] else f"{counts[0]:,} and {counts[1]:,} lines"
        yield f"{part.name}: {part.where(2)}, {size}"
        findings = [finding for finding in report.findings if finding.part == part.name]
        for finding in findings:
            yield from _finding(finding, examples)
        if not findings:
            yield "  nothing was found"
    yield from (f"note: {remark}" for remark in report.remarks)
    totals = [sum(finding.level == level for finding in report.findings) for level in LEVELS]
    yield ", ".join(
        f"{count} kind{'' if count == 1 else 's'} of {level}" for level, count in zip(LEVELS, totals, strict=True)
    )


def _finding(finding: Finding, examples: int) -> Iterator[str]:
    where = f", in {finding.where}" if finding.side < 2 else ""
    unit = "line" if finding.side < 2 else "pair"
    yield (
        f"  {finding.level:8}{finding.check.name}: {finding.count:,} {unit}{'' if finding.count == 1 else 's'}, "
        f"{finding.check.what}{where}"
    )
    yield f"          at {ranges(finding.lines, finding.count)}. {finding.mend}"
    for example in finding.examples[:examples]:
        yield from _example(example, finding.side)


def _example(example: Example, side: int) -> Iterator[str]:
    texts = [shown(text) for text in (example.source, example.target)]
    told = " | ".join(texts) if side == 2 else texts[side]
    evidence = f"{shown(example.evidence)}: " if example.evidence else ""
    yield f"          {'/'.join(map(str, example.line))}: {evidence}{told}"


def ranges(lines: Sequence[tuple[int, ...]], count: int) -> str:
    """Line numbers as in 3, 7-9, 12/11: the last where the two sides have different ones."""
    stretches: list[list[tuple[int, ...]]] = []
    for line in lines:
        if stretches and tuple(number + 1 for number in stretches[-1][-1]) == line:
            stretches[-1][1:] = [line]
        else:
            stretches.append([line])
    written = ["-".join("/".join(map(str, line)) for line in stretch) for stretch in stretches[:RANGES]]
    return ", ".join(written) + (" and more" if len(stretches) > RANGES or len(lines) < count else "")


def shown(text: str) -> str:
    """A text as one line of a terminal, with what cannot be seen as an escape."""
    seen = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
    return seen if len(seen) <= WIDTH else seen[: WIDTH - 1] + "…"


def of_cleaning(cleaned: Cleaned, examples: int) -> Iterator[str]:
    """What a cleaning kept, dropped and mended, line by line."""
    total = cleaned.kept + cleaned.dropped.total()
    yield f"kept {cleaned.kept:,} of {total:,} pairs, in {cleaned.files[0]} and {cleaned.files[1]}"
    if cleaned.unpaired:
        yield f"left out {cleaned.unpaired:,} lines without a partner on the other side"
    for name, count in cleaned.dropped.most_common():
        yield f"  dropped {count:,}: {name}"
        for one in cleaned.examples.get(name, [])[:examples]:
            yield from _example(Example(*one), 2)
    for name, count in cleaned.mended.most_common():
        yield f"  mended {count:,} lines: {name}"
