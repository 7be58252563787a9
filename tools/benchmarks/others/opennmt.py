"""OpenNMT-py: LSTM with input feeding and general attention."""

from __future__ import annotations

import math
import re
from pathlib import Path

import yaml

from others.common import (
    CLIP,
    DROPOUT,
    RATE,
    REPORT,
    SMOOTHING,
    TORCH,
    Decoded,
    Outcome,
    Task,
    decoded,
    environment,
    execute,
    windows,
)

PACKAGE = "OpenNMT-py==3.5.1"
NEEDS = (
    f"{TORCH} numpy configargparse pyyaml sacrebleu rapidfuzz pyahocorasick six regex sentencepiece tensorboard "
    "pyonmttok ctranslate2"
)
STUBS = ("fasttext", "spacy")
DRIVER = Path(__file__).with_name("opennmt_driver.py")


def settings(task: Task) -> dict[str, object]:
    """Its configuration. A bucket of one batch keeps the order of the lines; no worker process, or they would deal
    out the lines among them."""
    corpora = {part: dict(zip(("path_src", "path_tgt"), task.pieces(part), strict=True)) for part in ("train", "valid")}
    vocabulary = str(task.data / "vocabulary.txt")
    return {
        "data": {"corpus": corpora["train"], "valid": corpora["valid"]},
        "src_vocab": vocabulary,
        "tgt_vocab": vocabulary,
        "save_data": str(task.folder / "data"),
        "save_model": str(task.folder / "model"),
        "encoder_type": "brnn",
        "decoder_type": "rnn",
        "rnn_type": "LSTM",
        "layers": task.layers,
        "hidden_size": task.hidden,
        "word_vec_size": 256,
        "global_attention": "general",
        "input_feed": 1,
        "dropout": [DROPOUT],
        "label_smoothing": SMOOTHING,
        "optim": "adam",
        "learning_rate": RATE,
        "max_grad_norm": CLIP,
        "normalization": "tokens",
        "batch_type": "sents",
        "batch_size": task.sentences,
        "valid_batch_size": task.sentences,
        "bucket_size": task.sentences,
        "num_workers": 0,
        "train_steps": task.updates,
        "valid_steps": task.updates,
        "save_checkpoint_steps": task.updates,
        "report_every": REPORT,
        "seed": 1,
    }


def train(task: Task, environments: Path) -> Outcome:
    """Trains it and reads its log."""
    python = environment(environments / "opennmt", PACKAGE, NEEDS.split(), STUBS)
    file = task.folder / "config.yaml"
    file.write_text(yaml.safe_dump(settings(task)))
    log = execute([str(python), str(DRIVER), "-config", str(file)], task.folder / "log.txt", task.threads)
    lines = re.findall(r"Step (\d+)/.* sents: .*?/\s*(\d+) tok/s", log)
    perplexity = re.findall(r"Validation perplexity: ([\d.]+)", log)[-1]
    parameters = re.findall(r"\* number of parameters: (\d+)", log)[-1]
    return Outcome(int(parameters), math.log(float(perplexity)), windows(task, lines))


def translate(task: Task, environments: Path, source: Path, beam: int, sentences: int) -> Decoded:
    """Translates a file of pieces with what `train` left, so many sentences at a time."""
    python = environment(environments / "opennmt", PACKAGE, NEEDS.split(), STUBS)
    output = task.folder / f"output.{beam}"
    command = [str(python), "-m", "onmt.bin.translate", "-model", str(task.folder / f"model_step_{task.updates}.pt")]
    command += ["-src", str(source), "-output", str(output), "-beam_size", str(beam), "-batch_size", str(sentences)]
    command += ["-report_time", "-gpu", "-1"]
    log = execute(command, task.folder / "log.txt", task.threads, TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD="1")
    return decoded(float(re.findall(r"Total translation time \(s\): ([\d.]+)", log)[-1]), output)
