from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.server.texts import FORMATS, cut_html, cut_text

# fmt: off
FRAGMENTS = st.sampled_from(
    [
        "<!--", "-->", "<!doctype html>", "<a href=", '"', "'", "<div translate=no>", "</div>", "<", ">", "&", " ",
        "&amp;", "&lt;", "&eacute;", "&nbsp;", "&amp;lt;", "Hello world.", "\n", "\0", "\u2028", "é", "漢",
    ]
)
# fmt: on


def html(text: str) -> tuple[list[str], str]:
    """The lines of some HTML, and the HTML with each of them in brackets."""
    cut = cut_html(text)
    return cut.lines, cut.joined([f"[{line}]" for line in cut.lines])


@given(st.text())
def test_a_text_has_as_many_lines_as_line_feeds_end_and_is_put_together_as_it_was(text: str) -> None:
    cut = cut_text(text)
    assert len(cut.lines) == text.count("\n") + 1
    assert cut.joined(cut.lines) == text


@given(st.lists(FRAGMENTS).map("".join))
def test_html_comes_out_as_it_went_in_but_for_the_spelling_of_characters(text: str) -> None:
    cut = cut_html(text)
    once = cut.joined(cut.lines)
    again = cut_html(once)
    assert again.joined(again.lines) == once
    assert once.count("<script") == text.count("<script")


def test_what_a_browser_shows_as_sentences_is_translated_with_the_tags_in_them() -> None:
    lines, text = html('<p class="a">One <b>two</b>.</p>\n<ul><li>Three<li>Four<br>five</ul>')
    assert lines == ["One <b>two</b>.", "Three", "Four", "five"]
    assert text == '<p class="a">[One <b>two</b>.]</p>\n<ul><li>[Three]<li>[Four]<br>[five]</ul>'


@pytest.mark.parametrize(
    "verbatim",
    [
        "<script>var a = 'x' < b;</script>",
        "<style>p { color: red }</style>",
        "<!-- a comment <b> -->",
        '<span translate="no">Name <b>this</b></span>',
        '<span class="x notranslate">Name</span>',
        "<svg><text>a</text><svg>b</svg></svg>",
        "<code>print(1)</code>",
        "<!doctype html>",
        "<script>never closed",
        "<!-- never closed",
    ],
)
def test_what_is_no_text_is_not_translated(verbatim: str) -> None:
    assert html(verbatim) == ([], verbatim)
    lines, text = html(f"<p>Before</p>{verbatim}")
    assert lines == ["Before"]
    assert text == f"<p>[Before]</p>{verbatim}"


def test_entities_are_read_as_characters_but_for_those_that_would_be_markup() -> None:
    lines, text = html("caf&eacute; &amp; bar&nbsp;1 &lt;b&gt; &amp;lt;")
    assert lines == ["café & bar\xa01 &lt;b&gt; &amp;lt;"]
    assert text == "[café &amp; bar\xa01 &lt;b&gt; &amp;lt;]"


def test_a_translation_never_brings_markup_of_its_own() -> None:
    cut = cut_html("<b>One</b> two")
    assert (
        cut.joined(["<b>Eins</b> <i>zwei</i> & <script>"]) == "<b>Eins</b> &lt;i&gt;zwei&lt;/i&gt; &amp; &lt;script&gt;"
    )


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<b>",
        "<b>x",
        "</",
        "<!--",
        "<script>",
        "<svg ",
        "<svg>",
        '<a "',
        "<a href='",
        "&",
        "&amp;",
        "<div translate=no>",
        "<p>x",
        "x<",
    ],
)
@pytest.mark.parametrize("form", FORMATS)
def test_hostile_texts_take_time_in_proportion_to_their_length(unit: str, form: str) -> None:
    """A fifth of a million characters: with the square of that, hours."""
    text = unit * (200_000 // len(unit))
    began = time.process_time()
    cut = FORMATS[form](text)
    cut.joined(cut.lines)
    assert time.process_time() - began < 10
