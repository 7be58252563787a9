"""Sentences with words missing: how much of the translation is left.

A gap is *blanked* (the word's place is there, with an embedding of zeros, as word dropout leaves it in training) or
*removed* (the other words close up, and nothing shows that one is missing).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from nmt.data.subwords import PADDING, Subwords, Vocabulary
from nmt.translator import Translator
from understanding_parts.numbers import BLANKED, REMOVED, Gaps
from understanding_parts.translation import Pairs, bleu, translated

SHARES = (0.0, 0.1, 0.2, 0.3)
BLANK = "\N{OPEN BOX}"


class BlankableSubwords(Subwords):
    """Subwords that read the word BLANK as one piece without meaning: the embedding of padding is zero, and within a
    sentence nothing but its embedding tells it from a word."""

    def __init__(self, subwords: Subwords) -> None:
        super().__init__(subwords.model)

    def encode(self, sentences: Sequence[str], *, end: bool = True) -> list[list[int]]:
        """Pieces of each sentence, with the end symbol after them if asked for."""
        return [self._encode(sentence, end) for sentence in sentences]

    def _encode(self, sentence: str, end: bool) -> list[int]:
        pieces: list[int] = []
        stretches = [stretch.strip() for stretch in sentence.split(BLANK)]
        for number, stretch in enumerate(stretches):
            if number:
                pieces.append(PADDING)
            if stretch:
                pieces += super().encode([stretch], end=False)[0]
        return pieces + super().encode([""], end=end)[0]


def blankable(translator: Translator) -> Translator:
    """The same translator, which reads BLANK as a missing word."""
    vocabulary = translator.vocabulary
    return Translator(
        translator.network, Vocabulary(BlankableSubwords(vocabulary.source), vocabulary.target), translator.config
    )


def with_gaps(lines: Sequence[str], share: float, kind: str, seed: int = 1) -> list[str]:
    """The lines with a share of all their words blanked or removed. With the same seed, the gaps of a smaller share
    are among those of a larger one."""
    places = [(number, place) for number, line in enumerate(lines) for place in range(len(line.split()))]
    random.Random(seed).shuffle(places)
    missing = set(places[: round(share * len(places))])

    def rewritten(number: int, line: str) -> str:
        words = [BLANK if (number, place) in missing else word for place, word in enumerate(line.split())]
        return " ".join(word for word in words if word != BLANK or kind == BLANKED)

    return [rewritten(number, line) for number, line in enumerate(lines)]


def measure(
    translators: dict[str, dict[str, Translator]], test: Pairs, word_dropout: float, say: Callable[[str], None]
) -> Gaps:
    """BLEU of every translator, by training and cell, at every share of missing words."""
    sources, references = [source for source, _ in test], [target for _, target in test]
    scores: dict[str, dict[str, dict[str, list[float]]]] = {}
    for kind in (BLANKED, REMOVED):
        scores[kind] = {}
        damaged = [with_gaps(sources, share, kind) for share in SHARES]
        for training, by_cell in translators.items():
            scores[kind][training] = {
                cell: [bleu(translated(blankable(translator), lines), references)[0] for lines in damaged]
                for cell, translator in by_cell.items()
            }
        say(f"words {kind}: scored at {', '.join(f'{share:.0%}' for share in SHARES)}")
    yardstick = [bleu(with_gaps(references, share, REMOVED), references)[0] for share in SHARES]
    return Gaps(list(SHARES), scores, yardstick, word_dropout)
