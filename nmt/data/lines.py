"""Lines of text in and out. Only `\\n` ends a line (`\\r\\n` is accepted); everything else is text."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from nmt.errors import UserError

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")

Report = Callable[[int, str], None]
"""Told of a problem: the number of the line, from 1, and what is wrong with it."""


def read_lines(stream: BinaryIO, report: Report) -> Iterator[str]:
    """The lines of a stream of any bytes, without their ends. A problem is reported and never shifts a line: invalid
    UTF-8 becomes U+FFFD, control characters and stray separators become spaces."""
    for number, raw in enumerate(stream, 1):
        raw = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            report(number, f"byte {error.start + 1} is no UTF-8; replaced by U+FFFD")
            line = raw.decode("utf-8", errors="replace")
        if number == 1:
            line = line.removeprefix("\ufeff")
        yield clean_line(line, functools.partial(report, number))


def clean_line(line: str, report: Callable[[str], None] = lambda problem: None) -> str:
    """A line whose control characters and stray separators are spaces; reports the first of them."""
    found = CONTROL.search(line)
    if found is None:
        return line
    code = f"U+{ord(found.group()):04X}"
    report(f"character {found.start() + 1} is {code}, a control character or separator; read as a space")
    return CONTROL.sub(" ", line)


def one_line(text: str) -> str:
    """Text in which nothing ends a line, for any reader: pieces that spell bytes can spell any character."""
    return CONTROL.sub(" ", text.replace("\r", " ").replace("\n", " "))


def open_input(path: Path) -> BinaryIO:
    """A file to read. Raises UserError when it cannot be."""
    try:
        return open(path, "rb")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give a text file.") from None


@contextlib.contextmanager
def open_output(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which has its name only once it is complete: until then whatever bears the name is untouched,
    so that it may even be the input. Raises UserError when it cannot be written."""
    special = path.exists() and not path.is_file()  # a pipe or a device has no content to save
    final = path if special else path.resolve()  # a link stays one
    temporary = path if special else final.with_name(f"{final.name}.{os.getpid()}.partial")
    try:
        if final.exists() and not os.access(final, os.W_OK):
            raise PermissionError(0, "Permission denied")
        file = open(temporary, "wb")  # noqa: SIM115 (closed below; only the opening is tried here)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): choose another file.") from None
    try:
        with file:
            yield file
        if not special:
            if final.exists():
                shutil.copymode(final, temporary)
            os.replace(temporary, final)
    finally:
        if not special:
            temporary.unlink(missing_ok=True)
