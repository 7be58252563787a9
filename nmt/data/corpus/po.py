"""PO catalogues of gettext, read an entry at a time. Not by `polib`, which has the whole file in memory, takes strings
without quotes and ends lines at U+2028; a test holds that what polib writes is read here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nmt.data.corpus.pair import Code, Pair, ending
from nmt.data.corpus.text import lines
from nmt.errors import UserError

STATEMENT = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d{1,3}\])?)\s*)?"((?:[^"\\]|\\.)*)"\s*')
"""A keyword and its text, or the text alone, which goes on with the one before."""
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", '"': '"'}
LANGUAGE = re.compile(r"^Language:\s*(\S+)", re.MULTILINE)

is_po = ending(".po")


@dataclass
class Entry:
    """The texts of an entry by their keywords, whether it is fuzzy, and the line on which it begins."""

    line: int = 0
    fuzzy: bool = False
    texts: dict[str, list[str]] = field(default_factory=dict)

    def text(self, keyword: str) -> str:
        """What stands under a keyword; empty if nothing does."""
        return "".join(self.texts.get(keyword, ()))

    @property
    def header(self) -> bool:
        """Whether it is about the catalogue."""
        return not self.text("msgid") and "msgctxt" not in self.texts

    @property
    def translations(self) -> list[str]:
        """The translation, or its plural forms."""
        return [self.text(keyword) for keyword in self.texts if keyword.startswith("msgstr")]


def read_po(locations: Sequence[str], source: Code, target: Code, split: str) -> Iterator[Pair]:
    """The entries that are translated and not fuzzy (which is: unsure). Of plural forms the first translates the
    singular and the last the plural. A catalogue into the language `source` is read the other way round. Raises
    UserError with the line of what is no PO."""
    turned = False
    for entry in _entries(locations[0]):
        if entry.header:
            named = LANGUAGE.search(entry.text("msgstr"))
            turned = named is not None and source is not None and _same(named[1], source)
        elif not entry.fuzzy:
            forms = entry.translations
            sides = [(entry.text("msgid"), forms[0])] if len(forms) > 1 or "msgid_plural" not in entry.texts else []
            sides += [(entry.text("msgid_plural"), forms[-1])] if "msgid_plural" in entry.texts else []
            for original, translation in sides:
                if translation:  # or nobody has translated it yet
                    yield Pair(translation, original) if turned else Pair(original, translation)


def po_languages(locations: Sequence[str]) -> tuple[Code, Code]:
    """The language translated into, from the header."""
    first = next(_entries(locations[0]), None)
    named = LANGUAGE.search(first.text("msgstr")) if first and first.header else None
    return None, named[1] if named else None


def _same(first: str, second: str) -> bool:
    return first.lower().replace("_", "-") == second.lower().replace("_", "-")


def _entries(path: str) -> Iterator[Entry]:
    """The entries of a catalogue, obsolete ones left out: they stand in comments."""
    entry, fuzzy, keyword = Entry(), False, ""
    for number, line in enumerate(lines(path), start=1):
        text = line.strip(" \t\r\f\v")
        if text.startswith("#"):
            flagged = text.startswith("#,") and "fuzzy" in re.split(r"[\s,]+", text)
            fuzzy = (fuzzy or flagged) and not text.startswith("#~")  # an obsolete entry's flag is not the next one's
            keyword = ""
        elif text:
            where = f"{path}, line {number}"
            statement = STATEMENT.fullmatch(text)
            if not statement:
                raise UserError(f'{where}: neither a comment nor a keyword and a text in quotes: write msgid "…".')
            begins = statement[1] == "msgctxt" or (statement[1] == "msgid" and set(entry.texts) != {"msgctxt"})
            if begins and entry.texts:
                yield _whole(entry, path)
            if begins or not entry.texts:
                entry, fuzzy = Entry(number, fuzzy), False
            keyword = statement[1] or keyword
            if not keyword or (statement[1] and keyword in entry.texts):
                raise UserError(f"{where}: a text that belongs to no keyword, or is there twice: begin with msgid.")
            entry.texts.setdefault(keyword, []).append(_unescaped(statement[2], where))
    if entry.texts:
        yield _whole(entry, path)


def _whole(entry: Entry, path: str) -> Entry:
    """The entry, if it has what one needs."""
    if "msgid" not in entry.texts or not entry.translations:
        raise UserError(f"{path}, line {entry.line}: an entry without msgid or msgstr: complete or remove it.")
    return entry


def _unescaped(text: str, where: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1]
        if code in ESCAPES:
            return ESCAPES[code]
        if code[0] in "01234567" or (code[0] == "x" and len(code) > 1):
            return chr(int(code.removeprefix("x"), 16 if code[0] == "x" else 8))
        raise UserError(f"{where}: '\\{code}' stands for nothing: write \\\\ for a backslash.")

    return ESCAPE.sub(character, text) if "\\" in text else text
