"""`nmt compress`."""

from __future__ import annotations

import sys
from pathlib import Path

from nmt.arguments import Parser, natural
from nmt.errors import UserError


def compress(words: list[str]) -> int:
    """Makes a small, fast model folder of a trained one: weights in eight bits, and a lexical shortlist.

    The shortlist, the pieces that each source piece is translated by, is learned from the pairs that the training
    left in the model's folder, or from others, given as for training. `nmt translate` takes the new folder like any
    other."""
    parser = Parser(compress)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model folder")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="the new folder")
    parser.add_argument("--data", nargs="+", default=(), metavar="FILE", help="training pairs, if others than its own")
    text = "target pieces for each source piece; 0 for no shortlist (default: 40)"
    parser.add_argument("--shortlist", type=natural, metavar="N", help=text)
    options = parser.parse(words)
    from nmt.compress import CANDIDATES
    from nmt.compress import compress as compression
    from nmt.model_folder import WEIGHTS

    if options.data and options.shortlist == 0:
        raise UserError("--data is for a shortlist, and --shortlist 0 makes none: leave one of them out.")
    candidates = CANDIDATES if options.shortlist is None else options.shortlist
    compression(options.model, options.output, options.data, candidates)
    before, after = ((folder / WEIGHTS).stat().st_size / 1e6 for folder in (options.model, options.output))
    print(f"{options.output}: weights of {after:,.1f} MB, {before:,.1f} before", file=sys.stderr)
    return 0
