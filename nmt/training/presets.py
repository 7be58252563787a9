"""Settings that were left open, chosen from the size of the corpus. docs/results.md says what they were measured on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nmt.config import Config
from nmt.model_folder import device_for
from nmt.training.precision import fastest

SPARSE_COVERAGE = 0.9995
"""Coverage where the characters alone would fill a third of the vocabulary (SentencePiece's own default)."""
FINETUNING = 0.25
"""The share of the learning rate for weights that have learnt already."""
RATES = {"sgd": 1000, "adafactor": 50}
"""Learning rates of these optimisers, in multiples of Adam's, which PRESETS has."""
INFINITE = float("inf")


class Size(NamedTuple):
    """What the choices are made from."""

    pairs: int
    characters: int  # different ones, on both sides together


class Preset(NamedTuple):
    """Choices for corpora of at most `pairs` pairs."""

    pairs: float
    joint: bool
    vocabulary: int
    embedding: int
    batch_tokens: int
    dropout: float
    learning_rate: float
    tied: bool
    minutes: float


PRESETS = (
    Preset(15_000, True, 2_000, 256, batch_tokens=1_000, dropout=0.3, learning_rate=2e-3, tied=True, minutes=15),
    Preset(100_000, False, 5_000, 128, batch_tokens=1_400, dropout=0.25, learning_rate=2e-3, tied=False, minutes=20),
    Preset(1_000_000, False, 8_000, 256, batch_tokens=2_800, dropout=0.2, learning_rate=1e-3, tied=False, minutes=240),
    Preset(INFINITE, False, 12_000, 256, batch_tokens=5_600, dropout=0.1, learning_rate=1e-3, tied=False, minutes=1440),
)


def measure(pairs: Iterable[tuple[str, str]]) -> Size:
    """The size of a corpus, which is read once."""
    count, characters = 0, set[str]()
    for source, target in pairs:
        count += 1
        characters.update(source, target)
    return Size(count, len(characters))


def choices(config: Config, size: Size) -> dict[str, Any]:
    """Values for the open settings of `config`, by dotted key, for a corpus of such a size."""
    preset = next(preset for preset in PRESETS if size.pairs <= preset.pairs)
    vocabulary = config.subwords.vocabulary or preset.vocabulary
    joint = config.subwords.joint
    if joint is None:
        asked = config.model.tied == "all" or config.model.copying or config.model.is_language_model
        joint = preset.joint or asked
    rate = preset.learning_rate * RATES.get(config.train.optimizer, 1)
    tied = preset.tied and config.model.readout in (0, config.model.embedding or preset.embedding)
    values: dict[str, Any] = {
        "subwords.joint": joint,
        "subwords.vocabulary": vocabulary,
        "subwords.coverage": 1.0 if 3 * size.characters < vocabulary else SPARSE_COVERAGE,
        "train.batch_tokens": preset.batch_tokens,
        "model.embedding": preset.embedding,
        "model.dropout": preset.dropout,
        "model.tied": ("all" if joint else "target") if tied else "none",
        "train.learning_rate": rate * (FINETUNING if config.train.finetune else 1),
    }
    if config.train.precision is None:
        values["train.precision"] = fastest(device_for(config.train.device))
    if config.train.updates is None:
        values["train.minutes"] = preset.minutes
    open_settings = {key for key, value, _ in config.fields() if value is None}
    return {key: value for key, value in values.items() if key in open_settings}
