"""Where sentence pairs come from. A form of corpus is a reader and a line of `READERS`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from itertools import chain

from nmt.data.corpus.hub import is_dataset, read_dataset
from nmt.data.corpus.mixture import Mixtures, is_mixture
from nmt.data.corpus.pair import Code, Pair, Reader
from nmt.data.corpus.places import VALIDATION, files_fingerprint, folder_languages, folder_locations, folder_tests, stem
from nmt.data.corpus.po import is_po, po_languages, read_po
from nmt.data.corpus.rows import arrow_languages, is_arrow, is_json_lines, json_languages, read_arrow, read_json_lines
from nmt.data.corpus.shards import Shards
from nmt.data.corpus.text import (
    is_text,
    is_tsv,
    lines,
    parallel_languages,
    read_parallel,
    read_text,
    read_tsv,
    text_languages,
    tsv_languages,
)
from nmt.data.corpus.tmx import is_tmx, read_tmx, tmx_languages
from nmt.data.lines import Report, clean_line
from nmt.errors import UserError

__all__ = [
    "READERS",
    "VALIDATION",
    "Code",
    "Pair",
    "Reader",
    "apart",
    "fingerprint",
    "folder_languages",
    "folder_locations",
    "folder_tests",
    "languages",
    "lines",
    "read_pairs",
    "tags",
]

FILES = {
    "one .tsv": Reader(is_tsv, read_tsv, tsv_languages),
    "one .jsonl": Reader(is_json_lines, read_json_lines, json_languages),
    "one .tmx": Reader(is_tmx, read_tmx, tmx_languages),
    "one .po": Reader(is_po, read_po, po_languages),
    "one .parquet or .arrow": Reader(is_arrow, read_arrow, arrow_languages),
}
"""The forms of one file."""


def is_parallel(locations: Sequence[str]) -> bool:
    """Accepts two locations, unless one holds pairs by itself: a.tsv and b.tsv are not two languages."""
    return len(locations) == 2 and not any(reader.accepts([one]) for one in locations for reader in FILES.values())


TEXTS = {"two parallel text files": Reader(is_parallel, read_parallel, parallel_languages), **FILES}
SHARDS = Shards(TEXTS)
CORPORA = {
    **TEXTS,
    "one folder or archive of such files": Reader(SHARDS.accepts, SHARDS.read, SHARDS.languages),
    "one `datasets` identifier or folder": Reader(is_dataset, read_dataset),  # last: it takes any other name
}
MIXTURES = Mixtures(CORPORA)
READERS = {"one .toml mixture of several": Reader(is_mixture, MIXTURES.read, MIXTURES.languages), **CORPORA}
TARGET_READERS = {**READERS, "one text file": Reader(is_text, read_text, text_languages)}
"""The forms that have a target at least: those of pairs, and text of one language."""


def read_pairs(
    locations: Sequence[str],
    source: Code,
    target: Code,
    split: str = "train",
    report: Report = lambda number, problem: None,
    *,
    texts: bool = False,
) -> Iterator[Pair]:
    """The pairs of a corpus in any form of `READERS`, streamed, in order, each side as translating would read it:
    control characters and stray separators are spaces, and `report` is told the number of the pair for each such side.
    With `texts`, of any form of `TARGET_READERS`.

    Raises UserError if the form is unknown, nothing is there, or a line is not what the form promises.
    """
    pairs = _clean(_reader(locations, texts=texts).read(locations, source, target, split), report)
    first = next(pairs, None)  # read now, so that a missing file is reported here and not at the first use
    if first is None:
        raise UserError(f"{' and '.join(locations)}: no sentence pairs there. At least one is needed.")
    return chain([first], pairs)


def _reader(locations: Sequence[str], *, texts: bool = False) -> Reader:
    readers = TARGET_READERS if texts else READERS
    reader = next((reader for reader in readers.values() if reader.accepts(locations)), None)
    if reader is None:
        raise UserError(f"Not a known form of corpus: '{' '.join(locations)}'. Give {', or '.join(readers)}.")
    return reader


def _clean(pairs: Iterator[Pair], report: Report) -> Iterator[Pair]:
    for number, pair in enumerate(pairs, 1):
        if pair.source.isprintable() and pair.target.isprintable():  # most are: no control character to look for
            yield pair
        else:
            yield Pair(*(clean_line(side, functools.partial(report, number)) for side in pair))


def languages(locations: Sequence[str], *, texts: bool = False) -> tuple[Code, Code]:
    """The languages that a corpus tells by itself, by endings, keys or a header; None for one that it does not."""
    return _reader(locations, texts=texts).languages(locations)


def apart(locations: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The locations of test sets that are scored each by itself, by name: the corpora of a mixture; any other corpus is
    one."""
    if is_mixture(locations):
        return {name: (location,) for name, location in MIXTURES.apart(locations[0]).items()}
    return {stem(locations[0]): tuple(locations)}


def tags(locations: Sequence[str]) -> list[str]:
    """The words that a mixture puts before its source sentences; none for any other corpus."""
    return MIXTURES.tags(locations[0]) if is_mixture(locations) else []


def fingerprint(locations: Sequence[str]) -> str:
    """16 hex digits that change when a location does, or the size or time of a file there, also of one that a mixture
    names."""
    return files_fingerprint(MIXTURES.files(locations[0]) if is_mixture(locations) else locations)
