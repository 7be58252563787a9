"""What the `datasets` library has: identifiers on its hub, and folders that it saved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nmt.data.corpus.pair import Code, Pair, missing
from nmt.data.corpus.places import STREAM, spellings, split_place
from nmt.data.corpus.rows import Row, pairs_of_rows
from nmt.errors import UserError


def is_dataset(locations: Sequence[str]) -> bool:
    """Accepts one location that is not a file."""
    return len(locations) == 1 and locations[0][:1] not in ("", ":") and not os.path.isfile(locations[0])


def read_dataset(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """A local folder, `owner/name` or `owner/name/configuration`; with `:split` in the end, that split; with `stream:`
    in front, without a copy on the disk."""
    return pairs_of_rows(_rows(locations[0], split), source, target)


def _rows(location: str, split: str) -> Iterator[tuple[str, Row]]:
    """The rows of a data set. Streamed, they are only read, and found to be damaged, here."""
    number, rows = 0, _load(location, split)
    try:
        for number, row in enumerate(rows, start=1):
            yield f"{location}, row {number}", row
    except UserError:
        raise
    except Exception as error:  # the library raises a dozen unrelated kinds, and those of what it calls
        raise UserError(f"{location}: `datasets` cannot read row {number + 1}: {_told(error)}") from None


def _load(location: str, split: str) -> Iterable[Row]:
    streaming = location.startswith(STREAM)
    name, named_split = split_place(location)
    parts, there = name.split("/"), os.path.isdir(name)
    if not there and (
        len(parts) > 3
        or name[:1] in ("", *"/.~")
        or (len(parts) == 1 and "." in name)
        or os.path.isdir(os.path.dirname(name))
    ):
        raise missing(name)  # a mistyped path: asking the network for it takes half a minute
    import datasets  # here, because it takes a second

    try:
        if there and any(os.path.isfile(os.path.join(name, mark)) for mark in ("state.json", "dataset_dict.json")):
            loaded = datasets.load_from_disk(name)  # mapped into memory, so that nothing is copied
        else:
            where = [name] if there else ["/".join(parts[:2]), *parts[2:]]
            loaded = datasets.load_dataset(*where, **({"streaming": True} if streaming else {}))
    except Exception as error:
        what = f"the folder {name}" if there else f"{name}, which is no file or folder here"
        raise UserError(f"`datasets` cannot load {what}: {_told(error)}") from None
    splits: Mapping[str, Iterable[Row]] = loaded if isinstance(loaded, dict) else {}
    if not splits and not named_split:
        splits = {split: loaded}  # saved without splits: all of it is meant
    for spelling in spellings(named_split or split):
        if spelling in splits:
            return splits[spelling]
    known = ", ".join(f"{name}:{known}" for known in splits) or f"only {name}, without splits"
    raise UserError(f"{name} has no split {named_split or split!r}; there is {known}.")


def _told(error: BaseException) -> str:
    """An error and its cause in one line."""
    return "; ".join(f"{type(one).__name__}: {one}".partition("\n")[0] for one in (error, error.__cause__) if one)
