"""`UserError`: what went wrong, where, and how to mend it. Every face prints it as one line and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
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
