"""Trains under torchrun: the same curve on one process and on two, and a lost process does no harm.

    python tools/check_processes.py [--folder FOLDER --source en --target de] [--updates 50] [--work FOLDER]

Without --folder, on the phrasebook's pairs. Prints the largest difference of the training loss between one process and
two with the same batches, over all updates and after changing their number half-way; and whether a run one of whose two
processes is killed ends, under `torchrun --max-restarts`, as one in which none was. Exit code 0 if all holds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from check_stopping import end, make_data

BOUND = 1e-4
SETTINGS = {
    "subwords.vocabulary": "1000",
    "model.embedding": "64",
    "model.hidden": "64",
    "model.dropout": "0",  # which is drawn by each process for itself
    "train.batch_tokens": "600",
    "train.schedule": "constant",
    "train.warmup": "0",
    "train.learning_rate": "1e-3",
    "train.log_seconds": "0",
    "train.precision": "float32",
    "train.threads": "1",
    "train.device": "cpu",
}


def command(processes: int, data: list[str], output: Path, **changes: object) -> list[str]:
    """A training on so many processes. `changes`: settings, with __ for the dot."""
    settings = {**SETTINGS, "output": str(output), **{key.replace("__", "."): str(v) for key, v in changes.items()}}
    launch = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "--max-restarts=3", "-m", "nmt"]
    words = [word for key, value in settings.items() for word in (f"--{key}", value)]
    return [sys.executable, "-m", *(launch if processes > 1 else ["nmt"]), "train", *data, *words]


def run(words: list[str], kill_at: int | None = None, output: Path | None = None) -> str:
    """Runs a training; kills the last of its processes when a checkpoint of that update or a later one is there.
    Returns what it said; raises RuntimeError when it fails."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said)
        while kill_at is not None and process.poll() is None:
            updates = [int(path.name[-9:]) for path in output.glob("trainer/checkpoint-?????????")] if output else []
            if max(updates, default=0) >= kill_at:
                os.kill(children(process.pid)[-1], signal.SIGKILL)
                break
            time.sleep(0.01)
        process.wait()
        said.seek(0)
        text = said.read().decode()
    if process.returncode:
        raise RuntimeError(f"a training ended with {process.returncode}:\n{text}")
    return text


def children(process: int) -> list[int]:
    """The processes that a process started, oldest first."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=True)
    return [int(line) for line in listed.stdout.split()]


def losses(output: Path) -> list[float]:
    """The training loss of every update."""
    records = map(json.loads, (output / "log.jsonl").read_text().splitlines())
    found = {record["update"]: record["loss"] for record in records if record["kind"] == "train"}
    return [found[update] for update in sorted(found)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--source", default="en")
    parser.add_argument("--target", default="de")
    parser.add_argument("--updates", type=int, default=50)
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    whole, half = arguments.updates, arguments.updates // 2
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        work = Path(name)
        if arguments.folder is None:
            make_data(work / "data")
        folder = arguments.folder or work / "data"
        data = ["--data.folder", str(folder), "--data.source", arguments.source, "--data.target", arguments.target]
        holds = []
        for title, first, second in (("1", 1, 1), ("2", 2, 2), ("2, then 1", 2, 1), ("1, then 2", 1, 2)):
            output = work / f"{first}-{second}"
            run(command(first, data, output, train__updates=half))
            run(command(second, data, output, train__updates=whole))
            found, expected = losses(output), losses(work / "1-1")
            largest = max(abs(one - other) for one, other in zip(found, expected, strict=True))
            holds.append(largest <= BOUND and len(found) == whole)
            print(f"{title} processes: loss {found[0]:.4f} -> {found[-1]:.4f}, differs by {largest:.1e} at most")
        long = {"train__updates": 6 * whole, "train__validate_every": whole, "model__dropout": 0.2}
        run(command(2, data, work / "unharmed", **long))
        said = run(command(2, data, work / "harmed", **long), kill_at=2 * whole, output=work / "harmed")
        resumed = [line for line in said.splitlines() if line.startswith("resumed")]
        holds.append(end(work / "harmed") == end(work / "unharmed") and bool(resumed))
        print(f"a killed process: {resumed}; the end is {'the same, bit for bit' if holds[-1] else 'ANOTHER'}")
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
