"""`nmt data`: what looks at a corpus and cleans it, before anything is trained."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmt.arguments import Parser, natural
from nmt.errors import UserError, choose

if TYPE_CHECKING:
    from nmt.config import Config
    from nmt.data.checks.check import Limits, Report
    from nmt.data.checks.chunk import Part

MENDED = 3
"""The exit code of a check that has found what must be mended."""


def check(words: list[str]) -> int:
    """Checks a corpus: nmt data check A.en A.de, or with the --data settings of nmt train.

    Says what is wrong with it, on which lines, and how to mend it. An error falsifies training or its scores, a
    warning costs quality, a notice may be as it is. The exit code is 3 where there is an error.
    """
    parser = Parser(check, "nmt data check")
    _add_corpus(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything found here too, - for stdout alone")
    parser.add_argument("--no-vocabulary", action="store_true", help="learn no pieces and suggest no settings")
    _list_checks(parser, words)
    options = parser.parse(words)

    from nmt.data.checks import summary
    from nmt.data.checks.check import check_corpus

    train, held_out, config = _corpus(options)
    names = _names(options)
    report = check_corpus(train, held_out, _limits(config), names=names, examples=options.examples)
    advice = None if options.no_vocabulary else _advice(report, config, options)
    alone = options.json is not None and str(options.json) == "-"
    if not alone:
        _write([*summary.of_check(report, options.examples), *(advice or {}).get("text", [])])
    if options.json is not None:
        _write_json(_as_json(report, advice), None if alone else options.json)
    return MENDED if report.worst == "error" else 0


def clean(words: list[str]) -> int:
    """Writes a corpus anew without what is wrong: nmt data clean A.en A.de --output FOLDER.

    Pairs with errors or warnings, and doubles, are dropped; control characters, invisible characters and spaces are
    mended. The order stays, and nothing is written over. Says what went and why.
    """
    from nmt.data.checks.clean import MENDERS, NORMAL_FORMS, clean_corpus

    parser = Parser(clean, "nmt data clean")
    _add_corpus(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where the new files are written")
    parser.add_argument("--normalize", choices=NORMAL_FORMS, help="Unicode normal form")
    parser.add_argument("--unescape", action="store_true", help="HTML entities become what they stand for")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report here too")
    _list_checks(parser, words)
    options = parser.parse(words)

    from nmt.data.checks import summary

    _names(options)
    train, held_out, config = _corpus(options)
    menders = set(MENDERS) - {"unescape", *NORMAL_FORMS}
    menders |= {name for name in (options.normalize, "unescape" if options.unescape else None) if name}
    cleaned = clean_corpus(
        train,
        held_out,
        options.output,
        limits=_limits(config),
        menders=menders,
        only=options.only,
        skip=options.skip,
        examples=options.examples,
    )
    _write(summary.of_cleaning(cleaned, options.examples))
    if options.json is not None:
        _write_json(cleaned.as_json(), options.json)
    return 0


COMMANDS: Mapping[str, Callable[[list[str]], int]] = {"check": check, "clean": clean}


def _add_corpus(parser: Parser) -> None:
    """The options of both commands: the corpus, as `nmt train` takes it, and the checks."""
    text = "training pairs: two parallel files, or one .tsv, one .jsonl, or a `datasets` identifier"
    parser.add_argument("files", nargs="*", default=[], metavar="FILE", help=f"{text}; the same as --data.train")
    for part, about in (("train", text), ("valid", "validation pairs"), ("test", "test pairs")):
        parser.add_argument(f"--data.{part}", nargs="+", default=[], metavar="FILE", help=about)
    parser.add_argument("--data.folder", metavar="DIR", help="a folder with train.*, val.* and test*.* instead")
    parser.add_argument("--data.source", metavar="CODE", help="source language, as files end and JSON keys are")
    parser.add_argument("--data.target", metavar="CODE", help="target language, likewise")
    parser.add_argument("--data.max_length", metavar="N", help="longest sentence in pieces")
    parser.add_argument("--data.max_ratio", metavar="R", help="largest ratio of the lengths")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these checks")
    parser.add_argument("--skip", nargs="+", default=[], metavar="NAME", help="all checks but these")
    parser.add_argument("--examples", type=natural, default=3, metavar="N", help="examples shown of each kind (3)")


def _list_checks(parser: Parser, words: list[str]) -> None:
    """Adds every check to the help, where that is asked for: they are not imported otherwise."""
    if not {"-h", "--help"}.intersection(words):
        return
    from nmt.data.checks.check import CHECKS

    rows = [f"  {name:22}{check.level:9}{check.what}" for name, check in CHECKS.items()]
    parser.epilog = "\n".join(
        ["checks, each with its level, which may be another where more or less is at stake:", *rows]
    )


def _corpus(options: argparse.Namespace) -> tuple[Part, list[Part], Config]:
    """The training pairs, the held-out pairs and the settings that the options name."""
    from nmt.config import Config
    from nmt.data import corpus
    from nmt.data.checks.chunk import Part
    from nmt.training.corpora import locate

    given: dict[str, Any] = {key: value for key, value in vars(options).items() if key.startswith("data.") and value}
    if options.files:
        if "data.train" in given:
            raise UserError("the training files are given twice: by themselves and as --data.train. Give them once.")
        given["data.train"] = options.files
    config = Config().replace(given)
    data = config.data
    if data.folder is None and not data.train:
        raise UserError("no corpus is given: nmt data check A.en A.de, or --data.train, or --data.folder.")
    if data.folder is not None or data.valid:
        found = locate(data)
        languages = found.source, found.target
        held_out = [("validation", found.valid), *((name, files) for name, files in found.tests.items())]
        train_files = found.train
    else:
        known = corpus.languages(data.train)
        languages = data.source or known[0], data.target or known[1]
        held_out = [("test", data.test)] if data.test else []
        train_files = data.train
    return (
        Part("train", train_files, languages),
        [Part(name, files, languages, split="test" if name.startswith("test") else name) for name, files in held_out],
        config,
    )


def _limits(config: Config) -> Limits:
    from nmt.data.checks.check import Limits

    return Limits(config.data.max_length, config.data.max_ratio)


def _names(options: argparse.Namespace) -> list[str]:
    """The checks that are wanted. Raises UserError for unknown ones."""
    from nmt.data.checks.check import CHECKS

    for option in ("only", "skip"):
        for name in getattr(options, option):
            choose(CHECKS, name, f"--{option}")
    return [name for name in (options.only or CHECKS) if name not in options.skip]


def _advice(report: Report, config: Config, options: argparse.Namespace) -> dict[str, Any]:
    """What the vocabulary of the preset makes of the corpus, and settings for `nmt train` with their reasons."""
    from nmt.data.checks.vocabulary import pieces
    from nmt.training.presets import Size, choices

    coverage = report.coverage
    assert coverage is not None
    size = Size(coverage.pairs, len(set.union(*coverage.characters)))
    chosen = choices(config, size)
    subwords = {"vocabulary": chosen["subwords.vocabulary"], "joint": chosen["subwords.joint"]}
    settings = config.subwords.model_copy(update={**subwords, "coverage": chosen["subwords.coverage"]})
    try:
        sides = pieces(report.sample, settings)
    except UserError as error:
        return {"text": [f"vocabulary: {error}"]}
    kind = "joint pieces" if settings.joint else "pieces a side"
    text = [
        f"vocabulary: {settings.vocabulary:,} {kind}, for {size.pairs:,} pairs (learnt from {len(report.sample[0]):,})"
    ]
    for side, found in enumerate(sides):
        text.append(
            f"  {report.parts[0].where(side)}: {found.per_word:.2f} pieces a word, "
            f"{found.bytes_share:.3%} of them bytes; {len(coverage.characters[side]):,} characters"
        )
    for row in coverage.report():
        characters = str(row["unseen_characters"])
        unseen = f", and the characters {characters[:40]!r}" if characters else ""
        text.append(f"  of {row['where']}, {row['unseen_words']:.2%} of the words are in no training pair{unseen}")
    longest = max(found.longest for found in sides)
    length = config.data.max_length if longest > config.data.max_length else max(32, -(-longest * 5 // 4 // 16) * 16)
    command = _command(report, options, {"data.max_length": min(length, config.data.max_length)})
    text += [
        f"suggested: data.max_length {min(length, config.data.max_length)}, because 999 of 1,000 lines have at most "
        f"{longest} pieces; the rest is chosen by `nmt train` from the size: " + _settings(chosen),
        command,
    ]
    return {
        "text": text,
        "settings": chosen,
        "command": command,
        "pieces": [found._asdict() if hasattr(found, "_asdict") else vars(found) for found in sides],
        "coverage": coverage.report(),
    }


def _settings(chosen: dict[str, Any]) -> str:
    wanted = ("subwords.vocabulary", "subwords.joint", "model.embedding", "model.dropout", "train.batch_tokens")
    wanted += ("train.learning_rate", "train.minutes")  # type: ignore[assignment]
    return ", ".join(f"{key} {chosen[key]}" for key in wanted if key in chosen)


def _command(report: Report, options: argparse.Namespace, settings: dict[str, Any]) -> str:
    """The command that trains on the corpus, to be pasted."""
    words = ["nmt", "train"]
    given = {key: value for key, value in vars(options).items() if key.startswith("data.") and value}
    if options.files:
        given["data.train"] = options.files
    for key, value in {**given, **settings}.items():
        words += [f"--{key}", *(value if isinstance(value, list) else [str(value)])]
    missing = " --data.valid VALID.SOURCE VALID.TARGET" if len(report.parts) == 1 and "data.folder" not in given else ""
    return "  " + shlex.join(words) + missing + " --output runs/mine"


def _as_json(report: Report, advice: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "worst": report.worst,
        "parts": [
            {"name": part.name, "locations": list(part.locations), "lines": list(part.lines)} for part in report.parts
        ],
        "findings": [finding.as_json() for finding in report.findings],
        "remarks": report.remarks,
        "vocabulary": {key: value for key, value in (advice or {}).items() if key != "text"},
    }


def _write(lines: Any) -> None:
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _write_json(value: dict[str, Any], path: Path | None) -> None:
    from nmt.data.lines import open_output

    text = json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    if path is None:
        sys.stdout.buffer.write(text)
    else:
        with open_output(path) as file:
            file.write(text)
