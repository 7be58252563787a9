"""`nmt attention`."""

from __future__ import annotations

import sys
from pathlib import Path

from nmt.arguments import Parser
from nmt.commands.common import load, write_line
from nmt.data.lines import clean_line, open_output
from nmt.errors import UserError, choose


def attention(words: list[str]) -> int:
    """Draws where a model looks in the source as it translates: a heat map, target pieces by source pieces.

      nmt attention --model runs/mine --source "The old man reads a book." --output map.svg

    Without --target the source is translated first, as `nmt translate` does, and the translation goes to stdout. The
    SVG fits light and dark pages, and says in words for those who do not see it where each piece looks most; .png and
    .pdf are drawn by matplotlib (pip install -e '.[plots]')."""
    parser = Parser(attention)
    parser.add_model()
    add = parser.add_argument
    add("--source", required=True, metavar="TEXT", help="a sentence")
    add("--target", metavar="TEXT", help="its translation; left out, the model's own")
    add("--output", type=Path, required=True, metavar="FILE", help="the picture, named .svg, .png or .pdf")
    options = parser.parse(words)
    from nmt.evaluation.heat_map import FORMS, Alignment

    draw = choose(FORMS, options.output.suffix.lower(), "--output: the ending")
    source, target = (clean_line(text or "") for text in (options.source, options.target))
    for name, text in (("--source", source), ("--target", target)):
        if not text.strip() and getattr(options, name[2:]) is not None:
            raise UserError(f"{name} is blank: give a sentence.")
    with open_output(options.output) as output:
        translator = load(options)
        if translator.config.model.attention == "none":
            raise UserError(f"{options.model} has no attention to show: it was trained with model.attention none.")
        if options.target is None:
            target = translator.translate(source).text
        (seen,) = translator.score([(source, target)])
        if seen.attention is None:
            longest = max(len(seen.source_pieces), len(seen.target_pieces))
            raise UserError(
                f"the pair has {longest:,} pieces on one side, too many for a sentence: give a shorter one."
            )
        pieces = seen.source_pieces, seen.target_pieces
        output.write(draw(Alignment((source, target), *pieces, seen.attention.tolist())))
    if options.target is None:
        write_line(sys.stdout.buffer, target)
    return 0
