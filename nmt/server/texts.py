"""Texts as lines to translate, and the lines put together again. A format is a function and a line of `FORMATS`."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from nmt.text.spans import TAG, find

INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite data del dfn em font i img ins kbd label mark q s samp small span strike strong
    sub sup time tt u var wbr""".split()  # noqa: SIM905
)
"""Elements within a sentence: their tags go through its translation. All others end it."""
VERBATIM = frozenset(["script", "style", "svg", "math", "code", "textarea", "template"])
"""Elements whose content is no text."""
MOST_TAGS = 100
"""Tags within a sentence beyond which each ends it: to place them takes time with their square."""
TAG_START = re.compile(r"</?([A-Za-z][^\s/>]*)|<[!?]")
TAG_END = re.compile(r"[^\"'>]*(?:\"[^\"]*\"[^\"'>]*|'[^']*'[^\"'>]*)*>")
NO_TRANSLATION = re.compile(r"\stranslate\s*=\s*[\"']?no\b|\sclass\s*=\s*(?:\"[^\"]*|'[^']*)?\bnotranslate\b", re.I)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


MARKUP = (TAG, "entity")
"""Kinds of spans that are markup of HTML."""


class Cut(NamedTuple):
    """The lines of a text, and what makes a text of their translations."""

    lines: list[str]
    joined: Callable[[Sequence[str]], str]


def cut_text(text: str) -> Cut:
    """A text is its lines, with the ends that they have."""
    raw = text.split("\n")
    ends = ["\r" if line.endswith("\r") else "" for line in raw]
    lines = [line.removesuffix("\r") for line in raw]
    return Cut(lines, lambda found: "\n".join(line + end for line, end in zip(found, ends, strict=True)))


def cut_html(text: str) -> Cut:
    """HTML is its sentences, each with the tags within it; the rest stays letter by letter. It is never parsed into a
    tree: what is not well formed comes out as it went in."""
    lines: list[str] = []
    rest: list[str] = [""]
    for words, markup in _sentences(text):
        plain = _unescaped(words)
        if any(character.isalnum() for character in re.sub(r"<[^<>]*>", "", plain)):
            lines.append(plain)
            rest.append(markup)
        else:
            rest[-1] += words + markup
    known = [{line[span.start : span.end] for span in find(line, MARKUP)} for line in lines]

    def joined(found: Sequence[str]) -> str:
        escaped = [_escaped(line, spans) for line, spans in zip(found, known, strict=True)]
        return rest[0] + "".join(line + markup for line, markup in zip(escaped, rest[1:], strict=True))

    return Cut(lines, joined)


FORMATS: dict[str, Callable[[str], Cut]] = {"text": cut_text, "html": cut_html}


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    """The runs of text and tags within sentences, each with the markup that follows it."""
    run: list[str] = []
    tags = 0
    for piece, name in _pieces(text):
        within = name in INLINE and find(piece, (TAG,)) == [(0, len(piece), TAG)]
        if name is None or (within and tags < MOST_TAGS):
            tags += name is not None
            run.append(piece)
        else:
            yield "".join(run), piece
            run, tags = [], 0
    yield "".join(run), ""


def _pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """Text, for which the name is None; tags with the names of their elements; comments and elements that are not
    translated, whole, with "". In time linear in the text: what is not closed goes on to its end."""
    place = start = 0
    while (place := text.find("<", place)) >= 0:
        begin = TAG_START.match(text, place)
        if begin is None:
            place += 1
            continue
        if start < place:
            yield text[start:place], None
        start = place
        name = (begin.group(1) or "").lower()
        place = _end(text, place, begin)
        tag = text[start:place]
        if name and not tag.startswith("</") and not tag.endswith("/>") and _is_verbatim(name, tag):
            place = _closed(text, place, name)
            name = ""
        yield text[start:place], name
        start = place
    if start < len(text):
        yield text[start:], None


def _end(text: str, place: int, begin: re.Match[str]) -> int:
    """Where the tag or comment at a place ends."""
    if text.startswith("<!--", place):
        end = text.find("-->", place + 4)
        return len(text) if end < 0 else end + 3
    found = TAG_END.match(text, begin.end())
    return found.end() if found else len(text)


def _is_verbatim(name: str, tag: str) -> bool:
    return name in VERBATIM or (NO_TRANSLATION.search(tag) is not None and name not in ("img", "br", "wbr", "input"))


def _closed(text: str, place: int, name: str) -> int:
    """Where the element whose opening tag ends at a place is closed."""
    depth = 1
    for tag in re.compile(rf"<(/?){re.escape(name)}\b[^<>]*>", re.I).finditer(text, place):
        depth += -1 if tag.group(1) else name not in ("script", "style", "textarea")
        if depth == 0:
            return tag.end()
    return len(text)


def _unescaped(words: str) -> str:
    """Characters for their entities, but for those that would be markup."""

    def plain(found: re.Match[str]) -> str:
        character = html.unescape(found[0])
        following = words[found.end() : found.end() + 1]
        marks = character in "<>" or (character == "&" and (following.isalnum() or following == "#"))
        return found[0] if marks else character

    return ENTITY.sub(plain, words)


def _escaped(line: str, known: set[str]) -> str:
    """A translation as HTML: its tags and entities are those that its source had, everything else is text."""
    done, place = "", 0
    for span in find(line, MARKUP):
        piece = line[span.start : span.end]
        done += html.escape(line[place : span.start], quote=False)
        done += piece if piece in known else html.escape(piece, quote=False)
        place = span.end
    return done + html.escape(line[place:], quote=False)
