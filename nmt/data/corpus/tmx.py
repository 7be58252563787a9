"""TMX, the exchange format of translation memories (LISA 2005, version 1.4b), read a unit at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.parsers import expat

from nmt.data.corpus.pair import Code, Pair, completed, ending, opened
from nmt.data.lines import DAMAGED
from nmt.errors import UserError

MARKUP = {"bpt", "ept", "it", "ph", "ut"}
"""Elements of a segment that hold the code of its document (<b>, {0}) rather than text."""
CHUNK = 2**16

is_tmx = ending(".tmx")


class Unit(NamedTuple):
    """A text for each language of it, and the line on which it begins."""

    line: int
    texts: dict[str, str]


def read_tmx(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """The units that have both languages, the first text of each. A language is found with or without its region, in
    letters of any size: en is en-US, too. Raises UserError, with the line, where the file is no XML, and when no unit
    has both languages."""
    path, found, seen = locations[0], False, set[str]()
    for unit in _units(path):
        if source is None or target is None:
            source, target = completed(source, target, list(unit.texts))
        if source is None or target is None:
            there = ", ".join(unit.texts) or "none"
            raise UserError(f"{path}, line {unit.line}: languages {there}: set data.source and data.target.")
        sides = _text(unit, source), _text(unit, target)
        if sides[0] is not None and sides[1] is not None:
            found = True
            yield Pair(sides[0], sides[1])
        elif not found:
            seen |= unit.texts.keys()
    if not found and seen:
        raise UserError(f"{path} has no unit of {source} and {target}; languages there: {', '.join(sorted(seen))}.")


def tmx_languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The two languages of the first unit."""
    return completed(None, None, list(next((unit.texts for unit in _units(locations[0])), {})))


def _text(unit: Unit, language: str) -> str | None:
    """The text in a language: first under its very name, then under one with, or without, a region."""
    wanted = _plain(language)
    for same in (str.__eq__, _related):
        for name, text in unit.texts.items():
            if same(_plain(name), wanted):
                return text
    return None


def _plain(language: str) -> str:
    return language.lower().replace("_", "-")


def _related(first: str, second: str) -> bool:
    return first.startswith(f"{second}-") or second.startswith(f"{first}-")


class _Parser:
    """Gathers the units of the XML that it is fed."""

    def __init__(self, path: str) -> None:
        self.units: list[Unit] = []
        self._path = path
        self._unit = Unit(0, {})
        self._language = ""
        self._text: list[str] | None = None  # of the segment that is being read
        self._hidden: list[str] = []  # elements of markup that are open in it
        self.expat = expat.ParserCreate()
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self._characters
        self.expat.EntityDeclHandler = self._declared
        self.expat.SkippedEntityHandler = self._skipped

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._text is not None:
            if name in MARKUP:
                self._hidden.append(name)
        elif name == "tu":
            self._unit = Unit(self.expat.CurrentLineNumber, {})
        elif name == "tuv":
            self._language = attributes.get("xml:lang") or attributes.get("lang") or ""
            if not self._language:
                raise UserError(f"{self._where()}: a <tuv> without xml:lang: give its language.")
        elif name == "seg" and self._language:
            self._text = []

    def _end(self, name: str) -> None:
        if self._text is not None:
            if self._hidden and name == self._hidden[-1]:
                self._hidden.pop()
            elif name == "seg":
                self._unit.texts.setdefault(self._language, "".join(self._text))
                self._text = None
        elif name == "tuv":
            self._language = ""
        elif name == "tu":
            self.units.append(self._unit)

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._hidden:
            self._text.append(text)

    def _declared(self, name: str, *rest: object) -> None:
        raise UserError(f"{self._where()}: declares the entity {name!r}, which may grow without end: write it out.")

    def _skipped(self, name: str, parameter: bool) -> None:
        if not parameter:
            raise UserError(f"{self._where()}: the entity {name!r} is not known here: write the character itself.")

    def _where(self) -> str:
        return f"{self._path}, line {self.expat.CurrentLineNumber}"


def _units(path: str) -> Iterator[Unit]:
    """The units of a file, read in chunks; only those of one chunk are in memory."""
    parser = _Parser(path)
    with opened(path) as file:
        last = False
        while not last:
            try:
                chunk = file.read(CHUNK)
                last = not chunk
                parser.expat.Parse(chunk, last)
            except expat.ExpatError as error:
                reason = expat.ErrorString(error.code)
                raise UserError(f"{path}, line {error.lineno}, column {error.offset + 1}: {reason}: mend it.") from None
            except (*DAMAGED, LookupError) as error:
                line = parser.expat.CurrentLineNumber
                raise UserError(f"{path} cannot be read from line {line} on: {error}.") from None
            yield from parser.units
            parser.units.clear()
