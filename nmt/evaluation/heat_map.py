"""Attention as a picture to keep: a row for each target piece, a column for each source piece.

An SVG is written here, because it has what plotting libraries do not give: colours that follow the reader's light or
dark screen, values that show under the pointer, and the alignment in words for those who do not see it. PNG and PDF are
drawn by matplotlib."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple
from unicodedata import east_asian_width
from xml.etree import ElementTree

from nmt.errors import UserError

CELL = 24  # units of the picture, a pixel each unless it is scaled
COLUMN = 8.5  # what a letter takes; a Chinese one takes two
MARGIN = 12
SLOPE = math.radians(60)
KEY, NAMES = 170, 120  # the room that the key and the name of an axis need
VISIBLE = 0.005
"""Weights below are not drawn: they could not be told from the paper."""

COLOURS = {  # class: property, on light paper, on dark paper
    "paper": ("fill", "#ffffff", "#0d1117"),
    "ink": ("fill", "#1f2328", "#e6edf3"),
    "cell": ("fill", "#0550ae", "#58a6ff"),
    "frame": ("stroke", "#8c959f", "#6e7681"),
}
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold, written in any way."""


class Alignment(NamedTuple):
    """What is drawn: the texts of source and target, the pieces of both, and how much attention [target][source] each
    target piece paid."""

    texts: tuple[str, str]
    source: Sequence[str]
    target: Sequence[str]
    weights: Sequence[Sequence[float]]

    def title(self) -> str:
        """What the picture shows, in a line."""
        return f"Attention of a translation, “{self.texts[1]}”, to its source, “{self.texts[0]}”"

    def description(self) -> str:
        """The picture in words: where each target piece looked most."""
        said = []
        for piece, row in zip(self.target, self.weights, strict=True):
            place = max(range(len(row)), key=row.__getitem__)
            said.append(f"{piece} looks at {self.source[place]} ({row[place]:.2f})")
        return f"Each target piece and the source piece it looks at most, with its share: {'; '.join(said)}."


def svg(alignment: Alignment) -> bytes:
    """The picture as an SVG file."""
    left = MARGIN + CELL + max(map(_width, alignment.target))
    longest = max(map(_width, alignment.source))
    top = MARGIN + CELL + longest * math.sin(SLOPE)
    width, height = CELL * len(alignment.source), CELL * len(alignment.target)
    below = height + 2 * CELL + MARGIN
    size = left + max(KEY, width + longest * math.cos(SLOPE) + MARGIN), top + max(below, NAMES)
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {size[0]:.0f} {size[1]:.0f}",
            "width": f"{size[0]:.0f}",
            "height": f"{size[1]:.0f}",
            "class": "attention",
            "role": "img",
        },
    )
    _add(root, "title", alignment.title())
    _add(root, "desc", alignment.description())
    _add(root, "style", _style())
    _add(root, "rect", **{"class": "paper", "width": "100%", "height": "100%"})
    for row, weights in enumerate(alignment.weights):
        for column, weight in enumerate(weights):
            if weight >= VISIBLE:
                cell = _cell(root, left + column * CELL, top + row * CELL, weight)
                _add(cell, "title", f"{alignment.target[row]} → {alignment.source[column]}: {weight:.2f}")
    frame = {"class": "frame", "fill": "none", "width": f"{width}", "height": f"{height}"}
    _add(root, "rect", x=f"{left:.1f}", y=f"{top:.1f}", **frame)
    for column, piece in enumerate(alignment.source):
        _label(root, piece, left + (column + 0.6) * CELL, top - 6, turned=-math.degrees(SLOPE))
    for row, piece in enumerate(alignment.target):
        _label(root, piece, left - 6, top + (row + 0.7) * CELL, anchor="end")
    _label(root, "source pieces", left, MARGIN + 4)
    _label(root, "target pieces", MARGIN + 4, top, turned=-90, anchor="end")
    _key(root, left, top + height + CELL / 2)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode").encode()


def _add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag, attributes)
    child.text = None if text is None else NO_XML.sub("\ufffd", text)
    return child


def _cell(root: ElementTree.Element, x: float, y: float, weight: float) -> ElementTree.Element:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{CELL}", "height": f"{CELL}"}
    return _add(root, "rect", **{"class": "cell", "fill-opacity": f"{min(weight, 1):.3f}", **place})


def _label(
    root: ElementTree.Element, text: str, x: float, y: float, *, turned: float = 0, anchor: str = "start"
) -> None:
    turn = {"transform": f"rotate({turned:.0f} {x:.1f} {y:.1f})"} if turned else {}
    _add(root, "text", text, **{"class": "ink", "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, **turn})


def _key(root: ElementTree.Element, x: float, y: float) -> None:
    """What the shades mean."""
    shades = (0.0, 0.25, 0.5, 0.75, 1.0)
    _label(root, "0", x, y + 0.7 * CELL)
    for number, weight in enumerate(shades):
        _cell(root, x + 14 + number * CELL, y, weight)
    frame = {"class": "frame", "fill": "none", "width": f"{len(shades) * CELL}", "height": f"{CELL}"}
    _add(root, "rect", x=f"{x + 14:.1f}", y=f"{y:.1f}", **frame)
    _label(root, "1", x + 20 + len(shades) * CELL, y + 0.7 * CELL)


def _style() -> str:
    """The colours. Some programs know no dark paper, and take those of the light."""
    schemes = [
        "".join(f".attention .{name}{{{colour[0]}:{colour[which]}}}" for name, colour in COLOURS.items())
        for which in (1, 2)
    ]
    text = ".attention text{font:13px system-ui,sans-serif;white-space:pre}"
    return f"{text}{schemes[0]}@media (prefers-color-scheme:dark){{{schemes[1]}}}"


def _width(piece: str) -> float:
    return COLUMN * sum(2 if east_asian_width(letter) in "WF" else 1 for letter in piece)


def _plotted(alignment: Alignment, form: str) -> bytes:
    """The picture as matplotlib draws it. Raises UserError where that is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError(
            f"a .{form} is drawn by matplotlib, which is not installed: pip install -e '.[plots]', or give an .svg."
        ) from None
    rows, columns = len(alignment.target), len(alignment.source)
    figure = Figure(figsize=(2.5 + columns / 3, 2 + rows / 3), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(alignment.weights, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(columns), labels=alignment.source, rotation=60, ha="left", parse_math=False)
    axes.set_yticks(range(rows), labels=alignment.target, parse_math=False)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set(xlabel="source pieces", ylabel="target pieces")
    figure.colorbar(image, label="attention", shrink=0.8)
    about = {"png": "Description", "pdf": "Subject"}[form]
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a box stands for the letter
        figure.savefig(drawn, format=form, metadata={"Title": alignment.title(), about: alignment.description()})
    return drawn.getvalue()


FORMS: dict[str, Callable[[Alignment], bytes]] = {
    ".svg": svg,
    ".png": lambda alignment: _plotted(alignment, "png"),
    ".pdf": lambda alignment: _plotted(alignment, "pdf"),
}
"""From the ending of a file's name to what draws it."""
