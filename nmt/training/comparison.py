"""Networks compared by training each for the same minutes: those of a recipe, as wide as makes them equally large."""

from __future__ import annotations

import argparse
import bisect
import json
import math
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nmt.config import Config
from nmt.errors import UserError, choose, guard
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.model_folder import write_durably
from nmt.training.tracking import read_log

PIECES, EMBEDDING = 5000, 128  # as `presets.py` has them for corpora of this size
WIDTH_STEP, MOST_STEPS = 16, 100
MOST_LARGER = 1.25
"""How much larger than asked for a network may be."""
SIZES = {
    "subwords.vocabulary": PIECES,
    "subwords.joint": "false",
    "model.tied": "none",
    "model.embedding": EMBEDDING,
}
"""What is the same everywhere, if nothing else is said, for a number of parameters to be reached by the width alone."""
COLUMNS = "million parameters | target tokens/s | epochs | validation BLEU (greedy) | test BLEU"


def sized(settings: Mapping[str, Any], parameters: int) -> dict[str, Any]:
    """SIZES, the settings, by dotted key, and the least `model.hidden`, in steps of WIDTH_STEP, that gives a network so
    many parameters. Raises UserError where even the narrowest is much larger."""
    settings = {**SIZES, **settings}

    def count(steps: int) -> int:
        model = Config().replace({**settings, "model.hidden": steps * WIDTH_STEP}).model
        with torch.device("meta"):  # the shapes without the numbers
            return parameter_count(Seq2Seq(model, PIECES, PIECES, joint=False))

    if (most := count(MOST_STEPS)) < parameters:
        raise UserError(f"a network has {most:,} parameters at most, not {parameters:,}: lower --parameters.")
    steps = 1 + bisect.bisect_left(range(1, MOST_STEPS), True, key=lambda steps: count(steps) >= parameters)
    if count(steps) > MOST_LARGER * parameters:
        raise UserError(f"a network has {count(steps):,} parameters at least, not {parameters:,}: raise --parameters.")
    return {**settings, "model.hidden": steps * WIDTH_STEP}


def train(recipe: Path, settings: Mapping[str, Any], others: Sequence[str], output: Path) -> Path:
    """Trains by a recipe in a process of its own, with settings by dotted key and other words of the command line, and
    keeps what it says beside its folder, OUTPUT.log, below the settings. A finished run of the same settings is not
    repeated; of others, or stopped, it goes on or says why not. Returns the folder. Raises UserError if the training
    fails."""
    words = [*(word for key, value in settings.items() for word in (f"--{key}", str(value))), *others]
    asked, log = f"{shlex.join(words)}\n", Path(f"{output}.log")
    finished = (output / "scores.json").exists() and log.exists() and log.read_text().startswith(asked)
    if not finished:
        output.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(recipe), "--output", str(output), *words]
        with log.open("w") as said:
            said.write(asked)
            said.flush()
            if subprocess.run(command, stdout=said, stderr=said).returncode:
                raise UserError(f"{output.name} was not trained to its end: {log} says why.")
    return output


def row(folder: Path) -> str:
    """Cells of the table, under COLUMNS, from what a run left in its folder."""
    records = read_log(folder)
    training = [record for record in records if record["kind"] == "train"]
    # Of a run that ended before its first entry there is no speed.
    speed = statistics.median([record["tokens_per_second"] for record in training] or [0])
    scores = [record["bleu"] for record in records if record["kind"] == "valid"]
    if not scores:
        raise UserError(
            f"{folder} has no log.jsonl with a validation: restore it, or remove the folder to train again."
        )
    valid = max(scores)
    epochs = max((record["epoch"] for record in training), default=0)
    info = json.loads(subprocess.check_output([sys.executable, "-m", "nmt", "info", "--model", str(folder)]))
    tests = ", ".join(f"{result['bleu']['score']:.1f}" for result in info["scores"].values())
    return f"{info['parameters'] / 1e6:.2f} | {speed:,.0f} | {epochs:.0f} | {valid:.1f} | {tests}"


def table(folders: Mapping[str, Path], names: str) -> str:
    """The whole table, with the `names` of its first columns and the rows' by their folders."""
    columns = f"{names} | {COLUMNS}"
    lines = [f"| {columns} |", "|---" * (columns.count("|") + 1) + "|"]
    return "\n".join([*lines, *(f"| {name} | {row(folder)} |" for name, folder in folders.items())])


def compare(description: str | None, variants: Mapping[str, Mapping[str, Any]], recipe: Path) -> int:
    """What a recipe that compares calls: trains the variants one after the other by another recipe, prints the table
    and writes it to table.md beside the runs. Returns the exit code."""
    program = f"python {sys.argv[0]}"
    parser = argparse.ArgumentParser(program, description=description, allow_abbrev=False)
    parser.formatter_class = argparse.RawTextHelpFormatter
    parser.add_argument("--output", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--parameters", type=float, default=5.0, help="millions, about the same for all")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=list(variants), help=", ".join(variants))
    chosen, others = parser.parse_known_args()

    def train_and_tell() -> None:
        if not 0 < chosen.parameters < math.inf:
            raise UserError(f"--parameters is {chosen.parameters}: give millions, such as 5.")
        varied = {*SIZES, "model.hidden", *(key for settings in variants.values() for key in settings)}
        for word in others:
            if word.startswith("--") and word[2:].partition("=")[0] in varied:
                raise UserError(f"{word.partition('=')[0]} is what is compared here, or kept alike: leave it out.")
        wanted = round(chosen.parameters * 1e6)  # all are sized before the first is trained
        picked = {name: sized(choose(variants, name, "--only"), wanted) for name in chosen.only}
        folders = {}
        for name, settings in picked.items():
            print(f"{name}: {chosen.output / name}.log", file=sys.stderr, flush=True)
            folders[name] = train(recipe, settings, others, chosen.output / name)
        found = table(folders, "architecture")
        write_durably(chosen.output / "table.md", f"{found}\n".encode())
        print(found)

    return guard(train_and_tell, program)
