"""Subwords give back any text, in any script, and say so when they cannot be trained or read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from vocabularies import ENGLISH, GERMAN, a_vocabulary, anything, settings_of

from nmt.data.subwords import (
    BEGIN,
    END,
    ENTERS,
    LEAVES,
    PADDING,
    UNKNOWN,
    Subwords,
    Vocabulary,
    spelling,
    train_subwords,
)
from nmt.errors import UserError

ALGORITHMS = ("unigram", "bpe")


VOCABULARIES = {algorithm: a_vocabulary(algorithm=algorithm) for algorithm in ALGORITHMS}
every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


@every_algorithm
@settings(deadline=None, max_examples=300)
@given(text=anything)
@example(text="the child 😀👩‍👩‍👧 東京 שלום สวัสดี ᚠᚢᚦ \U000e0041")
@example(text="<s> </s> <unk> <pad> <0x41>")
@example(text="\x00 \t \n \u2028 \u00a0 \ufeff \ufffd")
def test_any_text_comes_back_and_nothing_is_unknown(algorithm: str, text: str) -> None:
    subwords = VOCABULARIES[algorithm].source
    (pieces,) = subwords.encode([text])
    assert subwords.decode(pieces) == text
    assert pieces[-1] == END
    assert not {PADDING, UNKNOWN, BEGIN, END} & set(pieces[:-1])
    assert max(pieces) < len(subwords)


@every_algorithm
def test_only_letters_that_the_training_had_not_are_spelled_in_bytes(algorithm: str) -> None:
    def bytes_in(text: str) -> int:
        subwords = VOCABULARIES[algorithm].source
        return sum(piece.startswith("<0x") for piece in subwords.pieces(subwords.encode([text])[0]))

    assert bytes_in("the child sinks ein Boot") == 0
    assert bytes_in("the 東京") == len("東京".encode())


@every_algorithm
def test_sentences_are_encoded_each_for_itself_with_the_end_where_asked(algorithm: str) -> None:
    subwords = VOCABULARIES[algorithm].target
    ended = subwords.encode(["das Boot", "", "ein Haus"])
    assert ended == [subwords.encode([text])[0] for text in ("das Boot", "", "ein Haus")]
    assert [[*pieces, END] for pieces in subwords.encode(["das Boot", "", "ein Haus"], end=False)] == ended
    assert ended[1] == [END]


@every_algorithm
def test_special_symbols_leave_no_trace_in_text(algorithm: str) -> None:
    subwords = VOCABULARIES[algorithm].target
    pieces = subwords.encode(["das Boot sinkt"], end=False)[0]
    assert subwords.decode([BEGIN, *pieces, END, PADDING, PADDING]) == "das Boot sinkt"
    assert "".join(subwords.pieces(pieces)).replace("\u2581", " ").strip() == "das Boot sinkt"


def test_normalisation_is_what_the_configuration_says() -> None:
    folded = a_vocabulary(normalization="nmt_nfkc").source
    assert folded.decode(folded.encode(["ｆｕｌｌ  ﬁsh"])[0]) == "full fish"


@pytest.mark.parametrize("joint", [True, False])
@every_algorithm
def test_a_vocabulary_comes_back_from_its_folder(joint: bool, algorithm: str, tmp_path: Path) -> None:
    vocabulary = a_vocabulary(joint=joint, algorithm=algorithm)
    vocabulary.save(tmp_path)
    loaded = Vocabulary.load(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == ({"joint.spm"} if joint else {"source.spm", "target.spm"})
    assert loaded.joint == vocabulary.joint == joint
    for side in (0, 1):
        assert loaded[side].model == vocabulary[side].model
        assert loaded[side].encode(ENGLISH + GERMAN) == vocabulary[side].encode(ENGLISH + GERMAN)


def test_separate_vocabularies_each_know_their_own_language() -> None:
    vocabulary = a_vocabulary(joint=False)
    source, target = (subwords.encode(["schläft"])[0] for subwords in vocabulary)
    assert len(target) < len(source)
    source, target = (subwords.encode(["sleeps"])[0] for subwords in vocabulary)
    assert len(source) < len(target)


def test_the_number_of_pieces_is_a_bound_and_text_with_fewer_has_fewer() -> None:
    assert len(a_vocabulary(algorithm="bpe", vocabulary=300).source) == 300
    assert len(a_vocabulary(algorithm="bpe", vocabulary=5000).source) < 500


@pytest.mark.parametrize(
    "damaged",
    [b"", b"rubbish", VOCABULARIES["bpe"].source.model[:1000], VOCABULARIES["bpe"].source.model[:-1]],
    ids=["empty", "rubbish", "cut off", "a byte short"],
)
def test_a_damaged_model_is_a_user_error_that_names_the_file(damaged: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cut off"):
        Subwords(damaged)
    (tmp_path / "joint.spm").write_bytes(damaged)
    with pytest.raises(UserError, match=r"joint\.spm"):
        Vocabulary.load(tmp_path)


def test_a_missing_model_is_a_user_error_that_names_the_file(tmp_path: Path) -> None:
    a_vocabulary(joint=False).save(tmp_path)
    (tmp_path / "target.spm").unlink()
    with pytest.raises(UserError, match=r"target\.spm is missing"):
        Vocabulary.load(tmp_path)


@every_algorithm
@pytest.mark.parametrize(
    "sentences", [[], ["", ""], [chr(0x4E00 + index) for index in range(400)]], ids=["none", "blank", "many characters"]
)
def test_text_that_no_model_can_be_trained_on_is_a_user_error_of_one_line(algorithm: str, sentences: list[str]) -> None:
    with pytest.raises(UserError, match=r"subwords\.vocabulary") as raised:
        train_subwords(sentences, settings_of(algorithm=algorithm))
    assert "\n" not in str(raised.value)
    assert "trainer_interface" not in str(raised.value)


@every_algorithm
def test_the_parts_of_a_piece_spell_it(algorithm: str) -> None:
    subwords = VOCABULARIES[algorithm].source
    parts = subwords.parts()
    texts = subwords.pieces(range(len(subwords)))
    for number, text in enumerate(texts):
        spelled = [texts[part] for part in parts[number] if part]
        assert len(spelled) != 1
        assert "".join(spelled) == (text if spelled else "")
    whole = {text for number, text in enumerate(texts) if not parts[number].any()}
    assert {"<pad>", "<s>", "</s>", "<0x41>"} <= whole
    characters = set(texts)
    assert all(len(text) == 1 or text.startswith("<") or not set(text) <= characters for text in whole)


def test_of_the_spellings_of_a_piece_the_shortest_and_likeliest_is_taken() -> None:
    scores = {"abcd": -1.0, "a": -4.0, "b": -4.0, "c": -4.0, "d": -4.0, "ab": -9.0, "cd": -9.0, "bcd": -13.0}
    assert spelling("abcd", scores) == ["a", "bcd"]
    assert spelling("abcd", {**scores, "cd": -7.0}) == ["ab", "cd"]
    assert spelling("bcd", scores) == ["b", "cd"]
    assert spelling("ac", scores) == ["a", "c"]
    assert spelling("a", scores) == spelling("aé", scores) == []


def test_combining_marks_are_of_their_words_where_there_is_white_space_between_words() -> None:
    assert all(ENTERS.search(mark) and LEAVES.search(f"x{mark}") for mark in ("\u0301", "ि", "्"))
    assert not any(ENTERS.search(mark) or LEAVES.search(f"ส{mark}") for mark in ("ั", "့", "្"))


@every_algorithm
def test_a_word_goes_on_with_the_pieces_that_enter_it_and_no_others(algorithm: str) -> None:
    target = VOCABULARIES[algorithm].target
    leaves, enters, lacks = target.seams()
    for letter in ("é", "日", "🚣"):
        number = [target.pieces(range(len(target))).index(f"<0x{byte:02X}>") for byte in letter.encode()]
        assert lacks[number].tolist() == [len(number) - 1, *[-1] * (len(number) - 1)]
    assert not lacks[
        [number for number, piece in enumerate(target.pieces(range(len(target)))) if len(piece) != 6]
    ].any()
    for text in ("Haus", "Boot,"):
        pieces = target.encode([text], end=False)[0]
        for following in range(END + 1, len(target)):
            whole = target.decode([*pieces, following])
            if "\ufffd" not in whole:  # a part of a letter
                goes_on = re.match(rf"{text}\w", whole) and text[-1].isalpha()
                assert (leaves[pieces[-1]] and enters[following]) == bool(goes_on), (text, whole)
    assert not leaves[END]
    assert not enters[END]
