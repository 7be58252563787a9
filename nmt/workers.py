"""Translation in several processes: each has a translator of its own, and the lines come out in their order."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from nmt.config import SearchConfig
from nmt.data.batching import chunked
from nmt.data.lines import WINDOW as AHEAD
from nmt.data.lines import Report
from nmt.errors import UserError
from nmt.pipeline import Answer, Pipeline, Wishes, started
from nmt.translator import Translator

WINDOW = 512
"""Lines given to a worker at once: enough to put lines of like length together, few enough to share them out."""
WORTH = 4096
"""Fewer lines are translated in one process: in the time that others need to begin, most are done."""
MOST = 8
"""Processes that are begun unasked, each with the model in its memory."""


@dataclass(frozen=True)
class Recipe:
    """How a process gets its translator, and with how many threads it computes."""

    folder: Path
    others: tuple[Path, ...]
    threads: int
    search: SearchConfig
    wishes: Wishes


Problem = tuple[int, str]
Work = list[tuple[str, str]]
"""Lines, each with how its translation begins."""
Done = tuple[list[Answer], list[Problem]]


class Workers:
    """A pipeline in several processes, or in this one alone where the lines are too few for others to pay.

    Args: here: the same pipeline in this process; folder, others: where its models lie; threads: of all processes
    together.
    """

    def __init__(
        self, here: Pipeline, folder: Path, others: Sequence[Path], *, count: int, threads: int, only_if_worth: bool
    ) -> None:
        self.here = here
        self.folder = folder
        self.others = tuple(others)
        self.count = count
        self.threads = max(1, threads // count)
        self.only_if_worth = only_if_worth

    def stream(
        self,
        lines: Iterable[str],
        search: SearchConfig | None = None,
        report: Report = lambda number, problem: None,
        window: int = AHEAD,
        prefixes: Iterable[str] | None = None,
    ) -> Iterator[Answer]:
        """Translates lines as they come; see `Pipeline.stream`."""
        search = search or self.here.translator.config.search
        if self.only_if_worth:
            worth, lines = worth_sharing(iter(lines))
            if not worth:
                return self.here.stream(lines, search, report, window, prefixes)
        recipe = Recipe(self.folder, self.others, self.threads, search, self.here.wishes)
        return translate(started(lines, prefixes), recipe, self.count, report, min(window, WINDOW))


def worth_sharing(lines: Iterator[str]) -> tuple[bool, Iterator[str]]:
    """Whether there are so many lines that further processes pay, and the lines again."""
    first = list(itertools.islice(lines, WORTH))
    return len(first) == WORTH, itertools.chain(first, lines)


def translate(
    lines: Iterable[tuple[str, str]], recipe: Recipe, workers: int, report: Report, window: int
) -> Iterator[Answer]:
    """Translates lines as they come, as `Pipeline.stream`, in so many processes. `report` is told of problems with
    the number of the line. Raises UserError for what a process raises it for, and when one ends before its work.

    Each process has one window of lines at a time, and is given the next when its answer is taken: answers are taken
    in turn, so they are in order, and no more than a window a process is in memory.
    """
    windows = chunked(lines, window)
    with _processes(recipe, workers) as connections:
        waiting: list[Connection] = []
        number = 0
        for connection, some in zip(connections, windows, strict=False):
            connection.send(some)
            waiting.append(connection)
        while waiting:
            connection = waiting.pop(0)
            translations, problems = _answer(connection)
            following = next(windows, None)
            if following is not None:
                connection.send(following)
                waiting.append(connection)
            for place, problem in problems:
                report(number + place, problem)
            number += len(translations)
            yield from translations


def _answer(connection: Connection) -> Done:
    try:
        answer: Done | Exception | str = connection.recv()
    except (EOFError, ConnectionResetError):
        raise UserError("a worker was ended before its work was done: give fewer --workers, for memory.") from None
    if isinstance(answer, UserError):
        raise answer
    if isinstance(answer, str):
        raise RuntimeError(answer)
    assert isinstance(answer, tuple)
    return answer


@contextlib.contextmanager
def _processes(recipe: Recipe, count: int) -> Iterator[Sequence[Connection]]:
    """Connections to so many processes, which have ended when the context is left, however it is left."""
    context = multiprocessing.get_context("spawn")  # a forked process would share the locks of PyTorch's threads
    processes: list[SpawnProcess] = []
    connections: list[Connection] = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, recipe), daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
            connections.append(ours)
        yield connections
    finally:
        for connection in connections:
            connection.close()
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _work(connection: Connection, recipe: Recipe) -> None:
    """What a process does: translate window after window, until it is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first of them ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        import torch

        torch.set_num_threads(recipe.threads)
        pipeline = Pipeline(Translator.load(recipe.folder, "cpu", recipe.others), recipe.wishes)
        while True:
            work: Work = connection.recv()
            connection.send(_translated(pipeline, work, recipe.search))
    except (EOFError, BrokenPipeError):
        return
    except UserError as error:
        connection.send(error)
    except Exception:
        connection.send(traceback.format_exc())


def _translated(pipeline: Pipeline, work: Work, search: SearchConfig) -> Done:
    """The translations of a window, and the problems in its lines by their places in it, from 1."""
    problems: list[Problem] = []

    def report(place: int, problem: str) -> None:
        problems.append((place, problem))

    lines, prefixes = zip(*work, strict=True)
    return list(pipeline.stream(lines, search, report, len(work), prefixes)), problems


def _end_with_parent() -> None:
    """Ends this process when the one that began it is gone, even if that was killed and could end nothing itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
