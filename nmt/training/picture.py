"""Attention as a picture: a row for each target piece, a column for each source piece, the darker the more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nmt.translator import Scored

CELL = 18  # pixels
LETTERS = 9  # of a piece that are written


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
