"""What a training tells lies in log.jsonl and TensorBoard, and goes to stderr; stdout is for results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nmt.evaluation.analysis import ANALYSES
from nmt.evaluation.cases import Case, Looked
from nmt.scoring import Scored
from nmt.training import tracking
from nmt.training.picture import attention_picture
from nmt.training.tracking import Tracker, describe, read_log
from nmt.training.validation import Sample, Validation

VALUES = {"loss": 2.5, "tokens_per_second": 12345.0}
SCORES = {"loss": 2.25, "bleu": 31.5}
ATTENTION = torch.tensor([[1.0, 0.0], [0.25, 0.75], [0.0, 1.0]])
SAMPLE = Sample(
    "ein", "one", "won", Scored(-1.0, ["▁ein", "</s>"], ["▁o", "ne", "</s>"], [-0.5, -0.3, -0.2], ATTENTION)
)


def track(folder: Path, first: int) -> None:
    """An update and a validation at update `first`."""
    tracker = Tracker(folder)
    tracker.update(first, 0.5, VALUES)
    tracker.validation(first, Validation(SCORES, [SAMPLE]))
    tracker.draw()
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
    samples = [{"source": "ein", "translation": "one", "reference": "won"}]
    assert records == [VALUES, {**SCORES, "samples": samples}] * 2


def test_a_record_can_be_read_while_the_training_goes_on(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    tracker.update(1, 0.1, VALUES)
    assert json.loads((tmp_path / "log.jsonl").read_text())["loss"] == VALUES["loss"]
    tracker.close()


def test_tensorboard_reads_the_same_numbers(tmp_path: Path) -> None:
    track(tmp_path, 10)
    events = EventAccumulator(str(tmp_path / "tensorboard"), size_guidance={"images": 0})
    events.Reload()
    for kind, values in (("train", VALUES), ("valid", SCORES)):
        for name, value in values.items():
            (scalar,) = events.Scalars(f"{kind}/{name}")
            assert (scalar.step, scalar.value) == (10, value)
    (text,) = events.Tensors("valid/samples/text_summary")
    (image,) = events.Images("valid/attention-1")
    assert (image.step, image.width) == (10, attention_picture(SAMPLE.seen).shape[1])
    assert all(word in text.tensor_proto.string_val[0].decode() for word in ("ein", "one", "won"))


def test_what_a_killed_start_wrote_beyond_its_checkpoint_gives_way_to_what_comes_in_its_place(tmp_path: Path) -> None:
    track(tmp_path, 10)
    track(tmp_path, 20)
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"kind": "train", "update": "16"}\n{"kind": "train", "update": 1e999}\n')
        log.write('{"kind": "train", "upd')  # the power went
    tracker = Tracker(tmp_path)
    tracker.took_up(14)
    tracker.update(15, 0.5, {"loss": 1.5})
    tracker.close()
    found = [(record["kind"], record["update"]) for record in read_log(tmp_path)]
    assert found == [("train", 10), ("valid", 10), ("train", 15)]
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(scalar.step, scalar.value) for scalar in events.Scalars("train/loss")] == [(10, 2.5), (15, 1.5)]


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


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still; every update is a line."""
    time = [1000.0]
    monkeypatch.setattr(tracking.time, "monotonic", lambda: time[0])
    monkeypatch.setattr(tracking, "LINE_SECONDS", 0)
    return time


def test_the_remaining_time_is_that_of_this_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], now: list[float]
) -> None:
    tracker = Tracker(tmp_path)
    tracker.update(500, 0.5, VALUES)  # taken up at half of the budget
    now[0] += 60
    tracker.update(600, 0.6, VALUES)  # a tenth of it in a minute: four tenths are four minutes
    tracker.close()
    assert "60% of the budget, 04:00 left" in capfd.readouterr().err


def test_the_time_that_patience_leaves_is_told_where_it_is_shorter(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], now: list[float]
) -> None:
    tracker = Tracker(tmp_path)
    tracker.update(100, 0.1, VALUES)
    for patience in (0.3, 1.0):
        now[0] += 60
        tracker.update(200, 0.2, VALUES, patience)
    tracker.close()
    lines = capfd.readouterr().err.splitlines()
    assert "08:00 left (01:00 if nothing gets better)" in lines[1]
    assert "16:00 left  loss" in lines[2]


def test_pictures_take_a_hundredth_of_the_time_and_those_of_the_end_are_drawn_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: list[float]
) -> None:
    def drawing(tracker: Tracker, update: int, validation: Validation) -> None:
        drawn.append(update)
        now[0] += 3

    drawn: list[int] = []
    monkeypatch.setattr(Tracker, "_pictures", drawing)
    tracker = Tracker(tmp_path)
    for update, seconds in enumerate((100, 99, 1, 200, 96, 1)):
        now[0] += seconds
        tracker.validation(update, Validation(SCORES, [SAMPLE]))
    assert drawn == [2, 5]  # after 200 seconds, and after 500, when they have taken 5
    tracker.draw()
    assert drawn == [2, 5]
    tracker.validation(6, Validation(SCORES, [SAMPLE]))
    tracker.draw()
    tracker.close()
    assert drawn == [2, 5, 6]


def test_attention_is_drawn_a_row_for_a_target_piece_the_darker_the_more() -> None:
    picture = attention_picture(SAMPLE.seen)
    full = (picture == (0x00, 0x67, 0xA5)).all(axis=2)  # the colour of all attention
    rows, columns = np.nonzero(full)
    first, last = rows[columns < np.median(columns)].mean(), rows[columns > np.median(columns)].mean()
    assert full.sum() > 200, "two cells"
    assert first < last, "the first piece looks at the first one"
    assert attention_picture(Scored(-1.0, ["a"], ["b"], [-1.0], None)) is None


def test_pieces_with_dollars_are_drawn_as_they_are() -> None:
    pieces = ["▁$$", "_$$"]  # mathematics to matplotlib, and wrong
    assert attention_picture(Scored(-1.0, pieces, pieces, [-0.5, -0.5], torch.eye(2))) is not None


def test_numbers_are_written_as_people_read_them() -> None:
    assert (
        describe({"loss": 2.34567, "speed": 12345.6, "rate": 0.000123456}) == "loss 2.35  speed 12,346  rate 0.000123"
    )


def test_tensorboard_shows_the_analyses_of_the_report_that_divide_the_sentences(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    looked, less = Looked(deficit=0.25, excess=0.125, reordering=0.0), Looked(deficit=0.9, excess=0.5, reordering=0.9)
    cases = [Case("a b c", "x y z", "x y z", 0.0, (3, 20, 0), looked)] * 6
    cases += [Case("a b c d e f g", "x y z u v w", "x y", 0.0, (1,) * 7, less)] * 4
    tracker = Tracker(tmp_path)
    tracker.validation(3, Validation(SCORES, [SAMPLE], cases))
    tracker.draw()
    tracker.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"), size_guidance={"images": 0})
    events.Reload()
    alike = {"repetition", "copying", "untranslated", "order"}
    assert set(events.Tags()["images"]) == {f"valid/{name}" for name in {*ANALYSES, "attention-1"} - alike}
    for name in set(ANALYSES) - alike:
        (image,) = events.Images(f"valid/{name}")
        assert (image.step, image.width > 300) == (3, True)


def test_without_matplotlib_it_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracking.plots, "installed", lambda: False)
    tracker = Tracker(tmp_path)
    for update in (1, 2):
        tracker.validation(update, Validation(SCORES, [SAMPLE], [Case("a", "b", "c", 0.0)]))
        tracker.draw()
    tracker.close()
    assert capfd.readouterr().err.count("matplotlib") == 1
