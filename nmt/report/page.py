"""The page: what was gathered, as sections, in one HTML file with everything in it, which asks the network nothing."""

from __future__ import annotations

import importlib.resources
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from nmt.errors import UserError
from nmt.evaluation.analysis import ANALYSES, FEWEST, SAMPLES, analyse
from nmt.evaluation.metrics import SAMPLES as SCORE_SAMPLES
from nmt.evaluation.metrics import Counted
from nmt.report import charts, differences, findings, scores
from nmt.report.charts import Chart
from nmt.report.gather import Run

LISTED = 1000
"""Sentences behind a bar that the page holds at most, the worst ones first."""
MOST_PIECES = 32
"""Pieces of the sentences whose attention is chosen to be drawn."""


class Behind(NamedTuple):
    """The sentences behind a bar: what they are called, and their numbers."""

    label: str
    rows: Sequence[int]


class Section(NamedTuple):
    """An analysis: its chart, and what is behind its bars."""

    name: str
    chart: Chart
    behind: list[Behind]


def render(runs: Sequence[Run], chosen: Sequence[int] = ()) -> str:
    """The report of one run or two, of which the second is compared with the first. `chosen`: the numbers, from 1, of
    the sentences whose attention is drawn."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise UserError("the report needs jinja2, which is not installed: pip install 'nmt[plots]'.") from None
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = lambda value: f"{value:,}"
    comparable = scores.comparable(runs)
    held = {} if not comparable else differences.compare(*runs)
    analysed = [run for run in runs if run.cases]
    if len(analysed) == 2 and not comparable:
        runs[1].left_out.append("sentences side by side: the two runs have other test sentences")
        analysed = analysed[:1]
    sections = _analyses(analysed)
    facts = findings.facts(runs)
    checked = findings.check(runs)
    return environment.from_string(_part("page.html")).render(
        runs=runs,
        title=" against ".join(run.name for run in runs),
        made=time.strftime("%Y-%m-%d %H:%M"),
        style=_part("style.css"),
        script=_part("page.js"),
        scores=scores.tables(runs, comparable=comparable),
        samples={"scores": SCORE_SAMPLES, "bars": SAMPLES, "fewest": FEWEST},
        curves=charts.learning_curves(runs),
        analyses=sections,
        differences=held,
        attention=_attention(analysed, chosen),
        facts=facts,
        checked=checked,
        settings=_settings(runs),
        left_out=list(dict.fromkeys(reason for run in runs for reason in run.left_out)),
        sentences=_sentences(analysed),
        analysed=analysed,
    )


def _part(name: str) -> str:
    return (importlib.resources.files("nmt.report") / name).read_text(encoding="utf-8")


def _analyses(runs: Sequence[Run]) -> list[Section]:
    """The analyses that say something: those by which some sentences are told apart."""
    if not runs:
        return []
    counted = [
        Counted([case.translation for case in run.cases], [case.reference for case in run.cases]) for run in runs
    ]
    sections = []
    for name, analysis in ANALYSES.items():
        found = {run.name: analyse(analysis, run.cases, counts) for run, counts in zip(runs, counted, strict=True)}
        labels = [
            label
            for place, label in enumerate(analysis.buckets)
            if any(buckets[place].rows for buckets in found.values())
        ]
        if not labels:
            continue
        kept = {run: [bucket for bucket in buckets if bucket.label in labels] for run, buckets in found.items()}
        behind = []
        for place, label in enumerate(labels):
            some = {run: buckets[place] for run, buckets in kept.items()}
            same = len({frozenset(bucket.rows) for bucket in some.values()}) == 1
            if same and len(some) > 1:
                numbers = "; ".join(f"{run} {charts.describe(bucket)}" for run, bucket in some.items())
                behind.append(Behind(f"{label}: {numbers}", next(iter(some.values())).rows[:LISTED]))
                continue
            for run, bucket in some.items():
                whose = f" ({run})" if len(some) > 1 else ""
                behind.append(Behind(f"{label}{whose}: {charts.describe(bucket)}", bucket.rows[:LISTED]))
        sections.append(Section(name, charts.bucket_chart(name, analysis, labels, kept), behind))
    return sections


def _sentences(runs: Sequence[Run]) -> dict[str, Any]:
    """The sentences that the lists of the page are made of."""
    names = [run.name for run in runs]
    texts = [
        [cases[0].source, cases[0].reference, *([case.translation, round(case.chrf, 1)] for case in cases)]
        for cases in zip(*(run.cases for run in runs), strict=True)
    ]
    return {"systems": names, "texts": texts}


def _attention(runs: Sequence[Run], chosen: Sequence[int]) -> list[dict[str, Any]]:
    """Heat maps of the chosen sentences, or of some that say something, by sentence."""
    if not runs or not any(one.attention is not None for run in runs for one in run.seen):
        return []
    drawn = []
    for row, why in _chosen(runs, chosen):
        maps = []
        for system, run in enumerate(runs):
            if run.seen and (
                chart := charts.attention_chart(
                    f"heat{system}-{row}", run.seen[row], system, f"Attention of {run.name}"
                )
            ):
                maps.append((chart, run.cases[row]))
        drawn.append({"number": row + 1, "why": why, "case": runs[0].cases[row], "maps": maps})
    return drawn


def _chosen(runs: Sequence[Run], chosen: Sequence[int]) -> list[tuple[int, str]]:
    """The rows to draw, each with why: those asked for, or of the first run the best, a middling and the worst
    translation, and the one that repeats itself most, among those of a size to be looked at."""
    cases = runs[0].cases
    if chosen:
        for number in chosen:
            if not 1 <= number <= len(cases):
                raise UserError(f"there is no sentence {number} to draw: {runs[0].test} has {len(cases):,}.")
        return [(number - 1, "chosen") for number in chosen]
    fit = [
        row
        for row, case in enumerate(cases)
        if len(case.source_words) >= 6
        and all(
            max(len(seen[row].source_pieces), len(seen[row].target_pieces)) <= MOST_PIECES
            for seen in (run.seen for run in runs)
            if seen
        )
    ]
    if not fit:
        return []
    ordered = sorted(fit, key=lambda row: cases[row].chrf)
    found = {ordered[-1]: "the best", ordered[len(ordered) // 2]: "a middling one", ordered[0]: "the worst"}
    repeating = max(fit, key=lambda row: cases[row].repetitions)
    if cases[repeating].repetitions:
        found.setdefault(repeating, "the most repetitive")
    return [(row, f"{why} of {runs[0].name}") for row, why in found.items()]


def _settings(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Every setting with its value in each run, those that differ first."""
    columns = [{key: value for key, value, _ in run.config.fields()} for run in runs]
    rows: list[dict[str, Any]] = [
        {"key": key, "values": [_written(column[key]) for column in columns], "about": about}
        for key, _, about in runs[0].config.fields()
    ]
    for row in rows:
        row["differs"] = len(set(row["values"])) > 1
    return rows


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "–"
    return "–" if value is None else str(value)
