"""Checks of single lines: bytes, characters and marks that no sentence should have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import ClassVar

from nmt.data.checks.chunk import REPLACEMENT, Chunk
from nmt.data.checks.finding import ERROR, NOTICE, Check, Found, LineCheck


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
    """Lines that end as on Windows: they are read as they should be."""

    name = "carriage_returns"
    level = NOTICE
    what = "ends in CR LF"
    mend = "Nothing need be done; `nmt data clean` writes LF."


class Control(SpoiledCheck):
    """Control characters in pairs that are no plain text files: reading has made spaces of them."""

    name = "control"
    what = "a control character or stray separator"
    mend = "They are read as spaces; `nmt data clean` writes spaces."


class ByteOrderMark(SpoiledCheck, LineCheck):
    """A byte order mark: at the beginning of a file it is dropped; within, files were joined."""

    name = "byte_order_mark"
    what = "a byte order mark"
    mend = "`nmt data clean` removes it."

    def find(self, chunk: Chunk) -> Iterator[Found]:
        yield from SpoiledCheck.find(self, chunk)
        yield from LineCheck.find(self, chunk)

    def evidence(self, line: str) -> str | None:
        return f"at character {line.index(chr(0xFEFF)) + 1}" if "\ufeff" in line else None


class Pattern(LineCheck):
    """A check that is a regular expression. Lines of one of the two kinds that most lines are of are passed over."""

    pattern: ClassVar[re.Pattern[str]]
    in_ascii: ClassVar[bool] = True  # it can match within ASCII
    in_printable: ClassVar[bool] = True  # it can match where all is printable

    def evidence(self, line: str) -> str | None:
        if (not self.in_ascii and line.isascii()) or (not self.in_printable and line.isprintable()):
            return None
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
    pattern = re.compile("\x00+")
    in_printable = False


class Separator(Pattern):
    """Characters that end a line for some programs but not for others: counts of lines will differ."""

    name = "separator"
    level = ERROR
    what = "a stray separator, which ends the line for some programs"
    mend = "`nmt data clean` makes spaces of them."
    pattern = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
    in_printable = False


class ControlCharacter(Pattern):
    """Characters that no text needs."""

    name = "control_character"
    what = "a control, private or impossible character"
    mend = "`nmt data clean` makes spaces of them."
    pattern = re.compile(
        "[\x01-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\U000f0000-\U0010ffff]+"
    )
    in_printable = False


class Tab(Pattern):
    """Tabs: they would split the line in a .tsv file."""

    name = "tab"
    level = NOTICE
    what = "a tab"
    mend = "`nmt data clean` makes spaces of them."
    pattern = re.compile("\t+")
    in_printable = False


class Invisible(Pattern):
    """Characters without width, soft hyphens and marks of direction, which split words unseen. Joiners are left to the
    scripts, and to the pictures, that need them."""

    name = "invisible"
    what = "an invisible character"
    mend = "`nmt data clean` removes them."
    pattern = re.compile(
        "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f]+|(?<=[a-zà-ž])[\u200c\u200d]"
    )
    in_ascii = in_printable = False


class ReplacementCharacter(Pattern):
    """U+FFFD: what was here is lost."""

    name = "replacement_character"
    level = ERROR
    what = "U+FFFD, in place of text that was lost"
    mend = "Make the file anew from its origin, or let `nmt data clean` drop the pairs."
    pattern = re.compile(REPLACEMENT + "+")
    in_ascii = False

    def find(self, chunk: Chunk) -> Iterator[Found]:
        return (found for found in super().find(chunk) if (found.place, found.side) not in chunk.broken)


class Mojibake(Pattern):
    """UTF-8 that was once read as Latin-1 or Windows-1252: two letters in place of one."""

    name = "mojibake"
    what = "UTF-8 that was read as Latin-1"
    mend = "Make the file anew with the right encoding, or let `nmt data clean` drop the pairs."
    pattern = re.compile(
        '[ÃÄÅ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Â[\x80-\xbf]|â€[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"]?'
        "|[ÐÑ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1}|ï»¿|ï¿½"
    )
    in_ascii = False

    def told(self, found: re.Match[str]) -> str:
        return f"{found.group()!r} at character {found.start() + 1}"


class NotNormalised(LineCheck):
    """Letters and their accents as characters of their own: the same word in two spellings."""

    name = "not_normalised"
    what = "not in Unicode normal form C"
    mend = "`nmt data clean --normalize nfc`."

    def evidence(self, line: str) -> str | None:
        if line.isascii() or unicodedata.is_normalized("NFC", line):
            return None
        mark = next((character for character in line if unicodedata.combining(character)), "")
        return f"U+{ord(mark):04X} stands by itself" if mark else "an older form of a character"


class HtmlEntity(Pattern):
    """Escaped characters: the model would learn to write them."""

    name = "html_entity"
    what = "an HTML entity"
    mend = "`nmt data clean --unescape`."
    pattern = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,5}|[A-Za-z]{2,8}\d{0,2}|[lr][sd]quo);")

    def evidence(self, line: str) -> str | None:
        found = self.pattern.search(line) if "&" in line else None
        return None if found is None else found.group()


class HtmlTag(Pattern):
    """Left-over marks of a web page."""

    name = "html_tag"
    what = "an HTML or XML tag"
    pattern = re.compile(r"</?[A-Za-z][A-Za-z0-9:-]*(?:\s[^<>]*)?/?>|<!--|&lt;/?[a-zA-Z]+")

    def evidence(self, line: str) -> str | None:
        found = self.pattern.search(line) if "<" in line or "&lt;" in line else None
        return None if found is None else found.group()[:40]


class Placeholder(Pattern):
    """Places of a template that were not filled in, as programs' messages have."""

    name = "placeholder"
    what = "a place of a template that was not filled in"
    pattern = re.compile(
        r"\{\{.*?\}\}|\$\{.*?\}|\{[A-Za-z_0-9]{0,30}\}|%\(\w+\)[sdif]|(?<![\w%])%\d?\$?[sdif]\b|%\w+%|\[\[.*?\]\]"
        r"|\[[A-Z_]{3,}\]|\b__\w+__\b|<[A-Z_]{3,}>|(?i:\blorem ipsum\b)"
    )
    marks = re.compile(r"[{%\[<_]|orem")

    def evidence(self, line: str) -> str | None:
        found = self.pattern.search(line) if self.marks.search(line) else None
        return None if found is None else found.group()[:40]


class LinkOnly(Pattern):
    """Nothing but addresses of the web or of mail."""

    name = "link_only"
    what = "nothing but a link"
    pattern = re.compile(
        r"(?i)\s*(?:(?:(?:https?|ftp)://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+)(?:\s+(?:https?://|www\.)\S+)*\W*"
    )

    def evidence(self, line: str) -> str | None:
        likely = "://" in line or "www." in line or "@" in line
        return line.strip()[:60] if likely and self.pattern.fullmatch(line) else None


class NoLetters(Pattern):
    """Nothing but punctuation and digits."""

    name = "no_letters"
    what = "without a letter"
    pattern = re.compile(r"[^\W\d_]")

    def evidence(self, line: str) -> str | None:
        if self.pattern.search(line) or not line.strip():
            return None
        return line.strip()[:40] if any(c.isprintable() and not c.isspace() for c in line) else None


class Repetition(Pattern):
    """A character eight times over, or a word or two four times over: the leavings of a machine."""

    name = "repetition"
    what = "a run of the same characters or words"
    pattern = re.compile(r"(\S)\1{7}|(?<!\S)(\S+(?: \S+)?)(?: \2){3}(?!\S)")

    def evidence(self, line: str) -> str | None:
        split = line.split()
        if len(split) - len(set(split)) < 3 and not _has_run(line):
            return None
        found = self.pattern.search(line)
        return None if found is None else found.group()[:40]


def _has_run(line: str) -> bool:
    """Whether a character stands four times at every eighth place: cheap, and true for every run of eight."""
    return any(a == b for a, b in zip(line[::4], line[1::4], strict=False)) and RUN.search(line) is not None


RUN = re.compile(r"(\S)\1{7}")


class LongToken(Pattern):
    """A word of more than sixty characters, in a script that puts spaces between words."""

    name = "long_token"
    what = "a word of more than 60 characters"
    pattern = re.compile(
        r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]{61,}"
    )

    def evidence(self, line: str) -> str | None:
        if len(line) < 61 or max(map(len, line.split()), default=0) < 61 or LinkOnly.pattern.fullmatch(line):
            return None
        found = self.pattern.search(line)
        return None if found is None or "://" in found.group() else f"{len(found.group())} characters"


class Spacing(LineCheck):
    """Spaces around the text or two in a row: the subwords see through them."""

    name = "spacing"
    level = NOTICE
    what = "spaces around the text, or several in a row"
    mend = "Nothing need be done; `nmt data clean` puts them right."

    def evidence(self, line: str) -> str | None:
        if "  " in line or line[:1] == " " or line[-1:] == " ":
            return "several in a row" if "  " in line else "around the text"
        return None


class Capitals(LineCheck):
    """Everything in capitals."""

    name = "capitals"
    level = NOTICE
    what = "all in capitals"
    mend = "Nothing need be done, unless there are many."

    def evidence(self, line: str) -> str | None:
        return "" if len(line) > 20 and line.isupper() and " " in line else None


LINE_CHECKS: tuple[type[Check], ...] = (
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
    HtmlEntity,
    HtmlTag,
    Placeholder,
    LinkOnly,
    NoLetters,
    Repetition,
    LongToken,
    CarriageReturns,
    Tab,
    Spacing,
    Capitals,
)
"""Checks of single lines, the gravest first."""
