"""Translates a file of a million lines with a small model: does the memory stay, and does a killed translation go on?

    python tools/check_long_files.py [--lines 1000000] [--few 10000] [--kills 2] [--minutes 1] [--work FOLDER]

Trains a small model on the phrasebook's short sentences for so many minutes and translates few of its lines, then many,
with `nmt translate --beam 1` in one thread; then the many again, killed with SIGKILL at random places and taken up with
--resume. Prints the peak memory of each and whether the resumed output is the uninterrupted one byte for byte. Exit
code 0 if it is and the peak of the many is within 100 MB of that of the few.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPES = Path(__file__).parent.parent / "recipes"
WITHIN = 100
"""MB that the memory may grow by."""
WORDS = 5
"""In a line at most: a million of them are then translated in minutes."""
SETTINGS = {
    "data.source": "en",
    "data.target": "de",
    "subwords.vocabulary": "1200",
    "model.cell": "gru",
    "model.embedding": "64",
    "model.hidden": "64",
    "train.threads": "1",
    "train.device": "cpu",
}


def train(work: Path, minutes: float) -> Path:
    """A small model's folder."""
    sys.path.insert(0, str(RECIPES))
    from phrasebook_grammar import write

    write(work / "data")
    for name in ("train", "val", "test"):
        sides = [work / "data" / f"{name}.{language}" for language in ("en", "de")]
        pairs = zip(*(side.read_text(encoding="utf-8").splitlines(keepends=True) for side in sides), strict=True)
        short = [pair for pair in pairs if len(pair[0].split()) <= WORDS]
        for side, lines in zip(sides, zip(*short, strict=True), strict=True):
            side.write_text("".join(lines), encoding="utf-8")
    settings = {**SETTINGS, "data.folder": work / "data", "output": work / "model", "train.minutes": minutes}
    words = [word for key, value in settings.items() for word in (f"--{key}", str(value))]
    subprocess.run([sys.executable, "-m", "nmt", "train", *words], check=True, stdout=subprocess.DEVNULL)
    return work / "model"


def write_lines(known: list[str], path: Path, count: int, seed: int) -> None:
    """So many lines, drawn from the known ones."""
    chosen = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(chosen.choice(known) for _ in range(count))


def translate(model: Path, source: Path, output: Path, *more: str, kill_at: float | None = None) -> float | None:
    """Translates a file, and returns the peak of the memory in MB; None when it was killed because so many bytes were
    written. Raises RuntimeError when it fails by itself."""
    words = ["--model", model, "--input", source, "--output", output, "--beam", 1, "--threads", 1, *more]
    process = subprocess.Popen([sys.executable, "-m", "nmt", "translate", *map(str, words)])
    partial = output.with_name(output.name + ".partial")
    while kill_at is not None and process.poll() is None:
        if partial.exists() and partial.stat().st_size >= kill_at:
            process.kill()
            process.wait()
            return None
        time.sleep(0.01)
    status, usage = os.wait4(process.pid, 0)[1:] if process.returncode is None else (process.returncode, None)
    if status:
        raise RuntimeError(f"a translation ended with status {status}.")
    return None if usage is None else usage.ru_maxrss / 1024


def measured(model: Path, source: Path, output: Path) -> float:
    """Translates a file without a stop; prints the seconds, and returns the peak of the memory in MB."""
    started = time.monotonic()
    peak = translate(model, source, output) or 0.0
    seconds = time.monotonic() - started
    with output.open("rb") as file:
        lines = sum(1 for _ in file)
    print(f"{lines:,} lines: {seconds:.0f} s, {lines / seconds:,.0f} lines/s, peak {peak:,.0f} MB", flush=True)
    return peak


def main() -> int:
    """Trains, translates, kills, and says what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1.0, help="of training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    chosen = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        work = Path(name)
        model = train(work, arguments.minutes)
        known = (work / "data" / "train.en").read_text(encoding="utf-8").splitlines(keepends=True)
        for label, count in (("few", arguments.few), ("many", arguments.lines)):
            write_lines(known, work / f"{label}.en", count, arguments.seed)
        few, many = (measured(model, work / f"{label}.en", work / f"{label}.de") for label in ("few", "many"))
        bytes_ = (work / "many.de").stat().st_size
        places = sorted(chosen.uniform(0.05, 0.95) for _ in range(arguments.kills))
        killed = 0
        for number, place in enumerate(places):
            again = ["--resume"] if number else []
            killed += translate(model, work / "many.en", work / "again.de", *again, kill_at=place * bytes_) is None
        translate(model, work / "many.en", work / "again.de", "--resume")
        same = (work / "again.de").read_bytes() == (work / "many.de").read_bytes()
        lines = sum(1 for _ in (work / "many.de").open("rb"))
    print(f"killed {killed} times, at {', '.join(f'{place:.0%}' for place in places)}, and resumed: ", end="")
    print("the same bytes" if same else "OTHER BYTES")
    print(f"peak {many - few:+,.0f} MB, {WITHIN} are allowed; {lines:,} of {arguments.lines:,} lines came out")
    return 0 if same and many - few <= WITHIN and lines == arguments.lines and killed == arguments.kills else 1


if __name__ == "__main__":
    sys.exit(main())
