"""Long text in parts: at the ends of sentences, and sentences that are too long in halves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import sentencex

SPACE = re.compile(r"\s+")


class Passage(NamedTuple):
    """A part of a line: its text without white space around it, and where in the line it starts."""

    text: str
    start: int


def passages(text: str, language: str, fits: Callable[[str], bool]) -> list[Passage]:
    """Cuts a text without white space around it that does not fit: at the ends of its sentences; one that does not fit
    either, at the white space nearest to its middle, and so on; what has no white space, in its middle."""
    found = []
    for sentence in _sentences(Passage(text, 0), language):
        waiting = [sentence]
        while waiting:
            passage = waiting.pop()
            if len(passage.text) < 2 or fits(passage.text):
                found.append(passage)
            else:
                waiting += _halves(passage)[::-1]
    return found


def _sentences(passage: Passage, language: str) -> list[Passage]:
    found = []
    start = passage.start
    for sentence in sentencex.segment(language or "en", passage.text):
        if sentence.strip():
            found.append(_stripped(sentence, start))
        start += len(sentence)
    return found


def _halves(passage: Passage) -> list[Passage]:
    middle = len(passage.text) // 2
    after = SPACE.search(passage.text, middle)
    before = list(SPACE.finditer(passage.text, 0, middle))[-1:]
    spaces = [*before, *([after] if after else [])]
    cut = min((match.start() for match in spaces), key=lambda place: abs(place - middle), default=middle)
    halves = ((passage.text[:cut], 0), (passage.text[cut:], cut))
    return [_stripped(text, passage.start + place) for text, place in halves if text.strip()]


def _stripped(text: str, start: int) -> Passage:
    return Passage(text.strip(), start + len(text) - len(text.lstrip()))
