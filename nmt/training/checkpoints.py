"""Checkpoints: all that the next update depends on, in a folder that is there whole or not at all.

Random numbers are not among it: they are drawn from the seed and the number of the update."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from torch import Tensor, optim

from nmt import model_folder
from nmt.errors import UserError
from nmt.model.seq2seq import Seq2Seq

CHECKPOINTS = f"checkpoint-{'[0-9]' * 9}"
"""The names of complete checkpoints, as a pattern of `Path.glob`."""


@dataclass
class Progress:
    """Where a training stands."""

    update: int = 0
    epoch: int = 0
    batch: int = 0  # batches of this epoch already used
    seconds: float = 0.0  # wall clock used, over all starts
    tokens: int = 0  # target tokens trained on
    validations: int = 0
    validated: int = 0  # the update of the last validation
    validated_seconds: float = 0.0  # wall clock used by then
    best: float | None = None  # best validation score, larger is better
    best_by: str = ""  # which score that is
    lowest_loss: float | None = None  # lowest validation loss, in nats per target piece
    stale: int = 0  # validations since one of the two was bettered
    lowered: int = 0  # times that a plateau schedule lowered the rate
    skipped: int = 0  # updates left out because their gradient was no finite number
    bad: int = 0  # the same, in a row
    returns: int = 0  # times that training went back to a checkpoint after too many of them
    steady: int = 0  # updates since the last such
    scale: float = 2.0**16  # of the loss, in float16
    fits: int | None = None  # most positions that go into memory at once, where more did not
    processes: int = 1
    order: list[int] = field(default_factory=list)  # what the order of the batches hangs on
    validated_scores: dict[str, float] = field(default_factory=dict)  # of the weights kept to be averaged, by file name


@dataclass
class TrainingState:
    """What a checkpoint saves and restores, in place."""

    network: Seq2Seq
    optimizer: optim.Optimizer
    progress: Progress
    average: dict[str, Tensor]  # exponential moving average of the weights, empty if none is kept


class Checkpoints:
    """The checkpoints of one run, in `folder`, of which it keeps so many: the newest, and others in case that one is
    damaged."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self.keep = keep

    def save(self, state: TrainingState) -> None:
        """Writes a checkpoint and removes the oldest. Raises UserError when the disk does not take it."""
        final = self.folder / f"checkpoint-{state.progress.update:09d}"
        partial = final.with_suffix(".partial")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            model_folder.save_weights(state.network, partial / model_folder.WEIGHTS)
            model_folder.write_tensors(partial / "optimizer.safetensors", _optimizer_tensors(state.optimizer))
            model_folder.write_tensors(partial / "average.safetensors", state.average)
            progress = json.dumps(dataclasses.asdict(state.progress))
            model_folder.write_durably(partial / "progress.json", progress.encode())
            shutil.rmtree(final, ignore_errors=True)
            os.replace(partial, final)
            model_folder.sync_folder(self.folder)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise UserError(
                f"{final} could not be written ({error.strerror}): make room, then start again with the same --output."
            ) from None
        for old in [*self._all()[: -self.keep], *self.folder.glob("checkpoint-*.partial")]:
            shutil.rmtree(old, ignore_errors=True)

    def restore(self, state: TrainingState, report: Callable[[str], None] = lambda problem: None) -> Path | None:
        """Takes up the newest checkpoint that is whole; returns it, or None when there is none. `report` is told of
        every damaged one that is passed over. Raises UserError when there are checkpoints but all are damaged."""
        problems = []
        for folder in reversed(self._all()):
            try:
                self._restore(folder, state)
            except UserError as error:
                problems.append(str(error))
                continue
            for problem in problems:
                report(f"{problem} Going on from {folder.name}.")
            return folder
        if problems:
            raise UserError(f"no checkpoint in {self.folder} can be taken up: {problems[0]}")
        return None

    def _restore(self, folder: Path, state: TrainingState) -> None:
        weights = model_folder.read_tensors(folder / model_folder.WEIGHTS)
        optimizer = model_folder.read_tensors(folder / "optimizer.safetensors")
        average = model_folder.read_tensors(folder / "average.safetensors")
        progress = read_progress(folder)
        model_folder.assign_weights(state.network, weights, folder / model_folder.WEIGHTS)
        _load_optimizer(state.optimizer, optimizer)
        for name, tensor in state.average.items():
            tensor.copy_(average.get(name, weights[name]))
        for name, value in vars(progress).items():
            setattr(state.progress, name, value)

    def _all(self) -> list[Path]:
        """Complete checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(self.folder.glob(CHECKPOINTS))


def read_progress(folder: Path) -> Progress:
    """Where the training stood at a checkpoint. Raises UserError when the file is missing or damaged."""
    path = folder / "progress.json"
    try:
        return TypeAdapter(Progress).validate_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror
    except ValidationError as error:
        first = error.errors()[0]
        reason = " ".join([*map(str, first["loc"]), first["msg"]])
    raise UserError(f"{path} is damaged ({reason}): restore it from a copy.")


def _optimizer_tensors(optimizer: optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's state, tensor by tensor, named `optimiser.parameter number.name`."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{type(optimizer).__name__}.{index}.{name}": value.reshape(1) if value.dim() == 0 else value
        for index, values in state.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def _load_optimizer(optimizer: optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Gives an optimiser its state back. One of another kind than wrote it begins afresh."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        kind, index, key = name.split(".", 2)
        if kind != type(optimizer).__name__:
            continue
        state.setdefault(int(index), {})[key] = value.reshape(()) if key == "step" else value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
