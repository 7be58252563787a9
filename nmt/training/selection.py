"""Which weights of a training are kept: those that validate best, or the mean of several."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from nmt import model_folder
from nmt.config import TrainConfig
from nmt.errors import UserError
from nmt.training import averaging
from nmt.training.checkpoints import TrainingState
from nmt.training.distribution import Group
from nmt.training.tracking import Tracker
from nmt.training.validation import Validation, Validator


class Selection:
    """Validates weights, writes the best into the model folder, and counts how long nothing got better."""

    def __init__(
        self,
        settings: TrainConfig,
        state: TrainingState,
        validator: Validator,
        tracker: Tracker,
        folder: Path,
        group: Group,
    ) -> None:
        self.settings = settings
        self.state = state
        self.validator = validator
        self.tracker = tracker
        self.best = folder / model_folder.WEIGHTS
        self.validated = folder / "trainer" / "validated"
        self.group = group

    def validate(self) -> bool:
        """Scores the weights, or their average where one is kept. Returns False, and does nothing more, when their loss
        is no finite number."""
        progress = self.state.progress
        with self._replaced(self.state.average):
            validation = self.validator(self.state.network)
            if not math.isfinite(validation.scores["loss"]):
                self.tracker.say(f"update {progress.update}: the validation loss is {validation.scores['loss']}")
                return False
            progress.validations += 1
            progress.validated = progress.update
            self.tracker.validation(progress.update, validation)
            value = self._value(validation)
            self._judge(value, validation.scores["loss"])
            if self.settings.average > 1:
                self._keep(f"{progress.update:09d}.safetensors", value)
            else:
                progress.validated_scores = {}  # of an earlier start
        return True

    def check_best(self) -> None:
        """Forgets the best score of weights that are lost, or the next would be measured by it and none be kept."""
        progress = self.state.progress
        if progress.best is None:
            return
        try:
            model_folder.read_tensors(self.best)
        except UserError as error:
            progress.best = None
            self.tracker.say(f"{error} The best weights are looked for anew.")

    def _judge(self, value: float, loss: float) -> None:
        """Writes the weights in the network if they are the best; otherwise patience runs out."""
        progress, patience = self.state.progress, self.settings.patience
        lower = progress.lowest_loss is None or loss < progress.lowest_loss
        # The loss counts, too: a translator that has only begun to learn has a BLEU of 0 for a while.
        better = progress.best is not None and (value > progress.best or (lower and value == progress.best))
        if lower:
            progress.lowest_loss = loss
        if better or progress.best is None:  # those that were lost, found again, are no progress
            progress.best = value
            self._write(self.best)
        progress.stale = 0 if better or lower else progress.stale + 1
        plateau = self.settings.schedule == "plateau"
        if plateau and progress.stale and progress.stale % max(1, patience // 2) == 0:
            progress.lowered += 1
        if progress.stale >= patience:
            said = f"{progress.stale} validations without a better {self.settings.best_by} or loss"
            self.tracker.say(f"stopped early: {said}")

    def _keep(self, name: str, value: float) -> None:
        """Keeps the weights in the network to be averaged, if they are among the best or the last."""
        progress = self.state.progress
        scores = {**progress.validated_scores, name: value}
        kept = averaging.chosen(scores, self.settings.average, self.settings.average_of)
        progress.validated_scores = {name: scores[name] for name in kept}
        if name in kept:
            self._write(self.validated / name)

    def try_mean(self) -> None:
        """Writes the mean of the weights kept for it into the model folder if it validates better than the best."""
        progress = self.state.progress
        self.group.tell("written")  # the last of them by the first process
        paths = [path for name in progress.validated_scores if (path := self.validated / name).exists()]
        if len(paths) < 2:
            return
        with self._replaced(averaging.mean(paths)):
            value = self._value(self.validator(self.state.network))
            better = progress.best is None or value > progress.best
            what = f"the mean of the {len(paths)} {self.settings.average_of} validated weights"
            said = "is better and kept" if better else "is not better than the best of them"
            self.tracker.say(f"{what} {said}: {self.settings.best_by} {abs(value):.4g}")
            if better:
                progress.best = value
                self._write(self.best)

    def prune(self) -> None:
        """Removes weights that were kept to be averaged and are no longer among those."""
        for path in self.validated.glob("*.safetensors"):
            if path.name not in self.state.progress.validated_scores:
                path.unlink()

    def _value(self, validation: Validation) -> float:
        """The score that names the best weights, larger is better."""
        chosen = self.settings.best_by
        return -validation.scores["loss"] if chosen == "loss" else validation.scores[chosen]

    def _write(self, path: Path) -> None:
        if self.group.first:
            path.parent.mkdir(exist_ok=True)
            model_folder.save_weights(self.state.network, path)

    @contextmanager
    def _replaced(self, weights: Mapping[str, Tensor]) -> Iterator[None]:
        """The network with these weights in it, where there are any."""
        parameters = dict(self.state.network.named_parameters())
        kept = {name: parameters[name].detach().clone() for name in weights}
        _copy(weights, parameters)
        try:
            yield
        finally:
            _copy(kept, parameters)


@torch.no_grad()
def _copy(values: Mapping[str, Tensor], parameters: dict[str, nn.Parameter]) -> None:
    for name, value in values.items():
        parameters[name].copy_(value)
