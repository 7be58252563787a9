"""The one entry that recipes and `nmt train` call: from a configuration to a trained, scored model folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from nmt import model_folder
from nmt.config import Config
from nmt.data.subwords import SubwordDropout, train_vocabulary
from nmt.errors import UserError, guard
from nmt.evaluation.evaluate import evaluate
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.options import displaced
from nmt.search.settings import check_search
from nmt.training import corpora as corpora_module
from nmt.training import presets
from nmt.training.card import model_card
from nmt.training.corpora import Corpora, locate
from nmt.training.precision import fastest
from nmt.training.tracking import Tracker
from nmt.training.trainer import Trainer
from nmt.training.validation import Validator
from nmt.translator import Translator

FIXED = ("data", "subwords", "model")
"""Sections that a run keeps for good: the shapes of the weights and the meaning of the pieces hang on them."""
BEGUN = {"trainer", "joint.spm", "source.spm", "target.spm", f"{model_folder.CONFIG}.partial"}
"""What a run that is stopped while it begins may leave, `trainer` empty."""


TRAIN_HELP = """Trains a translator on your own files and keeps the best weights on the validation pairs:

  nmt train --data.train train.en train.de --data.valid val.en val.de --output runs/mine --train.minutes 20

Settings left open are chosen from the size of the corpus. The same command again goes on where a run was stopped."""


def run(config: Config) -> dict[str, Any]:
    """Trains, or goes on training, the run of `config.output`; scores its best weights on the test sets.

    Returns the scores by test set. Raises UserError for anything that the configuration or the data have wrong.
    """
    if config.output is None:
        raise UserError("--output is not given: name a folder for the model.")
    folder = Path(config.output)
    begun = (folder / model_folder.CONFIG).exists()
    if begun:
        config = _taken_up(config, folder)
    if config.model.weights != "float32":
        raise UserError("model.weights is int8, which cannot be trained: train in float32, then use `nmt compress`.")
    corpora = locate(config.data)
    valid = list(corpora.pairs("validation", corpora.valid))
    # The test sets are read now, because nobody wants to hear of a missing file after hours of training.
    tests = {name: list(corpora.pairs("test", locations)) for name, locations in corpora.tests.items()}
    if config.train.threads:
        torch.set_num_threads(config.train.threads)
    if not begun:
        config = _begun(config, corpora, folder)
    work = folder / "trainer"
    vocabulary = model_folder.load_vocabulary(folder, config)
    model_folder.save_config(folder, config)
    encoded, report = corpora_module.encode(corpora, config, vocabulary, work)
    say(report)
    validator = Validator(config, vocabulary, corpora_module.encode_all(valid, vocabulary, work / "valid.arrow"), valid)
    torch.manual_seed(config.train.seed)
    network = model_folder.build(config, vocabulary).to(model_folder.device_for(config.train.device))
    say(f"{parameter_count(network):,} parameters, {len(vocabulary.target):,} target pieces")
    respell = SubwordDropout(vocabulary, config.train.subword_dropout, config.train.seed)
    tracker = Tracker(folder)
    try:
        Trainer(config, network, encoded, respell, validator, tracker, folder).train()
    finally:
        tracker.close()
    return _finish(config, folder, tests)


def _begun(config: Config, corpora: Corpora, folder: Path) -> Config:
    """The configuration of a new run, with every open setting chosen, written to the folder with the vocabulary."""
    _check(config, folder)
    config = settled(config, corpora)
    vocabulary = train_vocabulary(lambda: corpora.clean(config.data)[1], config.subwords)
    try:
        (folder / "trainer").mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.spm"):
            old.unlink()
        vocabulary.save(folder)
        model_folder.save_config(folder, config)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}): choose another --output.") from None
    return config


def _check(config: Config, folder: Path) -> None:
    """Raises UserError for what would stop a new run later on: a network that cannot be, a folder that is not free."""
    if config.model.attention == "none" and config.model.bridge == "zero":
        raise UserError("model.attention none and model.bridge zero together hide the source: change one of them.")
    _check_feasible(config)
    some = config.replace({"train.precision": "float32"})  # any: nothing is measured here
    some = some.replace(presets.choices(some, presets.Size(1, 1)))
    with torch.device("meta"):  # the shapes without the numbers; the sizes of the vocabulary change nothing here
        Seq2Seq(some.model, 1, 1, joint=bool(some.subwords.joint))
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        problem = "is write-protected" if there.is_dir() else "is no folder"
        raise UserError(f"{folder} cannot be written ({there} {problem}): choose another --output.")
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    begun = "trainer" in names and not any((folder / "trainer").iterdir())
    if names - (BEGUN if begun else set()):
        raise UserError(f"{folder} exists and is no training run: choose another --output, nothing was written.")


def settled(config: Config, corpora: Corpora) -> Config:
    """The configuration with every open setting chosen from the training pairs. Raises UserError without any."""
    cleaner, pairs = corpora.clean(config.data)
    size = presets.measure(pairs)
    if not size.pairs:
        raise UserError(f"no training pair is left after cleaning ({cleaner.report}).")
    values = presets.choices(config, size)
    if values:
        say(f"chosen for {size.pairs:,} pairs: " + "  ".join(f"{key} {value}" for key, value in values.items()))
    return config.replace({**values, "data.source": corpora.source, "data.target": corpora.target})


def _taken_up(config: Config, folder: Path) -> Config:
    """The configuration of a run that goes on. What was given now and differs is shown; it applies to `train` and
    `search`, and is refused elsewhere."""
    saved = model_folder.load_config(folder)
    if (folder / model_folder.WEIGHTS).exists() and not (folder / "trainer").is_dir():
        raise UserError(f"{folder} is a model without the state of its training: choose another --output.")
    before = {key: value for key, value, _ in saved.fields()}
    given = {key: value for key, value in config.given().items() if value is not None and key != "output"}
    instead = {key: value for key, value in displaced(given).items() if key.split(".")[0] not in FIXED}
    changes = {key: value for key, value in {**instead, **given}.items() if value != before[key]}
    for key, value in changes.items():
        if key.split(".")[0] in FIXED:
            raise UserError(
                f"{key} is {value!r}, but the run in {folder} began with {before[key]!r}: "
                "leave it as it was, or choose another --output."
            )
    settled = saved.replace(changes)
    _check_feasible(settled)
    for key, value in changes.items():
        say(f"{key}: {before[key]} -> {value}")
    if settled.train.precision == "bfloat16" != fastest(model_folder.device_for(settled.train.device)):
        say("the run began in bfloat16, which is slow on this machine: --train.precision float32 goes on without it")
    return settled


def _check_feasible(config: Config) -> None:
    """Raises UserError for a device that is not there and a search that cannot be."""
    model_folder.device_for(config.train.device)
    check_search(config.search)


def _finish(config: Config, folder: Path, tests: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    """Scores the best weights on the test sets, writes scores.json and the model card, says where everything lies."""
    translator = Translator.load(folder, config.train.device)
    scores: dict[str, Any] = {}
    for name, pairs in tests.items():
        scores[name] = evaluate(translator, [source for source, _ in pairs], [target for _, target in pairs])
        translations = "".join(line + "\n" for line in scores[name].pop("translations"))
        model_folder.write_durably(folder / f"{name}.translations.txt", translations.encode())
        print(json.dumps({"test": name, **scores[name]}, ensure_ascii=False), flush=True)
    model_folder.write_durably(folder / "scores.json", json.dumps(scores, indent=2, ensure_ascii=False).encode())
    model_folder.write_durably(folder / "README.md", model_card(config, translator.network, scores).encode())
    say(f"done. The model lies in {folder}. Translate with it:\n  nmt translate --model {folder} --input FILE")
    return scores


def train_command(argv: Sequence[str]) -> int:
    """`nmt train`: trains on the files and with the settings of a command line; returns the exit code."""
    from nmt.options import parse

    run(parse(argv, {}, program="nmt train", description=TRAIN_HELP))
    return 0


def recipe(
    description: str | None, defaults: dict[str, Any], prepare: Callable[[Config], None] = lambda config: None
) -> int:
    """What a recipe calls: its docstring, its settings, which the command line may change, and what must be done before
    the run, such as making the data. Returns the exit code."""
    from nmt.options import parse

    program = f"python {sys.argv[0]}"

    def prepare_and_run() -> None:
        config = parse(sys.argv[1:], defaults, program=program, description=description or "")
        prepare(config)
        run(config)

    return guard(prepare_and_run, program)


def say(message: str) -> None:
    """A line on stderr."""
    print(message, file=sys.stderr, flush=True)
