"""JoeyNMT: LSTM with input feeding and Luong attention."""

from __future__ import annotations

import copy
import math
import re
from pathlib import Path
from typing import Any

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

PACKAGE = "joeynmt==2.3.0"
NEEDS = (
    f"{TORCH} setuptools<81 numpy pyyaml sacrebleu sacremoses sentencepiece subword-nmt matplotlib tensorboard pandas "
    "packaging tqdm importlib_metadata datasets plotly"
)


def settings(task: Task) -> dict[str, Any]:
    """Its configuration: lines in their order, no validation before the end, a constant rate."""
    language = {"tokenizer_type": "basic", "level": "word", "voc_file": str(task.data / "vocabulary.txt")}
    embeddings = {"embedding_dim": 256, "dropout": DROPOUT}
    layers = {"rnn_type": "lstm", "num_layers": task.layers, "dropout": DROPOUT, "embeddings": embeddings}
    return {
        "name": "against_others",
        "joeynmt_version": "2.3.0",
        "model_dir": str(task.folder / "model"),
        "use_cuda": False,
        "random_seed": 1,
        "normalization": "tokens",
        "data": {
            "train": str(task.data / "train"),
            "dev": str(task.data / "valid"),
            "dataset_type": "plain",
            "src": {"lang": task.source, **language},
            "trg": {"lang": task.target, **language},
        },
        "model": {
            "initializer": "xavier_uniform",
            "embed_initializer": "normal",
            "embed_init_weight": 0.1,
            "encoder": {"type": "recurrent", "hidden_size": task.hidden // 2, "bidirectional": True, **layers},
            "decoder": {
                "type": "recurrent",
                "hidden_size": task.hidden,
                "hidden_dropout": DROPOUT,
                "init_hidden": "bridge",
                "attention": "luong",
                "input_feeding": True,
                **copy.deepcopy(layers),
            },
        },
        "training": {
            "optimizer": "adam",
            "learning_rate": RATE,
            "learning_rate_min": 0.0,
            "scheduling": "exponential",  # one must be named; by a factor of 1 the rate stays
            "decrease_factor": 1.0,
            "normalization": "tokens",
            "label_smoothing": SMOOTHING,
            "clip_grad_norm": CLIP,
            "batch_size": task.sentences,
            "batch_type": "sentence",
            "shuffle": False,
            "epochs": 1,
            "updates": task.updates,
            "validation_freq": 1_000_000,
            "logging_freq": REPORT,
            "overwrite": True,
        },
        "testing": {"batch_size": task.sentences, "batch_type": "sentence", "beam_size": 1, "return_prob": "ref"},
    }


def train(task: Task, environments: Path) -> Outcome:
    """Trains it and reads its log; the loss is then scored by its own scoring of references, without smoothing."""
    python = environment(environments / "joeynmt", PACKAGE, NEEDS.split())
    training, scoring = settings(task), settings(task)
    scoring["training"]["label_smoothing"] = 0.0
    scoring["testing"]["load_model"] = str(task.folder / "model" / "latest.ckpt")
    log = ""
    for mode, config in (("train", training), ("test", scoring)):
        file = task.folder / f"{mode}.yaml"
        file.write_text(yaml.safe_dump(config))
        command = [str(python), "-m", "joeynmt", mode, str(file)]
        command += ["--skip-test"] if mode == "train" else []
        log += execute(command, task.folder / "log.txt", task.threads, TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD="1")
    lines = re.findall(r"Step:\s+(\d+), .*Tokens per Sec:\s+(\d+)", log)
    perplexity = re.findall(r"\(scoring\).*ppl:\s+([\d.]+)", log)[-1]
    parameters = re.findall(r"Total params: (\d+)", log)[0]
    return Outcome(int(parameters), math.log(float(perplexity)), windows(task, lines))


def translate(task: Task, environments: Path, source: Path, beam: int, sentences: int) -> Decoded:
    """Translates a file of pieces with what `train` left, so many sentences at a time."""
    python = environment(environments / "joeynmt", PACKAGE, NEEDS.split())
    config = settings(task)
    stem = task.folder / "to_translate"
    for language in (task.source, task.target):  # it wants a reference; the source is one
        Path(f"{stem}.{language}").write_bytes(source.read_bytes())
    config["data"]["test"] = str(stem)
    config["testing"] |= {"beam_size": beam, "batch_size": sentences, "return_prob": "none", "eval_metrics": []}
    config["testing"]["load_model"] = str(task.folder / "model" / "latest.ckpt")
    file, output = task.folder / "translate.yaml", task.folder / f"output.{beam}"
    del config["data"]["dev"]
    file.write_text(yaml.safe_dump(config))
    command = [str(python), "-m", "joeynmt", "test", str(file), "--output-path", str(output)]
    log = execute(command, task.folder / "log.txt", task.threads, TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD="1")
    return decoded(float(re.findall(r"Generation took ([\d.]+)\[sec\]", log)[-1]), Path(f"{output}.test"))
