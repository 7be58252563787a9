"""What checking and cleaning a corpus cost: seconds and memory, at several sizes.

    python tools/benchmarks/data_checking.py [--pairs 100000 200000 1000000] [--work FOLDER]

Generates each corpus (about 0.2 GB a million pairs) and 1,000 validation pairs: two sentences of the phrasebook grammar
joined, English and German, with invented names among them, some frequent and many rare, of which there are 50,000. So
the languages are known, hardly a line stands twice, and the vocabulary is that of real text. Every line of the table is
of a fresh process of `nmt data check` or `nmt data clean`: wall-clock and CPU seconds, and the peak of its resident
memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "recipes"))

import phrasebook_grammar as grammar

NAMES = 50_000
SENTENCES = 20_000
VALIDATION = 1_000
AT_ONCE = 10_000
SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstwz" for vowel in "aeiou"]


def invented_names(random: np.random.Generator) -> list[str]:
    """Names of two to four syllables."""
    names: dict[str, None] = {}
    while len(names) < NAMES:
        names["".join(random.choice(SYLLABLES, random.integers(2, 5))).capitalize()] = None
    return list(names)


def generate(folder: Path, name: str, pairs: int, seed: int) -> list[str]:
    """Writes name.en and name.de."""
    random = np.random.default_rng(seed)
    names = invented_names(np.random.default_rng(1))
    sentences = [(pair.source, pair.target) for pair in grammar.generate(1, SENTENCES, 1, 1)["train"]]
    files = [folder / f"{name}.en", folder / f"{name}.de"]
    with files[0].open("w", encoding="utf-8") as english, files[1].open("w", encoding="utf-8") as german:
        for start in range(0, pairs, AT_ONCE):
            size = min(AT_ONCE, pairs - start)
            first, second = random.integers(len(sentences), size=(2, size)).tolist()
            numbers = ((random.zipf(1.2, (size, 3)) - 1) % NAMES).tolist()
            for one, other, (a, b, c) in zip(first, second, numbers, strict=True):
                for file, side, joint in ((english, 0, "and"), (german, 1, "und")):
                    begin, end = sentences[one][side], sentences[other][side]
                    file.write(f"{names[a]}: {begin} {names[b]} {joint} {names[c]}: {end}\n")
    return [str(file) for file in files]


def measured(words: list[str]) -> dict[str, float]:
    """Runs `nmt` in a process of its own."""
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "nmt", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"nmt {' '.join(words)} failed")
    return {
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[100_000, 200_000, 1_000_000])
    parser.add_argument("--work", type=Path, help="keep the corpora here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        valid = generate(folder, "valid", VALIDATION, 2)
        for pairs in options.pairs:
            train = [str(folder / f"train{pairs}.{language}") for language in ("en", "de")]
            if not all(map(os.path.exists, train)):
                generate(folder, f"train{pairs}", pairs, pairs)
            corpus = ["--data.train", *train, "--data.valid", *valid]
            for command in ("check", "clean"):
                with tempfile.TemporaryDirectory(dir=folder) as output:
                    extra = ["--output", f"{output}/new"] if command == "clean" else []
                    result = measured(["data", command, *corpus, *extra])
                print(
                    json.dumps({"command": command, "pairs": pairs, **{k: round(v, 1) for k, v in result.items()}}),
                    flush=True,
                )


if __name__ == "__main__":
    main()
