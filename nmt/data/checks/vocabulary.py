"""What a vocabulary learnt from the training pairs makes of them, and how much of the other parts it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmt.config import SubwordsConfig
from nmt.data.checks.chunk import Chunk, Part
from nmt.data.subwords import train_subwords


@dataclass(frozen=True)
class Pieces:
    """One side of the sample in the pieces of its vocabulary."""

    per_word: float
    bytes_share: float  # of pieces that spell one byte of a character that has no piece
    longest: int  # pieces that 999 of 1000 lines do not exceed


def pieces(sample: tuple[Sequence[str], Sequence[str]], config: SubwordsConfig) -> list[Pieces]:
    """Both sides in pieces of vocabularies trained on the sample, one for each side or a joint one. Raises UserError
    when the text is too small for one."""
    if config.joint:
        joint = train_subwords((line for side in sample for line in side), config)
        vocabularies = [joint, joint]
    else:
        vocabularies = [train_subwords(side, config) for side in sample]
    found = []
    for lines, vocabulary in zip(sample, vocabularies, strict=True):
        encoded = vocabulary.encode(lines, end=False)
        counts = np.bincount(np.concatenate([np.array(line, np.int64) for line in encoded]), minlength=len(vocabulary))
        names = vocabulary.pieces(range(len(vocabulary)))
        spelled = sum(int(count) for name, count in zip(names, counts, strict=True) if name.startswith("<0x"))
        words = sum(len(line.split()) for line in lines)
        longest = int(np.quantile([len(line) for line in encoded], 0.999))
        found.append(Pieces(int(counts.sum()) / max(1, words), spelled / max(1, int(counts.sum())), longest))
    return found


class Coverage:
    """Which words and characters of the held-out parts no training line has. Only theirs are held."""

    def __init__(self, held_out: Sequence[Part]) -> None:
        self.parts = list(held_out)
        self.characters: tuple[set[str], set[str]] = (set(), set())  # of the training pairs
        self.pairs = 0
        self._words: list[list[NDArray[np.uint64]]] = []
        self._counts: list[list[NDArray[np.int64]]] = []
        self._theirs: list[tuple[set[str], set[str]]] = []
        for part in self.parts:
            hashes: tuple[list[NDArray[np.uint64]], list[NDArray[np.uint64]]] = ([], [])
            theirs: tuple[set[str], set[str]] = (set(), set())
            for chunk in part.chunks():
                for side in (0, 1):
                    hashes[side].append(chunk.tokens[side].hashes)
                    theirs[side].update(*chunk.sides[side])
            known = [np.unique(np.concatenate([*side, np.zeros(0, np.uint64)]), return_counts=True) for side in hashes]
            self._words.append([words for words, _ in known])
            self._counts.append([counts for _, counts in known])
            self._theirs.append(theirs)
        self._seen = [[np.zeros(len(words), bool) for words in part] for part in self._words]

    def see(self, chunk: Chunk) -> None:
        """Takes note of some training pairs."""
        self.pairs += len(chunk)
        for side in (0, 1):
            self.characters[side].update(*chunk.sides[side])
            fresh = np.unique(chunk.tokens[side].hashes)
            for words, seen in zip(self._words, self._seen, strict=True):
                seen[side] |= np.isin(words[side], fresh)

    def report(self) -> list[dict[str, object]]:
        """For each held-out part and side: the share of its words, and which of its characters, are in no training
        line."""
        return [
            {
                "part": part.name,
                "where": part.where(side),
                "unseen_words": float(counts[side][~seen[side]].sum() / max(1, counts[side].sum())),
                "unseen_characters": "".join(sorted(theirs[side] - self.characters[side])),
            }
            for part, counts, seen, theirs in zip(self.parts, self._counts, self._seen, self._theirs, strict=True)
            for side in (0, 1)
        ]
