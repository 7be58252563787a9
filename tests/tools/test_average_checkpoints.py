"""The averaging tool: a model folder like any other, whose weights are the mean."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch
from examples import make_model_folder, run_script, snapshot

from nmt import model_folder

TOOL = Path(__file__).parent.parent.parent / "tools" / "average_checkpoints.py"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with three checkpoints, and two validated weights kept."""
    folder = make_model_folder(tmp_path / "run")
    weights = model_folder.read_tensors(folder / model_folder.WEIGHTS)
    (folder / "trainer" / "validated").mkdir(parents=True)
    for update in (10, 20, 30):
        there = folder / "trainer" / f"checkpoint-{update:09d}"
        there.mkdir()
        scaled = {name: update * value for name, value in weights.items()}
        model_folder.write_tensors(there / model_folder.WEIGHTS, scaled)
        model_folder.write_tensors(folder / "trainer" / "validated" / f"{update:09d}.safetensors", scaled)
        scores = {"000000010.safetensors": 5.0, "000000020.safetensors": 1.0, "000000030.safetensors": 3.0}
        (there / "progress.json").write_text(json.dumps({"validated_scores": scores}))
    return folder


def average(run: Path, output: Path, *words: str) -> CompletedProcess[str]:
    return run_script(TOOL, "--run", str(run), "--output", str(output), *words)


@pytest.mark.parametrize(("words", "factor"), [(("--last", "2"), 25), (("--best", "2"), 20), (("--last", "3"), 20)])
def test_the_weights_are_the_mean_of_those_asked_for(
    run: Path, tmp_path: Path, words: tuple[str, str], factor: int
) -> None:
    done = average(run, tmp_path / "mean", *words)
    assert done.returncode == 0, done.stderr
    found = model_folder.load(tmp_path / "mean").network.state_dict()
    for name, value in model_folder.load(run).network.state_dict().items():
        torch.testing.assert_close(found[name], factor * value)


@pytest.mark.parametrize(("words", "said"), [(("--last", "4"), "train.keep"), (("--best", "4"), "train.average")])
def test_more_than_there_are_is_refused(run: Path, tmp_path: Path, words: tuple[str, str], said: str) -> None:
    done = average(run, tmp_path / "mean", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "mean").exists()


def test_a_damaged_checkpoint_is_told(run: Path, tmp_path: Path) -> None:
    path = run / "trainer" / "checkpoint-000000030" / "progress.json"
    path.write_text("{")
    done = average(run, tmp_path / "mean", "--best", "2")
    assert done.returncode == 2
    assert f"{path} is damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [("--last", "0"), ("--last", "-1"), ("--best", "0"), ("--best", "-1")])
def test_fewer_than_one_are_refused(run: Path, tmp_path: Path, words: tuple[str, str]) -> None:
    done = average(run, tmp_path / "mean", *words)
    assert done.returncode == 2
    assert "give 1 or more" in done.stderr
    assert not (tmp_path / "mean").exists()


def test_nothing_is_written_over(run: Path) -> None:
    before = snapshot(run)
    assert average(run, run, "--last", "2").returncode == 2
    assert snapshot(run) == before
