"""What is drawn: heat maps, differences, tables."""

from __future__ import annotations

import pytest
import torch

from nmt.repl.display import Display, differences, heat_map, plain


def drawn(source: list[str], target: list[str], weights: torch.Tensor, width: int) -> list[str]:
    return [plain(line) for line in heat_map(source, target, weights, width)]


def test_a_heat_map_is_dark_where_the_attention_is() -> None:
    weights = torch.tensor([[1.0, 0, 0], [0, 0.5, 0.5]])
    pieces = ["▁a", "本", "</s>"], ["▁eins", "</s>"]
    lines = drawn(*pieces, weights, 80)
    assert lines[-2] == "▁eins ██"
    assert lines[-1] == "</s>    ▒▒▒▒"
    assert lines[-3] == "      a 本>"
    assert drawn(*pieces, weights, 10)[-1].startswith("</s>")  # columns that do not fit come below
    assert max(map(len, drawn(*pieces, weights, 10))) <= 10


def test_a_map_too_large_to_read_is_not_drawn() -> None:
    lines = drawn(["a"] * 500, ["b"], torch.full((1, 500), 0.002), 80)
    assert lines == ["(no map is drawn beyond 200 pieces)"]


def test_differences_are_told_and_stand_out() -> None:
    lines = differences(["one", "other"], ["Das Kind sieht es .", "Das  Kind fand es heute ."])
    assert [plain(line) for line in lines] == [
        "one     Das Kind sieht es .",
        "other   Das Kind fand es heute .",
        "differ  sieht / fand, - / heute",
    ]
    assert ("class:changed", "sieht") in lines[0]
    assert len(differences(["one", "other"], ["the same", "the same"])) == 2


def test_a_line_that_grows_is_finished_as_it_has_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    display = Display()
    for text in ("Das", "Das Kind", "Die", "Das Kind sieht"):
        display.grow(text)
    display.finish("Das Kind sieht es.")
    display.grow("Ein")
    display.finish("Kein Ende")
    display.grow("Ein")
    display.remark("interrupted")
    captured = capsys.readouterr()
    assert captured.out == "Das Kind sieht es.\nEin\nKein Ende\nEin\n"
    assert captured.err == "interrupted\n"
