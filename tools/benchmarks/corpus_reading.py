"""Whether reading and filtering scale: twice the pairs, twice the time, the same memory, in every form.

    python tools/benchmarks/corpus_reading.py [--pairs 200000] [--repeats 3] [--form tsv tmx ...]

Writes a corpus of invented words in every form, once with so many pairs and once with twice as many, and reads and
filters each as a training does. Every measurement is of a fresh process: CPU seconds (the least of the repeats, for
other work may run on the machine) without those of starting, and peak resident memory (VmHWM, so Linux only).
"""

from __future__ import annotations

import argparse
import gzip
import json
import lzma
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from pyarrow import ipc, parquet

from nmt.data.packing import PACKINGS

SHARDS = 4
MOST_TIMES, MOST_MORE = 2 * 1.15, 20
PAUSE = 1000
"""Pairs that are read before the clock starts, so that what is imported and allocated once is not counted."""


def pairs(count: int) -> Iterator[tuple[str, str]]:
    """Sentences of invented words, the same at each call."""
    random = np.random.default_rng(1)
    words = np.array(
        [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in ("a", "ei", "ö", "u") for c in "lmnrst"], dtype=object
    )
    for start in range(0, count, 1000):
        for drawn in random.integers(0, len(words), (min(1000, count - start), 24)):
            sides = np.split(words[drawn], 2)
            yield f"{' '.join(sides[0])} & co.", f"{' '.join(sides[1])}."


def text(path: Path, lines: Iterator[str], opened: Callable[..., Any] = open) -> list[str]:
    with opened(path, "wt", encoding="utf-8") as file:
        file.writelines(lines)
    return [str(path)]


def parallel(folder: Path, count: int) -> list[str]:
    return [text(folder / f"train.{code}", (pair[side] + "\n" for pair in pairs(count)))[0]
            for side, code in ((0, "en"), (1, "de"))]  # fmt: skip


def tsv(folder: Path, count: int) -> list[str]:
    return text(folder / "train.tsv", (f"{a}\t{b}\n" for a, b in pairs(count)))


def json_gz(folder: Path, count: int) -> list[str]:
    rows = (json.dumps({"en": a, "de": b}) + "\n" for a, b in pairs(count))
    return text(folder / "train.jsonl.gz", rows, gzip.open)


def tsv_xz(folder: Path, count: int) -> list[str]:
    return text(folder / "train.tsv.xz", (f"{a}\t{b}\n" for a, b in pairs(count)), lzma.open)


def tsv_zst(folder: Path, count: int) -> list[str]:
    path = folder / "train.tsv.zst"
    with open(path, "wb") as file, PACKINGS[".zst"].packed(file) as packed:
        for a, b in pairs(count):
            packed.write(f"{a}\t{b}\n".encode())
    return [str(path)]


def tmx(folder: Path, count: int) -> list[str]:
    def lines() -> Iterator[str]:
        yield '<?xml version="1.0"?>\n<tmx version="1.4"><header/><body>\n'
        for sides in pairs(count):
            a, b = (side.replace("&", "&amp;") for side in sides)
            yield f'<tu><tuv xml:lang="en"><seg>{a}</seg></tuv><tuv xml:lang="de"><seg>{b}</seg></tuv></tu>\n'
        yield "</body></tmx>\n"

    return text(folder / "train.tmx", lines())


def po(folder: Path, count: int) -> list[str]:
    return text(folder / "train.po", (f'#: file.c\nmsgid "{a}"\nmsgstr "{b}"\n\n' for a, b in pairs(count)))


def columns(path: Path, count: int, new: Callable[..., Any]) -> list[str]:
    schema = pyarrow.schema([("en", pyarrow.string()), ("de", pyarrow.string())])
    rows = pairs(count)
    with new(str(path), schema) as writer:
        while some := list(islice(rows, 10_000)):
            writer.write_table(pyarrow.table(dict(zip(("en", "de"), zip(*some, strict=True), strict=True)), schema))
    return [str(path)]


def parquet_file(folder: Path, count: int) -> list[str]:
    return columns(folder / "train.parquet", count, parquet.ParquetWriter)


def arrow(folder: Path, count: int) -> list[str]:
    return columns(folder / "train.arrow", count, ipc.new_stream)


def moses_zip(folder: Path, count: int) -> list[str]:
    with zipfile.ZipFile(folder / "corpus.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in parallel(folder, count):
            archive.write(path, f"corpus.de-en.{path[-2:]}")
    return [str(folder / "corpus.zip")]


def shards(folder: Path, count: int) -> list[str]:
    rows = pairs(count)
    for number in range(SHARDS):
        lines = (f"{a}\t{b}\n" for a, b in islice(rows, count // SHARDS))
        text(folder / f"train-{number:05}-of-{SHARDS:05}.tsv", lines)
    return [str(folder)]


def streamed(folder: Path, count: int) -> list[str]:
    json_gz(folder, count)
    return [f"stream:{folder}"]


def mixture(folder: Path, count: int) -> list[str]:
    tsv(folder, count)
    text(folder / "few.tsv", (f"{a}\t{b}\n" for a, b in pairs(count // 10)))
    entries = "{ locations = 'train.tsv' }, { locations = 'few.tsv', tag = '<few>' }"
    return text(folder / "mix.toml", iter([f"temperature = 2\ncorpus = [{entries}]\n"]))


FORMS = {
    "parallel": parallel,
    "tsv": tsv,
    "jsonl.gz": json_gz,
    "tsv.xz": tsv_xz,
    "tsv.zst": tsv_zst,
    "tmx": tmx,
    "po": po,
    "parquet": parquet_file,
    "arrow": arrow,
    "zip": moses_zip,
    "shards": shards,
    "stream": streamed,
    "mixture": mixture,
}


def read(locations: list[str]) -> None:
    """Reads and filters a corpus; prints its pairs, CPU seconds and peak memory as JSON."""
    from nmt.data.cleaning import Cleaner
    from nmt.data.corpus import read_pairs

    found = Cleaner(max_characters=1536, max_ratio=9.0)(read_pairs(locations, "en", "de"))
    count = sum(1 for _ in islice(found, PAUSE))
    began = time.process_time()
    count += sum(1 for _ in found)
    seconds = time.process_time() - began
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    print(json.dumps({"pairs": count, "seconds": seconds, "peak": peak}))


def measured(form: str, count: int, repeats: int) -> list[dict[str, float]]:
    """The least time of several readings, and the memory of the first, for so many pairs and for twice as many. The
    readings of both take turns, so that a busy machine slows both."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        corpora = [FORMS[form](Path(one), count), FORMS[form](Path(two), 2 * count)]
        runs: list[list[dict[str, float]]] = [[], []]
        for _ in range(repeats):
            for corpus, found in zip(corpora, runs, strict=True):
                found.append(json.loads(subprocess.check_output([sys.executable, __file__, "--read", *corpus])))
    return [{**found[0], "seconds": min(run["seconds"] for run in found)} for found in runs]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--form", nargs="+", choices=list(FORMS), default=list(FORMS))
    parser.add_argument("--read", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    print("| form | pairs | pairs/s | twice the pairs: times as long | MB | MB more | holds |")
    print("|---|---|---|---|---|---|---|")
    for form in arguments.form:
        one, two = measured(form, arguments.pairs, arguments.repeats)
        longer, more = two["seconds"] / one["seconds"], two["peak"] - one["peak"]
        speed = one["pairs"] / one["seconds"]
        holds = longer <= MOST_TIMES and more <= MOST_MORE
        cells = (
            form,
            f"{one['pairs']:,}",
            f"{speed:,.0f}",
            f"{longer:.2f}",
            f"{one['peak']:.0f}",
            f"{more:+.1f}",
            holds,
        )
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
