"""Stopping is not an event: an interrupted translation, or one whose input grew, ends as one that was never stopped."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nmt.cli import main
from nmt.data.progress import open_progress
from nmt.errors import UserError
from nmt.formats import COLUMNS, FORMATS

WORDS = ["child", "book", "house", "picture", "animal", "boat", "3 {x}"]
LINES = [f"The {WORDS[n % 7]} sees our {WORDS[n % 5]} {WORDS[n % 3]}." if n % 6 else "" for n in range(60)]
BASE = ["--beam", "2", "--window", "8", "--threads", "1"]


def run(model: Path, folder: Path, *more: str) -> int:
    files = ["--input", str(folder / "in.txt"), "--output", str(folder / "out.txt")]
    return main(["translate", "--model", str(model), *files, *BASE, *more])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.txt").write_text("".join(f"{line}\n" for line in LINES))
    return tmp_path


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 40, 60])
def test_a_translation_that_is_gone_on_with_is_the_same_to_the_byte(
    name: str, kept: int, model_folder: Path, folder: Path
) -> None:
    how = ["--format", name, "--protect"]
    assert run(model_folder, folder, *how) == 0
    whole = (folder / "out.txt").read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len(lines) == len(LINES)
    (folder / "out.txt").unlink()
    (folder / "out.txt.partial").write_bytes(b"".join(lines[:kept]) + (lines[kept][:5] if kept < 60 else b""))
    assert run(model_folder, folder, *how, "--resume") == 0
    assert (folder / "out.txt").read_bytes() == whole
    assert not (folder / "out.txt.partial").exists()


@pytest.mark.parametrize("before", [1, 8, 30, 59])
def test_a_file_that_grew_is_continued(before: int, model_folder: Path, folder: Path) -> None:
    assert run(model_folder, folder) == 0
    whole = (folder / "out.txt").read_bytes()
    text = (folder / "in.txt").read_text()
    half_a_line = "".join(f"{line}\n" for line in LINES[:before])[:-4]
    (folder / "in.txt").write_text(half_a_line)
    assert run(model_folder, folder) == 0
    (folder / "in.txt").write_text(text)
    assert run(model_folder, folder, "--resume") == 0
    assert (folder / "out.txt").read_bytes() == whole


def test_without_resume_it_starts_anew(model_folder: Path, folder: Path) -> None:
    (folder / "out.txt.partial").write_text("nonsense\n" * 30)
    assert run(model_folder, folder) == 0
    assert "nonsense" not in (folder / "out.txt").read_text()


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_is_resumed(stop: signal.Signals, model_folder: Path, folder: Path) -> None:
    assert run(model_folder, folder) == 0
    whole = (folder / "out.txt").read_bytes()
    (folder / "out.txt").unlink()
    (folder / "slow").mkdir()
    os.mkfifo(folder / "slow" / "in.txt")
    files = ["--input", str(folder / "slow" / "in.txt"), "--output", str(folder / "out.txt")]
    code = "import sys; from nmt.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "translate", "--model", str(model_folder), *files, *BASE]
    child = subprocess.Popen(words, stderr=subprocess.PIPE)
    with (folder / "slow" / "in.txt").open("w") as pipe:
        pipe.write("".join(f"{line}\n" for line in LINES[:20]))
        pipe.flush()
        deadline = time.monotonic() + 120
        partial = folder / "out.txt.partial"
        while not (partial.exists() and partial.read_bytes().count(b"\n") >= 16):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        child.send_signal(stop)
        _, err = child.communicate()
    if stop != signal.SIGKILL:
        assert b"16 lines are kept in out.txt.partial; the same command with --resume goes on." in err
    assert not (folder / "out.txt").exists()
    assert run(model_folder, folder, "--resume") == 0
    assert (folder / "out.txt").read_bytes() == whole


def refused(capsys: pytest.CaptureFixture[str], model: Path, folder: Path, *more: str) -> str:
    assert run(model, folder, *more) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_what_cannot_be_gone_on_with_is_refused_and_left_alone(
    model_folder: Path, model_without_attention: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(model_folder, folder) == 0
    whole = (folder / "out.txt").read_bytes()
    assert "not made by this model" in refused(capsys, model_without_attention, folder, "--resume")
    (folder / "in.txt").write_text("The child.\n")
    assert "the input 1" in refused(capsys, model_folder, folder, "--resume")
    assert "choose --format jsonl" in refused(capsys, model_folder, folder, "--resume", "--nbest", "2")
    assert "not packed" in refused(capsys, model_folder, folder, "--resume", "--output", str(folder / "out.gz"))
    assert "not the --input" in refused(capsys, model_folder, folder, "--resume", "--output", str(folder / "in.txt"))
    assert (folder / "out.txt").read_bytes() == whole
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize("window", [1, 5, 59])
def test_another_input_is_told_whatever_the_window(
    window: int, model_folder: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = ["--window", str(window)]
    assert run(model_folder, folder, *how) == 0
    whole = (folder / "out.txt").read_bytes()
    (folder / "in.txt").write_text("".join(f"A {line[4:]}\n" for line in [*LINES, *LINES[:9]]))
    assert "not made by this model" in refused(capsys, model_folder, folder, *how, "--resume")
    assert (folder / "out.txt").read_bytes() == whole


def test_two_processes_do_not_write_one_file(tmp_path: Path) -> None:
    how = {"resume": False, "keep": False, "step": 1}
    with open_progress(tmp_path / "out.txt", **how) as progress:
        progress.file.write(b"one\n")
        with pytest.raises(UserError, match="another process"), open_progress(tmp_path / "out.txt", **how):
            pass
    assert (tmp_path / "out.txt").read_bytes() == b"one\n"


def test_a_packed_input_is_resumed_too(model_folder: Path, folder: Path) -> None:
    assert run(model_folder, folder) == 0
    whole = (folder / "out.txt").read_bytes()
    (folder / "in.gz").write_bytes(gzip.compress((folder / "in.txt").read_bytes()))
    (folder / "out.txt").write_bytes(b"".join(whole.splitlines(keepends=True)[:20]))
    assert run(model_folder, folder, "--resume", "--input", str(folder / "in.gz")) == 0
    assert (folder / "out.txt").read_bytes() == whole


def test_the_formats_say_the_same(model_folder: Path, folder: Path) -> None:
    outputs = {}
    for name in FORMATS:
        more = ["--attention"] if name == "jsonl" else []
        assert run(model_folder, folder, "--format", name, *more) == 0
        outputs[name] = (folder / "out.txt").read_text(encoding="utf-8").split("\n")[:-1]
    for text, packed, columns in zip(*(outputs[name] for name in ("text", "jsonl", "tsv")), strict=True):
        value, row = json.loads(packed), dict(zip(COLUMNS, columns.split("\t"), strict=True))
        assert text.strip() == value["translation"].strip() == row["translation"].strip()
        assert (value["alignment"], ",".join(value["flags"])) == (row["alignment"], row["flags"])
        assert value["score"] == float(row["score"])
        assert len(value["pieces"]) == len(value["log_probabilities"])
        if text:
            assert [len(part) for part in value["attention"]] == [len(value["pieces"])]


def test_a_model_without_attention_says_so_once(
    model_without_attention: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(model_without_attention, folder, "--format", "jsonl") == 0
    assert capsys.readouterr().err.count("no attention") == 1
    values = [json.loads(line) for line in (folder / "out.txt").read_text(encoding="utf-8").splitlines()]
    assert {(value["alignment"], value["coverage_deficit"]) for value in values} == {("", None)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "xml"], "Known: text, jsonl, tsv"),
        (["--format", "tsv", "--nbest", "2"], "leave out --nbest"),
        (["--attention"], "--format jsonl"),
        (["--protect", "urls"], "Did you mean 'url'"),
        (["--term", "child"], "SOURCE=TARGET"),
        (["--term", "child=Kind", "--forbid", "Kind"], "forbids 'Kind'"),
    ],
)
def test_wrong_wishes_are_told(
    options: list[str], message: str, model_folder: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refused(capsys, model_folder, folder, *options)


def test_prefixes_are_one_a_line(model_folder: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prefixes = folder / "prefix.txt"
    prefixes.write_text("\n" * 30 + "Das Haus\n" + "\n" * 29)
    (folder / "in.txt").write_text("The boat.\n" * 60)
    assert run(model_folder, folder, "--prefix", str(prefixes)) == 0
    lines = (folder / "out.txt").read_text(encoding="utf-8").split("\n")
    assert [number for number, line in enumerate(lines) if line.startswith("Das Haus")] == [30]
    prefixes.write_text("Das\n")
    assert "the prefixes end before line 2" in refused(capsys, model_folder, folder, "--prefix", str(prefixes))
    prefixes.write_text("Das\n" * 61)
    assert "the text ends after line 60" in refused(capsys, model_folder, folder, "--prefix", str(prefixes))
    prefixes.write_text("Das\n" * 25)
    for more in ([], ["--resume"]):
        told = refused(capsys, model_folder, folder, "--prefix", str(prefixes), "--window", "10", *more)
        assert "the prefixes end before line 26" in told
