"""Folders of shards, and archives as they are downloaded (Moses and OPUS .zip, WMT .tar.gz): files of the other forms
that are one corpus together, in the order of their numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nmt.data import archives
from nmt.data.corpus.pair import Code, Pair, Reader, missing
from nmt.data.corpus.places import STREAM, VALIDATION, spellings, split_place
from nmt.data.corpus.text import CODE
from nmt.data.packing import unpacked_name
from nmt.errors import UserError

SAVED = {"state.json", "dataset_dict.json", "dataset_infos.json"}
"""Marks of the folders that `datasets` reads."""
PARTS = ("train", "test", *VALIDATION)
LANGUAGES = re.compile(r"(?:^|[^A-Za-z])([a-z]{2,3}(?:_[A-Za-z]+)?)-([a-z]{2,3}(?:_[A-Za-z]+)?)$")
"""The two languages in which the names of parallel files end before each one's own: Books.de-en.de."""
COUNT = re.compile(r"-of-(\d+)")


class Shard(NamedTuple):
    """One file, or two, without their folder; and the form that they have."""

    names: list[str]
    form: str


class Shards:
    """The reader of folders and archives of files in other forms."""

    def __init__(self, forms: Mapping[str, Reader]) -> None:
        self._forms = forms

    def accepts(self, locations: Sequence[str]) -> bool:
        """One archive, or one folder with a file that can be a shard, or with two of one name that end in languages.
        `:part` may follow."""
        if len(locations) != 1 or locations[0].startswith(STREAM):
            return False
        place = split_place(locations[0])[0]
        names = os.listdir(place) if os.path.isdir(place) else []
        stems = [stem for stem, code in map(_stem_and_ending, names) if CODE.fullmatch(code)]
        shards = any(self._form(name) for name in names) or len(stems) > len(set(stems))
        return archives.is_archive(place) or (shards and SAVED.isdisjoint(names))

    def read(self, locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
        """The pairs of all shards of a part: those whose names begin with it, or all where no name begins with any
        part. Raises UserError for a shard that is missing, and for files of several forms."""
        place, named = split_place(locations[0])
        for shard in self._shards(place, source, target, named or split):
            files = [f"{place}/{name}" for name in shard.names]
            yield from self._forms[shard.form].read(files, source, target, split)

    def languages(self, locations: Sequence[str]) -> tuple[Code, Code]:
        """The languages that the first file tells: by itself, or by a name like Books.de-en.de."""
        place, named = split_place(locations[0])
        names = _names(place, named or "train")
        for name in names:
            form = self._form(name)
            if form:
                return self._forms[form].languages([f"{place}/{name}"])
            stem = _stem_and_ending(name)[0]
            pair = LANGUAGES.search(stem)
            if pair and {f"{stem}.{pair[1]}", f"{stem}.{pair[2]}"} <= set(map(unpacked_name, names)):
                return pair[1], pair[2]
        return None, None

    def _form(self, name: str) -> str | None:
        """The form of a file that has pairs by itself."""
        return next((form for form, reader in self._forms.items() if reader.accepts([name])), None)

    def _shards(self, place: str, source: Code, target: Code, part: str) -> list[Shard]:
        names = _names(place, part)
        found = [Shard([name], form) for name in names for form in [self._form(name)] if form]
        if source and target:
            both = _text_pairs(place, names, source, target)
            found += [Shard(pair, form) for pair in both for form, one in self._forms.items() if one.accepts(pair)]
        if not found:
            endings = sorted({_stem_and_ending(name)[1] for name in names} - {""})
            there = ", ".join(endings) or "nothing"
            raise UserError(
                f"{place} has no pairs of {source} and {target} to read for {part}: "
                f"its files end in {there}. Set data.source and data.target."
            )
        forms = {shard.form for shard in found}
        if len(forms) > 1:
            raise UserError(f"{place} has files of several forms ({', '.join(sorted(forms))}): name those to read.")
        _check_count(place, found)
        return found


def _names(place: str, part: str) -> list[str]:
    """The files of a part, numbers in order; a plain file wins over a packed one of the same name."""
    if archives.is_archive(place):
        try:
            there = archives.names(place)
        except FileNotFoundError:
            raise missing(place) from None
    else:
        there = os.listdir(place)
    names = sorted({unpacked_name(name): name for name in sorted(there, reverse=True)}.values(), key=_numbers)
    begins = {name: re.split(r"[^A-Za-z]", os.path.basename(name))[0] for name in names}
    parts = set(begins.values()).intersection(PARTS)
    if parts.isdisjoint(spellings(part)) and parts:
        known = ", ".join(f"{place}:{known}" for known in sorted(parts))
        raise UserError(f"{place} has no split {part!r}; there is {known}.")
    return [name for name in names if begins[name] in spellings(part) or not parts]


def _numbers(name: str) -> list[str | int]:
    """A key that sorts shard 10 after shard 9."""
    return [int(word) if word.isdecimal() else word for word in re.split(r"(\d+)", name)]


def _stem_and_ending(name: str) -> tuple[str, str]:
    stem, _, ending = unpacked_name(name).rpartition(".")
    return stem, ending


def _text_pairs(place: str, names: Sequence[str], source: str, target: str) -> list[list[str]]:
    """The text files in both languages, two and two. Raises UserError for one without the other."""
    sides: list[dict[str, str]] = [{}, {}]
    for name in names:
        stem, ending = _stem_and_ending(name)
        named = LANGUAGES.search(stem)
        if ending in (source, target) and (named is None or {named[1], named[2]} == {source, target}):
            sides[(source, target).index(ending)][stem] = name
    for stem in sides[0].keys() ^ sides[1].keys() if all(sides) else ():
        there, other = (source, target) if stem in sides[0] else (target, source)
        raise UserError(f"{place}: {stem}.{there} is there without {stem}.{other}: complete it, or take it away.")
    return [[sides[0][stem], sides[1][stem]] for stem in sides[0] if stem in sides[1]]


def _check_count(place: str, shards: Sequence[Shard]) -> None:
    """Raises UserError where names say that there are more: train-00000-of-00004."""
    for shard in shards:
        count = COUNT.search(shard.names[0])
        if count and int(count[1]) != sum(f"-of-{count[1]}" in other.names[0] for other in shards):
            there = f"{len(shards)} of {int(count[1])} shards"
            raise UserError(f"{place} has {there}: {shard.names[0]} says how many there are. Complete them.")
