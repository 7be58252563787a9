"""Where sentence pairs come from. A form of corpus is a function that yields them and a line of `READERS`."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from nmt.data.drift import not_parallel
from nmt.data.lines import PACKED, Report, clean_line, open_bytes, raw_lines
from nmt.errors import UserError, nearest

Code = str | None  # a language, as in file endings and JSON keys; None where it is left open
Row = Mapping[str, Any]  # one JSON line, or one row of `datasets`

VALIDATION = ("validation", "valid", "val", "dev")  # one part under four names: each stands for the others
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # JSON can spell it ("\ud83d" alone), UTF-8 cannot


class Pair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str


class Reader(NamedTuple):
    """One form of corpus: which locations have it; their pairs by (locations, source, target, split)."""

    accepts: Callable[[Sequence[str]], bool]
    read: Callable[[Sequence[str], Code, Code, str], Iterator[Pair]]


def read_pairs(
    locations: Sequence[str],
    source: Code,
    target: Code,
    split: str = "train",
    report: Report = lambda number, problem: None,
) -> Iterator[Pair]:
    """The pairs of a corpus in any form of `READERS`, streamed, in order, each side as translating would read it:
    control characters and stray separators are spaces, and `report` is told the number of the pair for each such side.

    Raises UserError if the form is unknown, nothing is there, or a line is not what the form promises.
    """
    reader = next((reader for reader in READERS.values() if reader.accepts(locations)), None)
    if reader is None:
        raise UserError(f"Not a known form of corpus: '{' '.join(locations)}'. Give {', or '.join(READERS)}.")
    pairs = _clean(reader.read(locations, source, target, split), report)
    first = next(pairs, None)  # read now, so that a missing file is reported here and not at the first use
    if first is None:
        raise UserError(f"{' and '.join(locations)}: no sentence pairs there. At least one is needed.")
    return chain([first], pairs)


def _clean(pairs: Iterator[Pair], report: Report) -> Iterator[Pair]:
    for number, pair in enumerate(pairs, 1):
        if pair.source.isprintable() and pair.target.isprintable():  # most are: no control character to look for
            yield pair
        else:
            yield Pair(*(clean_line(side, functools.partial(report, number)) for side in pair))


def read_parallel(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """Two text files; line n of one translates line n of the other."""
    first, second = locations
    if os.path.exists(first) and os.path.exists(second) and os.path.samefile(first, second):
        raise UserError(f"{first} and {second} are the same file. Give one file for each language.")
    for source_line, target_line in zip_longest(lines(first), lines(second)):
        if source_line is None or target_line is None:
            raise not_parallel(locations, (map(len, _raw_lines(path)) for path in locations))
        yield Pair(source_line, target_line)


def read_tsv(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """Source, tab, target; or any columns, under a first line that names both languages. No quoting."""
    width, source_column, target_column = 2, 0, 1
    for number, line in enumerate(lines(locations[0]), start=1):
        columns = line.split("\t")
        if number == 1 and source in columns and target in columns:
            width, source_column, target_column = len(columns), columns.index(source), columns.index(target)
            continue
        if len(columns) != width:
            raise UserError(f"{locations[0]}, line {number}: {width} columns needed, {len(columns)} found.")
        yield Pair(columns[source_column], columns[target_column])


def read_json_lines(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """One JSON object a line, in the shapes of `_pairs`."""
    return _pairs(_json_rows(locations[0]), source, target)


def read_dataset(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """A local folder, `owner/name` or `owner/name/configuration`; with `:split` in the end, that split."""
    rows = enumerate(_load_dataset(locations[0], split), start=1)
    return _pairs(((f"{locations[0]}, row {number}", row) for number, row in rows), source, target)


def ending(*endings: str) -> Callable[[Sequence[str]], bool]:
    """Accepts one location that ends so, gzipped or not."""
    return lambda locations: len(locations) == 1 and locations[0].removesuffix(PACKED).endswith(endings)


is_tsv = ending(".tsv")
is_json_lines = ending(".jsonl", ".json")


def is_parallel(locations: Sequence[str]) -> bool:
    """Accepts two locations, unless one holds pairs by itself: a.tsv and b.tsv are not two languages."""
    return len(locations) == 2 and not any(is_tsv([path]) or is_json_lines([path]) for path in locations)


def is_dataset(locations: Sequence[str]) -> bool:
    """Accepts one location that is not a file."""
    return len(locations) == 1 and locations[0][:1] not in ("", ":") and not os.path.isfile(locations[0])


READERS = {
    "two parallel text files": Reader(is_parallel, read_parallel),
    "one .tsv file": Reader(is_tsv, read_tsv),
    "one .jsonl file": Reader(is_json_lines, read_json_lines),
    "one `datasets` identifier or folder": Reader(is_dataset, read_dataset),  # last: it takes any other name
}


def languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The languages by the endings of two text files or the first of the JSON lines; else (None, None)."""
    if is_parallel(locations):
        source, target = (os.path.splitext(path.removesuffix(PACKED))[1][1:] for path in locations)
        return (source, target) if source and target and source != target else (None, None)
    rows = _json_rows(locations[0]) if is_json_lines(locations) else ()
    return next((_complete(None, None, row) for _, row in rows), (None, None))


def folder_locations(folder: str | os.PathLike[str], source: str, target: str, part: str) -> tuple[str, str]:
    """`folder/part.source` and `folder/part.target`, gzipped or not; `part` in any spelling of `VALIDATION`.

    Raises UserError that says which files were looked for and which languages are there.
    """
    files = _unpacked_names(folder)
    for spelling in _spellings(part):
        pair = f"{spelling}.{source}", f"{spelling}.{target}"
        if pair[0] in files and pair[1] in files:
            return os.path.join(folder, files[pair[0]]), os.path.join(folder, files[pair[1]])
    wanted = ", or ".join(f"{spelling}.{source} and {spelling}.{target}" for spelling in _spellings(part))
    stems = (os.path.splitext(name) for name in files)
    there = sorted({code[1:] for stem, code in stems if code and stem in _spellings(part)})
    raise UserError(f"{folder} has no {wanted}. Languages there: {', '.join(there) or 'none'}.")


def folder_tests(folder: str | os.PathLike[str], source: str, target: str) -> dict[str, tuple[str, str]]:
    """Every `folder/test*.source` with a `.target` beside it, gzipped or not, by name ("test2016") in order.

    Raises UserError if there is no such folder; no test set is no error.
    """
    files = _unpacked_names(folder)
    found = (name.removesuffix(f".{source}") for name in sorted(files) if name.endswith(f".{source}"))
    names = [name for name in found if name.startswith("test") and f"{name}.{target}" in files]
    return {name: folder_locations(folder, source, target, name) for name in names}


def _unpacked_names(folder: str | os.PathLike[str]) -> dict[str, str]:
    """The names of the files in a folder by what they are unpacked; a plain file wins over its .gz."""
    if not os.path.isdir(folder):
        raise _missing(os.fspath(folder))
    return {name.removesuffix(PACKED): name for name in sorted(os.listdir(folder), reverse=True)}


def fingerprint(locations: Sequence[str]) -> str:
    """16 hex digits that change when a location does, or the size or time of a file there."""
    stamps: list[tuple[str | int, ...]] = [(location,) for location in locations]
    for path, _ in map(_folder_and_split, locations):
        inside = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
        for file in filter(os.path.isfile, [path, *sorted(inside)]):
            stamps.append((file, os.stat(file).st_size, os.stat(file).st_mtime_ns))
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:16]


def lines(path: str) -> Iterator[str]:
    r"""The lines of a UTF-8 file, gzipped if it ends in .gz. Only "\n" and "\r\n" end one; a BOM is dropped.

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
    try:
        file = open_bytes(path)
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    with file:
        yield from raw_lines(file, path)


def _missing(path: str) -> UserError:
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return UserError(f"{path} is missing: there is no folder {folder}.")
    near = nearest(name, os.listdir(folder or "."))
    return UserError(f"{path} is missing." + (f" Did you mean {os.path.join(folder, near)}?" if near else ""))


def _pairs(rows: Iterable[tuple[str, Row]], source: Code, target: Code) -> Iterator[Pair]:
    """The pairs of (where, row), a row being {"translation": {"en": …, "de": …}}, {"en": …, "de": …} or
    {"source": …, "target": …}. A null, no translation made, is read as a blank, for cleaning to count."""
    for where, row in rows:
        source, target = _complete(source, target, row)
        fields = row.get("translation", row)
        if not isinstance(fields, Mapping):
            raise UserError(f"{where}: 'translation' is {fields!r:.40}, not one text for each language.")
        keys = (source, target) if source in fields and target in fields else ("source", "target")
        if not all(key in fields for key in keys):
            wanted = f"{source!r} and {target!r}, or " if source and target else ""
            has = f"{', '.join(map(repr, fields)) or 'none'}. Set data.source and data.target."
            raise UserError(f"{where}: needs the keys {wanted}'source' and 'target'; has {has}")
        yield Pair(*(_text(fields[key], f"{where}, {key!r}") for key in keys))


def _complete(source: Code, target: Code, row: Row) -> tuple[Code, Code]:
    """Languages left open, from a row with a translation of exactly two, in their order there."""
    fields = row.get("translation")
    if None in (source, target) and isinstance(fields, Mapping) and len(fields) == 2:
        others = [language for language in fields if language not in (source, target)]
        source = source or others.pop(0)
        target = target or others.pop(0)
    return source, target


def _text(value: object, where: str) -> str:
    if not isinstance(value, str | None) or HALF_CHARACTER.search(value or ""):
        raise UserError(f"{where}: {value!r:.60} is not text. Mend or remove it.")
    return value or ""


def _json_rows(path: str) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(lines(path), start=1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue  # many tools leave a blank line at the end
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            row = error
        if not isinstance(row, dict):
            found = row if isinstance(row, Exception) else f"{line!r:.40}"
            raise UserError(f"{where}: not a JSON object ({found}). Put a whole one on each line.")
        yield where, row


def _spellings(part: str) -> list[str]:
    return sorted(VALIDATION, key=lambda name: name != part) if part in VALIDATION else [part]


def _folder_and_split(location: str) -> tuple[str, str]:
    folder, _, split = location.partition(":")
    return (location, "") if os.path.exists(location) else (folder, split)


def _load_dataset(location: str, split: str) -> Iterable[Row]:
    name, named_split = _folder_and_split(location)
    parts, there = name.split("/"), os.path.isdir(name)
    if not there and (len(parts) > 3 or name[0] in "/.~" or os.path.isdir(os.path.dirname(name))):
        raise _missing(name)  # a mistyped path: asking the network for it takes half a minute
    import datasets  # here, because it takes a second

    try:
        saved = any(os.path.isfile(os.path.join(name, mark)) for mark in ("state.json", "dataset_dict.json"))
        load = datasets.load_from_disk if saved else datasets.load_dataset
        loaded = load(*([name] if there else ["/".join(parts[:2]), *parts[2:]]))
    except Exception as error:  # the library raises a dozen unrelated kinds, and those of what it calls
        told = [f"{type(one).__name__}: {one}".partition("\n")[0] for one in (error, error.__cause__) if one]
        what = f"the folder {name}" if there else f"{name}, which is no file or folder here"
        raise UserError(f"`datasets` cannot load {what}: {'; '.join(told)}") from None
    splits: Mapping[str, Iterable[Row]] = loaded if isinstance(loaded, datasets.DatasetDict) else {}
    if not splits and not named_split:
        splits = {split: loaded}  # saved without splits: all of it is meant
    for spelling in _spellings(named_split or split):
        if spelling in splits:
            return splits[spelling]
    known = ", ".join(f"{name}:{known}" for known in splits) or f"only {name}, without splits"
    raise UserError(f"{name} has no split {named_split or split!r}; there is {known}.")
