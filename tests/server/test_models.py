from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("psutil", reason="needs the extra `serve`")
from nmt.errors import UserError
from nmt.server.failures import Refused
from nmt.server.models import Models, served
from nmt.translator import Translator


@pytest.fixture(scope="module")
def models(model_folder: Path) -> Models:
    """en-de, de-fr, fr-en, de-cs, all the same folder."""
    pairs = ("en-de", "de-fr", "fr-en", "de-cs")
    return Models(served([f"{pair}={model_folder}" for pair in pairs]), Translator.load)


def test_a_model_says_what_it_translates(model_folder: Path) -> None:
    assert served([str(model_folder)])[0].pair == ("en", "de")


@pytest.mark.parametrize("words", [["{}", "{}"], ["en={}"], ["nowhere"], ["en-de={}", "{}"]])
def test_models_that_cannot_be_served_are_told(model_folder: Path, words: list[str]) -> None:
    with pytest.raises(UserError):
        served([word.format(model_folder) for word in words])


def test_a_folder_with_an_equals_sign_is_a_folder(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "lr=0.1")
    assert served([str(folder)])[0].folder == folder


def test_a_model_without_languages_asks_for_them(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "unnamed", data__source=None, data__target=None)
    with pytest.raises(UserError, match="--model SOURCE-TARGET="):
        served([str(folder)])
    assert served([f"ha-en={folder}"])[0].pair == ("ha", "en")


def test_the_shortest_chain_of_models_is_taken(models: Models) -> None:
    assert models.route("en", "de") == [("en", "de")]
    assert models.route("en", "cs") == [("en", "de"), ("de", "cs")]
    assert models.route("fr", "cs") == [("fr", "en"), ("en", "de"), ("de", "cs")]
    assert models.route("de", "de") == []
    assert list(models.routes("en")) == ["en", "de", "fr", "cs"]


@pytest.mark.parametrize("pair", [("cs", "en"), ("en", "xx"), ("xx", "de"), ("xx", "xx"), ("", "")])
def test_where_no_chain_leads_the_pairs_are_named(models: Models, pair: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="en-de, de-fr"):
        models.route(*pair)


def test_models_are_loaded_when_used_and_given_up_under_a_limit(model_folder: Path) -> None:
    all_of_them = served([f"{pair}={model_folder}" for pair in ("a-b", "b-c", "c-d")])
    free = Models(all_of_them, Translator.load)
    assert free.loaded == []
    for model in all_of_them:
        assert free.get(model.pair) is free.get(model.pair)
    assert len(free.loaded) == free.loads == 3
    tight = Models(all_of_them, Translator.load, memory=1)
    for model in (*all_of_them, all_of_them[0]):
        tight.get(model.pair).translate("The child.")
        assert tight.loaded == [model.pair]
    assert tight.loads == 4
