"""Settings left open: each gets a value for any corpus, one that was given stays."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nmt.config import Config
from nmt.training.optimizers import OPTIMIZERS
from nmt.training.presets import PRESETS, SPARSE_COVERAGE, Size, choices, measure

OPEN = {
    "subwords.joint": True,
    "model.embedding": 64,
    "train.precision": "float32",
    "subwords.vocabulary": 1234,
    "subwords.coverage": 0.987,
    "train.batch_tokens": 567,
    "model.dropout": 0.123,
    "model.tied": "none",
    "train.learning_rate": 0.0123,
    "train.minutes": 1.5,
}
"""Every setting that a training cannot do without and that may be left open, with a value someone may give."""
SIZES = [1, 300, *(int(preset.pairs) + more for preset in PRESETS[:-1] for more in (0, 1)), 10**9]


@pytest.mark.parametrize("pairs", SIZES)
def test_every_open_setting_gets_a_possible_value_for_a_corpus_of_any_size(pairs: int) -> None:
    chosen = choices(Config(), Size(pairs, 80))
    assert chosen.keys() == OPEN.keys()
    values = {key: value for key, value, _ in Config().replace(chosen).fields()}
    assert all(values[key] == chosen[key] is not None for key in OPEN)


@pytest.mark.parametrize("pairs", SIZES)
@pytest.mark.parametrize("key", OPEN)
def test_what_was_given_is_not_chosen(pairs: int, key: str) -> None:
    assert choices(Config().replace({key: OPEN[key]}), Size(pairs, 80)).keys() == OPEN.keys() - {key}
    assert choices(Config().replace(OPEN), Size(pairs, 80)) == {}


@pytest.mark.parametrize("pairs", SIZES)
def test_optimisers_that_are_not_adaptive_have_larger_rates(pairs: int) -> None:
    rates = {
        name: choices(Config().replace({"train.optimizer": name}), Size(pairs, 80))["train.learning_rate"]
        for name in OPTIMIZERS
    }
    assert rates["adam"] == rates["adamw"] < rates["adafactor"] < rates["sgd"]


def test_a_budget_in_updates_needs_none_in_minutes() -> None:
    assert "train.minutes" not in choices(Config().replace({"train.updates": 100}), Size(300, 80))


def test_characters_get_pieces_of_their_own_unless_they_would_fill_the_vocabulary() -> None:
    assert measure([("abc", "cde"), ("", "ä")]) == Size(pairs=2, characters=6)
    assert choices(Config(), Size(300, 80))["subwords.coverage"] == 1
    assert choices(Config(), Size(300, 5_000))["subwords.coverage"] == SPARSE_COVERAGE
    large = Config().replace({"subwords.vocabulary": 32_000})
    assert choices(large, Size(300, 5_000))["subwords.coverage"] == 1


def test_separate_vocabularies_cannot_share_their_embeddings() -> None:
    for pairs in SIZES:
        assert choices(Config().replace({"subwords.joint": False}), Size(pairs, 80))["model.tied"] != "all"


def test_an_output_layer_of_another_width_than_the_embeddings_is_not_shared_with_them() -> None:
    preset = PRESETS[0]
    for readout, tied in ((0, "all"), (preset.embedding, "all"), (preset.embedding // 2, "none")):
        assert choices(Config().replace({"model.readout": readout}), Size(300, 80))["model.tied"] == tied
    both = Config().replace({"model.readout": 48, "model.embedding": 48})
    assert choices(both, Size(300, 80))["model.tied"] == "all"


def test_more_pairs_never_mean_a_smaller_vocabulary_smaller_batches_less_time_or_more_dropout() -> None:
    assert PRESETS[-1].pairs == float("inf")
    for small, large in pairwise(PRESETS):
        assert small.pairs < large.pairs
        assert small.vocabulary <= large.vocabulary
        assert small.batch_tokens <= large.batch_tokens
        assert small.minutes <= large.minutes
        assert small.dropout >= large.dropout
