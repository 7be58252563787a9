"""A disk that is full or write-protected, and files that were damaged: one line each, and what was good stays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import sentence_pairs, snapshot

from nmt import model_folder
from nmt.cli import main

SMALL = {
    "data.source": "en",
    "data.target": "de",
    "subwords.vocabulary": "320",
    "subwords.joint": "true",
    "subwords.normalization": "identity",
    "model.hidden": "16",
    "model.embedding": "16",
    "train.batch_tokens": "200",
    "train.precision": "float32",
    "train.validate_every": "5",
    "train.schedule": "constant",
    "train.threads": "1",
}


def write_data(folder: Path) -> Path:
    """Pairs to train and to validate on."""
    folder.mkdir()
    for part, count in (("train", 200), ("val", 10)):
        for side, language in enumerate(("en", "de")):
            text = "".join(pair[side] + "\n" for pair in sentence_pairs(count))
            (folder / f"{part}.{language}").write_text(text)
    return folder


def train(data: Path, output: Path, updates: int) -> int:
    """Trains for so many updates; returns the exit code."""
    settings = {**SMALL, "data.folder": str(data), "output": str(output), "train.updates": str(updates)}
    return main(["train", *(word for key, value in settings.items() for word in (f"--{key}", value))])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 megabytes: TensorBoard's pictures take some."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said last on stderr; there is no traceback."""
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return err.splitlines()[-1]


def test_a_disk_that_becomes_full_is_told_and_the_run_goes_on_where_room_was_made(
    data: Path, small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, tmp_path / "whole", 20) == 0
    assert train(data, small_disk / "run", 10) == 0
    kept = snapshot(small_disk / "run" / "trainer")
    room = os.statvfs(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (room.f_bavail * room.f_bsize - 2**16))
    capsys.readouterr()
    assert train(data, small_disk / "run", 20) == 2
    line = last_line(capsys)
    assert "No space left on device" in line
    assert "make room" in line
    assert str(small_disk / "run") in line
    assert snapshot(small_disk / "run" / "trainer") == kept
    assert model_folder.load(small_disk / "run")
    ballast.unlink()
    assert train(data, small_disk / "run", 20) == 0
    for one, other in zip(
        *(sorted(folder.rglob("*.safetensors")) for folder in (small_disk, tmp_path / "whole")), strict=True
    ):
        assert one.read_bytes() == other.read_bytes(), one


def test_a_disk_that_becomes_write_protected_is_told_and_nothing_changes(
    data: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, small_disk / "run", 10) == 0
    before = snapshot(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    capsys.readouterr()
    assert train(data, small_disk / "run", 20) == 2
    line = last_line(capsys)
    assert "Read-only file system" in line
    assert "can be written" in line
    assert train(data, small_disk / "other", 20) == 2
    assert "choose another --output" in last_line(capsys)
    assert snapshot(small_disk) == before


def test_weights_that_were_cut_are_told_by_those_who_read_them_and_written_anew_by_the_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(data, run, 10) == 0
    whole = (run / model_folder.WEIGHTS).read_bytes()
    newest = max(run.glob("trainer/checkpoint-*"))
    for path in (run / model_folder.WEIGHTS, newest / model_folder.WEIGHTS):
        os.truncate(path, len(whole) // 2)
    capsys.readouterr()
    assert main(["translate", "--model", str(run), "--input", str(data / "val.en")]) == 2
    assert f"{run / model_folder.WEIGHTS} is damaged" in last_line(capsys)
    assert train(data, run, 20) == 0
    said = capsys.readouterr().err
    assert f"{newest / model_folder.WEIGHTS} is damaged" in said
    assert "Going on from checkpoint-000000005" in said
    assert model_folder.load(run)


def test_a_model_whose_checkpoints_are_gone_is_not_trained_over(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(data, run, 10) == 0
    for path in run.glob("trainer/checkpoint-*"):
        shutil.rmtree(path)
    before = snapshot(run)
    capsys.readouterr()
    assert train(data, run, 20) == 2
    assert "is a model without the state of its training: choose another --output" in last_line(capsys)
    assert snapshot(run) == before


def test_a_run_that_has_lost_its_configuration_is_left_alone(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(data, run, 10) == 0
    (run / model_folder.CONFIG).unlink()
    before = snapshot(run)
    capsys.readouterr()
    assert main(["train", "--output", str(run)]) == 2
    assert f"{run} is no model folder, as it has no config.json" in last_line(capsys)
    assert snapshot(run) == before


def test_a_configuration_that_was_edited_is_told_with_the_setting(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(data, run, 5) == 0
    path = run / model_folder.CONFIG
    tree = json.loads(path.read_text())
    for section, key, value, said in (
        ("model", "hidden", 24, "one of the two was changed"),
        ("model", "hiden", 16, "'model.hidden'"),
        ("train", "dropout", 0.5, "train.dropout"),
    ):
        path.write_text(json.dumps({**tree, section: {**tree[section], key: value}}))
        capsys.readouterr()
        assert main(["train", "--output", str(run), "--train.updates", "10"]) == 2
        assert said in last_line(capsys)
    path.write_text(json.dumps(tree))
    shutil.rmtree(run / "tensorboard")
    assert train(data, run, 10) == 0
