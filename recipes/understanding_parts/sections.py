"""The sections of the page, one for each measurement: what was done, the figures, and the numbers folded away."""

from __future__ import annotations

import html
import statistics
from collections.abc import Callable, Iterable, Sequence

from understanding_parts import claims
from understanding_parts.figures import Line, bar_chart, line_chart
from understanding_parts.numbers import BLANKED, DROPPED, NAMES, PLAIN, REMOVED, WITH, WITHOUT, Numbers

FLOOR = 1e-20
"""Where the axis of gradients ends: smaller ones change nothing in single precision."""


def recall(numbers: Numbers) -> str:
    """Section (a)."""
    memory = numbers.memory
    percent = {cell: [[100 * one for one in seeds] for seeds in found] for cell, found in memory.accuracy.items()}
    lines = [
        Line(NAMES[cell], cell, medians(found), [min(one) for one in found], [max(one) for one in found])
        for cell, found in percent.items()
    ]
    lines.append(Line("guessing", "faint", [100 * memory.chance] * len(memory.distances)))
    labels = [str(distance) for distance in memory.distances]
    chart = line_chart(
        "recall",
        memory.distances,
        lines,
        across="distance (distractor steps, logarithmic)",
        up="sequences recalled (%)",
        labels=labels,
        logarithmic="x",
        limits=(0, 105),
    )
    seeds = len(next(iter(memory.accuracy.values()))[0])
    spread = f"median of {seeds} seeds, their whole range shaded" if seeds > 1 else "one seed"
    ends = ", ".join(f"{NAMES[cell]} up to {claims.reach(memory, cell)}" for cell in percent)
    caption = (
        f"Sequences recalled against distance: {spread}. At least "
        f"{claims.RECALLED:.0%} are recalled by the {ends} steps."
    )
    rows = [[NAMES[cell], *(f"{value:.0f}" for value in medians(found))] for cell, found in percent.items()]
    return section(
        "Recall over growing distances",
        "The network sees a symbol, then distractors, then a question mark, and must tell the symbol. For every "
        f"distance a fresh network (one recurrent layer and a linear one) trains for at most {memory.updates} updates "
        "on sequences of up to that distance, and is tested on new ones of exactly that distance.",
        [(chart, caption)],
        table(["sequences recalled (%)", *(f"{label} steps" for label in labels)], rows),
    )


def gradients(numbers: Numbers) -> str:
    """Section (b)."""
    memory = numbers.memory
    index = claims.parting(memory)
    distance = memory.distances[index]
    curves = {
        "before": memory.initial,
        "after": {cell: by_distance[index] for cell, by_distance in memory.trained.items()},
    }
    top = 10 * max(value for by_cell in curves.values() for norms in by_cell.values() for value in norms)
    shown = (0, *memory.distances)
    some = any(claims.reach(memory, cell) for cell in memory.accuracy)
    learned = "the longest distance that some cell still learned" if some else "a distance that no cell learned"
    figures, rows = [], []
    for when, by_cell in curves.items():
        chart = line_chart(
            f"gradients-{when}",
            memory.probes,
            [Line(NAMES[cell], cell, [max(value, FLOOR / 10) for value in norms]) for cell, norms in by_cell.items()],
            across="distance (distractor steps)",
            up="gradient norm (logarithmic)",
            logarithmic="y",
            limits=(FLOOR, top),
            markers=False,
        )
        parts = ", ".join(
            f"{claims.power(claims.faded(memory, norms, distance))} ({NAMES[cell]})" for cell, norms in by_cell.items()
        )
        moment = "Before training" if when == "before" else f"After training for {distance} steps"
        figures.append((chart, f"{moment}: over {distance} steps, {parts} remain of the gradient over none."))
        rows += [
            [f"{moment}, {NAMES[cell]}", *(claims.power(norms[memory.probes.index(place)]) for place in shown)]
            for cell, norms in by_cell.items()
        ]
    return section(
        "Gradients against distance",
        "How much the last output hangs on the symbol at the beginning: the Frobenius norm of the Jacobian "
        "∂output(T) / ∂input(T−k), where k is one more than the distractors between; median of the seeds. Where it "
        "vanishes, nothing is learned over that distance alone; but a network that has learned to hold a symbol safely "
        f"may have a small one, too (Bengio et al. 1994). Training was for {distance} steps, {learned}. "
        f"The axis ends at {claims.power(FLOOR)}.",
        figures,
        table(["gradient norm", *(f"{place} steps" for place in shown)], rows),
    )


def lengths(numbers: Numbers) -> str:
    """Section (c)."""
    found = numbers.lengths
    labels = [f"{low}–{high}" if low < high else str(low) for low, high, _ in found.buckets]
    top = scale(value for by_cell in found.bleu.values() for scores in by_cell.values() for value in scores)
    figures = []
    for kind in (WITH, WITHOUT):
        chart = line_chart(
            f"lengths-{kind.split()[0]}",
            range(len(labels)),
            [Line(NAMES[cell], cell, scores, dashed=kind == WITHOUT) for cell, scores in found.bleu[kind].items()],
            across="source length (words)",
            up="BLEU (0 to 100)",
            labels=labels,
            limits=(0, top),
        )
        whole = ", ".join(f"{score:.1f} ({NAMES[cell]})" for cell, score in found.whole[kind].items())
        figures.append(
            (chart, f"Translators {kind}: BLEU by length of the source sentence. On all sentences: {whole}.")
        )
    rows = [
        [f"{NAMES[cell]} {kind}", *(f"{score:.1f}" for score in [*scores, found.whole[kind][cell]])]
        for kind in (WITH, WITHOUT)
        for cell, scores in found.bleu[kind].items()
    ]
    counts = ", ".join(f"{count}" for _, _, count in found.buckets)
    return section(
        "Sentence length, with and without attention",
        f"Six translators, equal but for the cell and the attention, on groups of {counts} unseen test sentences of "
        "growing length. Without attention, the encoder's last state carries the whole sentence.",
        figures,
        table(["BLEU", *(f"{label} words" for label in labels), "all"], rows)
        + f"<p class='about'>{escape(found.signature)}</p>",
    )


def speed(numbers: Numbers) -> str:
    """Section (d)."""
    found = numbers.speed
    kinds = (WITH, WITHOUT)
    rates = {cell: [found.tokens_per_second[kind][cell] for kind in kinds] for cell in NAMES}
    counts = {cell: [found.parameters[kind][cell] / 1e6 for kind in kinds] for cell in NAMES}
    figures = [
        (
            bar_chart("speed", kinds, rates, up="target tokens per second"),
            "Training speed, higher is faster: target tokens per second of whole updates, median of many timings.",
        ),
        (
            bar_chart("parameters", kinds, counts, up="parameters (millions)"),
            f"Parameters of the whole translator at hidden size {found.hidden}, embeddings and attention included.",
        ),
    ]
    rows = [
        [f"{NAMES[cell]} {kind}", f"{found.tokens_per_second[kind][cell]:,.0f}", f"{found.parameters[kind][cell]:,}"]
        for kind in kinds
        for cell in NAMES
    ]
    return section(
        "Training speed and size",
        "The same six translators, timed on the same batches, one after another and over again.",
        figures,
        table(["", "target tokens per second", "parameters"], rows),
    )


def gaps(numbers: Numbers) -> str:
    """Section (e)."""
    found = numbers.gaps
    percent = [100 * share for share in found.shares]
    top = scale(
        value for kind in found.bleu.values() for by in kind.values() for scores in by.values() for value in scores
    )
    figures = []
    for kind in (BLANKED, REMOVED):
        lines = [
            Line(NAMES[cell] if training == PLAIN else "", cell, scores, dashed=training == DROPPED)
            for training in (PLAIN, DROPPED)
            for cell, scores in found.bleu[kind][training].items()
        ]
        lines.append(Line("references with gaps", "faint", found.yardstick))
        chart = line_chart(
            f"gaps-{kind}",
            percent,
            lines,
            across="source words missing (%)",
            up="BLEU (0 to 100)",
            labels=[f"{share:.0f}" for share in percent],
            limits=(0, max(top, 105)),
        )
        shown = "their places left empty" if kind == BLANKED else "the others closing up"
        figures.append(
            (chart, f"Words {kind}, {shown}. Dashed: {DROPPED}. Dotted: the references without as many words.")
        )
    rows = [
        [f"{NAMES[cell]}, {training}, words {kind}", *(f"{score:.1f}" for score in scores)]
        for kind, by_training in found.bleu.items()
        for training, by_cell in by_training.items()
        for cell, scores in by_cell.items()
    ]
    rows.append(["references with gaps", *(f"{score:.1f}" for score in found.yardstick)])
    return section(
        "Sentences with gaps",
        "The translators with attention read the test sentences with some of their words missing. Solid lines have "
        f"only seen whole sentences; dashed ones were trained with {found.word_dropout:.0%} of the words dropped at "
        "random. The references stay whole: what stood in a gap can at best be guessed.",
        figures,
        table(["BLEU", *(f"{share:.0f} % missing" for share in percent)], rows),
    )


SECTIONS: tuple[Callable[[Numbers], str], ...] = (recall, gradients, lengths, speed, gaps)


def section(title: str, text: str, figures: Sequence[tuple[str, str]], details: str) -> str:
    """A heading, a paragraph, figures as (SVG, caption), and the numbers behind them, folded away."""
    shown = "\n".join(figure(svg, caption) for svg, caption in figures)
    return (
        f'<h2>{escape(title)}</h2>\n<p>{escape(text)}</p>\n<div class="figures">\n{shown}\n</div>\n'
        f'<details><summary>The numbers</summary><div class="wide">{details}</div></details>'
    )


def figure(svg: str, caption: str) -> str:
    """A figure with its caption, which is also what a screen reader says of the picture."""
    text = escape(caption)
    picture = svg.replace("<svg", f'<svg role="img" aria-label="{text}"', 1)
    return f"<figure>{picture}<figcaption>{text}</figcaption></figure>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names its rows."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f'<td class="number">{escape(cell)}</td>' for cell in rest)
        for first, *rest in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table>"


def medians(found: Sequence[Sequence[float]]) -> list[float]:
    """The median over the seeds at every distance."""
    return [statistics.median(seeds) for seeds in found]


def scale(values: Iterable[float]) -> float:
    """The upper end of a BLEU axis."""
    return max(10.0, 1.08 * max(values))


def escape(text: object) -> str:
    """Text for HTML, also within quotes."""
    return html.escape(str(text), quote=True)
