"""Attention as a picture: a row for each target piece, a column for each source piece, the darker the more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nmt import plots
from nmt.evaluation.analysis import ANALYSES, analyse
from nmt.evaluation.cases import Case
from nmt.evaluation.metrics import Counted
from nmt.translator import Scored

CELL = 18  # pixels
LETTERS = 9  # of a piece that are written
DURING = ("length", "length_ratio")
"""The analyses that are drawn at each validation: those that need the texts alone, and little time."""


def analysis_pictures(texts: Sequence[tuple[str, str, str]]) -> dict[str, NDArray[np.uint8]]:
    """The `DURING` analyses of sources, translations and references, each as a picture [height, width, 3]."""
    cases = [Case(source, reference, translation, chrf=0.0) for source, translation, reference in texts]
    counted = Counted([case.translation for case in cases], [case.reference for case in cases])
    pictures = {}
    for name in DURING:
        found = [one for one in analyse(ANALYSES[name], cases, counted, samples=0) if one.bleu]
        bars = [plots.Bar(one.bleu.score if one.bleu else None, None, None, len(one.rows)) for one in found]
        labels, axis, title = [one.label for one in found], ANALYSES[name].axis, ANALYSES[name].title
        pictures[name] = plots.pixels(plots.bucket_figure(labels, {"": bars}, axis, plots.PAPER, title))
    return pictures


def attention_picture(scored: Scored) -> NDArray[np.uint8] | None:
    """The alignment of a pair as a grey picture [height, width], its pieces written beside and, upwards, above it; None
    for a model without attention."""
    if scored.attention is None:
        return None
    shades = (255 * (1 - scored.attention.clamp(0, 1))).numpy().astype(np.uint8)
    cells = np.kron(shades, np.ones((CELL, CELL), np.uint8))
    margin = CELL * LETTERS // 2
    rows = _labels(scored.target_pieces, margin)
    columns = np.rot90(_labels(scored.source_pieces, margin))
    corner = np.full((margin, margin), 255, np.uint8)
    return np.vstack([np.hstack([corner, columns]), np.hstack([rows, cells])])


def _labels(pieces: list[str], width: int) -> NDArray[np.uint8]:
    """Pieces written one below the other, a cell high each: [pieces * CELL, width]."""
    image = Image.new("L", (width, CELL * len(pieces)), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default()
    for number, piece in enumerate(pieces):
        draw.text((2, number * CELL + 3), piece.replace("▁", "_")[:LETTERS], fill=0, font=font)
    return np.asarray(image)
