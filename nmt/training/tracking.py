"""Watching a training: a progress bar or log lines on stderr, `log.jsonl`, TensorBoard."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

LINE_SECONDS = 30
"""Seconds between log lines where stderr is no terminal."""


class Tracker:
    """Writes what a training tells. `progress` is the share of the budget used, from 0 to 1."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder / "tensorboard"))
        self._log = (folder / "log.jsonl").open("a", encoding="utf-8")
        self._terminal = sys.stderr.isatty()
        self._bar: Any = tqdm(
            total=1.0,
            disable=not self._terminal,
            bar_format="{l_bar}{bar}|{postfix}",
            dynamic_ncols=True,
        )
        self._last_line = self._began = time.monotonic()
        self._began_at: float | None = None

    def update(self, update: int, progress: float, values: dict[str, float]) -> None:
        """Numbers of the updates since the last call."""
        self._record("train", update, values)
        self._bar.n = progress
        text = f"{self._remaining(progress)}  {describe(values)}"
        self._bar.set_postfix_str(text)
        if not self._terminal and time.monotonic() - self._last_line >= LINE_SECONDS:
            self._last_line = time.monotonic()
            self.say(f"update {update}  {progress:.0%} of the budget, {text}")

    def _remaining(self, progress: float) -> str:
        """What is left at the pace since the start of this process: an earlier one's share does not count."""
        if self._began_at is None or progress <= self._began_at:
            self._began, self._began_at = time.monotonic(), progress
            return "measuring the pace"
        seconds = (1 - progress) / (progress - self._began_at) * (time.monotonic() - self._began)
        return f"{tqdm.format_interval(round(seconds))} left"

    def validation(self, update: int, values: dict[str, float], samples: list[tuple[str, str, str]]) -> None:
        """Validation scores, and a few (source, translation, reference) to look at."""
        self._record("valid", update, values)
        lines = [f"**{source}**  \n{hypothesis}  \n*{reference}*" for source, hypothesis, reference in samples]
        self._writer.add_text("valid/samples", "\n\n".join(lines), update)
        self.say(f"update {update}  validation  {describe(values)}")

    def say(self, message: str) -> None:
        """A line on stderr, above the progress bar."""
        tqdm.write(message, file=sys.stderr)

    def close(self) -> None:
        """Flushes and closes everything."""
        self._bar.close()
        self._writer.close()
        self._log.close()

    def _record(self, kind: str, update: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{kind}/{name}", value, update)
        self._log.write(json.dumps({"kind": kind, "update": update, "time": time.time(), **values}) + "\n")
        self._log.flush()


def describe(values: dict[str, float]) -> str:
    """Numbers as people read them: `loss 2.31  tokens_per_second 12,345`."""
    return "  ".join(
        f"{name} {value:,.0f}" if abs(value) >= 100 else f"{name} {value:.3g}" for name, value in values.items()
    )
