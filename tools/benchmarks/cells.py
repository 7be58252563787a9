"""Cells and attentions, trained for the same minutes on Multi30k: BLEU, speed and size as a table.

    python tools/benchmarks/cells.py --folder FOLDER --output runs/cells [--minutes 5] [--side-by-side 2]
        [--cells lstm ssru ...] [--attentions multihead ...] [--parameters 8.0]

All cells with all attentions, or those that are named. With `--parameters`, every network is made as wide as it takes
to come to so many million parameters, and the comparison is one at equal size and equal minutes.
Runs that are already finished are not repeated. `--side-by-side N` trains N at once, with one thread each.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nmt.config import ModelConfig
from nmt.model.attention import ATTENTION
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import Seq2Seq, parameter_count

PIECES, EMBEDDING = 5000, 128  # as `nmt/training/presets.py` has them for this corpus
WIDTH_STEP = 16


def width(cell: str, attention: str, parameters: int) -> int:
    """The least `model.hidden`, in steps of WIDTH_STEP, with which a network has so many parameters."""

    def enough(steps: int) -> bool:
        config = ModelConfig(cell=cell, attention=attention, embedding=EMBEDDING, hidden=steps * WIDTH_STEP)
        return parameter_count(Seq2Seq(config, PIECES, PIECES, joint=False)) >= parameters

    return WIDTH_STEP * (1 + bisect.bisect_left(range(1, 100), True, key=enough))


def train(cell: str, attention: str, arguments: argparse.Namespace) -> Path:
    """Trains one translator in a process of its own; returns its folder."""
    output = Path(arguments.output) / f"{cell}-{attention}"
    command = [sys.executable, "recipes/multi30k.py", "--data.folder", arguments.folder]
    command += ["--data.source", arguments.source, "--data.target", arguments.target, "--output", str(output)]
    command += ["--model.cell", cell, "--model.attention", attention, "--train.minutes", str(arguments.minutes)]
    if arguments.parameters:
        hidden = width(cell, attention, round(arguments.parameters * 1e6))
        command += ["--subwords.vocabulary", str(PIECES), "--subwords.joint", "false", "--model.tied", "none"]
        command += ["--model.embedding", str(EMBEDDING), "--model.hidden", str(hidden)]
    if arguments.side_by_side > 1:
        command += ["--train.threads", "1"]
    if not (output / "scores.json").exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{output}.log", "w") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log)
    return output


def row(folder: Path) -> str:
    """A line of the table, from what a run left in its folder."""
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    speed = statistics.median(record["tokens_per_second"] for record in records if record["kind"] == "train")
    valid = max(record["bleu"] for record in records if record["kind"] == "valid")
    epochs = max(record["epoch"] for record in records if record["kind"] == "train")
    info = json.loads(subprocess.check_output(["nmt", "info", "--model", str(folder)]))
    tests = ", ".join(f"{result['bleu']['score']:.1f}" for result in info["scores"].values())
    cell, _, attention = folder.name.rpartition("-")
    cells = [
        cell,
        attention,
        f"{info['parameters'] / 1e6:.2f}",
        f"{speed:,.0f}",
        f"{epochs:.0f}",
        f"{valid:.1f}",
        tests,
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Trains what is missing and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--source", default="en")
    parser.add_argument("--target", default="de")
    parser.add_argument("--output", default="runs/cells")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--cells", nargs="+", choices=list(RECURRENT), default=list(RECURRENT))
    parser.add_argument("--attentions", nargs="+", choices=list(ATTENTION), default=list(ATTENTION))
    parser.add_argument("--parameters", type=float, help="millions, the same for all")
    parser.add_argument("--side-by-side", type=int, default=1)
    arguments = parser.parse_args()
    with ThreadPoolExecutor(arguments.side_by_side) as pool:
        pairs = itertools.product(arguments.cells, arguments.attentions)
        folders = list(pool.map(lambda pair: train(*pair, arguments), pairs))
    print("| cell | attention | million parameters | target tokens/s | epochs | validation BLEU (greedy) | test BLEU |")
    print("|---|---|---|---|---|---|---|")
    for folder in folders:
        print(row(folder))


if __name__ == "__main__":
    main()
