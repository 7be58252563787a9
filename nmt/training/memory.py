"""How large a batch memory holds."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import torch

from nmt.data.batching import BucketOrder
from nmt.data.encoded import EncodedCorpus
from nmt.memory import peak
from nmt.training.learner import Learner

FIRST = 1_000
"""Tokens of the first batch that is tried."""
BATCHES = 100
"""Batches that an epoch keeps at least: with fewer, there are too few updates to learn from."""


def available(device: torch.device) -> float:
    """Megabytes that a process may still take of the machine's memory; infinite where the system does not say, and
    where a graphics card says so itself, by failing."""
    path = Path("/proc/meminfo")
    if not path.exists() or device.type == "cuda":
        return math.inf
    fields = dict(line.split(":") for line in path.read_text().splitlines())
    return int(fields["MemAvailable"].split()[0]) / 2**10


def most_tokens(learner: Learner, corpus: EncodedCorpus, seed: int) -> int:
    """The most tokens of a batch, over all processes, that memory holds, found by doubling; at most what leaves an
    epoch BATCHES batches."""
    lengths = corpus.lengths
    limit = max(FIRST, int(lengths.max(axis=1).sum(dtype="int64")) // BATCHES)
    found = FIRST
    for tokens in [*itertools.takewhile(lambda size: size < limit, (FIRST * 2**n for n in itertools.count())), limit]:
        before, left = peak(), available(learner.device)
        learner.try_out(corpus.pairs(BucketOrder(lengths, batch_tokens=tokens, seed=seed).largest(lengths)))
        grown = peak() - before
        if any(learner.group.collect(learner.state.progress.fits is not None)):
            learner.state.progress.fits = None
            break
        found = tokens
        if any(learner.group.collect(3 * grown * learner.group.size > left)):  # twice as large would grow by twice that
            break
    return found
