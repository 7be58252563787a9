"""The command `nmt`. Each subcommand is a function in a file of `nmt/commands` and a line of `COMMANDS`; what it needs
is imported inside it, so that `nmt --help` answers at once.

Exit codes: 0 done; 2 wrong use or wrong input, told in one line on stderr; 3 `nmt data check` has found errors; 130
interrupted; 141 nobody reads stdout; 143 terminated. stdout carries results only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from nmt import __version__
from nmt.arguments import DESCRIBED, Described, Parser
from nmt.commands import data as commands_of_data
from nmt.commands.attention import attention
from nmt.commands.compress import compress
from nmt.commands.evaluate import evaluate
from nmt.commands.info import info
from nmt.commands.repl import repl
from nmt.commands.report import report
from nmt.commands.rerank import rerank
from nmt.commands.score import score
from nmt.commands.serve import serve
from nmt.commands.train import train
from nmt.commands.translate import translate
from nmt.errors import UserError, guard, nearest

Table = Mapping[str, Callable[[list[str]], int]]


def main(argv: Sequence[str] | None = None) -> int:
    """The console command: runs a subcommand and returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        print(f"nmt {__version__}")
        return 0
    return guard(lambda: dispatch(words, COMMANDS, "nmt", "Recurrent machine translation."))


def dispatch(words: list[str], table: Table, program: str, about: str) -> int:
    """Runs the subcommand of a table that the words name."""
    if words is DESCRIBED:
        raise Described(table)
    if not words or words[0] in ("--help", "-h", "help"):
        print(help_text(table, program, about))
        return 0
    name, *rest = words
    if name not in table:
        suggestion = nearest(name, table)
        hint = f" Did you mean {suggestion!r}?" if suggestion else ""
        raise UserError(f"{name!r} is no command of {program}.{hint} There are: {', '.join(table)}.")
    return table[name](rest)


def help_text(table: Table, program: str, about: str) -> str:
    """The subcommands, each with the first line of its docstring."""
    lines = [f"usage: {program} COMMAND ...   ({program} COMMAND --help tells more)", "", about, ""]
    lines += [f"  {name:10} {(command.__doc__ or '').splitlines()[0]}" for name, command in table.items()]
    return "\n".join([*lines, *(["", "  --version  The version of this program."] if program == "nmt" else [])])


def data(words: list[str]) -> int:
    """Checks a corpus, or writes it anew without what is wrong: nmt data check, nmt data clean."""
    return dispatch(words, commands_of_data.COMMANDS, "nmt data", "Looks at a corpus before anything is trained on it.")


def completion(words: list[str]) -> int:
    """Prints a script that lets Tab complete `nmt` in a shell: commands, options, settings, their values, files.

    nmt completion bash > ~/.nmt-completion && echo 'source ~/.nmt-completion' >> ~/.bashrc
    nmt completion zsh > ~/.nmt-completion && echo 'source ~/.nmt-completion' >> ~/.zshrc    (after compinit)"""
    parser = Parser(completion)
    parser.add_argument("shell", choices=("bash", "zsh"), help="the shell")
    shell = parser.parse(words).shell
    from nmt.completion import script

    print(script(COMMANDS, shell), end="")
    return 0


COMMANDS: Table = {
    "data": data,
    "train": train,
    "translate": translate,
    "compress": compress,
    "evaluate": evaluate,
    "score": score,
    "rerank": rerank,
    "attention": attention,
    "report": report,
    "repl": repl,
    "serve": serve,
    "info": info,
    "completion": completion,
}
