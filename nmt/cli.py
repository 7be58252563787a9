"""The command `nmt`. Each subcommand is a function in a file of `nmt/commands` and a line of `COMMANDS`; what it needs
is imported inside it, so that `nmt --help` answers at once.

Exit codes: 0 done; 2 wrong use or wrong input, told in one line on stderr; 130 interrupted; 141 nobody reads stdout;
143 terminated. stdout carries results only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from nmt import __version__
from nmt.arguments import Parser
from nmt.commands.compress import compress
from nmt.commands.evaluate import evaluate
from nmt.commands.info import info
from nmt.commands.repl import repl
from nmt.commands.rerank import rerank
from nmt.commands.score import score
from nmt.commands.train import train
from nmt.commands.translate import translate
from nmt.errors import UserError, guard, nearest


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


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": train,
    "translate": translate,
    "compress": compress,
    "evaluate": evaluate,
    "score": score,
    "rerank": rerank,
    "repl": repl,
    "info": info,
    "completion": completion,
}
