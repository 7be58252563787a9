"""The glossary is obeyed in every sentence that it applies to."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

import nmt
from nmt.errors import UserError
from nmt.pipeline import Pipeline, Wishes
from nmt.text.glossary import Glossary, make_term, read_glossary, standing
from nmt.text.spans import KINDS, find
from nmt.translator import Translator


@pytest.fixture(scope="module")
def translator(model_folder: Path) -> Translator:
    return nmt.load(model_folder)


@pytest.mark.parametrize("beam", [1, 4])
def test_the_glossary_is_obeyed_in_every_line(beam: int, translator: Translator) -> None:
    asked = {"child": "Zwerg", "our boat": "Kahn ½", "picture": "Gemälde"}
    search = translator.config.search.model_copy(update={"beam": beam})
    chosen = random.Random(3)
    nouns = ["child", "book", "house", "picture", "boat"]
    lines = [
        f"{chosen.choice(['The', 'Our'])} {chosen.choice(nouns)} sees our {chosen.choice(nouns)}." for _ in range(100)
    ]
    plain = translator.translate(lines, search)
    common = {word for one in plain[:20] for word in one.text.split() if word.isalpha()}
    forbidden = sorted(common - set(asked.values()))[:5]
    terms = [make_term(*pair) for pair in asked.items()] + [make_term("", f"!{word}") for word in forbidden]
    told: list[int] = []
    pipeline = Pipeline(translator, Wishes(glossary=Glossary(terms)))
    answers = list(pipeline.stream(lines, search, lambda number, problem: told.append(number)))
    applied = 0
    for line, answer in zip(lines, answers, strict=True):
        for source, target in asked.items():
            if source in line.lower():
                applied += 1
                assert re.search(rf"(?<!\w){target}(?!\w)", answer.text), answer.text
        assert not any(standing(word, answer.text) for word in forbidden)
    assert applied > 50
    assert any(standing(word, one.text) for one in plain for word in forbidden)
    assert told == []


@pytest.mark.parametrize("protect", [(), tuple(KINDS)])
def test_a_term_may_begin_with_a_number(protect: tuple[str, ...], translator: Translator) -> None:
    terms = [make_term("2nd floor", "Obergeschoss"), make_term("24-hour boat", "Dauerboot"), make_term("100 %", "alle")]
    pipeline = Pipeline(translator, Wishes(glossary=Glossary(terms), protect=protect))
    lines = ["Our child sees the 2nd floor.", "A 24-hour boat.", "It is 100 % red."]
    for answer, wanted in zip(pipeline.stream(lines), ("Obergeschoss", "Dauerboot", "alle"), strict=True):
        assert standing(wanted, answer.text), answer.text


def test_lines_that_no_term_applies_to_are_translated_as_without_it(translator: Translator) -> None:
    lines = ["The child sees the book.", "Our boat!", "This animal paints every picture.", "Every house finds a book."]
    plain = translator.translate(lines, beam=4)
    pipeline = Pipeline(translator, Wishes(glossary=Glossary([make_term("boat", "Kahn")])))
    for window in (1, 100):
        found = list(pipeline.stream(lines, translator.config.search.model_copy(update={"beam": 4}), window=window))
        assert "Kahn" in found[1].text
        assert [found[place].text for place in (0, 2, 3)] == [plain[place].text for place in (0, 2, 3)]


@pytest.mark.parametrize("strategy", [{"strategy": "sampling", "beam": 1}, {"strategy": "diverse", "groups": 2}])
def test_a_search_that_cannot_look_for_a_term_is_told_before_any_line(
    strategy: dict[str, object], translator: Translator
) -> None:
    pipeline = Pipeline(translator, Wishes(glossary=Glossary([make_term("boat", "Kahn")])))
    search = translator.config.search.model_copy(update={"beam": 4, **strategy})
    with pytest.raises(UserError, match="in beam search only"):
        next(pipeline.stream(["The child."], search))


@pytest.mark.parametrize("asked", ["Škoda", "日本", "Łódź"])
def test_no_half_of_a_letter_is_left_of_a_word_that_is_spelled_in_bytes(asked: str, translator: Translator) -> None:
    lines = ["The child sees the book.", "Our boat!", "This animal paints every picture.", "Every house finds a book."]
    for beam in (1, 2, 5):
        search = translator.config.search.model_copy(update={"beam": beam})
        for answer in Pipeline(translator, Wishes(require=(asked,))).stream(lines, search):
            assert asked in answer.text
            assert "\ufffd" not in answer.text


def test_what_a_line_begins_with_may_be_forbidden_and_the_others_are_translated(translator: Translator) -> None:
    told: list[int] = []
    pipeline = Pipeline(translator, Wishes(glossary=Glossary([make_term("", "!Hund")])))
    lines, prefixes = ["Our boat!"] * 3, ["Das", "Ein Hund", "Die"]
    found = list(pipeline.stream(lines, None, lambda number, problem: told.append(number), prefixes=prefixes))
    assert [one.text.startswith(start) for one, start in zip(found, prefixes, strict=True)] == [True] * 3
    assert told == [2]


def test_a_term_is_asked_of_the_sentence_that_has_it(translator: Translator) -> None:
    line = "The house sees the boat. " * 40 + "The child sees it. " + "Our house finds the boat. " * 40
    pipeline = Pipeline(translator, Wishes(glossary=Glossary([make_term("child", "Zwerg")])))
    (answer,) = pipeline.stream([line])
    assert answer.text.count("Zwerg") == 1
    assert 0.2 < answer.text.index("Zwerg") / len(answer.text) < 0.8


@pytest.mark.parametrize(
    ("line", "asked", "forbidden"),
    [
        ("The child sees.", ["Kind"], []),
        ("CHILD", ["Kind"], []),
        ("children", [], []),
        ("a bank in Bank", ["Ufer", "Firma"], ["Geldhaus"]),
        ("a river bank", ["Flussufer"], ["Geldhaus"]),
        ("child child", ["Kind"], []),
        ("http://child.org a child", ["Kind"], []),
        ("http://child.org", [], []),
        ("A cafe\u0301.", ["Kaffeehaus"], []),  # the accent written apart
        ("A caf\u00e9, NAI\u0308VE", ["Kaffeehaus", "arglos"], []),
        ("cafe", [], []),
        ("J\u030cA", ["klein"], []),  # small, its letter and accent are one
        ("हिन्दी", ["Hindi"], []),
        ("हिन", [], []),  # the vowel signs are of the word
        ("किताब", [], []),
    ],
)
def test_terms_are_words_of_the_line(line: str, asked: list[str], forbidden: list[str]) -> None:
    terms = {"child": "Kind", "bank": "Ufer", "Bank": "Firma", "river bank": "Flussufer"}
    terms |= {"caf\u00e9": "Kaffeehaus", "nai\u0308ve": "arglos", "हिन्दी": "Hindi", "त": "ta", "\u01f0a": "klein"}
    glossary = Glossary([*(make_term(*pair) for pair in terms.items()), make_term("bank", "!Geldhaus")])
    found, never = glossary.asked(line, find(line))
    assert [term.target for term in found] == asked
    assert never == forbidden


def test_a_phrase_is_found_with_its_accents_written_either_way() -> None:
    assert standing("caf\u00e9 x", "Ein cafe\u0301 X.") == [(4, 11)]
    assert standing("cafe\u0301", "caf\u00e9s caf\u00e9") == [(6, 10)]
    assert standing("ශ්", "ශ්\u200dරී") == []  # joined to what follows
    assert standing("ខ្មែរ", "ភាសាខ្មែរ")  # no white space between words
    Glossary([make_term("a", "Kaff\u00e9"), make_term("a", "Kaffe\u0301")])  # the same twice


def test_a_glossary_file_has_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text("machine translation\tMÜ\n\n\t!Apparat\nbank\t!Bank\n", encoding="utf-8")
    terms = read_glossary(path)
    assert [(" ".join(one.source), one.target, one.forbidden) for one in terms] == [
        ("machine translation", "MÜ", False),
        ("", "Apparat", True),
        ("bank", "Bank", True),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one eins", "line 1 has no tab"),
        ("a\tb\nx\t", "line 2: the term 'x' has no translation"),
        ("a\tb\tc", "line 1 has 3 columns"),
        ("\tHaus", "write !Haus"),
        ("a\t!", "has no translation"),
    ],
)
def test_a_line_that_is_no_term_is_named(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text(content)
    with pytest.raises(UserError, match=message):
        read_glossary(tmp_path / "terms.tsv")


def test_a_byte_that_is_no_letter_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "terms.tsv").write_bytes(b"a\tb\ndog\tHu\xffnd\n")
    read_glossary(tmp_path / "terms.tsv")
    assert f"{tmp_path / 'terms.tsv'} line 2: " in capsys.readouterr().err


def test_what_cannot_be_obeyed_is_told() -> None:
    with pytest.raises(UserError, match="both asks for and forbids 'Kind' where 'child' is"):
        Glossary([make_term("child", "!Kind"), make_term("child", "das Kind")])
    with pytest.raises(UserError, match="twice"):
        Glossary([make_term("child", "Kind"), make_term("child", "Bub")])
    with pytest.raises(UserError, match="forbids"):
        Glossary([make_term("child", "das Kind"), make_term("", "!Kind")])


def test_a_forbidden_word_that_is_part_of_an_asked_one_is_no_contradiction(translator: Translator) -> None:
    glossary = Glossary([make_term("boat", "Hausboot"), make_term("", "!Haus")])
    (answer,) = Pipeline(translator, Wishes(glossary=glossary)).stream(["The boat finds the house."])
    assert "Hausboot" in answer.text
    assert not standing("Haus", answer.text)
