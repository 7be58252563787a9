"""The charts of the report, each as SVG with its title and a text that says the same."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from nmt import plots
from nmt.evaluation.analysis import Analysis, Bucket
from nmt.plots import Bar, Line
from nmt.report.gather import Record, Run
from nmt.scoring import Scored

POINTS = 120
"""Points of a training curve at most; each is the median of the updates that it stands for."""
UPDATES = "updates"


class Chart(NamedTuple):
    """A title, what is to be known of it, the picture as SVG, and how many pixels wide it should be; 0 for as wide as
    its place."""

    title: str
    about: str
    svg: str
    width: int = 0


class Curve(NamedTuple):
    """A chart of the log: its title, what goes up with its unit, what is said of it, and the numbers of the training
    and of the validation that it shows; none where that is empty."""

    title: str
    up: str
    about: str
    training: str = ""
    validation: str = ""


CURVES = (
    Curve("Loss", "nats per target piece", "Thin: training. Marked: validation.", "loss", "loss"),
    Curve("BLEU on the validation pairs", "BLEU (0–100)", "", validation="bleu"),
    Curve("chrF on the validation pairs", "chrF (0–100)", "", validation="chrf"),
    Curve("Accuracy", "share of target pieces", "Thin: training. Marked: validation.", "accuracy", "accuracy"),
    Curve("Learning rate", "learning rate", "", training="rate"),
    Curve("Gradient norm", "norm of the gradient", "Before it is clipped.", training="gradient_norm"),
    Curve("Speed", "target pieces per second", "", training="tokens_per_second"),
)


def learning_curves(runs: Sequence[Run]) -> list[Chart]:
    """The curves of which some run has numbers."""
    return [chart for number, curve in enumerate(CURVES) if (chart := _curve(number, curve, runs)) is not None]


def _curve(number: int, curve: Curve, runs: Sequence[Run]) -> Chart | None:
    lines, said = [], []
    for run, colour in zip(runs, plots.SYSTEMS, strict=False):
        kinds = (("train", curve.training), ("valid", curve.validation))
        for kind, key in kinds:
            points = _points(run.records(kind), key) if key else []
            if not points:
                continue
            marked = kind == "valid" or not curve.validation
            across, up = zip(*(_thinned(points) if kind == "train" else points), strict=True)
            label = run.name if marked and len(runs) > 1 else ""
            lines.append(Line(label, colour, across, up, marked=kind == "valid", faint=not marked))
            said.append(
                f"{run.name}, {'training' if kind == 'train' else 'validation'}: from {up[0]:.4g} at update "
                f"{across[0]:,.0f} to {up[-1]:.4g} at {across[-1]:,.0f}, lowest {min(up):.4g}, highest {max(up):.4g}"
            )
    if not lines:
        return None
    figure = plots.line_figure(lines, UPDATES, curve.up)
    return Chart(curve.title, curve.about, plots.svg(figure, f"curve{number}", curve.title, "; ".join(said)))


def _points(records: Sequence[Record], key: str) -> list[tuple[float, float]]:
    found = [(record["update"], record[key]) for record in records if isinstance(record.get(key), int | float)]
    return [(float(update), float(value)) for update, value in found if math.isfinite(value)]


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    size = math.ceil(len(points) / POINTS)
    chunks = [points[start : start + size] for start in range(0, len(points), size)]
    return [(chunk[-1][0], statistics.median(value for _, value in chunk)) for chunk in chunks]


def bucket_chart(
    name: str, analysis: Analysis, labels: Sequence[str], systems: dict[str, list[Bucket]], about: str = ""
) -> Chart:
    """BLEU and sentences by bucket."""
    bars = {system: [_bar(bucket) for bucket in buckets] for system, buckets in systems.items()}
    said = "; ".join(
        f"{system}: " + ", ".join(f"{bucket.label} {describe(bucket)}" for bucket in buckets)
        for system, buckets in systems.items()
    )
    figure = plots.bucket_figure(labels, bars, analysis.axis)
    return Chart(analysis.title, about or analysis.about, plots.svg(figure, name, analysis.title, said))


def _bar(bucket: Bucket) -> Bar:
    if bucket.bleu is None:
        return Bar(None, None, None, 0)
    low, high = bucket.bleu.interval or (None, None)
    return Bar(bucket.bleu.score, low, high, len(bucket.rows))


def describe(bucket: Bucket) -> str:
    """The numbers of a bucket: `214 sentences, BLEU 38.2 (35.1–41.0)`."""
    count = f"{len(bucket.rows):,} sentence{'s' if len(bucket.rows) != 1 else ''}"
    if bucket.bleu is None:
        return count
    interval = " ({:.1f}–{:.1f})".format(*bucket.bleu.interval) if bucket.bleu.interval else ""
    return f"{count}, BLEU {bucket.bleu.score:.1f}{interval}"


def difference_chart(labels: Sequence[str], counts: Sequence[int], axis: str) -> Chart:
    """How many sentences gain or lose how much."""
    title = "Differences by sentence"
    said = ", ".join(f"{label}: {count:,} sentences" for label, count in zip(labels, counts, strict=True))
    figure = plots.count_figure(labels, counts, axis)
    return Chart(title, "", plots.svg(figure, "differences", title, said))


def attention_chart(name: str, scored: Scored, system: int, title: str) -> Chart | None:
    """The attention of a scored translation; None for a model without."""
    if scored.attention is None:
        return None
    rows, columns = plots.shown(scored.target_pieces), plots.shown(scored.source_pieces)
    values = scored.attention.double().numpy()
    most = [f"{row} looks at {columns[int(places.argmax())]}" for row, places in zip(rows, values, strict=True)]
    figure = plots.heat_figure(rows, columns, values, plots.SYSTEMS[system])
    width = round(figure.get_figwidth() * 72)
    return Chart(title, "", plots.svg(figure, name, title, ", ".join(most)), width)
