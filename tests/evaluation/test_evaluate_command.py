"""`nmt evaluate`: models and files, one and several, on one test set and several."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sacrebleu
from examples import snapshot

from nmt.cli import main
from nmt.memory import forget_peak, peak

TRANSLATIONS = ["Das Kind sieht das Buch.", "", "Unser Boot findet jedes Bild."]


def run(words: Sequence[object], capsys: pytest.CaptureFixture[str]) -> Any:
    """What the command prints, read as JSON."""
    assert main(["evaluate", *(str(word) for word in words)]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(words: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that it says when it exits with 2."""
    assert main(["evaluate", *(str(word) for word in words)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of data with two test sets, other references, and translations made elsewhere."""
    files = {
        "test1.en": ["The child sees the book.", "", "Our boat finds every picture."],
        "test1.de": TRANSLATIONS,
        "other.de": ["Das Kind sieht ein Buch.", "", "Unser Schiff findet Bilder."],
        "test2.en": ["Every animal shows the house."],
        "test2.de": ["Jedes Tier zeigt das Haus."],
        "a.txt": ["Das Kind sieht das Haus.", "", "Unser Boot findet Bilder."],
        "b.txt": ["Kind das Buch.", "x", "Boot findet."],
    }
    for name, lines in files.items():
        (tmp_path / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return tmp_path


def test_two_files_and_several_references_need_no_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    references = ["--reference", folder / "test1.de", "--reference", folder / "other.de"]
    found = run(["--hypothesis", folder / "a.txt", folder / "b.txt", *references], capsys)
    assert [result["system"] for result in found] == ["a.txt", "b.txt"]
    lines = [(folder / name).read_text().split("\n")[:-1] for name in ("test1.de", "other.de", "a.txt")]
    assert found[0]["bleu"]["score"] == pytest.approx(sacrebleu.corpus_bleu(lines[2], lines[:2]).score)
    assert found[0]["chrf++"]["score"] == pytest.approx(sacrebleu.corpus_chrf(lines[2], lines[:2], word_order=2).score)
    assert found[0]["bleu"]["signature"].startswith("nrefs:2|bs:1000|")
    assert "p_value" not in found[0]["bleu"]
    assert found[1]["baseline"] == "a.txt"
    assert 0 < found[1]["bleu"]["p_value"] <= 1
    assert found[1]["bleu"]["difference"] < 0
    assert "seconds" not in found[0]


def test_models_and_test_sets_make_a_result_each_and_files_of_translations(
    folder: Path,
    model_folder: Path,
    model_without_attention: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tests = ["--test", folder / "test1.en", folder / "test1.de", folder / "other.de"]
    tests += ["--test", folder / "test2.en", folder / "test2.de"]
    models = ["--model", model_folder, model_without_attention]
    found = run([*models, *tests, "--output", folder / "out", "--beam", "2", "--paired", "ar", "--trials", 20], capsys)
    names = model_folder.name, model_without_attention.name
    assert [(result["test"], result["system"]) for result in found] == [
        (test, system) for test in ("test1", "test2") for system in names
    ]
    assert {result["beam"] for result in found} == {2}
    assert "nrefs:2|bs:1000|ar:20|" in found[0]["bleu"]["signature"]
    assert "nrefs:1|" in found[3]["bleu"]["signature"]
    assert all(result["peak_memory_mb"] > 10 for result in found)
    for result in found:
        lines = (folder / "out" / f"{result['test']}.{result['system']}.txt").read_text().split("\n")
        assert len(lines) == result["sentences"] + 1
        alone = run(["--hypothesis", folder / "out" / f"{result['test']}.{result['system']}.txt", "--reference",
                     folder / f"{result['test']}.de"], capsys)  # fmt: skip
        if result["test"] == "test2":
            assert alone["bleu"]["score"] == result["bleu"]["score"]


def test_a_tag_stands_before_every_source(folder: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (folder / "test1.en").read_text().splitlines()
    (folder / "tagged.en").write_text("".join(f"The picture {line}\n" if line else "\n" for line in lines))
    made = []
    for name, more in (("test1", ["--tag", "The picture"]), ("tagged", []), ("test1", [])):
        files = ["--source", folder / f"{name}.en", "--reference", folder / "test1.de", "--output", folder / "out.txt"]
        run(["--model", model_folder, *files, *more], capsys)
        made.append((folder / "out.txt").read_text())
    assert made[0] == made[1] != made[2]


def test_all_test_sets_of_a_folder_are_found(
    folder: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data.folder", folder, "--data.source", "en", "--data.target"]
    found = run(["--model", model_folder, *data, "de"], capsys)
    assert [result["test"] for result in found] == ["test1", "test2"]
    assert "has no test*.en with a test*.fr" in refusal(["--model", model_folder, *data, "fr"], capsys)
    assert "needs --data.source and --data.target" in refusal(["--model", "x", "--data.folder", folder], capsys)


def test_a_test_set_may_be_json_lines(folder: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"translation": {"en": "The boat.", "de": "Das Boot."}}, {"translation": {"en": "", "de": ""}}]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = run(["--model", model_folder, "--test", folder / "pairs.jsonl"], capsys)
    assert (found["test"], found["sentences"]) == ("pairs", 2)


def test_the_corpora_of_a_mixture_are_test_sets_each(
    folder: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [f'{{ locations = ["test{n}.en", "test{n}.de"], tag = "<2de>" }}' for n in (1, 2)]
    (folder / "tests.toml").write_text(f"corpus = [{', '.join(entries)}]")
    found = run(["--model", model_folder, "--test", folder / "tests.toml"], capsys)
    assert [one["test"] for one in found] == ["test1.en-de", "test2.en-de"]
    again = run(["--model", model_folder, "--test", folder / "tests.toml", "--test", folder / "tests.toml:2"], capsys)
    assert [one["test"] for one in again] == ["test1.en-de", "test2.en-de", "tests.toml:2.test2.en-de"]
    assert again[2]["bleu"] == again[1]["bleu"]


def test_a_model_beside_a_file_is_the_baseline(
    folder: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--hypothesis", folder / "a.txt", "--model", model_folder, "--source", folder / "test1.en"]
    found = run([*words, "--reference", folder / "test1.de", "--metrics", "chrf", "ter", "--trials", 20], capsys)
    assert [result["system"] for result in found] == [model_folder.name, "a.txt"]
    assert {"bleu", "chrf++"}.isdisjoint(found[0])
    assert found[1]["chrf"]["p_value"] is not None


def test_without_a_paired_test_there_are_intervals_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--hypothesis", folder / "a.txt", folder / "b.txt", "--reference", folder / "test1.de"]
    found = run([*words, "--paired", "none"], capsys)
    assert all("p_value" not in result["bleu"] and result["bleu"]["interval"] for result in found)


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_tables_are_printed(form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--hypothesis", folder / "a.txt", folder / "b.txt", "--reference", folder / "test1.de", "--trials", 20]
    assert main(["evaluate", *map(str, words), "--format", form]) == 0
    out = capsys.readouterr().out
    assert "BLEU" in out
    assert "version:" in out


def test_a_line_with_a_problem_is_named_and_shifts_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.txt").write_bytes(b"Das Kind\x85 sieht\n\xff\nBoot\n")
    assert main(["evaluate", "--hypothesis", str(folder / "a.txt"), "--reference", str(folder / "test1.de")]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["sentences"] == 3
    assert [line.split(": ")[0] for line in captured.err.splitlines()] == [
        f"{folder / 'a.txt'} line {number}" for number in (1, 2)
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--reference test1.de", "give --model, or --hypothesis"),
        ("--hypothesis a.txt", "a test set is --source with --reference"),
        ("--hypothesis a.txt --reference test1.de --test test1.en test1.de", "two are given"),
        ("--hypothesis a.txt --reference test1.de --data.target de", "a --test of one place"),
        ("--model m --reference test1.de", "a model needs a text to translate"),
        ("--model m --source test1.en", "--source with --reference"),
        ("--hypothesis a.txt --reference test2.de", "a.txt has 3 lines, the references of test2 have 1"),
        ("--hypothesis a.txt --reference test1.de test2.de", "test1.de has 3 lines, test2.de has 1"),
        ("--hypothesis a.txt a.txt --reference test1.de", "a.txt is given twice"),
        ("--hypothesis a.txt --test test1.en test1.de --test test2.en test2.de", "--hypothesis translates one test"),
        ("--hypothesis a.txt --reference test1.de --metrics blue", "Did you mean 'bleu'?"),
        ("--hypothesis a.txt --reference test1.de --metrics bleu bleu", "has a metric twice"),
        ("--hypothesis a.txt --reference test1.de --paired bootstrap", "--paired 'bootstrap' is unknown"),
        ("--hypothesis a.txt --reference test1.de --format tex", "--format 'tex' is unknown"),
        ("--hypothesis a.txt --reference test1.de --trials 0", "--trials"),
        ("--hypothesis a.txt --reference test1.de --output x", "--output is for the translations of a --model"),
        ("--hypothesis a.txt --reference test1.de --beam 3", "--beam is for the translations of a --model"),
        ("--hypothesis a.txt --reference test1.de --prune 0", "--prune is for the translations of a --model"),
        ("--hypothesis a.txt --reference test1.de --lm-weight 0.3", "--lm-weight is for the translations of a --model"),
        ("--hypothesis a.txt --reference test1.de --tag <2de>", "--tag is for the translations of a --model"),
        ("--model m n --ensemble k --source test1.en --reference test1.de", "--ensemble joins"),
        ("--model m --source test1.en --reference test1.de", "m is no folder"),
        ("--hypothesis missing.txt --reference test1.de", "missing.txt cannot be read"),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(
    words: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert message in refusal(words.split(), capsys)


@pytest.mark.parametrize(
    "words",
    [
        "--source test1.en --reference other.de test1.de --output test1.de",
        "--source test1.en --reference test1.de --output ./test1.en",
        "--source test1.en --reference test1.de --hypothesis a.txt --output a.txt",
        "--test test1.en test1.de --output test1.de",
        "--source test2.en --reference test2.de --output link",
    ],
)
def test_no_output_takes_the_place_of_what_is_read(
    words: str,
    folder: Path,
    model_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "link").symlink_to("test2.de")
    before = snapshot(folder)
    assert "--output would overwrite" in refusal(["--model", model_folder, *words.split()], capsys)
    assert snapshot(folder) == before


def test_a_peak_of_memory_can_be_forgotten() -> None:
    forget_peak()
    before = peak()
    block = bytearray(b"x" * 200_000_000)
    assert peak() - before > 150
    del block
    forget_peak()
    assert peak() - before < 100
