"""Models that spell the target from its end: text goes in and comes out the usual way round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corpora import parallel
from examples import SMALL, make_model_folder, sentence_pairs

from nmt.config import Config
from nmt.data.encoded import EncodedCorpus, encode_corpus
from nmt.data.lines import clean_line
from nmt.data.subwords import END
from nmt.errors import UserError
from nmt.model_folder import load
from nmt.training.run import run
from nmt.translator import Request, Translator, same_pieces


@pytest.fixture
def translator(tmp_path: Path) -> Translator:
    return Translator.load(make_model_folder(tmp_path / "model", subwords__right_to_left=True))


def test_the_target_is_read_from_its_end_and_written_from_its_beginning(translator: Translator) -> None:
    target, source = translator.vocabulary.target, translator.vocabulary.source
    (pieces,) = target.encode(["Das Kind sieht das Buch."])
    assert pieces[-1] == END
    assert source.encode(["Das Kind sieht das Buch."])[0][:-1] == pieces[-2::-1]
    assert target.normal("Das  Kind.") == "Das Kind."
    assert (target.parts() == source.parts()[:, ::-1]).all()
    assert translator.vocabulary.joint


def test_all_workers_spell_alike(translator: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nmt.data.encoding.ALONE", 0)
    monkeypatch.setattr("nmt.data.encoded.CHUNK", 20)
    pairs = sentence_pairs(50)
    for workers in (1, 2):
        encode_corpus(pairs, translator.vocabulary, tmp_path / f"{workers}.arrow", 100, workers)
    alone, helped = (EncodedCorpus(tmp_path / f"{workers}.arrow").pairs(range(50)) for workers in (1, 2))
    for one, other in zip(alone, helped, strict=True):
        assert all(np.array_equal(*sides) for sides in zip(one, other, strict=True))


def test_what_is_found_and_what_is_scored_is_in_the_order_of_the_text(translator: Translator) -> None:
    source = "The child sees the book."
    found = next(translator.stream([source], attention=True))
    (best,) = found.parts[0].hypotheses
    assert clean_line(translator.vocabulary.source.decode(best.pieces)) == found.text
    (scored,) = translator.score([(source, "Das Kind sieht das Buch.")])
    written = translator.vocabulary.source.encode(["Das Kind sieht das Buch."])[0]
    assert scored.target_pieces == translator.vocabulary.target.pieces(written)
    assert sum(scored.piece_log_probabilities) == pytest.approx(scored.log_probability, abs=1e-4)


def test_a_beginning_is_refused_and_so_is_an_ensemble_of_both_ways(translator: Translator, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="from the end"):
        list(translator.stream(["The child."], requests=[Request(prefix="Das")]))
    usual = load(make_model_folder(tmp_path / "usual"))
    assert not same_pieces(translator.vocabulary, usual.vocabulary)


def test_it_learns_cleaned_pairs_and_goes_on(tmp_path: Path) -> None:
    pairs = sentence_pairs(640)
    settings = {
        **SMALL,
        "data.train": tuple(parallel(tmp_path, [*pairs[:600], ("", "Nichts."), *pairs[:2]])),
        "data.valid": tuple(parallel(tmp_path, pairs[600:], "val")),
        "data.clean": True,
        "subwords.right_to_left": True,
        "train.updates": 150,
        "train.validate_every": 75,
        "output": str(tmp_path / "run"),
    }
    for _ in range(2):  # the second start finds everything done
        run(Config().replace(settings))
    kept = (tmp_path / "run/trainer/clean/train.en").read_text().splitlines()
    assert "" not in kept
    assert len(kept) == len(set(kept))
    right = Translator.load(tmp_path / "run").translate([source for source, _ in pairs[600:]])
    assert sum(one.text == target for one, (_, target) in zip(right, pairs[600:], strict=True)) >= 30
