"""The one entry that recipes and `nmt train` call: from a configuration to a trained, scored model folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import torch

from nmt import model_folder, plots
from nmt.config import Config
from nmt.data.encoded import EncodedCorpus
from nmt.data.respelling import Respelling
from nmt.errors import UserError, guard
from nmt.evaluation.cases import count_encoded
from nmt.evaluation.evaluate import evaluate
from nmt.evaluation.perplexity import perplexity
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.scoring import Scorer
from nmt.training import corpora as corpora_module
from nmt.training.beginning import INITIAL, Inherited, alone, begun, inherited, say, taken_up, trained_on
from nmt.training.card import ending, model_card
from nmt.training.checkpoints import CHECKPOINTS, Progress, TrainingState
from nmt.training.corpora import locate
from nmt.training.distribution import Group, joined
from nmt.training.learner import Learner
from nmt.training.memory import most_tokens
from nmt.training.objective import Objective, make_objective
from nmt.training.tracking import SilentTracker, Tracker
from nmt.training.trainer import Trainer
from nmt.training.validation import Validator
from nmt.translator import Translator

VALID = "valid.arrow"

TRAIN_HELP = """Trains a translator on your own files and keeps the best weights on the validation pairs:

  nmt train --data.train train.en train.de --data.valid val.en val.de --output runs/mine --train.minutes 20

Settings left open are chosen from the size of the corpus. The same command again goes on where a run was stopped. A
language model of the target is trained by recipes/language_model.py, which shows its settings."""


class Prepared(NamedTuple):
    """What every process of a training needs, beside what lies in its folder."""

    config: Config
    corpus: Path
    valid: list[tuple[str, str]]
    tests: dict[str, list[tuple[str, str]]]


def run(config: Config, before: Callable[[Config], Config] = lambda config: config) -> dict[str, Any]:
    """Trains, or goes on training, the run of `config.output`; scores its best weights on the test sets. `before` it,
    one process does what else is to be done, such as making the data, and says what the configuration is then.

    Under torchrun all its processes train one network together; the first prepares, writes and speaks. Returns the
    scores by test set. Raises UserError for anything that the configuration or the data have wrong.
    """
    if config.output is None:
        raise UserError("--output is not given: name a folder for the model.")
    folder = Path(config.output)
    with joined(config.train.device) as group, ExitStack() as held:
        group.once(lambda: held.enter_context(alone(folder)))
        prepared = group.once(lambda: _prepare(config, folder, before))
        if prepared.config.train.threads:
            torch.set_num_threads(prepared.config.train.threads)
        trainer, tracker = _assemble(prepared, folder, group)
        try:
            progress = trainer.train()
        finally:
            tracker.close()
        return group.once(lambda: _finish(prepared, folder, progress))


def _prepare(config: Config, folder: Path, before: Callable[[Config], Config]) -> Prepared:
    """Everything that is done once, by one process: settings chosen, vocabulary made, corpora read and encoded."""
    config = before(config)
    there = (folder / model_folder.CONFIG).exists() or any(folder.glob(f"trainer/{CHECKPOINTS}"))
    if not there and not config.data.train and config.data.folder is None:
        raise UserError(
            f"data.train is not given, and {folder} is no run to go on with: give two parallel text files, or a corpus "
            "in another form; --help lists them."
        )
    new = Inherited(taken_up(config, folder)) if there else inherited(config)
    config = new.config
    corpora = locate(config.data, texts=config.model.is_language_model)
    valid = list(corpora.pairs("validation", corpora.valid))
    # The test sets are read now, because nobody wants to hear of a missing file after hours of training.
    tests = {name: list(corpora.pairs("test", locations)) for name, locations in corpora.tests.items()}
    if not there:
        config = begun(new, corpora, folder)
    work = folder / "trainer"
    corpora = trained_on(corpora, config, folder)
    vocabulary = model_folder.load_vocabulary(folder, config)
    model_folder.save_config(folder, config)
    path, report = corpora_module.encode(corpora, config, vocabulary, work)
    say(report)
    encoded = work / VALID
    earlier = encoded.read_bytes() if encoded.exists() else None
    corpora_module.encode_all(valid, vocabulary, encoded)
    if earlier not in (None, encoded.read_bytes()):
        say("the validation pairs are others than before: their scores do not compare with those before")
    return Prepared(config, path, valid, tests)


def _assemble(prepared: Prepared, folder: Path, group: Group) -> tuple[Trainer, Tracker]:
    """The trainer of a process, with the parts that it needs."""
    config, work = prepared.config, folder / "trainer"
    if not prepared.corpus.exists():
        raise UserError(f"{prepared.corpus} is not seen by process {group.rank}: all need one --output.")
    vocabulary = model_folder.load_vocabulary(folder, config)
    corpus = EncodedCorpus(prepared.corpus)
    torch.manual_seed(config.train.seed)
    network = model_folder.build(config, vocabulary)
    if (work / INITIAL).exists():
        model_folder.load_weights(network, work / INITIAL)
    network = network.to(model_folder.device_for(config.train.device))
    tracker = Tracker(folder) if group.first else SilentTracker()
    tracker.say(f"{parameter_count(network):,} parameters, {len(vocabulary.target):,} target pieces")
    settings = config.train
    respell = Respelling(
        vocabulary, settings.seed, dropout=settings.subword_dropout, sampling=settings.subword_sampling
    )
    analysed = group.first and plots.installed() and not config.model.is_language_model
    counts = count_encoded(corpus, vocabulary)[0] if analysed else None
    validator = Validator(config, vocabulary, EncodedCorpus(work / VALID), prepared.valid, group, counts)
    objective = make_objective(config, vocabulary, corpus)
    if config.train.batch_tokens == "auto":
        config = _with_largest_batch(config, network, corpus, group, tracker, objective)
        if group.first:
            model_folder.save_config(folder, config)
    return Trainer(config, network, corpus, respell, validator, tracker, folder, group, objective), tracker


def _with_largest_batch(
    config: Config, network: Seq2Seq, corpus: EncodedCorpus, group: Group, tracker: Tracker, objective: Objective
) -> Config:
    """The configuration with the largest batch that memory holds, which is kept from then on."""
    state = TrainingState(network, torch.optim.SGD(network.parameters()), Progress(), {})
    learner = Learner(state, config.train, group, lambda message: None, objective)
    tokens = most_tokens(learner, corpus, config.train.seed)
    tracker.say(f"train.batch_tokens: auto -> {tokens}")
    return config.replace({"train.batch_tokens": tokens})


def _finish(prepared: Prepared, folder: Path, progress: Progress) -> dict[str, Any]:
    """Scores the best weights on the test sets, writes scores.json and the model card, says where everything lies."""
    config = prepared.config
    kind = Scorer if config.model.is_language_model else Translator
    model = kind.load(folder, config.train.device)
    scores: dict[str, Any] = {}
    for name, pairs in prepared.tests.items():
        sources, targets = ([pair[side] for pair in pairs] for side in (0, 1))
        if isinstance(model, Translator):
            scores[name] = evaluate(model, sources, targets)
            translations = "".join(line + "\n" for line in scores[name].pop("translations"))
            model_folder.write_durably(folder / f"{name}.translations.txt", translations.encode())
        else:
            scores[name] = perplexity(model, targets)
        print(json.dumps({"test": name, **scores[name]}, ensure_ascii=False), flush=True)
    model_folder.write_durably(folder / "scores.json", json.dumps(scores, indent=2, ensure_ascii=False).encode())
    model_folder.write_durably(folder / "README.md", model_card(config, model.network, scores).encode())
    say(ending(config, folder, progress, scores))
    return scores


def train_command(argv: Sequence[str]) -> int:
    """`nmt train`: trains on the files and with the settings of a command line; returns the exit code."""
    from nmt.options import parse

    run(parse(argv, {}, program="nmt train", description=TRAIN_HELP))
    return 0


def recipe(
    description: str | None, defaults: dict[str, Any], prepare: Callable[[Config], Config] = lambda config: config
) -> int:
    """What a recipe calls: its docstring, its settings, which the command line may change, and what must be done before
    the run, such as making the data, which returns the configuration as it is then. Returns the exit code."""
    from nmt.options import parse

    program = f"python {sys.argv[0]}"

    def parse_and_run() -> None:
        run(parse(sys.argv[1:], defaults, program=program, description=description or ""), prepare)

    return guard(parse_and_run, program)
