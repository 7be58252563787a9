"""Noise: every word that comes out was there or is blank, none moves far, and the shares are those of the paper."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from nmt.data.noise import BLANK, BLANKED, DROPPED, REACH, moved, noised

WORDS = st.text(st.characters(exclude_categories=("Cs", "Zs", "Cc")), min_size=1)


def numbered(count: int) -> str:
    return " ".join(map(str, range(count)))


@given(st.integers(0, 60), st.integers())
def test_all_words_are_there_and_none_is_far_from_its_place(count: int, seed: int) -> None:
    found = list(map(int, moved(numbered(count).split(), Random(seed))))
    assert sorted(found) == list(range(count))
    assert all(abs(word - place) <= REACH for place, word in enumerate(found))


@given(st.integers(0, 60), st.integers())
def test_no_word_comes_out_that_was_not_there_once(count: int, seed: int) -> None:
    known = [word for word in noised(numbered(count), Random(seed)).split() if word != BLANK]
    assert len(set(known)) == len(known)
    assert set(known) <= set(numbered(count).split())


@given(st.lists(WORDS, max_size=20), st.integers())
def test_something_is_left_of_whatever_there_is_and_the_same_seed_gives_the_same(words: list[str], seed: int) -> None:
    sentence = " ".join(words)
    found = noised(sentence, Random(seed))
    assert bool(found) == bool(sentence.split())
    assert "\n" not in found
    assert noised(sentence, Random(seed)) == found


def test_the_shares_of_words_left_out_and_blanked_are_those_of_the_paper() -> None:
    count = 100_000
    found = noised(numbered(count), Random(1)).split()
    # Four standard deviations of a share of so many words are less than 0.004.
    assert abs(1 - len(found) / count - DROPPED) < 0.004
    assert abs(found.count(BLANK) / len(found) - BLANKED) < 0.004


def test_words_move_as_far_as_they_may() -> None:
    found = map(int, moved(numbered(1000).split(), Random(1)))
    assert {abs(word - place) for place, word in enumerate(found)} == set(range(REACH + 1))
