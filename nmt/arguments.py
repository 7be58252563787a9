"""The options of the subcommands of `nmt`."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from nmt.errors import UserError, nearest

MOST_THREADS = 1024

SEARCH_OPTIONS: dict[str, tuple[type, str, str]] = {
    "strategy": (str, "NAME", "how hypotheses are continued: beam, diverse, sampling"),
    "beam": (int, "K", "hypotheses kept alive, or drawn by sampling; 1 is greedy search"),
    "nbest": (int, "N", "translations of each line, best first"),
    "normalization": (str, "NAME", "how lengths are made up for: average, gnmt, reward"),
    "length_penalty": (float, "A", "strength of the length normalisation; 0 is none"),
    "coverage_penalty": (float, "B", "weight of the penalty for source pieces that were not looked at"),
    "stopping": (str, "WHEN", "full: as many have ended as the beam is wide; proven: none can overtake the best"),
    "prune": (float, "X", "beam: give up hypotheses so many nats behind the best; 0 gives none up"),
    "min_ratio": (float, "R", "shortest translation, in target pieces per source piece"),
    "max_ratio": (float, "R", "longest translation, in target pieces per source piece, beyond 10 pieces"),
    "no_repeat_ngram": (int, "N", "length of the piece sequences that no translation has twice; 0 is any"),
    "groups": (int, "G", "diverse: groups of the beam"),
    "diversity": (float, "D", "diverse: nats that a piece costs for every other group that has just taken it"),
    "temperature": (float, "T", "sampling: below 1, likely pieces are drawn more often"),
    "top_k": (int, "K", "sampling: draw among so many of the likeliest pieces; 0 is all"),
    "top_p": (float, "P", "sampling: draw among the fewest pieces with this share of the probability"),
    "seed": (int, "N", "sampling: seed of the draws"),
    "risk": (str, "NAME", "prefer what is most like the other hypotheses (minimum Bayes risk): none, chrf, bleu"),
    "batch_tokens": (int, "N", "most pieces, times the beam, computed at once; fewer need less memory"),
}
"""Settings of the search that have an option of their own: type, placeholder, help. Left out, the model's own."""


DESCRIBED = ["--described--"]
"""Words on which a command raises `Described` in place of doing anything."""


class Described(Exception):
    """What a command is: a parser, or a table of subcommands."""

    def __init__(self, what: Parser | Mapping[str, Callable[[list[str]], int]]) -> None:
        self.what = what


class Parser(argparse.ArgumentParser):
    """argparse whose errors are `UserError`s, and which names the nearest known option."""

    def __init__(self, command: Callable[[list[str]], int], program: str | None = None) -> None:
        super().__init__(
            prog=program or f"nmt {command.__name__}",
            description=inspect.getdoc(command),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def parse(self, words: list[str]) -> argparse.Namespace:
        """The values of the options. Raises UserError for unknown ones and for values that cannot be; see `DESCRIBED`,
        too."""
        if words is DESCRIBED:
            raise Described(self)
        known = [option for action in self._actions for option in action.option_strings]
        for word in words:
            option = word.split("=")[0]
            if option.startswith("--") and option not in known:
                suggestion = nearest(option, known)
                hint = f" Did you mean {suggestion}?" if suggestion else ""
                raise UserError(f"{option} is no option of {self.prog}.{hint} `{self.prog} --help` lists them.")
        return self.parse_args(words)

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (`{self.prog} --help` tells more).")

    def add_model(self, *search: str) -> None:
        """The options of every command with a model, and those of the search that it takes."""
        self.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model folder")
        self.add_search(*search)
        self.add_machine()

    def add_search(self, *search: str) -> None:
        """Options of the search and, where it is a search of translations, of the models beside the first."""
        for name in search:
            kind, metavar, text = SEARCH_OPTIONS[name]
            self.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=text)
        if "beam" in search:
            text = "more models with the same pieces: their predictions are averaged"
            self.add_argument("--ensemble", type=Path, nargs="+", default=(), metavar="DIR", help=text)
            text = "a language model with the same target pieces: it has its say in the search, and in the scores"
            self.add_argument("--lm", type=Path, metavar="DIR", help=text)
            text = "what the log-probabilities of the --lm count beside those of the model, from 0 on (default: 0.05)"
            self.add_argument("--lm-weight", type=float, metavar="W", help=text)

    def add_machine(self) -> None:
        """The options of every command that computes."""
        self.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to compute")
        self.add_argument("--threads", type=threads, metavar="N", help="threads of the matrix products")


def positive(text: str) -> int:
    """A whole number from 1 on; argparse tells what is wrong by the name of this function."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"it is {number}; give 1 or more")
    return number


def natural(text: str) -> int:
    """A whole number from 0 on."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"it is {number}; give 0 or more")
    return number


def threads(text: str) -> int:
    """A number of threads that a machine may have."""
    number = positive(text)
    if number > MOST_THREADS:
        raise argparse.ArgumentTypeError(f"it is {number}; give {MOST_THREADS} at most")
    return number
