"""What Tab offers in a shell: a script made from the same tables as the commands themselves. It is looked up in the
shell, so that no program has to start."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, get_origin

from nmt.arguments import DESCRIBED, SEARCH_OPTIONS, Described
from nmt.commands.train import train

Commands = Mapping[str, Callable[[list[str]], int]]


class Option(NamedTuple):
    """An option, '' where the values have none, and these: words, or `FILES` or `FOLDERS`; `several` may follow each
    other."""

    name: str
    values: tuple[str, ...]
    takes: bool = True
    several: bool = False


FILES, FOLDERS = ("<files>",), ("<folders>",)
PATHS = {"FILE": FILES, "DIR": FOLDERS, "FOLDER": FOLDERS}
IN_FOLDERS = {"output", "data.folder", "subwords.of", "train.finetune", "synthetic.models"}
"""The settings of a training that name folders."""


def script(commands: Commands, shell: str) -> str:
    """The script for a shell, of `SHELLS`: a table of all options and their values, and what looks it up."""
    lines = ["# Made by `nmt completion`.", "_nmt_table() {", '    case "$1" in', *_rows("", commands)]
    return "\n".join([*lines, "    *) return 1 ;;", "    esac", "}", SHELLS[shell].strip(), ""])


def _rows(before: str, commands: Commands) -> Iterator[str]:
    """The lines of the table about some commands: after `COMMAND` come its options or subcommands, after
    `COMMAND OPTION` the values of that, and after `COMMAND ` those of no option."""
    yield _row(before.strip(), commands)
    for name, command in commands.items():
        full = f"{before}{name}"
        what = described(command)
        if isinstance(what, Mapping):
            yield from _rows(f"{full} ", what)
            continue
        yield _row(full, (option.name for option in what if option.name))
        yield from (_row(f"{full} {option.name}", option.values, option.several) for option in what if option.takes)


def _row(key: str, words: Iterable[str], several: bool = False) -> str:
    more = " _nmt_several=1" if several else ""
    return f"    {shlex.quote(key)}) _nmt_words={shlex.quote(' '.join(words))}{more} ;;"


def described(command: Callable[[list[str]], int]) -> list[Option] | Commands:
    """The options of a command, or its subcommands."""
    if command is train:
        return list(_settings())
    try:
        command(DESCRIBED)
    except Described as described:
        if isinstance(described.what, Mapping):
            return described.what
        tables = _tables()
        return [_option((*action.option_strings, "")[0], action, tables) for action in described.what._actions]
    raise AssertionError("a command begins with reading its words")


def _option(name: str, action: argparse.Action, tables: Mapping[str, Mapping[str, object]]) -> Option:
    several = action.nargs in ("+", "*")
    if action.nargs == 0:
        return Option(action.option_strings[-1], (), takes=False)  # --help, which is -h too
    if action.metavar in PATHS:
        return Option(name, PATHS[action.metavar], several=several)
    words = tuple(str(word) for word in action.choices or tables.get(action.dest) or ())
    return Option(name, words, several=several)


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
        values = FOLDERS if key in IN_FOLDERS else FILES if several else words
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


LOOK_UP = """
# From the word at the cursor and those before it, sets _nmt_words to what the word may be.
_nmt_look_up() {
    local current="$1" command="${2-}" option='' count=0 word
    shift; [ $# -gt 0 ] && shift
    case "${1-}" in
    -* | '') ;;
    *) if _nmt_table "$command $1"; then command="$command $1"; shift; fi ;;
    esac
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
