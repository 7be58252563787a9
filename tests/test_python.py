"""From Python: the examples in the docstrings hold, and a type checker knows the settings."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import get_type_hints

import pytest

import nmt
import nmt.translator
from nmt.config import SearchConfig
from nmt.errors import UserError
from nmt.search.settings import SearchSettings

EXAMPLES = [
    test for module in (nmt, nmt.translator) for test in doctest.DocTestFinder().find(module, globs={"nmt": nmt})
]


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.examples], ids=lambda one: one.name)
def test_an_example_says_what_happens(
    example: doctest.DocTest, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine").symlink_to(model_folder)
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=told.append, clear_globs=False)
    assert tried > 0
    assert not failed, "".join(told)


def test_what_is_public_has_an_example() -> None:
    assert {one.name for one in EXAMPLES if one.examples} >= {
        "nmt.load",
        "nmt.translator.Translator",
        "nmt.translator.Translator.translate",
    }


def test_keyword_arguments_are_the_settings_of_a_search() -> None:
    kinds = {name: hint for name, hint in get_type_hints(SearchConfig).items() if name in SearchConfig.model_fields}
    assert get_type_hints(SearchSettings) == kinds


def test_settings_change_what_is_given_or_the_models_own(model_folder: Path) -> None:
    translator = nmt.load(model_folder)
    line = "The child sees the book."
    wide = translator.config.search.model_copy(update={"beam": 8, "nbest": 4})
    assert translator.translate(line, beam=8, nbest=4) == translator.translate(line, wide)
    assert translator.translate(line, wide, nbest=2).alternatives == translator.translate(line, wide).alternatives[:2]
    with pytest.raises(UserError, match=r"Did you mean 'search\.beam'"):
        translator.translate(line, baem=3)  # type: ignore[call-overload]
    with pytest.raises(UserError, match=r"search\.beam is 0"):
        translator.translate([line], beam=0)
