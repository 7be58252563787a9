"""What the commands share: models, files, lines and what is printed."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nmt.arguments import SEARCH_OPTIONS, Parser
from nmt.data.lines import open_input, read_lines, reporter
from nmt.errors import UserError, choose

if TYPE_CHECKING:
    from nmt.config import Config, SearchConfig
    from nmt.pipeline import Wishes
    from nmt.scoring import Scorer
    from nmt.translator import Fused, Translator

LM_WEIGHT = 0.05
"""What a language model counts where nothing is said."""


def use_threads(options: argparse.Namespace) -> None:
    """Lets products use as many threads as the options say, if they say."""
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)


def load(options: argparse.Namespace, folder: Path | None = None) -> Translator:
    """The translator that the options ask for; `folder` in place of `--model`."""
    from nmt.translator import Translator

    use_threads(options)
    if folder is not None:
        return Translator.load(folder, options.device)
    return Translator.load(options.model, options.device, getattr(options, "ensemble", ()), fused_of(options))


def tell_languages(config: Config, tag: str) -> None:
    """Says how a model of several languages is told which to translate into, where no tag is given for all lines."""
    tags = [symbol for symbol in config.subwords.symbols if re.fullmatch(r"<2[\w-]+>", symbol)]
    if tags and not {*tags} & {*tag.split()}:
        one_of = " or ".join(f"'{one}'" for one in tags)
        print(f"this model reads its target language before each line: {one_of}; --tag puts one there", file=sys.stderr)


def load_scorer(options: argparse.Namespace, folder: Path) -> Scorer:
    """A model that is asked for the scores of given texts, of either kind."""
    from nmt.scoring import Scorer

    use_threads(options)
    return Scorer.load(folder, options.device)


def fused_of(options: argparse.Namespace) -> Fused | None:
    """The language model that the options name, if any, and its weight. Raises UserError for a weight alone."""
    from nmt.translator import Fused

    folder, weight = getattr(options, "lm", None), getattr(options, "lm_weight", None)
    if folder is None and weight is not None:
        raise UserError("--lm-weight is for a language model: give --lm, too, or leave it out.")
    return None if folder is None else Fused(folder, LM_WEIGHT if weight is None else weight)


def search_of(config: Config, options: argparse.Namespace) -> SearchConfig:
    """The model's own search settings, with those of the command line over them."""
    given = {f"search.{name}": getattr(options, name, None) for name in SEARCH_OPTIONS}
    return config.replace({key: value for key, value in given.items() if value is not None}).search


def add_wishes(parser: Parser) -> None:
    """The options for what is done about text beside translating it."""
    add = parser.add_argument
    text = "what arrives letter by letter: url, email, placeholder, entity, tag, number; all of them if none is named"
    add("--protect", nargs="*", metavar="KIND", help=text)
    text = "source term, tab, target term on each line: in lines with the one, the translation has the other; with an "
    text += "empty source column and !WORD, no translation has that word, with a source term none of lines with that"
    add("--glossary", type=Path, action="append", default=[], metavar="FILE", help=text)
    text = "a line of the glossary; TARGET may be !WORD"
    add("--term", action="append", default=[], metavar="SOURCE=TARGET", help=text)
    add("--forbid", action="append", default=[], metavar="WORD", help="a word that no translation has")
    add("--require", action="append", default=[], metavar="WORD", help="a word or phrase that every translation has")
    add_tag(parser)
    add("--keep-space", action="store_true", help="keep the white space at both ends of a line")


def add_tag(parser: Parser) -> None:
    """The option for what sources begin with."""
    text = "put before every sentence: tells a model of many its target language"
    parser.add_argument("--tag", default="", metavar="TEXT", help=text)


def wishes_of(options: argparse.Namespace) -> Wishes:
    """What the options ask for. Raises UserError for unknown kinds, and for glossaries that are none."""
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
    glossary = Glossary(terms)
    for phrase in options.require:
        if never := glossary.never(phrase):
            raise UserError(f"--require {phrase!r} is asked for and {never[0]!r} forbidden: change one of the two.")
    return Wishes(tuple(kinds), glossary, options.keep_space, options.tag, tuple(options.require))


@contextlib.contextmanager
def open_source(path: Path | None) -> Iterator[tuple[str, Iterable[bytes]]]:
    """What to call the input in a message, and its raw lines."""
    if path is None:
        yield "standard input", sys.stdin.buffer
    else:
        with open_input(path) as raw_lines:
            yield str(path), raw_lines


def parallel_lines(first: Path, *others: Path) -> list[list[str]]:
    """The lines of each of some files. Raises UserError when one has more than the first."""
    sides = [lines_of(first)]
    for path in others:
        sides.append(lines_of(path))
        if len(sides[-1]) != len(sides[0]):
            raise UserError(
                f"{first} has {len(sides[0]):,} lines, {path} has {len(sides[-1]):,}: they must be parallel, "
                "line by line."
            )
    return sides


def lines_of(path: Path) -> list[str]:
    with open_input(path) as raw_lines:
        return list(read_lines(raw_lines, reporter(str(path))))


@contextlib.contextmanager
def progress_bar(*, hidden: bool) -> Iterator[Any]:
    """A bar that counts lines, on a stderr that someone looks at; `hidden` where it would run through the results."""
    from tqdm import tqdm

    with tqdm(unit=" lines", disable=hidden or not sys.stderr.isatty()) as bar:
        yield bar


def write_line(output: BinaryIO, line: str) -> None:
    """Writes at once: whoever reads at the other end may be waiting, or gone."""
    output.write(line.encode("utf-8") + b"\n")
    output.flush()


def print_json(value: dict[str, Any] | list[dict[str, Any]]) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace") + b"\n")
