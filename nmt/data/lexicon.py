"""What each source piece is translated by: IBM model 1 (Brown et al. 1993, section 4.2) on pieces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nmt.data.subwords import END, PADDING, EncodedPair

ITERATIONS = 5
EMPTY = PADDING
"""Stands for the empty word, in front of every source sentence."""


def learn_lexicon(pairs: Sequence[EncodedPair], pieces: int, candidates: int) -> NDArray[np.int32]:
    """[pieces, candidates]: of each of so many source pieces the likeliest target pieces, likeliest first, PADDING
    where there are fewer. Memory: some 50 bytes for each pair of a source and a target piece in a sentence."""
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
    source_pieces, target_pieces = known // width, known % width
    probability = np.ones(len(known))
    for _ in range(ITERATIONS):
        share = probability[link]
        share /= np.bincount(places, share)[places]
        counts = np.bincount(link, share, minlength=len(known))
        probability = counts / np.bincount(source_pieces, counts, minlength=pieces)[source_pieces]
    order = np.lexsort((target_pieces, -probability, source_pieces))
    owners = source_pieces[order]
    rank = np.arange(len(owners)) - np.searchsorted(owners, owners)
    lexicon = np.full((pieces, candidates), PADDING, np.int32)
    kept = (rank < candidates) & (owners != EMPTY)
    lexicon[owners[kept], rank[kept]] = target_pieces[order][kept]
    return lexicon


def most_frequent(pairs: Sequence[EncodedPair], pieces: int, count: int) -> NDArray[np.int32]:
    """The special pieces, and the `count` target pieces that there are most of, in their order."""
    counts = np.bincount(np.concatenate([target for _, target in pairs]), minlength=pieces)
    counts[: END + 1] = counts.max() + 1
    ranked = np.argsort(-counts, kind="stable")[: END + 1 + count]
    return np.sort(ranked[counts[ranked] > 0]).astype(np.int32)
