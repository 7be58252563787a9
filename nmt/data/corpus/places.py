"""Where the files of a corpus lie: the parts of a folder by their usual names, and a fingerprint of what is there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from nmt.data.corpus.pair import missing
from nmt.data.packing import unpacked_name
from nmt.errors import UserError

VALIDATION = ("validation", "valid", "val", "dev")  # one part under four names: each stands for the others

STREAM = "stream:"
"""In front of a `datasets` identifier: its rows are read as they come and none is kept, for what is too large for the
disk."""


def spellings(part: str) -> list[str]:
    """The names of a part, its own first."""
    return sorted(VALIDATION, key=lambda name: name != part) if part in VALIDATION else [part]


def split_place(location: str) -> tuple[str, str]:
    """FOLDER:SPLIT in two, without `stream:`; the split is empty where none is named."""
    location = location.removeprefix(STREAM)
    folder, _, split = location.partition(":")
    return (location, "") if os.path.exists(location) else (folder, split)


def stem(location: str) -> str:
    """The first word of a file's name: test2016 of data/test2016.en.gz."""
    return os.path.basename(location.rstrip("/")).split(".")[0]


def folder_languages(folder: str | os.PathLike[str]) -> list[str]:
    """The languages that a folder has a train.LANGUAGE of, packed or not, and a val.LANGUAGE, in order."""
    files = _unpacked_names(folder)
    codes = (code for name in files for part, _, code in [name.partition(".")] if part == "train" and code)
    return sorted(code for code in codes if any(f"{part}.{code}" in files for part in VALIDATION))


def folder_locations(folder: str | os.PathLike[str], source: str | None, target: str, part: str) -> tuple[str, ...]:
    """`folder/part.source`, unless there is no source, and `folder/part.target`, packed or not; `part` in any spelling
    of `VALIDATION`.

    Raises UserError that says which files were looked for and which languages are there.
    """
    files = _unpacked_names(folder)
    codes = [target] if source is None else [source, target]
    names = [[f"{spelling}.{code}" for code in codes] for spelling in spellings(part)]
    for some in names:
        if files.keys() >= set(some):
            return tuple(os.path.join(folder, files[name]) for name in some)
    wanted = ", or ".join(map(" and ".join, names))
    stems = (os.path.splitext(name) for name in files)
    there = sorted({code[1:] for stem, code in stems if code and stem in spellings(part)})
    raise UserError(f"{folder} has no {wanted}. Languages there: {', '.join(there) or 'none'}.")


def folder_tests(folder: str | os.PathLike[str], source: str | None, target: str) -> dict[str, tuple[str, ...]]:
    """Every `folder/test*.source` with a `.target` beside it, packed or not, by name ("test2016") in order; without a
    source, every `folder/test*.target`.

    Raises UserError if there is no such folder; no test set is no error.
    """
    files = _unpacked_names(folder)
    ending = f".{source or target}"
    found = (name.removesuffix(ending) for name in sorted(files) if name.endswith(ending))
    names = [name for name in found if name.startswith("test") and f"{name}.{target}" in files]
    return {name: folder_locations(folder, source, target, name) for name in names}


def _unpacked_names(folder: str | os.PathLike[str]) -> dict[str, str]:
    """The names of the files in a folder by what they are unpacked; a plain file wins over a packed one."""
    if not os.path.isdir(folder):
        raise missing(os.fspath(folder))
    return {unpacked_name(name): name for name in sorted(os.listdir(folder), reverse=True)}


def files_fingerprint(locations: Sequence[str]) -> str:
    """16 hex digits that change when a location does, or the size or time of a file there."""
    stamps: list[tuple[str | int, ...]] = [(location,) for location in locations]
    for path, _ in map(split_place, locations):
        inside = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
        around = map(str, Path(path).parents)  # an archive
        for file in filter(os.path.isfile, [path, *around, *sorted(inside)]):
            stamps.append((file, os.stat(file).st_size, os.stat(file).st_mtime_ns))
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:16]
