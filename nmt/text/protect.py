"""Protected spans through a translation: those that were copied stay, those that were not are put in by alignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from nmt.text.spans import STRIPPED, TAG, find
from nmt.text.words import NOWHERE, Word, written

RENDERED = 0.5
"""Share of its attention that a target word gives to a span which it stands for."""
JOINING = set("@./:-_+%&=#?{}<>$~,;'")
"""Characters that would become part of a span, or part a number, if they stood right beside it."""


def mend(
    source: Sequence[Word], target: list[Word], first: int, locked: Collection[int] = (), begun: int = 0
) -> list[Word]:
    """The target with every span of the source that was translated with it, letter by letter, as often as it stands
    there. Both sides are one part of a line; first: the number of the first source word; locked: places of target
    words that are not to be touched; begun: how many words stand before all that is put in.

    A span that is missing takes the place of the words that stand for it, by their attention; where there are none it
    goes where the fewest words are on the wrong side of it.
    """
    wanted = [first + place for place, word in enumerate(source) if word.kind and word.kind not in STRIPPED]
    if not wanted:
        return target
    texts = {number: source[number - first].text for number in wanted}
    taken = _copied(texts, target)
    fixed = {*locked, *taken.values()}
    replaced: dict[int, Word | None] = {}
    inserted: list[tuple[int, int]] = []
    links = [word.link for word in target]
    for number in wanted:
        if number in taken:
            continue
        run = _rendering(number, target, fixed)
        span = Word(texts[number], kind=source[number - first].kind, link=number)
        if run:
            span.space = target[run[0]].space
            replaced |= dict.fromkeys(run) | {run[0]: span}
            fixed |= set(run)
        else:
            inserted.append((split_place(links, number, begun), number))
    for number, place in taken.items():
        target[place].kind, target[place].link = source[number - first].kind, number
    return _assembled(source, target, first, replaced, inserted)


def split_place(links: Sequence[int], number: int, start: int = 0, end: int | None = None) -> int:
    """The place in a translation, between start and end, that what stands in the source before word `number` goes to:
    with the fewest words on the wrong side of it. links: the source word of each target word."""
    end = len(links) if end is None else end
    wrong = sum(1 for link in links[start:end] if link != NOWHERE and link < number)
    best, least = start, wrong
    for place in range(start, end):
        link = links[place]
        if link != NOWHERE:
            wrong += 1 if link > number else -1 if link < number else 0
        if wrong < least:
            best, least = place + 1, wrong
    return best


def _copied(texts: dict[int, str], target: Sequence[Word]) -> dict[int, int]:
    """The target places of the spans that were copied: first those that look at their own, then any of that text."""
    free: dict[str, list[int]] = {}
    for place, word in enumerate(target):
        if word.kind:
            free.setdefault(word.text, []).append(place)
    taken: dict[int, int] = {}
    for faithful in (True, False):
        for number, text in texts.items():
            if number in taken:
                continue
            places = free.get(text, [])
            chosen = next((place for place in places if not faithful or target[place].link == number), None)
            if chosen is not None:
                places.remove(chosen)
                taken[number] = chosen
    return taken


def _rendering(number: int, target: Sequence[Word], fixed: Collection[int]) -> list[int]:
    """The places of neighbouring target words that stand for a span, and what is glued between them: of several such
    runs the one that looked at it most."""
    runs: list[list[int]] = []
    for place, word in enumerate(target):
        if place in fixed or not _stands_for(word, number):
            continue
        between = range(runs[-1][-1] + 1, place + 1) if runs else range(0)
        glued = all(not target[middle].space for middle in between) or len(between) == 1
        if runs and glued and not set(between) & set(fixed):
            runs[-1] += between
        else:
            runs.append([place])

    def looked(run: list[int]) -> float:
        return sum((target[place].weights or {}).get(number, 0.0) for place in run)

    return max(runs, key=looked, default=[])


def _stands_for(word: Word, number: int) -> bool:
    weights = word.weights or {}
    return any(map(str.isalnum, word.text)) and weights.get(number, 0.0) > RENDERED * sum(weights.values())


def _assembled(
    source: Sequence[Word],
    target: Sequence[Word],
    first: int,
    replaced: dict[int, Word | None],
    inserted: Sequence[tuple[int, int]],
) -> list[Word]:
    """The target with some words replaced by spans, and others inserted before some places."""
    words: list[Word] = []
    coming = sorted(inserted)
    for place in range(len(target) + 1):
        for _, number in [one for one in coming if one[0] == place]:
            original = source[number - first]
            words.append(Word(original.text, " ", original.kind, link=number))
        if place < len(target):
            word = replaced.get(place, target[place])
            if word is not None:
                words.append(word)
    return words


def set_apart(source: Sequence[Word], words: list[Word]) -> list[Word]:
    """The words of a whole translation, with white space where a neighbour would become part of a span that was put
    in, or part of it another."""
    for number, word in enumerate(words):
        if word.kind not in ("", TAG) and word.weights is None:
            _set_apart(words, number)
    wanted = Counter(word.text for word in source if word.kind not in ("", TAG))
    text = written(words)
    if wanted - Counter(text[span.start : span.end] for span in find(text, {word.kind for word in source} - {"", TAG})):
        for number, word in enumerate(words):
            if word.kind or (number and words[number - 1].kind):
                word.space = word.space or " "
    if words:
        words[0].space = ""
    return words


def _set_apart(words: list[Word], number: int) -> None:
    """White space where the neighbours of a span would become part of it."""
    word = words[number]
    if number and not word.space and _joins(words[number - 1].text[-1]):
        word.space = " "
    if number + 1 < len(words) and not words[number + 1].space:
        following = words[number + 1]
        ends = number + 2 == len(words) or bool(words[number + 2].space)
        if not (following.text in ".,;:!?" and ends) and _joins(following.text[0]):
            following.space = " "


def _joins(character: str) -> bool:
    return character.isalnum() or character in JOINING
