"""The same texts in other pieces, afresh in every epoch, so that a model does not hang on one spelling."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nmt.data.subwords import END, EncodedPair, Pieces, RightToLeft, Subwords, Vocabulary

SPELLINGS = 64
"""Spellings of a word that are drawn among, the likeliest (Kudo 2018, section 3.3)."""
WORDS = 50_000
"""Words whose spellings are remembered, of each vocabulary."""


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


class Speller:
    """Spells the words of one language by the probabilities of a unigram model to a `power`: 1 is the model's own
    distribution, and less is more even (subword regularisation, Kudo 2018, section 3.3). Words of letters that the
    pieces do not have, and symbols, stay as they are."""

    def __init__(self, subwords: Subwords, power: float) -> None:
        self._subwords = subwords
        self._power = power
        self._step = -1 if isinstance(subwords, RightToLeft) else 1
        self._plain, self._begins = subwords.text_pieces()
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
                spellings, until = self._known(word.tobytes())
                word = spellings[int(until.searchsorted(draw, side="right"))]
            spelled.append(word)
        return np.concatenate(spelled)[:: self._step]

    def _spellings(self, word: bytes) -> tuple[list[Pieces], NDArray[np.float64]]:
        """Ways to spell a word, which is given as the bytes of its pieces, and the sum of the probabilities of each and
        of those before it."""
        now = np.frombuffer(word, np.int32)
        text = self._subwords.decode(now.tolist())
        written = "".join(self._subwords.pieces(now.tolist()))
        found = [
            (np.array(spelling, np.int32), score)
            for spelling, score in self._subwords.nbest(text, SPELLINGS)
            if "".join(self._subwords.pieces(spelling)) == written
        ] or [(now, 0.0)]
        scores = self._power * np.array([score for _, score in found])
        until = np.exp(scores - scores.max()).cumsum()
        until = until / until[-1]
        until[-1] = 1.0  # as it may not be by rounding, and no draw is 1
        return [spelling for spelling, _ in found], until


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
