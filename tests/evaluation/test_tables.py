"""Results as text, Markdown and LaTeX: every score in them has its signature, and what is written cannot break them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nmt.evaluation.metrics import METRICS
from nmt.evaluation.systems import Output, Scoring, TestSet, score_outputs
from nmt.evaluation.tables import STYLES, tables

TEST = TestSet("news", [], [["Das Kind liest ein Buch .", "Ein Hund läuft .", "Wir sehen das Haus ."]])
SPECIAL = r"[a_b]{x}~^|<5% $a#&\*`>"


def results(*systems: str, scoring: Scoring | None = None, test: TestSet = TEST) -> list[dict[str, Any]]:
    """Those of systems of which the first makes no mistake, the others ever more."""
    lines = test.references[0]
    facts = {"seconds": 2.0, "sentences_per_second": 1234.5, "peak_memory_mb": 2345}
    outputs = [
        Output(system, [line[number * 3 :] for line in lines], facts if number else {})
        for number, system in enumerate(systems)
    ]
    return score_outputs(test, outputs, scoring or Scoring(trials=50))


@pytest.mark.parametrize("form", STYLES)
def test_every_score_is_there_with_its_signature(form: str) -> None:
    found = results("mine", "other")
    written = tables(found, form).replace(r"\allowbreak{}", "").replace("\\", "")
    for result in found:
        assert result["system"] in written
        for metric in METRICS:
            assert f"{result[metric]['score']:.2f}" in written
            assert result[metric]["signature"] in written
    assert f"p = {found[1]['bleu']['p_value']:.4f}" in written
    assert "1,234.5" in written
    assert "2,345" in written
    assert "against mine" in written


@pytest.mark.parametrize("form", STYLES)
def test_one_system_has_neither_a_baseline_nor_columns_of_what_is_not_known(form: str) -> None:
    written = tables(results("mine"), form)
    assert "p =" not in written
    assert "against" not in written
    assert "sentences/s" not in written


@pytest.mark.parametrize("form", STYLES)
def test_each_test_set_has_a_table(form: str) -> None:
    other = TestSet("captions", [], TEST.references)
    written = tables([*results("mine", "other"), *results("mine", "other", test=other)], form)
    assert written.index("news: 3 sentences") < written.index("captions: 3 sentences")


@pytest.mark.parametrize("form", STYLES)
def test_only_the_metrics_that_were_asked_for_are_there(form: str) -> None:
    written = tables(results("mine", scoring=Scoring(metrics=("chrf",))), form)
    assert "chrF" in written
    assert not [title for title in ("BLEU", "chrF++", "TER") if title in written]


def test_a_copy_of_the_baseline_is_not_called_significantly_different() -> None:
    copies = score_outputs(TEST, [Output(name, TEST.references[0]) for name in ("one", "two")], Scoring(trials=50))
    assert copies[1]["bleu"]["p_value"] < 0.05  # sacreBLEU takes no chance for what makes a difference of nothing
    row = next(line for line in tables(copies, "markdown").splitlines() if line.startswith("| two"))
    assert "p = " in row
    assert "*" not in row


def unescaped(text: str, marks: str) -> list[str]:
    return re.findall(rf"(?<!\\)(?:\\\\)*[{re.escape(marks)}]", text)


@given(some.text(some.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12))
def test_no_name_breaks_a_row(name: str) -> None:
    name = name.strip() or SPECIAL
    result = {"bleu": {"score": 1.0, "interval": (0.5, 1.5), "signature": "nrefs:1"}, "sentences": 1, "test": "t"}
    markdown = next(line for line in tables([{**result, "system": name}], "markdown").splitlines() if "1.00" in line)
    assert len(re.findall(r"(?<!\\)\|", markdown.replace(r"\\", ""))) == 3
    latex = next(line for line in tables([{**result, "system": name}], "latex").splitlines() if "1.00" in line)
    cell = latex.split("1.00")[0].replace(r"\&", "").replace("{[}", "")
    assert cell.count("&") == 1
    assert not unescaped(cell, "%#_")
    assert "[" not in cell
    braces = cell.replace(r"\{", "").replace(r"\}", "")
    assert braces.count("{") == braces.count("}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex to compile with")
def test_latex_compiles_without_any_package(tmp_path: Path) -> None:
    written = tables(results(SPECIAL, "other"), "latex")
    page = "\n".join([r"\documentclass{article}", r"\begin{document}", written, r"\end{document}"])
    (tmp_path / "page.tex").write_text(page, encoding="utf-8")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")
    assert (tmp_path / "page.pdf").stat().st_size > 0
