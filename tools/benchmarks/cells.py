"""Cells and attentions, trained for the same minutes on Multi30k: BLEU, speed and size as a table.

    python tools/benchmarks/cells.py --folder FOLDER --output runs/cells [--minutes 5] [--side-by-side 2]
        [--cells lstm ssru ...] [--attentions multihead ...] [--parameters 8.0]

All cells with all attentions, or those that are named. With `--parameters`, every network is made as wide as it takes
to come to so many million parameters, and the comparison is one at equal size and equal minutes.
Runs that are already finished are not repeated. `--side-by-side N` trains N at once, with one thread each.
"""

from __future__ import annotations

import argparse
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nmt.model.attention import ATTENTION
from nmt.model.recurrent import RECURRENT
from nmt.training import comparison

RECIPE = Path(__file__).parents[2] / "recipes/multi30k.py"


def train(cell: str, attention: str, arguments: argparse.Namespace) -> Path:
    """Trains one translator; returns its folder."""
    settings: dict[str, object] = {"model.cell": cell, "model.attention": attention}
    if arguments.parameters:
        settings = comparison.sized(settings, round(arguments.parameters * 1e6))
    if arguments.side_by_side > 1:
        settings["train.threads"] = 1
    others = ["--data.folder", arguments.folder, "--data.source", arguments.source]
    others += ["--data.target", arguments.target, "--train.minutes", str(arguments.minutes)]
    return comparison.train(RECIPE, settings, others, Path(arguments.output) / f"{cell}-{attention}")


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
    pairs = list(itertools.product(arguments.cells, arguments.attentions))
    with ThreadPoolExecutor(arguments.side_by_side) as pool:
        folders = list(pool.map(lambda pair: train(*pair, arguments), pairs))
    rows = {f"{cell} | {attention}": folder for (cell, attention), folder in zip(pairs, folders, strict=True)}
    print(comparison.table(rows, "cell | attention"))


if __name__ == "__main__":
    main()
