"""Sentence pairs, model folders and what else several tests use."""

from __future__ import annotations

import contextlib
import io
import random
import runpy
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

import pytest
import torch

from nmt.config import Config
from nmt.data.subwords import train_vocabulary
from nmt.model_folder import WEIGHTS, build, save_config, save_weights
from nmt.training.precision import possible

needs_bfloat16 = pytest.mark.skipif(not possible("bfloat16"), reason="this processor has no LSTM in bfloat16")

ARTICLES = {"the": "das", "this": "dieses", "every": "jedes", "our": "unser"}
NOUNS = {"child": "Kind", "book": "Buch", "house": "Haus", "picture": "Bild", "animal": "Tier", "boat": "Boot"}
VERBS = {"finds": "findet", "sees": "sieht", "seeks": "sucht", "shows": "zeigt", "paints": "malt"}


SMALL: dict[str, object] = {
    "subwords.vocabulary": 400,
    "model.hidden": 64,
    "model.embedding": 64,
    "model.encoder_layers": 1,
    "model.decoder_layers": 1,
    "model.dropout": 0.0,
    "train.warmup": 20,
    "train.learning_rate": 5e-3,
    "train.batch_tokens": 800,
    "train.precision": "float32",
}
"""Settings of a training that learns the sentences below in seconds."""


def sentence_pairs(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Small English-German sentences, drawn at random."""
    chosen = random.Random(seed)
    tables = (ARTICLES, NOUNS, VERBS, ARTICLES, NOUNS)
    pairs = []
    for _ in range(count):
        words = [chosen.choice(list(table.items())) for table in tables]
        source, target = (" ".join(side).capitalize() + "." for side in zip(*words, strict=True))
        pairs.append((source, target))
    return pairs


def make_model_folder(folder: Path, **changes: object) -> Path:
    """Writes a model folder with random weights. `changes`: settings, with __ for the dot."""
    settings: dict[str, object] = {
        "subwords.vocabulary": 340,
        "subwords.joint": True,
        "model.hidden": 16,
        "model.embedding": 16,
        "model.dropout": 0.0,
        "data.source": "en",
        "data.target": "de",
        "search.max_ratio": 1.0,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    config = Config().replace(settings)
    vocabulary = train_vocabulary(lambda: sentence_pairs(300), config.subwords)
    torch.manual_seed(1)
    network = build(config, vocabulary)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3)  # so that it says different things of different sentences
    folder.mkdir(parents=True)
    vocabulary.save(folder)
    save_weights(network, folder / WEIGHTS)
    save_config(folder, config)
    return folder


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with the bytes of its files."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def run_script(path: Path, *words: str) -> CompletedProcess[str]:
    """Runs a script as `python path words` would, in this process, which has torch imported already."""
    out, err, command = io.StringIO(), io.StringIO(), [str(path), *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), mock.patch("sys.argv", command):
        try:
            runpy.run_path(str(path), run_name="__main__")
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    return CompletedProcess(command, code, out.getvalue(), err.getvalue())
