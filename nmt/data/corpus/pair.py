"""What every form of corpus has in common: pairs, the reader of a form, languages left open, the missing file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from nmt.data.lines import open_bytes
from nmt.data.packing import unpacked_name
from nmt.errors import UserError, nearest

Code = str | None
"""A language, as in file endings and JSON keys; None where it is left open."""


class Pair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str


def not_told(locations: Sequence[str]) -> tuple[Code, Code]:
    """The languages of a form that does not tell them."""
    return None, None


class Reader(NamedTuple):
    """One form of corpus: which locations have it; their pairs by (locations, source, target, split); the languages
    that it tells by itself."""

    accepts: Callable[[Sequence[str]], bool]
    read: Callable[[Sequence[str], Code, Code, str], Iterator[Pair]]
    languages: Callable[[Sequence[str]], tuple[Code, Code]] = not_told


def ending(*endings: str) -> Callable[[Sequence[str]], bool]:
    """Accepts one location that ends so, packed or not."""
    return lambda locations: len(locations) == 1 and unpacked_name(locations[0]).endswith(endings)


def completed(source: Code, target: Code, there: Sequence[str]) -> tuple[Code, Code]:
    """Languages left open, from a corpus of exactly two, in their order there."""
    if None in (source, target) and len(there) == 2:
        others = [language for language in there if language not in (source, target)]
        source = source or others.pop(0)
        target = target or (others.pop(0) if others else None)
    return source, target


def opened(path: str) -> BinaryIO:
    """A file to read, unpacked. Raises UserError when it is missing or cannot be read."""
    try:
        return open_bytes(path)
    except FileNotFoundError:
        raise missing(path) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None


def missing(path: str) -> UserError:
    """The error for a path where nothing is: it names the nearest there."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return UserError(f"{path} is missing: there is no folder {folder}.")
    near = nearest(name, os.listdir(folder or "."))
    return UserError(f"{path} is missing." + (f" Did you mean {os.path.join(folder, near)}?" if near else ""))
