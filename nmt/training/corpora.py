"""The corpora of a run: where they lie, cleaned, and encoded beside the model."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nmt import model_folder
from nmt.config import Config, DataConfig
from nmt.data import corpus
from nmt.data.checks import summary
from nmt.data.checks.check import Limits
from nmt.data.checks.chunk import Part
from nmt.data.checks.clean import MENDERS, NORMAL_FORMS, clean_corpus
from nmt.data.cleaning import Cleaner
from nmt.data.corpus.mixture import is_mixture
from nmt.data.encoded import encode_corpus
from nmt.data.lines import Report
from nmt.data.subwords import Vocabulary
from nmt.errors import UserError

CHARACTERS_PER_PIECE = 12
CLEAN = "clean"
"""The folder of the cleaned training pairs, in the trainer's."""
RECORD = "made_of.json"
"""What the files of a folder were made of."""
SIDES = ("source", "target")


@dataclass(frozen=True)
class Corpora:
    """Locations of the corpora of a run, in the forms that `corpus.read_pairs` takes, and their languages. For a
    language model they are `texts`: pairs whose source nobody reads, or text of one language."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    tests: Mapping[str, tuple[str, ...]]
    source: str | None
    target: str | None
    texts: bool = False
    symbols: tuple[str, ...] = ()

    @property
    def tags(self) -> list[str]:
        """The words of the training sources that are one piece: `symbols`, and the tags of a mixture."""
        return [*self.symbols, *corpus.tags(self.train)]

    def pairs(
        self, part: str, locations: tuple[str, ...], report: Report = lambda number, problem: None
    ) -> Iterator[tuple[str, str]]:
        """All pairs of a part: train, validation or test; for a language model with an empty source. `report` is told
        of control characters."""
        return self._as_read(self._there(part, locations, report))

    def _there(self, part: str, locations: tuple[str, ...], report: Report) -> Iterator[tuple[str, str]]:
        languages = self.source, self.target
        return iter(corpus.read_pairs(locations, *languages, split=part, report=report, texts=self.texts))

    def _as_read(self, pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        return (("", target) for _, target in pairs) if self.texts else pairs

    def clean(self, data: DataConfig) -> tuple[Cleaner, Iterator[tuple[str, str]]]:
        """The training pairs that pass the filters, and the cleaner that counts what does not."""
        cleaner = Cleaner(max_characters=data.max_length * CHARACTERS_PER_PIECE, max_ratio=data.max_ratio)
        pairs = self._there("train", self.train, cleaner.note_spaced)
        if self.texts:
            pairs = ((target, target) for _, target in pairs)  # whatever the source, nobody reads it
        return cleaner, self._as_read(cleaner(pairs))


def locate(data: DataConfig, *, texts: bool = False) -> Corpora:
    """Finds the corpora that the settings name; with `texts`, those of a language model. Raises UserError when one is
    missing or the languages are unknown."""
    if data.source is not None and data.source == data.target:
        raise UserError(f"data.source and data.target are both {data.source!r}: name two languages.")
    if data.folder is not None:
        check_folder_alone(data)
        return _in_folder(Path(data.folder), data, texts=texts)
    if not data.train or not data.valid:
        missing = "data.valid" if data.train else "data.train"
        files = "a text file" if texts else "two parallel text files"
        raise UserError(f"{missing} is not given: give {files}, or a corpus in another form; --help lists them.")
    source, target = corpus.languages(data.train, texts=texts)
    _check_order(data.train, data.source, data.target, texts=texts)
    # One of the two was given, and the corpus has them in turn.
    if (data.target is not None and data.target == source) or (data.source is not None and data.source == target):
        source, target = target, source
    source, target = data.source or source, data.target or target
    tests = corpus.apart(data.test) if data.test else {}
    for locations in (data.valid, *tests.values()):
        _check_order(locations, source, target, texts=texts)
    return Corpora(data.train, data.valid, tests, source, target, texts)


def _check_order(locations: tuple[str, ...], source: str | None, target: str | None, *, texts: bool) -> None:
    """Raises UserError for two files of which the first has the language of the target, or the second the source's."""
    first, second = corpus.languages(locations, texts=texts) if len(locations) == 2 else (None, None)
    if first is not None and (source == second or target == first):
        raise UserError(f"{locations[0]} is named first, as the source: turn the files or the languages round.")


def check_folder_alone(data: DataConfig) -> None:
    """Raises UserError for files that are given beside the folder that stands for them."""
    if data.train or data.valid or data.test:
        raise UserError("data.folder stands for data.train, data.valid and data.test: give it or them, not both.")


def made_of(folder: Path) -> Any:
    """What the files of a folder were made of, as was written there; None where that is not known."""
    try:
        return json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Writes down what the files of a folder are made of."""
    model_folder.write_durably(folder / RECORD, json.dumps(record, indent=2).encode())


def cleaned(corpora: Corpora, data: DataConfig, folder: Path, *, new: bool = False) -> Corpora:
    """The corpora with the training pairs that `nmt data clean` keeps, if `data.clean` asks for that: they lie in
    `folder`, where they are written if nothing is there or, of a `new` run, if those there are of other files or
    limits. Raises UserError for a mixture, whose corpora are cleaned one by one, and for a language model, which has no
    pairs."""
    if not data.clean:
        return corpora
    if corpora.texts:
        raise UserError("data.clean compares the sides of pairs: leave it out for a language model.")
    train = Part("train", corpora.train, (corpora.source, corpora.target))
    if is_mixture(corpora.train):
        raise UserError("data.clean takes no mixture: clean its corpora with `nmt data clean`.")
    first, second = (f"train.{language or side}" for language, side in zip(train.languages, SIDES, strict=True))
    files = folder / first, folder / second
    if not folder.exists() or (new and made_of(folder) != _record(corpora, data)):
        _write_cleaned(corpora, data, train, files)
    return replace(corpora, train=tuple(map(str, files)))


def _record(corpora: Corpora, data: DataConfig) -> dict[str, Any]:
    """What cleaned pairs are made of."""
    parts = (corpora.train, corpora.valid, *corpora.tests.values())
    limits = {"max_length": data.max_length, "max_ratio": data.max_ratio}
    languages = {"source": corpora.source, "target": corpora.target}
    return {**languages, **limits, "files": [corpus.fingerprint(part) for part in parts]}


def _write_cleaned(corpora: Corpora, data: DataConfig, train: Part, files: tuple[Path, Path]) -> None:
    """Writes the cleaned pairs, under another name until all are there, in place of others."""
    folder = files[0].parent
    held_out = [("validation", corpora.valid), *((f"test {name}", test) for name, test in corpora.tests.items())]
    parts = [Part(name, where, train.languages, split=name.split()[0]) for name, where in held_out]
    written = folder.with_name(folder.name + ".partial")
    shutil.rmtree(written, ignore_errors=True)
    record = _record(corpora, data)  # of the files as they are read, or older ones
    menders = set(MENDERS) - {"unescape", *NORMAL_FORMS}
    limits = Limits(data.max_length, data.max_ratio)
    result = clean_corpus(train, parts, written, limits=limits, menders=menders)
    for file, final in zip(result.files, files, strict=True):
        file.rename(written / final.name)
    write_record(written, record)
    shutil.rmtree(folder, ignore_errors=True)
    written.rename(folder)
    print("\n".join(summary.of_cleaning(replace(result, files=files), 0)), file=sys.stderr)


def _in_folder(folder: Path, data: DataConfig, *, texts: bool) -> Corpora:
    if not data.target or not (data.source or texts):
        needed = "data.target: the language" if texts else "data.source and data.target: the languages"
        raise UserError(f"data.folder needs {needed}, as the files end.")
    languages = None if texts else data.source, data.target
    train, valid = (corpus.folder_locations(folder, *languages, part) for part in ("train", "val"))
    return Corpora(train, valid, corpus.folder_tests(folder, *languages), data.source, data.target, texts)


def encode(corpora: Corpora, config: Config, vocabulary: Vocabulary, folder: Path) -> tuple[Path, str]:
    """The file of the encoded training pairs, in `folder`, made if it is not there; a line that says what was kept."""
    path = folder / f"train-{corpus.fingerprint(corpora.train)}.arrow"
    if path.exists():
        return path, f"training pairs: {path}"
    changed = (
        "the training files are others than at the beginning, or newer; " if any(folder.glob("train-*.arrow")) else ""
    )
    cleaner, pairs = corpora.clean(config.data)
    dropped = encode_corpus(pairs, vocabulary, path, config.data.max_length)
    if dropped == cleaner.report.kept:
        path.unlink()
        raise UserError(
            f"all {dropped:,} training pairs are longer than data.max_length, {config.data.max_length} pieces: "
            "set more, with another --output."
        )
    report = f"{changed}training pairs: {cleaner.report}"
    return path, report + (f"; longer than {config.data.max_length} pieces {dropped:,}" if dropped else "")


def encode_all(pairs: list[tuple[str, str]], vocabulary: Vocabulary, path: Path) -> None:
    """Encodes every given pair: validation sets are scored whole."""
    encode_corpus(pairs, vocabulary, path, max_length=10**9)
