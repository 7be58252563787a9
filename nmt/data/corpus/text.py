"""Text, one pair a line: two parallel files, or TSV; one language alone; and the lines that other forms read, too."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from nmt.data.corpus.pair import Code, Pair, completed, ending, opened
from nmt.data.drift import not_parallel
from nmt.data.lines import raw_lines
from nmt.data.packing import unpacked_name
from nmt.errors import UserError

CODE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
"""A language in a header: en, hau, pt-BR, zh_Hant."""

is_tsv = ending(".tsv")


def read_parallel(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """Two text files; line n of one translates line n of the other."""
    first, second = locations
    if os.path.exists(first) and os.path.exists(second) and os.path.samefile(first, second):
        raise UserError(f"{first} and {second} are the same file. Give one file for each language.")
    for source_line, target_line in zip_longest(lines(first), lines(second)):
        if source_line is None or target_line is None:
            raise not_parallel(locations, (map(len, _raw_lines(path)) for path in locations))
        yield Pair(source_line, target_line)


def parallel_languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The languages by the endings of two text files."""
    source, target = (os.path.splitext(unpacked_name(path))[1][1:] for path in locations)
    return (source, target) if source and target and source != target else (None, None)


def is_text(locations: Sequence[str]) -> bool:
    """Accepts one file."""
    return len(locations) == 1 and os.path.isfile(locations[0])


def read_text(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """One text file, of one language: each line as its own translation, so that it passes where pairs are looked at."""
    return (Pair(line, line) for line in lines(locations[0]))


def text_languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The language by the ending of a text file."""
    return None, os.path.splitext(unpacked_name(locations[0]))[1][1:] or None


def read_tsv(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """Source, tab, target; or any columns, under a header. No quoting."""
    width, columns = 2, (0, 1)
    for number, line in enumerate(lines(locations[0]), start=1):
        fields = line.split("\t")
        named = _named_columns(fields, source, target) if number == 1 else None
        if named:
            width, columns = len(fields), named
            continue
        if len(fields) != width:
            raise UserError(
                f"{locations[0]}, line {number}: {width} columns needed, {len(fields)} found: mend or remove the line."
            )
        yield Pair(fields[columns[0]], fields[columns[1]])


def _named_columns(fields: Sequence[str], source: Code, target: Code) -> tuple[int, int] | None:
    """Where a header has the two languages; None for a line that is none. A header has both languages, or both of the
    words source and target; where a language was left open, two codes and nothing else are one, too."""
    if all(CODE.fullmatch(field) for field in fields) and len(set(fields)) == 2:
        source, target = completed(source, target, fields)
    for names in ((source, target), ("source", "target")):
        if names[0] in fields and names[1] in fields:
            return fields.index(str(names[0])), fields.index(str(names[1]))
    return None


def tsv_languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The languages of a header of two codes."""
    fields = next(lines(locations[0]), "").split("\t")
    named = _named_columns(fields, None, None)
    return (fields[0], fields[1]) if named and fields != ["source", "target"] and len(fields) == 2 else (None, None)


def lines(path: str) -> Iterator[str]:
    r"""The lines of a UTF-8 file, unpacked. Only "\n" and "\r\n" end one; a BOM is dropped.

    Raises UserError if the file is missing or unreadable, and with line and byte where it is not UTF-8.
    """
    for number, raw in enumerate(_raw_lines(path), start=1):
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            where = f"{path}, line {number}, byte {error.start + 1}: 0x{raw[error.start]:02x} is not UTF-8"
            raise UserError(f"{where}. If it is Latin-1: iconv -f latin1 -t utf-8 {path} > NEW.") from None
        line = line.removeprefix("\ufeff") if number == 1 else line
        if line:  # empty only where a byte order mark was the whole file
            yield line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")


def _raw_lines(path: str) -> Iterator[bytes]:
    with opened(path) as file:
        yield from raw_lines(file, path)
