"""Checks of single lines: what is no sentence, or not only one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nmt.data.checks.characters import Pattern
from nmt.data.checks.chunk import Chunk
from nmt.data.checks.finding import BOTH, NOTICE, SOURCE, TARGET, WARNING, Check, Found, LineCheck
from nmt.data.checks.text import BEYOND, LETTER, LOWER, SPACE, Rows, Text, in_a_row, token


class HtmlEntity(Pattern):
    """Escaped characters: the model would learn to write them."""

    name = "html_entity"
    what = "an HTML entity"
    mend = "`nmt data clean --unescape`."
    unless = ("html_tag",)
    marks = "&"
    pattern = re.compile(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,5}|[A-Za-z]{2,8}\d{0,2});")

    def told(self, found: re.Match[str]) -> str:
        return found.group()


class HtmlTag(Pattern):
    """Left-over marks of a web page."""

    name = "html_tag"
    what = "an HTML or XML tag"
    marks = "<&"
    pattern = re.compile(r"</?[A-Za-z][A-Za-z0-9:-]*(?:\s[^<>]*)?/?>|<!--|&lt;/?[a-zA-Z]+")

    def told(self, found: re.Match[str]) -> str:
        return found.group()[:40]


class Placeholder(Check):
    """Places of a template that were not filled in, as programs' messages have. Those that both sides have are
    translated as they should be, and capitals in brackets may be text: [ISIS]."""

    name = "placeholder"
    what = "a place of a template that was not filled in"
    unless = ("html_tag",)
    marks = "{%[<_"
    pattern = re.compile(
        r"\{\{.*?\}\}|\$\{.*?\}|\{[A-Za-z_0-9]{0,30}\}|%\(\w+\)[sdif]|(?<![\w%])%(?:\d\$)?[sdif]\b|%\w+%|\[\[.*?\]\]"
        r"|\[[A-Z_]{3,}\]|\b__\w+__\b|<[A-Z_]{3,}>|(?i:\blorem ipsum\b)"
    )
    words = re.compile(r"\[[A-Z]+\]")

    def find(self, chunk: Chunk) -> Iterator[Found]:
        for row in np.union1d(*map(self._rows, chunk.texts)).tolist():
            here, there = ([found.group() for found in self.pattern.finditer(side[row])] for side in chunk.sides)
            odd = {*here, *there} if "ipsum" in "".join(here + there).lower() else {*here} ^ {*there}
            side = BOTH if here and there else SOURCE if here else TARGET
            level = WARNING if any(not self.words.fullmatch(one) for one in odd) else NOTICE
            if here or there:
                yield Found(chunk.first + row, side, " ".join(dict.fromkeys(here + there))[:40], level)

    def _rows(self, text: Text) -> Rows:
        return np.union1d(text.having(self.marks), text.tokens.rows[text.tokens.hashes == token("ipsum")])


class LinkOnly(Pattern):
    """Nothing but addresses of the web or of mail."""

    name = "link_only"
    what = "nothing but a link"
    marks = ":@"
    pattern = re.compile(
        r"(?i)\s*(?:(?:(?:https?|ftp)://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+)(?:\s+(?:https?://|www\.)\S+)*\W*"
    )

    def rows(self, text: Text) -> Rows:
        one_word = np.bincount(text.rows[(text.kinds & SPACE) != 0], minlength=len(text)) == 1  # the end of the line
        return np.union1d(super().rows(text), np.flatnonzero(one_word))

    def evidence(self, line: str) -> str | None:
        return line.strip()[:60] if self.pattern.fullmatch(line) else None


class NoLetters(LineCheck):
    """Nothing but punctuation and digits."""

    name = "no_letters"
    what = "without a letter"

    def rows(self, text: Text) -> Rows:
        letters = (text.kinds & LETTER != 0) & (text.small != BEYOND)  # pictures are beyond, and so are some letters
        return np.flatnonzero(np.bincount(text.rows[letters], minlength=len(text)) == 0)

    def evidence(self, line: str) -> str | None:
        seen = any(character.isprintable() and not character.isspace() for character in line)
        return line.strip()[:40] if seen and not any(map(str.isalpha, line)) else None


class Repetition(Pattern):
    """A character eight times over, a word or two four times, or up to six words three times: the leavings of a
    machine."""

    name = "repetition"
    what = "a run of the same characters or words"
    unless = ("empty", "overlong", "placeholder", "no_letters", "long_token")
    marks = ""
    pattern = re.compile(r"(?i)(\S)\1{7}|\b(\w+(?:\W+\w+)?)(?:\W+\2\b){3}|\b(\w+(?:\W+\w+){2,5})(?:\W+\3\b){2}")
    PERIODS = ((1, 4), (2, 4), (3, 3), (4, 3), (5, 3), (6, 3))  # words, and how often they stand in a row

    def rows(self, text: Text) -> Rows:
        words, rows = text.tokens.hashes, text.tokens.rows
        found = [_repeated(words, rows, period, times) for period, times in self.PERIODS]
        return np.unique(np.concatenate([_repeated(text.codes, text.rows, 1, 8), *found]))

    def told(self, found: re.Match[str]) -> str:
        return found.group()[:40]


def _repeated(items: NDArray[np.generic], rows: Rows, period: int, times: int) -> Rows:
    """The lines in which so many items in a row stand so many times over."""
    more = period * (times - 1)
    starts = in_a_row(items[period:] == items[:-period], more) if len(items) > period else np.zeros(0, np.int64)
    lines: Rows = rows[starts]
    within: Rows = lines[lines == rows[starts + more + period - 1]]
    return within


class LongToken(LineCheck):
    """A word of more than sixty characters, in a script that puts spaces between words."""

    name = "long_token"
    what = "a word of more than 60 characters"
    unless = ("overlong", "html_tag", "link_only")
    pattern = re.compile(
        r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]{61,}"
    )

    def rows(self, text: Text) -> Rows:
        spaces = np.flatnonzero(text.kinds & SPACE)
        return np.unique(text.rows[spaces[np.diff(spaces, prepend=-1) > 61]])

    def evidence(self, line: str) -> str | None:
        found = self.pattern.search(line)
        return None if found is None or "://" in found.group() else f"{len(found.group())} characters"


class Spacing(LineCheck):
    """Spaces around the text or two in a row: the subwords see through them."""

    name = "spacing"
    level = NOTICE
    what = "spaces around the text, or several in a row"
    mend = "Nothing need be done; `nmt data clean` puts them right."

    def rows(self, text: Text) -> Rows:
        outer = np.concatenate([np.array([ord("\n")], np.uint32), text.codes])
        blank = (outer == ord(" ")) | (outer == ord("\n"))
        return np.unique(text.rows[blank[1:] & blank[:-1]])

    def evidence(self, line: str) -> str | None:
        if "  " in line:
            return "several in a row"
        return "around the text" if line[:1] == " " or line[-1:] == " " else None


class Capitals(LineCheck):
    """Everything in capitals."""

    name = "capitals"
    level = NOTICE
    what = "all in capitals"
    mend = "Nothing need be done, unless there are many."

    def rows(self, text: Text) -> Rows:
        return text.without_kind(LOWER)

    def evidence(self, line: str) -> str | None:
        return "" if len(line) > 20 and line.isupper() and " " in line else None


MARKUP_CHECKS: tuple[type[Check], ...] = (
    HtmlEntity,
    HtmlTag,
    Placeholder,
    LinkOnly,
    NoLetters,
    Repetition,
    LongToken,
    Spacing,
    Capitals,
)
"""Checks of what is no sentence, the gravest first."""
