"""Marian: its `s2s`, an LSTM with the context of an additive attention between two cells of the first decoder layer.

It is trained by its C++ library from the package index, `pymarian`, in float32. Both directions of its encoder are as
wide as its decoder, and the first decoder layer has two cells, so that at 2 x 512 its recurrent layers hold 15 million
parameters, and embeddings of 48, whose width its output layer has, too, bring it to those of the others: 16.23
million. At about 550 target tokens per second on two threads an epoch takes a quarter of an hour. A shorter training
will not do: after 150 updates translations were of three pieces, while the same beam held hypotheses of ten, so that
what came out did not count what was computed.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from others.common import (
    CLIP,
    DROPOUT,
    RATE,
    REPORT,
    SMOOTHING,
    Decoded,
    Outcome,
    Task,
    decoded,
    environment,
    execute,
    windows,
)
from others.data import LONGEST

PACKAGE = "pymarian==1.12.42"
NEEDS = "pyyaml portalocker requests huggingface_hub"
EMBEDDING = 48


def settings(task: Task) -> list[str]:
    """Its options: lines in their order, the threads share each batch of `task.sentences`, one validation at the end,
    whose loss leaves label smoothing out."""
    vocabulary = task.folder / "vocabulary.txt"
    vocabulary.write_text("</s>\n<unk>\n" + (task.data / "vocabulary.txt").read_text())
    network = f"--type s2s --enc-cell lstm --dec-cell lstm --enc-depth {task.layers} --dec-depth {task.layers}"
    sizes = f"--dim-rnn {task.hidden} --dim-emb {EMBEDDING} --dim-vocabs 0 0 --dropout-rnn {DROPOUT}"
    order = f"--mini-batch {task.sentences} --maxi-batch 1 --maxi-batch-sort none --shuffle none"
    batches = f"{order} --mini-batch-round-up=false --max-length {LONGEST + 1} --sync-sgd"
    rule = f"--learn-rate {RATE} --clip-norm {CLIP} --label-smoothing {SMOOTHING} --cost-type ce-mean-words"
    valid = f"--valid-freq {task.updates}u --valid-metrics ce-mean-words --valid-mini-batch {task.sentences}"
    length = f"--after {task.updates}u --disp-freq {REPORT}u --seed 1 --overwrite"
    words = " ".join((network, sizes, batches, rule, valid, length)).split()
    words += ["--train-sets", *task.pieces("train"), "--valid-sets", *task.pieces("valid")]
    return [*words, "--model", model(task), *common(task)]


def common(task: Task) -> list[str]:
    """The options of training and of translation."""
    vocabulary = str(task.folder / "vocabulary.txt")
    return ["--vocabs", vocabulary, vocabulary, "--cpu-threads", str(task.threads)]


def model(task: Task) -> str:
    """The file of the weights."""
    return str(task.folder / "model.npz")


def train(task: Task, environments: Path) -> Outcome:
    """Trains it and reads its log."""
    python = environment(environments / "marian", PACKAGE, NEEDS.split())
    log = execute([str(python), "-m", "pymarian", "train", *settings(task)], task.folder / "log.txt", task.threads)
    lines = re.findall(r" Up\. (\d+) : Sen\. .* ([\d.]+) words/s", log)
    loss = re.findall(r"ce-mean-words : ([\d.]+)", log)[-1]
    with np.load(model(task)) as weights:
        parameters = sum(weights[name].size for name in weights.files if not name.startswith("special:"))
    return Outcome(parameters, float(loss), windows(task, lines))


def translate(task: Task, environments: Path, source: Path, beam: int, sentences: int) -> Decoded:
    """Translates a file of pieces with what `train` left, so many sentences at a time, sorted by their lengths."""
    python = environment(environments / "marian", PACKAGE, NEEDS.split())
    output = task.folder / f"output.{beam}"
    command = [str(python), "-m", "pymarian", "decode", "--models", model(task), *common(task)]
    command += ["--input", str(source), "--output", str(output)]
    command += f"--beam-size {beam} --mini-batch {sentences} --maxi-batch 100 --maxi-batch-sort src".split()
    log = execute(command, task.folder / "log.txt", task.threads)
    return decoded(float(re.findall(r"Total time: ([\d.]+)s wall", log)[-1]), output)
