"""`UserError`: what went wrong, where, and how to mend it; and `guard`, by which every face prints it as one line."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class UserError(Exception):
    """An error that the person at the keyboard caused and can mend. The message is one line: what, where, the mend."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The entry of `known` spelled most like `name`, or None when nothing comes near."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None


def unknown(what: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that is in no table: it names the nearest known one and lists the others."""
    known = list(known)
    suggestion = nearest(name, known)
    hint = f" Did you mean {suggestion!r}?" if suggestion else ""
    return UserError(f"{what} {name!r} is unknown.{hint} Known: {', '.join(known)}.")


def choose(table: Mapping[str, T], name: str, key: str) -> T:
    """The entry `name` of a table, for the setting `key`; raises UserError that lists the table if there is none."""
    if name not in table:
        raise unknown(key, name, table)
    return table[name]


def guard(function: Callable[[], object], program: str = "nmt") -> int:
    """Runs what a command does. Returns its exit code: the function's own if that is an int, otherwise 0; an error of
    the person at the keyboard becomes one line on stderr and 2."""
    try:
        code = function()
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt as interruption:
        print(f"{program}: {str(interruption) or 'interrupted'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Python flushes stdout once more when it ends: let it flush into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except UserError as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename or 'the system says'}: {error.strerror or error}."
    print(f"{program}: error: {' '.join(message.splitlines())}", file=sys.stderr)
    return 2
