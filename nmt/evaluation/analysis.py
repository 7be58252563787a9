"""Error analysis: test sentences put into buckets by what they have in common, and each bucket scored. An analysis is a
measure of a sentence, the buckets of its values, and a line of `ANALYSES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nmt.evaluation.cases import Case
from nmt.evaluation.metrics import Counted, Score

SAMPLES = 300
"""Bootstrap samples behind the interval of a bucket."""
FEWEST = 5
"""Sentences of a bucket from which its score gets an interval: of fewer, samples tell nothing."""


@dataclass(frozen=True)
class Analysis:
    """What sentences are told apart by.

    title, about: what it shows, in words. axis: what is measured, with its unit. measure: of a case; None leaves it
    out. buckets: from the name of each to the least value in it, ascending."""

    title: str
    about: str
    axis: str
    measure: Callable[[Case], float | None]
    buckets: Mapping[str, float]


class Bucket(NamedTuple):
    """Some sentences, by their numbers from 0, worst chrF first; and their BLEU, None without any."""

    label: str
    rows: tuple[int, ...]
    bleu: Score | None


FEW = {"0": 0, "1": 1, "2": 2, "3 or more": 3}
FEW_PARTS = {"none": 0, "to 10 %": 1e-9, "to 20 %": 0.1 + 1e-9, "to 30 %": 0.2 + 1e-9, "above": 0.3 + 1e-9}
TENTHS = {"below 10 %": 0, "10–20 %": 0.1, "20–30 %": 0.2, "30–40 %": 0.3, "40 % or more": 0.4}
LITTLE = {"none": 0, "to 5 %": 1e-9, "to 10 %": 0.05 + 1e-9, "to 20 %": 0.1 + 1e-9, "above": 0.2 + 1e-9}

ANALYSES: dict[str, Analysis] = {
    "length": Analysis(
        "Length of the source",
        "Long sentences need more memory and have more to go wrong.",
        "words in the source",
        lambda case: len(case.source_words),
        {"to 5": 0, "6–10": 6, "11–15": 11, "16–20": 16, "21–30": 21, "31–50": 31, "51 or more": 51},
    ),
    "rarest": Analysis(
        "Rarest word",
        "How often the training sources had the word of the sentence that they had least often.",
        "occurrences of the rarest source word in training",
        lambda case: case.rarest,
        {"never": 0, "1–2": 1, "3–9": 3, "10–99": 10, "100–999": 100, "1,000 or more": 1000},
    ),
    "unseen": Analysis(
        "Words never seen",
        "Words that no training source had: the model has to spell or to guess them.",
        "source words that training never had",
        lambda case: case.unseen,
        FEW,
    ),
    "under": Analysis(
        "Under-translation",
        "The share of the source that no attention fell on while it was translated: what may have been left out.",
        "share of the source not looked at",
        lambda case: case.looked.deficit if case.looked else None,
        TENTHS,
    ),
    "over": Analysis(
        "Over-translation",
        "Attention beyond what each piece of the source needs once: what may have been said twice. A translation of "
        "more pieces than its source has some.",
        "attention beyond the first look, as a share of the source",
        lambda case: case.looked.excess if case.looked else None,
        TENTHS,
    ),
    "repetition": Analysis(
        "Repetition",
        "Pairs of neighbouring words that the translation has had before.",
        "repeated word pairs in the translation",
        lambda case: case.repetitions,
        FEW,
    ),
    "copying": Analysis(
        "Copying",
        "Words of the translation that stand in the source, too: names and numbers, but also what was not translated.",
        "share of the translation's words that stand in the source",
        lambda case: case.copied,
        FEW_PARTS,
    ),
    "untranslated": Analysis(
        "Untranslated",
        "Words of the source that stand in the translation though the reference does not have them.",
        "share of the source's words that the translation has left as they are",
        lambda case: case.untranslated,
        LITTLE,
    ),
    "length_ratio": Analysis(
        "Length of the translation",
        "Too short leaves out, too long adds.",
        "words of the translation for each word of the reference",
        lambda case: case.length_ratio,
        {"below 0.7": 0, "0.7–0.9": 0.7, "0.9–1.1": 0.9, "1.1–1.3": 1.1, "1.3 or more": 1.3},
    ),
    "order": Analysis(
        "Word-order distance",
        "Of the words that translation and reference share, the pairs that stand the other way round "
        "(Kendall's tau distance).",
        "share of word pairs in another order than in the reference",
        lambda case: case.order,
        LITTLE,
    ),
    "reordering": Analysis(
        "Reordering",
        "How far the translation leaves the order of its source, by the words that it looked at "
        "(Kendall's tau distance; Birch and Osborne 2010).",
        "share of word pairs in another order than in the source",
        lambda case: case.looked.reordering if case.looked else None,
        LITTLE,
    ),
}


def analyse(analysis: Analysis, cases: Sequence[Case], counted: Counted, samples: int = SAMPLES) -> list[Bucket]:
    """All buckets of an analysis, each with its sentences and their score; a sentence without a value is in none."""
    rows: dict[str, list[int]] = {label: [] for label in analysis.buckets}
    for number, case in enumerate(cases):
        value = analysis.measure(case)
        if value is not None:
            rows[[label for label, least in analysis.buckets.items() if value >= least][-1]].append(number)
    return [bucket(label, some, cases, counted, samples) for label, some in rows.items()]


def bucket(label: str, rows: Sequence[int], cases: Sequence[Case], counted: Counted, samples: int = SAMPLES) -> Bucket:
    """Some sentences as a bucket."""
    ordered = tuple(sorted(rows, key=lambda row: cases[row].chrf))
    score = counted.bleu(ordered, samples if len(ordered) >= FEWEST else 0) if ordered else None
    return Bucket(label, ordered, score)
