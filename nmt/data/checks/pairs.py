"""Checks of single pairs: two sides that do not belong together as they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from nmt.data.checks.chunk import Chunk, words
from nmt.data.checks.finding import BOTH, ERROR, NOTICE, WARNING, Found, PairCheck

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

    def __init__(self, max_ratio: float) -> None:
        self.max_ratio = max_ratio

    def evidence(self, source: str, target: str) -> str | None:
        shorter, longer = sorted((len(source), len(target)))
        if longer > SHORT and longer > self.max_ratio * shorter:
            return f"{len(source)} and {len(target)} characters"
        return None


class Copied(PairCheck):
    """The source stands on the target side: a model learns to copy from few of these (Khayrallah and Koehn 2018)."""

    name = "copied"
    what = "the source stands on the target side, not translated"

    def evidence(self, source: str, target: str) -> str | None:
        if source[-6:-1] != target[-6:-1] and source[:5].casefold() != target[:5].casefold():
            return None  # most pairs, told at once
        same = words(source)
        if len(same) < 3 or same != words(target):
            return None
        return "the same text" if source == target else "the same words"


class Numbers(PairCheck):
    """Numbers that stand on one side only. One side may spell them or give another unit, so that only as many others
    of the same size are a warning."""

    name = "numbers"
    what = "other numbers on either side"
    mend = "Look at some of them; `nmt data clean` drops those above a notice."

    def find(self, chunk: Chunk) -> Iterator[Found]:
        for place, (source, target) in enumerate(zip(*chunk.sides, strict=True), chunk.first):
            first, second = _numbers(source), _numbers(target)
            if first and second and first != second:
                here, there = _without(first, second), _without(second, first)
                if here and there:
                    alike = [len(number) for number in here] == [len(number) for number in there]
                    level = WARNING if alike and min(map(len, here)) > 1 else NOTICE
                    yield Found(place, BOTH, f"{' '.join(here)} and {' '.join(there)}", level)


class Question(PairCheck):
    """A question answered by a statement, as the last character tells."""

    name = "question"
    level = NOTICE
    what = "a question on one side only"
    mend = "Nothing need be done, unless there are many."

    def evidence(self, source: str, target: str) -> str | None:
        if (source[-1:] == "?") == (target[-1:] == "?"):
            return None
        marks = "?？؟;՞"
        return "" if (source[-1:] in marks) != (target[-1:] in marks) else None


def _visible(text: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in text)


def _numbers(text: str) -> list[str]:
    """The numbers of a text in order of size, without what groups their digits; 2.00 is 2."""
    if not DIGIT.search(text):
        return []
    return sorted(_plain(number) for number in NUMBER.findall(text))


DIGIT = re.compile(r"\d")


def _plain(number: str) -> str:
    digits = re.sub(r"[.,\u00a0\u202f'](?=\d{3}(?!\d))", "", number).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _without(some: list[str], others: list[str]) -> list[str]:
    return list((Counter(some) - Counter(others)).elements())
