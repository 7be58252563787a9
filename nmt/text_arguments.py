"""The options of `nmt translate` that have to do with text."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from nmt.arguments import Parser, positive
from nmt.data.lines import WINDOW
from nmt.errors import UserError, choose

if TYPE_CHECKING:
    from nmt.pipeline import Wishes


def add_text(parser: Parser) -> None:
    """Adds them."""
    add = parser.add_argument
    add("--input", type=Path, metavar="FILE", help="text to translate (.gz too); standard input if left out")
    add("--output", type=Path, metavar="FILE", help="translations (.gz too); standard output if left out")
    add("--resume", action="store_true", help="go on with an --output that was interrupted, or whose input has grown")
    text = f"lines read ahead and translated together (default: {WINDOW}); 1 answers each at once"
    add("--window", type=positive, default=WINDOW, metavar="N", help=text)
    add("--format", default="text", metavar="NAME", help="text, jsonl or tsv, see above (default: text)")
    add("--attention", action="store_true", help="jsonl: with the attention, target pieces by source pieces")
    text = "what arrives letter by letter: url, email, placeholder, entity, tag, number; all of them if none is named"
    add("--protect", nargs="*", metavar="KIND", help=text)
    text = "source term, tab, target term on each line: in lines with the one, the translation has the other; with an "
    text += "empty source column and !WORD, no translation has that word, with a source term none of lines with that"
    add("--glossary", type=Path, action="append", default=[], metavar="FILE", help=text)
    add(
        "--term",
        action="append",
        default=[],
        metavar="SOURCE=TARGET",
        help="a line of the glossary; TARGET may be !WORD",
    )
    add("--forbid", action="append", default=[], metavar="WORD", help="a word that no translation has")
    add("--prefix", type=Path, metavar="FILE", help="how each translation begins, one a line, blank for any")
    add(
        "--tag", default="", metavar="TEXT", help="put before every sentence: tells a model of many its target language"
    )
    add("--keep-space", action="store_true", help="keep the white space at both ends of a line")


def check_resume(options: argparse.Namespace) -> None:
    """Raises UserError where `--resume` cannot be."""
    if not options.resume:
        return
    if options.output is None:
        raise UserError("--resume goes on with a file: give --output.")
    if options.input and options.output.exists() and options.input.exists() and options.output.samefile(options.input):
        raise UserError("--resume needs an --output that is not the --input: once complete, it is no input any more.")


def wishes_of(options: argparse.Namespace) -> Wishes:
    """What the options ask for. Raises UserError for unknown kinds, and for glossaries that are none."""
    from nmt.formats import FORMATS
    from nmt.pipeline import Wishes
    from nmt.text.glossary import FORBIDDEN, Glossary, make_term, read_glossary
    from nmt.text.spans import KINDS

    kinds = () if options.protect is None else options.protect or list(KINDS)
    for kind in kinds:
        choose(KINDS, kind, "--protect")
    terms = [term for path in options.glossary for term in read_glossary(path)]
    for pair in options.term:
        source, equals, target = pair.partition("=")
        if not equals:
            raise UserError(f"--term {pair!r} has no =: write SOURCE=TARGET.")
        terms.append(make_term(source, target.strip()))
    terms += [make_term("", FORBIDDEN + word) for word in options.forbid]
    account = choose(FORMATS, options.format, "--format").account
    return Wishes(tuple(kinds), Glossary(terms), options.keep_space, options.tag, account)


def add_rerank(parser: Parser) -> None:
    """Adds the options of `nmt rerank`."""
    add = parser.add_argument
    add("--nbest", type=Path, required=True, metavar="FILE", help="n-best lists, from nmt translate --nbest N")
    add("--source", type=Path, required=True, metavar="FILE", help="the text that was translated")
    text = "a model that scores: forward or reverse; may be given several times"
    add("--scorer", type=_scorer, action="append", default=[], metavar="KIND=DIR", help=text)
    add("--weights", type=Path, required=True, metavar="FILE", help="weights of the features, as JSON")
    add("--tune", action="store_true", help="find the weights for which the translations are most like --reference")
    add("--reference", type=Path, metavar="FILE", help="with --tune: the right translations, line by line")
    add("--metric", default="bleu", metavar="NAME", help="with --tune: bleu or chrf (default: bleu)")
    add("--output", type=Path, metavar="FILE", help="the best translations; standard output if left out")
    parser.add_machine()


def check_rerank(options: argparse.Namespace) -> None:
    """Raises UserError for options that do not go together."""
    if options.tune and not options.reference:
        raise UserError("--tune compares with the right translations: give --reference.")
    if options.reference and not options.tune:
        raise UserError("--reference is for --tune: add that, or leave it out.")


def _scorer(text: str) -> tuple[str, Path]:
    kind, equals, folder = text.partition("=")
    if not equals or not folder:
        raise argparse.ArgumentTypeError("write KIND=DIR")
    return kind, Path(folder)
