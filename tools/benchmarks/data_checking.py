"""What checking and cleaning a corpus cost: seconds and memory, at several sizes.

    python tools/benchmarks/data_checking.py [--pairs 100000 200000 1000000] [--work FOLDER]

Generates each corpus (about 0.13 GB a million pairs) of invented words with the lengths of captions and the
frequencies of Zipf, each with its translation, and 1,000 validation pairs. Every line of the table is of a fresh
process of `nmt data check` or `nmt data clean`: wall-clock and CPU seconds, and the peak of its resident memory.
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

WORDS = 20_000
VALIDATION = 1_000
AT_ONCE = 10_000


def invented_words(random: np.random.Generator, consonants: str, vowels: str) -> np.ndarray:
    """Words of up to four syllables, the short ones first: they will be the frequent ones."""
    words: set[str] = set()
    while len(words) < WORDS:
        count = random.integers(1, 5)
        words.add("".join(random.choice(list(consonants)) + random.choice(list(vowels)) for _ in range(count)))
    return np.array(sorted(words, key=lambda word: (len(word), word)), dtype=object)


def generate(folder: Path, name: str, pairs: int, vocabularies: list[np.ndarray], seed: int) -> list[str]:
    """Writes name.en and name.de: translations word by word, a few of them in another place."""
    random = np.random.default_rng(seed)
    files = [folder / f"{name}.en", folder / f"{name}.de"]
    with files[0].open("w", encoding="utf-8") as english, files[1].open("w", encoding="utf-8") as german:
        for start in range(0, pairs, AT_ONCE):
            for _ in range(min(AT_ONCE, pairs - start)):
                numbers = (random.zipf(1.3, random.integers(5, 22)) - 1) % WORDS
                english.write(" ".join(vocabularies[0][numbers]).capitalize() + ".\n")
                german.write(" ".join(vocabularies[1][np.roll(numbers, 1)]).capitalize() + ".\n")
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
        random = np.random.default_rng(1)
        vocabularies = [
            invented_words(random, "bcdfghklmnprst", "aeiou"),
            invented_words(random, "bdfghklmnrstwz", "aeoäü"),
        ]
        valid = generate(folder, "valid", VALIDATION, vocabularies, 2)
        for pairs in options.pairs:
            train = [str(folder / f"train{pairs}.{language}") for language in ("en", "de")]
            if not all(map(os.path.exists, train)):
                generate(folder, f"train{pairs}", pairs, vocabularies, pairs)
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
