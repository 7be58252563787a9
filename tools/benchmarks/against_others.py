"""Training against OpenNMT-py 3.5.1 and JoeyNMT 2.3.0: speed, and validation loss after equal epochs.

    python tools/benchmarks/against_others.py --folder FOLDER --source en --target de --work DIR
        [--epochs 1] [--updates 80] [--repeats 2] [--only ROW ...] [--table]

Each system trains in a process of its own, the others in environments that are made in DIR, with `--threads` threads.
All get the same 8,000 joint byte-pair pieces, the same batches in the same order, Adam at a constant rate of 1e-3,
dropout 0.2, label smoothing 0.1, gradients clipped to a norm of 1. Every row is trained `--repeats` times for some
updates, all rows in turn, and once for `--epochs`. Speed is true target tokens, end symbols included, per second of
training, start, warm-up and validation left out. On a shared machine other work slows some of the windows of five to
ten updates that the logs tell of, so ratios are taken between the upper quartiles of all windows of a row. The loss is
in nats per target piece without smoothing. What was measured is kept in DIR/results, so a run that was stopped goes
on; `--table` only prints.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from others import data, joeynmt, opennmt, ours
from others.common import Outcome, Task
from training_speed import matrix_speed

from nmt.errors import guard


class Row(NamedTuple):
    """A system at a size; `train` gives its outcome from a task and the folder of the environments."""

    size: str
    train: Callable[[Task, Path], Outcome]


SIZES = {"2x512": (2, 512), "1x256": (1, 256)}
OURS: dict[str, dict[str, dict[str, Any]]] = {
    "parallel": {
        "2x512": {"model.embedding": 288},
        "1x256": {"model.embedding": 256},
    },
    "input-feeding": {
        "2x512": {"model.decoder": "input-feeding", "model.embedding": 304},
        "1x256": {"model.decoder": "input-feeding", "model.embedding": 256},
    },
    "ssru": {
        "2x512": {"model.cell": "ssru", "model.embedding": 624, "model.readout": 224},
        "1x256": {"model.cell": "ssru", "model.embedding": 384, "model.readout": 96},
    },
}
"""Our networks, by name and size. The widths are those at which parameters agree with OpenNMT-py's; the SSRU's layers
have about half of an LSTM's, and the embeddings have the others, which costs next to no arithmetic."""


def _ours(
    task: Task,
    environments: Path,
    network: str,
    size: str,
    precision: str,
    processes: int = 1,
) -> Outcome:
    return ours.train(task, OURS[network][size], precision, processes)


ROWS = {
    **{f"opennmt-{size}": Row(size, opennmt.train) for size in SIZES},
    **{f"joeynmt-{size}": Row(size, joeynmt.train) for size in SIZES},
    **{
        f"{network}-{size}-{precision}": Row(size, partial(_ours, network=network, size=size, precision=precision))
        for size in SIZES
        for network in OURS
        for precision in ("float32", "bfloat16")
    },
    **{
        f"{network}-{size}-bfloat16-by-2": Row(
            size,
            partial(_ours, network=network, size=size, precision="bfloat16", processes=2),
        )
        for size in SIZES
        for network in OURS
    },
}
"""Ours are trained in one process of `--threads` threads and, as torchrun does it, in two of half as many."""


class Bar(NamedTuple):
    """A ratio of speeds to be reached, by the better of our precisions."""

    ours: str
    other: str
    ratio: float


BARS = [
    Bar("parallel-2x512", "opennmt-2x512", 2.0),
    Bar("parallel-1x256", "opennmt-1x256", 1.5),
    Bar("input-feeding-2x512", "opennmt-2x512", 1.5),
    Bar("input-feeding-1x256", "opennmt-1x256", 1.2),
    Bar("parallel-2x512", "joeynmt-2x512", 3.5),
    Bar("parallel-1x256", "joeynmt-1x256", 3.5),
    Bar("ssru-2x512", "opennmt-2x512", 2.0),
    Bar("ssru-1x256", "opennmt-1x256", 1.5),
    Bar("ssru-2x512", "joeynmt-2x512", 3.5),
    Bar("ssru-1x256", "joeynmt-1x256", 3.5),
]
TOLERANCE = 0.05
"""Share by which parameters may differ."""


@dataclass
class Measured:
    """The runs of one row, as kept in DIR/results."""

    runs: list[dict[str, Any]]
    loss: float

    @property
    def parameters(self) -> int:
        """Trained numbers."""
        parameters: int = self.runs[0]["parameters"]
        return parameters

    @property
    def speeds(self) -> list[float]:
        """Target tokens per second of each run."""
        totals = (map(sum, zip(*run["windows"], strict=True)) for run in self.runs)
        return [float(tokens / seconds) for tokens, seconds in totals]

    @property
    def quiet(self) -> float:
        """Target tokens per second that a quarter of all windows reach."""
        paces: list[float] = sorted(tokens / seconds for run in self.runs for tokens, seconds in run["windows"])
        return paces[len(paces) * 3 // 4]

    @property
    def matrix(self) -> float:
        """GFLOP/s of float32 just before each run, the median."""
        return float(statistics.median(run["matrix"] for run in self.runs))


def measure(name: str, run: str, updates: int, arguments: argparse.Namespace) -> None:
    """Trains one row once and keeps the outcome. `run` is the name of the run: long, or a number."""
    work = Path(arguments.work).absolute()
    result = work / "results" / f"{name}.{run}.json"
    if result.exists():
        return
    row = ROWS[name]
    folder = work / "runs" / f"{name}.{run}"
    number = 0
    while folder.exists():  # of a run that was stopped
        number += 1
        folder = work / "runs" / f"{name}.{run}.{number}"
    folder.mkdir(parents=True)
    task = Task(
        work / "data",
        folder,
        arguments.source,
        arguments.target,
        *SIZES[row.size],
        arguments.sentences,
        updates,
        arguments.threads,
    )
    matrix = matrix_speed(torch.float32)
    outcome = row.train(task, work)
    result.parent.mkdir(exist_ok=True)
    result.write_text(json.dumps({**asdict(outcome), "matrix": matrix, "updates": updates}))
    print(f"{name} {run}: done in folder {folder}", file=sys.stderr, flush=True)


def collect(work: Path) -> dict[str, Measured]:
    """What was measured, by row."""
    rows = {}
    for name in ROWS:
        files = sorted((work / "results").glob(f"{name}.*.json"))
        runs = {file.name.split(".")[-2]: json.loads(file.read_text()) for file in files}
        if runs:
            rows[name] = Measured(
                list(runs.values()),
                runs["long"]["loss"] if "long" in runs else math.nan,
            )
    return rows


def table(rows: dict[str, Measured]) -> str:
    """The rows in Markdown; ratios to the other systems of the same size."""
    titles = [
        "system",
        "million parameters",
        "target tokens/s of each run",
        "upper quartile",
        "matrix GFLOP/s",
    ]
    lines = [
        [*titles, "times OpenNMT-py", "times JoeyNMT", "validation loss"],
        ["---"] * 8,
    ]
    for name, row in rows.items():
        others = (rows.get(f"{other}-{ROWS[name].size}") for other in ("opennmt", "joeynmt"))
        ratios = ["–" if other is None else f"{row.quiet / other.quiet:.2f}" for other in others]
        speeds = ", ".join(f"{speed:,.0f}" for speed in row.speeds)
        loss = "–" if math.isnan(row.loss) else f"{row.loss:.3f}"
        cells = [
            name,
            f"{row.parameters / 1e6:.2f}",
            speeds,
            f"{row.quiet:,.0f}",
            f"{row.matrix:.0f}",
        ]
        lines.append([*cells, *ratios, loss])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def verdicts(rows: dict[str, Measured]) -> list[str]:
    """A line for every bar whose rows were measured."""
    lines = []
    for bar in BARS:
        own = {name: row for name, row in rows.items() if name.startswith(f"{bar.ours}-")}
        if not own or bar.other not in rows:
            continue
        other = rows[bar.other]
        for name, row in own.items():
            ratio, size = row.quiet / other.quiet, row.parameters / other.parameters - 1
            holds = [
                f"{ratio:.2f} times as fast ({'holds' if ratio >= bar.ratio else 'MISSES'}: {bar.ratio})",
                f"parameters {size:+.1%} ({'holds' if abs(size) <= TOLERANCE else 'MISSES'})",
            ]
            if not math.isnan(row.loss + other.loss):
                holds.append(
                    f"loss {row.loss:.3f} to {other.loss:.3f} ({'holds' if row.loss <= other.loss else 'MISSES'})"
                )
            lines.append(f"- {name} against {bar.other}: {', '.join(holds)}")
    return lines


def run(arguments: argparse.Namespace) -> None:
    """Measures what is missing, and prints."""
    work = Path(arguments.work)
    if not arguments.table:
        torch.set_num_threads(arguments.threads)
        data.prepare(
            work / "data",
            arguments.folder,
            arguments.source,
            arguments.target,
            pieces=8000,
            sentences=arguments.sentences,
            epochs=max(1, math.ceil(arguments.epochs)),
        )
        updates = len(json.loads((work / "data" / "tokens.json").read_text()))
        long = round(updates * arguments.epochs / math.ceil(arguments.epochs)) if arguments.epochs else 0
        for repeat in range(1, arguments.repeats + 1):
            for name in arguments.only:
                measure(name, str(repeat), arguments.updates, arguments)
        for name in arguments.only if long else []:
            measure(name, "long", long, arguments)
    rows = collect(work)
    print(table(rows), *verdicts(rows), sep="\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--source", default="en")
    parser.add_argument("--target", default="de")
    parser.add_argument("--work", required=True, help="environments, data, runs and results")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sentences", type=int, default=64, help="of every batch")
    parser.add_argument(
        "--epochs",
        type=float,
        default=1.0,
        help="of the run for the loss, or a share of one",
    )
    parser.add_argument(
        "--updates",
        type=int,
        default=80,
        help="of the runs for speed, 20 of them a warm-up",
    )
    parser.add_argument("--repeats", type=int, default=2, help="of the runs for speed")
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS), metavar="ROW")
    parser.add_argument("--table", action="store_true", help="print what was measured, measure nothing")
    arguments = parser.parse_args()
    return guard(lambda: run(arguments), parser.prog)


if __name__ == "__main__":
    sys.exit(main())
