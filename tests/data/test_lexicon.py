"""The lexicon finds out what is translated by what, though it is told only of sentences."""

from __future__ import annotations

import random

import numpy as np

from nmt.data.lexicon import learn_lexicon, learn_probabilities, most_frequent
from nmt.data.subwords import END, PADDING, EncodedPair


def pairs(count: int) -> list[EncodedPair]:
    """Sentences of pieces 10 to 29, each translated by the piece 20 above it, in any order, and 4 in every target."""
    chosen = random.Random(1)
    made = []
    for _ in range(count):
        source = [chosen.randrange(10, 30) for _ in range(chosen.randrange(1, 8))]
        target = [4, *(piece + 20 for piece in source)]
        chosen.shuffle(target)
        made.append((np.array([*source, END], np.int32), np.array([*target, END], np.int32)))
    return made


def test_each_piece_is_translated_by_its_own() -> None:
    lexicon = learn_lexicon(pairs(500), pieces=40, candidates=3)
    assert lexicon.shape == (40, 3)
    assert lexicon[10:30, 0].tolist() == list(range(30, 50))


def test_pieces_that_were_never_seen_have_no_candidates() -> None:
    lexicon = learn_lexicon(pairs(500), pieces=40, candidates=3)
    assert not lexicon[:10].any()
    assert not lexicon[30:].any()


def test_the_order_of_the_pairs_changes_nothing_and_few_candidates_are_the_first_of_many() -> None:
    made = pairs(200)
    lexicon = learn_lexicon(made, pieces=40, candidates=5)
    assert np.array_equal(learn_lexicon(made, pieces=40, candidates=2), lexicon[:, :2])
    turned = learn_lexicon(made[::-1], pieces=40, candidates=5)
    assert np.array_equal(turned[10:30, 0], lexicon[10:30, 0])


def test_frequent_pieces_come_with_the_special_ones_and_none_that_never_came_up() -> None:
    assert most_frequent(pairs(200), pieces=60, count=1).tolist() == [0, 1, 2, 3, 4]
    assert most_frequent(pairs(200), pieces=60, count=60).tolist() == [0, 1, 2, 3, 4, *range(30, 50)]


def test_each_piece_belongs_to_what_it_translates_and_of_equal_ones_to_the_nearest() -> None:
    lexicon = learn_probabilities(pairs(500), pieces=40)
    source = np.array([[10, 12, 11, 10, END], [15, 16, END, PADDING, PADDING]])
    target = np.array([[30, 4, 31, 32, 30, END], [36, 35, 99, END, PADDING, PADDING]])
    links = lexicon.links(source, target)
    assert links.shape == (2, 6, 5)
    assert (links.sum(axis=2) <= 1 + 1e-6).all()
    assert links[0, [0, 2, 3, 4]].argmax(axis=1).tolist() == [0, 2, 1, 3]
    assert links[1, [0, 1]].argmax(axis=1).tolist() == [1, 0]
    assert (links[0, [0, 2, 3, 4]].max(axis=1) > 0.7).all()
    assert links[0, 1].sum() < 0.5  # the piece that is in every target belongs to no word
    reverse = lexicon.links(source, np.array([[30, 32, 31, 4, 30, END]] * 2), right_to_left=True)
    assert reverse[0, [0, 1, 2, 4]].argmax(axis=1).tolist() == [3, 1, 2, 0]
    assert not links[1, 2].any()  # nor does one that was never seen
    assert not links[:, :, 4].any()  # special pieces have no part
    assert not links[0, 5].any()
    assert not links[1, 3:].any()
