"""Alignment and the signs of a bad translation."""

from __future__ import annotations

import numpy as np
import pytest

from nmt.text.alignment import link, places
from nmt.text.quality import FLAGS, Evidence, confidence, coverage_deficit, flags
from nmt.text.words import pharaoh, split


def evidence(source: str, target: str, **changes: float) -> Evidence:
    known = {"confidence": 0.7, "coverage_deficit": 0.2, **changes}
    words = source.split(), target.split()
    return Evidence(*words, source_pieces=len(words[0]), target_pieces=len(words[1]), **known)  # type: ignore[arg-type]


GOOD = evidence("a man sees a dog and a man", "ein Mann sieht einen Hund und einen Mann")
BAD = {
    "repetition": evidence("a man on a fence", "vor einem Zaun auf einem Zaun vor einem Zaun"),
    "coverage": evidence("a b", "c d", coverage_deficit=0.6),
    "unlikely": evidence("a b", "c d", confidence=0.05),
    "length": evidence("a b", "c d e f g h i j k l m n o"),
}


@pytest.mark.parametrize("name", FLAGS)
def test_each_sign_shows_what_it_is_for_and_no_other(name: str) -> None:
    assert flags(BAD[name]) == [name]
    assert flags(GOOD) == []


def test_what_the_source_repeats_may_be_repeated() -> None:
    assert flags(evidence("the dog the dog the dog", "der Hund der Hund der Hund")) == []


def test_confidence_is_a_geometric_mean() -> None:
    assert confidence(np.log([0.5, 0.125]).tolist()) == pytest.approx(0.25)
    assert confidence([]) == 1.0


def test_a_source_piece_that_is_not_looked_at_is_missing() -> None:
    looked = np.array([[1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])  # the end symbol last
    assert coverage_deficit([looked]) == pytest.approx((0 + 0.75) / 2)
    assert coverage_deficit([looked, np.ones((1, 3))]) == pytest.approx(0.75 / 4)
    assert coverage_deficit([]) == 0.0


def test_pieces_are_summed_into_words() -> None:
    source, target = split("big dogs bark."), split("Hunde bellen.")
    attention = np.array([[0.4, 0.3, 0.3, 0.0, 0.0, 0.0], [0, 0, 0, 0.6, 0.4, 0], [0, 0, 0, 0, 0.3, 0.7]])
    # No piece of "dogs" has most of the first word's attention; its two pieces together have.
    link(source, target, places(["big", " do", "gs", " bark", "."]), places(["Hunde", " bellen", "."]), attention)
    assert [word.link for word in target] == [1, 2, 3]
    assert pharaoh(source, target) == [(1, 0), (2, 1)]


def test_the_last_marks_of_two_sentences_go_together_and_words_with_combining_marks_are_none() -> None:
    for source, target, last in (("एक किताब", "a book .", 0), ("a book.", "एक किताब", 0), ("a book.", "ein Buch.", 2)):
        some, others = split(source), split(target)
        spelled = [[word.space + word.text for word in side] for side in (some, others)]
        link(some, others, *map(places, spelled), np.eye(1, len(some)).repeat(len(others), axis=0))
        assert others[-1].link == last


def test_tokens_are_what_white_space_divides() -> None:
    source, target = split("one, two"), split("zwei eins !")
    for word, of in zip(target, (2, 0, -1), strict=True):
        word.link = of
    assert pharaoh(source, target) == [(1, 0), (0, 1)]


def test_without_attention_words_stand_in_their_order() -> None:
    source, target = split("one two three"), split("eins zwei drei")
    spelled = places(["one", " two", " three"])
    link(source, target, spelled, places(["eins", " zwei", " drei"]), None)
    assert [word.link for word in target] == [0, 1, 2]
