"""What is protected arrives letter by letter, whatever the model says, and tags stay well nested."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nmt
from nmt.pipeline import Pipeline, Wishes
from nmt.text.protect import mend, set_apart, split_place
from nmt.text.spans import COPIED, KINDS, STRIPPED, find
from nmt.text.tags import put_back
from nmt.text.words import Word, split, translated, written
from nmt.translator import Translator

EXAMPLES = {
    "tag": ["<b>", "</b>", "<br/>", '<a href="x y">', "<x id='1'/>", "<1>", "<!-- a > b -->"],
    "url": ["https://a.org/b?c=1&d=2", "http://x.y/z_(w)", "www.example.com/a", "ftp://a.b"],
    "email": ["me@ab.de", "first.last+tag@sub.example.org"],
    "placeholder": ["{name}", "{0}", "{{user_id}}", "${x}", "%s", "%1$s", "%(count)d"],
    "entity": ["&amp;", "&#39;", "&#x2F;"],
    "number": ["3", "1,000.50", "12:30", "2016-05-12", "3/4"],
}
"""Of each kind some that are found whole."""
SPANS = ["{name}", "3.5", "https://a.org/b", "me@ab.de"]


def test_every_kind_is_tried() -> None:
    assert EXAMPLES.keys() == KINDS.keys() == STRIPPED | COPIED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("around", ["{}", "see {} there", "({}), then", "it is {}.", "“{}”!"])
def test_a_span_is_found_without_what_stands_around_it(kind: str, around: str) -> None:
    for example in EXAMPLES[kind]:
        text = around.format(example)
        (span,) = find(text)
        assert (text[span.start : span.end], span.kind) == (example, kind)


def test_what_is_no_span_is_left_alone() -> None:
    assert find("a < b and c > d, 50 % sure, me @ home, { }, Tom & Jerry; www. http://", set(KINDS) - {"number"}) == []


@given(st.text(alphabet="ab<>/ {}%s1.,@&;=\"'()-!:wh", max_size=60))
def test_words_are_the_text_again(text: str) -> None:
    assert written(split(text, tuple(KINDS))) == text.rstrip()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("letters", ["a", "<a ", "<!--", "&", "http://a", "{", "1.", "a@", "%(", "<a b=", "("])
def test_a_hostile_line_takes_no_time(letters: str) -> None:
    find(letters * 20_000)


def sentences(count: int, seed: int) -> list[str]:
    """Sentences with spans of every kind among their words."""
    chosen = random.Random(seed)
    words = ["the", "this", "our", "child", "book", "house", "picture", "animal", "finds", "sees", "shows", "paints"]
    made = []
    for _ in range(count):
        line = [chosen.choice(words) for _ in range(chosen.randint(1, 12))]
        for _ in range(chosen.randint(1, 5)):
            kind = chosen.choice([kind for kind in KINDS if kind != "tag"])
            form = chosen.choice(["{}", "{}", "{},", "({})", "“{}”", "{}:"])
            line.insert(chosen.randint(0, len(line)), form.format(chosen.choice(EXAMPLES[kind])))
        for _ in range(chosen.randint(0, 2)):
            start = chosen.randint(0, len(line) - 1)
            end = chosen.randint(start, len(line) - 1)
            name = chosen.choice(["b", "i", "a"])
            line[start], line[end] = f"<{name}>" + line[start], line[end] + f"</{name}>"
        made.append(" ".join(line) + chosen.choice([".", "", "?", "<br/>"]))
    return made


def spans(text: str) -> Counter[str]:
    return Counter(text[span.start : span.end] for span in find(text))


@pytest.mark.parametrize("attention", [True, False])
def test_every_span_of_300_sentences_arrives_from_a_model_that_knows_nothing(
    attention: bool, model_folder: Path, model_without_attention: Path
) -> None:
    translator = nmt.load(model_folder if attention else model_without_attention)
    lines = sentences(300, seed=attention)
    search = translator.config.search.model_copy(update={"beam": 1})
    answers = list(Pipeline(translator, Wishes(protect=tuple(KINDS))).stream(lines, search))
    for line, answer in zip(lines, answers, strict=True):
        assert not spans(line) - spans(answer.text), (line, answer.text)


def test_what_was_asked_for_is_not_written_over_by_what_is_protected(model_folder: Path) -> None:
    pipeline = Pipeline(nmt.load(model_folder), Wishes(protect=tuple(KINDS), require=("Haus",)))
    lines = ["3.14-2/5 books", "12345 books", "The child 7 sees.", "7"]
    prefixes = ["Das Kind", "Das", "Unser Boot", ""]
    for line, start, answer in zip(lines, prefixes, pipeline.stream(lines, prefixes=prefixes), strict=True):
        assert answer.text.startswith(start)
        assert "Haus" in answer.text
        assert not spans(line) - spans(answer.text), answer.text


def test_nothing_is_put_into_a_phrase_that_was_asked_for_or_before_a_beginning(model_folder: Path) -> None:
    phrase = "mein lieber alter Kunde"
    lines = [
        f"{start} {first} sees {span} our {second}."
        for start in ("The", "{0} a", "<b>A</b>")
        for span in SPANS
        for first, second in (("child", "boat"), ("book", "child"))
    ]
    pipeline = Pipeline(nmt.load(model_folder), Wishes(protect=tuple(KINDS), require=(phrase,)))
    for answer in pipeline.stream(lines, prefixes=["Unser Haus"] * len(lines)):
        assert phrase in answer.text
        assert re.sub("<[^>]*>", "", answer.text).startswith("Unser Haus")
        assert answer.text.startswith(("Unser Haus", "<b>Unser Haus"))


@pytest.mark.parametrize(
    ("source", "target", "links", "expected"),
    [
        ("a <b>red</b> hat", "ein roter Hut", [0, 2, 4], "ein <b>roter</b> Hut"),
        ("<p>a <b>red</b> hat.</p>", "ein Hut, rot.", [1, 5, -1, 3, 6], "<p>ein Hut, <b>rot</b>.</p>"),
        ("one<br/>two", "eins zwei", [0, 2], "eins <br/>zwei"),
        ("<a>one</a> <b>two</b>", "zwei eins", [4, 1], "<b>zwei</b> <a>eins</a>"),
        ("<b></b> one", "eins", [2], "<b></b> eins"),
        ("see {x} now.", "jetzt siehe.", [2, 0, 3], "{x} jetzt siehe."),
        ("come at {x}.", "komm bei.", [0, 1, 3], "komm bei {x}."),
        ("</i>one <u>two", "eins zwei", [1, 3], "</i>eins <u>zwei"),
    ],
)
def test_what_was_taken_out_is_put_back_by_alignment(source: str, target: str, links: list[int], expected: str) -> None:
    of_source, of_target = split(source, tuple(KINDS)), split(target)
    for word, link in zip(of_target, links, strict=True):
        word.link, word.weights = link, {link: 1.0}
    assert written(set_apart(of_source, put_back(of_source, of_target))) == expected


@given(st.lists(st.sampled_from(["<b>", "</b>", "<i>", "</i>", "w", "v"]), max_size=12), st.randoms())
def test_well_nested_tags_stay_well_nested(parts: list[str], chosen: random.Random) -> None:
    source = split(" ".join(parts), ("tag",))
    words = [number for number, word in enumerate(source) if not word.kind]
    target = [Word("x", " ", link=chosen.choice([*words, -1])) for _ in range(chosen.randint(0, 8))]
    tags = [word.text for word in put_back(source, target) if word.kind]
    assert sorted(tags) == sorted(word.text for word in source if word.kind)
    assert nested(tags) or not nested([word.text for word in source if word.kind])


def nested(tags: list[str]) -> bool:
    open_: list[str] = []
    for tag in tags:
        if not tag.startswith("</"):
            open_.append(tag[1:])
        elif not open_ or open_.pop() != tag[2:]:
            return False
    return not open_


def test_a_number_takes_the_place_of_what_stands_for_it() -> None:
    source = split("I see 3 dogs and 17 cats", ("number",))
    target = split("Ich sehe drei Hunde und 18 Katzen", ("number",))
    for number, word in enumerate(target):
        word.link, word.weights = number, {number: 1.0}
    assert written(set_apart(source, mend(source, target, 0))) == "Ich sehe 3 Hunde und 17 Katzen"


def test_a_number_that_was_copied_stays() -> None:
    source, target = split("3 or 3", ("number",)), split("3 oder 3 oder 3", ("number",))
    for word in target:
        word.link, word.weights = 1, {1: 1.0}
    assert written(mend(source, target, 0)) == "3 oder 3 oder 3"


def test_a_place_has_the_fewest_words_on_the_wrong_side() -> None:
    assert split_place([0, 1, 3, 4], 2) == 2
    assert split_place([3, 0, 1, 4], 2) == 3
    assert split_place([], 2) == 0
    assert split_place([-1, -1], 2) == 0


def test_what_is_taken_out_between_letters_leaves_white_space() -> None:
    for word in ("word", "cafe\u0301", "किताब"):
        assert translated(split(f"{word}{{name}}{word}", ["placeholder"])) == f"{word} {word}"


def test_tags_that_divide_leave_white_space_in_what_is_translated() -> None:
    assert translated(split("one<br/>two <b>th</b>ree<p>four", ("tag",))) == "one two three four"


def test_nothing_is_done_to_lines_without_spans(model_folder: Path) -> None:
    translator = Translator.load(model_folder)
    lines = ["The child sees the book.", "", " Our  boat "]
    answers = Pipeline(translator, Wishes(protect=tuple(KINDS))).stream(lines)
    assert [answer.text for answer in answers] == [one.text for one in translator.translate(lines)]
