"""`nmt evaluate`."""

from __future__ import annotations

import contextlib
from pathlib import Path

from nmt.arguments import SEARCH_OPTIONS, Parser
from nmt.commands.common import load, parallel_lines, print_json, search_of, write_line
from nmt.data.lines import open_output


def evaluate(words: list[str]) -> int:
    """Translates a file and scores it against a reference: JSON with BLEU, chrF, TER, signatures, intervals, speed."""
    parser = Parser(evaluate)
    parser.add_model(*(name for name in SEARCH_OPTIONS if name != "nbest"))
    parser.add_argument("--source", type=Path, required=True, metavar="FILE", help="text to translate")
    parser.add_argument("--reference", type=Path, required=True, metavar="FILE", help="its translation, line by line")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write the translations")
    parser.add_argument("--tokenize", default="13a", metavar="NAME", help="sacreBLEU's tokenizer (default: 13a)")
    parser.add_argument("--lowercase", action="store_true", help="take no notice of case")
    options = parser.parse(words)
    sources, references = parallel_lines(options.source, options.reference)
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(open_output(options.output)) if options.output else None
        translator = load(options)
        from nmt.evaluation import evaluate as evaluation

        how = {"tokenize": options.tokenize, "lowercase": options.lowercase}
        result = evaluation.evaluate(translator, sources, references, search_of(translator.config, options), **how)
        for line in result.pop("translations"):
            if output:
                write_line(output, line)
    print_json({**result, "model": str(options.model)})
    return 0
