"""What is unusual for this corpus, by what a sample of it has: scripts, languages, lengths, words that go together."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmt.data.checks.chunk import Chunk
from nmt.data.checks.finding import BOTH, NO_SENTENCE, SOURCE, TARGET, UNREADABLE, WARNING, Check, Found
from nmt.data.checks.pairs import LengthRatio
from nmt.data.checks.text import BEYOND, Rows, Text, lowered, span, table_of

SAMPLE = 20_000
"""Pairs that the profiles are made from."""
ENOUGH = 200
"""Fewer pairs are too few for a profile."""

SCRIPTS = {
    "Latin": r"A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u1e00-\u1eff\ua722-\ua7ff\ufb00-\ufb06",
    "Greek": r"\u0370-\u03ff\u1f00-\u1fff",
    "Cyrillic": r"\u0400-\u052f\u1c80-\u1c88\ua640-\ua69f",
    "Armenian": r"\u0531-\u058f",
    "Hebrew": r"\u05d0-\u05ea",
    "Arabic": r"\u0620-\u064a\u066e-\u06d3\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdcf\ufdf0-\ufdfb\ufe70-\ufefc",
    "Ethiopic": r"\u1200-\u137f",
    "Devanagari": r"\u0904-\u0963",
    "Bengali": r"\u0980-\u09e3",
    "Gurmukhi": r"\u0a00-\u0a76",
    "Gujarati": r"\u0a80-\u0ae3",
    "Tamil": r"\u0b80-\u0bd7",
    "Telugu": r"\u0c00-\u0c63",
    "Kannada": r"\u0c80-\u0ce3",
    "Malayalam": r"\u0d00-\u0d63",
    "Sinhala": r"\u0d80-\u0ddf",
    "Thai": r"\u0e00-\u0e4e",
    "Lao": r"\u0e80-\u0ecd",
    "Tibetan": r"\u0f40-\u0fbc",
    "Myanmar": r"\u1000-\u103f",
    "Georgian": r"\u10a0-\u10ff\u1c90-\u1cbf",
    "Khmer": r"\u1780-\u17d3",
    "Kana": r"\u3041-\u3096\u30a1-\u30fa",
    "Hangul": r"\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
    "Han": r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
}
"""Letters of the scripts, as in a class of characters."""


def script_of(line: str) -> Counter[str]:
    """How many letters of each script a line has."""
    if line.isascii():
        return Counter(Latin=sum(map(str.isalpha, line)))
    return Counter({name: count for name, letters in LETTERS.items() if (count := len(letters.findall(line)))})


LETTERS = {name: re.compile(f"[{letters}]") for name, letters in SCRIPTS.items()}


@functools.cache
def script_table(script: str) -> NDArray[np.bool_]:
    """[BEYOND + 1]: whether a character is a letter of a script."""
    return table_of("".join(LETTERS[script].findall(span(0, BEYOND - 1))))


class WrongScript(Check):
    """A line mostly in a script that its side is not written in, as a hundredth of the sample shows; or a word in two
    scripts that look alike."""

    name = "wrong_script"
    what = "letters of another script"
    unless = (*UNREADABLE, *NO_SENTENCE, "copied")

    def __init__(self, sample: tuple[Sequence[str], Sequence[str]]) -> None:
        some = [lines[:: max(1, len(lines) // 2000)] for lines in sample]
        counts = [sum(map(script_of, lines), Counter[str]()) for lines in some]
        self.usual = [
            {name for name, count in side.items() if count > 0.01 * side.total()} or set(SCRIPTS) for side in counts
        ]
        self.main = [side.most_common(1)[0][0] if side else "" for side in counts]
        self._others = [
            np.logical_or.reduce([script_table(name) for name in SCRIPTS if name != main]) for main in self.main
        ]

    def find(self, chunk: Chunk) -> Iterator[Found]:
        source, target = (self._rows(text, side) for side, text in enumerate(chunk.texts))
        for row in sorted({*source, *target}):
            sides = [side for side, rows in enumerate((source, target)) if row in rows]
            told = " and ".join(rows[row] for rows in (source, target) if row in rows)
            yield Found(chunk.first + row, BOTH if len(sides) == 2 else sides[0], told, WARNING)

    def _rows(self, text: Text, side: int) -> dict[int, str]:
        """What is strange about the lines of one side."""
        rows = text.in_table(self._others[side]).tolist()
        return {row: told for row in rows if (told := self._told(text.lines[row], side))}

    def _told(self, line: str, side: int) -> str:
        mixed = MIXED.search(line)
        if mixed:
            return f"{mixed.group()!r} is in two scripts"
        counts = script_of(line)
        if not counts or counts.total() < 3:
            return ""
        name, count = counts.most_common(1)[0]
        strange = sum(count for name, count in counts.items() if name not in self.usual[side])
        foreign = {name: count for name, count in counts.items() if name != self.main[side]}
        if strange > 0.25 * counts.total() or (counts[self.main[side]] == 0 and sum(foreign.values()) >= 10):
            name = max(foreign, key=foreign.__getitem__, default=name)
            return f"{foreign.get(name, count)} of {counts.total()} letters are {name}"
        return ""


MIXED = re.compile(
    r"\b\w*(?:[A-Za-z\u00c0-\u024f][ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο\u0400-\u052f]|[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο\u0400-\u052f][A-Za-z\u00c0-\u024f])\w*"
)
"""A word with Latin letters and Cyrillic ones, or Greek ones that look like Latin: kΩ and μm are in order."""


class Trigrams:
    """How likely the letters of a language follow each other: three at a time, hashed into a table."""

    BITS = 17

    def __init__(self, text: Text) -> None:
        hashed, _ = _trigrams(text)
        counts = np.bincount(hashed, minlength=1 << self.BITS) + 0.05
        self.table = np.log(counts / counts.sum()).astype(np.float32)

    def scores(self, trigrams: tuple[NDArray[np.int64], NDArray[np.int64]], lines: int) -> NDArray[np.float64]:
        """[lines]: the mean over its trigrams of the logarithm of their probability."""
        hashed, rows = trigrams
        sums = np.bincount(rows, self.table[hashed], minlength=lines)
        return np.asarray(sums / np.maximum(1, np.bincount(rows, minlength=lines)))


def _trigrams(text: Text) -> tuple[NDArray[np.int64], Rows]:
    """The hashed trigrams of some lines, ends included and whatever the case, and the line of each."""
    codes, rows = lowered()[text.small], text.rows
    first, second, third = codes[:-2], codes[1:-1], codes[2:]
    mixed = first * np.uint32(0x9E3779B1) ^ second * np.uint32(0x85EBCA77) ^ third * np.uint32(0xC2B2AE3D)
    inside = rows[:-2] == rows[2:]
    return (mixed >> np.uint32(32 - Trigrams.BITS)).astype(np.int64)[inside], rows[:-2][inside]


class WrongLanguage(Check):
    """A line that is likelier in the language of the other side, or in a third one.

    The two languages are learnt from the sample (letter trigrams). Lines that are unlike their side are shown to
    `py3langid`, where it knows the language of the side."""

    name = "wrong_language"
    what = "likely in another language"
    unless = ("misaligned", *WrongScript.unless, "wrong_script")

    LETTERS = 20  # fewer tell too little, and so do fewer words
    WORDS = 4
    CLEAR = 0.6  # nats a trigram by which the other side must be likelier
    STRANGE = 1.7  # spreads below the usual likelihood, from where on lines are shown to the identifier
    LIKELY = 0.25  # probability that it must give to another language
    UNLIKELY = 0.01  # and that it may at most give to the language of the side

    def __init__(self, sample: tuple[Sequence[str], Sequence[str]]) -> None:
        texts = [Text(lines) for lines in sample]
        self.sides = [Trigrams(text) for text in texts]
        trigrams = [_trigrams(text) for text in texts]
        both = zip(self.sides, trigrams, sample, strict=True)
        own = [profile.scores(grams, len(lines)) for profile, grams, lines in both]
        middle = [float(np.median(scores)) for scores in own]  # neither it nor the spread minds a few strange lines
        spread = [1.48 * float(np.median(np.abs(scores - usual))) for scores, usual in zip(own, middle, strict=True)]
        self.low = [usual - self.STRANGE * width for usual, width in zip(middle, spread, strict=True)]
        self.expected, self.identifier = _identifier(sample)

    def find(self, chunk: Chunk) -> Iterator[Found]:
        clear: list[NDArray[np.bool_]] = []
        for side, lines in enumerate(chunk.texts):
            trigrams = _trigrams(lines)
            own, other = (profile.scores(trigrams, len(lines)) for profile in (self.sides[side], self.sides[1 - side]))
            long = np.bincount(trigrams[1], minlength=len(lines)) >= self.LETTERS
            clear.append(long & (other - own > self.CLEAR))
            third = long & ~clear[side] & (own < self.low[side])
            yield from self._third(chunk, side, np.flatnonzero(third).tolist())
        for row in np.flatnonzero(clear[0] & clear[1]).tolist():
            yield Found(chunk.first + row, BOTH, "the two sides are swapped", WARNING)
        for side in (SOURCE, TARGET):
            for row in np.flatnonzero(clear[side] & ~clear[1 - side]).tolist():
                yield Found(chunk.first + row, side, f"like the {('target', 'source')[side]} side", WARNING)

    def _third(self, chunk: Chunk, side: int, rows: list[int]) -> Iterator[Found]:
        if self.expected[side] is None:
            return
        for row in rows:
            line = chunk.sides[side][row]
            if len(line.split()) < self.WORDS:
                continue
            language, probability = self.identifier.classify(line)
            if language == self.expected[side] or probability <= self.LIKELY:
                continue
            if dict(self.identifier.rank(line))[self.expected[side]] < self.UNLIKELY:
                yield Found(chunk.first + row, side, f"{language}, not {self.expected[side]}", WARNING)


def _identifier(sample: tuple[Sequence[str], Sequence[str]]) -> tuple[list[str | None], Any]:
    """The language of each side, None where it is not clear, and what tells the language of a line."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # here, because it takes a while

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    expected: list[str | None] = []
    for lines in sample:
        some = lines[:: max(1, len(lines) // 300)]
        language, count = Counter(identifier.classify(line)[0] for line in some).most_common(1)[0]
        expected.append(language if count > 0.8 * len(some) else None)
    return expected, identifier


class UnlikelyLength(Check):
    """Lengths that do not go together in this corpus: (target - c source) / sqrt(source), Gale and Church 1993, in
    units of its spread in the sample."""

    name = "unlikely_length"
    what = "one side is too long for the other, by what is usual in this corpus"
    unless = (*LengthRatio.unless, "length_ratio", "wrong_script", "wrong_language")
    FAR = 6.0
    RATIO = 2.2

    def __init__(self, sample: tuple[Sequence[str], Sequence[str]]) -> None:
        lengths = np.array([[len(line) for line in lines] for lines in sample], np.float64)
        self.lengths = LengthModel.of(lengths)

    def find(self, chunk: Chunk) -> Iterator[Found]:
        lengths = chunk.lengths
        far = np.abs(self.lengths.far(lengths)) > self.FAR
        ratio = (lengths[1] + 1) / (lengths[0] + 1) / self.lengths.ratio
        odd = far & (np.maximum(ratio, 1 / ratio) > self.RATIO) & (lengths.min(axis=0) > 0)
        for row in np.flatnonzero(odd & (lengths.max(axis=0) > 20)).tolist():
            evidence = f"{int(lengths[0, row])} and {int(lengths[1, row])} characters"
            yield Found(chunk.first + row, BOTH, evidence, WARNING)


class LengthModel(NamedTuple):
    """Characters of the target for one of the source, and the spread about that."""

    ratio: float
    spread: float

    @classmethod
    def of(cls, lengths: NDArray[np.float64]) -> LengthModel:
        """From lengths [2, pairs], whatever a few of them are."""
        ratio = float(np.median((lengths[1] + 1) / (lengths[0] + 1)))
        differences = np.abs(cls(ratio, 1.0).far(lengths))
        return cls(ratio, max(0.1, 1.48 * float(np.median(differences))))

    def far(self, lengths: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far off the lengths [2, pairs] are, in spreads."""
        mean = (lengths[0] * self.ratio + lengths[1]) / 2 + 1
        return np.asarray((lengths[1] - self.ratio * lengths[0]) / np.sqrt(mean) / self.spread)
