"""Test sentences with what an error analysis looks at: their words, how often training had them, where the model
looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nmt.data.encoded import EncodedCorpus
from nmt.data.subwords import Vocabulary
from nmt.evaluation.metrics import sentence_chrf
from nmt.scoring import Scored
from nmt.text import alignment, quality
from nmt.text.words import NOWHERE, WORD, split

PAIRS = 200_000
"""Training pairs whose words are counted at most."""
Counts = Mapping[str, int]
"""How often training had each word, in lower case."""


@dataclass(frozen=True)
class Looked:
    """What the attention of a translation tells: the shares of the source that were not looked at and that were looked
    at again, and the distance of its order from the source's, all from 0; the last is None where one word or none is
    linked."""

    deficit: float
    excess: float
    reordering: float | None


@dataclass(frozen=True)
class Case:
    """A test sentence, its reference and its translation, with the translation's chrF.

    `frequencies`: how often training had each word of the source, None where that is not known. `looked`: None for a
    model without attention, or where it was not asked for."""

    source: str
    reference: str
    translation: str
    chrf: float
    frequencies: tuple[int, ...] | None = None
    looked: Looked | None = None

    @cached_property
    def source_words(self) -> list[str]:
        """The words of the source in lower case, without punctuation."""
        return words(self.source)

    @cached_property
    def reference_words(self) -> list[str]:
        """Those of the reference."""
        return words(self.reference)

    @cached_property
    def translation_words(self) -> list[str]:
        """Those of the translation."""
        return words(self.translation)

    @property
    def rarest(self) -> int | None:
        """How often training had the rarest word of the source."""
        return min(self.frequencies, default=None) if self.frequencies is not None else None

    @property
    def unseen(self) -> int | None:
        """How many words of the source training never had."""
        return self.frequencies.count(0) if self.frequencies is not None else None

    @property
    def repetitions(self) -> int:
        """How many of the pairs of neighbouring words in the translation stood there before."""
        pairs = list(pairwise(self.translation.split()))
        return len(pairs) - len(set(pairs))

    @property
    def copied(self) -> float | None:
        """The share of the translation's words that stand in the source."""
        return share(self.translation_words, set(self.source_words))

    @property
    def untranslated(self) -> float | None:
        """The share of the source's words that stand in the translation, though not in the reference."""
        return share(self.source_words, set(self.translation_words) - set(self.reference_words))

    @property
    def length_ratio(self) -> float | None:
        """Words of the translation for each of the reference."""
        return len(self.translation_words) / len(self.reference_words) if self.reference_words else None

    @property
    def order(self) -> float | None:
        """Kendall's tau distance between the orders of the words that translation and reference have once each, which
        need no alignment (as in Isozaki et al. 2010)."""
        mine, theirs = Counter(self.translation_words), Counter(self.reference_words)
        shared = [word for word in self.reference_words if mine[word] == theirs[word] == 1]
        return alignment.order_distance([self.translation_words.index(word) for word in shared])


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return [word for word in WORD.findall(text.lower()) if word[0].isalnum()]


def share(some: Sequence[str], among: set[str]) -> float | None:
    """The share of some words that are among others; None without words."""
    return sum(word in among for word in some) / len(some) if some else None


def count_words(sentences: Iterable[str]) -> Counter[str]:
    """How often each word, in lower case, stands in some sentences."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(words(sentence))
    return counts


def count_encoded(corpus: EncodedCorpus, vocabulary: Vocabulary, limit: int = PAIRS) -> tuple[Counter[str], int]:
    """How often each word stands in the sources of an encoded corpus, as their pieces spell them; and in how many of
    its pairs that was counted, at most `limit`, evenly spread."""
    rows = np.linspace(0, len(corpus) - 1, min(len(corpus), limit)).astype(int).tolist()
    return count_words(vocabulary.source.decode_all([source for source, _ in corpus.pairs(rows)])), len(rows)


def normalised(vocabulary: Vocabulary, sentences: Sequence[str]) -> list[str]:
    """Source sentences as their pieces spell them: the words of an encoded corpus are spelled in the same way."""
    return vocabulary.source.decode_all([np.array(pieces) for pieces in vocabulary.source.encode(sentences)])


def frequencies_of(counts: Counts, sentences: Iterable[str]) -> list[tuple[int, ...]]:
    """How often training had each word of each sentence."""
    return [tuple(counts.get(word, 0) for word in words(sentence)) for sentence in sentences]


def cases(
    sources: Sequence[str],
    references: Sequence[str],
    translations: Sequence[str],
    counts: Counts | None = None,
    looked: Sequence[Looked | None] = (),
    spelled: Sequence[str] = (),
) -> list[Case]:
    """The cases of parallel texts. `spelled`: the sources as their words were counted, if they are spelled otherwise
    there."""
    scores = sentence_chrf(translations, references)
    frequencies: list[tuple[int, ...] | None] = [None] * len(sources)
    if counts is not None:
        frequencies = list(frequencies_of(counts, spelled or sources))
    texts = zip(sources, references, translations, scores, frequencies, looked or [None] * len(sources), strict=True)
    return [Case(*row) for row in texts]


def looked_at(vocabulary: Vocabulary, source: str, translation: str, scored: Scored) -> Looked | None:
    """What the attention of a scored pair tells; None for a model without, and where nothing was translated."""
    if scored.attention is None or min(scored.attention.shape) < 2:
        return None
    seen = scored.attention.double().numpy()
    links = linked(vocabulary, source, translation, seen)
    return Looked(quality.coverage_deficit([seen]), quality.coverage_excess([seen]), alignment.order_distance(links))


def linked(vocabulary: Vocabulary, source: str, translation: str, seen: NDArray[np.float64]) -> list[int]:
    """For each word of a translation that renders one of the source, in order, the number of that."""
    sides = [" ".join(text.split()) for text in (source, translation)]
    mine, theirs = (split(side) for side in sides)
    pieces, their_pieces = (alignment.places(one.surfaces(side)) for one, side in zip(vocabulary, sides, strict=True))
    alignment.link(mine, theirs, pieces, their_pieces, seen)
    return [word.link for word in theirs if word.link != NOWHERE and word.text[0].isalnum()]
