"""How a run begins, and how it is taken up again: settings chosen, checked and kept, the vocabulary made."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from nmt import model_folder
from nmt.config import Config, ModelConfig
from nmt.data.subwords import Vocabulary, train_vocabulary
from nmt.errors import UserError
from nmt.model.seq2seq import Seq2Seq
from nmt.model_folder import Model
from nmt.options import displaced, written
from nmt.search.settings import check_search
from nmt.training import finetune, presets
from nmt.training.checkpoints import CHECKPOINTS
from nmt.training.corpora import CLEAN, Corpora, cleaned
from nmt.training.objective import check_objective
from nmt.training.precision import check_precision, fastest
from nmt.training.synthetic import SYNTHETIC, check_synthetic, with_synthetic

INITIAL = "initial.safetensors"
MIXTURES = "mixtures"
"""The folder of the mixtures of several languages, in the trainer's."""
FIXED = ("data", "subwords", "model", "synthetic", "train.finetune")
"""Settings and sections that a run keeps for good: the weights and the meaning of the pieces hang on them."""
SETTLED = {
    *presets.choices(Config().replace({"train.precision": "float32"}), presets.Size(1, 1)),
    *("train.precision", "train.updates", "data.source", "data.target"),
}
"""Settings that a run has chosen, or has another instead of, where they were left open."""
MADE = {INITIAL, CLEAN, SYNTHETIC, MIXTURES}
"""What a run has in `trainer` before its first update, and may leave there if it is stopped while it begins."""
BEGUN = {"trainer", "joint.spm", "source.spm", "target.spm", f"{model_folder.CONFIG}.partial"}
"""What it may leave beside that."""


class Inherited(NamedTuple):
    """The configuration of a new run with what it takes from other models: the model that it goes on from, and the
    vocabulary of one, where there are such."""

    config: Config
    base: Model | None = None
    vocabulary: Vocabulary | None = None


def inherited(config: Config) -> Inherited:
    """What a new run takes from the models that `train.finetune` and `subwords.of` name. Raises UserError when one is
    none, and for settings that contradict it."""
    if config.train.finetune is not None:
        return Inherited(*finetune.begin_from(config))
    if config.subwords.of is not None:
        config, vocabulary = finetune.pieces_of(config)
        return Inherited(config, vocabulary=vocabulary)
    return Inherited(config)


def begun(new: Inherited, corpora: Corpora, folder: Path) -> Config:
    """The configuration of a new run, with every open setting chosen, written to the folder with the vocabulary, and
    with the weights to begin from if it is a fine-tuning."""
    config, base, vocabulary = new
    _check(config, folder)
    corpora = trained_on(corpora, config, folder, new=True)
    config = settled(config, corpora)
    _check_network(config)

    def pairs() -> Iterator[tuple[str, str]]:
        return corpora.clean(config.data)[1]

    if base:
        vocabulary = finetune.extend(base.vocabulary, pairs, config)
        _tell_extended(base.vocabulary, vocabulary, config.subwords.extend)
    if vocabulary and not config.model.is_language_model:
        _tell_spelled(config, vocabulary)
    vocabulary = vocabulary or train_vocabulary(pairs, config.subwords)
    try:
        (folder / "trainer").mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.spm"):
            old.unlink()
        vocabulary.save(folder)
        if base:
            weights = finetune.initial_weights(base, vocabulary, config)
            model_folder.write_tensors(folder / "trainer" / INITIAL, weights)
        model_folder.save_config(folder, config)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}): choose another --output.") from None
    return config


def _tell_extended(old: Vocabulary, new: Vocabulary, asked: int) -> None:
    """Says where the new pairs have fewer new pieces than were asked for."""
    found = [len(after) - len(before) for before, after in zip(old, new, strict=True)]
    if min(found) < asked:
        more = f"{found[0]:,}" if new.joint else f"{found[0]:,} for the source and {found[1]:,} for the target"
        say(f"subwords.extend {asked:,}: the new pairs have no more new pieces than {more}")


def _tell_spelled(config: Config, vocabulary: Vocabulary) -> None:
    """Says which tags and other symbols are no piece of a vocabulary that was learnt without them."""
    there = set(vocabulary.source.pieces(range(len(vocabulary.source))))
    spelled = " ".join(symbol for symbol in config.subwords.symbols if symbol not in there)
    mend = "raise subwords.extend" if config.train.finetune else "leave out subwords.of"
    if spelled:
        say(f"{spelled}: no piece of the model whose pieces are taken, so it is spelled in several; {mend} for its own")


def trained_on(corpora: Corpora, config: Config, folder: Path, *, new: bool = False) -> Corpora:
    """The corpora with the pairs that a run is trained on in place of those that it was given: cleaned, and with those
    that other models make, as the settings ask. What is not there yet is made, in the folder of the run; of a `new`
    one, what an earlier start with other settings or files has left there is made anew."""
    work = folder / "trainer"
    corpora = cleaned(corpora, config.data, work / CLEAN, new=new)
    return with_synthetic(corpora, config, work / SYNTHETIC, new=new)


def _check(config: Config, folder: Path) -> None:
    """Raises UserError for what would stop a new run later on: a network that cannot be, a folder that is not free."""
    model = config.model
    if model.attention == "none" and model.bridge == "zero" and not model.is_language_model:
        raise UserError(
            "model.attention none and model.bridge zero together hide the source: change one of them, or set "
            "model.encoder_layers 0 for a language model."
        )
    if model.heads != ModelConfig().heads and model.attention != "multihead":
        raise UserError(
            f"model.heads is for attention in heads, and model.attention is {model.attention}: make it multihead, or "
            "leave model.heads out."
        )
    _check_feasible(config)
    check_synthetic(config.synthetic)
    if config.subwords.extend and not config.train.finetune:
        raise UserError("subwords.extend adds to the pieces of a model: name one with train.finetune, or leave it out.")
    if model.is_language_model and config.synthetic.models:
        raise UserError("synthetic.models makes pairs, and a language model has no source: leave it out.")
    some = config.replace({"train.precision": "float32"})  # any: nothing is measured here
    if model.embedding is None:
        some = some.replace({"model.readout": 0})  # what it is to agree with is not known yet
    _check_network(some.replace(presets.choices(some, presets.Size(1, 1))))
    check_free(folder)


def _check_network(config: Config) -> None:
    """Raises UserError for a network that cannot be."""
    with torch.device("meta"):  # the shapes without the numbers; the sizes of the vocabulary change nothing here
        Seq2Seq(config.model, 1, 1, joint=bool(config.subwords.joint))


def check_free(folder: Path) -> None:
    """Raises UserError for a folder that no new run can be in: one of other things, or one that cannot be written."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        problem = "is write-protected" if there.is_dir() else "is no folder"
        raise UserError(f"{folder} cannot be written ({there} {problem}): choose another --output.")
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    work = {path.name.removesuffix(".partial") for path in folder.glob("trainer/*")}
    if names - (BEGUN if "trainer" in names and work <= MADE else set()):
        raise UserError(f"{folder} exists and is no training run: choose another --output, nothing was written.")


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other trainings out of a folder. Where it is not there it is made, and removed again if nothing comes into
    it. Raises UserError when another process has it."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    with contextlib.ExitStack() as after:
        for path in reversed(made):
            after.callback(_remove_empty, path)
        with contextlib.suppress(OSError):  # what cannot be written is told, with its mend, by `check_free`
            folder.mkdir(parents=True, exist_ok=True)
            held = os.open(folder, os.O_RDONLY)
            after.callback(os.close, held)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    f"{folder} is being trained by another process: wait for it, or choose another --output."
                ) from None
        yield


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def settled(config: Config, corpora: Corpora) -> Config:
    """The configuration with every open setting chosen from the training pairs. Raises UserError without any."""
    cleaner, pairs = corpora.clean(config.data)
    size = presets.measure(pairs)
    if not size.pairs:
        raise UserError(f"no training pair is left after cleaning ({cleaner.report}).")
    values = presets.choices(config, size)
    if values:
        chosen = "  ".join(f"{key} {written(value)}" for key, value in values.items())
        say(f"chosen for {size.pairs:,} pairs: {chosen}")
    source, target = corpora.source, corpora.target
    if source and target and (source, target) != (config.data.source, config.data.target):
        say(f"languages, as the training pairs name them: {source} -> {target}")
    values |= {"data.source": source, "data.target": target}
    symbols = dict.fromkeys((*config.subwords.symbols, *corpora.tags))
    return config.replace({**values, "subwords.symbols": tuple(symbols)})


def taken_up(config: Config, folder: Path) -> Config:
    """The configuration of a run that goes on. What was given now and differs is shown; it applies to `train` and
    `search`, and is refused elsewhere."""
    saved = model_folder.load_config(folder)
    if (folder / model_folder.WEIGHTS).exists() and not any(folder.glob(f"trainer/{CHECKPOINTS}")):
        raise UserError(f"{folder} is a model without the state of its training: choose another --output.")
    before = {key: value for key, value, _ in saved.fields()}
    beginning = ("train.batch_tokens", "auto")  # it was found, or was not asked for, when the run began
    typed = {key: value for key, value in config.given().items() if key != "output" and (key, value) != beginning}
    given = {key: value for key, value in typed.items() if value is not None or key not in SETTLED}
    instead = {key: value for key, value in displaced(given).items() if not _fixed(key)}
    changes = {key: value for key, value in {**instead, **given}.items() if value != before[key]}
    for key, value in changes.items():
        if _fixed(key):
            raise UserError(
                f"{key} is {written(value)}, but the run in {folder} began with {written(before[key])}: "
                "leave it as it was, or choose another --output."
            )
    settled = saved.replace(changes)
    _check_feasible(settled)
    for key, value in changes.items():
        say(f"{key}: {written(before[key])} -> {written(value)}")
    for key in typed:
        if key not in given and key not in changes and before[key] is not None:
            say(f"{key} is left open: it stays {written(before[key])}")
    if "train.optimizer" in changes and "train.learning_rate" not in changes:
        rate = written(before["train.learning_rate"])
        say(f"train.learning_rate stays {rate}, as for {before['train.optimizer']}: optimisers need other rates")
    key, value = beginning
    if config.given().get(key) == value != before[key]:
        say(f"{key} {value} is for the beginning of a run: it stays {written(before[key])}")
    if settled.train.precision == "bfloat16" != fastest(model_folder.device_for(settled.train.device)):
        say("the run began in bfloat16, which is slow on this machine: --train.precision float32 goes on without it")
    return settled


def _fixed(key: str) -> bool:
    return key in FIXED or key.split(".")[0] in FIXED


def _check_feasible(config: Config) -> None:
    """Raises UserError for a device that is not there, numbers that it cannot compute in, a search or an objective that
    cannot be, and weights that cannot learn."""
    if config.model.weights != "float32":
        raise UserError("model.weights is int8, which cannot be trained: train in float32, then use `nmt compress`.")
    if config.train.subword_sampling and config.subwords.algorithm != "unigram":
        raise UserError(
            "train.subword_sampling draws by the probabilities of unigram pieces, which byte pairs have none of: use "
            "train.subword_dropout instead, or new pieces by subwords.algorithm unigram."
        )
    check_precision(config.train.precision, model_folder.device_for(config.train.device))
    check_search(config.search)
    check_objective(config)


def say(message: str) -> None:
    """A line on stderr."""
    print(message, file=sys.stderr, flush=True)
