"""Results as tables that people read: plain text, Markdown, LaTeX. Each test set has one, under it what its numbers
mean and their signatures."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from tabulate import tabulate

from nmt.evaluation.metrics import METRICS, TITLES
from nmt.evaluation.significance import LEVEL, TESTS

Result = dict[str, Any]  # see `score_outputs`

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "[": "{[}",  # else the length of the space before it, where a row begins so
    **{mark: "\\" + mark for mark in "&%$#_{}"},
    "|": r"\textbar{}",
    "<": "$<$",
    ">": "$>$",
    "±": r"$\pm$",
}
"""What LaTeX would take for an instruction, and what its oldest fonts lack."""

MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~&])")


class Style(NamedTuple):
    """A form of table: tabulate's name for its lines; how text and signatures are written in it; whether p-values have
    rows of their own, under the scores, or stand beside them; heading, rows and notes put together."""

    lines: str
    text: Callable[[str], str]
    signature: Callable[[str], str]
    under: bool
    whole: Callable[[str, str, list[str]], str]


def _latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)


def _latex_signature(signature: str) -> str:
    return rf"\texttt{{{_latex(signature)}}}".replace(LATEX["|"], r"|\allowbreak{}")


def _latex_table(heading: str, rows: str, notes: list[str]) -> str:
    caption = " ".join([heading + ".", *notes])
    begin = [r"\begin{table}", r"\centering\small\setlength{\tabcolsep}{3pt}"]
    return "\n".join([*begin, rows, rf"\caption{{{caption}}}", r"\end{table}"])


STYLES = {
    "text": Style("simple", str, str, True, lambda heading, rows, notes: "\n".join([heading, "", rows, "", *notes])),
    "markdown": Style(
        "pipe",
        lambda text: MARKDOWN.sub(r"\\\1", text),
        lambda signature: f"`{signature}`",
        False,
        lambda heading, rows, notes: "\n".join([f"**{heading}**", "", rows, "", "  \n".join(notes)]),
    ),
    "latex": Style("latex_raw", _latex, _latex_signature, True, _latex_table),
}


def tables(results: Sequence[Result], form: str) -> str:
    """The results, those of a test set one after the other, as tables in a form of `STYLES`."""
    style = STYLES[form]
    return "\n\n".join(_table(list(own), style) for _, own in groupby(results, key=lambda result: result["test"]))


def _table(results: list[Result], style: Style) -> str:
    """The table of one test set: a row for each system, a column for each metric, speed and memory where known."""
    metrics = [name for name in METRICS if name in results[0]]
    timed = any("seconds" in result for result in results)
    header = ["system", *(TITLES[name] for name in metrics), *(["sentences/s", "MB"] if timed else [])]
    rows = []
    for result in results:
        speed = [f"{result[key]:,}" if key in result else "" for key in ("sentences_per_second", "peak_memory_mb")]
        scores, chances = [_score(result[name]) for name in metrics], [_chance(result[name]) for name in metrics]
        if not style.under:
            scores = [", ".join(filter(None, cells)) for cells in zip(scores, chances, strict=True)]
        rows.append([result["system"], *scores, *(speed if timed else [])])
        if style.under and any(chances):
            rows.append(["", *chances, *(["", ""] if timed else [])])
    written = tabulate(
        [[style.text(cell) for cell in row] for row in rows],
        headers=[style.text(title) for title in header],
        tablefmt=style.lines,
        disable_numparse=True,
        colalign=["left", *["right"] * (len(header) - 1)],
    )
    heading = f"{results[0]['test']}: {results[0]['sentences']:,} sentences"
    notes = [style.text(note) for note in _notes(results, metrics)]
    notes += [f"{style.text(TITLES[name])}: {style.signature(results[0][name]['signature'])}" for name in metrics]
    return style.whole(style.text(heading), written, notes)


def _score(score: dict[str, Any]) -> str:
    """38.96 ± 1.33: the score, and half of its interval."""
    low, high = score["interval"]
    return f"{score['score']:.2f} ± {(high - low) / 2:.2f}"


def _chance(score: dict[str, Any]) -> str:
    """p = 0.0120*: how likely it is that chance alone makes such a difference; nothing for the baseline. sacreBLEU's
    tests call it unlikely that there is none at all: that gets no star."""
    if "p_value" not in score:
        return ""
    significant = score["p_value"] < LEVEL and score["difference"] != 0
    return f"p = {score['p_value']:.4f}{'*' if significant else ''}"


def _notes(results: list[Result], metrics: list[str]) -> list[str]:
    notes = ["±: half of the 95 % bootstrap interval."]
    if "baseline" in results[0]:
        test = TESTS[results[0]["paired"]][0]
        notes.append(f"p: {test} against {results[0]['baseline']}; *: p < {LEVEL}.")
    if "ter" in metrics:
        notes.append("TER: lower is better.")
    if any("seconds" in result for result in results):
        notes.append("MB: the most memory in use.")
    return notes
