"""What each source piece is translated by: IBM model 1 (Brown et al. 1993, section 4.2) on pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmt.data.subwords import END, PADDING, EncodedPair

ITERATIONS = 5
EMPTY = PADDING
"""Stands for the empty word, in front of every source sentence."""
TENSION = 4.0
"""How steeply links become unlikely with the distance from the diagonal (Dyer et al. 2013, where it begins)."""
PAIRS = 100_000
"""Pairs that a lexicon is learned from at most, evenly spread over the corpus: some 4 GB of memory."""


def learn_lexicon(pairs: Sequence[EncodedPair], pieces: int, candidates: int) -> NDArray[np.int32]:
    """[pieces, candidates]: of each of so many source pieces the likeliest target pieces, likeliest first, PADDING
    where there are fewer. Memory: some 50 bytes for each pair of a source and a target piece in a sentence."""
    return _strongest(learn_probabilities(pairs, pieces), pieces, candidates)


class Lexicon(NamedTuple):
    """How likely each source piece is translated by each target piece it came up with, and no other."""

    width: int  # more than any target piece
    keys: NDArray[np.int64]  # [entries], source piece * width + target piece, ascending
    probability: NDArray[np.float64]  # [entries]

    def links(
        self, source: NDArray[np.int64], target: NDArray[np.int64], *, right_to_left: bool = False
    ) -> NDArray[np.float32]:
        """How much each target piece of some sentences belongs to each of their source pieces: source [batch, source],
        target [batch, target], both padded -> [batch, target, source]. What belongs to the empty word is missing from
        the sum of 1, and special pieces belong to none. Of equal pieces the one in a like place counts more (Dyer et
        al. 2013, section 2), which model 1 does not know of; `right_to_left`: the target begins with its last."""
        plain = [(pieces > END) for pieces in (source, target)]
        at_source, at_target = (np.arange(1, p.shape[1] + 1) / np.maximum(p.sum(1, keepdims=True), 1) for p in plain)
        if right_to_left:
            at_target = 1 + 1 / np.maximum(plain[1].sum(1, keepdims=True), 1) - at_target
        near = np.exp(-TENSION * np.abs(at_target[:, :, None] - at_source[:, None, :])) * plain[0][:, None, :]
        near /= np.maximum(near.sum(axis=2, keepdims=True), np.finfo(float).tiny)
        likely = near * self._of(source[:, None, :], target[:, :, None])
        empty = self._of(np.array(EMPTY), target)[:, :, None] / np.maximum(plain[0].sum(1)[:, None, None], 1)
        total = likely.sum(axis=2, keepdims=True) + empty
        belongs = np.divide(likely, total, out=np.zeros_like(likely), where=total > 0)
        found: NDArray[np.float32] = (belongs * plain[1][:, :, None]).astype(np.float32)
        return found

    def _of(self, source: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.float64]:
        """The probabilities of target pieces given source pieces, 0 of what never came up together."""
        wanted = source * self.width + target
        places = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        known = (self.keys[places] == wanted) & (target < self.width)
        return np.where(known, self.probability[places], 0.0)


def spread(count: int) -> list[int]:
    """At most PAIRS of so many rows, evenly spread."""
    return np.linspace(0, count - 1, min(count, PAIRS)).astype(int).tolist() if count else []


def learn_probabilities(pairs: Sequence[EncodedPair], pieces: int) -> Lexicon:
    """The lexicon of encoded pairs, with so many `pieces` in the source vocabulary."""
    sources = [np.append(source[:-1], EMPTY).astype(np.int64) for source, _ in pairs]
    targets = [np.asarray(target, np.int64) for _, target in pairs]
    width = 1 + max((int(target.max()) for target in targets), default=0)
    ends = np.cumsum([len(target) for target in targets])
    # Every source piece of a sentence beside every target piece: the key of the two, and the place of the latter.
    both = zip(sources, targets, strict=True)
    keys = np.concatenate([np.add.outer(source * width, target).ravel() for source, target in both])
    each = zip(sources, targets, ends, strict=True)
    places = np.concatenate([np.tile(np.arange(end - len(t), end, dtype=np.int32), len(s)) for s, t, end in each])
    known, link = np.unique(keys, return_inverse=True)
    source_pieces = known // width
    probability = np.ones(len(known))
    for _ in range(ITERATIONS):
        share = probability[link]
        share /= np.bincount(places, share)[places]
        counts = np.bincount(link, share, minlength=len(known))
        probability = counts / np.bincount(source_pieces, counts, minlength=pieces)[source_pieces]
    return Lexicon(width, known, probability)


def _strongest(lexicon: Lexicon, pieces: int, candidates: int) -> NDArray[np.int32]:
    """The likeliest entries of each source piece: see `learn_lexicon`."""
    source_pieces, target_pieces = lexicon.keys // lexicon.width, lexicon.keys % lexicon.width
    order = np.lexsort((target_pieces, -lexicon.probability, source_pieces))
    owners = source_pieces[order]
    rank = np.arange(len(owners)) - np.searchsorted(owners, owners)
    strongest = np.full((pieces, candidates), PADDING, np.int32)
    kept = (rank < candidates) & (owners != EMPTY)
    strongest[owners[kept], rank[kept]] = target_pieces[order][kept]
    return strongest


def most_frequent(pairs: Sequence[EncodedPair], pieces: int, count: int) -> NDArray[np.int32]:
    """The special pieces, and the `count` target pieces that there are most of, in their order."""
    counts = np.bincount(np.concatenate([target for _, target in pairs]), minlength=pieces)
    counts[: END + 1] = counts.max() + 1
    ranked = np.argsort(-counts, kind="stable")[: END + 1 + count]
    return np.sort(ranked[counts[ranked] > 0]).astype(np.int32)
