"""`nmt score`."""

from __future__ import annotations

import sys
from pathlib import Path

from nmt.arguments import Parser
from nmt.commands.common import add_tag, lines_of, load_scorer, parallel_lines, search_of, tell_languages, write_line
from nmt.data.lines import reporter
from nmt.errors import UserError


def score(words: list[str]) -> int:
    """Writes the log-probability of each given translation, in nats, one a line; by a language model, of each line of
    the target.

    A pair that is too long to be one sentence has the score nan, and is told on stderr with its number. A compressed
    model gives other scores here than `nmt translate` with its shortlist, which knows of fewer pieces."""
    parser = Parser(score)
    parser.add_model("batch_tokens")
    text = "text; left out for a language model, which reads none"
    parser.add_argument("--source", type=Path, metavar="FILE", help=text)
    parser.add_argument("--target", type=Path, required=True, metavar="FILE", help="its translation, line by line")
    add_tag(parser)
    options = parser.parse(words)
    scorer = load_scorer(options, options.model)
    alone = scorer.config.model.is_language_model
    if alone and (options.source or options.tag):
        option = "--source" if options.source else "--tag"
        raise UserError(f"{options.model} is a language model, which reads no source: leave {option} out.")
    if not alone and not options.source:
        raise UserError(f"{options.model} is a translation model, which scores pairs: give --source.")
    if alone:
        targets = lines_of(options.target)
        pairs, name = [("", target) for target in targets], str(options.target)
    else:
        sources, targets = parallel_lines(options.source, options.target)
        tell_languages(scorer.config, options.tag)
        tag = options.tag.split()
        pairs = [(" ".join([*tag, source]), target) for source, target in zip(sources, targets, strict=True)]
        name = f"{options.source} and {options.target}"
    for scored in scorer.stream_scores(pairs, search_of(scorer.config, options), reporter(name)):
        write_line(sys.stdout.buffer, f"{scored.log_probability:.6f}")
    return 0
