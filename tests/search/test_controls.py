"""What is asked of a translation is in it, what is forbidden is not, and the rest is as likely as it can be."""

from __future__ import annotations

import itertools
import random

import pytest
import torch
from toy_table import BEGIN, END, SYMBOLS, WORDS, Table, log_probability

from nmt.config import SearchConfig
from nmt.errors import UserError
from nmt.search.controls import Control, contains
from nmt.search.decode import decode
from nmt.search.phrases import automaton
from nmt.search.protocol import Hypothesis
from nmt.search.strategies import Beam, DiverseBeam, Greedy, Strategy

LIMIT = 5


def search(
    controls: list[Control],
    strategy: Strategy | None = None,
    limit: int = LIMIT,
    shortest: int = 2,
    **settings: object,
) -> list[list[Hypothesis]]:
    """One sentence for each control, numbered from 0."""
    source = torch.arange(len(controls)).unsqueeze(1)
    return decode(
        Table(),
        source,
        torch.ones(len(controls), dtype=torch.long),
        strategy or Beam(5),
        symbols=SYMBOLS,
        limits=[limit] * len(controls),
        shortest=[shortest] * len(controls),
        controls=controls,
        search=SearchConfig(**{"beam": 5, **settings}),
    )


def random_phrase(chosen: random.Random, longest: int) -> tuple[int, ...]:
    return tuple(chosen.choices(WORDS, k=chosen.randint(1, longest)))


def random_control(chosen: random.Random) -> Control:
    include = tuple(random_phrase(chosen, 4) for _ in range(chosen.randint(0, 4)))
    prefix = random_phrase(chosen, 3) if chosen.random() < 0.3 else ()
    return Control(prefix, include)


@pytest.mark.parametrize("strategy", [Greedy(), Beam(2), Beam(5), Beam(12)], ids=lambda one: f"width {one.width}")
@pytest.mark.parametrize("limit", [2, 30])
def test_five_hundred_random_requests_are_fulfilled(strategy: Strategy, limit: int) -> None:
    """Phrases overlap and repeat pieces at random; the limit is too short for most of them, or leaves room."""
    chosen = random.Random(5)
    controls = [random_control(chosen) for _ in range(500)]
    for control, found in zip(controls, search(controls, strategy, limit, no_repeat_ngram=3), strict=True):
        assert found
        for hypothesis in found:
            assert hypothesis.pieces[: len(control.prefix)] == control.prefix
            assert all(contains(hypothesis.pieces, phrase) for phrase in control.include)
            assert len(hypothesis.pieces) <= max(limit, control.needed)
            assert hypothesis.pieces.index(END) == len(hypothesis.pieces) - 1


def test_a_wide_beam_finds_the_best_translation_that_has_the_phrases() -> None:
    chosen = random.Random(1)
    every = [words for length in range(1, LIMIT) for words in itertools.product(WORDS, repeat=length)]
    controls = []
    for index in range(40):
        include, exclude = random_phrase(chosen, 2), random_phrase(chosen, 2)
        forbids = index % 2 and not contains(include, exclude)
        controls.append(Control(include=(include,), exclude=(exclude,) if forbids else ()))
    for sentence, found in enumerate(search(controls, Beam(300), stopping="proven")):
        control = controls[sentence]
        allowed = [
            (*words, END)
            for words in every
            if all(contains(words, phrase) for phrase in control.include)
            and not any(contains(words, phrase) for phrase in control.exclude)
        ]
        best = max(allowed, key=lambda pieces: log_probability(sentence, pieces) / len(pieces))
        assert found[0].pieces == best


def test_a_sentence_of_which_nothing_is_asked_does_not_notice_the_others() -> None:
    controls = [Control(include=((3, 3, 4),)), Control(), Control(exclude=((3,),)), Control(prefix=(5, 5))]
    together = search(controls, nbest=5)
    plain = search([Control()] * 4, nbest=5)
    assert [one.pieces for one in together[1]] == [one.pieces for one in plain[1]]
    assert together[0] != plain[0]


def test_a_phrase_that_comes_anyway_changes_nothing() -> None:
    plain = search([Control()] * 30)
    asked = search([Control(include=(found[0].pieces[:-1][:2],)) for found in plain])
    same = sum(one[0].pieces == other[0].pieces for one, other in zip(plain, asked, strict=True))
    assert same >= 27  # a bank may crowd out what would have ended best


def test_forbidden_phrases_are_not_there_and_parts_of_them_may_be() -> None:
    chosen = random.Random(3)
    controls = [Control(exclude=tuple({random_phrase(chosen, 3)} | {(3, 4)})) for _ in range(200)]
    controls = [one for one in controls if {(3,), (4,), (5,)} - set(one.exclude)]
    parts = 0
    for control, found in zip(controls, search(controls, limit=12), strict=True):
        assert not any(contains(found[0].pieces, phrase) for phrase in control.exclude)
        parts += any(phrase[0] in found[0].pieces for phrase in control.exclude)
    assert parts > 50


def test_a_forced_prefix_begins_the_translation_and_the_rest_is_the_likeliest() -> None:
    every = [words for length in range(1, LIMIT) for words in itertools.product(WORDS, repeat=length)]
    prefix = (4, 3)
    for sentence, (best, *_) in enumerate(search([Control(prefix=prefix)] * 20, Beam(100), length_penalty=0)):
        allowed = [(*words, END) for words in every if words[:2] == prefix]
        assert best.pieces == max(allowed, key=lambda pieces: log_probability(sentence, pieces))
        assert best.log_probability == pytest.approx(log_probability(sentence, best.pieces), abs=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_sequence_of_pieces_comes_twice(size: int) -> None:
    repeated = 0
    for found, free in zip(
        search([Control()] * 60, limit=9, shortest=4, no_repeat_ngram=size),
        search([Control()] * 60, limit=9, shortest=4),
        strict=True,
    ):
        for hypothesis in found:
            grams = [hypothesis.pieces[start : start + size] for start in range(len(hypothesis.pieces) - size + 1)]
            assert len(grams) == len(set(grams))
        pieces = free[0].pieces
        grams = [pieces[start : start + size] for start in range(len(pieces) - size + 1)]
        repeated += len(grams) > len(set(grams))
    assert repeated, "nothing is repeated anyway, which tests nothing"


@pytest.mark.parametrize("shortest", [2, 4, 9])
def test_no_translation_is_shorter_than_asked_for(shortest: int) -> None:
    lengths = [len(found[0].pieces) for found in search([Control()] * 60, limit=9, shortest=shortest)]
    assert min(lengths) >= shortest
    assert (min(lengths) == shortest) or shortest == 2


def test_an_automaton_knows_how_much_of_a_phrase_a_hypothesis_ends_with() -> None:
    chosen = random.Random(2)
    for _ in range(200):
        phrase = random_phrase(chosen, 5)
        table, progress, said = automaton(phrase), 0, (BEGIN,)
        for piece in chosen.choices(WORDS, k=12):
            said = (*said, piece)
            progress = table[progress][phrase.index(piece)] if piece in phrase else 0
            ends = [size for size in range(len(phrase) + 1) if said[len(said) - size :] == phrase[:size]]
            assert progress == max(ends)


def test_contradictions_are_errors() -> None:
    with pytest.raises(UserError, match="forbidden"):
        Control(include=((3, 4, 5),), exclude=((4, 5),))
    with pytest.raises(UserError, match="forbidden"):
        Control(prefix=(3, 4), exclude=((3,),))
    with pytest.raises(UserError, match="empty"):
        Control(include=((),))
    with pytest.raises(UserError, match="beam"):
        search([Control(include=((3,),))], DiverseBeam(4, 2, 0.5))


def test_phrases_that_leave_no_translation_find_none() -> None:
    assert search([Control(exclude=((3,), (4,), (5,)))]) == [[]]
