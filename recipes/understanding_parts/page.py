"""The page: one HTML file with everything in it, for screens light and dark, phones and paper."""

from __future__ import annotations

import html
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from understanding_parts import claims
from understanding_parts.claims import Claim
from understanding_parts.figures import Line, bar_chart, line_chart
from understanding_parts.numbers import BLANKED, DROPPED, NAMES, PLAIN, REMOVED, WITH, WITHOUT, Numbers

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c1c1e; --faint: #6b6b70; --line: #d5d5da;
  --rnn: #c04a00; --lstm: #0067a5; --gru: #00795a; --yes: #00693e; --partly: #8a5a00; --no: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #17181b; --ink: #ececee; --faint: #a0a0a8; --line: #3c3d42;
  --rnn: #ff9a57; --lstm: #6cbcff; --gru: #3fd5a4; --yes: #55d99a; --partly: #f0b64e; --no: #ff8a80; } }
@media print { :root { color-scheme: light; --paper: #ffffff; --ink: #000000; --faint: #555555; --line: #bbbbbb;
  --rnn: #c04a00; --lstm: #0067a5; --gru: #00795a; --yes: #00693e; --partly: #8a5a00; --no: #b3261e; }
  figure, tr { break-inside: avoid; } h2 { break-after: avoid; } }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.5rem; font-size: 1.25rem; }
p, figcaption, li { max-width: 46rem; } figcaption, .about { color: var(--faint); font-size: .9rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1rem; }
figure { margin: 1rem 0; } .figures svg { width: 100%; max-width: 34rem; height: auto; display: block; }
svg text { font-family: system-ui, sans-serif !important; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } .wide { overflow-x: auto; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td.number { text-align: right; } .claims th { font-weight: 600; min-width: 9rem; }
.verdict { font-weight: 700; } .yes { color: var(--yes); } .partly { color: var(--partly); } .no { color: var(--no); }
summary { cursor: pointer; color: var(--faint); }
@media (max-width: 34rem) { .claims tr, .claims th, .claims td { display: block; border: 0; padding: .1rem 0; }
  .claims thead { display: none; } .claims tr { padding: .6rem 0; border-bottom: 1px solid var(--line); } }
"""

SOURCES = (
    "Bahdanau, Cho and Bengio 2015: Neural machine translation by jointly learning to align and translate.",
    "Bengio, Simard and Frasconi 1994: Learning long-term dependencies with gradient descent is difficult.",
    "Cho et al. 2014: Learning phrase representations using RNN encoder-decoder for statistical machine translation.",
    "Chung et al. 2014: Empirical evaluation of gated recurrent neural networks on sequence modeling.",
    "Elman 1990: Finding structure in time.",
    "Gal and Ghahramani 2016: A theoretically grounded application of dropout in recurrent neural networks.",
    "Hochreiter and Schmidhuber 1997: Long short-term memory.",
    "Luong, Pham and Manning 2015: Effective approaches to attention-based neural machine translation.",
    "Sutskever, Vinyals and Le 2014: Sequence to sequence learning with neural networks.",
)


def render(numbers: Numbers) -> str:
    """The whole page, made of the numbers alone."""
    body = "\n".join(part(numbers) for part in (recall, gradients, lengths, speed, gaps))
    about = "; ".join(f"{escape(name)}: {escape(text)}" for name, text in numbers.about.items())
    sources = "".join(f"<li>{escape(source)}</li>" for source in SOURCES)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Understanding recurrent networks</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Understanding recurrent networks</h1>
<p>A vanilla RNN, an LSTM and a GRU side by side. Everything below was measured on one machine in
{sum(numbers.seconds.values()) / 60:.0f} minutes; the verdicts follow from these numbers by fixed rules, and other data,
sizes or minutes may turn them.</p>
<p class="about">{about}.</p>
<h2>Which of the usual claims hold here</h2>
{claims_table(claims.judge(numbers))}
{body}
<h2>Sources</h2>
<ul>{sources}</ul>
</body>
</html>
"""


def claims_table(judged: Sequence[Claim]) -> str:
    """The claims, whether they hold, and why."""
    rows = "\n".join(
        f'<tr><th scope="row">{escape(claim.claim)}</th><td class="verdict {claim.holds}">{claim.holds}</td>'
        f"<td>{escape(claim.evidence)}</td></tr>"
        for claim in judged
    )
    head = '<tr><th scope="col">Claim</th><th scope="col">Holds?</th><th scope="col">Because</th></tr>'
    return f'<table class="claims"><thead>{head}</thead><tbody>\n{rows}\n</tbody></table>'


def recall(numbers: Numbers) -> str:
    """Section (a)."""
    memory = numbers.memory
    percent = {cell: [[100 * one for one in seeds] for seeds in found] for cell, found in memory.accuracy.items()}
    lines = [
        Line(NAMES[cell], cell, *([choose(seeds) for seeds in found] for choose in (statistics.median, min, max)))
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
    ends = ", ".join(f"{NAMES[cell]} up to {claims.reach(memory, cell)}" for cell in percent)
    caption = (
        f"Sequences recalled against distance: median of {seeds} seeds, with their whole range shaded. At least "
        f"{claims.RECALLED:.0%} are recalled by the {ends} steps."
    )
    rows = [[NAMES[cell], *(f"{statistics.median(found):.0f}" for found in rows)] for cell, rows in percent.items()]
    return section(
        "Recall over growing distances",
        "The network sees a symbol, then distractors, then a question mark, and must tell the symbol. For every "
        f"distance a fresh network (one recurrent layer and a linear one) trains for at most {memory.updates} updates on "
        "sequences of up to that distance, and is tested on new ones of exactly that distance.",
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
    floor = 1e-20
    top = 10 * max(value for by_cell in curves.values() for norms in by_cell.values() for value in norms)
    figures, rows = [], []
    for when, by_cell in curves.items():
        chart = line_chart(
            f"gradients-{when}",
            range(len(next(iter(by_cell.values())))),
            [Line(NAMES[cell], cell, [max(value, floor / 10) for value in norms]) for cell, norms in by_cell.items()],
            across="steps back, k",
            up="gradient norm (no unit, logarithmic)",
            logarithmic="y",
            limits=(floor, top),
            markers=False,
        )
        parts = ", ".join(f"{claims.power(claims.faded(norms, distance))} ({NAMES[cell]})" for cell, norms in by_cell.items())
        moment = "Before training" if when == "before" else f"After training for {distance} steps"
        figures.append((chart, f"{moment}: of the gradient at the last step, {distance} steps back remain {parts}."))
        rows += [
            [f"{moment}, {NAMES[cell]}", *(claims.power(norms[back]) for back in (0, *memory.distances))]
            for cell, norms in by_cell.items()
        ]
    return section(
        "Gradients against distance",
        "How much the last output hangs on the input k steps before it: the Frobenius norm of the Jacobian "
        "∂output(T) / ∂input(T−k), median of the seeds. Where it vanishes, nothing can be learned over that distance; "
        "the distance shown is the longest that some cell still learned. The axis ends at 1e-20.",
        figures,
        table(["gradient norm", *(f"k = {back}" for back in (0, *memory.distances))], rows),
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
            up=f"BLEU, {kind} (0 to 100)",
            labels=labels,
            limits=(0, top),
        )
        whole = ", ".join(f"{score:.1f} ({NAMES[cell]})" for cell, score in found.whole[kind].items())
        figures.append((chart, f"Translators {kind}, by length of the source sentence. BLEU on all sentences: {whole}."))
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
            "Training speed, higher is faster: target tokens per second of whole updates, median of timings that took turns.",
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
    top = scale(value for kind in found.bleu.values() for by in kind.values() for scores in by.values() for value in scores)
    figures = []
    for kind in (BLANKED, REMOVED):
        lines = [
            Line(f"{NAMES[cell]}{', dropout' if training == DROPPED else ''}", cell, scores, dashed=training == DROPPED)
            for training in (PLAIN, DROPPED)
            for cell, scores in found.bleu[kind][training].items()
        ]
        lines.append(Line("reference with gaps", "faint", found.yardstick))
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
        figures.append((chart, f"Words {kind}, {shown}. Dashed: {DROPPED}. Dotted: the references without as many words."))
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
        f"only seen whole sentences; dashed ones were trained with {found.word_dropout:.0%} of the words dropped at random. The "
        "references stay whole: what stood in a gap can at best be guessed.",
        figures,
        table(["BLEU", *(f"{share:.0f} % missing" for share in percent)], rows),
    )


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
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f'<td class="number">{escape(cell)}</td>' for cell in rest)
        for first, *rest in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table>"


def scale(values: Iterable[float]) -> float:
    """The upper end of a BLEU axis."""
    return max(10.0, 1.08 * max(values))


def escape(text: Any) -> str:
    """Text for HTML, also within quotes."""
    return html.escape(str(text), quote=True)
