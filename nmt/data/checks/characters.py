"""Checks of single lines: bytes, characters and marks that no sentence should have."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from nmt.data.checks.chunk import MARK, REPLACEMENT, Chunk
from nmt.data.checks.finding import ERROR, NOTICE, Check, Found, LineCheck
from nmt.data.checks.text import BEYOND, UNSTABLE, Rows, Text, span

MISREAD = ("empty", "encoding", "mojibake")
"""Checks that explain strange characters: the whole side is nothing else, or their bytes were misread."""


class SpoiledCheck(Check):
    """What reading found before there was text."""

    def find(self, chunk: Chunk) -> Iterator[Found]:
        for place, side, kind, evidence in chunk.spoiled:
            if kind == self.name:
                yield Found(place, side, evidence, self.level)


class Encoding(SpoiledCheck):
    """Bytes that are no UTF-8: `nmt train` refuses them."""

    name = "encoding"
    level = ERROR
    what = "not UTF-8"
    mend = "If the file is Latin-1: iconv -f latin1 -t utf-8; else `nmt data clean` drops the pairs."


class CarriageReturns(SpoiledCheck):
    """Lines that end as on Windows. All are read as they should be, but where only some do, files were mixed and other
    programs will see a stray character."""

    name = "carriage_returns"
    what = "ends in CR LF"
    mend = "Nothing need be done where all lines do; `nmt data clean` writes LF."
    drops = ()

    def find(self, chunk: Chunk) -> Iterator[Found]:
        founds = list(super().find(chunk))
        ended = Counter(found.side for found in founds)
        for found in founds:
            usual = 2 * ended[found.side] > len(chunk)
            yield found._replace(level=NOTICE) if usual else found


class Control(SpoiledCheck):
    """Control characters in pairs that are no plain text files: reading has made spaces of them."""

    name = "control"
    what = "a control character or stray separator"
    mend = "They are read as spaces; `nmt data clean` writes spaces."
    drops = ()
    unless = MISREAD


class ByteOrderMark(SpoiledCheck, LineCheck):
    """A byte order mark: at the beginning of a file it is dropped; within, files were joined."""

    name = "byte_order_mark"
    what = "a byte order mark"
    mend = "`nmt data clean` removes it."
    drops = ()
    unless = MISREAD

    def find(self, chunk: Chunk) -> Iterator[Found]:
        yield from SpoiledCheck.find(self, chunk)
        yield from LineCheck.find(self, chunk)

    def rows(self, text: Text) -> Rows:
        return text.having(MARK)

    def evidence(self, line: str) -> str | None:
        return f"at character {line.index(MARK) + 1}" if MARK in line else None


class Pattern(LineCheck):
    """A check that is a regular expression. `marks`: characters of which every match has one."""

    pattern: ClassVar[re.Pattern[str]]
    marks: ClassVar[str]

    def rows(self, text: Text) -> Rows:
        return text.having(self.marks)

    def evidence(self, line: str) -> str | None:
        found = self.pattern.search(line)
        return None if found is None else self.told(found)

    def told(self, found: re.Match[str]) -> str:
        """What to say of a match."""
        codes = " ".join(f"U+{ord(character):04X}" for character in found.group()[:4])
        return f"{codes} at character {found.start() + 1}"


class NullCharacter(Pattern):
    """NUL: ends a text for many programs."""

    name = "nul"
    level = ERROR
    what = "the character NUL"
    mend = "`nmt data clean` makes spaces of them."
    unless = MISREAD
    marks = "\x00"
    pattern = re.compile("\x00+")


class Separator(Pattern):
    """Characters that end a line for some programs but not for others: counts of lines will differ."""

    name = "separator"
    level = ERROR
    what = "a stray separator, which ends the line for some programs"
    mend = "`nmt data clean` makes spaces of them."
    unless = MISREAD
    marks = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
    pattern = re.compile(f"[{marks}]+")


class ControlCharacter(Pattern):
    """Characters that no text needs."""

    name = "control_character"
    what = "a control, private or impossible character"
    mend = "`nmt data clean` makes spaces of them."
    unless = MISREAD
    marks = (
        span(0x01, 0x08)
        + span(0x0E, 0x1B)
        + "\x1f"
        + span(0x7F, 0x84)
        + span(0x86, 0x9F)
        + span(0xE000, 0xF8FF)
        + span(0xFDD0, 0xFDEF)
        + span(0xFFF9, 0xFFFB)
        + "\ufffe\uffff"
        + chr(BEYOND)
    )
    pattern = re.compile(
        "[\x01-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
        "\U000f0000-\U0010ffff]+"
    )


class Tab(Pattern):
    """Tabs: they would split the line in a .tsv file."""

    name = "tab"
    what = "a tab"
    mend = "`nmt data clean` makes spaces of them."
    unless = MISREAD
    marks = "\t"
    pattern = re.compile("\t+")


class Invisible(Pattern):
    """Characters without width, soft hyphens and marks of direction, which split words unseen. Joiners are left to the
    scripts, and to the pictures, that need them."""

    name = "invisible"
    what = "an invisible character"
    mend = "`nmt data clean` removes them."
    unless = MISREAD
    marks = (
        "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f"
        + span(0x202A, 0x202E)
        + span(0x2060, 0x2064)
        + span(0x2066, 0x206F)
    )
    pattern = re.compile(
        "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f]+|(?<=[a-zà-ž])[\u200c\u200d]"
    )


class ReplacementCharacter(Pattern):
    """U+FFFD: what was here is lost."""

    name = "replacement_character"
    level = ERROR
    what = "U+FFFD, in place of text that was lost"
    mend = "Make the file anew from its origin, or let `nmt data clean` drop the pairs."
    marks = REPLACEMENT
    pattern = re.compile(f"{REPLACEMENT}+")
    unless = ("encoding", "mojibake")


class Mojibake(Pattern):
    """UTF-8 that was once read as Latin-1 or Windows-1252: two letters in place of one."""

    name = "mojibake"
    what = "UTF-8 that was read as Latin-1"
    mend = "Make the file anew with the right encoding, or let `nmt data clean` drop the pairs."
    marks = span(0x80, 0xBF) + "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
    pattern = re.compile(f'[ÃÄÅÐÑ][{marks}]|Â[\x80-\xbf]|â€[{marks}"]?|ï»¿|ï¿½')

    def told(self, found: re.Match[str]) -> str:
        return f"{found.group()!r} at character {found.start() + 1}"


class NotNormalised(LineCheck):
    """Letters and their accents as characters of their own: the same word in two spellings."""

    name = "not_normalised"
    what = "not in Unicode normal form C"
    mend = "`nmt data clean --normalize nfc`."
    unless = MISREAD

    def rows(self, text: Text) -> Rows:
        return text.of_kind(UNSTABLE)

    def evidence(self, line: str) -> str | None:
        if unicodedata.is_normalized("NFC", line):
            return None
        mark = next((character for character in line if unicodedata.combining(character)), "")
        return f"U+{ord(mark):04X} stands by itself" if mark else "an older form of a character"


CHARACTER_CHECKS: tuple[type[Check], ...] = (
    Encoding,
    NullCharacter,
    Separator,
    ControlCharacter,
    Control,
    ByteOrderMark,
    ReplacementCharacter,
    Invisible,
    Mojibake,
    NotNormalised,
    CarriageReturns,
    Tab,
)
"""Checks of bytes and characters, the gravest first."""
