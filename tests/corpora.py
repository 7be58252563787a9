"""One corpus written in every form that `nmt.data.corpus` reads: what several tests of it share."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polib
import pyarrow
from pyarrow import ipc, parquet

from nmt.data.packing import PACKINGS

Pairs = Sequence[tuple[str, str]]
Write = Callable[[Path, Pairs], list[str]]


def save(path: Path, content: bytes) -> list[str]:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return [str(path)]


def parallel(folder: Path, pairs: Pairs, stem: str = "train") -> list[str]:
    sides = ["".join(pair[side] + "\n" for pair in pairs).encode() for side in (0, 1)]
    return save(folder / f"{stem}.en", sides[0]) + save(folder / f"{stem}.de", sides[1])


def tsv(folder: Path, pairs: Pairs) -> list[str]:
    return save(folder / "train.tsv", "".join("\t".join(pair) + "\n" for pair in pairs).encode())


def json_lines(folder: Path, pairs: Pairs) -> list[str]:
    rows = (json.dumps({"translation": {"en": source, "de": target}}) + "\n" for source, target in pairs)
    return save(folder / "train.jsonl", "".join(rows).encode())


def tmx(folder: Path, pairs: Pairs, languages: tuple[str, str] = ("en-US", "de")) -> list[str]:
    first, second = (f'<tuv xml:lang="{language}"><seg>' for language in languages)
    units = (f"<tu>{first}{escape(a)}</seg></tuv>{second}{escape(b)}</seg></tuv></tu>\n" for a, b in pairs)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx><body>\n'
    return save(folder / "train.tmx", (head + "".join(units) + "</body></tmx>\n").encode())


def po(folder: Path, pairs: Pairs) -> list[str]:
    catalogue = polib.POFile(wrapwidth=40)
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8", "Language": "de"}
    for number, (source, target) in enumerate(pairs):
        catalogue.append(polib.POEntry(msgctxt=str(number), msgid=source, msgstr=target))
    return save(folder / "train.po", str(catalogue).encode())


def table(pairs: Pairs) -> pyarrow.Table:
    return pyarrow.table({"en": [source for source, _ in pairs], "de": [target for _, target in pairs]})


def parquet_file(folder: Path, pairs: Pairs) -> list[str]:
    written = io.BytesIO()
    parquet.write_table(table(pairs), written, row_group_size=1000)
    return save(folder / "train.parquet", written.getvalue())


def arrow_writer(new: Callable[[Any, Any], Any]) -> Write:
    def write(folder: Path, pairs: Pairs) -> list[str]:
        written, rows = io.BytesIO(), table(pairs)
        with new(written, rows.schema) as writer:
            writer.write_table(rows, max_chunksize=1000)
        return save(folder / "train.arrow", written.getvalue())

    return write


arrow_file, arrow_stream = arrow_writer(ipc.new_file), arrow_writer(ipc.new_stream)


def saved_by_datasets(folder: Path, pairs: Pairs) -> list[str]:
    import datasets

    datasets.Dataset(table(pairs)).save_to_disk(str(folder / "saved"))
    return [str(folder / "saved")]


def streamed_by_datasets(folder: Path, pairs: Pairs) -> list[str]:
    json_lines(folder / "streamed", pairs)
    return [f"stream:{folder / 'streamed'}"]


def shards(folder: Path, pairs: Pairs) -> list[str]:
    """Eleven, so that 10 comes after 9, as texts."""
    inner = folder / "shards"
    for number in range(11):
        parallel(inner, [pair for place, pair in enumerate(pairs) if min(place, 10) == number], f"train-{number}")
    return [str(inner)]


def shards_of_json(folder: Path, pairs: Pairs) -> list[str]:
    half = len(pairs) // 2
    for number, some in enumerate((pairs[:half], pairs[half:])):
        (plain,) = json_lines(folder / "packed", some)
        packed(plain, ".zst", str(folder / "packed" / f"train-{number:05}-of-00002.jsonl"))
    return [str(folder / "packed")]


def moses_zip(folder: Path, pairs: Pairs) -> list[str]:
    with zipfile.ZipFile(folder / "Books.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, language in zip(parallel(folder / "inner", pairs), ("en", "de"), strict=True):
            archive.write(path, f"Books.de-en.{language}")
        for name in ("README", "LICENSE", "Books.de-en.ids"):
            archive.writestr(name, "no pairs here\n")
    return [str(folder / "Books.zip")]


def tar_gz(folder: Path, pairs: Pairs) -> list[str]:
    parallel(folder / "training", pairs, "europarl.de-en")
    parallel(folder / "training", [("x", "y")], "europarl.cs-en")
    (folder / "training" / "europarl.cs-en.de").rename(folder / "training" / "europarl.cs-en.cs")
    with tarfile.open(folder / "parallel.tgz", "w:gz") as archive:
        archive.add(folder / "training", "training")
    return [str(folder / "parallel.tgz")]


def mixture(folder: Path, pairs: Pairs) -> list[str]:
    parallel(folder, pairs)
    entry = 'corpus = [{ locations = ["train.en", "train.de"] }]\n'
    return save(folder / "mix.toml", entry.encode())


TEXTS: dict[str, Write] = {"parallel": parallel, "tsv": tsv, "jsonl": json_lines, "tmx": tmx, "po": po}
FORMS: dict[str, Write] = {
    **TEXTS,
    "parquet": parquet_file,
    "arrow file": arrow_file,
    "arrow stream": arrow_stream,
    "saved by datasets": saved_by_datasets,
    "streamed by datasets": streamed_by_datasets,
    "shards": shards,
    "shards of json": shards_of_json,
    "moses zip": moses_zip,
    "tar.gz": tar_gz,
    "mixture": mixture,
}


def packed(path: str, ending: str, name: str | None = None) -> str:
    """Packs a file, which is gone then; returns the new one's path."""
    new = (name or path) + ending
    with open(new, "wb") as file, PACKINGS[ending].packed(file) as packing:
        packing.write(Path(path).read_bytes())
    Path(path).unlink()
    return new
