"""Glossaries: which words a translation is to have, or not to have, because of its source."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nmt.data.lines import open_input, read_lines, reporter
from nmt.errors import UserError
from nmt.text.spans import Span
from nmt.text.words import WORD

FORBIDDEN = "!"


class Term(NamedTuple):
    """A word or phrase of a source, as words, and what it asks for, or forbids, in the translation."""

    source: tuple[str, ...]
    target: str
    forbidden: bool


class Asked(NamedTuple):
    """A term of the target language, and where in the line stands what asks for it."""

    place: int
    target: str


class Glossary:
    """Terms. One whose source is written without capitals is found in any case, others as they are written; of two
    that overlap, the one that begins first is meant, then the longer."""

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self.always: list[str] = []
        self._by_word: dict[str, list[Term]] = {}
        known: dict[tuple[str, ...], str] = {}
        for term in terms:
            if not term.source:
                self.always.append(term.target)
                continue
            first = term.target if term.forbidden else known.setdefault(term.source, term.target)
            if composed(first) != composed(term.target):
                raise UserError(
                    f"the glossary has {' '.join(term.source)!r} twice, as {known[term.source]!r} and as "
                    f"{term.target!r}: leave one out."
                )
            self._by_word.setdefault(folded(term.source[0]), []).append(term)
        self.asks = bool(known)
        for term in itertools.chain(*self._by_word.values()):
            if term.forbidden and standing(term.target, known.get(term.source, "")):
                raise UserError(
                    f"the glossary both asks for and forbids {term.target!r} where {' '.join(term.source)!r} is: "
                    "leave one out."
                )
        for target in known.values():
            if never := self.never(target):
                raise UserError(f"the glossary asks for {target!r} and forbids {never[0]!r}: change one of the two.")

    def __bool__(self) -> bool:
        return bool(self.always or self._by_word)

    def never(self, phrase: str) -> list[str]:
        """The words of a phrase that no translation may have."""
        return [word for word in self.always if standing(word, phrase)]

    def asked(self, line: str, hidden: Sequence[Span] = ()) -> tuple[list[Asked], list[str]]:
        """What a line asks for, each term once, and what it forbids. hidden: parts of the line in which no term
        is looked for."""
        asked: dict[str, Asked] = {}
        forbidden = dict.fromkeys(self.always)
        matches = list(WORD.finditer(line))
        words = [composed(match.group()) for match in matches]
        concealed = {place for span in hidden for place in range(span.start, span.end)}
        covered = 0
        for number, match in enumerate(matches):
            if match.start() in concealed:
                continue
            for term in self._found(words, number):
                if term.forbidden:
                    forbidden[term.target] = None
                elif number >= covered:
                    asked.setdefault(term.target, Asked(match.start(), term.target))
                    covered = number + len(term.source)
        return list(asked.values()), list(forbidden)

    def _found(self, words: Sequence[str], number: int) -> Iterator[Term]:
        """The terms that stand at a word, the longest first, then those written as they stand."""
        found = []
        for term in self._by_word.get(folded(words[number]), ()):
            stands = tuple(words[number : number + len(term.source)])
            if len(stands) == len(term.source) and all(map(_same, stands, term.source)):
                found.append((-len(stands), stands != term.source, term))
        yield from (term for _, _, term in sorted(found, key=lambda one: one[:2]))


def _same(word: str, wanted: str) -> bool:
    return word == wanted or (wanted == folded(wanted) == folded(word))


def make_term(source: str, target: str) -> Term:
    """A term from the two columns of a glossary. Raises UserError for one that asks for nothing."""
    forbidden = target.startswith(FORBIDDEN)
    text = " ".join(target.removeprefix(FORBIDDEN).split())
    words = tuple(map(composed, WORD.findall(source)))
    if not text:
        raise UserError(f"the term {source!r} has no translation: give one, or {FORBIDDEN}WORD to forbid a word.")
    if not words and not forbidden:
        raise UserError(f"{text!r} is asked for by no source term: give one, or write {FORBIDDEN}{text} to forbid it.")
    return Term(words, text, forbidden)


def read_glossary(path: Path) -> list[Term]:
    """The terms of a file of two columns with a tab between: `source term`, `target term`. A target `!word` forbids
    that word in lines with the source term; if the source is empty, in all lines. Raises UserError that names a line
    which is none of these."""
    terms = []
    with open_input(path) as raw_lines:
        for number, line in enumerate(read_lines(raw_lines, reporter(str(path))), 1):
            if not line.strip():
                continue
            source, tab, target = line.partition("\t")
            if not tab or "\t" in target.strip():
                what = f"has {line.count(tab) + 1} columns" if tab else "has no tab"
                raise UserError(f"{path} line {number} {what}: write source term, tab, target term.")
            try:
                terms.append(make_term(source.strip(), target.strip()))
            except UserError as error:
                raise UserError(f"{path} line {number}: {error}") from None
    return terms


def standing(word: str, text: str) -> list[tuple[int, int]]:
    """Where a phrase stands in a text as words of its own, in any case: starts and ends."""
    wanted = [folded(match.group()) for match in WORD.finditer(word)]
    matches = list(WORD.finditer(text))
    words = [folded(match.group()) for match in matches]
    found = []
    for number in range(len(matches) - len(wanted) + 1):
        last = number + len(wanted)
        if wanted and words[number:last] == wanted:
            found.append((matches[number].start(), matches[last - 1].end()))
    return found


def folded(text: str) -> str:
    """A text in small letters, composed."""
    return composed(text.lower())


def composed(text: str) -> str:
    """A text with its accents in its letters, where there are such (NFC), so that either way of writing is found."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
