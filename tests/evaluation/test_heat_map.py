"""`nmt attention`: the picture, and what it says to those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nmt.cli import main
from nmt.evaluation.heat_map import Alignment, svg

SVG = "{http://www.w3.org/2000/svg}"
SMALL = Alignment(("the dog", "der Hund"), ["▁the", "▁dog", "</s>"], ["▁der", "▁Hund"], [[0.9, 0.1, 0.001], [0, 1, 0]])


def labels(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def refusal(words: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that the command says when it exits with 2."""
    assert main(["attention", *(str(word) for word in words)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_the_picture_has_its_pieces_its_values_and_a_text() -> None:
    root = ElementTree.fromstring(svg(SMALL))
    assert labels(root) == [*SMALL.source, *SMALL.target, "source pieces", "target pieces", "0", "1"]
    assert root.findtext(f"{SVG}title") == "Attention of a translation, “der Hund”, to its source, “the dog”"
    assert "▁der looks at ▁the (0.90); ▁Hund looks at ▁dog (1.00)" in str(root.findtext(f"{SVG}desc"))
    values = [cell.findtext(f"{SVG}title") for cell in root.iter(f"{SVG}rect") if len(cell)]
    assert values == ["▁der → ▁the: 0.90", "▁der → ▁dog: 0.10", "▁Hund → ▁dog: 1.00"]


def test_there_are_colours_for_light_and_for_dark_paper() -> None:
    style = str(ElementTree.fromstring(svg(SMALL)).findtext(f"{SVG}style"))
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    for name in ("paper", "ink", "cell", "frame"):
        assert f".{name}{{" in light
        assert f".{name}{{" in dark


@given(some.lists(some.text(max_size=5), min_size=1, max_size=4), some.text(max_size=9))
def test_whatever_the_text_the_file_is_xml_with_all_labels_in_it(pieces: list[str], text: str) -> None:
    weights = [[1 / len(pieces)] * len(pieces)] * len(pieces)
    root = ElementTree.fromstring(svg(Alignment((text, text), pieces, pieces, weights)))
    assert len(labels(root)) == 2 * len(pieces) + 4
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    places = [(float(text.attrib["x"]), float(text.attrib["y"])) for text in root.iter(f"{SVG}text")]
    assert all(left <= x <= width and top <= y <= height for x, y in places)


@pytest.mark.parametrize("target", [None, "Das Kind sieht das Buch."])
def test_a_given_translation_is_drawn_and_without_one_the_models_own(
    target: str | None, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "map.svg"
    words = ["--model", str(model_folder), "--source", "The child sees the book.", "--output", str(output)]
    assert main(["attention", *words, *(["--target", target] if target else [])]) == 0
    out = capsys.readouterr().out
    assert (out == "") == (target is not None)
    root = ElementTree.fromstring(output.read_bytes())
    assert (target or out.strip()) in str(root.findtext(f"{SVG}title"))
    assert labels(root).count("</s>") == 2


@pytest.mark.parametrize(("ending", "begin"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")])
def test_matplotlib_draws_the_other_forms(ending: str, begin: bytes, model_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    output = tmp_path / f"map.{ending}"
    words = [
        "--model",
        str(model_folder),
        "--source",
        "The $5_3$ book 看见",
        "--target",
        "$x_",
        "--output",
        str(output),
    ]
    assert main(["attention", *words]) == 0
    assert output.read_bytes().startswith(begin)


def test_what_cannot_be_drawn_is_told_in_one_line(
    model_folder: Path,
    model_without_attention: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = ["--output", tmp_path / "map.svg"]
    words = ["--model", model_folder, "--source", "The book."]
    assert "has no attention" in refusal(["--model", model_without_attention, "--source", "Book.", *output], capsys)
    assert "'.jpg' is unknown" in refusal([*words, "--output", tmp_path / "map.jpg"], capsys)
    assert "--source is blank" in refusal(["--model", model_folder, "--source", " ", *output], capsys)
    assert "--target is blank" in refusal([*words, "--target", "", *output], capsys)
    assert "too many for a sentence" in refusal([*words, "--target", "das Buch " * 400, *output], capsys)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    assert "matplotlib, which is not installed" in refusal([*words, "--output", tmp_path / "map.png"], capsys)
    assert list(tmp_path.iterdir()) == []
