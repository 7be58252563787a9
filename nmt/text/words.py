"""A line as words, punctuation and protected spans, which can be moved about and written out again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from nmt.data.subwords import MARKS
from nmt.text.spans import STRIPPED, TAG, find

WORD = re.compile(rf"\w[\w{MARKS}\u200c\u200d]*|[^\w\s]")  # the last two join letters, or keep them apart, in a word
NOWHERE = -1
INLINE = frozenset(["a", "abbr", "b", "bdi", "code", "em", "font", "g", "i", "mark", "s", "small", "span", "strong"])
INLINE |= frozenset(["sub", "sup", "u", "x", "bpt", "ept", "ph", "q", "kbd", "tt", "ins", "del", "cite", "label"])
"""Tags that stand within words and sentences; all others divide what stands before and after."""
TAG_NAME = re.compile(r"</?\s*([\w:.-]+)")


@dataclass
class Word:
    """A word, a punctuation mark or a protected span, with the white space before it.

    Of a source, `start` is where it stands in the text that is translated, NOWHERE if it is not. Of a
    translation, `link` is the word of the source that it renders, and `weights` how much it looked at each."""

    text: str
    space: str = ""
    kind: str = ""
    start: int = NOWHERE
    link: int = NOWHERE
    weights: dict[int, float] | None = None


def split(text: str, kinds: Collection[str] = ()) -> list[Word]:
    """The words of a text; each protected span of some kinds is one."""
    words: list[Word] = []
    end = 0

    def add(start: int, stop: int, kind: str) -> None:
        nonlocal end
        words.append(Word(text[start:stop], text[end:start], kind, start))
        end = stop

    place = 0
    for span in [*find(text, kinds), None]:
        for match in WORD.finditer(text, place, span.start if span else len(text)):
            add(match.start(), match.end(), "")
        if span:
            add(*span)
            place = span.end
    return words


def written(words: Iterable[Word]) -> str:
    """The text of words."""
    return "".join(word.space + word.text for word in words)


def translated(words: Sequence[Word]) -> str:
    """The text to be translated, without the spans that are put back later. Sets where in it each word stands."""
    parts: list[str] = []
    length = 0
    gap = ""
    for index, word in enumerate(words):
        gap = max(gap, word.space, key=len)
        if word.kind in STRIPPED:
            word.start = NOWHERE
            if not gap and _divides(words, index):
                gap = " "
            continue
        if length == 0:
            gap = ""
        word.start = length + len(gap)
        parts += [gap, word.text]
        length = word.start + len(word.text)
        gap = ""
    return "".join(parts)


def _divides(words: Sequence[Word], index: int) -> bool:
    """Whether a span stands for white space: <br/> does, <b> does not, others do between letters."""
    name = TAG_NAME.match(words[index].text)
    if words[index].kind == TAG and name:
        return name.group(1).lower() not in INLINE
    beside = words[max(0, index - 1) : index + 2 : 2]
    return all(word.kind or word.text[0].isalnum() for word in beside)


def groups(words: Sequence[Word]) -> list[int]:
    """For each word, by number, which of the tokens that white space divides it belongs to."""
    numbers: list[int] = []
    for index, word in enumerate(words):
        numbers.append(numbers[-1] + bool(word.space) if index else 0)
    return numbers


def pharaoh(source: Sequence[Word], target: Sequence[Word]) -> list[tuple[int, int]]:
    """The alignment of white-space tokens: for each of the target, if it looked at any, the one of the source that it
    looked at most (source, target)."""
    of_source, of_target = groups(source), groups(target)
    looked: dict[int, dict[int, float]] = {}
    for number, word in zip(of_target, target, strict=True):
        weights = word.weights if word.weights is not None else {word.link: 1.0} if word.link != NOWHERE else {}
        sums = looked.setdefault(number, {})
        for place, weight in weights.items():
            sums[of_source[place]] = sums.get(of_source[place], 0.0) + weight
    return [(max(sums, key=lambda place: sums[place]), number) for number, sums in looked.items() if sums]
