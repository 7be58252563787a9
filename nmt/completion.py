"""What Tab offers in a shell: a script made from the same tables as the commands themselves. It is looked up in the
shell, so that no program has to start."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, get_origin

from nmt.arguments import DESCRIBED, SEARCH_OPTIONS, Described

Commands = Mapping[str, Callable[[list[str]], int]]


class Option(NamedTuple):
    """An option and its values: words, or what `FILES` and `FOLDERS` stand for; `several` may follow each other."""

    name: str
    values: tuple[str, ...]
    takes: bool = True
    several: bool = False


FILES, FOLDERS = ("<files>",), ("<folders>",)


def script(commands: Commands, shell: str) -> str:
    """The script for a shell, of `SHELLS`: a table of all options and their values, and what looks it up."""
    lines = ["# Made by `nmt completion`.", "_nmt_table() {", '    case "$1" in']
    lines.append(f"    '') _nmt_words={quoted(commands)} ;;")
    for name, command in commands.items():
        options = list(options_of(name, command))
        lines.append(f"    {name}) _nmt_words={quoted(option.name for option in options)} ;;")
        for option in options:
            if option.takes:
                several = " _nmt_several=1" if option.several else ""
                lines.append(f"    '{name} {option.name}') _nmt_words={quoted(option.values)}{several} ;;")
    return "\n".join([*lines, "    *) return 1 ;;", "    esac", "}", SHELLS[shell].strip(), ""])


def options_of(name: str, command: Callable[[list[str]], int]) -> Iterator[Option]:
    """The options of a command."""
    if name == "train":
        yield from _settings()
        return
    try:
        command(DESCRIBED)
    except Described as described:
        tables = _tables()
        for action in described.parser._actions:
            for written in action.option_strings[-1:]:
                yield _option(written, action, tables)
            if not action.option_strings and action.choices:
                yield from (Option(str(word), (), takes=False) for word in action.choices)


def _option(written: str, action: argparse.Action, tables: Mapping[str, Mapping[str, object]]) -> Option:
    several = action.nargs in ("+", "*")
    if action.nargs == 0:
        return Option(written, (), takes=False)
    if action.type is Path:
        return Option(written, FOLDERS if action.metavar == "DIR" else FILES, several=several)
    words = tuple(str(word) for word in action.choices or tables.get(action.dest) or ())
    return Option(written, words, several=several)


def _settings() -> Iterator[Option]:
    """The settings of a training."""
    from nmt.config import Config
    from nmt.options import choices

    config, tables = Config(), choices()
    yield Option("--help", (), takes=False)
    for key, _, _ in config.fields():
        words = tuple(tables.get(key) or config.words(key))
        annotation = config.annotation(key)
        if annotation is bool or annotation == bool | None:
            words = ("true", "false")
        several = get_origin(annotation) is tuple
        values = FILES if several else FOLDERS if key in ("output", "data.folder", "train.finetune") else words
        yield Option(f"--{key}", values, several=several)


def _tables() -> dict[str, Mapping[str, object]]:
    """The tables that options without `choices` are looked up in, by the name of the option."""
    from nmt.config import Config
    from nmt.formats import FORMATS
    from nmt.options import choices
    from nmt.text.spans import KINDS

    words = {name: dict.fromkeys(Config().words(f"search.{name}")) for name in SEARCH_OPTIONS}
    named = {key.removeprefix("search."): table for key, table in choices().items() if key.startswith("search.")}
    return {**words, **named, "format": FORMATS, "protect": KINDS}


def quoted(words: Iterable[str]) -> str:
    """Words as one word of a shell."""
    return shlex.quote(" ".join(words))


LOOK_UP = """
# From the word at the cursor and those before it, sets _nmt_words to what the word may be.
_nmt_look_up() {
    local current="$1" command="${2-}" option='' count=0 word
    shift; [ $# -gt 0 ] && shift
    for word in "$@"; do
        case "$word" in
        --*) option="$word"; count=0 ;;
        =) ;;
        *) count=$((count + 1)) ;;
        esac
    done
    _nmt_words='' _nmt_several=''
    case "$current" in
    -*) ;;
    *)  if _nmt_table "$command $option" && { [ "$count" -eq 0 ] || [ -n "$_nmt_several" ]; }; then return; fi ;;
    esac
    _nmt_table "$command"
}
"""
BASH = """
_nmt() {
    local IFS=$' \\t\\n' current="${COMP_WORDS[COMP_CWORD]}"
    [ "$current" = = ] && current=''
    _nmt_look_up "$current" "${COMP_WORDS[@]:1:COMP_CWORD-1}"
    local words="$_nmt_words"
    case "$words" in
    '<files>') compopt -o filenames; IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")) ;;
    '<folders>') compopt -o filenames; IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    esac
}
complete -F _nmt nmt
"""
ZSH = """
_nmt() {
    local -a before
    before=("${(@)words[2,CURRENT-1]}")
    if [[ "$PREFIX" == --*=* ]]; then
        before+=("${PREFIX%%=*}")
        compset -P '*='
    fi
    _nmt_look_up "$PREFIX" "${(@)before}"
    case "$_nmt_words" in
    '<files>') _files ;;
    '<folders>') _files -/ ;;
    *) compadd -- ${=_nmt_words} ;;
    esac
}
compdef _nmt nmt
"""
SHELLS = {"bash": LOOK_UP + BASH, "zsh": LOOK_UP + ZSH}
