"""Mixtures: a TOML file that names several corpora, with weights, a temperature and tags. It is read like any other
corpus:

    temperature = 5
    corpus = [
        { locations = "multi30k", source = "en", target = "de", tag = "<2de>" },
        { locations = ["news.en", "news.fr"], source = "en", target = "fr", tag = "<2fr>", weight = 2 },
    ]

Corpus i, of n_i pairs, has a share of the training pairs proportional to weight_i * n_i ** (1 / temperature)
(Arivazhagan et al. 2019, section 4.2). An epoch is as long as it must be to lose no pair: the corpus that the shares
favour least is read once, and every other as often as its share asks, the last time in part, evenly thinned. Nothing is
drawn, so the same file gives the same pairs in the same order; pairs of all corpora are spread evenly over the epoch.
Validation and test pairs are read once each, without weights. FILE.toml:2 is the second corpus alone, with its tag.
"""

from __future__ import annotations

import heapq
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nmt.data.corpus.hub import read_dataset
from nmt.data.corpus.pair import Code, Pair, Reader, ending, missing
from nmt.data.corpus.places import STREAM, files_fingerprint, split_place, stem
from nmt.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def is_mixture(locations: Sequence[str]) -> bool:
    """Accepts a file that ends so, and one corpus of it."""
    return ending(".toml")([_split(location)[0] for location in locations])


def _split(location: str) -> tuple[str, int | None]:
    """FILE.toml:NUMBER in two; without a number, None."""
    path, _, number = location.rpartition(":")
    one = path.endswith(".toml") and number.isdecimal() and not os.path.exists(location)
    return (path, int(number)) if one else (location, None)


class Section(BaseModel):
    """A table of the file. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Entry(Section):
    """One corpus of a mixture."""

    locations: str | tuple[str, ...]
    """Where it lies, in any form but that of a mixture; files are looked for beside the mixture."""
    source: str | None = None
    """Language translated from; that of the settings if left out."""
    target: str | None = None
    """Language translated into, likewise."""
    weight: float = Field(1.0, gt=0, le=1000)
    """How many times the share is that it would have by its size alone."""
    tag: str = ""
    """Put before every source sentence, as `nmt translate --tag` does: <2de>."""


class Mixture(Section):
    """What the file says."""

    corpus: tuple[Entry, ...] = Field(min_length=1)
    """The corpora."""
    temperature: float = Field(1.0, ge=1)
    """1: by size; larger ones favour small corpora, infinitely large ones give all the same share."""


class Part(NamedTuple):
    """One corpus of a mixture, found: its place there, its reader, where it lies, and its languages, tag and weight."""

    where: str
    reader: Reader
    locations: tuple[str, ...]
    entry: Entry

    def pairs(self, source: Code, target: Code, split: str) -> Iterator[Pair]:
        """Its pairs, tagged."""
        before = " ".join([*self.entry.tag.split(), ""])
        source, target = self.entry.source or source, self.entry.target or target
        try:
            for pair in self.reader.read(self.locations, source, target, split):
                blank = not pair.source.strip()  # and stays so, for cleaning to count
                yield pair if blank or not before else Pair(before + pair.source, pair.target)
        except UserError as error:
            raise UserError(f"{self.where}: {error}") from None

    def languages(self) -> tuple[Code, Code]:
        """Its languages, those that it tells by itself where the mixture does not."""
        source, target = self.reader.languages(self.locations)
        return self.entry.source or source, self.entry.target or target


class Mixtures:
    """The reader of mixtures of corpora in other forms."""

    def __init__(self, forms: Mapping[str, Reader]) -> None:
        self._forms = forms
        self._sizes: dict[tuple[object, ...], int] = {}  # counted once, however often a training reads them

    def read(self, locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
        """The pairs of an epoch; of validation and test sets, those of one corpus after the other."""
        mixture, parts = self._found(locations[0])
        if split != "train" or (mixture.temperature == 1 and len({part.entry.weight for part in parts}) == 1):
            for part in parts:
                yield from part.pairs(source, target, split)
            return
        sizes = [self._size(part, source, target, split) for part in parts]
        if not all(sizes):
            where = " and ".join(parts[sizes.index(0)].locations)
            raise UserError(f"{locations[0]}, corpus {sizes.index(0) + 1}: no pairs in {where}. Take it out.")
        quotas = epoch(sizes, [part.entry.weight for part in parts], mixture.temperature)
        streams = [
            _spread(part, number, (source, target, split), size, quota)
            for number, (part, size, quota) in enumerate(zip(parts, sizes, quotas, strict=True))
        ]
        for _, _, pair in heapq.merge(*streams, key=lambda one: one[:2]):
            yield pair

    def languages(self, locations: Sequence[str]) -> tuple[Code, Code]:
        """The languages that all corpora have in common."""
        sources, targets = set(), set()
        for part in self._found(locations[0])[1]:
            source, target = part.languages()
            sources.add(source)
            targets.add(target)
        return sources.pop() if len(sources) == 1 else None, targets.pop() if len(targets) == 1 else None

    def apart(self, location: str) -> dict[str, str]:
        """The location of each corpus by itself, by names such as test2016.en-de."""
        path, found = _split(location)[0], {}
        for part in self._found(location)[1]:
            number = part.where.rpartition(" ")[2]
            first, languages = stem(part.locations[0]), part.languages()
            name = f"{first}.{number}" if None in languages else f"{first}.{languages[0]}-{languages[1]}"
            found[f"{name}.{number}" if name in found else name] = f"{path}:{number}"
        return found

    def tags(self, location: str) -> list[str]:
        """The words of all tags, each once."""
        return list(dict.fromkeys(word for part in self._found(location)[1] for word in part.entry.tag.split()))

    def files(self, location: str) -> list[str]:
        """The mixture itself and where its corpora lie."""
        return [location, *(place for part in self._found(location)[1] for place in part.locations)]

    def _found(self, location: str) -> tuple[Mixture, list[Part]]:
        """The mixture, and its corpora, or the one that the location names."""
        path, wanted = _split(location)
        mixture = _parsed(path)
        if wanted is not None and not 1 <= wanted <= len(mixture.corpus):
            raise UserError(f"{path} has {len(mixture.corpus)} corpora, none with the number {wanted}.")
        parts = []
        for number, entry in enumerate(mixture.corpus, 1):
            named = (entry.locations,) if isinstance(entry.locations, str) else entry.locations
            places = tuple(_beside(os.path.dirname(path), location) for location in named)
            reader = next((reader for reader in self._forms.values() if reader.accepts(places)), None)
            if reader is None:
                forms = ", or ".join(self._forms)
                raise UserError(f"{path}, corpus {number}: {' '.join(named)!r} is of no known form. Give {forms}.")
            if reader.read is read_dataset and not os.path.exists(split_place(places[0])[0]):
                places = named  # no folder: an identifier
            if wanted in (None, number):
                parts.append(Part(f"{path}, corpus {number}", reader, places, entry))
        return mixture, parts

    def _size(self, part: Part, source: Code, target: Code, split: str) -> int:
        key = (part.locations, part.entry, source, target, split, files_fingerprint(part.locations))
        if key not in self._sizes:
            self._sizes[key] = sum(1 for _ in part.pairs(source, target, split))
        return self._sizes[key]


def epoch(sizes: Sequence[int], weights: Sequence[float], temperature: float) -> list[int]:
    """How many pairs of each corpus an epoch has: at least all of it."""
    shares = [weight * size ** (1 / temperature) for size, weight in zip(sizes, weights, strict=True)]
    whole = max(size / share for size, share in zip(sizes, shares, strict=True))
    return [max(size, round(share * whole)) for size, share in zip(sizes, shares, strict=True)]


def _spread(
    part: Part, number: int, languages_and_split: tuple[Code, Code, str], size: int, quota: int
) -> Iterator[tuple[float, int, Pair]]:
    """`quota` pairs of a corpus of `size`, each with its place in an epoch from 0 to 1. The last reading of it is
    thinned evenly."""
    taken = 0
    while taken < quota:
        wanted = min(size, quota - taken)
        for row, pair in enumerate(part.pairs(*languages_and_split)):
            if (row + 1) * wanted // size > row * wanted // size:
                yield (taken + 0.5) / quota, number, pair
                taken += 1


def text_of(mixture: Mixture) -> str:
    """What the file of a mixture says. Texts, lists and numbers in JSON are those in TOML."""
    entries = [
        ", ".join(f"{key} = {_json(value)}" for key, value in entry.model_dump(exclude_defaults=True).items())
        for entry in mixture.corpus
    ]
    listed = "".join(f"    {{ {entry} }},\n" for entry in entries)
    return f"temperature = {mixture.temperature}\ncorpus = [\n{listed}]\n"


def _json(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written.replace("\x7f", "\\u007f")  # the one character that JSON allows and TOML does not


def _beside(folder: str, location: str) -> str:
    """A location that is no absolute path, as one beside the mixture."""
    before = STREAM if location.startswith(STREAM) else ""
    return before + os.path.join(folder, location.removeprefix(STREAM))


def _parsed(path: str) -> Mixture:
    try:
        with open(path, "rb") as file:
            return Mixture.model_validate(tomllib.load(file))
    except FileNotFoundError:
        raise missing(path) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = " ".join(str(word + 1) if isinstance(word, int) else word for word in first["loc"])
        problem = "is no key of a mixture" if first["type"] == "extra_forbidden" else f"{first['msg'].lower()}"
        raise UserError(f"{path}, {key}: {problem}. Known: {_known()}.") from None
    except (ValueError, RecursionError) as error:  # of tomllib, with line and column; or of what is no UTF-8
        raise UserError(
            f'{path} is no TOML: {error}. A mixture is: corpus = [{{ locations = "train.tsv" }}].'
        ) from None


def _known() -> str:
    return f"{', '.join(Mixture.model_fields)}; of a corpus {', '.join(Entry.model_fields)}"
