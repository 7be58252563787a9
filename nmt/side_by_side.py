"""Batches computed side by side: a thread of Python for each, with its share of the processor's cores. Several small
products, each on a core of its own, take less time than one after the other, each shared among the cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """The function's results in the order of the items, so many of which are worked on at once. What it raises is
    raised here, and of the items that were not begun none is. PyTorch lets other threads run while it computes."""
    workers = min(workers, len(items))
    if workers <= 1:
        yield from map(function, items)
        return
    cores = torch.get_num_threads()
    share = max(1, cores // workers)
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(share,))
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(cores)  # what a thread sets is also what threads that begin later have
