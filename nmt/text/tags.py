"""Spans put back into a translation: tags around the words that render what stood between them, others in their
place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nmt.text.protect import split_place
from nmt.text.spans import STRIPPED
from nmt.text.words import NOWHERE, Word

OPENING = re.compile(r"<(\w[\w:.-]*)[^>]*(?<!/)>", re.DOTALL)
CLOSING = re.compile(r"</(\w[\w:.-]*)\s*>")


@dataclass
class Element:
    """A tag and the one that closes it, by the numbers of their words, or a tag that stands alone; what element it is
    in; where in the translation it starts and ends, between words."""

    opening: int
    closing: int
    parent: int
    start: int = 0
    end: int = 0

    @property
    def empty(self) -> bool:
        """Whether it stands around nothing."""
        return self.start == self.end


def put_back(source: Sequence[Word], target: Sequence[Word], begun: int = 0) -> list[Word]:
    """The target with what was taken out of the source. Tags that were well nested are so again: an element stands
    around the run of words with the most words of its own and the fewest others. begun: how many words stand before
    all that is put back."""
    if not any(word.kind in STRIPPED for word in source):
        return list(target)
    elements = _elements(source)
    links = [word.link for word in target]
    taken: dict[int, list[bool]] = {}
    for element in elements:
        outer = elements[element.parent] if element.parent != NOWHERE else Element(0, 0, 0, begun, len(target))
        free = taken.setdefault(element.parent, [True] * len(target))
        _place(element, links, outer, free)
        free[element.start : element.end] = [False] * (element.end - element.start)
    return _woven(source, target, elements)


def _elements(source: Sequence[Word]) -> list[Element]:
    """The elements in the order of their openings, so that an outer one comes before those in it."""
    pairs: dict[int, int] = {}
    open_: list[tuple[str, int]] = []
    for number, word in enumerate(source):
        if word.kind not in STRIPPED:
            continue
        opening, closing = OPENING.fullmatch(word.text), CLOSING.fullmatch(word.text)
        if opening:
            open_.append((opening.group(1), number))
        elif closing and closing.group(1) in {name for name, _ in open_}:
            while open_:
                name, start = open_.pop()
                if name == closing.group(1):
                    pairs[start] = number
                    break
    closings = set(pairs.values())
    elements: list[Element] = []
    within: list[int] = []
    for number, word in enumerate(source):
        if word.kind not in STRIPPED or number in closings:
            continue
        while within and elements[within[-1]].closing < number:
            within.pop()
        elements.append(Element(number, pairs.get(number, number), within[-1] if within else NOWHERE))
        if number in pairs:
            within.append(len(elements) - 1)
    return elements


def _place(element: Element, links: Sequence[int], outer: Element, free: Sequence[bool]) -> None:
    """Finds where an element goes: the run between the ends of the outer one, on words that no other has, in which the
    words that render its own outnumber the others most."""
    best = run = 0
    begun = outer.start
    for place in range(outer.start, outer.end):
        if not free[place]:
            run, begun = 0, place + 1
            continue
        if links[place] != NOWHERE:
            run += 1 if element.opening < links[place] < element.closing else -1
        if run < 0 or (run == 0 and best == 0):
            run, begun = 0, place + 1
        elif run > best:
            best, element.start, element.end = run, begun, place + 1
    if not best:
        place = split_place(links, element.opening, outer.start, outer.end)
        while outer.start < place < outer.end and not free[place] and not free[place - 1]:
            place += 1  # not into another element
        element.start = element.end = place


def _woven(source: Sequence[Word], target: Sequence[Word], elements: Sequence[Element]) -> list[Word]:
    """The target with the tags before its words: what closes first, the inner before the outer, then the others in the
    order of the source."""
    events: dict[int, list[tuple[int, int, int]]] = {}
    for element in elements:
        alone = element.opening == element.closing
        events.setdefault(element.start, []).append((1, element.opening, element.opening))
        if not alone:
            order = (1, element.closing) if element.empty else (0, -element.opening)
            events.setdefault(element.end, []).append((*order, element.closing))
    words: list[Word] = []
    for place in range(len(target) + 1):
        following = target[place] if place < len(target) else None
        for after, _, number in sorted(events.get(place, ())):
            tag = Word(source[number].text, source[number].space, source[number].kind, link=number)
            if after and following is not None:
                tag.space, following.space = following.space or tag.space, _space_after(source, number)
            words.append(tag)
        if following is not None:
            words.append(following)
    if words:
        words[0].space = ""
    return words


def _space_after(source: Sequence[Word], number: int) -> str:
    return source[number + 1].space if number + 1 < len(source) else ""
