"""Cleaned training pairs lie in the folder of a run, and are those that the run asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora import mixture, parallel
from examples import sentence_pairs

from nmt.config import Config
from nmt.errors import UserError
from nmt.training.corpora import Corpora, cleaned

PAIRS = list(dict.fromkeys(sentence_pairs(60)))


def test_those_of_other_files_are_made_anew_for_a_new_run_alone(tmp_path: Path) -> None:
    data = Config().replace({"data.clean": True}).data
    valid = tuple(parallel(tmp_path / "valid", PAIRS[:4]))

    def kept(name: str, pairs: list[tuple[str, str]], *, new: bool) -> list[tuple[str, str]]:
        given = Corpora(tuple(parallel(tmp_path / name, pairs)), valid, {}, "en", "de")
        found = cleaned(given, data, tmp_path / "clean", new=new)
        return list(found.pairs("train", found.train))

    first = kept("one", PAIRS[4:20], new=True)
    assert kept("other", PAIRS[20:], new=False) == first
    assert set(kept("other", PAIRS[20:], new=True)) <= set(PAIRS[20:])


def test_a_mixture_is_refused_with_tags_or_without(tmp_path: Path) -> None:
    """What is read twice for its weight would be dropped as a double."""
    given = Corpora(tuple(mixture(tmp_path, PAIRS[4:])), tuple(parallel(tmp_path, PAIRS[:4], "val")), {}, "en", "de")
    with pytest.raises(UserError, match="takes no mixture"):
        cleaned(given, Config().replace({"data.clean": True}).data, tmp_path / "clean")
