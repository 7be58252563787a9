"""`nmt report`."""

from __future__ import annotations

import sys
from pathlib import Path

from nmt.arguments import Parser, positive
from nmt.commands.common import use_threads


def report(words: list[str]) -> int:
    """Writes what there is to see of a run, or of two side by side, as one HTML page.

    Learning curves, scores with intervals, error analysis with the sentences behind every bar, attention, differences
    between the two runs, data findings, configuration. The page needs no network. What is missing, such as data that
    lie elsewhere now, is left out and named in the page. Needs matplotlib: pip install 'nmt[plots]'."""
    parser = Parser(report)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="the folder of a training run")
    parser.add_argument("--compare", type=Path, metavar="DIR", help="the folder of another, to be compared with")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the page (default: report.html in --run)")
    text = "which test set is analysed, or validation (default: the first test set)"
    parser.add_argument("--test", metavar="NAME", help=text)
    text = "the sentences whose attention is drawn, by number from 1 (default: some that say something)"
    parser.add_argument("--sentences", type=positive, nargs="+", default=(), metavar="N", help=text)
    parser.add_machine()
    options = parser.parse(words)
    output = options.output or options.run / "report.html"
    from nmt.report.build import build

    use_threads(options)
    build(options.run, options.compare, output, test=options.test, chosen=options.sentences, device=options.device)
    print(f"report: {output}", file=sys.stderr)
    return 0
