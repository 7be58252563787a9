"""Text to pieces on all cores: processes that encode one chunk of pairs after another and hand it back in order."""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmt.data.subwords import RightToLeft, Subwords, Vocabulary
from nmt.errors import UserError

ALONE = 5
"""Chunks that are encoded before any process is started: that takes half a second, and most corpora are over sooner."""
ROOT = Path(__file__).parents[2]


class Side(NamedTuple):
    """One side of some pairs: how many pieces each sentence has, and all of them one after the other."""

    lengths: NDArray[np.int32]
    pieces: NDArray[np.integer[Any]]


Chunk = tuple[Side, Side, int]
"""Source and target of some pairs, and how many pairs were too long and left out."""


def piece_type(vocabulary: Vocabulary) -> type[np.integer[Any]]:
    """The smallest of two types that has a number for every piece."""
    return np.uint16 if max(len(side) for side in vocabulary) <= 2**16 else np.int32


def encode_chunk(pairs: Sequence[tuple[str, str]], vocabulary: Vocabulary, max_length: int) -> Chunk:
    """The pieces of some pairs, those with more than `max_length` on a side left out."""
    sides = [side.encode([pair[index] for pair in pairs]) for index, side in enumerate(vocabulary)]
    kept = [pair for pair in zip(*sides, strict=True) if max(map(len, pair)) <= max_length]
    source, target = (_flat([pair[index] for pair in kept], piece_type(vocabulary)) for index in (0, 1))
    return source, target, len(pairs) - len(kept)


def _flat(sentences: list[list[int]], kind: type[np.integer[Any]]) -> Side:
    lengths = np.fromiter(map(len, sentences), np.int32, len(sentences))
    return Side(lengths, np.fromiter(itertools.chain.from_iterable(sentences), kind, int(lengths.sum())))


def encode_chunks(
    chunks: Iterator[Sequence[tuple[str, str]]], vocabulary: Vocabulary, max_length: int, workers: int | None = None
) -> Iterator[Chunk]:
    """Chunks of pairs -> their pieces, the same and in the same order for any number of workers (left open: one for
    each core). No more chunks are in memory than there are workers. Raises UserError when one of them dies."""
    workers = cores() if workers is None else workers
    for chunk in itertools.islice(chunks, ALONE) if workers > 1 else chunks:
        yield encode_chunk(chunk, vocabulary, max_length)
    busy: deque[_Worker] = deque()
    try:
        for chunk in chunks:
            if len(busy) < workers:
                busy.append(_Worker(vocabulary, max_length))
                busy[-1].send(chunk)
                continue
            encoded = busy[0].receive()
            busy.rotate(-1)
            busy[-1].send(chunk)
            yield encoded
        for worker in busy:
            yield worker.receive()
    finally:
        for worker in busy:
            worker.stop()


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker:
    """A process that encodes. It is no child of `multiprocessing`, which would import the program once more, PyTorch
    and all, and whose workers outlive a parent that is killed: this one ends when there is nobody to read from."""

    def __init__(self, vocabulary: Vocabulary, max_length: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from nmt.data.encoding import serve; serve()"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the parent, which stops its workers
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._results = self._process.stdin, self._process.stdout
        self.send(([side.model for side in vocabulary], vocabulary.right_to_left, max_length))

    def send(self, message: object) -> None:
        """Hands the worker something: first the models, then chunks. What it made before must have been received, or
        both would wait for each other."""
        try:
            pickle.dump(message, self._requests, pickle.HIGHEST_PROTOCOL)
            self._requests.flush()
        except OSError:
            raise self._died() from None

    def receive(self) -> Chunk:
        """The pieces of the chunk that was sent last."""
        try:
            chunk: Chunk = pickle.load(self._results)
        except (EOFError, pickle.UnpicklingError):
            raise self._died() from None
        return chunk

    def _died(self) -> UserError:
        self.stop()
        return UserError(
            f"a process that encodes the training pairs died (exit code {self._process.returncode}): "
            "if other programs use up the memory, end them; then start again."
        )

    def stop(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._results.close()
        with contextlib.suppress(BrokenPipeError):  # half a message may be left in the buffer
            self._requests.close()


def serve() -> None:
    """What a worker does: reads the models and then chunks from its standard input, writes their pieces to its standard
    output, until the other side is gone."""
    requests, results = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing may come between the results
    try:
        (source, target), right_to_left, max_length = pickle.load(requests)
        kind = RightToLeft if right_to_left else Subwords
        vocabulary = Vocabulary(Subwords(source, threads=1), kind(target, threads=1))
        while True:
            chunk = encode_chunk(pickle.load(requests), vocabulary, max_length)
            pickle.dump(chunk, results, pickle.HIGHEST_PROTOCOL)
            results.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # without a last flush of what nobody reads
