"""Scoring given pairs: the same alone and in company, the same as stepping through them, and never without bound."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

import nmt
from nmt import scoring
from nmt.data.subwords import BEGIN
from nmt.scoring import Scored, longest_translation
from nmt.translator import Translator

WORDS = ["the", "this", "every", "our", "child", "book", "house", "picture", "animal", "boat"]
PAIRS = [(" ".join(WORDS[:count]), " ".join(WORDS[-count // 2 :]) + ".") for count in range(1, 11)]
PAIRS += [("", ""), ("The child.", ""), ("The book " * 12, "Das Buch " * 9)]


@pytest.fixture(scope="module")
def translator(model_folder: Path) -> Translator:
    return nmt.load(model_folder)


def close(one: Scored, other: Scored) -> bool:
    """Whether two scores are the same but for rounding."""
    assert (one.source_pieces, one.target_pieces) == (other.source_pieces, other.target_pieces)
    torch.testing.assert_close(one.attention, other.attention, rtol=1e-4, atol=1e-5)
    assert one.piece_log_probabilities == pytest.approx(other.piece_log_probabilities, abs=1e-4)
    return one.log_probability == pytest.approx(other.log_probability, abs=1e-3)


@pytest.mark.parametrize("changes", [{"batch_tokens": 1}, {"batch_tokens": 64}, {}])
@pytest.mark.parametrize("window", [1, 7, 4096])
def test_a_score_is_the_same_alone_and_in_company(
    changes: dict[str, int], window: int, translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "PROJECTED", 5)
    search = translator.config.search.model_copy(update=changes)
    together = list(translator.stream_scores(iter(PAIRS), search, window=window))
    assert len(together) == len(PAIRS)
    for pair, found in zip(PAIRS, together, strict=True):
        (alone,) = translator.score([pair])
        assert close(found, alone)
        assert found.attention is not None
        assert found.attention.shape == (len(found.target_pieces), len(found.source_pieces))


def test_a_score_is_the_sum_of_the_steps(translator: Translator) -> None:
    source, target = PAIRS[0]
    pieces = translator.vocabulary.target.encode([target])[0]
    encoded = torch.tensor(translator.vocabulary.source.encode([source]))
    total = 0.0
    with torch.inference_mode():
        state = translator.network.start(encoded, torch.tensor([encoded.shape[1]]))
        for before, piece in zip([BEGIN, *pieces], pieces, strict=False):
            step, state = translator.network.step(torch.tensor([[before]]), state)
            total += float(step[0, 0, piece])
    assert translator.score([PAIRS[0]])[0].log_probability == pytest.approx(total, abs=1e-3)


def test_a_model_without_attention_scores_too(model_without_attention: Path) -> None:
    found = nmt.load(model_without_attention).score(PAIRS)
    assert all(one.attention is None and one.log_probability < 0 for one in found)


def test_a_pair_too_long_for_a_sentence_is_told_and_not_scored(translator: Translator) -> None:
    limit = longest_translation(translator.config.data.max_length, translator.config.search)
    endless = "book " * 50_000  # its attention map alone would take many gigabytes
    pairs = [PAIRS[0], (endless, endless), ("A book.", endless), (endless, "Ein Buch."), PAIRS[1]]
    told: list[tuple[int, str]] = []
    found = list(
        translator.stream_scores(pairs, report=lambda number, problem: told.append((number, problem)), window=2)
    )
    assert [math.isnan(one.log_probability) for one in found] == [False, True, True, True, False]
    assert [number for number, _ in told] == [2, 3, 4]
    assert all(f"{limit:,} is the limit" in problem for _, problem in told)
    assert found[1].piece_log_probabilities == []
    assert found[1].attention is None
    assert close(found[4], translator.score([PAIRS[1]])[0])


def test_the_limit_is_exact_and_beyond_the_longest_sentence_of_training(translator: Translator) -> None:
    limit = longest_translation(translator.config.data.max_length, translator.config.search)
    assert limit > translator.config.data.max_length
    texts = ["a" * count for count in range(3 * limit)]
    by_length = {
        len(pieces): text for text, pieces in zip(texts, translator.vocabulary.source.encode(texts), strict=True)
    }
    found = translator.score([(by_length[limit], "Das."), (by_length[limit + 1], "Das.")])
    assert [math.isnan(one.log_probability) for one in found] == [False, True]
