"""A model folder beside the small, fast one that `nmt compress` makes of it: speed, quality and size.

    python tools/benchmarks/compressed_speed.py --model DIR --compressed DIR --source FILE --reference FILE
        [--beam 5] [--threads 2] [--repeat 3]

Prints a table: sentences per second over the whole file, the best of the repetitions, in which both take turns so that
other work on the machine hits both alike; the median time of a single sentence in milliseconds at that beam and greedy;
BLEU and chrF with their signatures; the size of the folder, without what a training run needs to go on. Loading is left
out, and the first translations are not counted. At the end the ratios, and whether they hold what is promised: 1.6
times the speed, 0.3 BLEU and 0.3 chrF lost at most, a third of the size. Exits with 1 where they do not.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from nmt.evaluation.metrics import corpus_scores
from nmt.translator import Translator

SINGLE = 100
"""Sentences translated one by one."""
FASTER, LOST, SMALLER = 1.6, 0.3, 1 / 3


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Seconds, and the result."""
    started = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - started, result


def folder_bytes(folder: Path) -> int:
    """Size of what `nmt translate` reads of a model folder."""
    read = [*folder.glob("*.safetensors"), *folder.glob("*.spm"), folder / "config.json"]
    return sum(path.stat().st_size for path in read)


def measure(folders: dict[str, Path], arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What the table shows, by name of the folder."""
    lines, references = (
        path.read_text(encoding="utf-8").split("\n")[:-1] for path in (arguments.source, arguments.reference)
    )
    few = lines[:: max(1, len(lines) // SINGLE)]
    translators = {name: Translator.load(folder, "cpu") for name, folder in folders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in folders}
    singles: dict[tuple[str, int], list[float]] = {(name, beam): [] for name in folders for beam in (1, arguments.beam)}
    texts: dict[str, list[str]] = {}
    for _ in range(arguments.repeat):
        for name, translator in translators.items():
            for beam in (1, arguments.beam):
                search = translator.config.search.model_copy(update={"beam": beam, "nbest": 1})
                translator.translate(lines[:20], search)
                each = [timed(translator.translate, line, search)[0] for line in few]
                singles[name, beam].append(statistics.median(each))
            whole, translations = timed(translator.translate, lines, search)
            seconds[name].append(whole)
            texts[name] = [translation.text for translation in translations]
    found: dict[str, dict[str, Any]] = {}
    for name, folder in folders.items():
        scores = corpus_scores(texts[name], [references], tokenize="13a", lowercase=False, bootstrap=False)
        found[name] = {
            "speed": len(lines) / min(seconds[name]),
            "beam": 1e3 * min(singles[name, arguments.beam]),
            "greedy": 1e3 * min(singles[name, 1]),
            "bleu": scores["bleu"],
            "chrf": scores["chrf"],
            "bytes": folder_bytes(folder),
        }
    return found


def main() -> int:
    """Measures, prints the table and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "compressed", "source", "reference"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    found = measure({"full": arguments.model, "compressed": arguments.compressed}, arguments)
    print(f"| model | sentences/s, beam {arguments.beam} | one sentence, ms | greedy, ms | BLEU | chrF | MB |")
    print("|---|---|---|---|---|---|---|")
    for name, row in found.items():
        scores = f"{row['bleu'].score:.2f} | {row['chrf'].score:.2f}"
        times = f"{row['speed']:.1f} | {row['beam']:.1f} | {row['greedy']:.1f}"
        print(f"| {name} | {times} | {scores} | {row['bytes'] / 1e6:.1f} |")
    full, compressed = found["full"], found["compressed"]
    speed, size = compressed["speed"] / full["speed"], compressed["bytes"] / full["bytes"]
    lost = {metric: full[metric].score - compressed[metric].score for metric in ("bleu", "chrf")}
    print(f"{full['bleu'].signature}; {full['chrf'].signature}")
    print(f"speed x {speed:.2f}, size x {size:.2f}, lost {lost['bleu']:.2f} BLEU and {lost['chrf']:.2f} chrF")
    holds = speed >= FASTER and size <= SMALLER and max(lost.values()) <= LOST
    print(f"at least x {FASTER}, at most x {SMALLER:.2f}, at most {LOST} lost: {'holds' if holds else 'does not hold'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
