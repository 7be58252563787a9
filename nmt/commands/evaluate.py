"""`nmt evaluate`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nmt.arguments import SEARCH_OPTIONS, Parser, positive
from nmt.commands.common import (
    add_tag,
    fused_of,
    lines_of,
    load,
    parallel_lines,
    print_json,
    progress_bar,
    search_of,
    tell_languages,
)
from nmt.data.lines import clean_line, open_output, reporter
from nmt.data.packing import unpacked_name
from nmt.errors import UserError, choose

if TYPE_CHECKING:
    from nmt.evaluation.systems import Output, Scoring, TestSet


def evaluate(words: list[str]) -> int:
    """Scores translations, of one or several systems: BLEU, chrF, chrF++, TER with signatures, intervals, speed.

    Systems are models, which translate, and files of translations that were made elsewhere:

      nmt evaluate --model runs/a --source test.en --reference test.de
      nmt evaluate --model runs/a runs/b --test test.en test.de --test news.en news.de --format markdown
      nmt evaluate --model runs/a runs/b --data.folder DIR --data.source en --data.target de --format latex
      nmt evaluate --hypothesis a.txt b.txt --reference test.de other.de --paired ar

    Of several systems each is compared with the first by sacreBLEU's paired tests, as its own command line does with
    --paired-bs and --paired-ar; the models come first, in their order. The samples are drawn from the seed in the
    environment variable SACREBLEU_SEED, 12345 without one.

    JSON is an object for one system on one test set, and a list of such objects for more. A score has its signature,
    its 95 % bootstrap interval and, where systems are compared, the difference from the baseline and the p-value of
    that. peak_memory_mb is the most that the process, or its graphics card, had in use while it translated."""
    parser = Parser(evaluate)
    add_systems(parser)
    add_test_sets(parser)
    add_scoring(parser)
    parser.add_search(*(name for name in SEARCH_OPTIONS if name != "nbest"))
    add_tag(parser)
    parser.add_machine()
    options = parser.parse(words)
    from nmt.evaluation.systems import score_outputs

    check(options)
    scoring = scoring_of(options)
    systems = names([*options.model, *options.hypothesis])
    tests = test_sets(options)
    made = elsewhere(options, systems[len(options.model) :], tests)
    with contextlib.ExitStack() as stack:
        outputs = translations(options, systems[: len(options.model)], tests, stack)
    results = [
        result
        for number, test in enumerate(tests)
        for result in score_outputs(test, [*(own[number] for own in outputs), *made], scoring)
    ]
    if options.format == "json":
        print_json(results[0] if len(results) == 1 else results)
    else:
        from nmt.evaluation.tables import tables

        sys.stdout.buffer.write(f"{tables(results, options.format)}\n".encode())
    return 0


def add_systems(parser: Parser) -> None:
    """Adds the options that say what is evaluated."""
    add = parser.add_argument
    add("--model", type=Path, nargs="+", default=[], metavar="DIR", help="model folders, one or several")
    text = "translations of the one test set that were made elsewhere, line by line"
    add("--hypothesis", type=Path, nargs="+", default=[], metavar="FILE", help=text)
    text = "where to write the translations of the model; for several models or test sets a folder, with files "
    text += "TEST.MODEL.txt"
    add("--output", type=Path, metavar="FILE", help=text)


def add_test_sets(parser: Parser) -> None:
    """Adds the options that say on what."""
    add = parser.add_argument
    add("--source", type=Path, metavar="FILE", help="a test set: text to translate; not needed with --hypothesis alone")
    text = "its right translations, line by line; more files are more references of the same lines"
    add("--reference", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=text)
    text = "a test set: the source, then one or more references; or one .tsv, .jsonl or `datasets` identifier, as in "
    text += "training, or a mixture, of which each corpus is a test set. May be given several times"
    add("--test", nargs="+", action="append", default=[], metavar="FILE", help=text)
    text = "all test sets test*.LANGUAGE of a folder"
    add("--data.folder", type=Path, dest="folder", metavar="DIR", help=text)
    add("--data.source", dest="source_language", metavar="CODE", help="language translated from, as the files end")
    add("--data.target", dest="target_language", metavar="CODE", help="language translated into, likewise")


def add_scoring(parser: Parser) -> None:
    """Adds the options that say how."""
    add = parser.add_argument
    text = "bleu, chrf, chrf++, ter (default: all of them)"
    add("--metrics", nargs="+", metavar="NAME", help=text)
    text = "the test of several systems. bs: paired bootstrap resampling; ar: paired approximate randomisation; none "
    text += "(default: bs)"
    add("--paired", default="bs", metavar="NAME", help=text)
    text = "resamples of bs (default: 1000), from which the intervals are, too; trials of ar (default: 10000)"
    add("--trials", type=positive, metavar="N", help=text)
    add("--format", default="json", metavar="NAME", help="json, text, markdown or latex (default: json)")
    add("--tokenize", default="13a", metavar="NAME", help="sacreBLEU's tokenizer for BLEU (default: 13a)")
    add("--lowercase", action="store_true", help="take no notice of case")


def check(options: argparse.Namespace) -> None:
    """Raises UserError for options that do not go together."""
    from nmt.evaluation.tables import STYLES

    choose({"json": None, **STYLES}, options.format, "--format")
    if not options.model and not options.hypothesis:
        raise UserError("there is nothing to evaluate: give --model, or --hypothesis for translations made elsewhere.")
    ways = [way for way in ("reference", "test", "folder") if getattr(options, way)]
    if len(ways) != 1:
        given = "none is given" if not ways else "two are given"
        raise UserError(
            f"a test set is --source with --reference, or --test, or --data.folder, and {given}: give one kind."
        )
    if options.source and not options.reference:
        raise UserError("--source belongs to --reference: give that, too.")
    if options.reference and options.model and not options.source:
        raise UserError("a model needs a text to translate: give --source.")
    if options.folder and not (options.source_language and options.target_language):
        raise UserError("--data.folder needs --data.source and --data.target: the languages, as the files end.")
    named = options.folder or any(len(location) == 1 for location in options.test)
    if not named and (options.source_language or options.target_language):
        raise UserError(
            "--data.source and --data.target are for --data.folder and a --test of one place: leave them out."
        )
    if options.ensemble and len(options.model) != 1:
        raise UserError("--ensemble joins its models to one --model: give that alone.")
    if not options.model:
        for name in ("output", "ensemble", "lm", "lm_weight", "tag", *SEARCH_OPTIONS):
            if getattr(options, name, None) not in (None, (), ""):  # 0 is given, too
                raise UserError(
                    f"--{name.replace('_', '-')} is for the translations of a --model: give one, or leave it out."
                )


def check_outputs(options: argparse.Namespace, outputs: Sequence[Path]) -> None:
    """Raises UserError where a file of translations would take the place of one that is read."""
    tests = [Path(place) for location in options.test for place in location]
    folder = options.folder.iterdir() if options.folder else ()
    read = [*([options.source] if options.source else []), *options.reference, *options.hypothesis, *tests, *folder]
    for path in outputs:
        for other in read:
            if path.is_file() and other.is_file() and path.samefile(other):
                raise UserError(f"--output would overwrite {other}, which is read: name another file.")


def scoring_of(options: argparse.Namespace) -> Scoring:
    """How the options want it scored. Raises UserError for what cannot be had."""
    from nmt.evaluation.systems import Scoring

    wanted = {} if options.metrics is None else {"metrics": tuple(options.metrics)}
    scoring = Scoring(
        **wanted,
        tokenize=options.tokenize,
        lowercase=options.lowercase,
        paired=options.paired,
        trials=options.trials,
    )
    scoring.check()
    return scoring


def names(paths: Sequence[Path | str]) -> list[str]:
    """A short name for each path: its last part where those differ, else the whole. Raises UserError for one that is
    there twice."""
    whole = [str(path) for path in paths]
    for path in whole:
        if whole.count(path) > 1:
            raise UserError(f"{path} is given twice: each system and each test set once.")
    short = [Path(path).name for path in whole]
    return [clean_line(name) for name in (short if all(short) and len(set(short)) == len(short) else whole)]


def test_sets(options: argparse.Namespace) -> list[TestSet]:
    """The test sets that the options name. Raises UserError where one cannot be read, or is not parallel."""
    from nmt.evaluation.systems import TestSet

    if options.reference:
        files = [*([options.source] if options.source else []), *options.reference]
        lines = parallel_lines(*files)
        return [TestSet(_stem(files[0]), *((lines[0], lines[1:]) if options.source else ([], lines)))]
    given: list[list[str]] = options.test
    if options.folder:
        from nmt.data.corpus import folder_tests

        languages = options.source_language, options.target_language
        given = [list(paths) for paths in folder_tests(options.folder, *languages).values()]
        if not given:
            raise UserError(f"{options.folder} has no test*.{languages[0]} with a test*.{languages[1]} beside it.")
    from nmt.data.corpus import apart
    from nmt.data.corpus.mixture import is_mixture

    stems = [_stem(Path(location[0])) for location in given]
    titles = stems if len(set(stems)) == len(stems) else names([location[0] for location in given])
    sets: dict[str, list[str]] = {}
    for title, location in zip(titles, given, strict=True):
        for name, part in (apart(location) if is_mixture(location) else {title: location}).items():
            sets[f"{title}.{name}" if name in sets else name] = list(part)
    return [_test_set(name, location, options) for name, location in sets.items()]


def _test_set(name: str, location: list[str], options: argparse.Namespace) -> TestSet:
    from nmt.evaluation.systems import TestSet

    if len(location) == 1:
        from nmt.data.corpus import read_pairs

        languages = options.source_language, options.target_language
        pairs = list(read_pairs(location, *languages, "test", reporter(location[0])))
        return TestSet(name, [pair.source for pair in pairs], [[pair.target for pair in pairs]])
    sources, *references = parallel_lines(*map(Path, location))
    return TestSet(name, sources, references)


def _stem(path: Path) -> str:
    """test2016 of test2016.en.gz."""
    return clean_line(Path(unpacked_name(path.name)).stem or str(path))


def elsewhere(options: argparse.Namespace, systems: list[str], tests: list[TestSet]) -> list[Output]:
    """The translations that were made elsewhere. Raises UserError where they are not parallel with the test set."""
    from nmt.evaluation.systems import Output

    if options.hypothesis and len(tests) != 1:
        raise UserError(f"--hypothesis translates one test set, and there are {len(tests)}: give one.")
    made = []
    for path, system in zip(options.hypothesis, systems, strict=True):
        lines, expected = lines_of(path), len(tests[0].references[0])
        if len(lines) != expected:
            raise UserError(
                f"{path} has {len(lines):,} lines, the references of {tests[0].name} have {expected:,}: they must be "
                "parallel, line by line."
            )
        made.append(Output(system, lines, {"hypothesis": str(path)}))
    return made


def translations(
    options: argparse.Namespace, systems: list[str], tests: list[TestSet], stack: contextlib.ExitStack
) -> list[list[Output]]:
    """What each model makes of each test set. Files are opened, and settings read, before anything is translated."""
    if not options.model:
        return []
    places = _paths(options, systems, tests)
    check_outputs(options, [path for paths in places for path in paths])
    files = [[stack.enter_context(open_output(path)) for path in paths] for paths in places]
    from nmt import model_folder
    from nmt.evaluation.evaluate import translated

    searches = [search_of(model_folder.load_config(folder), options) for folder in options.model]
    fused = fused_of(options)
    bar = stack.enter_context(progress_bar(hidden=False))
    outputs = []
    for number, (folder, system) in enumerate(zip(options.model, systems, strict=True)):
        translator = load(argparse.Namespace(**{**vars(options), "model": folder}))
        if options.source:  # the pairs of a mixture have their tags
            tell_languages(translator.config, options.tag)
        its = []
        for place, test in enumerate(tests):
            report = reporter(f"{system}, {test.name}", bar.write)
            output = translated(system, translator, test, searches[number], report, bar.update, options.tag)
            output.facts["model"] = str(folder)
            if options.tag:
                output.facts["tag"] = options.tag
            if options.ensemble:
                output.facts["ensemble"] = [str(other) for other in options.ensemble]
            if fused:
                output.facts["lm"], output.facts["lm_weight"] = str(fused.folder), fused.weight
            its.append(output)
            if files:
                files[number][place].write("".join(f"{line}\n" for line in output.lines).encode())
        outputs.append(its)
    return outputs


def _paths(options: argparse.Namespace, systems: list[str], tests: list[TestSet]) -> list[list[Path]]:
    """Where the translations of each model of each test set are written, if they are."""
    output: Path | None = options.output
    if output is None:
        return []
    if len(systems) == len(tests) == 1:
        return [[output]]
    output.mkdir(parents=True, exist_ok=True)
    plain = [[name.replace("/", "_") for name in some] for some in (systems, [test.name for test in tests])]
    return [[output / f"{test}.{system}.txt" for test in plain[1]] for system in plain[0]]
