"""Paired tests: what sacreBLEU's own command line finds, to its printed digits."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from nmt.errors import UserError
from nmt.evaluation.metrics import METRICS, SAMPLES, corpus_scores
from nmt.evaluation.significance import compare

WIDTH = 4
"""Digits behind the point that sacreBLEU is asked to print."""

OPTIONS = {
    "bleu": ("-m", "bleu"),
    "chrf": ("-m", "chrf"),
    "chrf++": ("-m", "chrf", "--chrf-word-order", "2"),
    "ter": ("-m", "ter"),
}
"""How its command line calls the metrics."""

CELL = re.compile(r"(?P<score>[\d.]+)( \((?P<mean>[\d.]+) ± (?P<half>[\d.]+)\))?( \(p = (?P<p_value>[\d.]+)\))?")


def texts(count: int) -> tuple[dict[str, list[str]], list[list[str]]]:
    """Three systems, the first best, and two sets of references; one line is blank."""
    chosen = random.Random(5)
    words = [
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "Hund",
        "Katze",
        "Mann",
        "Frau",
        "Ball",
        "läuft",
        "springt",
        "liest",
        "sieht",
        "auf",
        "in",
        "vor",
        "dem",
        "Haus",
    ]
    references = [[" ".join(chosen.choices(words, k=chosen.randint(4, 12))) + "." for _ in range(count)]]
    references.append([line.replace("Hund", "Kater").replace("auf", "vor") for line in references[0]])

    def worsened(line: str, share: float) -> str:
        return " ".join(chosen.choice(words) if chosen.random() < share else word for word in line.split())

    systems = {
        name: [worsened(line, share) for line in references[0]]
        for name, share in {"good.txt": 0.2, "fair.txt": 0.24, "bad.txt": 0.6}.items()
    }
    systems["bad.txt"][3] = ""
    return systems, references


def sacrebleu_table(
    folder: Path, systems: Mapping[str, Sequence[str]], references: Sequence[Sequence[str]], *options: str
) -> tuple[list[dict[str, str]], str]:
    """What sacreBLEU's command line prints for each system, and the signature."""
    named = {f"reference.{number}": lines for number, lines in enumerate(references)}
    for name, lines in {**systems, **named}.items():
        (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    # LaTeX has a row for each system; its JSON fails where there are means.
    words = [*named, "-i", *systems, "--format", "latex", "--width", str(WIDTH), "--no-color", *options]
    done = subprocess.run(
        [sys.executable, "-m", "sacrebleu", *words], cwd=folder, capture_output=True, text=True, check=True
    )
    rows = [line for line in done.stdout.splitlines() if line.endswith("\\\\") and ".txt" in line]
    cells = [CELL.search(row.split("&")[1].replace("\\_", "_")) for row in rows]
    signature = done.stdout.strip().splitlines()[-1].split()[-1]
    return [cell.groupdict() for cell in cells if cell], signature


@pytest.mark.parametrize("test", ["bs", "ar"])
@pytest.mark.parametrize("metric", METRICS)
def test_a_paired_test_agrees_with_the_command_line_of_sacrebleu(metric: str, test: str, tmp_path: Path) -> None:
    systems, references = texts(60)
    trials = 200
    options = [*OPTIONS[metric], f"--paired-{test}", f"--paired-{test}-n", str(trials)]
    expected, signature = sacrebleu_table(tmp_path, systems, references, *options)
    found = compare(systems, references, test=test, trials=trials, metrics=[metric])
    assert len(expected) == len(systems)
    for row, system in zip(expected, systems, strict=True):
        score, _, p_value = found[system][metric]
        assert f"{score.score:.{WIDTH}f}" == row["score"]
        assert (None if p_value is None else f"{p_value:.4f}") == row["p_value"]
        assert score.interval is not None
        if test == "bs":  # the command line has intervals with this test alone
            low, high = score.interval
            assert f"{(low + high) / 2:.{WIDTH}f}" == row["mean"]
            assert f"{(high - low) / 2:.{WIDTH}f}" == row["half"]
        assert score.signature.replace(f"bs:{SAMPLES}|", "") == signature


def test_the_seed_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", "7")
    systems, references = texts(60)
    options = [*OPTIONS["bleu"], "--paired-bs", "--paired-bs-n", "100"]
    expected, signature = sacrebleu_table(tmp_path, systems, references, *options)
    found = compare(systems, references, trials=100, metrics=["bleu"])["fair.txt"]["bleu"]
    assert f"{found.p_value:.4f}" == expected[1]["p_value"]
    assert found.score.signature == signature
    assert "seed:7" in signature


@pytest.mark.parametrize("seed", ["many", "-1", "1.5"])
def test_a_seed_that_is_no_number_is_named(seed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", seed)
    systems, references = texts(5)
    with pytest.raises(UserError, match=f"SACREBLEU_SEED is '{seed}'"):
        compare(systems, references)


def test_an_interval_is_that_of_the_system_by_itself() -> None:
    systems, references = texts(30)
    compared = compare(systems, references)
    for system, lines in systems.items():
        alone = corpus_scores(lines, references, bootstrap=True)
        for metric, score in alone.items():
            found = compared[system][metric].score
            assert found.signature == score.signature
            assert found.score == score.score
            assert found.interval == pytest.approx(score.interval)


@pytest.mark.parametrize("test", ["bs", "ar"])
def test_a_much_worse_system_is_significantly_worse(test: str) -> None:
    systems, references = texts(60)
    found = compare(systems, references, test=test, trials=200)
    for metric in METRICS:
        baseline, bad = found["good.txt"][metric], found["bad.txt"][metric]
        assert baseline.difference is None
        assert baseline.p_value is None
        assert bad.p_value is not None
        assert bad.p_value < 0.05
        assert bad.difference == pytest.approx(bad.score.score - baseline.score.score)
        assert bad.difference > 0 if metric == "ter" else bad.difference < 0


def test_what_cannot_be_compared_is_refused() -> None:
    systems, references = texts(5)
    with pytest.raises(UserError, match="two systems"):
        compare({"one": systems["good.txt"]}, references)
    with pytest.raises(UserError, match="5 translations, 4 references"):
        compare(systems, [references[0][:4]])
    with pytest.raises(UserError, match="paired test 'as' is unknown"):
        compare(systems, references, test="as")


def test_empty_translations_are_compared() -> None:
    found = compare({"some": ["a b c d e", "", "x"], "none": ["", "", ""]}, [["a b c d e", "", "y"]])
    assert found["none"]["bleu"].score.score == 0
