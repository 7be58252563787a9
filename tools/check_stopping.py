"""Kills trainings at random moments, takes them up again, and looks whether they end as one that was never stopped.

    python tools/check_stopping.py [--runs 20] [--kills 3] [--updates 150] [--work FOLDER]

Trains a small model on the phrasebook's pairs once without a stop; then, so many times, with SIGKILL at random moments,
every other time while a checkpoint is being written. Counts the runs whose best weights, last weights and optimiser are
those of the first, bit for bit. Exit code 0 if all are.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPES = Path(__file__).parent.parent / "recipes"
SETTINGS = {
    "data.source": "en",
    "data.target": "de",
    "subwords.vocabulary": "600",
    "subwords.algorithm": "unigram",
    "model.embedding": "64",
    "model.hidden": "64",
    "train.batch_tokens": "300",
    "train.validate_every": "20",
    "train.ema": "0.9",
    "train.subword_dropout": "0.1",
    "train.subword_sampling": "0.5",
    "train.average": "2",
    "train.precision": "float32",
    "train.threads": "1",
    "train.device": "cpu",
}


def command(data: Path, output: Path, updates: int) -> list[str]:
    """The training of a folder."""
    settings = {**SETTINGS, "data.folder": str(data), "output": str(output), "train.updates": str(updates)}
    words = [word for key, value in settings.items() for word in (f"--{key}", value)]
    return [sys.executable, "-m", "nmt", "train", *words]


def make_data(folder: Path) -> None:
    """The phrasebook's pairs, few to validate on so that no time is lost."""
    sys.path.insert(0, str(RECIPES))
    from phrasebook_grammar import write

    write(folder)
    for name in ("val", "test"):
        for language in ("en", "de"):
            path = folder / f"{name}.{language}"
            path.write_text("".join(path.read_text().splitlines(keepends=True)[:40]))


def train(words: list[str], kill: float | None = None, *, while_saving: Path | None = None) -> bool:
    """Runs a training; kills it after so many seconds, or then as soon as a checkpoint is half written. Returns whether
    it was killed; raises RuntimeError with what it said when it fails by itself."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as process:
        started = time.monotonic()
        while kill is not None and process.poll() is None:
            half = while_saving is None or any(while_saving.glob("trainer/*.partial"))
            if time.monotonic() - started >= kill and half:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.0005)
        said = process.communicate()[1].decode()
    if process.returncode:
        raise RuntimeError(f"a training ended with {process.returncode}:\n{said}")
    return False


def end(output: Path) -> dict[str, bytes]:
    """What a run ended with."""
    newest = max(output.glob("trainer/checkpoint-?????????"))
    files = [output / "model.safetensors", *sorted(newest.glob("*.safetensors"))]
    return {f"{path.parent.name if path.parent != output else ''}/{path.name}": path.read_bytes() for path in files}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--kills", type=int, default=3, help="in each run")
    parser.add_argument("--updates", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    chosen = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        work = Path(name)
        make_data(work / "data")
        started = time.monotonic()
        train(command(work / "data", work / "whole", arguments.updates))
        seconds, expected = time.monotonic() - started, end(work / "whole")
        same = kills = saving = 0
        for run in range(1, arguments.runs + 1):
            output = work / f"run-{run}"
            words = command(work / "data", output, arguments.updates)
            for number in range(arguments.kills):
                half = output if number % 2 else None
                killed = train(words, chosen.uniform(0, seconds), while_saving=half)
                kills, saving = kills + killed, saving + (killed and half is not None)
            train(words)
            equal = end(output) == expected
            same += equal
            print(f"run {run}: {'the same' if equal else 'ANOTHER END'}", file=sys.stderr, flush=True)
        print(f"{same} of {arguments.runs} runs ended as the one that was never stopped, bit for bit")
        print(f"({kills} kills, {saving} of them while a checkpoint was written; a whole run takes {seconds:.1f} s)")
    return 0 if same == arguments.runs else 1


if __name__ == "__main__":
    sys.exit(main())
