"""Models that copy, in their folders: scored, searched, compressed and put together like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nmt import model_folder
from nmt.compress import learn_shortlist
from nmt.config import Config
from nmt.data.subwords import BEGIN, END
from nmt.training.presets import Size, choices
from nmt.translator import Translator

Pairs = Callable[..., list[tuple[str, str]]]
SETTINGS = {
    "parallel": {},
    "input-feeding": {"model__decoder": "input-feeding", "model__attention": "additive"},
    "conditional": {"model__decoder": "conditional", "model__attention": "coverage"},
}


@pytest.fixture(scope="module", params=SETTINGS)
def folder(
    request: pytest.FixtureRequest, make_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return make_folder(tmp_path_factory.mktemp("models") / "copying", model__copying=True, **SETTINGS[request.param])


@pytest.fixture(scope="module")
def lines(make_pairs: Pairs) -> list[str]:
    return [source for source, _ in make_pairs(8, seed=2)]


def test_a_score_is_the_sum_of_the_steps(folder: Path, make_pairs: Pairs) -> None:
    translator = Translator.load(folder)
    ((source, target),) = make_pairs(1, seed=3)
    (encoded,), (pieces,) = translator.vocabulary.source.encode([source]), translator.vocabulary.target.encode([target])
    total = 0.0
    with torch.inference_mode():
        state = translator.network.start(torch.tensor([encoded]), torch.tensor([len(encoded)]))
        for before, piece in zip([BEGIN, *pieces], pieces, strict=False):
            step, state = translator.network.step(torch.tensor([[before]]), state)
            total += float(step[0, 0, piece])
    assert translator.score([(source, target)])[0].log_probability == pytest.approx(total, abs=1e-3)


def test_a_shortlist_lets_the_sources_own_pieces_through(folder: Path, lines: list[str]) -> None:
    network, vocabulary, config = model_folder.load(folder)
    with torch.no_grad():
        network.copying.gate.bias.fill_(-20.0)  # it does nothing but copy
    encoded = vocabulary.source.encode(lines)
    few = learn_shortlist([(torch.tensor([END]).numpy(),) * 2], vocabulary, 1)
    shortlisted = Translator(network, vocabulary, config, few)
    plain = Translator(network, vocabulary, config)
    for line, source in zip(lines, encoded, strict=True):
        here, there = (one.translate(line, beam=2).parts[0].hypotheses[0] for one in (shortlisted, plain))
        assert here.pieces == there.pieces
        assert here.log_probability == pytest.approx(there.log_probability, abs=1e-2)
        assert {*here.pieces} <= {*source}


def test_an_ensemble_takes_models_that_copy_and_others(folder: Path, model_folder: Path, lines: list[str]) -> None:
    together = Translator.load(folder, others=[model_folder])
    assert all(one.text for one in together.translate(lines))


def test_pieces_are_joint_for_a_model_that_copies() -> None:
    large = Size(pairs=500_000, characters=100)
    assert not choices(Config(), large)["subwords.joint"]
    assert choices(Config().replace({"model.copying": True}), large)["subwords.joint"]
