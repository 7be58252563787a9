"""Every cell with every attention, trained for the same minutes on Multi30k: BLEU, speed and size as a table.

    python tools/benchmarks/cells.py --folder FOLDER --output runs/cells [--minutes 5] [--side-by-side 2]

Runs that are already finished are not repeated. `--side-by-side N` trains N at once, with one thread each.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CELLS = ("rnn", "lstm", "gru")
ATTENTIONS = ("none", "general", "additive", "multihead")


def train(cell: str, attention: str, arguments: argparse.Namespace) -> Path:
    """Trains one translator in a process of its own; returns its folder."""
    output = Path(arguments.output) / f"{cell}-{attention}"
    command = [sys.executable, "recipes/multi30k.py", "--data.folder", arguments.folder]
    command += ["--data.source", arguments.source, "--data.target", arguments.target, "--output", str(output)]
    command += ["--model.cell", cell, "--model.attention", attention, "--train.minutes", str(arguments.minutes)]
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
    cell, _, attention = folder.name.partition("-")
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
    parser.add_argument("--side-by-side", type=int, default=1)
    arguments = parser.parse_args()
    with ThreadPoolExecutor(arguments.side_by_side) as pool:
        pairs = itertools.product(CELLS, ATTENTIONS)
        folders = list(pool.map(lambda pair: train(*pair, arguments), pairs))
    print("| cell | attention | million parameters | target tokens/s | epochs | validation BLEU (greedy) | test BLEU |")
    print("|---|---|---|---|---|---|---|")
    for folder in folders:
        print(row(folder))


if __name__ == "__main__":
    main()
