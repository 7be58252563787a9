"""The figures, as SVG that is part of the page: text stays text, and all colours are the page's, light or dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nmt.plots import svg
from understanding_parts.numbers import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"ink": "#010101", "rnn": "#0a0001", "lstm": "#0a0002", "gru": "#0a0003", "faint": "#0a0004"}
"""What matplotlib draws in; in the page each becomes `var(--NAME)`, which the style sheet defines."""
MARKERS = {"rnn": "o", "lstm": "s", "gru": "^", "faint": ""}
SIZE = (4.4, 3.2)
"""Width and height in inches, for type of 10 points: as wide as a phone shows it without shrinking the type."""


@dataclass(frozen=True)
class Line:
    """A line of a chart: its label (none: not in the legend), the name of its colour, its values, and the lowest and
    highest of each if known."""

    label: str
    colour: str
    values: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    dashed: bool = False


def line_chart(
    name: str,
    places: Sequence[float],
    lines: Sequence[Line],
    *,
    across: str,
    up: str,
    labels: Sequence[str] | None = None,
    logarithmic: str = "",
    limits: tuple[float, float] | None = None,
    markers: bool = True,
) -> str:
    """A chart of lines over `places`. `across`, `up`: what the axes show, with units; `labels`: the marks of the
    places; `logarithmic`: the axes that are, of "x" and "y"; `limits`: of the upright axis."""
    figure, axes = _canvas()
    for line in lines:
        colour = COLOURS[line.colour]
        if line.low is not None and line.high is not None:
            axes.fill_between(places, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            places,
            line.values,
            label=line.label or None,
            color=colour,
            marker=MARKERS[line.colour] if markers else "",
            markersize=5,
            linewidth=1.8,
            linestyle="--" if line.dashed else ":" if line.colour == "faint" else "-",
            markerfacecolor="none" if line.dashed else colour,
        )
    if "x" in logarithmic:
        axes.set_xscale("log")
    if "y" in logarithmic:
        axes.set_yscale("log")
    if labels is not None:
        axes.set_xticks(places, labels)
        axes.set_xticks([], minor=True)
    if limits:
        axes.set_ylim(*limits)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    _legend(figure, axes)
    return svg(figure, name, colours=COLOURS)


def bar_chart(name: str, groups: Sequence[str], bars: Mapping[str, Sequence[float]], *, up: str) -> str:
    """Bars side by side for every group; `bars` goes by cell. `up`: what the upright axis shows, with its unit."""
    figure, axes = _canvas()
    width = 0.8 / len(bars)
    for index, (cell, heights) in enumerate(bars.items()):
        places = [group + (index - (len(bars) - 1) / 2) * width for group in range(len(groups))]
        axes.bar(places, heights, width * 0.92, label=NAMES[cell], color=COLOURS[cell])
    axes.set_xticks(range(len(groups)), groups)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.set_ylabel(up)
    _legend(figure, axes)
    return svg(figure, name, colours=COLOURS)


def _canvas() -> tuple[Any, Axes]:
    import matplotlib
    from matplotlib.figure import Figure

    ink = COLOURS["ink"]
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "font.size": 10,
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.alpha": 0.18,
        **dict.fromkeys(
            ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), ink
        ),
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=SIZE, layout="constrained")
        return figure, figure.add_subplot()


def _legend(figure: Any, axes: Axes) -> None:
    """The legend above the chart, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=3 if len(labels) == 3 else 2,
        frameon=False,
        labelcolor=COLOURS["ink"],
        fontsize=9,
        handlelength=1.8,
        columnspacing=1.0,
    )
