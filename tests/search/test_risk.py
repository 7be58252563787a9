"""Least risk: the utilities are sacreBLEU's, and what most agree on wins."""

from __future__ import annotations

import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from nmt.search.risk import UTILITIES, bleu, chrf, expected_utilities

TEXTS = [
    "Ein Mann fährt Rad .",
    "Ein Mann fährt mit dem Rad .",
    "Der Mann sitzt .",
    "Zwei Hunde spielen im Schnee , und zwei Hunde schlafen .",
    "Rad",
    "a",
    "",
]
REFERENCE = {
    "chrf": lambda one, other: CHRF().sentence_score(one, [other]).score,
    "bleu": lambda one, other: (
        BLEU(tokenize="none", smooth_method="add-k", smooth_value=1).sentence_score(one, [other]).score
    ),
}


def test_chrf_is_sacrebleus() -> None:
    found = chrf(TEXTS)
    for row, one in zip(found, TEXTS, strict=True):
        for value, other in zip(row, TEXTS, strict=True):
            if one and other:
                assert 100 * value == pytest.approx(REFERENCE["chrf"](one, other), abs=1e-6)


def test_bleu_is_sacrebleus_where_the_texts_have_four_words() -> None:
    long = [text for text in TEXTS if len(text.split()) >= 4]
    found = bleu(long)
    for row, one in zip(found, long, strict=True):
        for value, other in zip(row, long, strict=True):
            assert 100 * value == pytest.approx(REFERENCE["bleu"](one, other), abs=1e-6)


@pytest.mark.parametrize("utility", UTILITIES)
def test_a_text_is_most_like_itself_and_nothing_is_beyond_the_ends(utility: str) -> None:
    found = UTILITIES[utility](TEXTS)
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-9
    for index, text in enumerate(TEXTS):
        assert found[index, index] == (pytest.approx(1) if text else 0)
        assert found[index].max() == found[index, index]


@pytest.mark.parametrize("utility", UTILITIES)
def test_what_most_agree_on_has_the_least_risk(utility: str) -> None:
    texts = ["Zwei Hunde schlafen .", "Ein Mann fährt Rad .", "Ein Mann fährt mit Rad .", "Ein Mann fährt das Rad ."]
    even = expected_utilities(texts, [1, 1, 1, 1], utility)
    assert even[0] == min(even)
    weighted = expected_utilities(texts, [1, 1e-6, 1e-6, 1e-6], utility)
    assert weighted[0] == max(weighted)
