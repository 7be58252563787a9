"""Which word of a translation renders which of its source, by the attention between their pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nmt.text.words import NOWHERE, Word

Matrix = NDArray[np.float64]
LEAST = 0.01
"""Share of a word's attention below which a source word is left out of its weights."""


def link(
    source: Sequence[Word],
    target: Sequence[Word],
    source_places: Sequence[tuple[int, int]],
    target_places: Sequence[tuple[int, int]],
    attention: Matrix | None,
    first: int = 0,
) -> None:
    """Sets the `weights` and the `link` of each target word, in place.

    source, target: words that know where they start; places: from where to where each piece stands in the same texts;
    attention [target pieces, source pieces], of which those beyond the places are left out; without any, words are
    taken to stand in the order of their source. first: the number of the first source word.
    """
    if not source or not target:
        return
    shape = (len(target_places), len(source_places))
    seen = diagonal(*shape) if attention is None else attention[: shape[0], : shape[1]]
    weights = _shares(target, target_places).T @ seen @ _shares(source, source_places)
    for word, row in zip(target, weights, strict=True):
        total = float(row.sum())
        if total <= 0:
            continue
        word.weights = {first + int(place): float(row[place]) for place in np.flatnonzero(row >= LEAST * total)}
        word.link = first + int(row.argmax())
    if all(not side[-1].text[0].isalnum() and not side[-1].kind for side in (source, target)):
        target[-1].link = first + len(source) - 1  # the last mark of a sentence often looks anywhere


def diagonal(rows: int, columns: int) -> Matrix:
    """An attention [rows, columns] that runs straight from the first to the last."""
    down = (np.arange(rows) + 0.5) / max(1, rows)
    across = (np.arange(columns) + 0.5) / max(1, columns)
    sharpness = max(rows, columns, 1)
    weights: Matrix = np.exp(-((sharpness * (down[:, None] - across[None, :])) ** 2))
    return weights


def places(surfaces: Sequence[str]) -> list[tuple[int, int]]:
    """From where to where each piece stands in the text that they spell."""
    ends = np.cumsum([0, *map(len, surfaces)]).tolist()
    return list(pairwise(ends))


def order_distance(places: Sequence[float]) -> float | None:
    """Kendall's tau distance of an order from the ascending one, from 0 (the same) to 1 (turned round): the share of
    the pairs of places that stand the other way round (Birch and Osborne 2010); None where no two differ."""
    ordered = np.asarray(places, dtype=np.float64)
    later = np.sign(ordered[None, :] - ordered[:, None])[np.triu_indices(len(ordered), 1)]
    compared = int(np.count_nonzero(later))
    return float((later < 0).sum() / compared) if compared else None


def _shares(words: Sequence[Word], pieces: Sequence[tuple[int, int]]) -> Matrix:
    """[pieces, words]: how much of each piece belongs to each word. A piece without letters of its own, as of a
    character that several bytes spell, belongs to the word that comes next."""
    length = max([end for _, end in pieces] + [word.start + len(word.text) for word in words], default=0)
    owners = np.full(length + 1, NOWHERE)
    for number, word in enumerate(words):
        if word.start != NOWHERE:
            owners[word.start : word.start + len(word.text)] = number
    shares = np.zeros((len(pieces), len(words)))
    for row, (start, end) in zip(shares, pieces, strict=True):
        owned = owners[max(0, start) : max(end, start + 1, 0)]
        owned = owned[owned != NOWHERE]
        if len(owned):
            np.add.at(row, owned, 1 / len(owned))
    return shares
