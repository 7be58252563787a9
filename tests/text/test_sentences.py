"""Long text is cut at sentence ends, every letter of it is somewhere, and white space comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nmt
from nmt.pipeline import Pipeline, Wishes
from nmt.text.sentences import passages
from nmt.translator import Translator


@pytest.fixture(scope="module")
def translator(model_folder: Path) -> Translator:
    return nmt.load(model_folder)


@given(st.text(alphabet="ab .!?\tZ。", min_size=1), st.integers(1, 20))
def test_the_passages_are_the_text(text: str, longest: int) -> None:
    text = text.strip()
    found = passages(text, "en", lambda some: len(some) <= longest)
    assert all(text[one.start : one.start + len(one.text)] == one.text == one.text.strip() for one in found)
    assert "".join("".join(one.text.split()) for one in found) == "".join(text.split())
    assert all(len(one.text) <= longest for one in found)


def test_abbreviations_and_numbers_end_no_sentence() -> None:
    text = "Dr. Smith paid 3.5 million.  He left, e.g. by boat! Then?"
    cut = [one.text for one in passages(text, "en", lambda some: len(some) < 40)]
    assert cut == ["Dr. Smith paid 3.5 million.", "He left, e.g. by boat!", "Then?"]


def test_a_paragraph_is_its_sentences_with_their_white_space(translator: Translator) -> None:
    sentences = ["The child sees the book.", "Our boat finds every picture!", "This house shows the animal?"] * 4
    alone = [one.text for one in translator.translate(sentences)]
    for space in (" ", "  ", "\t"):
        (whole,) = translator.stream([space.join(sentences)])
        assert whole.text == space.join(alone)
        assert len(whole.parts) == 12


def test_a_line_that_fits_is_not_cut(translator: Translator) -> None:
    (found,) = translator.stream(["The child sees. The boat finds."])
    assert len(found.parts) == 1


@pytest.mark.parametrize("line", ["", "   ", "\t", " The child. ", "\u3000The boat.\t\t", "The book."])
def test_white_space_at_the_ends_is_kept_on_request(line: str, translator: Translator) -> None:
    (plain,) = Pipeline(translator, Wishes()).stream([line])
    (kept,) = Pipeline(translator, Wishes(keep_space=True)).stream([line])
    body = line.strip()
    assert kept.text == (line.replace(body, plain.text.strip()) if body else line)


def test_a_tag_is_put_before_every_part(translator: Translator) -> None:
    line = "The child sees the book. " * 60
    (with_tag,) = Pipeline(translator, Wishes(tag="every")).stream([line])
    assert with_tag.text != translator.translate(line).text
    sentence = translator.translate("every The child sees the book.").text
    assert with_tag.text == " ".join([sentence] * 60)
