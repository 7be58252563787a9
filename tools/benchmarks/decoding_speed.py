"""Translation speed of a model folder, beside the machine's matrix speed, measured in the same run.

    python tools/benchmarks/decoding_speed.py --model DIR --source FILE [--beams 1 5] [--threads 2] [--repeat 3]

Prints a table: sentences per second over the whole file, and the median and the 95th percentile of the time that a
single sentence takes, in milliseconds; each with the weights as they lie in the network (plain) and as they are laid
out for search (packed, what `nmt translate` does). Loading is left out, and the first translations are not counted.
The best of the repetitions is shown, all of them following each other in turn, so that other work on the machine
hits all alike. At the end: how many lines differ between plain and packed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from nmt.translator import Translator

SINGLE = 100
"""Sentences translated one by one."""


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and the result."""
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def matrix_speed(seconds: float = 1.0) -> float:
    """GFLOP/s of 1024 x 1024 x 1024 products: the median over the time given."""
    left, right = torch.randn(2, 1024, 1024)
    speeds, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        speeds.append(2 * 1024**3 / timed(partial(torch.mm, left, right))[0] / 1e9)
    return statistics.median(speeds)


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    translator = Translator.load(arguments.model, "cpu")
    lines = arguments.source.read_text(encoding="utf-8").split("\n")[:-1]
    steppers = {"plain": translator.network, "packed": translator.searcher.stepper}
    few = lines[:: max(1, len(lines) // SINGLE)]
    print(f"{len(lines)} sentences, {arguments.threads} threads, best of {arguments.repeat} in turn")
    print("| beam | weights | sentences/s | one sentence, median ms | 95th percentile ms | matrix GFLOP/s |")
    print("|---|---|---|---|---|---|")
    for beam in arguments.beams:
        search = translator.config.search.model_copy(update={"beam": beam, "nbest": 1})
        seconds: dict[str, list[float]] = {name: [] for name in steppers}
        singles: dict[str, list[list[float]]] = {name: [] for name in steppers}
        texts: dict[str, list[str]] = {}
        for _ in range(arguments.repeat):
            for name, translator.searcher.stepper in steppers.items():
                translator.translate(lines[:20], search)
                whole, translations = timed(partial(translator.translate, lines, search))
                seconds[name].append(whole)
                texts[name] = [translation.text for translation in translations]
                singles[name].append([timed(partial(translator.translate, line, search))[0] for line in few])
        for name in steppers:
            best = min(singles[name], key=statistics.median)
            middle, late = statistics.median(best), statistics.quantiles(best, n=20)[-1]
            print(
                f"| {beam} | {name} | {len(lines) / min(seconds[name]):.1f} | {1e3 * middle:.1f} | {1e3 * late:.1f} "
                f"| {matrix_speed():.0f} |",
                flush=True,
            )
        differ = sum(plain != packed for plain, packed in zip(texts["plain"], texts["packed"], strict=True))
        print(f"beam {beam}: {differ} of {len(lines)} lines differ between plain and packed")


if __name__ == "__main__":
    main()
