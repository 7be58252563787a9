"""What all systems are given, and what comes back from a training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt.errors import UserError

WARMUP = 20
"""Updates at the beginning that are not timed: caches, allocators and thread pools fill."""
REPORT = 10
"""Updates between two lines of a system's log."""
DROPOUT, SMOOTHING, RATE, CLIP = 0.2, 0.1, 1e-3, 1.0
TORCH = "torch==2.13.0"
"""What systems written with PyTorch need, the version that this project was measured with."""


@dataclass(frozen=True)
class Task:
    """One training: where the data lie, how large the network is, and how long it is trained.

    `data` is what `data.prepare` wrote: train.SOURCE and train.TARGET, valid.SOURCE and valid.TARGET, a sentence a
    line and pieces between spaces, in the order in which they are to be read, `sentences` lines a batch;
    vocabulary.txt, the pieces; tokens.json, the target tokens of each batch, end symbols included.
    """

    data: Path
    folder: Path  # for the run, empty
    source: str
    target: str
    layers: int
    hidden: int
    sentences: int
    updates: int
    threads: int

    @property
    def tokens(self) -> list[int]:
        """Target tokens of every update."""
        tokens: list[int] = json.loads((self.data / "tokens.json").read_text())
        return tokens

    def pieces(self, part: str) -> tuple[str, str]:
        """The files of the pieces of train or valid."""
        return str(self.data / f"{part}.{self.source}"), str(self.data / f"{part}.{self.target}")


@dataclass(frozen=True)
class Outcome:
    """What a training told: parameters, validation loss in nats per piece at the end, and for some updates at a time,
    after the warm-up, the target tokens and the seconds they took."""

    parameters: int
    loss: float
    windows: list[tuple[int, float]]


@dataclass(frozen=True)
class Decoded:
    """What a translation took, without start-up, and gave: sentences, and pieces with end symbols."""

    seconds: float
    sentences: int
    pieces: int


def decoded(seconds: float, output: Path) -> Decoded:
    """From a file with a translation a line, pieces between spaces."""
    lines = output.read_text(encoding="utf-8").splitlines()
    return Decoded(seconds, len(lines), sum(len(line.split()) + 1 for line in lines))


def windows(task: Task, log: Iterable[tuple[str, str]]) -> list[tuple[int, float]]:
    """Tokens and seconds from a log of (update, tokens per second in the `REPORT` updates up to it)."""
    ends = [(int(last), float(pace)) for last, pace in log if int(last) > WARMUP]
    counted = [(sum(task.tokens[last - REPORT : last]), pace) for last, pace in ends]
    return [(tokens, tokens / pace) for tokens, pace in counted]


def environment(folder: Path, package: str, needs: Sequence[str], stubs: Sequence[str] = ()) -> Path:
    """The Python of a virtual environment with a package, its own pins ignored, what it really needs, and empty
    modules in the place of what it imports without need. Made once."""
    python = folder / "bin" / "python"
    done = folder / "complete"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        for command in ([*needs], ["--no-deps", package]):
            execute([str(python), "-m", "pip", "install", "-q", *command], folder / "install.log")
        libraries = next((folder / "lib").glob("python*/site-packages"))
        for name in stubs:
            (libraries / f"{name}.py").write_text('"""A stub: imported, and not used."""\n')
        done.touch()
    return python


def execute(command: Sequence[str], log: Path, threads: int | None = None, **variables: str) -> str:
    """Runs a command; returns what it wrote on both streams, which also goes to a file. Raises UserError."""
    if threads:
        variables |= {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    with log.open("a+") as file:
        start = file.tell()
        done = subprocess.run(command, env={**os.environ, **variables}, stdout=file, stderr=subprocess.STDOUT)
        file.seek(start)
        output = file.read()
    if done.returncode:
        print(output[-2000:], file=sys.stderr)
        raise UserError(f"{' '.join(command[:4])} … failed: see {log}.")
    return output
