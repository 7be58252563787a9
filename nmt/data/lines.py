"""Lines of text in and out, packed where the name of a file ends as one of `PACKINGS` does. Only `\\n` ends a line
(`\\r\\n` is accepted); everything else is text."""

from __future__ import annotations

import contextlib
import functools
import io
import lzma
import os
import re
import shutil
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from nmt.data import archives
from nmt.data.packing import packing, unpacking
from nmt.errors import UserError

WINDOW = 4096
"""Lines read ahead, so that lines of like length can be translated together."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
"""Characters that no text needs, or that end a line for some readers: all of them read as a space."""

DAMAGED = (*archives.DAMAGED, OSError, zlib.error, lzma.LZMAError)
"""What is raised where a file is cut off or is not packed as its name says."""

Report = Callable[[int, str], None]
"""Told of a problem: the number of the line, from 1, and what is wrong with it."""


def reporter(name: str, write: Callable[..., object] = print) -> Report:
    """Tells on stderr of a problem in a line of the input `name`. `write` prints; a progress bar has its own."""

    def report(number: int, problem: str) -> None:
        write(f"{name} line {number}: {problem}", file=sys.stderr)

    return report


def read_lines(raw_lines: Iterable[bytes], report: Report, *, first: bool = True) -> Iterator[str]:
    """Lines of any bytes as text, without their ends. A problem is reported and never shifts a line: invalid UTF-8
    becomes U+FFFD, control characters and stray separators become spaces. first: they begin with the first of their
    file, where a byte order mark may stand."""
    for number, raw in enumerate(raw_lines, 1):
        raw = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            report(number, f"byte {error.start + 1} is no UTF-8; replaced by U+FFFD")
            line = raw.decode("utf-8", errors="replace")
        if first and number == 1:
            line = line.removeprefix("\ufeff")
        yield clean_line(line, functools.partial(report, number))


def clean_line(line: str, report: Callable[[str], None] = lambda problem: None) -> str:
    """A line whose control characters and stray separators are spaces; reports the first of them."""
    if line.isprintable():  # most are, and it is told several times faster than by the expression
        return line
    found = CONTROL.search(line)
    if found is None:
        return line
    code = f"U+{ord(found.group()):04X}"
    report(f"character {found.start() + 1} is {code}, a control character or separator; read as a space")
    return CONTROL.sub(" ", line)


def open_bytes(path: str | Path) -> BinaryIO:
    """A file to read, unpacked; also one in an archive, as ARCHIVE.zip/FILE. Raises OSError when there is none to read,
    UserError when the archive is damaged."""
    return unpacking(archives.open_file(os.fspath(path)), path)


def raw_lines(file: BinaryIO, path: str | Path) -> Iterator[bytes]:
    r"""The lines of an open file, with their ends: a binary file splits at "\n" only, a text file would at a lone "\r"
    too. Raises UserError where the file is damaged."""
    number = 0
    try:
        for number, line in enumerate(file, 1):  # noqa: B007 (told below)
            yield line
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be read from line {number + 1} on: {reason}.") from None


@contextlib.contextmanager
def open_input(path: Path) -> Iterator[Iterable[bytes]]:
    """The raw lines of a file. Raises UserError when it cannot be read: at once, or where it is damaged."""
    try:
        file = open_bytes(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give a text file.") from None
    with file:
        yield raw_lines(file, path)


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
        with file, _packing(file, path) as packed:
            yield packed
        if not special:
            if final.exists():
                shutil.copymode(final, temporary)
            os.replace(temporary, final)
    finally:
        if not special:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _packing(file: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    """The file, or what packs into it. The buffer between keeps a flush after every line from spoiling the packing."""
    found = packing(path)
    if found is None:
        yield file
        return
    with found.packed(file) as packed, io.BufferedWriter(packed) as buffered:
        yield buffered
