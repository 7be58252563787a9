"""The lines of one side of a chunk as one array of characters, by which whole chunks are looked at at once: most checks
then see only the few lines that have a character they ask for."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BEYOND = 0x10000
"""Stands for all characters from here on, in tables of characters."""
COMMON = frozenset(" .,'\"-!;()")
"""Beside letters, characters that no check asks for."""
MISREAD = "ªµºƒŠŒŽšœžŸ"
"""Letters that check `mojibake` asks for."""

WORD, LETTER, VISIBLE, LOWER, SPACE, DIGIT, RARE, UNSTABLE = (1 << bit for bit in range(8))
"""What a character may be: part of a word; a letter; seen; a small letter; a space; a digit; asked for by some check;
written otherwise in normal form C, or able to join the one before."""

Rows = NDArray[np.int64]
"""Numbers of lines within a chunk, from 0, in order."""


class Tokens(NamedTuple):
    """The words of some lines as 64-bit hashes, one after the other, and how many each line has."""

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]  # [lines]

    @property
    def rows(self) -> Rows:
        """The line of each word."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


class Text:
    """Some lines; everything about them is made once, when it is first asked for."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        joined = "".join(f"{line}\n" for line in lines)
        if joined.count("\n") != len(lines):
            joined = "".join(line.replace("\n", " ") + "\n" for line in lines)
        self.codes: NDArray[np.uint32] = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        ends = np.flatnonzero(self.codes == ord("\n"))
        self.lengths: NDArray[np.int64] = np.diff(ends, prepend=-1) - 1
        self.rows: Rows = np.repeat(np.arange(len(lines)), self.lengths + 1)  # of each character

    def __len__(self) -> int:
        return len(self.lines)

    @functools.cached_property
    def small(self) -> NDArray[np.uint32]:
        """The characters as places in a table."""
        return np.minimum(self.codes, BEYOND)

    @functools.cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """What each character is, in the bits WORD to UNSTABLE."""
        return kinds()[self.small]

    def of_kind(self, kind: int) -> Rows:
        """The lines with a character of a kind."""
        return np.unique(self.rows[(self.kinds & kind) != 0])

    def without_kind(self, kind: int) -> Rows:
        """The lines without any character of a kind."""
        return np.flatnonzero(np.bincount(self.rows[(self.kinds & kind) != 0], minlength=len(self)) == 0)

    def having(self, characters: str) -> Rows:
        """The lines with one of some characters, which must be of the kind RARE; those from BEYOND on count as one."""
        there = self._rare
        return np.unique(self.rows[there[table_of(characters)[self.small[there]]]])

    def in_table(self, table: NDArray[np.bool_]) -> Rows:
        """The lines with a character for which a table [BEYOND + 1] is true."""
        return np.unique(self.rows[table[self.small]])

    @functools.cached_property
    def _rare(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.kinds & RARE)

    @functools.cached_property
    def tokens(self) -> Tokens:
        """The words: letters, marks and digits in a row, whatever their case. A hash is a sum over the characters, each
        times a number for its place."""
        within = np.flatnonzero(self.kinds & WORD)
        begin = np.ones(len(within), bool)
        begin[1:] = np.diff(within) > 1
        starts = np.flatnonzero(begin)
        if not len(starts):
            return Tokens(np.zeros(0, np.uint64), np.zeros(len(self), np.int64))
        sizes = np.diff(starts, append=len(within))
        place = np.arange(len(within)) - np.repeat(starts, sizes)
        letters = lowered()[self.small[within]].astype(np.uint64)
        hashes = np.add.reduceat((letters + np.uint64(1)) * FACTORS[place % len(FACTORS)], starts)
        hashes = (hashes ^ (hashes >> np.uint64(29))) * FACTORS[0]
        return Tokens(hashes, np.bincount(self.rows[within[starts]], minlength=len(self)))


FACTORS = np.random.default_rng(1).integers(1 << 62, size=256, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def token(word: str) -> int:
    """The hash of one word."""
    return int(Text([word]).tokens.hashes[0])


@functools.cache
def kinds() -> NDArray[np.uint8]:
    """[BEYOND + 1]: what every character is."""
    table = np.zeros(BEYOND + 1, np.uint8)
    for code in range(BEYOND):
        table[code] = _kind(chr(code))
    table[BEYOND] = WORD | LETTER | VISIBLE | RARE | UNSTABLE
    return table


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    asked_for = category[0] not in "LM" and character not in COMMON and character != "\n"
    changes = category[0] == "M" or "\u1160" <= character <= "\u11ff"
    return (
        WORD * (category[0] in "LMN")
        | LETTER * character.isalpha()
        | VISIBLE * (character.isprintable() and not character.isspace())
        | LOWER * character.islower()
        | SPACE * character.isspace()
        | DIGIT * character.isdecimal()
        | RARE * (asked_for or character in MISREAD)
        | UNSTABLE * (changes or unicodedata.normalize("NFC", character) != character)
    )


@functools.cache
def lowered() -> NDArray[np.uint32]:
    """[BEYOND + 1]: the small form of every character; BEYOND is left."""
    small = (chr(code).lower() for code in range(BEYOND))
    codes = (ord(one) if len(one) == 1 else code for code, one in enumerate(small))
    return np.fromiter((*codes, BEYOND), np.uint32, BEYOND + 1)


@functools.cache
def table_of(characters: str) -> NDArray[np.bool_]:
    """[BEYOND + 1]: whether a character is one of some."""
    table = np.zeros(BEYOND + 1, bool)
    table[[min(ord(character), BEYOND) for character in characters]] = True
    return table


def span(first: int, last: int) -> str:
    """All characters from one to another, both ends included."""
    return "".join(map(chr, range(first, last + 1)))


def in_a_row(flags: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Where so many flags in a row are set."""
    size = max(0, len(flags) - count + 1)
    every = flags[:size].copy()
    for step in range(1, count):
        every &= flags[step : step + size]
    return np.flatnonzero(every)
