"""The whole comparison: measures part by part, keeps the numbers, writes the page."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import platform
import sys
from itertools import islice
from pathlib import Path

import phrasebook_grammar
import torch

from nmt.config import Config, DataConfig
from nmt.data.corpus import fingerprint
from nmt.data.subwords import train_vocabulary
from nmt.errors import UserError
from nmt.model_folder import write_durably
from nmt.training import presets
from nmt.training.corpora import Corpora, locate
from nmt.translator import Translator
from understanding_parts import gaps, memory, page, translation
from understanding_parts.memory import MemorySettings
from understanding_parts.numbers import DROPPED, NAMES, PLAIN, WITH, WITHOUT, Gaps, Lengths, Notebook, Speed, plain
from understanding_parts.translation import Pairs, Variant

PAGE, NUMBERS = "understanding_rnns.html", "numbers.json"
MEMORY_SHARE, TRAINING_SHARE, TIMING_SHARE = 0.25, 0.5, 0.05
"""Parts of the minutes for recall and gradients, for training the translators, and for timing them. What is left is for
the vocabularies, for scoring and for drawing."""
UPDATES_PER_MINUTE, MOST_UPDATES = 250, 1000
"""Updates of one recall training for each minute of the whole, and at most: a seed of 1000 takes about a minute."""
TIMED_PAIRS = 4000
SET_HERE = {
    "model.cell": "every cell is measured",
    "train.updates": "all translators get the same number, as many as fit into --minutes",
    "train.validate_every": f"each training looks {translation.VALIDATIONS} times at the validation set",
    "search.nbest": "only the best translations are scored",
}
"""Settings that the comparison itself has the say over, each with what it does."""


def understand(config: Config) -> Path:
    """Measures what is not yet in `config.output`, and writes the page there; returns its path.

    `config.train.minutes` is for everything together; `config.model.word_dropout` for the translators that train with
    it. Raises UserError for what the settings or the data have wrong, before anything long begins.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UserError("matplotlib is not installed, and the page is full of plots: pip install -e '.[plots]'.")
    if config.output is None:
        raise UserError("--output is not given: name a folder for the page and the models.")
    if config.model.attention == "none" or not config.model.word_dropout:
        raise UserError("the page compares with and without: leave model.attention and model.word_dropout on.")
    refuse_ignored(config)
    if config.data.folder or config.data.train:
        locate(config.data)  # what is wrong there is told before a folder is made
    minutes = config.train.minutes or 12.0
    folder = Path(config.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}): choose another --output.") from None
    data, corpora = prepared(config.data, folder)
    config = config.replace({f"data.{key}": value for key, value in data.model_dump().items()})
    config = settled(config, corpora)
    test = test_pairs(corpora)
    notebook = Notebook(folder / NUMBERS)
    remember(notebook, minutes)
    updates = compare_translators(notebook, config, folder, corpora, test, minutes)
    rendered = page.render(notebook.numbers(about(config, corpora, test, updates)))
    write_durably(folder / PAGE, rendered.encode())
    say(f"done. Open {folder / PAGE}; its numbers are in {folder / NUMBERS}.")
    return folder / PAGE


def refuse_ignored(config: Config) -> None:
    """Raises UserError for a setting that was given and would change nothing."""
    given = config.given()
    for key, reason in SET_HERE.items():
        if key in given:
            raise UserError(f"{key} is not for you to choose here: {reason}. Leave it out.")
    if config.train.batch_tokens == "auto":
        raise UserError("train.batch_tokens is auto, and all need the same: give a number, or leave it out.")
    if config.data.folder or config.data.train:
        return
    for key in ("data.valid", "data.test", "data.source", "data.target"):
        if key in given:
            raise UserError(f"{key} would change nothing without data of your own: give data.folder or data.train too.")


def prepared(data: DataConfig, folder: Path) -> tuple[DataConfig, Corpora]:
    """The data settings with their files named, and the corpora: the phrasebook, made now, if none are given."""
    if data.folder is None and not data.train:
        phrasebook = folder / "phrasebook"
        if not (phrasebook / "test.de").exists():
            say(f"writing the phrasebook into {phrasebook}")
            phrasebook_grammar.write(phrasebook)
        data = data.model_copy(update={"folder": str(phrasebook), "source": "en", "target": "de"})
    corpora = locate(data)
    if not corpora.tests:
        raise UserError("there are no test sentences: put test.LANGUAGE into data.folder, or give --data.test.")
    # Named one by one and without the test, so that a training does not score it with every metric at its end.
    changes = {"folder": None, "train": corpora.train, "valid": corpora.valid, "test": ()}
    return data.model_copy(update={**changes, "source": corpora.source, "target": corpora.target}), corpora


def test_pairs(corpora: Corpora) -> Pairs:
    """The pairs of all test sets."""
    return [pair for locations in corpora.tests.values() for pair in corpora.pairs("test", locations)]


def remember(notebook: Notebook, minutes: float) -> None:
    """Parts (a) and (b): recall and gradients."""
    settings = MemorySettings(
        seconds=60 * minutes * MEMORY_SHARE, updates=min(MOST_UPDATES, max(50, round(UPDATES_PER_MINUTE * minutes)))
    )
    notebook.part("memory", dataclasses.asdict(settings), lambda: plain(memory.measure(settings, say)))


def compare_translators(
    notebook: Notebook, config: Config, folder: Path, corpora: Corpora, test: Pairs, minutes: float
) -> int:
    """Parts (c), (d) and (e): times the translators, trains them or takes them up, and scores them. Returns the number
    of updates of each."""
    data = [fingerprint(locations) for locations in (corpora.train, corpora.valid, *corpora.tests.values())]
    settings = {"minutes": minutes, "data": data, "config": config.model_dump(mode="json")}
    if config.train.threads:
        torch.set_num_threads(config.train.threads)
    speed = Speed(
        **notebook.part("speed", settings, lambda: plain(timed(config, corpora, 60 * minutes * TIMING_SHARE)))
    )
    updates = translation.affordable_updates(speed, 60 * minutes * TRAINING_SHARE)
    settings["updates"] = updates
    models = folder / "models" / f"{updates}-updates"
    translators: dict[Variant, Translator] = {}

    def translator(variant: Variant) -> Translator:
        if variant not in translators:
            say(f"translator {variant.name}, {updates} updates")
            translators[variant] = translation.trained(config, variant, models, updates)
        return translators[variant]

    def by_cell(attention: str, word_dropout: float = 0.0) -> dict[str, Translator]:
        return {cell: translator(Variant(cell, attention, word_dropout)) for cell in NAMES}

    model = config.model
    kinds = {WITH: (model.attention, 0.0), WITHOUT: ("none", 0.0)}
    trainings = {PLAIN: (model.attention, 0.0), DROPPED: (model.attention, model.word_dropout)}

    def lengths() -> Lengths:
        return translation.by_length({kind: by_cell(*choice) for kind, choice in kinds.items()}, test)

    def gapped() -> Gaps:
        table = {training: by_cell(*choice) for training, choice in trainings.items()}
        return gaps.measure(table, test, model.word_dropout, say)

    notebook.part("lengths", settings, lambda: plain(lengths()))
    notebook.part("gaps", settings, lambda: plain(gapped()))
    return updates


def settled(config: Config, corpora: Corpora) -> Config:
    """The configuration with what was left open chosen from the size of the corpus, as a training would."""
    return config.replace(presets.choices(config, presets.measure(corpora.clean(config.data)[1])))


def timed(config: Config, corpora: Corpora, seconds: float) -> Speed:
    """Part (d), on the first training pairs, with a vocabulary like the translators'."""
    say("timing the translators")
    vocabulary = train_vocabulary(lambda: corpora.clean(config.data)[1], config.subwords)
    return translation.speed(config, vocabulary, list(islice(corpora.clean(config.data)[1], TIMED_PAIRS)), seconds)


def about(config: Config, corpora: Corpora, test: Pairs, updates: int) -> dict[str, str]:
    """What the numbers were measured on, for the head of the page."""
    model = config.model
    return {
        "Data": f"{corpora.train[0]}, {config.data.source} to {config.data.target}, {len(test):,} test sentences",
        "Translators": f"{model.encoder_layers} + {model.decoder_layers} layers of {model.hidden}, "
        f"{model.decoder} decoder, attention {model.attention} or none, {updates:,} updates each, beam "
        f"{config.search.beam}",
        "Machine": f"{platform.machine()}, {os.cpu_count()} cores, PyTorch {torch.__version__}, Python "
        f"{platform.python_version()}",
    }


def say(message: str) -> None:
    """A line on stderr."""
    print(message, file=sys.stderr, flush=True)
