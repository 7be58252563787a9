"""The page: one HTML file with everything in it, for screens light and dark, phones and paper."""

from __future__ import annotations

from collections.abc import Sequence

from understanding_parts.claims import Claim, judge
from understanding_parts.numbers import Numbers
from understanding_parts.sections import SECTIONS, escape

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
    body = "\n".join(section(numbers) for section in SECTIONS)
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
{claims_table(judge(numbers))}
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
