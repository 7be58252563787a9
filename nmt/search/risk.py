"""Minimum Bayes risk: of several translations, the one that is on average most like the others (Kumar and Byrne 2004).
It works on texts; whoever has pieces makes texts of them first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
ORDERS = 6  # of chrF's character n-grams
BETA = 2.0  # of chrF: how much more recall counts
WORDS = 4  # the longest n-grams of BLEU


def chrf(texts: Sequence[str]) -> Matrix:
    """chrF2 from 0 to 1 of each text against each as reference [hypothesis, reference] (Popovic 2015): as sacreBLEU has
    it, white space left out, orders averaged that both have."""
    letters = ["".join(text.split()) for text in texts]
    precision_sum = recall_sum = orders = np.zeros((len(texts), len(texts)))
    for order in range(1, ORDERS + 1):
        matches, sizes = _overlap([list(map(text.__getitem__, _slices(len(text), order))) for text in letters])
        known = (sizes[:, None] > 0) & (sizes[None, :] > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision_sum = precision_sum + np.where(known, matches / sizes[:, None], 0)
            recall_sum = recall_sum + np.where(known, matches / sizes[None, :], 0)
        orders = orders + known
    precision, recall = precision_sum / np.maximum(orders, 1), recall_sum / np.maximum(orders, 1)
    with np.errstate(invalid="ignore"):
        score = (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
    return np.nan_to_num(score)


def bleu(texts: Sequence[str]) -> Matrix:
    """Sentence BLEU from 0 to 1 of each text against each as reference [hypothesis, reference], with one added to the
    counts above single words (Lin and Och 2004), words being what white space divides."""
    words = [text.split() for text in texts]
    lengths = np.array([len(some) for some in words], dtype=np.float64)
    logarithms = np.zeros((len(texts), len(texts)))
    for order in range(1, WORDS + 1):
        matches, sizes = _overlap([[tuple(some[part]) for part in _slices(len(some), order)] for some in words])
        added = 1.0 if order > 1 else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithms += np.log((matches + added) / (sizes[:, None] + added)) / WORDS
    with np.errstate(divide="ignore", invalid="ignore"):
        brevity = np.minimum(0.0, 1 - lengths[None, :] / lengths[:, None])
    score: Matrix = np.exp(logarithms + np.nan_to_num(brevity, nan=0.0, neginf=-np.inf))
    return np.nan_to_num(score)


UTILITIES: dict[str, Callable[[Sequence[str]], Matrix]] = {"chrf": chrf, "bleu": bleu}


def expected_utilities(texts: Sequence[str], weights: Sequence[float], utility: str) -> list[float]:
    """Of each text its utility, by an entry of `UTILITIES`, averaged over all texts as references. weights: how much
    each counts as a reference, such as its probability; they need not sum to 1."""
    share = np.asarray(weights, dtype=np.float64)
    expected: list[float] = (UTILITIES[utility](texts) @ (share / share.sum())).tolist()
    return expected


def _slices(length: int, order: int) -> list[slice]:
    return [slice(start, start + order) for start in range(length - order + 1)]


def _overlap(grams: Sequence[Sequence[object]]) -> tuple[Matrix, Matrix]:
    """How many n-grams, repeated ones counted, two texts share [texts, texts]; how many each has [texts]."""
    numbers: dict[object, int] = {}
    counted = [Counter(some) for some in grams]
    for some in counted:
        for gram in some:
            numbers.setdefault(gram, len(numbers))
    counts = np.zeros((len(grams), max(1, len(numbers))))
    for row, some in zip(counts, counted, strict=True):
        row[[numbers[gram] for gram in some]] = list(some.values())
    shared = np.stack([np.minimum(counts, row).sum(axis=1) for row in counts])
    return shared, counts.sum(axis=1)
