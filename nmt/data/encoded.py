"""Encoded corpora: pieces in a memory-mapped Arrow file, written once and read without a copy."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmt.data.batching import chunked
from nmt.data.subwords import EncodedPair, Pieces, Vocabulary

CHUNK = 10_000


class EncodedCorpus:
    """Pairs of piece sequences in an Arrow file. Nothing but the lengths is held in memory."""

    def __init__(self, path: Path) -> None:
        from datasets import Dataset

        self._dataset = Dataset.from_file(str(path))
        self._sides = [_Column(self._dataset.data.column(name)) for name in ("source", "target")]
        self.lengths: NDArray[np.int32] = np.stack([side.lengths for side in self._sides], axis=1)
        """[pairs, 2]: pieces of source and target, end symbols counted."""

    def __len__(self) -> int:
        return len(self.lengths)

    def pairs(self, rows: Iterable[int]) -> list[EncodedPair]:
        """The source and target pieces of some rows."""
        source, target = self._sides
        return [(source[row], target[row]) for row in rows]


class _Column:
    """One column of lists, as views into the mapped file."""

    def __init__(self, column: object) -> None:
        chunks = list(column.chunks)  # type: ignore[attr-defined]
        self._offsets = [np.asarray(chunk.offsets) for chunk in chunks]
        self._values = [np.asarray(chunk.values) for chunk in chunks]
        self._starts = np.cumsum([0] + [len(chunk) for chunk in chunks])
        self.lengths = np.concatenate([np.empty(0, np.int32), *(np.diff(offsets) for offsets in self._offsets)])

    def __getitem__(self, row: int) -> Pieces:
        chunk = int(np.searchsorted(self._starts, row, side="right")) - 1
        start, end = self._offsets[chunk][row - self._starts[chunk] :][:2]
        return self._values[chunk][start:end]


def encode_corpus(pairs: Iterable[tuple[str, str]], vocabulary: Vocabulary, path: Path, max_length: int) -> int:
    """Writes the pieces of the pairs to an Arrow file; returns how many pairs were too long and left out.

    The file appears under its name only when it is whole.
    """
    from datasets import Features, Sequence, Value
    from datasets.arrow_writer import ArrowWriter

    features = Features({"source": Sequence(Value("int32")), "target": Sequence(Value("int32"))})
    temporary = path.with_name(path.name + ".partial")
    dropped = 0
    with ArrowWriter(path=str(temporary), features=features) as writer:
        for chunk in chunked(pairs, CHUNK):
            sources, targets = (vocabulary[side].encode([pair[side] for pair in chunk]) for side in (0, 1))
            kept = [
                (source, target)
                for source, target in zip(sources, targets, strict=True)
                if max(len(source), len(target)) <= max_length
            ]
            dropped += len(chunk) - len(kept)
            if kept:
                writer.write_batch({"source": [pair[0] for pair in kept], "target": [pair[1] for pair in kept]})
        writer.finalize()
    os.replace(temporary, path)
    return dropped
