"""Settings from a command line: every key of the configuration is an option, `--section.key value`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from nmt.config import Config
from nmt.errors import UserError, choose, nearest

ALTERNATIVES = (("data.folder", "data.train", "data.valid", "data.test"), ("train.minutes", "train.updates"))
"""Settings that stand for each other: a recipe's defaults for them give way when any of a group is given."""
DEPENDENT = {"data.train": ("data.source", "data.target")}
"""Settings that are those of another: a recipe's defaults for them give way when that one is given."""


def parse(argv: Sequence[str], defaults: dict[str, Any], *, program: str, description: str) -> Config:
    """The configuration of a command line over `defaults` (dotted keys). `--help` prints all settings and leaves.

    Raises UserError for unknown settings and impossible values, naming the nearest known one.
    """
    config = Config().replace(defaults, given=False)
    if "--help" in argv or "-h" in argv:
        print(help_text(config, program=program, description=description))
        raise SystemExit(0)
    changes = {key: _value(key, words) for key, words in _words_by_key(argv, config, program).items()}
    config = config.replace(displaced(changes), given=False).replace(changes)
    values = {key: value for key, value, _ in config.fields()}
    for key, table in choices().items():
        choose(table, values[key], key)
    return config


def displaced(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The library's defaults for what stands beside, or instead of, the settings that are given: what a recipe or an
    earlier start had there has no say then."""
    plain = {key: value for key, value, _ in Config().fields()}
    beside = [key for group in ALTERNATIVES if any(key in changes for key in group) for key in group]
    beside += [key for one, others in DEPENDENT.items() if one in changes for key in others]
    return {key: plain[key] for key in beside if key not in changes}


def choices() -> dict[str, Mapping[str, Any]]:
    """The settings whose value names an entry of a table."""
    from nmt.model.attention import ATTENTION
    from nmt.model.bridge import BRIDGE
    from nmt.model.decoders import DECODER
    from nmt.model.recurrent import RECURRENT
    from nmt.search.penalties import LENGTH_PENALTIES
    from nmt.search.strategies import STRATEGIES
    from nmt.training.optimizers import OPTIMIZERS, SCHEDULES

    return {
        "model.cell": RECURRENT,
        "model.attention": ATTENTION,
        "model.decoder": DECODER,
        "model.bridge": BRIDGE,
        "train.optimizer": OPTIMIZERS,
        "train.schedule": SCHEDULES,
        "search.strategy": STRATEGIES,
        "search.normalization": LENGTH_PENALTIES,
    }


def help_text(config: Config, *, program: str, description: str) -> str:
    """Every setting with its default and its docstring, section by section."""
    tables = choices()
    lines = [f"usage: {program} --section.key value ...", "", description.strip(), ""]
    lines += [
        "Each setting is shown with its default. `none` leaves open what is (open) here; booleans are true or false."
    ]
    section = None
    for key, value, docstring in config.fields():
        name = key.rpartition(".")[0]
        if name != section:
            section = name
            about = type(getattr(config, name)).__doc__ if name else None
            lines += ["", f"{name}: {about}"] if about else [""]
        if key in tables:
            docstring = docstring.replace("{choices}", ", ".join(tables[key]))
        elif allowed := config.words(key):
            docstring += f" One of: {', '.join(allowed)}."
        lines += [f"  --{key} {written(value)}"]
        indent = " " * 8
        lines += textwrap.wrap(docstring, 112, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    return "\n".join(lines)


def _words_by_key(argv: Sequence[str], config: Config, program: str) -> dict[str, list[str]]:
    """The words after each `--key`; where a key is repeated, its last words, so that a script's options can be
    changed by adding to them."""
    known = [key for key, _, _ in config.fields()]
    found: dict[str, list[str]] = {}
    words: list[str] | None = None
    for word in argv:
        if word.startswith("--"):
            key, equals, value = word[2:].partition("=")
            if key not in known:
                suggestion = nearest(key, known)
                hint = f" Did you mean --{suggestion}?" if suggestion else ""
                raise UserError(f"--{key} is no setting.{hint} `{program} --help` lists them all.")
            words = found[key] = [value] if equals else []
        elif words is None:
            raise UserError(f"{word!r} stands before any setting: write --section.key value (`{program} --help`).")
        else:
            words.append(word)
    return found


def _value(key: str, words: list[str]) -> Any:
    """The words of a setting as the configuration takes them: numbers and booleans are read, and checked, there."""
    annotation = Config().annotation(key)
    if words in ([], [""]):
        raise UserError(f"--{key} is given no value.")
    if get_origin(annotation) is tuple:
        return () if words == ["none"] else words
    if words == ["none"] and type(None) in get_args(annotation) and "none" not in Config().words(key):
        return None
    if len(words) > 1:
        raise UserError(f"--{key} takes one value, not {len(words)}: {' '.join(words)}.")
    return words[0]


def written(value: Any) -> str:
    """A value as one would type it."""
    if value is None or value == ():
        return "(open)"
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, tuple) else str(value)
