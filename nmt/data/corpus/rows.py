"""Rows with a text for each language: JSON lines, Arrow and Parquet files, and what `datasets` has of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from nmt.data.corpus.pair import Code, Pair, completed, ending, missing
from nmt.data.corpus.text import lines
from nmt.errors import UserError

Row = Mapping[str, Any]
Rows = Iterable[tuple[str, Row]]
"""Where a row stands, for errors, and the row."""

HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # JSON can spell it ("\ud83d" alone), UTF-8 cannot
BATCH = 1000
"""Rows of an Arrow or Parquet file that become Python's own at once."""

is_json_lines = ending(".jsonl", ".json")
is_arrow = ending(".parquet", ".arrow")


def read_json_lines(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """One JSON object a line, in the shapes of `pairs_of_rows`."""
    return pairs_of_rows(_json_rows(locations[0]), source, target)


def json_languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The two languages of the first JSON line."""
    return next((_complete(None, None, row) for _, row in _json_rows(locations[0])), (None, None))


def read_arrow(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """A Parquet file or an Arrow file of either kind, a batch of rows at a time, in the shapes of `pairs_of_rows`."""
    return pairs_of_rows(_arrow_rows(locations[0]), source, target)


def arrow_languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The two languages of the first row."""
    return next((_complete(None, None, row) for _, row in _arrow_rows(locations[0])), (None, None))


def pairs_of_rows(rows: Rows, source: Code, target: Code) -> Iterator[Pair]:
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
    fields = row.get("translation")
    return completed(source, target, list(fields) if isinstance(fields, Mapping) else [])


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


def _arrow_rows(path: str) -> Iterator[tuple[str, Row]]:
    """The rows of a file that may be damaged anywhere: nothing in it is trusted before it is checked."""
    import pyarrow  # here, because it takes a while

    number = 0
    try:
        with pyarrow.OSFile(path) as file:
            for batch in _parquet_batches(file) if path.endswith(".parquet") else _arrow_batches(file):
                for start in range(0, len(batch), BATCH):
                    some = batch.slice(start, BATCH)
                    some.validate(full=True)  # or a wrong length would be read beyond the end
                    for number, row in enumerate(some.to_pylist(), number + 1):  # noqa: B020 (goes on counting)
                        yield f"{path}, row {number}", row
    except FileNotFoundError:
        raise missing(path) from None
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} cannot be read from row {number + 1} on: {reason}. Write it anew.") from None


def _parquet_batches(file: Any) -> Iterator[Any]:
    from pyarrow import parquet

    return parquet.ParquetFile(file).iter_batches(BATCH)  # type: ignore[no-any-return]


def _arrow_batches(file: Any) -> Iterator[Any]:
    """Of the form for files (also named Feather) or for streams, which is that of `datasets`."""
    from pyarrow import ipc

    with suppress(ValueError):
        whole = ipc.open_file(file)
        return (whole.get_batch(number) for number in range(whole.num_record_batches))
    file.seek(0)
    return iter(ipc.open_stream(file))
