"""The largest batch that memory holds is found before the training, and kept with it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from examples import sentence_pairs

from nmt import model_folder
from nmt.cli import main
from nmt.data.batching import BucketOrder
from nmt.data.encoded import EncodedCorpus
from nmt.training import memory, objective
from nmt.training.memory import available, peak


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for part, count in (("train", 3000), ("val", 5)):
        for side, language in enumerate(("en", "de")):
            (folder / f"{part}.{language}").write_text("".join(pair[side] + "\n" for pair in sentence_pairs(count)))
    return folder


def train(data: Path, output: Path, **changes: object) -> int:
    settings = {
        "data.folder": data,
        "data.source": "en",
        "data.target": "de",
        "output": output,
        "subwords.vocabulary": 320,
        "model.hidden": 16,
        "model.embedding": 16,
        "train.batch_tokens": "auto",
        "train.updates": 2,
        "train.threads": 1,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    return main(["train", *(word for key, value in settings.items() for word in (f"--{key}", str(value)))])


def chosen(output: Path) -> object:
    return model_folder.load_config(output).train.batch_tokens


def test_a_small_corpus_keeps_a_hundred_batches_an_epoch(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "FIRST", 100)
    assert train(data, tmp_path / "run") == 0
    (corpus,) = (tmp_path / "run" / "trainer").glob("train-*.arrow")
    found = chosen(tmp_path / "run")
    assert 50 < len(BucketOrder(EncodedCorpus(corpus).lengths, batch_tokens=found, seed=1).epoch(0)) < 200
    capsys.readouterr()
    assert train(data, tmp_path / "run", train__updates=3) == 0  # auto again: as it was found
    assert f"train.batch_tokens auto is for the beginning of a run: it stays {found}" in capsys.readouterr().err
    assert chosen(tmp_path / "run") == found


@pytest.mark.parametrize("room", [700, 3000])
def test_the_largest_that_fits_is_taken(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    losses = objective.batch_losses

    def limited(network: object, batch: object, *arguments: object, **options: object) -> object:
        if batch.source.numel() + batch.target.numel() > room:
            raise MemoryError
        return losses(network, batch, *arguments, **options)

    monkeypatch.setattr(objective, "batch_losses", limited)
    monkeypatch.setattr(memory, "FIRST", 100)
    monkeypatch.setattr(memory, "BATCHES", 1)
    assert train(data, tmp_path / "run") == 0
    assert room / 4 < chosen(tmp_path / "run") <= room


def test_where_memory_does_not_fail_by_itself_what_is_left_is_kept_an_eye_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = iter([100, 100, 100, 110, 110, 210])  # before and after each attempt, in megabytes
    monkeypatch.setattr(memory, "peak", lambda: next(peaks, 210))
    monkeypatch.setattr(memory, "available", lambda device: 250)
    monkeypatch.setattr(memory, "FIRST", 100)
    monkeypatch.setattr(memory, "BATCHES", 1)
    assert train(data, tmp_path / "run") == 0
    assert chosen(tmp_path / "run") == 400


def test_memory_is_told_in_megabytes() -> None:
    assert 50 < peak() < 100_000
    assert available(torch.device("cpu")) > 50
    assert available(torch.device("cuda")) == math.inf
