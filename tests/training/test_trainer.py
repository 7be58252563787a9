"""The training loop: stopping is not an event (law 5), the best weights are the best, budgets are kept."""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import nn

from nmt import model_folder
from nmt.config import Config
from nmt.data.batching import Batch
from nmt.data.encoded import EncodedCorpus
from nmt.data.respelling import Respelling
from nmt.data.subwords import Vocabulary, train_vocabulary
from nmt.errors import Terminated, UserError
from nmt.model.seq2seq import Seq2Seq
from nmt.training import objective as objective_module
from nmt.training import trainer as trainer_module
from nmt.training.checkpoints import Checkpoints
from nmt.training.corpora import encode_all
from nmt.training.objective import make_objective
from nmt.training.optimizers import OPTIMIZERS, SCHEDULES
from nmt.training.trainer import BAD_IN_A_ROW, RETURNS, Trainer
from nmt.training.validation import Validation, Validator

SETTINGS = {
    "subwords.vocabulary": 300,
    "train.batch_tokens": 150,
    "model.cell": "gru",
    "model.attention": "general",
    "model.decoder": "parallel",
    "model.hidden": 16,
    "model.embedding": 16,
    "model.encoder_layers": 1,
    "model.decoder_layers": 1,
    "model.dropout": 0.3,  # random numbers are drawn in every update
    "model.word_dropout": 0.1,
    "train.subword_dropout": 0.1,
    "train.updates": 30,
    "train.validate_every": 10,
    "train.learning_rate": 5e-3,
    "train.warmup": 5,
    "train.ema": 0.0,
    "train.best_by": "loss",
    "train.patience": 100,
}
CONSONANTS = {"b": "p", "d": "t", "g": "k", "s": "z"}


def toy_pairs(count: int, seed: int) -> list[tuple[str, str]]:
    """Words of syllables, turned round and hardened: `ba di so` -> `zo ti pa`."""
    chosen = random.Random(seed)
    syllables = [first + second for first in CONSONANTS for second in "aio"]
    sources = [chosen.choices(syllables, k=chosen.randint(2, 6)) for _ in range(count)]
    return [(" ".join(words), " ".join(CONSONANTS[one[0]] + one[1] for one in reversed(words))) for words in sources]


@dataclass(frozen=True)
class World:
    """A language to learn, made once."""

    vocabulary: Vocabulary
    train: EncodedCorpus
    valid: EncodedCorpus
    valid_pairs: list[tuple[str, str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    train, valid = toy_pairs(300, 1), toy_pairs(8, 2)
    vocabulary = train_vocabulary(lambda: train, Config().replace(SETTINGS).subwords)
    for name, pairs in (("train", train), ("valid", valid)):
        encode_all(pairs, vocabulary, folder / name)
    return World(vocabulary, EncodedCorpus(folder / "train"), EncodedCorpus(folder / "valid"), valid)


@dataclass
class Listener:
    """A tracker that remembers."""

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    scores: dict[int, dict[str, float]] = field(default_factory=dict)
    drawn: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    taken_up: list[int] = field(default_factory=list)

    def took_up(self, update: int) -> None:
        self.taken_up.append(update)

    def update(self, update: int, progress: float, values: dict[str, float], patience: float) -> None:
        assert 0 <= values["padding"] < 1
        assert 0 <= values["accuracy"] <= 1
        assert values["memory_mb"] > 1
        assert 0 < progress <= 1
        assert 0 < patience <= 1
        self.rates.append(values["rate"])
        self.losses.append(values["loss"])

    def validation(self, update: int, validation: Validation) -> None:
        self.scores[update] = validation.scores

    def draw(self) -> None:
        self.drawn.append(max(self.scores))

    def say(self, message: str) -> None:
        self.said.append(message)


class Scripted:
    """A validator whose scores are known beforehand; it keeps the weights it was shown."""

    def __init__(self, scores: Sequence[float] = ()) -> None:
        self.scores = itertools.chain(scores, itertools.repeat(0.0))
        self.seen: list[dict[str, torch.Tensor]] = []

    def __call__(self, network: Seq2Seq) -> Validation:
        self.seen.append({name: value.detach().clone() for name, value in network.named_parameters()})
        return Validation(self.scored(), [])

    def scored(self) -> dict[str, float]:
        score = next(self.scores)
        return {"loss": 1.0, "bleu": score, "chrf": score}


def make_trainer(world: World, folder: Path, changes: dict[str, object] | None = None, **parts: object) -> Trainer:
    """A trainer of the world's language as `run` would start it: with the same random weights each time."""
    config = Config().replace({**SETTINGS, **(changes or {})})
    torch.manual_seed(config.train.seed)
    network = model_folder.build(config, world.vocabulary)
    validator = parts.get("validator") or Validator(config, world.vocabulary, world.valid, world.valid_pairs)
    folder.mkdir(exist_ok=True)
    dropout, sampling = config.train.subword_dropout, config.train.subword_sampling
    respell = Respelling(world.vocabulary, config.train.seed, dropout=dropout, sampling=sampling)
    tracker = parts.get("tracker") or Listener()
    objective = make_objective(config, world.vocabulary, world.train)
    return Trainer(config, network, world.train, respell, validator, tracker, folder, objective=objective)


def on_update(trainer: Trainer, act: Callable[[int], None]) -> Trainer:
    """Calls `act` with the number of every update, at its end."""
    update = trainer._update

    def update_and_act(batch: object) -> None:
        update(batch)
        act(trainer.state.progress.update)

    trainer._update = update_and_act
    return trainer


def interrupted_at(trainer: Trainer, number: int, sign: int = signal.SIGINT) -> Trainer:
    """Sends this process a signal at the end of an update."""
    return on_update(trainer, lambda update: signal.raise_signal(sign) if update == number else None)


def checkpoints(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(path for path in folder.glob("trainer/checkpoint-*") if path.suffix != ".partial")


def assert_same_end(one: Path, other: Path) -> None:
    """The same weights, best weights, optimiser, average and place in the data, bit for bit."""
    newest, expected = (checkpoints(folder)[-1] for folder in (one, other))
    assert newest.name == expected.name
    for name in ("model", "optimizer", "average"):
        assert (newest / f"{name}.safetensors").read_bytes() == (expected / f"{name}.safetensors").read_bytes(), name
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
    progress, known = (json.loads((folder / "progress.json").read_text()) for folder in (newest, expected))
    for clock in ("seconds", "validated_seconds"):
        assert progress.pop(clock) >= 0
        known.pop(clock)
    assert progress == known


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder: when it was written, and what is in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was never stopped."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    make_trainer(world, folder).train()
    return folder


@pytest.fixture
def every_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every update tracked."""
    monkeypatch.setitem(SETTINGS, "train.log_seconds", 0)


@pytest.mark.parametrize(
    "changes",
    [
        *({"train.optimizer": name} for name in OPTIMIZERS),
        {"train.ema": 0.9},
        {"train.precision": "bfloat16", "train.rdrop": 2.0},
        {"train.scheduled_sampling": 0.5, "train.guided_alignment": 0.1},
        {"train.risk": "chrf", "train.risk_samples": 2},
    ],
    ids=str,
)
def test_a_run_that_was_stopped_ends_as_one_that_never_was(
    world: World, tmp_path: Path, changes: dict[str, object]
) -> None:
    whole = make_trainer(world, tmp_path / "whole", changes)
    progress = whole.train()
    assert (progress.update, progress.epoch > 0, progress.batch > 0) == (30, True, True)
    scores = {}
    for stop in (1, 8, 10, 19, 30):  # in any epoch, before, at and after a validation, and at the end
        part = interrupted_at(make_trainer(world, tmp_path / "parts", changes), stop)
        with pytest.raises(KeyboardInterrupt):
            part.train()
        assert checkpoints(tmp_path / "parts")[-1].name == f"checkpoint-{stop:09d}"
        assert any("saved" in line for line in part.tracker.said)
        scores |= part.tracker.scores
    make_trainer(world, tmp_path / "parts", changes).train()
    assert_same_end(tmp_path / "parts", tmp_path / "whole")
    assert scores == whole.tracker.scores


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (objective_module, "batch_losses", 1),  # before the first checkpoint
        (objective_module, "batch_losses", 17),  # in an update
        (Validator, "__call__", 2),  # while validating
        (Checkpoints, "save", 2),  # between the best weights and their checkpoint
        (model_folder, "write_tensors", 3),  # within the first checkpoint
        (model_folder, "write_tensors", 8),  # within the second
        (shutil, "rmtree", 4),  # when the second is written, before it has its name
    ],
)
def test_a_run_killed_anywhere_ends_as_one_that_never_was(
    world: World, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, call: int
) -> None:
    function, calls = getattr(owner, name), itertools.count(1)

    def until_killed(*arguments: object, **options: object) -> object:
        if next(calls) == call:
            raise Killed
        return function(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, until_killed)
        with pytest.raises(Killed):
            make_trainer(world, tmp_path).train()
    make_trainer(world, tmp_path).train()
    assert_same_end(tmp_path, whole)
    assert not list(tmp_path.rglob("*.partial"))


def test_a_second_signal_stops_at_once_and_other_handlers_come_back(world: World, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    trainer = make_trainer(world, tmp_path)
    on_update(trainer, lambda update: [signal.raise_signal(signal.SIGINT) for _ in range(2)])
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    assert [path.name for path in checkpoints(tmp_path)] == ["checkpoint-000000000"]  # that of the start
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_in_a_thread_that_gets_no_signals_it_trains_all_the_same(world: World, tmp_path: Path) -> None:
    trainer = make_trainer(world, tmp_path, {"train.updates": 2}, validator=Scripted())
    thread = threading.Thread(target=trainer.train)
    thread.start()
    thread.join()
    assert checkpoints(tmp_path)[-1].name == "checkpoint-000000002"


def test_sigterm_saves_too(world: World, tmp_path: Path) -> None:
    with pytest.raises(Terminated):
        interrupted_at(make_trainer(world, tmp_path), 3, signal.SIGTERM).train()
    assert checkpoints(tmp_path)[-1].name == "checkpoint-000000003"


def test_a_signal_in_the_last_validation_is_heard(world: World, tmp_path: Path) -> None:
    class Interrupted(Scripted):
        def __call__(self, network: Seq2Seq) -> Validation:
            signal.raise_signal(signal.SIGTERM)
            return super().__call__(network)

    changes = {"train.updates": 4, "train.validate_every": 4}
    with pytest.raises(Terminated):
        make_trainer(world, tmp_path, changes, validator=Interrupted()).train()
    assert checkpoints(tmp_path)[-1].name == "checkpoint-000000004"
    assert make_trainer(world, tmp_path, changes, validator=Scripted()).train().update == 4


@pytest.mark.parametrize("lost", [Path.unlink, lambda path: os.truncate(path, 100)])
def test_where_the_best_weights_are_lost_the_next_are_kept(
    world: World, tmp_path: Path, lost: Callable[[Path], None]
) -> None:
    changes = {"train.updates": 10, "train.validate_every": 10, "train.best_by": "bleu"}
    make_trainer(world, tmp_path, changes, validator=Scripted([30])).train()
    lost(tmp_path / model_folder.WEIGHTS)
    trainer = make_trainer(world, tmp_path, {**changes, "train.updates": 20}, validator=Scripted([20]))
    assert trainer.train().best == 20
    assert any("model.safetensors is" in line and "looked for anew" in line for line in trainer.tracker.said)
    assert model_folder.read_tensors(tmp_path / model_folder.WEIGHTS)


@pytest.mark.parametrize("lost", [True, False])
def test_a_finished_run_finds_its_best_weights_anew_where_they_are_lost_or_others_are_asked_for(
    world: World, tmp_path: Path, lost: bool
) -> None:
    changes = {"train.updates": 10, "train.validate_every": 10, "train.best_by": "bleu"}
    make_trainer(world, tmp_path, changes, validator=Scripted([30])).train()
    whole = (tmp_path / model_folder.WEIGHTS).read_bytes()
    os.truncate(tmp_path / model_folder.WEIGHTS, 100)
    again = changes if lost else {**changes, "train.best_by": "chrf"}
    progress = make_trainer(world, tmp_path, again, validator=Scripted([30])).train()
    assert (progress.update, progress.best, progress.validations) == (10, 30, 2)
    assert (tmp_path / model_folder.WEIGHTS).read_bytes() == whole


def test_a_run_that_ended_by_patience_is_not_gone_on_with_because_its_best_weights_are_lost(
    world: World, tmp_path: Path
) -> None:
    changes = {"train.updates": 99, "train.validate_every": 3, "train.patience": 2}
    make_trainer(world, tmp_path, changes, validator=Scripted([30])).train()
    (tmp_path / model_folder.WEIGHTS).unlink()
    assert make_trainer(world, tmp_path, changes, validator=Scripted([20])).train().update == 9
    assert model_folder.read_tensors(tmp_path / model_folder.WEIGHTS)


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_session_that_ends_after_it_has_asked_does_not_kill_before_it_is_saved(
    world: World, tmp_path: Path, first: int
) -> None:
    trainer = make_trainer(world, tmp_path)
    on_update(trainer, lambda update: [signal.raise_signal(sign) for sign in (first, signal.SIGHUP)])
    with pytest.raises(KeyboardInterrupt if first == signal.SIGINT else Terminated):
        trainer.train()
    assert checkpoints(tmp_path)[-1].name == "checkpoint-000000001"
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def test_it_saves_every_few_minutes_between_validations(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "SAVE_SECONDS", 0)
    newest: list[str] = []
    trainer = make_trainer(world, tmp_path, {"train.updates": 4, "train.validate_every": None}, validator=Scripted())
    on_update(trainer, lambda update: newest.extend(path.name for path in checkpoints(tmp_path)[-1:])).train()
    assert newest == [f"checkpoint-{update:09d}" for update in (0, 1, 2, 3)]


def test_a_finished_run_started_again_does_nothing(world: World, tmp_path: Path) -> None:
    make_trainer(world, tmp_path, validator=Scripted()).train()
    before = snapshot(tmp_path)
    again = make_trainer(world, tmp_path, validator=Scripted())
    assert again.train().update == 30
    assert again.selection.validator.seen == []
    assert snapshot(tmp_path) == before
    assert any("nothing is left to train: the budget is used up" in line for line in again.tracker.said)


def test_where_patience_was_used_up_a_raised_budget_is_not_enough_and_that_is_told(
    world: World, tmp_path: Path
) -> None:
    changes = {"train.updates": 100, "train.validate_every": 2, "train.patience": 1}
    assert make_trainer(world, tmp_path, changes, validator=Scripted([5])).train().update == 4
    again = make_trainer(world, tmp_path, {**changes, "train.updates": 200}, validator=Scripted())
    assert again.train().update == 4
    assert any("raise train.patience above 1" in line for line in again.tracker.said)
    more = {**changes, "train.patience": 2}
    assert make_trainer(world, tmp_path, more, validator=Scripted()).train().update == 6


def test_the_smallest_budget_is_one_update(world: World, tmp_path: Path) -> None:
    trainer = make_trainer(world, tmp_path, {"train.updates": None, "train.minutes": 1e-9}, validator=Scripted())
    assert trainer.train().update == 1
    assert (tmp_path / model_folder.WEIGHTS).exists()


def test_with_another_score_the_best_is_looked_for_anew(world: World, tmp_path: Path) -> None:
    changes = {"train.updates": 10, "train.validate_every": 10, "train.best_by": "bleu"}
    make_trainer(world, tmp_path, changes, validator=Scripted([30])).train()
    validator = Scripted()
    trainer = make_trainer(
        world, tmp_path, {**changes, "train.updates": 20, "train.best_by": "loss"}, validator=validator
    )
    assert trainer.train().best == -1
    assert any("anew, by loss" in line for line in trainer.tracker.said)
    saved = model_folder.read_tensors(tmp_path / "model.safetensors")
    assert all(torch.equal(value, validator.seen[0][name]) for name, value in saved.items())


def test_weights_kept_for_a_mean_that_is_no_longer_asked_for_are_forgotten(world: World, tmp_path: Path) -> None:
    changes = {"train.updates": 20, "train.average": 3, "train.best_by": "bleu"}
    make_trainer(world, tmp_path, changes, validator=Scripted([1, 2, 1])).train()
    assert list(tmp_path.glob("trainer/validated/*"))
    changes = {"train.updates": 30, "train.average": 1, "train.best_by": "bleu"}
    trainer = make_trainer(world, tmp_path, changes, validator=Scripted([1, 9]))
    assert trainer.train().best == 2
    assert not list(tmp_path.glob("trainer/validated/*"))


def test_a_raised_budget_goes_on_as_if_it_had_been_so_from_the_beginning(
    world: World, whole: Path, tmp_path: Path
) -> None:
    constant = {"train.schedule": "constant"}  # other schedules take another course under another budget
    make_trainer(world, tmp_path / "whole", constant).train()
    for updates in (10, 20, 30):
        make_trainer(world, tmp_path / "raised", {**constant, "train.updates": updates}).train()
    assert_same_end(tmp_path / "raised", tmp_path / "whole")
    assert (tmp_path / "whole" / "model.safetensors").read_bytes() != (whole / "model.safetensors").read_bytes()


def test_a_damaged_checkpoint_is_passed_over_and_told(world: World, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    newest = checkpoints(tmp_path / "run")[-1]
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    trainer = make_trainer(world, tmp_path / "run")
    trainer.train()
    told = " ".join(trainer.tracker.said)
    assert str(weights) in told
    assert "checkpoint-000000020" in told
    assert_same_end(tmp_path / "run", whole)  # the ten updates were done again


def test_the_optimiser_can_be_changed_on_the_way(world: World, tmp_path: Path) -> None:
    for number, optimizer in enumerate(["sgd", *OPTIMIZERS, "sgd"], 1):
        changes = {"train.optimizer": optimizer, "train.updates": 2 * number, "train.ema": 0.1 * number}
        assert make_trainer(world, tmp_path, changes, validator=Scripted()).train().update == 2 * number


def test_early_stopping_waits_for_the_patience_and_the_top_of_the_folder_holds_the_best(
    world: World, tmp_path: Path
) -> None:
    changes = {"train.updates": 1000, "train.validate_every": 2, "train.patience": 3, "train.best_by": "bleu"}
    validator = Scripted([3, 1, 4, 3, 4, 2, 9])  # as good as the best is not better
    trainer = make_trainer(world, tmp_path, changes, validator=validator)
    assert trainer.train().update == 2 * (3 + 3)
    assert trainer.tracker.drawn == [12]
    best, last = (
        model_folder.read_tensors(folder / "model.safetensors") for folder in (tmp_path, checkpoints(tmp_path)[-1])
    )
    assert all(torch.equal(best[name], value) for name, value in validator.seen[2].items())
    assert all(torch.equal(last[name], value) for name, value in validator.seen[5].items())
    assert any("stopped early" in line for line in trainer.tracker.said)
    before = snapshot(tmp_path)
    assert make_trainer(world, tmp_path, changes, validator=Scripted()).train().update == 12
    assert snapshot(tmp_path) == before
    patient = make_trainer(world, tmp_path, {**changes, "train.patience": 5}, validator=Scripted([2, 3]))
    assert patient.train().update == 16


def test_patience_is_not_spent_while_the_loss_falls_and_the_last_of_equals_is_kept(
    world: World, tmp_path: Path
) -> None:
    validator = Scripted()
    losses = itertools.chain([3.0, 2.0, 1.0], itertools.repeat(1.0))
    validator.scored = lambda: {"loss": next(losses), "bleu": 0.0, "chrf": 0.0}
    changes = {"train.updates": 1000, "train.validate_every": 2, "train.patience": 2}
    assert make_trainer(world, tmp_path, changes, validator=validator).train().update == 2 * (3 + 2)
    saved = model_folder.read_tensors(tmp_path / "model.safetensors")
    assert all(torch.equal(saved[name], value) for name, value in validator.seen[2].items())


@pytest.mark.parametrize("best_by", ["bleu", "chrf", "loss"])
def test_the_best_is_chosen_by_the_score_that_is_asked_for(world: World, tmp_path: Path, best_by: str) -> None:
    scores = [(2.0, 1.0, 5.0), (1.0, 2.0, 5.0), (1.0, 1.0, 4.0)]  # each is best by another
    validator = Scripted()
    shown = iter([dict(zip(("bleu", "chrf", "loss"), values, strict=True)) for values in scores])
    validator.scored = lambda: next(shown)
    changes = {"train.updates": 6, "train.validate_every": 2, "train.best_by": best_by}
    make_trainer(world, tmp_path, changes, validator=validator).train()
    saved = model_folder.read_tensors(tmp_path / "model.safetensors")
    best = validator.seen[("bleu", "chrf", "loss").index(best_by)]
    assert all(torch.equal(saved[name], value) for name, value in best.items())


def test_validation_comes_when_asked_for_and_at_the_end(world: World, tmp_path: Path) -> None:
    changes = {"train.updates": 20, "train.validate_every": 7}
    trainer = make_trainer(world, tmp_path, changes, validator=Scripted())
    trainer.train()
    assert list(trainer.tracker.scores) == [7, 14, 20]
    assert trainer.tracker.drawn == [20]


def test_left_open_validation_comes_ten_times_in_the_budget_however_it_grows(world: World, tmp_path: Path) -> None:
    changes = {"train.updates": 20, "train.validate_every": None, "train.patience": 100}
    trainer = make_trainer(world, tmp_path, changes, validator=Scripted())
    trainer.train()
    assert list(trainer.tracker.scores) == list(range(2, 21, 2))
    trainer = make_trainer(world, tmp_path, {**changes, "train.updates": 40}, validator=Scripted())
    trainer.train()
    assert list(trainer.tracker.scores) == list(range(24, 41, 4))


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_minutes_are_kept_over_all_starts_and_the_rate_anneals_to_them(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_rate: None
) -> None:
    clock, loss = Clock(), objective_module.batch_losses

    def three_seconds(*arguments: object, **others: object) -> object:
        clock.now += 3
        return loss(*arguments, **others)

    monkeypatch.setattr(trainer_module, "time", clock)
    monkeypatch.setattr(objective_module, "batch_losses", three_seconds)
    changes = {"train.updates": None, "train.minutes": 2, "train.schedule": "cosine", "train.validate_every": None}
    first = make_trainer(world, tmp_path, changes, validator=Scripted())
    with pytest.raises(KeyboardInterrupt):
        interrupted_at(first, 17).train()
    clock.now = 1e6  # the machine was started anew; time in which nothing trains does not count
    second = make_trainer(world, tmp_path, changes, validator=Scripted())
    assert second.train().update == 38  # the largest batch is tried at each start, which takes three seconds, too
    assert second.state.progress.seconds == pytest.approx(120)
    assert list(first.tracker.scores | second.tracker.scores) == [3, 7, 11, 15, 18, 22, 26, 30, 34, 38]
    rates, peak = first.tracker.rates + second.tracker.rates, SETTINGS["train.learning_rate"]
    after_warmup = rates[SETTINGS["train.warmup"] :]
    assert after_warmup == sorted(after_warmup, reverse=True)
    assert rates[18] == pytest.approx(peak / 2)  # half of the minutes, half of the cosine
    assert 0 < rates[-1] < 0.01 * peak


def test_validation_counts_as_time_and_the_budget_ends_with_one(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(trainer_module, "time", clock)
    validator = Scripted()
    validator.scored = lambda: setattr(clock, "now", clock.now + 25) or {"loss": 1.0, "bleu": 1.0, "chrf": 1.0}
    changes = {"train.updates": None, "train.minutes": 1, "train.validate_every": None}
    trainer = make_trainer(world, tmp_path, changes, validator=validator)
    progress = on_update(trainer, lambda update: setattr(clock, "now", clock.now + 2)).train()
    # Validated at 6 s; then at the first tenth after each validation: 31 -> 37 s, and 62 s, the end.
    assert list(trainer.tracker.scores) == [3, 6]
    assert progress.update == 6


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_no_update_is_wasted_on_a_rate_of_zero(world: World, tmp_path: Path, every_rate: None, schedule: str) -> None:
    changes = {"train.schedule": schedule, "train.updates": 12, "train.warmup": 4, "train.validate_every": None}
    trainer = make_trainer(world, tmp_path, changes, validator=Scripted())
    trainer.train()
    rates, peak = trainer.tracker.rates, SETTINGS["train.learning_rate"]
    assert len(rates) == 12
    assert rates[0] == pytest.approx(peak / 4)
    assert all(0 < rate <= peak for rate in rates)
    assert rates[:4] == sorted(rates[:4])


def test_an_epoch_uses_every_pair_once(world: World, tmp_path: Path) -> None:
    batches = len(make_trainer(world, tmp_path).order.epoch(0))
    changes = {"train.updates": batches, "train.subword_dropout": 0.0}  # as many pieces as were encoded
    trainer = make_trainer(world, tmp_path, changes, validator=Scripted())
    assert trainer.train().tokens == int(world.train.lengths[:, 1].sum())


def test_the_average_is_what_is_validated_and_saved_and_training_goes_on_from_the_weights(
    world: World, tmp_path: Path
) -> None:
    validator = Scripted([1, 2, 3])
    trainer = make_trainer(world, tmp_path, {"train.ema": 0.5, "train.best_by": "bleu"}, validator=validator)
    expected: dict[str, torch.Tensor] = {}

    def average(update: int) -> None:
        for name, value in trainer.state.network.named_parameters():
            decay = min(0.5, (1 + update) / (10 + update))
            expected[name] = decay * expected[name] + (1 - decay) * value.detach()

    expected |= {name: value.detach().clone() for name, value in trainer.state.network.named_parameters()}
    on_update(trainer, average).train()
    saved = model_folder.read_tensors(tmp_path / "model.safetensors")
    for name, value in trainer.state.network.named_parameters():
        torch.testing.assert_close(expected[name], saved[name])
        assert torch.equal(saved[name], validator.seen[-1][name])
        assert not torch.equal(saved[name], value)


def spoilt(trainer: Trainer, when: Callable[[int], bool]) -> Trainer:
    """Has the gradient of some updates be no number."""
    gradient = trainer.learner.gradient

    def spoil(batches: object, used: float) -> object:
        counts = gradient(batches, used)
        if when(trainer.state.progress.update):
            trainer.learner.parameters[0].grad[0] = math.nan
        return counts

    trainer.learner.gradient = spoil
    return trainer


def test_an_update_whose_gradient_is_no_number_is_left_out_counted_and_told_with_its_batch(
    world: World, tmp_path: Path
) -> None:
    trainer = spoilt(make_trainer(world, tmp_path, {"train.updates": 8}), lambda update: update in (3, 4, 6))
    weights: list[torch.Tensor] = []
    on_update(trainer, lambda update: weights.append(trainer.state.network.output.bias.detach().clone()))
    progress = trainer.train()
    assert (progress.update, progress.batch, progress.skipped, progress.returns) == (8, 8, 3, 0)
    moved = [not torch.equal(*pair) for pair in itertools.pairwise(weights)]
    assert moved == [True, False, False, True, False, True, True]
    told = [line for line in trainer.tracker.said if "skipped" in line]
    assert [line.split()[1] for line in told] == ["3", "4", "6"]
    assert "epoch 0, batch 2:" in told[0]
    assert "nan" in told[0]


def test_after_too_many_in_a_row_it_goes_back_to_the_checkpoint_at_half_of_the_rate(
    world: World, tmp_path: Path, every_rate: None
) -> None:
    ill = iter([True] * BAD_IN_A_ROW)  # once, as when the rate was too high
    trainer = make_trainer(world, tmp_path, {"train.schedule": "constant"})
    spoilt(trainer, lambda update: update > 12 and next(ill, False))
    progress = trainer.train()
    assert (progress.update, progress.returns, progress.bad) == (30, 1, 0)
    assert progress.skipped == BAD_IN_A_ROW
    assert any("back to checkpoint-000000010, at 0.5 of" in line for line in trainer.tracker.said)
    assert trainer.tracker.taken_up == [10]
    peak = SETTINGS["train.learning_rate"]
    assert trainer.tracker.rates[-18:] == [peak / 2] * 18
    assert list(trainer.tracker.scores) == [10, 20, 30]


def test_an_illness_that_stays_is_told_and_what_is_saved_is_sound(world: World, tmp_path: Path) -> None:
    trainer = spoilt(make_trainer(world, tmp_path), lambda update: update > 12)
    with pytest.raises(UserError, match=r"lower train\.learning_rate"):
        trainer.train()
    assert sum("back to" in line for line in trainer.tracker.said) == RETURNS
    assert [path.name for path in checkpoints(tmp_path)] == ["checkpoint-000000000", "checkpoint-000000010"]
    for path in tmp_path.rglob("*.safetensors"):
        assert all(value.isfinite().all() for value in model_folder.read_tensors(path).values())


def test_weights_that_are_ill_at_validation_are_not_saved_either(world: World, tmp_path: Path) -> None:
    trainer = make_trainer(world, tmp_path)
    output, once = trainer.state.network.output.bias, iter([True])
    on_update(trainer, lambda update: update == 20 and next(once, False) and nn.init.constant_(output, math.inf))
    assert trainer.train().returns == 1
    assert list(trainer.tracker.scores) == [10, 20, 30]
    assert all(math.isfinite(scores["loss"]) for scores in trainer.tracker.scores.values())


def test_in_float16_a_loss_that_was_scaled_too_far_is_scaled_less(world: World, tmp_path: Path) -> None:
    trainer = make_trainer(world, tmp_path, {"train.precision": "float16", "train.updates": 20})
    trainer.state.progress.scale = 2.0**40
    progress = trainer.train()
    assert (progress.bad, progress.returns) == (0, 0)
    assert progress.scale == 2.0 ** (40 - progress.skipped) < 2.0**40
    assert progress.update == 20
    assert progress.steady > 0


def test_a_batch_that_is_too_large_is_split_and_that_is_remembered(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, seen = objective_module.batch_losses, []

    def small_memory(network: Seq2Seq, batch: Batch, *arguments: object, **options: object) -> object:
        size = batch.source.numel() + batch.target.numel() - len(batch.target)
        seen.append(size)
        if size > 130:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return losses(network, batch, *arguments, **options)

    plain = {"model.dropout": 0.0, "model.word_dropout": 0.0, "train.subword_dropout": 0.0, "train.updates": 10}
    whole = make_trainer(world, tmp_path / "whole", plain, validator=Scripted())
    whole.train()
    monkeypatch.setattr(objective_module, "batch_losses", small_memory)
    parts = make_trainer(world, tmp_path / "parts", plain, validator=Scripted())
    parts.train()
    assert sum("out of memory" in line for line in parts.tracker.said) == 2  # when the largest batch is tried, at first
    assert [size > 130 for size in seen] == [True] * 2 + [False] * (len(seen) - 2)
    tried = len(seen)
    make_trainer(world, tmp_path / "parts", {**plain, "train.updates": 12}, validator=Scripted()).train()
    assert max(seen[tried:]) <= 130  # also by another start
    for one, other in zip(whole.state.network.parameters(), parts.state.network.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)  # the same updates, otherwise summed


def test_a_pair_that_is_too_large_by_itself_is_told(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*arguments: object, **options: object) -> object:
        raise MemoryError

    monkeypatch.setattr(objective_module, "batch_losses", no_memory)
    with pytest.raises(UserError, match=r"one pair of \d+ and \d+ pieces is too much.*data\.max_length"):
        make_trainer(world, tmp_path).train()


def test_accumulated_batches_are_one_larger_batch(world: World, tmp_path: Path) -> None:
    plain = {"model.dropout": 0.0, "model.word_dropout": 0.0, "train.subword_dropout": 0.0, "train.updates": 3}
    trainer = make_trainer(world, tmp_path, {**plain, "train.accumulate": 4}, validator=Scripted())
    expected = [list(batch) for batch in trainer.order.epoch(0)[:4]]
    pairs = [pair for rows in expected for pair in world.train.pairs(rows)]
    trainer.learner.gradient([pairs], 0.0)
    gradients = [parameter.grad.clone() for parameter in trainer.learner.parameters]
    trainer.learner.gradient([world.train.pairs(rows) for rows in expected], 0.0)
    for parameter, gradient in zip(trainer.learner.parameters, gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-6)
    progress = trainer.train()
    assert len(trainer.order.epoch(0)) == 11  # the last update of an epoch takes what is left
    assert (progress.update, progress.epoch, progress.batch) == (3, 1, 0)


@pytest.mark.parametrize(("which", "updates"), [("best", (10, 30)), ("last", (20, 30))])
def test_at_the_end_the_mean_of_validated_weights_is_kept_where_it_is_better(
    world: World, tmp_path: Path, which: str, updates: tuple[int, ...]
) -> None:
    changes = {"train.average": 2, "train.average_of": which, "train.best_by": "bleu"}
    validator = Scripted([5, 1, 4, 6])  # the last one is that of the mean
    trainer = make_trainer(world, tmp_path, changes, validator=validator)
    trainer.train()
    assert {path.stem for path in tmp_path.glob("trainer/validated/*")} == {f"{update:09d}" for update in updates}
    saved = model_folder.read_tensors(tmp_path / "model.safetensors")
    seen = dict(zip((10, 20, 30), validator.seen, strict=False))
    for name, value in saved.items():
        torch.testing.assert_close(value, sum(seen[update][name] for update in updates) / 2)
    assert trainer.state.progress.best == 6


def test_a_mean_that_is_not_better_is_told_and_left(world: World, tmp_path: Path) -> None:
    changes = {"train.average": 3, "train.best_by": "bleu"}
    trainer = make_trainer(world, tmp_path, changes, validator=(validator := Scripted([5, 1, 4, 4])))
    trainer.train()
    assert any("not better" in line for line in trainer.tracker.said)
    saved = model_folder.read_tensors(tmp_path / "model.safetensors")
    assert all(torch.equal(value, validator.seen[0][name]) for name, value in saved.items())


def test_on_a_plateau_the_rate_falls_before_patience_ends(world: World, tmp_path: Path, every_rate: None) -> None:
    changes = {"train.schedule": "plateau", "train.warmup": 0, "train.patience": 4, "train.validate_every": 3}
    trainer = make_trainer(world, tmp_path, changes, validator=Scripted([1] + [0] * 99))
    trainer.train()
    peak = SETTINGS["train.learning_rate"]
    assert trainer.tracker.rates == [peak] * 9 + [peak / 2] * 6  # best at 3; stale twice at 9, four times at 15


def test_what_stood_still_under_another_schedule_does_not_lower_the_rate_of_a_plateau(
    world: World, tmp_path: Path, every_rate: None
) -> None:
    changes = {"train.schedule": "constant", "train.warmup": 0, "train.patience": 4, "train.validate_every": 3}
    make_trainer(world, tmp_path, {**changes, "train.updates": 9}, validator=Scripted([1] + [0] * 99)).train()
    changes |= {"train.schedule": "plateau", "train.updates": 11}
    trainer = make_trainer(world, tmp_path, changes, validator=Scripted([1]))
    trainer.train()
    assert trainer.tracker.rates == [SETTINGS["train.learning_rate"]] * 2


@pytest.mark.parametrize("changes", [{"train.batch_tokens": 90}, {"train.seed": 5}], ids=str)
def test_batches_that_are_cut_otherwise_are_told_and_begin_with_an_epoch(
    world: World, tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_at(make_trainer(world, tmp_path), 4).train()
    trainer = make_trainer(world, tmp_path, {**changes, "train.updates": 5}, validator=Scripted())
    progress = trainer.train()
    assert any("going on with epoch 1" in line for line in trainer.tracker.said)
    assert (progress.update, progress.epoch, progress.batch) == (5, 1, 1)


def test_more_processes_are_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_at(make_trainer(world, tmp_path), 4).train()
    (progress,) = [path / "progress.json" for path in checkpoints(tmp_path)[-1:]]
    progress.write_text(progress.read_text().replace('"processes": 1', '"processes": 3'))
    trainer = make_trainer(world, tmp_path, {"train.updates": 5}, validator=Scripted())
    trainer.train()
    assert any(line.startswith("processes: 3 -> 1") for line in trainer.tracker.said)


def test_training_learns_and_another_seed_trains_another_model(world: World, whole: Path, tmp_path: Path) -> None:
    trainer = make_trainer(world, tmp_path, {"train.seed": 2, "train.updates": 60, "train.validate_every": 6})
    trainer.train()
    losses = [scores["loss"] for scores in trainer.tracker.scores.values()]
    assert losses[-1] < 0.8 * losses[0]
    assert losses[-1] < 0.7 * math.log(len(world.vocabulary.target))  # guessing has the logarithm
    assert (tmp_path / "model.safetensors").read_bytes() != (whole / "model.safetensors").read_bytes()
