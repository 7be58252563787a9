"""Lines of many requests, gathered into batches: one thread translates, whoever asks waits for a future."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nmt.server.failures import Refused

LOG = logging.getLogger("nmt.server")
LINES = 64
"""Most lines that are translated at once."""
CHARACTERS = 8_000
"""Characters beyond which no further line is: a batch must not keep others waiting for long."""
GATHERED = 0.004
"""Seconds that the first request waits for others when nothing is being translated."""

Way = TypeVar("Way")
Answer = TypeVar("Answer")
Translate = Callable[[Way, Sequence[str]], Sequence[Answer]]
"""Translates lines in a way; lines of one way can be translated together."""


@dataclass(eq=False)
class Job(Generic[Way, Answer]):
    """The lines of a request, how many of them have been taken, and their translations so far."""

    way: Way
    lines: Sequence[str]
    future: Future[list[Answer]] = field(default_factory=Future)
    taken: int = 0
    answers: list[Answer] = field(default_factory=list)


Line = tuple[Job[Way, Answer], str]
"""A line, and whose it is."""


class Batcher(Generic[Way, Answer]):
    """Translates what is submitted. Requests take turns, a line of each after a line of each, so that a long one does
    not hold up the others. `seen` is told of each batch: its lines and its seconds."""

    def __init__(
        self,
        translate: Translate[Way, Answer],
        queue: int,
        seen: Callable[[int, float], None] = lambda lines, seconds: None,
    ) -> None:
        self._translate = translate
        self._seen = seen
        self._queue = queue
        self._jobs: deque[Job[Way, Answer]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._pace = 1.0
        self._thread = threading.Thread(target=self._run, name="translating", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """How many requests wait, or are being translated."""
        return len(self._jobs)

    def submit(self, way: Way, lines: Sequence[str]) -> Future[list[Answer]]:
        """The translations of lines, when they are there; cancelled, they are not made. Raises Refused while too many
        requests wait."""
        job: Job[Way, Answer] = Job(way, lines)
        if not lines:
            job.future.set_result([])
            return job.future
        with self._changed:
            if self._closed:
                raise Refused(503, "The server is shutting down.", retry_after=10)
            if len(self._jobs) >= self._queue:
                wait = max(1, round(self._pace * self._queue / LINES))
                raise Refused(429, "Too many requests are waiting: try again.", retry_after=wait)
            self._jobs.append(job)
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """Ends when all that was submitted is translated."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
            if len(self._jobs) == 1 and not self._closed:
                time.sleep(GATHERED)
            with self._changed:
                batch = self._next()
            if batch:
                self._answer(batch)

    def _next(self) -> list[Line[Way, Answer]]:
        """Takes lines that are translated together: all in the way of the request that waits longest, which then goes
        behind the others."""
        for job in [job for job in self._jobs if job.future.cancelled()]:
            self._jobs.remove(job)
        if not self._jobs:
            return []
        turn = [job for job in self._jobs if job.way == self._jobs[0].way]
        batch: list[Line[Way, Answer]] = []
        characters = 0
        while turn and len(batch) < LINES and characters < CHARACTERS:
            turn = [job for job in turn if job.taken < len(job.lines)][: LINES - len(batch)]
            for job in turn:
                if characters >= CHARACTERS:
                    break
                batch.append((job, job.lines[job.taken]))
                characters += len(job.lines[job.taken])
                job.taken += 1
        for job in dict(batch):
            self._jobs.remove(job)
            self._jobs.append(job)
        return batch

    def _answer(self, batch: Sequence[Line[Way, Answer]]) -> None:
        """Translates the lines that were taken, and gives the requests that are done their answers."""
        began = time.monotonic()
        answers = self._translated(batch)
        seconds = time.monotonic() - began
        self._pace = 0.8 * self._pace + 0.2 * seconds
        self._seen(len(batch), seconds)
        for (job, _), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                self._finish(job, answer)
            else:
                job.answers.append(answer)
        for job in dict(batch):
            if len(job.answers) == len(job.lines):
                self._finish(job)

    def _translated(self, batch: Sequence[Line[Way, Answer]]) -> Sequence[Answer | Exception]:
        """The translations of lines. Where one of them makes it fail, each is tried alone, so that the others do not
        suffer for it."""
        try:
            return self._translate(batch[0][0].way, [line for _, line in batch])
        except Exception as error:
            if len(batch) == 1:
                if not isinstance(error, Refused):
                    LOG.exception("a line was not translated")
                return [error]
        return [self._translated([one])[0] for one in batch]

    def _finish(self, job: Job[Way, Answer], error: Exception | None = None) -> None:
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
        if job.future.done() or not job.future.set_running_or_notify_cancel():
            return
        if error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(job.answers)
