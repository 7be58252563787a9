"""One update of the weights: the gradient of a batch, in as many parts as memory asks for and over as many processes
as there are, clipped and given to the optimiser."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from nmt.config import TrainConfig
from nmt.data.batching import chunked, make_batch
from nmt.data.subwords import EncodedPair
from nmt.errors import UserError, memory_used_up
from nmt.model.seq2seq import Seq2Seq
from nmt.training.checkpoints import TrainingState
from nmt.training.distribution import Group
from nmt.training.objective import Objective

FLOAT16_GROWTH = 2000
"""Good updates in a row after which the loss is scaled up twice as far (Micikevicius et al. 2018, section 3.2)."""

Batches = list[list[EncodedPair]]


@dataclass
class Counts:
    """What was learnt from, summed over the parts of this process. Sums stay tensors: reading one waits for the
    device."""

    tokens: int = 0  # predicted pieces
    words: int = 0  # pieces of both sides
    positions: int = 0  # the same with padding
    likelihood: Tensor | float = 0.0  # negative log-likelihood in nats
    correct: Tensor | float = 0.0  # pieces that were thought the likeliest


class Learnt(NamedTuple):
    """An update that was made, or skipped because the norm of its gradient is no finite number."""

    counts: Counts
    norm: float
    rate: float

    @property
    def healthy(self) -> bool:
        """Whether the weights have moved."""
        return math.isfinite(self.norm)


class Learner:
    """Makes the updates of one process of a training.

    Everything random in an update, in Python, NumPy or PyTorch, is drawn from the seed, the update and the process, so
    that an update can be made again, and a checkpoint needs no state of theirs."""

    def __init__(
        self,
        state: TrainingState,
        settings: TrainConfig,
        group: Group,
        say: Callable[[str], None],
        objective: Objective | None = None,
    ) -> None:
        self.state = state
        self.objective = objective or Objective(settings)
        self.settings = settings
        self.group = group
        self.say = say
        self.parameters = list(state.network.parameters())
        self.device = self.parameters[0].device
        self.precision = self.objective.precision
        network = torch.compile(state.network, dynamic=True) if settings.compile else state.network
        self.network = cast(Seq2Seq, network)

    def learn(self, batches: Batches, rate: float, used: float) -> Learnt:
        """One update from all pairs of some batches, the mean over their target tokens, at a learning rate, when a
        share of the budget has been `used`. Nothing moves when the gradient is no finite number."""
        progress = self.state.progress
        counts = self.gradient(batches, used)
        self.group.sum([parameter.grad for parameter in self.parameters if parameter.grad is not None])
        norm = float(nn.utils.clip_grad_norm_(self.parameters, self.settings.clip))
        if not math.isfinite(norm):
            progress.scale = max(1.0, progress.scale / 2)
            progress.steady = 0
            self._clear()
            return Learnt(counts, norm, rate)
        for settings in self.state.optimizer.param_groups:
            settings["lr"] = rate
        self.state.optimizer.step()
        self._clear()
        progress.steady += 1
        if self.precision == torch.float16 and progress.steady % FLOAT16_GROWTH == 0:
            progress.scale *= 2
        return Learnt(counts, norm, rate)

    def gradient(self, batches: Batches, used: float) -> Counts:
        """Leaves this process's part of the gradient in the parameters. Raises UserError when one pair is too much."""
        tokens = sum(len(target) for batch in batches for _, target in batch)
        shares = [self.group.share(batch) for batch in batches]
        while True:
            parts = [part for share in shares for part in self._parts(share)]
            self._clear()
            try:
                return self._sum(parts, tokens, used)
            except (MemoryError, RuntimeError) as error:
                if not memory_used_up(error):
                    raise
                largest = max(parts, key=positions)
            self._take_less(largest)

    def _sum(self, parts: Batches, tokens: int, used: float) -> Counts:
        progress = self.state.progress
        seed_everything(self.settings.seed, progress.update, self.group.rank)
        scale = progress.scale if self.precision == torch.float16 else 1.0
        counts = Counts()
        for part in parts:
            batch = make_batch(part).to(self.device)
            losses = self.objective(self.network, batch, used)
            torch.autograd.backward(losses.objective * (scale / tokens))
            counts.tokens += batch.target_tokens
            counts.words += batch.target_tokens + batch.source_tokens
            counts.positions += batch.positions
            counts.likelihood += losses.likelihood
            counts.correct += losses.correct
        for parameter in self.parameters:
            if parameter.grad is None and self.group.size > 1:  # of a batch with fewer pairs than processes
                parameter.grad = torch.zeros_like(parameter)
            elif parameter.grad is not None and scale != 1:
                parameter.grad /= scale
        return counts

    def _parts(self, pairs: list[EncodedPair]) -> Batches:
        """Pairs of like length, cut so that every part fits into memory."""
        fits = self.state.progress.fits
        if not pairs or fits is None:
            return [pairs] if pairs else []
        return list(chunked(pairs, max(1, int(fits * len(pairs) / positions(pairs)))))

    def _take_less(self, largest: list[EncodedPair]) -> None:
        """Remembers that so many pairs were too many."""
        if len(largest) == 1:
            source, target = map(len, largest[0])
            raise UserError(
                f"one pair of {source} and {target} pieces is too much for the memory: lower data.max_length or "
                "model.hidden, with another --output."
            )
        self._clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.state.progress.fits = fits = positions(largest) // 2
        self.say(f"out of memory: from now on at most {fits:,} positions at once, and batches in parts")

    def _clear(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def try_out(self, batch: list[EncodedPair]) -> None:
        """Learns from a batch and forgets it, so that memory fails now or never. Raises UserError like `gradient`."""
        self.gradient([batch], used=1.0)
        self._clear()


def positions(pairs: list[EncodedPair]) -> int:
    """Positions that a batch of these pairs has on both sides, padding included."""
    return len(pairs) * sum(max(map(len, side)) for side in zip(*pairs, strict=True))


def seed_everything(*numbers: int) -> None:
    """Seeds every source of random numbers from some whole numbers."""
    seeds = np.random.SeedSequence([2, *numbers]).generate_state(3)  # 2: apart from the order and the respelling
    random.seed(int(seeds[0]))
    np.random.seed(int(seeds[1]))
    torch.manual_seed(int(seeds[2]))
