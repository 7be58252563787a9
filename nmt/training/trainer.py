"""The training loop."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from nmt.config import Config
from nmt.data.batching import BucketOrder
from nmt.data.encoded import EncodedCorpus
from nmt.data.respelling import Respelling
from nmt.errors import Terminated, UserError, choose
from nmt.model.seq2seq import Seq2Seq
from nmt.training.checkpoints import Checkpoints, Progress, TrainingState
from nmt.training.distribution import ALONE, Group
from nmt.training.interruption import Interruption
from nmt.training.learner import Batches, Learner, Learnt
from nmt.training.meter import Meter
from nmt.training.objective import Objective
from nmt.training.optimizers import OPTIMIZERS, SCHEDULES, Moment, warm
from nmt.training.selection import Selection
from nmt.training.tracking import Tracker
from nmt.training.validation import Validator

SAVE_SECONDS = 300
"""Seconds between checkpoints, beside those at every validation."""
BAD_IN_A_ROW = 5
"""Skipped updates in a row after which training goes back to its last checkpoint, at half of the rate."""
RETURNS = 4
"""Times that it does so before it gives up."""


class Trainer:
    """Trains a network into a model folder. All that is left open in `config` must have been chosen before."""

    def __init__(
        self,
        config: Config,
        network: Seq2Seq,
        corpus: EncodedCorpus,
        respell: Respelling,
        validator: Validator,
        tracker: Tracker,
        folder: Path,
        group: Group = ALONE,
        objective: Objective | None = None,
    ) -> None:
        settings = config.train
        self.settings = settings
        self.corpus = corpus
        self.respell = respell
        self.tracker = tracker
        self.group = group
        self.order = BucketOrder(corpus.lengths, batch_tokens=int(settings.batch_tokens or 0), seed=settings.seed)
        self.schedule = choose(SCHEDULES, settings.schedule, "train.schedule")
        self.peak = settings.learning_rate or 0.0
        make = choose(OPTIMIZERS, settings.optimizer, "train.optimizer")
        average = {name: p.detach().clone() for name, p in network.named_parameters()} if settings.ema else {}
        optimizer = make(network.parameters(), self.peak, settings.weight_decay)
        self.state = TrainingState(network, optimizer, Progress(), average)
        self.learner = Learner(self.state, settings, group, tracker.say, objective)
        self.checkpoints = Checkpoints(folder / "trainer", settings.keep)
        self.selection = Selection(settings, self.state, validator, tracker, folder, group)
        self.meter = Meter(group)
        self._started = time.monotonic()
        self._now = self._logged = self._saved = 0.0  # by the clock that all processes go by

    def train(self) -> Progress:
        """Trains until the budget or the patience is used up. Taken up where an earlier run of the folder stopped.
        Raises KeyboardInterrupt or Terminated after saving when it is asked to stop, UserError when the disk takes no
        checkpoint."""
        self._resume()
        with Interruption(patient=self.group.size > 1) as interruption:
            for batches in self._batches():
                if self.finished():
                    break
                self._update(batches)
                stop = self._agree(interruption.asked)
                self._report()
                if self._validation_due():
                    self._validate()
                elif stop or self._now - self._saved >= SAVE_SECONDS:
                    self._save()
                self._stop(stop)
            if self._validation_due():
                self._validate()
            self._stop(self._agree(interruption.asked))  # in the last validation
        return self.state.progress

    def _stop(self, asked: int | None) -> None:
        """Ends a training that is saved, where a signal has asked for it."""
        if asked:
            self.tracker.say(f"stopped at update {self.state.progress.update}, saved: start again to go on")
            raise Terminated if asked == signal.SIGTERM else KeyboardInterrupt

    def finished(self) -> bool:
        """Whether the budget or the patience is used up; the smallest budget is one update."""
        progress = self.state.progress
        return progress.update > 0 and (self.used() >= 1 or progress.stale >= self.settings.patience)

    def _why_finished(self) -> str:
        if self.used() >= 1:
            return "the budget is used up, raise train.minutes or train.updates"
        return f"patience was used up, raise train.patience above {self.state.progress.stale}"

    def used(self) -> float:
        """The share of the budget used, in updates or wall clock, whichever is further."""
        return self._share(self.state.progress.update, self._now)

    def _share(self, updates: int, seconds: float) -> float:
        shares = [0.0]
        if self.settings.updates:
            shares.append(updates / self.settings.updates)
        if self.settings.minutes:
            shares.append(seconds / (60 * self.settings.minutes))
        return min(1.0, max(shares))

    def _seconds(self) -> float:
        """Wall clock used by this and earlier starts."""
        return self.state.progress.seconds + time.monotonic() - self._started

    def _agree(self, asked: int | None = None) -> int | None:
        """Sets the time that all processes go by, that of the first. Returns the signal that asks one of them to stop,
        if there is one."""
        seconds = self._seconds() if self.group.first else 0.0
        self._now, ends, interruptions = self.group.sum_numbers(
            [seconds, float(asked == signal.SIGTERM), float(asked == signal.SIGINT)]
        )
        return signal.SIGTERM if ends else signal.SIGINT if interruptions else None

    def _batches(self) -> Iterator[Batches]:
        """What each update learns from, without end, from where the progress stands; each update moves it on."""
        progress, epoch = self.state.progress, -1
        while True:
            if epoch != progress.epoch:
                epoch = progress.epoch
                order = self.order.epoch(epoch)
            if progress.batch >= len(order):
                progress.epoch, progress.batch = epoch + 1, 0
                continue
            end = min(progress.batch + self.settings.accumulate, len(order))
            yield [
                self.respell(self.corpus.pairs(order[number]), epoch, number) for number in range(progress.batch, end)
            ]

    def _update(self, batches: Batches) -> None:
        """One update of the weights, or one that is left out because its gradient is no number."""
        progress = self.state.progress
        used = self.used()  # before this update, or the last one's rate would be zero
        progress.update += 1
        moment = Moment(used, progress.update, self.settings.warmup, progress.lowered)
        rate = self.peak * warm(progress.update, self.settings.warmup) * self.schedule(moment) * 0.5**progress.returns
        learnt = self.learner.learn(batches, rate, used)
        progress.batch += len(batches)
        progress.tokens += sum(len(target) for batch in batches for _, target in batch)
        if not learnt.healthy:
            self._skip(batches, learnt)
            return
        progress.bad = 0
        if self.state.average:
            self._average()
        self.meter.add(learnt)

    def _report(self) -> None:
        """Tells what the updates were like, every few seconds."""
        seconds, progress = self._now - self._logged, self.state.progress
        if len(self.meter) and seconds >= self.settings.log_seconds:
            values = {**self.meter.read(seconds), "epoch": progress.epoch}
            self.tracker.update(progress.update, self.used(), values, self._patience_ends())
            self._logged = self._now

    def _skip(self, batches: Batches, learnt: Learnt) -> None:
        """Counts and reports an update that was left out; after too many in a row, goes back to the last checkpoint."""
        progress = self.state.progress
        progress.skipped += 1
        if self.learner.precision == torch.float16 and progress.scale > 1:
            return  # the loss was scaled too far, which is no illness
        progress.bad += 1
        lengths = [max(map(len, pair)) for batch in batches for pair in batch]
        self.tracker.say(
            f"update {progress.update} skipped: the norm of its gradient is {learnt.norm} (epoch {progress.epoch}, "
            f"batch {progress.batch - 1}: {len(lengths)} pairs of up to {max(lengths)} pieces)"
        )
        if progress.bad >= BAD_IN_A_ROW:
            self._go_back()

    def _go_back(self) -> None:
        """Takes up the last checkpoint again, at half of the learning rate. Raises UserError after too many times."""
        progress = self.state.progress
        returns, skipped, fits = progress.returns + 1, progress.skipped, progress.fits  # which are not taken back
        if returns > RETURNS:
            raise UserError(
                f"the loss is no number any more, even at {0.5**RETURNS} of the learning rate: look at the data of the "
                "batches named above, or start again with a lower train.learning_rate."
            )
        found = self._take_up()
        progress.returns, progress.skipped, progress.fits = returns, skipped, fits
        progress.seconds, self._started = self._now, time.monotonic()
        self.meter.restart()
        where = found.name if found else "the beginning"
        self.tracker.say(f"back to {where}, at {0.5**returns} of the learning rate")

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

    def _patience_ends(self) -> float:
        """The share of the budget at which patience ends if nothing gets better until then."""
        progress, every = self.state.progress, self.settings.validate_every
        interval = every * self.used() / progress.update if every else 0.1
        last = self._share(progress.validated, progress.validated_seconds)
        return min(1.0, last + interval * (self.settings.patience - progress.stale))

    def _validate(self) -> None:
        """Scores the weights, keeps them if they are the best, and saves."""
        progress = self.state.progress
        if not self.selection.validate():
            self._go_back()
            return
        self._agree()
        progress.validated_seconds = self._now
        if self.finished():
            self.selection.try_mean()
        self._save()
        if self.finished():
            self.tracker.draw()
        self.meter.restart()
        self._logged = self._now

    def _save(self) -> None:
        progress = self.state.progress
        progress.seconds, self._started = self._seconds(), time.monotonic()
        self._saved = self._now
        self.group.once(lambda: self.checkpoints.save(self.state))
        if self.group.first:
            self.selection.prune()

    def _resume(self) -> None:
        """Takes up the newest checkpoint, or writes a first one, so that a disk that takes none is found at once; and
        tries the largest batch, so that memory fails at once."""
        self._started = time.monotonic()
        progress = self.state.progress
        found = self._take_up()
        if found:
            self.tracker.say(f"resumed {found.name}, epoch {progress.epoch}, {progress.seconds / 60:.1f} minutes used")
            self.selection.check_best()
        self._agree()
        if self.finished():
            self.tracker.say(f"nothing is left to train: {self._why_finished()} to go on")
            if progress.best is None:  # the best weights are lost, or others are asked for
                self._validate()
            return
        self.state.network.train()
        self.learner.try_out(self.respell(self.corpus.pairs(self.order.largest(self.corpus.lengths)), 0, 0))
        if not found:
            self._save()
        self._agree()
        self._logged = self._saved = self._now

    def _take_up(self) -> Path | None:
        """Restores the newest checkpoint, where there is one, and says what it had otherwise than this start; where the
        batches are cut otherwise, goes on with whole epochs."""
        progress = self.state.progress
        order = [self.settings.seed, self.order.batch_tokens, len(self.corpus)]
        found = self.checkpoints.restore(self.state, self.tracker.say)
        if found:
            self.tracker.took_up(progress.update)
        if found and progress.processes != self.group.size:
            self.tracker.say(
                f"processes: {progress.processes} -> {self.group.size}; the batches stay the same and are divided "
                "otherwise, so that dropout is drawn otherwise"
            )
        if progress.best_by not in ("", self.settings.best_by):
            progress.best, progress.stale, progress.validated_scores = None, 0, {}
            self.tracker.say(f"the best weights are looked for anew, by {self.settings.best_by}")
        progress.best_by = self.settings.best_by
        if progress.order not in ([], order) and progress.batch:
            progress.epoch, progress.batch = progress.epoch + 1, 0
            self.tracker.say(f"the batches are cut otherwise than before: going on with epoch {progress.epoch}")
        progress.processes, progress.order = self.group.size, order
        return found
