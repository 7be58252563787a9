"""What is taken from another model: to go on from it on other data, its network, weights and vocabulary, which can be
extended; or its vocabulary alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nmt import model_folder
from nmt.config import Config
from nmt.data.subwords import Subwords, Vocabulary, extended, without_symbols
from nmt.errors import UserError
from nmt.model_folder import Model

FREE = {"model.dropout", "model.state_dropout", "model.word_dropout", "subwords.extend", "subwords.symbols"}
"""What a fine-tuning may have otherwise than the model it begins from."""


def begin_from(config: Config) -> tuple[Config, Model]:
    """The configuration of a fine-tuning, with the network and the subwords of the model that `train.finetune` names,
    and that model. Raises UserError when it is none, and for a setting that would need another network."""
    folder = Path(config.train.finetune or "")
    base = model_folder.load(folder)
    theirs = {key: value for key, value, _ in base.config.fields() if key.split(".")[0] in ("subwords", "model")}
    given = _given(config, {key: value for key, value in theirs.items() if key not in FREE}, folder, "train.finetune")
    inherited = {key: value for key, value in theirs.items() if key not in FREE or key not in given}
    changes = {"subwords.extend": config.subwords.extend, "model.weights": "float32"}  # also of a compressed one
    return config.replace({**inherited, **changes}), base


def pieces_of(config: Config) -> tuple[Config, Vocabulary]:
    """The configuration with the subwords of the model that `subwords.of` names, and its vocabulary; of a language
    model, that of its target. Raises UserError when it is none, and for a setting that would need other pieces."""
    folder = Path(config.subwords.of or "")
    there = model_folder.load_config(folder)
    vocabulary = model_folder.load_vocabulary(folder, there)
    theirs = {key: value for key, value, _ in there.fields() if key.startswith("subwords.") and key != "subwords.of"}
    theirs["subwords.extend"] = 0  # of which there is nothing to learn here
    if config.model.is_language_model:
        theirs["subwords.joint"] = True
        vocabulary = Vocabulary(vocabulary.target, vocabulary.target)
    elif there.model.is_language_model:
        raise UserError(f"{folder} is a language model, whose pieces are of a target alone: name a translation model.")
    _given(config, theirs, folder, "subwords.of")
    return config.replace(theirs), vocabulary


def _given(config: Config, theirs: Mapping[str, Any], folder: Path, option: str) -> dict[str, Any]:
    """The settings that were given. Raises UserError where one is another than that of the model in a folder, which is
    to be taken."""
    given = {key: value for key, value in config.given().items() if value is not None}
    for key, value in theirs.items():
        if given.get(key, value) != value:
            raise UserError(
                f"{key} is {given[key]!r}, but the model in {folder} has {value!r}: leave it out, or train without "
                f"{option}."
            )
    return given


def extend(base: Vocabulary, pairs: Callable[[], Iterable[tuple[str, str]]], config: Config) -> Vocabulary:
    """The vocabulary of a model with `subwords.extend` more pieces from new pairs on each side, after its own."""
    settings = config.subwords
    if not settings.extend:
        return base
    if base.joint:
        joint = extended(base.source, (sentence for pair in pairs() for sentence in pair), settings)
        return Vocabulary(joint, joint)
    source = extended(base.source, (source for source, _ in pairs()), settings)
    return Vocabulary(source, extended(base.target, (target for _, target in pairs()), without_symbols(settings)))


def initial_weights(base: Model, vocabulary: Vocabulary, config: Config) -> dict[str, Tensor]:
    """The weights of a model for a vocabulary that begins with its own: what is learnt of a new piece is the mean of
    what is known of its parts, and nothing of a new character."""
    network = model_folder.build(config, vocabulary)
    known = dict(base.network.named_parameters())
    weights = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    for name, weight in weights.items():
        old = known[name].detach()
        weight[: len(old)] = old
        if len(old) < len(weight):
            subwords = vocabulary.source if name.startswith("source") else vocabulary.target
            _spell(weight, len(old), subwords)
    return weights


def _spell(weight: Tensor, first: int, subwords: Subwords) -> None:
    """Fills the rows from `first` on with the means of those of their parts, short pieces first: a part may be new."""
    parts = subwords.parts()
    pieces = subwords.pieces(range(len(weight)))
    for number in sorted(range(first, len(weight)), key=lambda number: len(pieces[number])):
        known = [part for part in parts[number].tolist() if part]
        if known:
            weight[number] = weight[known].mean(dim=0)
