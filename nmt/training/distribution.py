"""The processes that train one network together: one alone, or as many as torchrun started.

All of them hold the same weights and see the same batches, of which each takes its rows; what is decided by the clock
or the keyboard is decided by the first, so that all do the same."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from torch import Tensor
from torch import distributed as processes

from nmt.errors import UserError

T = TypeVar("T")

MEETING = timedelta(minutes=2)
"""How long processes wait for each other at the start."""
ROUNDS = "rounds"
"""What is counted in the store that torchrun keeps while it starts processes again: those that have met, or have failed
to, so that nobody takes the addresses of earlier ones for those of the others (pytorch issue 135712)."""
PATIENCE = timedelta(hours=24)
"""How long the others wait for the first, which may be encoding a large corpus; one that dies is noticed at once."""


class Group:
    """A process among `size` of them, with the number `rank`. Alone, it does nothing that takes time."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def sum(self, tensors: list[Tensor]) -> None:
        """Replaces tensors by their sums over all processes."""
        if self.size == 1:
            return
        together = torch.cat([tensor.flatten() for tensor in tensors])
        with _told():
            processes.all_reduce(together)
        totals = torch.split(together, [tensor.numel() for tensor in tensors])
        for tensor, total in zip(tensors, totals, strict=True):
            tensor.copy_(total.view_as(tensor))

    def sum_numbers(self, numbers: list[float]) -> list[float]:
        """The sums of numbers over all processes."""
        if self.size == 1:
            return numbers
        totals = torch.tensor(numbers, dtype=torch.float64)
        with _told():
            processes.all_reduce(totals)
        sums: list[float] = totals.tolist()
        return sums

    def tell(self, value: T) -> T:
        """What the first process has for `value`."""
        box: list[Any] = [value]
        if self.size > 1:
            with _told():
                processes.broadcast_object_list(box)
        told: T = box[0]
        return told

    def collect(self, value: T) -> list[T]:
        """What every process has for `value`, in their order."""
        values: list[Any] = [value] * self.size
        if self.size > 1:
            with _told():
                processes.all_gather_object(values, value)
        return values

    def once(self, act: Callable[[], T]) -> T:
        """Has the first process act, while the others wait for what comes of it. Its UserError ends them all."""
        outcome: T | UserError | None = None
        if self.first:
            try:
                outcome = act()
            except UserError as error:
                outcome = error
        outcome = self.tell(outcome)
        if isinstance(outcome, UserError):
            if self.first:
                raise outcome
            raise SystemExit(2)  # the first has said why
        return cast(T, outcome)

    def share(self, items: list[T]) -> list[T]:
        """This process's part of a list: every `size`-th, so that neighbours of like length go to different ones."""
        return items[self.rank :: self.size]

    def gather(self, items: list[T], total: int) -> list[T]:
        """The whole list of so many items again, from what every process made of its share."""
        found: list[Any] = [None] * total
        for rank, part in enumerate(self.collect(items)):
            found[rank :: self.size] = part
        return found


ALONE = Group()


@contextlib.contextmanager
def joined(device: str) -> Iterator[Group]:
    """The group of processes that torchrun's environment variables tell of, or one process alone. `device`, as in
    `train.device`, decides how they talk: gloo between processors, NCCL between graphics cards."""
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        yield ALONE
        return
    graphics = device != "cpu" and torch.cuda.is_available()
    if graphics:
        place, cards = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
        if place >= cards:
            raise UserError(f"torchrun started {place + 1} processes for {cards} graphics cards: start one for each.")
        torch.cuda.set_device(place)
    with _told():
        store, rank, size = next(processes.rendezvous("env://", timeout=MEETING))
        ours = processes.PrefixStore(str(store.add(ROUNDS, 0)), store)
        backend = "cpu:gloo,cuda:nccl" if graphics else "gloo"
        try:
            processes.init_process_group(backend, store=ours, rank=rank, world_size=size, timeout=MEETING)
        finally:
            store.add(ROUNDS, 1)
        processes.distributed_c10d._set_pg_timeout(PATIENCE)
    try:
        yield Group(processes.get_rank(), size)
    finally:
        processes.destroy_process_group()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Has a process that lost the others say so in one line."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"another process of this training is gone ({reason}): start all again with the same --output, or have "
            "torchrun do it (--max-restarts)."
        ) from None
