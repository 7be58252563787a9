"""What a training tells lies in log.jsonl and TensorBoard, and goes to stderr; stdout is for results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nmt.training import tracking
from nmt.training.tracking import Tracker, describe

VALUES = {"loss": 2.5, "tokens_per_second": 12345.0}
SCORES = {"loss": 2.25, "bleu": 31.5}


def track(folder: Path, first: int) -> None:
    """An update and a validation at update `first`."""
    tracker = Tracker(folder)
    tracker.update(first, 0.5, VALUES)
    tracker.validation(first, SCORES, [("ein", "one", "won")])
    tracker.say("halfway")
    tracker.close()


def test_the_log_has_every_record_and_a_second_start_adds_to_it(tmp_path: Path) -> None:
    track(tmp_path, 10)
    track(tmp_path, 20)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(record.pop("kind"), record.pop("update")) for record in records] == [
        ("train", 10),
        ("valid", 10),
        ("train", 20),
        ("valid", 20),
    ]
    times = [record.pop("time") for record in records]
    assert times == sorted(times)
    assert records == [VALUES, SCORES] * 2


def test_a_record_can_be_read_while_the_training_goes_on(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    tracker.update(1, 0.1, VALUES)
    assert json.loads((tmp_path / "log.jsonl").read_text())["loss"] == VALUES["loss"]
    tracker.close()


def test_tensorboard_reads_the_same_numbers(tmp_path: Path) -> None:
    track(tmp_path, 10)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    for kind, values in (("train", VALUES), ("valid", SCORES)):
        for name, value in values.items():
            (scalar,) = events.Scalars(f"{kind}/{name}")
            assert (scalar.step, scalar.value) == (10, value)
    (text,) = events.Tensors("valid/samples/text_summary")
    assert all(word in text.tensor_proto.string_val[0].decode() for word in ("ein", "one", "won"))


def test_people_read_stderr_and_programs_stdout(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    track(tmp_path, 10)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines() == ["update 10  validation  loss 2.25  bleu 31.5", "halfway"]
    monkeypatch.setattr(tracking, "LINE_SECONDS", 0)  # where stderr is no terminal, a line at times instead of a bar
    track(tmp_path, 20)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[0] == (
        "update 20  50% of the budget, measuring the pace  loss 2.5  tokens_per_second 12,345"
    )


def test_the_remaining_time_is_that_of_this_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(tracking.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(tracking, "LINE_SECONDS", 0)
    tracker = Tracker(tmp_path)
    tracker.update(500, 0.5, VALUES)  # taken up at half of the budget
    now[0] += 60
    tracker.update(600, 0.6, VALUES)  # a tenth of it in a minute: four tenths are four minutes
    tracker.close()
    assert "60% of the budget, 04:00 left" in capfd.readouterr().err


def test_numbers_are_written_as_people_read_them() -> None:
    assert (
        describe({"loss": 2.34567, "speed": 12345.6, "rate": 0.000123456}) == "loss 2.35  speed 12,346  rate 0.000123"
    )
