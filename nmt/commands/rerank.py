"""`nmt rerank`."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nmt.arguments import Parser
from nmt.commands.common import load_scorer, parallel_lines, write_line
from nmt.data.lines import open_output, reporter
from nmt.errors import UserError, choose

if TYPE_CHECKING:
    from nmt.scoring import Scorer


METRIC = "bleu"
"""What weights are tuned for where nothing is said."""


def rerank(words: list[str]) -> int:
    """Picks the best of n-best lists by several models, with weights tuned on validation data.

    The features of a translation are its score in the list, its length in tokens, and its log-probability by each
    --scorer: forward, a model of the same direction; reverse, one of the other, asked for the source given the
    translation; lm, a language model, asked for the translation alone. Tune once on validation data, then use the
    weights:

      nmt rerank --nbest VAL.nbest --source VAL.en --reference VAL.de --scorer reverse=DIR --tune --weights W.json
      nmt rerank --nbest TEST.nbest --source TEST.en --scorer reverse=DIR --weights W.json"""
    parser = Parser(rerank)
    add_rerank(parser)
    options = parser.parse(words)
    check_rerank(options)
    from nmt import rerank as library
    from nmt.model_folder import write_durably

    with contextlib.ExitStack() as stack:
        output = stack.enter_context(open_output(options.output)) if options.output else sys.stdout.buffer
        weights = None if options.tune else library.read_weights(options.weights)
        sources, *references = parallel_lines(options.source, *([options.reference] if options.reference else []))
        candidates = library.read_nbest(options.nbest)
        scorers = [(kind, _loaded(options, kind, folder)) for kind, folder in options.scorer]
        report = reporter(str(options.nbest))
        lists = library.with_features(candidates, sources, scorers, report)
        if references:
            metric = options.metric or METRIC
            weights, before, after = library.tune(lists, references[0], metric)
            write_durably(options.weights, json.dumps(weights, indent=2).encode() + b"\n")
            print(f"{metric}: {before:.2f} as the lists are, {after:.2f} with the weights", file=sys.stderr)
        assert weights is not None, "options are checked"
        best = lists.best(weights)
        for number in range(len(sources)):
            write_line(output, best.get(number, ""))
    return 0


def add_rerank(parser: Parser) -> None:
    """Adds the options of `nmt rerank`."""
    add = parser.add_argument
    add("--nbest", type=Path, required=True, metavar="FILE", help="n-best lists, from nmt translate --nbest N")
    add("--source", type=Path, required=True, metavar="FILE", help="the text that was translated")
    text = "a model that scores: forward, reverse or lm; may be given several times"
    add("--scorer", type=_scorer, action="append", default=[], metavar="KIND=DIR", help=text)
    add("--weights", type=Path, required=True, metavar="FILE", help="weights of the features, as JSON")
    add("--tune", action="store_true", help="find the weights for which the translations are most like --reference")
    add("--reference", type=Path, metavar="FILE", help="with --tune: the right translations, line by line")
    add("--metric", metavar="NAME", help="with --tune: bleu or chrf (default: bleu)")
    add("--output", type=Path, metavar="FILE", help="the best translations; standard output if left out")
    parser.add_machine()


def check_rerank(options: argparse.Namespace) -> None:
    """Raises UserError for options that do not go together."""
    if options.tune and not options.reference:
        raise UserError("--tune compares with the right translations: give --reference.")
    if not options.tune and (options.reference or options.metric):
        raise UserError(f"--{'reference' if options.reference else 'metric'} is for --tune: add that, or leave it out.")
    if options.tune:
        from nmt.rerank import check_metric

        check_metric(options.metric or METRIC)
        if options.weights.is_dir():
            raise UserError(f"--weights {options.weights} is a folder: give a file to write.")
        if not options.weights.absolute().parent.is_dir():
            raise UserError(f"--weights {options.weights} cannot be written: {options.weights.parent} is no folder.")


def _loaded(options: argparse.Namespace, kind: str, folder: Path) -> Scorer:
    """The model of a kind that scores. Raises UserError where it is of another."""
    from nmt.rerank import SCORERS
    from nmt.scoring import check_kind

    wanted = choose(SCORERS, kind, "--scorer")
    scorer = load_scorer(options, folder)
    check_kind(folder, scorer.config, language_model=wanted.language_model)
    return scorer


def _scorer(text: str) -> tuple[str, Path]:
    kind, equals, folder = text.partition("=")
    if not equals or not folder:
        raise argparse.ArgumentTypeError("write KIND=DIR")
    return kind, Path(folder)
