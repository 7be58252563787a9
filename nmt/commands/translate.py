"""`nmt translate`: its options, and what they come to."""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from nmt.arguments import SEARCH_OPTIONS, Parser, positive, threads
from nmt.commands.common import add_wishes, load, open_source, progress_bar, search_of, tell_languages, wishes_of
from nmt.data.lines import WINDOW, open_input, read_lines, reporter
from nmt.errors import UserError, choose


def translate(words: list[str]) -> int:
    """Translates a file, or standard input, line by line.

    As many lines come out as go in, in the same order; blank lines stay blank. What is wrong with a line is told on
    stderr with its number. A score is the log-probability, in nats, divided by length ** length penalty; with --lm, the
    log-probability is that of the model plus --lm-weight times that of the language model (shallow fusion). Of a line
    that is translated in parts it is the mean of theirs.

    Formats: text is the translation alone or, with --nbest above 1, one line for each translation, best first, in the
    form that Moses made usual, sentences counted from 0:

      sentence ||| translation ||| score

    jsonl is one object a line with all that is known: line, translation, score, confidence, coverage_deficit, flags,
    alignment, pieces, log_probabilities, alternatives and attention where they are asked for. tsv has the columns
    translation, score, confidence, coverage deficit, flags, alignment. The alignment is in Pharaoh's form, i-j for
    token i of the source and token j of the translation. Flags are signs of a bad translation: repetition, coverage,
    unlikely, length.

    A translation that is interrupted leaves FILE.partial beside --output; the same command with --resume goes on with
    it, as it does with a complete one whose input has grown."""
    parser = Parser(translate)
    parser.add_model(*SEARCH_OPTIONS)
    add_text(parser)
    add_wishes(parser)
    text = "batches translated at once, which share the threads; left out, one a thread"
    parser.add_argument("--workers", type=threads, metavar="N", help=text)
    options = parser.parse(words)
    from nmt.data.progress import Progress, open_progress
    from nmt.documents import translate_document
    from nmt.formats import FORMATS, choose_format
    from nmt.pipeline import Pipeline

    check_resume(options)
    with contextlib.ExitStack() as stack:
        name, source = stack.enter_context(open_source(options.input))
        progress = Progress(sys.stdout.buffer)
        if options.output:
            how = {"resume": options.resume, "keep": options.input is not None, "step": options.window}
            progress = stack.enter_context(open_progress(options.output, **how))
        wishes = replace(wishes_of(options), account=choose(FORMATS, options.format, "--format").account)
        prefixes = stack.enter_context(open_input(options.prefix)) if options.prefix else None
        translator = load(options)
        tell_languages(translator.config, options.tag)
        translator.searcher.workers = options.workers or translator.searcher.workers
        search = search_of(translator.config, options)
        form = choose_format(options.format, search.nbest, attention=options.attention, resume=options.resume)
        if form.account and translator.config.model.attention == "none":
            print("this model has no attention: no word is aligned", file=sys.stderr)
        bar = stack.enter_context(progress_bar(hidden=options.output is None and sys.stdout.isatty()))
        translate_document(
            Pipeline(translator, wishes),
            source,
            progress,
            form,
            search=search,
            window=options.window,
            report=reporter(name, bar.write),
            prefixes=None if prefixes is None else read_lines(prefixes, reporter(str(options.prefix), bar.write)),
            attention=options.attention,
            done=bar.update,
        )
    return 0


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
    add("--prefix", type=Path, metavar="FILE", help="how each translation begins, one a line, blank for any")


def check_resume(options: argparse.Namespace) -> None:
    """Raises UserError where `--resume` cannot be."""
    if not options.resume:
        return
    if options.output is None:
        raise UserError("--resume goes on with a file: give --output.")
    if options.input and options.output.exists() and options.input.exists() and options.output.samefile(options.input):
        raise UserError("--resume needs an --output that is not the --input: once complete, it is no input any more.")
