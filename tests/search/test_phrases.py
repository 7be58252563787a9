"""Where it is known which pieces go on with a word, phrases that are asked for are words of their own."""

from __future__ import annotations

import itertools
import random

import pytest
import torch
from toy_table import BEGIN, END, PIECES, SYMBOLS, WORDS, Table, log_probability

from nmt.config import SearchConfig
from nmt.search.controls import Control, contains
from nmt.search.decode import decode
from nmt.search.phrases import Phrases, Seams
from nmt.search.protocol import Hypothesis
from nmt.search.strategies import Beam, Greedy, Strategy

START, REST, MARK = WORDS  # the first piece of a word, one that goes on with it, and one that is no part of any
LEAVES, ENTERS = (torch.isin(torch.arange(PIECES), torch.tensor(some)) for some in ([START, REST], [REST]))
SEAMS = Seams(LEAVES, ENTERS, torch.zeros(PIECES, dtype=torch.int8))


def places(said: tuple[int, ...], phrase: tuple[int, ...]) -> list[int]:
    """Where a phrase stands in what is said, as words of its own."""
    found = [start for start in range(1, len(said)) if said[start : start + len(phrase)] == phrase]
    return [start for start in found if not glued(*said[start + len(phrase) - 1 : start + len(phrase) + 1])]


def glued(before: int, after: int = END) -> bool:
    return bool(SEAMS.glued(torch.tensor(before), torch.tensor(after)))


def random_phrase(chosen: random.Random, longest: int) -> tuple[int, ...]:
    """It begins with no piece that goes on with a word."""
    return (chosen.choice([START, MARK]), *chosen.choices(WORDS, k=chosen.randint(0, longest - 1)))


def search(controls: list[Control], strategy: Strategy, limit: int, seams: Seams = SEAMS) -> list[list[Hypothesis]]:
    source = torch.arange(len(controls)).unsqueeze(1)
    lengths, limits = torch.ones(len(controls), dtype=torch.long), [limit] * len(controls)
    settings = SearchConfig(beam=5, stopping="proven")
    asked = {"symbols": SYMBOLS, "limits": limits, "controls": controls, "seams": seams, "search": settings}
    return decode(Table(), source, lengths, strategy, **asked)


@pytest.mark.parametrize("strategy", [Greedy(), Beam(2), Beam(5)], ids=lambda one: f"width {one.width}")
@pytest.mark.parametrize("limit", [2, 20])
def test_phrases_are_words_of_their_own_however_little_room_there_is(strategy: Strategy, limit: int) -> None:
    chosen = random.Random(7)
    every = [Control(include=tuple(random_phrase(chosen, 4) for _ in range(chosen.randint(0, 4)))) for _ in range(300)]
    for control, found in zip(every, search(every, strategy, limit), strict=True):
        assert found
        for hypothesis in found:
            said = (BEGIN, *hypothesis.pieces)
            assert all(places(said, phrase) for phrase in control.include), (control, said)
            assert len(hypothesis.pieces) <= max(limit, control.needed)


def test_a_wide_beam_finds_the_best_translation_whose_words_are_the_phrase() -> None:
    chosen = random.Random(1)
    limit = 5
    every = [(*words, END) for length in range(1, limit) for words in itertools.product(WORDS, repeat=length)]
    controls = [Control(include=(random_phrase(chosen, 2),)) for _ in range(40)]
    for sentence, found in enumerate(search(controls, Beam(300), limit)):
        (phrase,) = controls[sentence].include
        fit = [pieces for pieces in every if places((BEGIN, *pieces), phrase)]
        best = max(fit, key=lambda pieces: log_probability(sentence, pieces) / len(pieces))
        assert found[0].pieces == best


def test_progress_is_how_much_of_a_phrase_stands_at_the_end_or_that_it_stands_for_good() -> None:
    chosen = random.Random(2)
    for _ in range(200):
        phrase = random_phrase(chosen, 4)
        phrases = Phrases([Control(include=(phrase,))], torch.device("cpu"), SEAMS)
        sentences, progress, said = torch.tensor([0]), torch.tensor([[[0]]]), (BEGIN,)
        for piece in (*chosen.choices(WORDS, k=9), END):
            progress = phrases.advance(sentences, progress, torch.tensor([[said[-1]]]), torch.tensor([[piece]]))
            said = (*said, piece)
            ends = [size for size in range(len(phrase) + 1) if said[len(said) - size :] == phrase[:size]]
            stands = any(start + len(phrase) < len(said) for start in places(said, phrase))
            assert int(progress) == (len(phrase) + 1 if stands else max(ends))


@pytest.mark.parametrize("strategy", [Greedy(), Beam(2), Beam(5)], ids=lambda one: f"width {one.width}")
@pytest.mark.parametrize("limit", [2, 20])
def test_characters_are_whole_however_little_room_there_is(strategy: Strategy, limit: int) -> None:
    """MARK is half of a character here, REST the other half."""
    lacks = torch.zeros(PIECES, dtype=torch.int8)
    lacks[MARK], lacks[REST] = 1, -1
    nowhere = torch.zeros(PIECES, dtype=torch.bool)
    chosen, letters = random.Random(5), [(START,), (MARK, REST)]

    def phrase() -> tuple[int, ...]:
        return tuple(piece for letter in chosen.choices(letters, k=chosen.randint(1, 3)) for piece in letter)

    every = [Control(include=tuple(phrase() for _ in range(chosen.randint(0, 3)))) for _ in range(200)]
    for control, found in zip(every, search(every, strategy, limit, Seams(nowhere, nowhere, lacks)), strict=True):
        assert found, control
        for hypothesis in found:
            assert all(contains(hypothesis.pieces, phrase) for phrase in control.include)
            said = (BEGIN, *hypothesis.pieces)
            assert all((one == MARK) == (other == REST) for one, other in itertools.pairwise(said)), said
