"""How far back a recurrent layer remembers: recall over growing distances, and the size of gradients against distance.

The task is the latch of Bengio et al. (1994) with noise between, as in Hochreiter and Schmidhuber (1997): a symbol,
then d distractors, then a question mark; after that the layer must tell the symbol.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.model.cell import Recurrent
from nmt.model.recurrent import RECURRENT
from understanding_parts.numbers import Memory

MASTERED = 0.02
"""Loss in nats at which an update counts as mastered; PATIENCE of them in a row end a training early."""
PATIENCE = 20
TESTED, PROBED = 512, 4
"""Sequences behind an accuracy, and behind a gradient norm."""
PROBES = 16
"""Distances, beside those trained for, at which gradients are measured."""


@dataclass(frozen=True)
class MemorySettings:
    """The experiment. As many seeds as fit into `seconds`, at least one, at most `seeds`."""

    seconds: float
    distances: tuple[int, ...] = (5, 10, 20, 40, 80, 160)
    cells: tuple[str, ...] = ("rnn", "lstm", "gru")
    seeds: int = 5
    updates: int = 400
    hidden: int = 32
    symbols: int = 8  # to remember; the distractors are as many others
    batch: int = 64
    learning_rate: float = 3e-3


class Recaller(nn.Module):
    """One recurrent layer, and a linear one that reads its last output: [batch, length, input] -> [batch, symbols]."""

    def __init__(self, cell: str, settings: MemorySettings) -> None:
        super().__init__()
        self.layer = RECURRENT[cell](2 * settings.symbols + 1, settings.hidden)
        self.answer = nn.Linear(settings.hidden, settings.symbols)

    def forward(self, inputs: Tensor) -> Tensor:
        answers: Tensor = self.answer(self.layer(inputs)[:, -1])
        return answers


def recall_batch(settings: MemorySettings, batch: int, distance: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sequences [batch, distance + 2, 2 * symbols + 1], one-hot, and the symbols to recall [batch].

    Inputs 0 to symbols - 1 are to be remembered, then come as many distractors, and the last is the question.
    """
    count = settings.symbols
    symbols = torch.randint(count, (batch,), generator=random)
    distractors = torch.randint(count, 2 * count, (batch, distance), generator=random)
    questions = torch.full((batch, 1), 2 * count)
    sequences = torch.cat([symbols.unsqueeze(1), distractors, questions], dim=1)
    return functional.one_hot(sequences, 2 * count + 1).float(), symbols


def train(network: Recaller, settings: MemorySettings, distance: int, random: torch.Generator) -> None:
    """Trains for sequences of up to `distance`: each update draws its own, so that short ones show the way to long
    ones; alone, the longest teach nothing at first."""
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=0.0)
    mastered = 0
    for _ in range(settings.updates):
        drawn = int(torch.randint(1, distance + 1, (), generator=random))
        inputs, symbols = recall_batch(settings, settings.batch, drawn, random)
        loss = functional.cross_entropy(network(inputs), symbols)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        mastered = mastered + 1 if float(loss.detach()) < MASTERED else 0
        if mastered == PATIENCE:
            return


@torch.inference_mode()
def accuracy(network: Recaller, settings: MemorySettings, distance: int, random: torch.Generator) -> float:
    """The share of new sequences of exactly `distance` whose symbol the network tells."""
    inputs, symbols = recall_batch(settings, TESTED, distance, random)
    return float((network(inputs).argmax(dim=-1) == symbols).float().mean())


def gradient_norms(layer: Recurrent, inputs: Tensor) -> list[float]:
    """How much the last output hangs on the input k steps before it, for k = 0, 1, ...: the Frobenius norm of the
    Jacobian d output_T / d input_(T-k), root mean square over the batch (Bengio et al. 1994, section III).

    inputs [batch, length, input] -> `length` norms. In double precision: single underflows within 100 steps.
    """
    layer = copy.deepcopy(layer).double()
    batch, length, _ = inputs.shape
    # One copy of each sequence for each unit of the output: a single backward pass gives every row of the Jacobian.
    size = layer.hidden_size
    copies = inputs.double().repeat_interleave(size, dim=0).requires_grad_()
    rows = torch.eye(size, dtype=torch.double).repeat(batch, 1)
    (gradient,) = torch.autograd.grad(layer(copies)[:, -1], copies, rows)
    squares = gradient.square().sum(dim=-1).view(batch, size, length).sum(dim=1).mean(dim=0)
    norms: list[float] = squares.sqrt().flip(0).tolist()
    return norms


def symbol_gradients(layer: Recurrent, settings: MemorySettings, random: torch.Generator) -> list[float]:
    """The gradient norm at the symbol, for every distance of `probes`: what of the answer's error reaches the input
    that it is about. (At the distractors a trained network lets nothing through, and is right to.)"""
    batches = [recall_batch(settings, PROBED, distance, random)[0] for distance in probes(settings)]
    return [gradient_norms(layer, inputs)[-1] for inputs in batches]


def probes(settings: MemorySettings) -> list[int]:
    """The distances at which gradients are measured, from 0 on."""
    longest = max(settings.distances)
    return sorted({*range(0, longest + 1, max(1, longest // PROBES)), *settings.distances})


def measure(settings: MemorySettings, say: Callable[[str], None]) -> Memory:
    """Trains every cell for every distance, seed after seed, and gathers accuracies and gradients."""
    started = time.monotonic()
    accuracies: dict[str, list[list[float]]] = {cell: [[] for _ in settings.distances] for cell in settings.cells}
    initial: dict[str, list[list[float]]] = {cell: [] for cell in settings.cells}
    trained: dict[str, list[list[list[float]]]] = {cell: [[] for _ in settings.distances] for cell in settings.cells}
    with one_thread():
        for seed in range(settings.seeds):
            if seed and (time.monotonic() - started) * (seed + 1) / seed > settings.seconds:
                break
            for cell in settings.cells:
                for index, distance in enumerate(settings.distances):
                    torch.manual_seed(seed)
                    random = torch.Generator().manual_seed(seed)
                    network = Recaller(cell, settings)
                    if index == 0:
                        initial[cell].append(symbol_gradients(network.layer, settings, random))
                    train(network, settings, distance, random)
                    accuracies[cell][index].append(accuracy(network, settings, distance, random))
                    trained[cell][index].append(symbol_gradients(network.layer, settings, random))
                found = "  ".join(f"{one[-1]:.0%}" for one in accuracies[cell])
                say(f"recall, seed {seed + 1}, {cell:4}: {found} over {', '.join(map(str, settings.distances))} steps")
    return Memory(
        distances=list(settings.distances),
        accuracy=accuracies,
        chance=1 / settings.symbols,
        probes=probes(settings),
        initial={cell: median_curve(curves) for cell, curves in initial.items()},
        trained={cell: [median_curve(curves) for curves in by_distance] for cell, by_distance in trained.items()},
        updates=settings.updates,
    )


def median_curve(curves: list[list[float]]) -> list[float]:
    """The median of several curves at every point."""
    return [statistics.median(values) for values in zip(*curves, strict=True)]


@contextmanager
def one_thread() -> Iterator[None]:
    """A single thread: matrices this small only wait for a second one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
