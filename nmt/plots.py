"""Plots by matplotlib, which is an extra: as SVG for a page, whose text stays text and whose colours are the page's,
light or dark; or as pixels for TensorBoard."""

from __future__ import annotations

import html
import importlib.util
import io
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmt.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Colours = Mapping[str, str]

PAGE: Colours = {"ink": "#010101", "first": "#0a0001", "second": "#0a0002", "faint": "#0a0003"}
"""What is drawn for a page; in its SVG each becomes `var(--NAME)`, which the style sheet of the page defines."""
PAPER: Colours = {"ink": "#1c1c1e", "first": "#0067a5", "second": "#c04a00", "faint": "#6b6b70"}
"""What is drawn for TensorBoard."""
SYSTEMS = ("first", "second")
"""The colours of the systems that are compared."""
WIDTH, HEIGHT = 4.5, 3.1
"""Inches, for type of 10 points: as wide as a phone shows it without shrinking the type."""
LABEL = 50
"""Characters of a line of an axis label: a longer one would be cut off."""
CELL = 0.2
"""Inches of a cell of a heat map."""


class Bar(NamedTuple):
    """A bucket of one system: its score with the ends of the interval, None without sentences; how many it has."""

    score: float | None
    low: float | None
    high: float | None
    sentences: int


@dataclass(frozen=True)
class Line:
    """A line of a chart: its label (none: not in the legend), the name of its colour, its points."""

    label: str
    colour: str
    across: Sequence[float]
    up: Sequence[float]
    marked: bool = True
    faint: bool = False


def require() -> None:
    """Raises UserError where matplotlib is not installed."""
    if not installed():
        raise UserError("plots need matplotlib, which is not installed: pip install 'nmt[plots]', or -e '.[plots]'.")


def installed() -> bool:
    """Whether matplotlib is there."""
    return importlib.util.find_spec("matplotlib") is not None


def style(colours: Colours) -> dict[Any, Any]:
    """matplotlib's settings for plain axes in the ink of a page."""
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color")
    return {
        "svg.fonttype": "none",
        "text.parse_math": False,  # pieces and names may hold dollars
        "font.size": 10,
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.alpha": 0.18,
        **dict.fromkeys(inked, colours["ink"]),
    }


def bucket_figure(
    labels: Sequence[str], systems: Mapping[str, Sequence[Bar]], axis: str, colours: Colours = PAGE, title: str = ""
) -> Figure:
    """BLEU by bucket, with its interval, above how many sentences each has; bars of the systems side by side."""
    with _figure(colours, HEIGHT + 0.7) as figure:
        upper, lower = figure.subplots(2, sharex=True, gridspec_kw={"height_ratios": [3, 1.3]})
        width = 0.8 / len(systems)
        for index, (name, bars) in enumerate(systems.items()):
            colour = colours[SYSTEMS[index]]
            places = np.arange(len(bars)) + (index - (len(systems) - 1) / 2) * width
            upper.bar(places, [bar.score or 0 for bar in bars], width * 0.92, color=colour, label=name)
            known = [(place, bar) for place, bar in zip(places, bars, strict=True) if bar.low is not None]
            for place, bar in known:
                upper.plot([place, place], [max(0, bar.low or 0), bar.high], color=colours["ink"], linewidth=1.2)
            lower.bar(places, [bar.sentences for bar in bars], width * 0.92, color=colour)
        upper.set_ylabel("BLEU (0–100)")
        lower.set_ylabel("sentences")
        _ticks(lower, labels)
        upper.tick_params(axis="x", length=0, labelbottom=False)
        upper.grid(visible=False, axis="x")
        lower.set_xlabel(textwrap.fill(axis, LABEL))
        _finish(figure, upper, colours, title, legend=len(systems) > 1)
    return figure


def count_figure(labels: Sequence[str], counts: Sequence[int], axis: str, colours: Colours = PAGE) -> Figure:
    """How many sentences each bucket has."""
    with _figure(colours, HEIGHT) as figure:
        axes = figure.add_subplot()
        axes.bar(range(len(labels)), counts, 0.8, color=colours["faint"])
        axes.set_ylabel("sentences")
        axes.set_xlabel(textwrap.fill(axis, LABEL))
        _ticks(axes, labels)
    return figure


def line_figure(lines: Sequence[Line], across: str, up: str, colours: Colours = PAGE) -> Figure:
    """Lines over a common axis. `across`, `up`: what the axes show, with units."""
    with _figure(colours, HEIGHT) as figure:
        axes = figure.add_subplot()
        for line in lines:
            marker = {"first": "o", "second": "s"}.get(line.colour, "") if line.marked else ""
            axes.plot(
                line.across,
                line.up,
                label=line.label or None,
                color=colours[line.colour],
                marker=marker,
                markersize=4,
                linewidth=0.9 if line.faint else 1.6,
                alpha=0.55 if line.faint else 1,
            )
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}")
        _finish(figure, axes, colours, "", legend=any(line.label for line in lines))
    return figure


def heat_figure(
    rows: Sequence[str], columns: Sequence[str], values: NDArray[np.float64], colour: str, colours: Colours = PAGE
) -> Figure:
    """A heat map of values from 0 to 1, [rows, columns]: the fuller a cell, the more. Cells of next to nothing are not
    drawn."""
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    margin = 1.25
    size = (margin + CELL * len(columns), margin + CELL * len(rows))
    with _figure(colours, size[1], size[0]) as figure:
        axes = figure.add_subplot()
        drawn = [(row, column) for row, column in np.argwhere(values >= 0.02).tolist()]
        shades = [(*to_rgb(colours[colour]), round(float(min(1, values[place])), 2)) for place in drawn]
        cells = [Rectangle((column - 0.5, row - 0.5), 1, 1) for row, column in drawn]
        axes.add_collection(PatchCollection(cells, facecolors=shades, linewidths=0))
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=9)
        axes.set_yticks(range(len(rows)), rows, fontsize=9)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.tick_params(length=0)
        axes.set_xlabel("pieces of the source")
        axes.set_ylabel("pieces of the translation")
        axes.set_aspect("equal")
        axes.spines[:].set_visible(True)
        axes.spines[:].set_linewidth(0.5)
    return figure


def shown(pieces: Sequence[str]) -> list[str]:
    """Pieces as people read them: those that go on with a word begin with a hyphen."""
    return [_shown(piece, first=number == 0) for number, piece in enumerate(pieces)]


def _shown(piece: str, *, first: bool) -> str:
    if piece == "</s>":
        return "(end)"
    if piece.startswith("▁"):
        return piece[1:] or "␣"
    return piece if first or not piece[0].isalnum() else f"-{piece}"


@contextmanager
def _figure(colours: Colours, height: float, width: float = WIDTH) -> Iterator[Figure]:
    """An empty figure of so many inches, which is drawn in the page's style as long as this is entered."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(style(colours)):
        yield Figure(figsize=(width, height), layout="constrained")


def _ticks(axes: Axes, labels: Iterable[str]) -> None:
    """A label under each bar; long ones on two lines."""
    short = [label.replace(" or ", "\nor ").replace("below ", "below\n").replace("to ", "to\n") for label in labels]
    axes.set_xticks(range(len(short)), short, fontsize=8.5)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def _finish(figure: Figure, axes: Axes, colours: Colours, title: str, *, legend: bool) -> None:
    """The title, and the legend above the axes, where it hides nothing."""
    if title:
        figure.suptitle(title, fontsize=11)
    if legend:
        handles, labels = axes.get_legend_handles_labels()
        look: dict[str, Any] = {"frameon": False, "labelcolor": colours["ink"], "fontsize": 9}
        figure.legend(handles, labels, loc="outside upper left", ncols=2, handlelength=1.4, columnspacing=1.2, **look)


def svg(figure: Figure, name: str, title: str = "", alternative: str = "", colours: Colours = PAGE) -> str:
    """A figure as an <svg> element, whose identifiers begin with `name` so that figures of a page do not collide, with
    its text alternative."""
    import matplotlib

    if engine := figure.get_layout_engine():  # once here, where saving would do it at each of its two drawings
        engine.execute(figure)
        figure.set_layout_engine("none")
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None
    # No name spaces: HTML has them; no size: it is as wide as its place.
    said = f' role="img" aria-label="{html.escape(f"{title}. {alternative}")}"' if title else ""
    text = f"<svg {box[0]}{said}" + text[text.index(">") :]
    text = text.replace("xlink:href", "href")
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r"\n\s*", "\n", text)
    for colour, value in colours.items():
        text = text.replace(value, f"var(--{colour})")
    return text


def pixels(figure: Figure, dots_per_inch: int = 110) -> NDArray[np.uint8]:
    """A figure as a picture [height, width, 3]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(dots_per_inch)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    drawn: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    return drawn
