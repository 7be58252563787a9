"""Encoded corpora: pieces in a memory-mapped Arrow file, written once and read a batch at a time."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow
from numpy.typing import NDArray
from pyarrow import ipc

from nmt.data.batching import chunked
from nmt.data.encoding import Side, encode_chunks, piece_type
from nmt.data.subwords import EncodedPair, Pieces, Vocabulary
from nmt.errors import UserError

CHUNK = 10_000
"""Pairs that are encoded, and written, at once."""
READ = 100
"""Pairs that are read before their pages are given back. Around each page that is touched Linux maps 15 more."""


class EncodedCorpus:
    """Pairs of piece sequences in an Arrow file. None of it is held in memory: pages of the file are given back as
    soon as they were read."""

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as file:
            try:
                self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                with ipc.open_stream(pyarrow.py_buffer(self._file)) as stream:
                    batches = list(stream)  # no copies
            except (ValueError, OSError, pyarrow.ArrowException) as error:  # empty, or cut off
                raise UserError(f"{path} is damaged ({error}): remove it, and it is made again.") from None
        self._sides = [_Column([batch.column(name) for batch in batches]) for name in ("source", "target")]
        self._starts = np.cumsum([0] + [len(batch) for batch in batches])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def lengths(self) -> NDArray[np.uint16] | NDArray[np.int32]:
        """[pairs, 2]: pieces of source and target, end symbols counted. Made anew each time, of two bytes each if they
        fit."""
        longest = max(side.longest() for side in self._sides)
        lengths = np.empty((len(self), 2), np.uint16 if longest < 2**16 else np.int32)
        for index, side in enumerate(self._sides):
            side.lengths(lengths[:, index])
        self._give_back()
        return lengths

    def pairs(self, rows: Iterable[int] | NDArray[np.uint32]) -> list[EncodedPair]:
        """Copies of the source and target pieces of some rows."""
        wanted = np.fromiter(rows, np.int64)
        chunks = np.searchsorted(self._starts, wanted, side="right") - 1
        places = zip(chunks.tolist(), (wanted - self._starts[chunks]).tolist(), strict=True)
        source, target = self._sides
        found: list[EncodedPair] = []
        for some in chunked(places, READ):
            found += [(source.read(*place), target.read(*place)) for place in some]
            self._give_back()
        return found

    def _give_back(self) -> None:
        """Takes the pages that were read out of this process; the system keeps them as long as it has room."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._file.madvise(mmap.MADV_DONTNEED)


class _Column:
    """One side of a corpus, as views into the mapped file."""

    def __init__(self, chunks: list[pyarrow.ListArray]) -> None:
        self._offsets = [np.asarray(chunk.offsets) for chunk in chunks]
        self._values = [np.asarray(chunk.values) for chunk in chunks]

    def longest(self) -> int:
        """Pieces of the longest sentence."""
        return max((int(np.diff(offsets).max()) for offsets in self._offsets), default=0)

    def lengths(self, into: NDArray[np.uint16] | NDArray[np.int32]) -> None:
        """Writes the number of pieces of every sentence."""
        start = 0
        for offsets in self._offsets:
            into[start : start + len(offsets) - 1] = np.diff(offsets)
            start += len(offsets) - 1

    def read(self, chunk: int, row: int) -> Pieces:
        """A copy of the pieces of one sentence."""
        start, end = self._offsets[chunk][row : row + 2]
        return self._values[chunk][start:end].astype(np.int32)


def encode_corpus(
    pairs: Iterable[tuple[str, str]], vocabulary: Vocabulary, path: Path, max_length: int, workers: int | None = None
) -> int:
    """Writes the pieces of the pairs to an Arrow file; returns how many pairs were too long and left out. The file is
    the same for any number of workers; left open, all cores work.

    The file appears under its name only when it is whole. Raises UserError when it cannot be written.
    """
    kind = pyarrow.list_(pyarrow.from_numpy_dtype(piece_type(vocabulary)))
    schema = pyarrow.schema([("source", kind), ("target", kind)])
    temporary = path.with_name(path.name + ".partial")
    dropped = 0
    try:
        with _told(path):
            file = pyarrow.OSFile(str(temporary), "wb")
        with file:
            writer = ipc.new_stream(file, schema)
            for source, target, overlong in encode_chunks(chunked(pairs, CHUNK), vocabulary, max_length, workers):
                dropped += overlong
                if len(source.lengths):
                    with _told(path):
                        writer.write_batch(pyarrow.record_batch([_listed(source), _listed(target)], schema))
            with _told(path):
                writer.close()
        with _told(path):
            _flush(temporary)
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return dropped


def _listed(side: Side) -> pyarrow.ListArray:
    offsets = np.zeros(len(side.lengths) + 1, np.int32)
    np.cumsum(side.lengths, out=offsets[1:])
    return pyarrow.ListArray.from_arrays(offsets, side.pieces)


def _flush(path: Path) -> None:
    """Waits until the disk has a file, which may yet refuse it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UserError(f"{path} cannot be written ({reason}): make room there, or choose another folder.") from None
