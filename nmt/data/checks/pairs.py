"""Checks of single pairs: two sides that do not belong together as they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from nmt.data.checks.chunk import Chunk, words
from nmt.data.checks.finding import BOTH, ERROR, NO_SENTENCE, NOTICE, UNREADABLE, WARNING, Found, PairCheck
from nmt.data.checks.text import DIGIT, VISIBLE, Rows

SHORT = 20
"""Characters up to which any ratio passes: "No." may well be translated by a whole phrase."""
CHARACTERS_PER_PIECE = 12
NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f']\d{3})*(?:[.,]\d+)?")


class Empty(PairCheck):
    """Nothing to see on one side: only white space and invisible characters."""

    name = "empty"
    level = ERROR
    what = "an empty side"

    def evidence(self, source: str, target: str) -> str | None:
        if _visible(source):
            return None if _visible(target) else "the target is empty"
        return "the source is empty" if _visible(target) else "both sides are empty"

    def rows(self, chunk: Chunk) -> Rows:
        return np.union1d(*(text.without_kind(VISIBLE) for text in chunk.texts))

    def find(self, chunk: Chunk) -> Iterator[Found]:
        for found in super().find(chunk):
            both = found.evidence.startswith("both")  # is of no use, but nothing is lost or out of step
            yield found._replace(level=WARNING) if both else found


class Overlong(PairCheck):
    """A side too long for a sentence; the exact limit, in pieces, comes later."""

    name = "overlong"
    what = "too long for a sentence"
    mend = "`nmt data clean` drops them, as training does (data.max_length)."

    def __init__(self, max_characters: int, max_words: int | None = None) -> None:
        self.max_characters = max_characters
        self.max_words = max_words

    def rows(self, chunk: Chunk) -> Rows:
        least = self.max_characters if self.max_words is None else min(self.max_characters, 2 * self.max_words)
        return np.flatnonzero(chunk.lengths.max(axis=0) >= least)

    def evidence(self, source: str, target: str) -> str | None:
        longest = max(source, target, key=len)
        if len(longest) > self.max_characters:
            return f"{len(longest):,} characters"
        if self.max_words is None or len(longest) < 2 * self.max_words:
            return None
        count = max(len(source.split()), len(target.split()))
        return f"{count:,} words" if count > self.max_words else None


class LengthRatio(PairCheck):
    """One side too many times longer than the other to be its translation."""

    name = "length_ratio"
    what = "one side is far too long for the other"
    unless = ("misaligned", *UNREADABLE, *NO_SENTENCE)

    def __init__(self, max_ratio: float) -> None:
        self.max_ratio = max_ratio

    def rows(self, chunk: Chunk) -> Rows:
        shorter, longer = chunk.lengths.min(axis=0), chunk.lengths.max(axis=0)
        return np.flatnonzero((longer > SHORT) & (longer > self.max_ratio * shorter))

    def evidence(self, source: str, target: str) -> str | None:
        shorter, longer = sorted((len(source), len(target)))
        if longer > SHORT and longer > self.max_ratio * shorter:
            return f"{len(source)} and {len(target)} characters"
        return None


class Copied(PairCheck):
    """The source stands on the target side: a model learns to copy from few of these (Khayrallah and Koehn 2018)."""

    name = "copied"
    what = "the source stands on the target side, not translated"
    unless = NO_SENTENCE

    def rows(self, chunk: Chunk) -> Rows:
        source, target = (np.bincount(side.rows, side.hashes, len(chunk)) for side in chunk.tokens)
        return np.flatnonzero(source == target)

    def evidence(self, source: str, target: str) -> str | None:
        same = words(source)
        if len(same) < 3 or same != words(target):
            return None
        return "the same text" if source == target else "the same words"


class Question(PairCheck):
    """A question answered by a statement, as the last character tells."""

    name = "question"
    level = NOTICE
    what = "a question on one side only"
    mend = "Nothing need be done, unless there are many."
    unless = (*LengthRatio.unless, "length_ratio", "unlikely_length", "wrong_script", "wrong_language")

    MARKS = "?？؟\u037e՞"

    def rows(self, chunk: Chunk) -> Rows:
        return np.union1d(*(text.having(self.MARKS) for text in chunk.texts))

    def evidence(self, source: str, target: str) -> str | None:
        if not source or not target or target.endswith(";"):  # as Greek has it
            return None
        return "" if (source[-1] in self.MARKS) != (target[-1] in self.MARKS) else None


class LinkMissing(PairCheck):
    """An address of the web on one side only: something was cut off or put in."""

    name = "link_missing"
    what = "a web address on one side only"
    unless = Question.unless

    ADDRESS = re.compile(r"(?i)https?://\S+|www\.\S+")

    def rows(self, chunk: Chunk) -> Rows:
        return np.union1d(*(text.having(":") for text in chunk.texts))

    def evidence(self, source: str, target: str) -> str | None:
        here, there = self.ADDRESS.search(source), self.ADDRESS.search(target)
        found = here or there
        return found.group()[:60] if found and not (here and there) else None


class Numbers(PairCheck):
    """Numbers that stand on one side only. One side may spell them or give another unit, so that only as many others
    of the same size are a warning."""

    name = "numbers"
    what = "other numbers on either side"
    mend = "Look at some of them; `nmt data clean` drops those above a notice."
    unless = (*Question.unless, "html_entity")

    def find(self, chunk: Chunk) -> Iterator[Found]:
        source, target = (text.of_kind(DIGIT) for text in chunk.texts)
        for row in np.intersect1d(source, target).tolist():
            place = chunk.first + row
            first, second = (_numbers(side[row]) for side in chunk.sides)
            if first != second:
                here, there = _without(first, second), _without(second, first)
                if here and there:
                    alike = [len(number) for number in here] == [len(number) for number in there]
                    level = WARNING if alike else NOTICE
                    yield Found(place, BOTH, f"{' '.join(here)} and {' '.join(there)}", level)


def _visible(text: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in text)


def _numbers(text: str) -> list[str]:
    """The numbers of a text in order of size, without what groups their digits; 2.00 is 2."""
    return sorted(_plain(number) for number in NUMBER.findall(text))


def _plain(number: str) -> str:
    digits = re.sub(r"[.,\u00a0\u202f'](?=\d{3}(?!\d))", "", number).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _without(some: list[str], others: list[str]) -> list[str]:
    return list((Counter(some) - Counter(others)).elements())
