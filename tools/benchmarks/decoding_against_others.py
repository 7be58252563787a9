"""Translation against OpenNMT-py, JoeyNMT and Marian: sentences and pieces per second, start-up left out.

    python tools/benchmarks/decoding_against_others.py --folder FOLDER --model DIR --work DIR [--repeats 3]

The others are trained for `--epochs` at 2 x 512, as `against_others.py` trains them, in its environments in DIR, once
(`--systems NAME --epochs N --repeats 0` trains one of them, longer than the rest, and measures nothing).
Then test2016 of FOLDER is translated by all of them in turn, `--repeats` times, on `--threads` threads: ours, the
model folder `--model`, in float32, as `nmt translate` does it; the others with batches of several sizes, of which the
best counts. Every system is shown at its fastest run. Models that were trained for different times make translations
of different lengths: so the pieces that come out, with end symbols, are counted as well.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from others import data, joeynmt, marian, opennmt
from others.common import Decoded, Task
from training_speed import matrix_speed

from nmt.config import SearchConfig
from nmt.data.subwords import Subwords
from nmt.errors import guard
from nmt.translator import Translator

LAYERS, HIDDEN, UPDATES_AN_EPOCH, SENTENCES = 2, 512, 453, 64
PRUNE = SearchConfig().prune
OURS = (("beam 5", 5, PRUNE), ("beam 5, nothing pruned", 5, 0.0), ("greedy", 1, PRUNE))
OTHERS = {"OpenNMT-py": opennmt, "JoeyNMT": joeynmt, "Marian": marian}
BATCHES = {"OpenNMT-py": (30, 100), "JoeyNMT": (30, 100), "Marian": (32, 64)}


def prepared(arguments: argparse.Namespace) -> tuple[list[str], Path, dict[str, Task]]:
    """The sentences, a file of their pieces, and the trained others."""
    work = arguments.work.absolute()
    corpus, epochs = str(arguments.folder), arguments.epochs
    data.prepare(work / "data", corpus, "en", "de", pieces=8000, sentences=SENTENCES, epochs=epochs)
    lines = (arguments.folder / "test2016.en").read_text(encoding="utf-8").split("\n")[:-1]
    subwords = Subwords((work / "data" / "joint.spm").read_bytes(), "joint.spm")
    source = work / "data" / "test.en"
    source.write_text("".join(" ".join(subwords.pieces(row[:-1])) + "\n" for row in subwords.encode(lines)))
    tasks = {}
    for name in arguments.systems:
        folder = work / "runs" / f"{name.lower().removesuffix('-py')}-2x512.decode"
        sizes = (LAYERS, HIDDEN, SENTENCES, UPDATES_AN_EPOCH * epochs, arguments.threads)
        tasks[name] = Task(work / "data", folder, "en", "de", *sizes)
        if not folder.exists():
            folder.mkdir(parents=True)
            OTHERS[name].train(tasks[name], work)
    return lines, source, tasks


def ours(translator: Translator, lines: list[str], beam: int, prune: float) -> Decoded:
    """Translates by the path that `nmt translate` takes."""
    search = SearchConfig(beam=beam, prune=prune)
    started = time.perf_counter()
    found = list(translator.stream(lines, search))
    seconds = time.perf_counter() - started
    pieces = sum(len(part.hypotheses[0].pieces) for translation in found for part in translation.parts)
    return Decoded(seconds, len(lines), pieces)


def run(arguments: argparse.Namespace) -> None:
    """Measures, and prints the table."""
    torch.set_num_threads(arguments.threads)
    lines, source, tasks = prepared(arguments)
    if not arguments.repeats:
        return
    systems: dict[str, Callable[[], Decoded]] = {}
    for folder in arguments.model:
        translator = Translator.load(folder, "cpu")
        list(translator.stream(lines[:200]))
        for kind, beam, prune in OURS:
            systems[f"ours, {folder.name}, {kind}"] = partial(ours, translator, lines, beam, prune)
    for name, task in tasks.items():
        for sentences in BATCHES[name]:
            translate = partial(OTHERS[name].translate, task, arguments.work.absolute(), source, 5, sentences)
            systems[f"{name}, beam 5, batches of {sentences}"] = translate
    runs: dict[str, list[Decoded]] = {name: [] for name in systems}
    speeds = []
    for _ in range(arguments.repeats):
        for name, system in systems.items():
            speeds.append(matrix_speed(torch.float32))
            runs[name].append(system())
            print(f"{name}: {runs[name][-1]}", file=sys.stderr, flush=True)
    print(f"{len(lines)} sentences, {arguments.threads} threads, matrices {statistics.median(speeds):.0f} GFLOP/s")
    print("| system | sentences/s | all runs | pieces/s | pieces a sentence |", "|---|---|---|---|---|", sep="\n")
    for name, several in runs.items():
        best = min(several, key=lambda one: one.seconds)
        each = ", ".join(f"{one.sentences / one.seconds:.1f}" for one in several)
        pace, length = best.pieces / best.seconds, best.pieces / best.sentences
        print(f"| {name} | {best.sentences / best.seconds:.1f} | {each} | {pace:,.0f} | {length:.1f} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="with train, val and test2016 of en and de")
    parser.add_argument("--model", type=Path, nargs="+", required=True, help="our model folders, 2 x 512")
    parser.add_argument("--work", type=Path, required=True, help="environments, data and the others' runs")
    parser.add_argument("--systems", nargs="+", choices=OTHERS, default=list(OTHERS))
    parser.add_argument("--epochs", type=int, default=1, help="of the others' training, where there is none yet")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    return guard(lambda: run(arguments), parser.prog)


if __name__ == "__main__":
    sys.exit(main())
