"""The command `nmt`. Each subcommand is a function and a line of `COMMANDS`; what it needs is imported inside it, so
that `nmt --help` answers at once.

Exit codes: 0 done; 2 wrong use or wrong input, told in one line on stderr; 130 interrupted; 141 nobody reads stdout;
143 terminated. stdout carries results only."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nmt import __version__
from nmt.arguments import SEARCH_OPTIONS, Parser, natural, threads
from nmt.data.lines import open_input, open_output, read_lines
from nmt.errors import UserError, guard, nearest
from nmt.text_arguments import add_rerank, add_text, check_rerank, check_resume, wishes_of

if TYPE_CHECKING:
    from nmt.config import Config, SearchConfig
    from nmt.pipeline import Pipeline, Wishes
    from nmt.translator import Translator
    from nmt.workers import Workers


def main(argv: Sequence[str] | None = None) -> int:
    """The console command: runs a subcommand and returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return guard(lambda: dispatch(words))


def dispatch(words: list[str]) -> int:
    """Runs the subcommand that the words name."""
    if not words or words[0] in ("--help", "-h", "help"):
        print(help_text())
        return 0
    if words[0] == "--version":
        print(f"nmt {__version__}")
        return 0
    name, *rest = words
    if name not in COMMANDS:
        suggestion = nearest(name, COMMANDS)
        hint = f" Did you mean {suggestion!r}?" if suggestion else ""
        raise UserError(f"{name!r} is no command.{hint} There are: {', '.join(COMMANDS)}.")
    return COMMANDS[name](rest)


def help_text() -> str:
    """The subcommands, each with the first line of its docstring."""
    lines = ["usage: nmt COMMAND ...   (nmt COMMAND --help tells more)", "", "Recurrent machine translation.", ""]
    lines += [f"  {name:10} {(command.__doc__ or '').splitlines()[0]}" for name, command in COMMANDS.items()]
    return "\n".join([*lines, "", "  --version  The version of this program."])


def train(words: list[str]) -> int:
    """Trains a translator on your own files: nmt train --data.train A.en A.de --output DIR."""
    from nmt.training.run import train_command

    return train_command(words)


def translate(words: list[str]) -> int:
    """Translates a file, or standard input, line by line.

    As many lines come out as go in, in the same order; blank lines stay blank. What is wrong with a line is told on
    stderr with its number. A score is the log-probability, in nats, divided by length ** length penalty.

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
    text = "processes that share the lines; left out, as many as cores for a large input, else 1"
    parser.add_argument("--workers", type=threads, metavar="N", help=text)
    options = parser.parse(words)
    from nmt.data.progress import Progress, open_progress
    from nmt.documents import translate_document
    from nmt.formats import choose_format

    check_resume(options)
    with contextlib.ExitStack() as stack:
        name, source = stack.enter_context(_input(options.input))
        progress = Progress(sys.stdout.buffer)
        if options.output:
            how = {"resume": options.resume, "keep": options.input is not None, "step": options.window}
            progress = stack.enter_context(open_progress(options.output, **how))
        wishes = wishes_of(options)
        prefixes = stack.enter_context(open_input(options.prefix)) if options.prefix else None
        translator = _load(options)
        search = _search(translator.config, options)
        form = choose_format(options.format, search.nbest, attention=options.attention, resume=options.resume)
        if form.account and translator.config.model.attention == "none":
            print("this model has no attention: no word is aligned", file=sys.stderr)
        bar = stack.enter_context(_progress(hidden=options.output is None and sys.stdout.isatty()))
        translate_document(
            _pipeline(translator, wishes, options),
            source,
            progress,
            form,
            search=search,
            window=options.window,
            report=_reporter(name, bar.write),
            prefixes=None if prefixes is None else read_lines(prefixes, _reporter(str(options.prefix), bar.write)),
            attention=options.attention,
            done=bar.update,
        )
    return 0


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

    candidates = CANDIDATES if options.shortlist is None else options.shortlist
    compression(options.model, options.output, options.data, candidates)
    return 0


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
    sources, references = _parallel(options.source, options.reference)
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(open_output(options.output)) if options.output else None
        translator = _load(options)
        from nmt.evaluation import evaluate as evaluation

        how = {"tokenize": options.tokenize, "lowercase": options.lowercase}
        result = evaluation.evaluate(translator, sources, references, _search(translator.config, options), **how)
        for line in result.pop("translations"):
            if output:
                _write_line(output, line)
    _print_json({**result, "model": str(options.model)})
    return 0


def score(words: list[str]) -> int:
    """Writes the log-probability of each given translation, in nats, one a line.

    A pair that is too long to be one sentence has the score nan, and is told on stderr with its number."""
    parser = Parser(score)
    parser.add_model("batch_tokens")
    parser.add_argument("--source", type=Path, required=True, metavar="FILE", help="text")
    parser.add_argument("--target", type=Path, required=True, metavar="FILE", help="its translation, line by line")
    options = parser.parse(words)
    sources, targets = _parallel(options.source, options.target)
    translator = _load(options)
    report = _reporter(f"{options.source} and {options.target}")
    pairs = zip(sources, targets, strict=True)
    for scored in translator.stream_scores(pairs, _search(translator.config, options), report):
        _write_line(sys.stdout.buffer, f"{scored.log_probability:.6f}")
    return 0


def rerank(words: list[str]) -> int:
    """Picks the best of n-best lists by several models, with weights tuned on validation data.

    The features of a translation are its score in the list, its length in tokens, and its log-probability by each
    --scorer: forward, a model of the same direction; reverse, one of the other, asked for the source given the
    translation. Tune once on validation data, then use the weights:

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
        sources = _lines(options.source)
        references = _lines(options.reference) if options.reference else None
        candidates = library.read_nbest(options.nbest)
        scorers = [(kind, _load(options, folder)) for kind, folder in options.scorer]
        report = _reporter(str(options.nbest))
        lists = library.with_features(candidates, sources, scorers, report)
        if references is not None:
            weights, before, after = library.tune(lists, references, options.metric)
            write_durably(options.weights, json.dumps(weights, indent=2).encode() + b"\n")
            print(f"{options.metric}: {before:.2f} as the lists are, {after:.2f} with the weights", file=sys.stderr)
        assert weights is not None, "options are checked"
        best = lists.best(weights)
        for number in range(len(sources)):
            _write_line(output, best.get(number, ""))
    return 0


def info(words: list[str]) -> int:
    """Tells what a model is, as JSON."""
    parser = Parser(info)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model folder")
    folder: Path = parser.parse(words).model
    from nmt import model_folder
    from nmt.config import FORMAT_VERSION
    from nmt.model.seq2seq import parameter_count

    network, vocabulary, config = model_folder.load(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    _print_json(
        {
            "languages": {"source": config.data.source, "target": config.data.target},
            "parameters": parameter_count(network),
            "pieces": {"source": len(vocabulary.source), "target": len(vocabulary.target), "joint": vocabulary.joint},
            "model": config.model.model_dump(),
            "search": config.search.model_dump(),
            "scores": _scores(folder / "scores.json"),
            "format_version": FORMAT_VERSION,
            "files": {path.relative_to(folder).as_posix(): path.stat().st_size for path in files},
        }
    )
    return 0


def repl(words: list[str]) -> int:
    """Translates what you type, with commands to look into the model; :help lists them."""
    parser = Parser(repl)
    parser.add_model(*SEARCH_OPTIONS)
    options = parser.parse(words)
    translator = _load(options)
    from nmt.repl import run

    return run(translator, _search(translator.config, options))


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": train,
    "translate": translate,
    "compress": compress,
    "evaluate": evaluate,
    "score": score,
    "rerank": rerank,
    "repl": repl,
    "info": info,
}


def _load(options: argparse.Namespace, folder: Path | None = None) -> Translator:
    """The translator that the options ask for; `folder` in place of `--model`."""
    import torch

    from nmt.translator import Translator

    if options.threads:
        torch.set_num_threads(options.threads)
    others = getattr(options, "ensemble", ()) if folder is None else ()
    return Translator.load(folder or options.model, options.device, others)


def _pipeline(translator: Translator, wishes: Wishes, options: argparse.Namespace) -> Pipeline | Workers:
    """What the lines go through: in this process or, where that pays or is asked for, in several."""
    import torch

    from nmt.pipeline import Pipeline
    from nmt.workers import MOST, Workers

    here = Pipeline(translator, wishes)
    cpu, cores = translator.device.type == "cpu", torch.get_num_threads()
    unasked = min(cores, MOST) if cpu and options.input is not None else 1
    count = options.workers or unasked
    if count == 1:
        return here
    if not cpu:
        raise UserError("--workers shares the lines among processes on the CPU: add --device cpu, or leave it out.")
    only_if_worth = options.workers is None
    return Workers(here, options.model, options.ensemble, count=count, threads=cores, only_if_worth=only_if_worth)


def _search(config: Config, options: argparse.Namespace) -> SearchConfig:
    """The model's own search settings, with those of the command line over them."""
    given = {f"search.{name}": getattr(options, name, None) for name in SEARCH_OPTIONS}
    return config.replace({key: value for key, value in given.items() if value is not None}).search


@contextlib.contextmanager
def _input(path: Path | None) -> Iterator[tuple[str, Iterable[bytes]]]:
    """What to call the input in a message, and its raw lines."""
    if path is None:
        yield "standard input", sys.stdin.buffer
    else:
        with open_input(path) as raw_lines:
            yield str(path), raw_lines


def _parallel(first: Path, second: Path) -> tuple[list[str], list[str]]:
    """The lines of two files. Raises UserError when one has more."""
    sides = [_lines(first), _lines(second)]
    if len(sides[0]) != len(sides[1]):
        raise UserError(
            f"{first} has {len(sides[0]):,} lines, {second} has {len(sides[1]):,}: they must be parallel, line by line."
        )
    return sides[0], sides[1]


def _lines(path: Path) -> list[str]:
    with open_input(path) as raw_lines:
        return list(read_lines(raw_lines, _reporter(str(path))))


def _reporter(name: str, write: Callable[..., object] = print) -> Callable[[int, str], None]:
    """Tells on stderr of a problem in a line of the input `name`. `write` prints; a progress bar has its own."""

    def report(number: int, problem: str) -> None:
        write(f"{name} line {number}: {problem}", file=sys.stderr)

    return report


@contextlib.contextmanager
def _progress(*, hidden: bool) -> Iterator[Any]:
    """A bar that counts lines, on a stderr that someone looks at; `hidden` where it would run through the results."""
    from tqdm import tqdm

    with tqdm(unit=" lines", disable=hidden or not sys.stderr.isatty()) as bar:
        yield bar


def _write_line(output: BinaryIO, line: str) -> None:
    """Writes at once: whoever reads at the other end may be waiting, or gone."""
    output.write(line.encode("utf-8") + b"\n")
    output.flush()


def _print_json(value: dict[str, Any]) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace") + b"\n")


def _scores(path: Path) -> Any:
    """The scores that a training run left in a model folder, or None."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}): remove it.") from None
