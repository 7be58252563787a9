"""Packed files: a packing is the ending of its files and a line of `PACKINGS`, which says how to read and write it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

BUFFER = 2**17


class Packing(NamedTuple):
    """What an open file is unpacked by, and what packs into one."""

    unpacked: Callable[[BinaryIO], Any]
    packed: Callable[[BinaryIO], Any]


def _zstd_unpacked(file: BinaryIO) -> Any:
    import pyarrow  # here, because it takes a while

    return pyarrow.CompressedInputStream(pyarrow.PythonFile(file, "r"), "zstd")


def _zstd_packed(file: BinaryIO) -> Any:
    import pyarrow

    return pyarrow.CompressedOutputStream(pyarrow.PythonFile(file, "w"), "zstd")


PACKINGS = {
    ".gz": Packing(  # no time and no name is packed, so that the same text gives the same bytes
        lambda file: gzip.GzipFile("", "rb", fileobj=file), lambda file: gzip.GzipFile("", "wb", fileobj=file, mtime=0)
    ),
    ".bz2": Packing(bz2.BZ2File, lambda file: bz2.BZ2File(file, "wb")),
    ".xz": Packing(lzma.LZMAFile, lambda file: lzma.LZMAFile(file, "wb")),  # noqa: SIM115 (closed by who opens it)
    ".zst": Packing(_zstd_unpacked, _zstd_packed),
}


def packing(path: str | Path) -> Packing | None:
    """The packing of a file by the ending of its name; None for a plain one."""
    return PACKINGS.get(os.path.splitext(path)[1])


def unpacked_name(path: str) -> str:
    """A name without the ending of a packing."""
    return os.path.splitext(path)[0] if packing(path) else path


class Opened(io.BufferedReader):
    """What is read from a file within a file; closing it closes both."""

    def __init__(self, inner: Any, outer: Any) -> None:
        super().__init__(inner, BUFFER)
        self._outer = outer

    def close(self) -> None:
        super().close()
        self._outer.close()


def unpacking(file: BinaryIO, path: str | Path) -> BinaryIO:
    """An open file of this name as it is read unpacked."""
    found = packing(path)
    return cast(BinaryIO, Opened(found.unpacked(file), file)) if found else file
