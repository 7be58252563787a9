"""What all tests share: the recipes on the path, few threads, and a small model folder."""

from __future__ import annotations

import random
import signal
import sys
from pathlib import Path

import pytest
import torch

from nmt.config import Config
from nmt.data.subwords import train_vocabulary
from nmt.model_folder import WEIGHTS, build, save_config, save_weights

sys.path.insert(0, str(Path(__file__).parent.parent / "recipes"))
torch.set_num_threads(1)  # the models are tiny; two threads on a busy machine mostly wait for each other
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us in the background ignores Ctrl-C

ARTICLES = {"the": "das", "this": "dieses", "every": "jedes", "our": "unser"}
NOUNS = {"child": "Kind", "book": "Buch", "house": "Haus", "picture": "Bild", "animal": "Tier", "boat": "Boot"}
VERBS = {"finds": "findet", "sees": "sieht", "seeks": "sucht", "shows": "zeigt", "paints": "malt"}


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


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows nothing, in the folder it would have if it did."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "untrained")


@pytest.fixture(scope="session")
def model_without_attention(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, from its last encoder state alone."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "without", model__attention="none")


@pytest.fixture(scope="session")
def model_with_other_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with fewer pieces."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "other", subwords__vocabulary=320)
