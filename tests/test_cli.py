"""The command line: results on stdout, one line for what went wrong, exit codes, and N lines out for N lines in."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from nmt.cli import COMMANDS, main
from nmt.config import FORMAT_VERSION
from nmt.errors import UserError, guard

HOSTILE = [
    b"The child sees the book.",
    b"",
    b"   \t ",
    b"our boat finds every picture. " * 400,  # 2,000 words
    b"the\x00child\x1bsees\x07this\x0cbook",
    b"This\xe2\x80\xa8book finds\xc2\x85the house.",
    "😀 🏳️‍🌈 Every child paints \u202eour\u202c house.".encode(),
    "Ребёнок 看见 الكتاب the child".encode(),
    b"The animal finds the boat.\r",
    b"\r",
    b"caf\xe9 \xff\xfe \xed\xa0\x80 the book",
    b"\xe2\x80\xa8",
    b"Every boat finds our animal.",
]
PROBLEMS = {4: "parts", 5: "U+0000", 6: "U+2028", 11: "UTF-8", 12: "U+2028"}
"""Line and what is said of it; every other line is in order."""


def refusal(capsys: pytest.CaptureFixture[str], words: Sequence[object]) -> str:
    """The one line that a command says when it exits with 2; nothing is on stdout."""
    assert main([str(word) for word in words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("nmt: error: ")
    return line


def translated(lines: Sequence[bytes], model: Path, folder: Path, *options: str) -> list[str]:
    """The lines that `nmt translate` makes of lines; the last has no end."""
    source, output = folder / "in.txt", folder / "out.txt"
    source.write_bytes(b"\n".join(lines))
    assert main(["translate", "--model", str(model), "--input", str(source), "--output", str(output), *options]) == 0
    text = output.read_bytes().decode("utf-8")
    assert text == "" or text.endswith("\n")
    return text.split("\n")[:-1]


def damaged_copy(model: Path, folder: Path, name: str, content: bytes) -> Path:
    """A model folder with other bytes in one of its files."""
    copy = folder / "damaged"
    shutil.copytree(model, copy)
    (copy / name).write_bytes(content)
    return copy


def test_as_many_lines_as_went_in_blank_for_blank_each_problem_told_once(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = translated(HOSTILE, model_folder, tmp_path, "--beam", "2")
    assert len(lines) == len(HOSTILE)
    blank = {1, 2, 9, 11}
    assert {number for number, line in enumerate(lines) if line == ""} == blank
    captured = capsys.readouterr()
    assert captured.out == ""
    told = captured.err.splitlines()
    assert len(told) == len(PROBLEMS)
    for number, problem in PROBLEMS.items():
        (about,) = [line for line in told if line.startswith(f"{tmp_path / 'in.txt'} line {number}: ")]
        assert problem in about


def test_the_company_and_order_of_a_line_change_nothing(model_folder: Path, tmp_path: Path) -> None:
    together = translated(HOSTILE, model_folder, tmp_path)
    assert translated(HOSTILE, model_folder, tmp_path, "--window", "1") == together
    assert translated(HOSTILE, model_folder, tmp_path, "--batch-tokens", "64") == together
    assert translated(HOSTILE[::-1], model_folder, tmp_path) == together[::-1]
    assert len(set(together)) > 8  # they are not all the same by having nothing to say


def test_greedy_search_takes_the_same_lines(model_folder: Path, tmp_path: Path) -> None:
    assert len(translated(HOSTILE, model_folder, tmp_path, "--beam", "1")) == len(HOSTILE)


def test_standard_streams_are_the_default(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = b"The child sees the book.\n\nThe book\x00"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(source), isatty=lambda: False))
    assert main(["translate", "--model", str(model_folder), "--threads", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 3
    assert captured.out.split("\n")[1] == ""
    assert captured.err.startswith("standard input line 3: ")


def test_an_empty_input_gives_an_empty_output(model_folder: Path, tmp_path: Path) -> None:
    assert translated([], model_folder, tmp_path) == []


def test_nbest_writes_numbered_alternatives_best_first(model_folder: Path, tmp_path: Path) -> None:
    lines = translated(HOSTILE[:3], model_folder, tmp_path, "--beam", "4", "--nbest", "3")
    fields = [line.split(" ||| ") for line in lines]
    assert [number for number, _, _ in fields] == ["0", "0", "0", "1", "2"]
    scores = [float(score) for _, _, score in fields]
    assert scores[:3] == sorted(scores[:3], reverse=True)
    assert fields[0][1] == translated(HOSTILE[:1], model_folder, tmp_path, "--beam", "4")[0]


def test_the_input_may_be_the_output(model_folder: Path, tmp_path: Path) -> None:
    expected = translated([b"The child.", b"A book."], model_folder, tmp_path)
    text = tmp_path / "in.txt"
    assert main(["translate", "--model", str(model_folder), "--input", str(text), "--output", str(text)]) == 0
    assert text.read_text(encoding="utf-8").splitlines() == expected


def test_an_output_that_is_there_stays_until_the_new_one_is_complete(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("The child.\n")
    output.write_text("precious\n")
    words = ["translate", "--model", model_folder, "--input", source, "--output", output]
    assert "widen the beam" in refusal(capsys, [*words, "--nbest", "9"])
    assert "no folder" in refusal(capsys, [*words[:2], tmp_path / "nowhere", *words[3:]])
    monkeypatch.setattr("nmt.translator.Translator.load", interrupted)
    assert main([str(word) for word in words]) == 130
    assert output.read_text() == "precious\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.txt"]


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_link_and_a_device_are_written_through(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out.txt").symlink_to(tmp_path / "real.txt")
    lines = translated(HOSTILE[:1], model_folder, tmp_path)
    assert (tmp_path / "real.txt").read_text(encoding="utf-8").splitlines() == lines
    assert (tmp_path / "out.txt").is_symlink()
    words = ["translate", "--model", str(model_folder), "--input", str(tmp_path / "in.txt"), "--output", os.devnull]
    assert main(words) == 0
    assert Path(os.devnull).is_char_device()


def test_what_cannot_be_read_or_written_is_named(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.txt"
    source.write_text("The child.\n")
    translate = ["translate", "--model", model_folder]
    assert "missing.txt cannot be read" in refusal(capsys, [*translate, "--input", tmp_path / "missing.txt"])
    assert "cannot be read" in refusal(capsys, [*translate, "--input", tmp_path])
    for unwritable in (source / "out.txt", tmp_path / "no" / "out.txt", tmp_path):
        assert "cannot be written" in refusal(capsys, [*translate, "--input", source, "--output", unwritable])
    assert source.read_text() == "The child.\n"


def test_an_unwritable_output_is_told_before_the_model_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["translate", "--model", tmp_path / "no-model", "--output", tmp_path / "no" / "out.txt"]
    assert "out.txt cannot be written" in refusal(capsys, words)


@pytest.mark.parametrize("command", ["translate", "info", "repl"])
def test_a_folder_that_is_no_model_is_named(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{tmp_path} is no model folder" in refusal(capsys, [command, "--model", tmp_path])
    assert "is no folder" in refusal(capsys, [command, "--model", tmp_path / "missing"])


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "joint.spm"])
@pytest.mark.parametrize("keep", [0, 20, 0.5])
def test_a_damaged_model_is_named(
    name: str, keep: float, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (model_folder / name).read_bytes()
    kept = whole[: int(keep if keep >= 1 else keep * len(whole))]
    copy = damaged_copy(model_folder, tmp_path, name, kept)
    assert str(copy) in refusal(capsys, ["translate", "--model", copy, "--output", tmp_path / "out.txt"])
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"cel": "lstm"}}, "Did you mean 'model.cell'"),
        ({"model": {"cell": "lstn"}}, "Did you mean 'lstm'"),
        ({"model": {"hidden": 32}}, "does not fit"),
        ({"model": {"hidden": "wide"}}, "model.hidden is 'wide'"),
        ({"format_version": 99}, "format version 99"),
        ({"model": None}, "model is None"),
    ],
)
def test_a_changed_configuration_is_named(
    change: dict[str, object], message: str, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = json.loads((model_folder / "config.json").read_text())
    for key, value in change.items():
        tree[key] = {**tree[key], **value} if isinstance(value, dict) else value
    copy = damaged_copy(model_folder, tmp_path, "config.json", json.dumps(tree).encode())
    assert message in refusal(capsys, ["info", "--model", copy])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("trian --output x", "Did you mean 'train'"),
        ("translate --modle x", "Did you mean --model?"),
        ("translate --model x --beem=3", "Did you mean --beam?"),
        ("translate", "--model"),
        ("translate --model", "--model"),
        ("translate --model x file.txt", "file.txt"),
        ("translate --model x --beam three", "--beam"),
        ("translate --model x --threads 0", "--threads"),
        ("evaluate --model x --source y", "--reference"),
        ("train --train.minuts 3", "Did you mean --train.minutes?"),
    ],
)
def test_wrong_use_is_one_line_with_the_nearest_known_name(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refusal(capsys, line.split())


def test_an_impossible_search_is_named(model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "search.beam is 0" in refusal(capsys, ["translate", "--model", model_folder, "--beam", "0"])
    assert "search.length_penalty" in refusal(capsys, ["translate", "--model", model_folder, "--length-penalty", "nan"])


def test_evaluate_writes_scores_with_signatures(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, reference, output = (tmp_path / name for name in ("a.en", "a.de", "out.txt"))
    source.write_text("The child sees the book.\n\nThe boat.\n")
    reference.write_text("Das Kind sieht das Buch.\n\nDas Boot.\n")
    words = ["evaluate", "--model", model_folder, "--source", source, "--reference", reference, "--output", output]
    assert main([str(word) for word in [*words, "--beam", "2", "--tokenize", "intl", "--lowercase"]]) == 0
    result = json.loads(capsys.readouterr().out)
    for name in ("bleu", "chrf", "ter"):
        assert result[name]["signature"].startswith("nrefs:1|bs:1000")
        assert result[name]["interval"][0] <= result[name]["interval"][1]
    assert "tok:intl" in result["bleu"]["signature"]
    assert result["sentences"] == 3
    assert result["beam"] == 2
    assert result["model"] == str(model_folder)
    assert result["seconds"] > 0
    assert len(output.read_text().split("\n")) == 4


def test_files_that_are_not_parallel_are_named(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, reference = tmp_path / "a.en", tmp_path / "a.de"
    source.write_text("one\ntwo\n")
    reference.write_text("eins\n")
    model = ["--model", model_folder, "--source", source]
    expected = f"{source} has 2 lines, {reference} has 1"
    assert expected in refusal(capsys, ["evaluate", *model, "--reference", reference])
    assert expected in refusal(capsys, ["score", *model, "--target", reference])


def test_score_gives_a_log_probability_for_every_pair(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "a.en", tmp_path / "a.de"
    source.write_text("The child.\n\nThe boat.\n")
    target.write_text("Das Kind.\n\n\n")
    assert main(["score", "--model", str(model_folder), "--source", str(source), "--target", str(target)]) == 0
    scores = [float(line) for line in capsys.readouterr().out.splitlines()]
    assert len(scores) == 3
    assert all(score < 0 for score in scores)


def test_a_source_is_scored_behind_its_tag(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.de").write_text("Das Kind.\n")
    found = []
    for source, tag in (("child.", "The big"), ("The big child.", ""), ("child.", "")):
        (tmp_path / "a.en").write_text(f"{source}\n")
        sides = ["--source", str(tmp_path / "a.en"), "--target", str(tmp_path / "a.de")]
        assert main(["score", "--model", str(model_folder), *sides, "--tag", tag]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1] != found[2]


def test_score_names_a_pair_too_long_to_score_and_keeps_the_count(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "a.en", tmp_path / "a.de"
    source.write_text("The child.\n" + "our boat finds every picture. " * 20_000 + "\nThe boat.\n")
    target.write_text("Das Kind.\n" + "unser Boot findet jedes Bild. " * 20_000 + "\nDas Boot.\n")
    words = ["score", "--model", model_folder, "--source", source, "--target", target, "--batch-tokens", "64"]
    assert main([str(word) for word in words]) == 0
    captured = capsys.readouterr()
    assert [line == "nan" for line in captured.out.splitlines()] == [False, True, False]
    (line,) = captured.err.splitlines()
    assert line.startswith(f"{source} and {target} line 2: ")


@pytest.mark.parametrize(("tokenizer", "message"), [("13b", "Did you mean '13a'?"), ("ja-mecab", "is not installed")])
def test_a_tokenizer_that_cannot_be_had_is_told_before_anything_is_translated(
    tokenizer: str,
    message: str,
    model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("sacrebleu")
    monkeypatch.setattr("sacrebleu.tokenizers.tokenizer_ja_mecab.MeCab", None)
    monkeypatch.setattr("nmt.translator.Translator.translate", lambda *arguments: pytest.fail("translated"))
    (tmp_path / "a.en").write_text("The child.\n")
    words = ["evaluate", "--model", model_folder, "--source", tmp_path / "a.en", "--reference", tmp_path / "a.en"]
    assert message in refusal(capsys, [*words, "--tokenize", tokenizer])


def test_packed_files_are_read_and_written(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = translated(HOSTILE[:3], model_folder, tmp_path)
    packed, output = tmp_path / "in.txt.gz", tmp_path / "out.txt.gz"
    packed.write_bytes(gzip.compress((tmp_path / "in.txt").read_bytes()))
    model = ["--model", str(model_folder)]
    assert main(["translate", *model, "--input", str(packed), "--output", str(output)]) == 0
    assert gzip.decompress(output.read_bytes()).decode().split("\n")[:-1] == expected
    assert main(["score", *model, "--source", str(packed), "--target", str(output)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    packed.write_bytes(packed.read_bytes()[:-9])
    assert f"{packed} cannot be read" in refusal(capsys, ["translate", *model, "--input", packed, "--output", output])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "to_file", "shown"), [(True, False, False), (True, True, True), (False, False, True)]
)
def test_the_progress_bar_is_shown_where_it_does_not_run_through_the_results(
    terminal: bool, to_file: bool, shown: bool, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.txt"
    source.write_text("The child.\n\x00\n")
    err = Terminal()
    out = SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: terminal, flush=lambda: None)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdout", out)
    words = ["translate", "--model", str(model_folder), "--input", str(source)]
    assert main([*words, *(["--output", str(tmp_path / "out.txt")] if to_file else [])]) == 0
    assert (" lines" in err.getvalue()) == shown
    assert "line 2: " in err.getvalue()


def test_sigterm_leaves_nothing_half_written(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("precious\n")
    words = ["translate", "--threads", "1", "--model", str(model_folder), "--output", str(tmp_path / "out.txt")]
    code = f"import sys; from nmt.cli import main; sys.exit(main({[*words, '--window', '1']}))"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.write(b"The child sees the book.\n")
    child.stdin.flush()
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size for path in tmp_path.glob("*.partial")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child.terminate()
    _, err = child.communicate()
    assert (child.returncode, err) == (143, b"nmt: terminated\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
    assert (tmp_path / "out.txt").read_text() == "precious\n"


def test_info_describes_a_model(model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = damaged_copy(model_folder, tmp_path, "scores.json", b'{"test": {"bleu": {"score": 38.5}}}')
    assert main(["info", "--model", str(copy)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["languages"] == {"source": "en", "target": "de"}
    assert result["model"]["cell"] == "lstm"
    assert result["scores"]["test"]["bleu"]["score"] == 38.5
    assert result["format_version"] == FORMAT_VERSION
    assert result["parameters"] > 1000
    assert result["files"]["config.json"] == (copy / "config.json").stat().st_size


def test_help_and_version_answer_without_the_heavy_imports() -> None:
    code = (
        "import sys; from nmt.cli import main\n"
        "assert main(['--help']) == 0 and main(['--version']) == 0\n"
        "heavy = {'torch', 'pydantic', 'numpy', 'sacrebleu', 'sentencepiece', 'prompt_toolkit', 'tqdm'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)
    assert done.stderr == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main([name, "--help"])
    except SystemExit as left:
        code = left.code
    assert code == 0
    assert f"usage: nmt {name}" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error(model_folder: Path) -> None:
    words = ["translate", "--threads", "1", "--model", str(model_folder)]
    code = f"import sys; from nmt.cli import main; sys.exit(main({words}))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"The child sees the book.\n" * 9,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""


def test_guard_gives_one_line_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def wrong() -> int:
        raise UserError("first\nsecond")

    def lost() -> int:
        raise FileNotFoundError(2, "No such file or directory", "data.en")

    assert guard(lambda: {"bleu": 1}) == 0
    assert guard(lambda: 3) == 3
    assert guard(wrong, program="recipe") == 2
    assert capsys.readouterr().err == "recipe: error: first second\n"
    assert guard(interrupted) == 130
    assert capsys.readouterr().err == "nmt: interrupted\n"
    assert guard(lost) == 2
    assert capsys.readouterr().err == "nmt: error: data.en: No such file or directory.\n"
