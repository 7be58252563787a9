"""What a corpus of 3,000,000 pairs costs beside one of 29,000: memory, the start, the encoding.

    python tools/benchmarks/corpus_memory.py [--work FOLDER] [--pairs 29000 3000000] [--updates 200]

Generates both corpora (kept in FOLDER if given; 0.4 GB each million pairs, files of runs included), of invented words
with the lengths of captions and the frequencies of Zipf. Every line of the table is of a fresh process:

- new: `nmt.training.run.run` from nothing to one update: it measures the corpus, learns subwords, encodes;
- encode: the encoding alone, in pairs per second and in cores (CPU seconds of all processes per second);
- start: the same run taken up, to `--updates`: seconds until the first of them from the start of the process;
- epoch: all batches of one epoch, made without a model.

Memory is the peak of resident pages of the process (VmHWM, so Linux only), mapped files included.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

VALIDATION = 500
WORDS = 20_000
SYLLABLES = (("bcdfghklmnprst", ("a", "e", "i", "o", "u")), ("bdfghklmnrstwz", ("a", "e", "i", "o", "en", "er", "ä")))
MOST_MORE, MOST_SECONDS, LEAST_SPEED, LEAST_CORES = 200, 60, 25_000, 1.5
SETTINGS = {
    "train.batch_tokens": 1400,
    "subwords.vocabulary": 5000,
    "subwords.joint": False,
    "subwords.coverage": 1.0,
    "model.embedding": 128,
    "model.hidden": 128,
    "model.dropout": 0.1,
    "model.tied": "none",
    "train.learning_rate": 1e-3,
    "train.precision": "float32",
    "train.validate_every": 10**6,
}


def invented_words(random: np.random.Generator, consonants: str, vowels: tuple[str, ...]) -> np.ndarray:
    """Words of up to four syllables, the short ones first: they will be the frequent ones."""
    syllables = [consonant + vowel for consonant in consonants for vowel in vowels]
    words: set[str] = set()
    while len(words) < WORDS:
        words.add("".join(random.choice(syllables) for _ in range(random.integers(1, 5))))
    return np.array(sorted(words, key=lambda word: (len(word), word)), dtype=object)


def generate(folder: Path, name: str, pairs: int) -> None:
    """Writes name.en and name.de, of translations word by word; a few thousand pairs are in memory at a time."""
    random = np.random.default_rng(1)
    words = [invented_words(random, *syllables) for syllables in SYLLABLES]
    frequencies = np.cumsum(1 / np.arange(1, WORDS + 1))
    with open(folder / f"{name}.en", "w") as source, open(folder / f"{name}.de", "w") as target:
        for start in range(0, pairs, 10_000):
            lengths = random.lognormal(np.log(12), 0.4, min(10_000, pairs - start)).round().clip(2, 60).astype(int)
            numbers = np.searchsorted(frequencies, random.random(lengths.sum()) * frequencies[-1])
            for file, language in ((source, words[0]), (target, words[1])):
                sentences = np.split(language[numbers], np.cumsum(lengths)[:-1])
                file.write("".join(" ".join(sentence) + ".\n" for sentence in sentences))


def settings(work: Path, pairs: int, updates: int) -> Any:
    """The configuration of a run on so many pairs."""
    from nmt.config import Config

    files = {part: tuple(str(work / f"{name}.{language}") for language in ("en", "de")) for part, name in (
        ("data.train", f"train{pairs}"), ("data.valid", "valid"))}  # fmt: skip
    return Config().replace({**SETTINGS, **files, "output": str(work / f"run{pairs}"), "train.updates": updates})


def train(work: Path, pairs: int, updates: int, started: float) -> dict[str, float]:
    """Trains until so many updates are done, from wherever the run stands."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    from nmt.training.run import run

    times: list[float] = []
    register_optimizer_step_post_hook(lambda *_: times.append(time.time()))
    run(settings(work, pairs, updates))
    return {"seconds": times[0] - started, "updates": len(times)}


def encode(work: Path, pairs: int, updates: int, started: float) -> dict[str, float]:
    """Encodes the corpus of a run that has begun once more."""
    from nmt import model_folder
    from nmt.training import corpora

    config = model_folder.load_config(work / f"run{pairs}")
    vocabulary = model_folder.load_vocabulary(work / f"run{pairs}", config)
    began, used = time.time(), processor_seconds()
    with tempfile.TemporaryDirectory(dir=work) as folder:
        corpora.encode(corpora.locate(config.data), config, vocabulary, Path(folder))
    seconds = time.time() - began
    return {"seconds": seconds, "speed": pairs / seconds, "cores": (processor_seconds() - used) / seconds}


def processor_seconds() -> float:
    """CPU time of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def epoch(work: Path, pairs: int, updates: int, started: float) -> dict[str, float]:
    """Makes every batch of an epoch."""
    from nmt.data.batching import BucketOrder, make_batch
    from nmt.data.encoded import EncodedCorpus

    (path,) = (work / f"run{pairs}" / "trainer").glob("train-*.arrow")
    corpus = EncodedCorpus(path)
    began = time.time()
    batches = BucketOrder(corpus.lengths, batch_tokens=SETTINGS["train.batch_tokens"], seed=1).epoch(0)
    ordered = time.time() - began
    count = sum(len(make_batch(corpus.pairs(rows)).source) for rows in batches)
    if count != pairs:
        raise SystemExit(f"{count} pairs in the epoch, not {pairs}")
    return {"seconds": time.time() - began, "ordered": ordered, "batches": len(batches)}


STEPS = {"new": train, "encode": encode, "start": train, "epoch": epoch}


def step(name: str, work: Path, pairs: int, updates: int) -> dict[str, float]:
    """Does one step in a process of its own and prints its line of the table."""
    command = [sys.executable, __file__, "--work", str(work), "--step", name, "--pairs", str(pairs)]
    command += ["--updates", str(1 if name == "new" else updates), "--started", str(time.time())]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode:
        raise SystemExit(f"{name} of {pairs} pairs failed:\n{found.stderr}")
    values: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    more = ", ".join(f"{key} {value:,.1f}" for key, value in values.items() if key not in ("seconds", "peak"))
    print(f"| {name} | {pairs:,} | {values['seconds']:.1f} | {values['peak']:,.0f} | {more} |", flush=True)
    return values


def compare(work: Path, sizes: list[int], updates: int) -> None:
    """Prints the table, and whether the bars hold."""
    generate(work, "valid", VALIDATION)
    for pairs in sizes:
        generate(work, f"train{pairs}", pairs)
    print("| step | pairs | seconds | peak MB | |\n|---|---|---|---|---|")
    small, large = ({name: step(name, work, pairs, updates) for name in STEPS} for pairs in sizes)
    for name in STEPS:
        more = large[name]["peak"] - small[name]["peak"]
        print(f"{name}: {more:,.0f} MB more, at most {MOST_MORE}: {more <= MOST_MORE}")
    speed, cores, seconds = large["encode"]["speed"], large["encode"]["cores"], large["start"]["seconds"]
    print(f"first update after {seconds:.1f} s, at most {MOST_SECONDS}: {seconds <= MOST_SECONDS}")
    print(f"{speed:,.0f} pairs encoded a second, at least {LEAST_SPEED:,}: {speed >= LEAST_SPEED}")
    print(f"on {cores:.2f} cores, at least {LEAST_CORES}: {cores >= LEAST_CORES}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="an empty folder; left out, a temporary one")
    parser.add_argument("--pairs", type=int, nargs="+", default=[29_000, 3_000_000], help="two sizes, small and large")
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        values = STEPS[arguments.step](arguments.work, arguments.pairs[0], arguments.updates, arguments.started)
        status = Path("/proc/self/status").read_text().splitlines()
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        print(json.dumps({**values, "peak": peak / 1024}))
    elif arguments.work:
        arguments.work.mkdir(parents=True, exist_ok=True)
        compare(arguments.work, arguments.pairs, arguments.updates)
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(Path(folder), arguments.pairs, arguments.updates)


if __name__ == "__main__":
    main()
