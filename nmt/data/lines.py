"""Lines of text in and out. Only `\\n` ends a line (`\\r\\n` is accepted); everything else is text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")

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
        yield clean_line(line, lambda problem, number=number: report(number, problem))


def clean_line(line: str, report: Callable[[str], None] = lambda problem: None) -> str:
    """A line whose control characters and stray separators are spaces; reports the first of them."""
    found = CONTROL.search(line)
    if found is None:
        return line
    report(f"character {found.start() + 1} is U+{ord(found.group()):04X}, a control character or separator; read as a space")
    return CONTROL.sub(" ", line)


def one_line(text: str) -> str:
    """Text in which nothing ends a line."""
    return text.replace("\r", " ").replace("\n", " ")
