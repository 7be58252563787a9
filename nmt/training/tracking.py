"""Watching a training: a progress bar or log lines on stderr, `log.jsonl`, TensorBoard."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from nmt import plots
from nmt.training.picture import analysis_pictures, attention_picture
from nmt.training.validation import Validation

LINE_SECONDS = 30
"""Seconds between log lines where stderr is no terminal."""

PICTURES = 2
"""Validation pairs whose attention is drawn."""
DRAWING_SHARE = 0.01
"""Most of the time that pictures may take while a training goes on."""
DRAWING_SECONDS = 2.0
"""What drawing takes, as long as that is not known."""
LOG = "log.jsonl"


class Tracker:
    """Writes what a training tells. `progress` is the share of the budget used, from 0 to 1."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder / "tensorboard"))
        log = folder / LOG
        cut = log.exists() and _is_cut(log)
        self._log = log.open("a", encoding="utf-8")
        self._log.write("\n" if cut else "")
        self._others = threading.excepthook
        threading.excepthook = self._lost  # TensorBoard writes in a thread of its own
        self._terminal = sys.stderr.isatty()
        self._bar: Any = tqdm(
            total=1.0,
            disable=not self._terminal,
            bar_format="{l_bar}{bar:20}|{postfix}",
            dynamic_ncols=True,
        )
        self._last_line = self._began = self._started = time.monotonic()
        self._began_at: float | None = None
        self._draws = True
        self._drawing = DRAWING_SECONDS
        self._undrawn: tuple[int, Validation] | None = None

    def update(self, update: int, progress: float, values: dict[str, float], patience: float = 1.0) -> None:
        """Numbers of the updates since the last call. `patience`: the share of the budget at which it ends if nothing
        gets better."""
        self._record("train", update, values)
        self._bar.n = progress
        text = f"{self._remaining(progress, patience)}  {describe(values)}"
        self._bar.set_postfix_str(text)
        if not self._terminal and time.monotonic() - self._last_line >= LINE_SECONDS:
            self._last_line = time.monotonic()
            self.say(f"update {update}  {progress:.0%} of the budget, {text}")

    def took_up(self, update: int) -> None:
        """The training goes on after this update of an earlier start: TensorBoard's curves have what comes in place of
        what that start wrote of later ones."""
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        started = Event(session_log=SessionLog(status=SessionLog.START))
        self._writer.file_writer.add_event(started, step=update + 1)  # type: ignore[attr-defined]

    def _remaining(self, progress: float, patience: float) -> str:
        """What is left at the pace since the start of this process, validations included: an earlier one's share does
        not count."""
        if self._began_at is None or progress <= self._began_at:
            self._began, self._began_at = time.monotonic(), progress
            return "measuring the pace"
        whole = (time.monotonic() - self._began) / (progress - self._began_at)
        left = f"{tqdm.format_interval(round((1 - progress) * whole))} left"
        if progress <= patience < 1:
            left += f" ({tqdm.format_interval(round((patience - progress) * whole))} if nothing gets better)"
        return left

    def validation(self, update: int, validation: Validation) -> None:
        """Validation scores, and a few translations to look at; pictures, too, where there has been time for them."""
        samples = [
            {"source": sample.source, "translation": sample.translation, "reference": sample.reference}
            for sample in validation.samples
        ]
        self._record("valid", update, validation.scores, samples=samples)
        lines = ["**{source}**  \n{translation}  \n*{reference}*".format(**sample) for sample in samples]
        self._writer.add_text("valid/samples", "\n\n".join(lines), update)
        self._undrawn = update, validation
        if self._drawing <= DRAWING_SHARE * (time.monotonic() - self._started):
            self.draw()
        self.say(f"update {update}  validation  {describe(validation.scores)}")

    def draw(self) -> None:
        """Pictures of the last validation, unless there are: attention and the error analyses, as the report has
        them."""
        if self._undrawn is None:
            return
        began = time.monotonic()
        self._pictures(*self._undrawn)
        self._undrawn = None
        self._drawing += time.monotonic() - began

    def _pictures(self, update: int, validation: Validation) -> None:
        if not validation.samples or not self._draws:
            return
        if not plots.installed():
            self._draws = False
            self.say("no pictures in TensorBoard: they need matplotlib, pip install 'nmt[plots]'")
            return
        pictures = analysis_pictures(validation.cases) if validation.cases else {}
        for number, sample in enumerate(validation.samples[:PICTURES], start=1):
            if (picture := attention_picture(sample.seen)) is not None:
                pictures[f"attention-{number}"] = picture
        for name, picture in pictures.items():
            self._writer.add_image(f"valid/{name}", picture, update, dataformats="HWC")

    def say(self, message: str) -> None:
        """A line on stderr, above the progress bar, if there is still someone to read it."""
        with contextlib.suppress(OSError):  # of a terminal that was closed
            tqdm.write(message, file=sys.stderr)

    def close(self) -> None:
        """Flushes and closes everything."""
        self._bar.close()
        with contextlib.suppress(OSError):  # of a full disk; `_lost` has told it
            self._writer.close()
        threading.excepthook = self._others
        with contextlib.suppress(OSError):
            self._log.close()

    def _lost(self, failure: threading.ExceptHookArgs) -> None:
        """Tells in one line that the disk takes nothing more for TensorBoard."""
        if isinstance(failure.exc_value, OSError):
            self.say(f"TensorBoard's files could not be written: {failure.exc_value.strerror}")
        else:
            self._others(failure)

    def _record(self, kind: str, update: int, values: dict[str, float], **more: Any) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{kind}/{name}", value, update)
        record = {"kind": kind, "update": update, "time": time.time(), **values, **more}
        try:
            self._log.write(json.dumps(record, ensure_ascii=False) + "\n")
            self._log.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._log.name) from None  # it names no file by itself


class SilentTracker(Tracker):
    """That of the processes beside the first: the first speaks for all."""

    def __init__(self) -> None:
        pass

    def update(self, update: int, progress: float, values: dict[str, float], patience: float = 1.0) -> None:
        """Nothing."""

    def took_up(self, update: int) -> None:
        """Nothing."""

    def validation(self, update: int, validation: Validation) -> None:
        """Nothing."""

    def draw(self) -> None:
        """Nothing."""

    def say(self, message: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The records of a training's log, oldest first, each with its `kind` and `update`. What a start that was killed
    wrote of updates after its last checkpoint gives way to what came in their place; a line that was cut off, as by a
    power cut, is passed over."""
    records: list[dict[str, Any]] = []
    places: list[tuple[int, str]] = []  # an update's train comes before its valid
    path = folder / LOG
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else ():
        try:
            record = json.loads(line)
            place = int(record["update"]), str(record["kind"])
        except (ValueError, KeyError, TypeError, OverflowError):
            continue
        while places and places[-1] >= place:
            places.pop()
            records.pop()
        places.append(place)
        records.append(record)
    return records


def _is_cut(log: Path) -> bool:
    """Whether a file ends in half a line."""
    with log.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def describe(values: dict[str, float]) -> str:
    """Numbers as people read them: `loss 2.31  tokens_per_second 12,345`."""
    return "  ".join(
        f"{name} {value:,.0f}" if abs(value) >= 100 else f"{name} {value:.3g}" for name, value in values.items()
    )
