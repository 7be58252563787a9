"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from nmt import model_folder
from nmt.config import Config
from nmt.data.batching import Batch, BucketOrder, make_batch
from nmt.data.encoded import EncodedCorpus
from nmt.data.subwords import SubwordDropout
from nmt.errors import choose
from nmt.model.seq2seq import Seq2Seq
from nmt.training.checkpoints import Checkpoints, Progress, TrainingState
from nmt.training.interruption import Interruption
from nmt.training.optimizers import OPTIMIZERS, SCHEDULES, warm
from nmt.training.tracking import Tracker
from nmt.training.validation import Validator, batch_loss, finite

SAVE_SECONDS = 300
"""Seconds between checkpoints, beside those at every validation."""
LOG_SECONDS = 2
"""Seconds between updates of the progress bar and the logs."""


class Trainer:
    """Trains a network into a model folder. All that is left open in `config` must have been chosen before."""

    def __init__(
        self,
        config: Config,
        network: Seq2Seq,
        corpus: EncodedCorpus,
        respell: SubwordDropout,
        validator: Validator,
        tracker: Tracker,
        folder: Path,
    ) -> None:
        settings = config.train
        self.settings = settings
        self.corpus = corpus
        self.respell = respell
        self.validator = validator
        self.tracker = tracker
        self.folder = folder
        self.device = next(network.parameters()).device
        self.order = BucketOrder(corpus.lengths, batch_tokens=config.data.batch_tokens or 0, seed=settings.seed)
        self.schedule = choose(SCHEDULES, settings.schedule, "train.schedule")
        self.peak = settings.learning_rate or 0.0
        self.precision = torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
        make = choose(OPTIMIZERS, settings.optimizer, "train.optimizer")
        average = {name: p.detach().clone() for name, p in network.named_parameters()} if settings.ema else {}
        optimizer = make(network.parameters(), self.peak, settings.weight_decay)
        self.state = TrainingState(network, optimizer, Progress(), average)
        self.checkpoints = Checkpoints(folder / "trainer")
        self.meter = Meter()
        self._started = time.monotonic()

    def train(self) -> Progress:
        """Trains until the budget or the patience is used up. Taken up where an earlier run of the folder stopped.
        Raises KeyboardInterrupt after saving when it is asked to stop, UserError when the disk takes no checkpoint."""
        self._resume()
        progress = self.state.progress
        saved = time.monotonic()
        with Interruption() as interruption:
            for batch in self._batches():
                if self.finished():
                    break
                self._update(batch)
                if self._validation_due():
                    self._validate()
                    self._save()
                    saved = time.monotonic()
                elif interruption.asked or time.monotonic() - saved >= SAVE_SECONDS:
                    self._save()
                    saved = time.monotonic()
                if interruption.asked:
                    self.tracker.say(f"stopped at update {progress.update}, saved: start again to go on")
                    raise KeyboardInterrupt
            if self._validation_due():
                self._validate()
                self._save()
        return progress

    def finished(self) -> bool:
        """Whether the budget or the patience is used up."""
        return self.used() >= 1 or self.state.progress.stale >= self.settings.patience

    def used(self) -> float:
        """The share of the budget used, in updates or wall clock, whichever is further."""
        return self._share(self.state.progress.update, self.seconds())

    def _share(self, updates: int, seconds: float) -> float:
        shares = [0.0]
        if self.settings.updates:
            shares.append(updates / self.settings.updates)
        if self.settings.minutes:
            shares.append(seconds / (60 * self.settings.minutes))
        return min(1.0, max(shares))

    def seconds(self) -> float:
        """Wall clock used by this and earlier starts."""
        return self.state.progress.seconds + time.monotonic() - self._started

    def _batches(self) -> Iterator[Batch]:
        """Batches without end, from where the progress stands; each update moves it on."""
        progress = self.state.progress
        while True:
            rows = self.order.epoch(progress.epoch)
            while progress.batch < len(rows):
                pairs = self.respell(self.corpus.pairs(rows[progress.batch]), progress.epoch, progress.batch)
                yield make_batch(pairs).to(self.device)
            progress.epoch, progress.batch = progress.epoch + 1, 0

    def _update(self, batch: Batch) -> None:
        """One update of the weights: loss in nats per target token, padding excluded."""
        state, progress = self.state, self.state.progress
        used = self.used()  # before this update, or the last one's rate would be zero
        progress.update += 1
        progress.batch += 1
        rate = self.peak * warm(progress.update, self.settings.warmup)
        rate *= self.schedule(used, progress.update, self.settings.warmup)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        loss, likelihood = batch_loss(
            state.network,
            batch,
            self.settings.label_smoothing,
            consistency=self.settings.rdrop,
            precision=self.precision,
        )
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(state.network.parameters(), self.settings.clip)
        state.optimizer.step()
        state.optimizer.zero_grad()
        if state.average:
            self._average()
        progress.tokens += batch.target_tokens
        self.meter.add(batch, likelihood * batch.target_tokens, norm)
        if self.meter.seconds() >= LOG_SECONDS:
            self._log(rate)

    def _log(self, rate: float) -> None:
        progress, values = self.state.progress, self.meter.read()
        finite(values["loss"])
        self.tracker.update(progress.update, self.used(), {**values, "rate": rate, "epoch": progress.epoch})

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the average of the weights towards them; faster at first (as in Tensorflow's moving average)."""
        decay = min(self.settings.ema, (1 + self.state.progress.update) / (10 + self.state.progress.update))
        averages = list(self.state.average.values())
        torch._foreach_lerp_(averages, [p.detach() for p in self.state.network.parameters()], 1 - decay)

    def _validation_due(self) -> bool:
        """Every `validate_every` updates, or else ten times in the budget; and at its end."""
        every, progress = self.settings.validate_every, self.state.progress
        if progress.update == progress.validated:
            return False
        if self.used() >= 1:
            return True
        if every:
            return progress.update % every == 0
        return int(10 * self.used()) > int(10 * self._share(progress.validated, progress.validated_seconds))

    def _validate(self) -> None:
        """Scores the weights, or their average where one is kept, and writes the best into the model folder."""
        progress = self.state.progress
        progress.validations += 1
        progress.validated = progress.update
        with self._averaged():
            scores, translations = self.validator(self.state.network)
            samples = list(zip(self.validator.sources, translations, self.validator.references, strict=True))[:5]
            self.tracker.validation(progress.update, scores, samples)
            chosen = self.settings.best_by
            value = -scores["loss"] if chosen == "loss" else scores[chosen]
            lower = progress.lowest_loss is None or scores["loss"] < progress.lowest_loss
            # The loss counts, too: a translator that has only begun to learn has a BLEU of 0 for a while.
            better = progress.best is None or value > progress.best or (lower and value == progress.best)
            progress.stale = 0 if better or lower else progress.stale + 1
            if lower:
                progress.lowest_loss = scores["loss"]
            if better:
                progress.best = value
                model_folder.save_weights(self.state.network, self.folder / model_folder.WEIGHTS)
            if progress.stale >= self.settings.patience:
                self.tracker.say(f"stopped early: {progress.stale} validations without a better {chosen} or loss")
        progress.validated_seconds = self.seconds()
        self.meter.restart()

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The network with the averaged weights in it, where an average is kept."""
        parameters = dict(self.state.network.named_parameters())
        kept = {name: parameters[name].detach().clone() for name in self.state.average}
        _copy(self.state.average, parameters)
        try:
            yield
        finally:
            _copy(kept, parameters)

    def _save(self) -> None:
        progress = self.state.progress
        progress.seconds, self._started = self.seconds(), time.monotonic()
        self.checkpoints.save(self.state)

    def _resume(self) -> None:
        self._started = time.monotonic()
        found = self.checkpoints.restore(self.state, self.tracker.say)
        if found:
            progress = self.state.progress
            self.tracker.say(f"resumed {found.name}, epoch {progress.epoch}, {progress.seconds / 60:.1f} minutes used")
        self.state.network.train()


@torch.no_grad()
def _copy(values: dict[str, Tensor], parameters: dict[str, nn.Parameter]) -> None:
    for name, value in values.items():
        parameters[name].copy_(value)


class Meter:
    """Means since it was last read. Numbers stay tensors until then: reading one waits for the device."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forgets everything."""
        self._started = time.monotonic()
        self._updates = self._tokens = self._positions = self._words = 0
        self._likelihood = self._norm = torch.zeros(())

    def add(self, batch: Batch, likelihood: Tensor, norm: Tensor) -> None:
        """Counts one update: its batch, negative log-likelihood (sum in nats) and gradient norm."""
        self._updates += 1
        self._tokens += batch.target_tokens
        self._words += batch.target_tokens + batch.source_tokens
        self._positions += batch.source.numel() + batch.target.numel() - len(batch.target)
        self._likelihood = self._likelihood + likelihood.detach()
        self._norm = self._norm + norm.detach()

    def seconds(self) -> float:
        """Since the last reading."""
        return time.monotonic() - self._started

    def read(self) -> dict[str, float]:
        """Loss in nats per target token, gradient norm, target tokens per second, share of padding; then restarts."""
        values = {
            "loss": float(self._likelihood) / self._tokens,
            "gradient_norm": float(self._norm) / self._updates,
            "tokens_per_second": self._tokens / self.seconds(),
            "padding": 1 - self._words / self._positions,
        }
        self.restart()
        return values
