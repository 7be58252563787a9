"""`nmt score`."""

from __future__ import annotations

import sys
from pathlib import Path

from nmt.arguments import Parser
from nmt.commands.common import load, parallel_lines, reporter, search_of, write_line


def score(words: list[str]) -> int:
    """Writes the log-probability of each given translation, in nats, one a line.

    A pair that is too long to be one sentence has the score nan, and is told on stderr with its number."""
    parser = Parser(score)
    parser.add_model("batch_tokens")
    parser.add_argument("--source", type=Path, required=True, metavar="FILE", help="text")
    parser.add_argument("--target", type=Path, required=True, metavar="FILE", help="its translation, line by line")
    options = parser.parse(words)
    sources, targets = parallel_lines(options.source, options.target)
    translator = load(options)
    report = reporter(f"{options.source} and {options.target}")
    pairs = zip(sources, targets, strict=True)
    for scored in translator.stream_scores(pairs, search_of(translator.config, options), report):
        write_line(sys.stdout.buffer, f"{scored.log_probability:.6f}")
    return 0
