"""The same texts in other pieces, afresh in every epoch, so that a model does not hang on one spelling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmt.data.subwords import END, EncodedPair, Pieces, RightToLeft, Subwords, Vocabulary

SPELLINGS = 64
"""Spellings of a word that are drawn among, the likeliest. Kudo 2018, section 3.3, has as many of a whole sentence."""
WORDS, LONGEST = 20_000, 16
"""Words whose spellings are remembered, of each vocabulary: 60 MB at most; pieces of the longest that are."""


class Respelling:
    """Spells pairs afresh every time. `sampling`: the power of the probabilities by which whole words are spelled anew,
    which needs unigram pieces; 0 leaves them. `dropout`: the share of pieces that are then cut into smaller ones.

    What is drawn depends on nothing but the seed and the place in the training, so it can be drawn again."""

    def __init__(self, vocabulary: Vocabulary, seed: int, *, dropout: float = 0.0, sampling: float = 0.0) -> None:
        self.dropout = dropout
        self.seed = seed
        different = set(vocabulary)  # of a joint vocabulary only one
        parts = {side: side.parts() for side in different} if dropout else {}
        spellers = {side: Speller(side, sampling) for side in different} if sampling else {}
        self._sides = [(spellers.get(side), parts.get(side)) for side in vocabulary] if dropout or sampling else []

    def __call__(self, pairs: list[EncodedPair], epoch: int, batch: int) -> list[EncodedPair]:
        """Pairs of piece sequences, end symbols included -> the same texts, spelled for this batch of this epoch."""
        if not self._sides:
            return pairs
        # Five numbers: numpy fills fewer than four up with zeros, and the order of the pairs has [seed, epoch].
        random = np.random.default_rng([1, 1, self.seed, epoch, batch])
        sides = []
        for sentences, (speller, parts) in zip(zip(*pairs, strict=True), self._sides, strict=True):
            pieces = np.concatenate(sentences)
            if speller is not None:
                pieces = speller(pieces, random)
            if parts is not None:
                pieces = _cut_some(pieces, parts, self.dropout, random)
            sides.append(np.split(pieces, np.flatnonzero(pieces == END)[:-1] + 1))
        return list(zip(*sides, strict=True))


class Spellings(NamedTuple):
    """Ways to spell a word, their pieces one after the other: where each ends, and the sum of the probabilities of each
    and of those before it."""

    pieces: Pieces
    ends: NDArray[np.int64]
    until: NDArray[np.float64]

    def at(self, draw: float) -> Pieces:
        """The one that a number from 0 to 1 falls on."""
        number = int(self.until.searchsorted(draw, side="right"))
        return self.pieces[self.ends[number - 1] if number else 0 : self.ends[number]]


class Speller:
    """Spells the words of one language by the probabilities of a unigram model to a `power`: 1 is the model's own
    distribution, and less is more even (subword regularisation, Kudo 2018, section 3.3). Words of letters that the
    pieces do not have, and symbols, stay as they are."""

    def __init__(self, subwords: Subwords, power: float) -> None:
        self._subwords = subwords
        self._power = power
        self._step = -1 if isinstance(subwords, RightToLeft) else 1
        self._plain, self._begins = subwords.text_pieces()
        self._scores = subwords.scores()
        self._known = lru_cache(WORDS)(self._spellings)

    def __call__(self, pieces: Pieces, random: np.random.Generator) -> Pieces:
        """Piece sequences, one after the other -> the same texts, spelled afresh."""
        pieces = pieces[:: self._step]
        starts = np.flatnonzero(self._begins[pieces] | ~self._plain[pieces])
        words = np.split(pieces, starts)
        draws = random.random(len(words)).tolist()
        spelled = []
        for word, draw in zip(words, draws, strict=True):
            if len(word) and self._begins[word[0]]:
                look_up = self._known if len(word) <= LONGEST else self._spellings
                word = look_up(word.tobytes()).at(draw)
            spelled.append(word)
        return np.concatenate(spelled)[:: self._step]

    def _spellings(self, word: bytes) -> Spellings:
        """The ways to spell a word, which is given as the bytes of its pieces."""
        now = np.frombuffer(word, np.int32)
        numbers = now.tolist()
        found = self._subwords.nbest(self._subwords.decode(numbers), SPELLINGS)
        if not found or self._written(found[0]) != self._written(numbers):  # normalised in another way, by itself
            return Spellings(now, np.array([len(now)]), np.ones(1))
        pieces, ends = np.array(list(chain(*found)), np.int32), np.cumsum(list(map(len, found)))
        scores = self._power * np.add.reduceat(self._scores[pieces], [0, *ends[:-1]])
        until = np.exp(scores - scores.max()).cumsum()
        until /= until[-1]
        until[-1] = 1.0  # as it may not be by rounding, and no draw is 1
        return Spellings(pieces, ends, until)

    def _written(self, pieces: Sequence[int]) -> str:
        return "".join(self._subwords.pieces(pieces))


def _cut_some(pieces: Pieces, parts: NDArray[np.int32], rate: float, random: np.random.Generator) -> Pieces:
    """Piece sequences, one after the other, with a share of their pieces cut into their `parts`, and such a part with
    the same probability again: the text is the same and is spelled otherwise (after BPE-dropout, Provilkov et al. 2020,
    which leaves out merges while encoding, and so cuts a word of many merges oftener)."""
    fresh = np.ones(len(pieces), bool)
    while (cut := fresh & parts[pieces].any(axis=1) & (random.random(len(pieces)) < rate)).any():
        spelled, times = parts[pieces[cut]], np.ones(len(pieces), np.int64)
        times[cut] = (spelled > 0).sum(axis=1)
        pieces, fresh = np.repeat(pieces, times), np.repeat(cut, times)
        pieces[fresh] = spelled[spelled > 0]
    return pieces
