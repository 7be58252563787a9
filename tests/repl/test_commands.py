"""What a session can be told: each command does what its help says, and nothing that is typed ends it but :quit."""

from __future__ import annotations

import gzip
import os
import random
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

import nmt
from nmt.cli import main
from nmt.repl.commands import COMMANDS, SETTINGS, answer
from nmt.repl.session import Model, Session
from nmt.translator import Translator

Piped = Callable[..., tuple[list[str], list[str]]]


def test_without_a_terminal_each_line_is_answered_with_a_line(translator: Translator, piped: Piped) -> None:
    out, err = piped("The child.", "", "The boat.", b"\xff\x00", ":quit", "unread")
    assert len(out) == 4
    assert out[0] == translator.translate("The child.").text
    assert out[1] == ""
    assert [line.split(":")[0] for line in err] == ["line 4", "line 4"]


@pytest.mark.parametrize(
    ("command", "remark"),
    [
        (":beem 3", "Did you mean :beam?"),
        (":x", ":x is no command"),
        (":beam", ":beam takes one whole number"),
        (":beam x", ":beam takes one whole number"),
        (":beam 2 3", ":beam takes one whole number"),
        (":beam " + "9" * 5000, ":beam takes one whole number"),
        (":beam 0", "search.beam is 0"),
        (":beam -1", "search.beam is -1"),
        (":beam 1000000", "search.beam is 1000000"),
        (":nbest 0", "search.nbest is 0"),
        (":nbest 7", "beam 7, nbest 7"),
        (":set beam", "'beam' has no ="),
        (":set baem=3", "Did you mean 'beam'?"),
        (":set n=3", "may be normalization or nbest or no_repeat_ngram"),
        (":set =3", "'' is unknown"),
        (":set beam=2 nbest=3", "widen the beam"),
        (":set strategy=bream", "Did you mean 'beam'?"),
        (":set temperature=2", "is for search.strategy sampling"),
        (":set risk=all", "is unknown"),
        (":glossary nowhere.tsv", "nowhere.tsv cannot be read"),
        (":source nowhere.txt", "nowhere.txt cannot be read"),
        (":source .", "cannot be read"),
        (":source", "write :source FILE"),
        (":model", "write :model DIR"),
        (":model nowhere", "nowhere is no folder"),
        (":compare .", "no model folder"),
        (":model ~nobody/here", "error: "),
        (":save " + "x" * 5000, "File name too long"),
        (":save .", ". is a folder"),
        (":save nowhere/out.tsv", "nowhere/out.tsv cannot be written (No such file"),
        (":score Kind", "nothing is translated yet"),
        (":explain", "nothing is translated yet"),
        (":attention", "nothing is translated yet"),
        (":sample", "nothing is translated yet"),
    ],
)
def test_a_command_that_cannot_be_is_answered_with_one_remark(command: str, remark: str, piped: Piped) -> None:
    out, err = piped(command)
    assert out == []
    assert len(err) == 1
    assert remark in err[0]


def test_a_mistake_changes_nothing(session: Session, piped: Piped) -> None:
    before = session.search, session.model, session.wishes
    piped(":set beam=9 nbest=x", ":beam 0", ":model nowhere", ":glossary nowhere")
    assert (session.search, session.model, session.wishes) == before


def test_set_shows_what_differs_from_the_model(piped: Piped) -> None:
    out, _ = piped(":set beam=8 length=0.6", ":set", ":set beam=")
    assert out[:2] == ["beam 8  (the model's own: 5)", "length_penalty 0.6  (the model's own: 1.0)"]
    shown = out[2 : 2 + len(SETTINGS)]
    assert [line.split()[0] for line in shown] == list(SETTINGS)
    assert sum("own" in line for line in shown) == 2


def test_a_narrower_beam_takes_the_alternatives_with_it(piped: Piped) -> None:
    out, err = piped(":nbest 3", "The boat.", ":beam 1", "The boat.")
    assert err == ["beam 5, nbest 3", "beam 1, nbest 1"]
    assert [line[:3] for line in out[:3]] == ["1. ", "2. ", "3. "]
    assert len(out) == 4


def test_what_looks_like_a_command_can_still_be_text(translator: Translator, piped: Piped) -> None:
    out, err = piped(" :help", ":-)", ": a")
    assert out == [translator.translate(text).text for text in (":help", ":-)", ": a")]
    assert err == []


def test_help_lists_every_command(piped: Piped) -> None:
    out, _ = piped(":help")
    assert all(any(line.strip().startswith(f":{name}") for line in out) for name in COMMANDS)


def test_explain_has_a_row_for_each_piece(translator: Translator, piped: Piped) -> None:
    out, _ = piped("The boat.", ":explain")
    (part,) = next(translator.stream(["The boat."])).parts
    best = part.hypotheses[0]
    rows = out[2 : 2 + len(best.pieces)]
    given = [float(row.split()[1]) for row in rows[-4:]]
    assert given == pytest.approx([2.718281828**value for value in best.piece_log_probabilities[-4:]], abs=0.0051)
    for row in rows[-4:]:
        others = [float(word) for word in row.split()[4::2]]
        assert len(others) == 3
        assert others == sorted(others, reverse=True)
    names = [line.split("  ")[0] for line in out[2 + len(best.pieces) :]]
    assert names == ["confidence", "alignment", "not looked at", "signs of a bad translation"]


def test_attention_is_drawn_as_text_and_as_a_picture(piped: Piped, tmp_path: Path) -> None:
    out, err = piped("The boat.", ":attention", ":attention map.svg", ":attention map.svg")
    assert out[-1].startswith("</s>")
    assert err == ["map.svg is written", "error: map.svg is there already: choose another name."]
    root = ET.parse(tmp_path / "map.svg").getroot()
    assert root.get("class") == "attention"


def test_the_picture_of_a_line_in_parts_has_all_of_them(piped: Piped, tmp_path: Path) -> None:
    piped("The boat. " * 80, ":attention map.svg")
    root = ET.parse(tmp_path / "map.svg").getroot()
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("</s>") > 3  # an end for each part, on both sides


def test_a_line_of_which_nothing_was_translated_has_no_attention_to_show(piped: Piped, tmp_path: Path) -> None:
    out, err = piped("\u200b", ":attention map.svg", ":attention", "The boat.")
    assert ["nothing of that line was translated" in line for line in err[-2:]] == [True, True]
    assert out[-1]


def test_a_model_without_attention_says_so(model_without_attention: Path, session: Session, piped: Piped) -> None:
    session.model = Model("without", nmt.load(model_without_attention))
    out, err = piped("The boat.", ":attention", ":explain")
    assert "no attention" in err[0]
    assert "alignment  none" in out


def test_samples_are_those_of_file_translation(model_folder: Path, piped: Piped, tmp_path: Path) -> None:
    out, _ = piped("The boat.", ":sample beam=3 temp=0.8 seed=4")
    (tmp_path / "in.txt").write_text("The boat.\n")
    words = ["--input", "in.txt", "--output", "out.txt", "--strategy", "sampling", "--beam", "3", "--nbest", "3"]
    words += ["--temperature", "0.8", "--seed", "4"]
    assert main(["translate", "--model", str(model_folder), *words]) == 0
    drawn = [line.split(" ||| ")[1] for line in (tmp_path / "out.txt").read_text().splitlines()]
    assert [line.split(". ", 1)[1].rsplit("  (", 1)[0] for line in out[1:]] == drawn


def test_the_score_is_that_of_nmt_score(
    model_folder: Path, piped: Piped, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = piped("The boat.", ":score Das Boot.")
    (tmp_path / "in.txt").write_text("The boat.\n")
    (tmp_path / "out.txt").write_text("Das Boot.\n")
    assert main(["score", "--model", str(model_folder), "--source", "in.txt", "--target", "out.txt"]) == 0
    assert capsys.readouterr().out.splitlines() == out[1:]


def test_another_model_goes_on_with_what_is_set(
    model_folder: Path, model_with_other_pieces: Path, session: Session, piped: Piped
) -> None:
    out, err = piped(":beam 2", f":model {model_with_other_pieces}", "The boat.", ":model nowhere", "The boat.")
    other = nmt.load(model_with_other_pieces)
    expected = other.translate("The boat.", other.config.replace({"search.beam": 2}).search).text
    assert out == [expected, expected]
    assert err[1] == "the model is other"


def test_two_models_side_by_side(model_with_other_pieces: Path, translator: Translator, piped: Piped) -> None:
    out, _ = piped(f":compare {model_with_other_pieces}", "The boat.", ":compare", "The boat.")
    one, other = translator.translate("The boat.").text, nmt.load(model_with_other_pieces).translate("The boat.").text
    assert out[0] == f"untrained  {one}"
    assert out[1] == f"other      {other}"
    assert out[2].startswith("differ     ")
    assert out[3:] == [one]


def test_the_transcript_is_saved_and_overwrites_nothing(translator: Translator, piped: Piped, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    _, err = piped("The boat.", ":save out.tsv", "", "A\tbook.", ":save out.tsv", ":save precious", ":save out.tsv.gz")
    assert err == [
        "1 lines are in out.tsv",
        "3 lines are in out.tsv",
        "error: precious is there already: choose another name.",
        "3 lines are in out.tsv.gz",
    ]
    boat, book = (translator.translate(line).text for line in ("The boat.", "A\tbook."))
    assert (tmp_path / "out.tsv").read_text() == f"The boat.\t{boat}\n\t\nA book.\t{book}\n"
    assert gzip.decompress((tmp_path / "out.tsv.gz").read_bytes()) == (tmp_path / "out.tsv").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["out.tsv", "out.tsv.gz", "precious"]


def test_a_file_is_answered_like_what_is_typed(translator: Translator, piped: Piped, tmp_path: Path) -> None:
    lines = [":beam 2", "The boat.", "", ":source script.txt", "A\x00book."]
    (tmp_path / "script.txt").write_text("\n".join(lines))
    out, err = piped(":source script.txt")
    search = translator.config.replace({"search.beam": 2}).search
    assert out == [translator.translate(line, search).text for line in ("The boat.", "", "A book.")]
    assert err[0] == "beam 2, nbest 1"
    assert "script.txt is being answered already" in err[1]
    assert err[2].startswith("script.txt line 5: ")


@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_random_lines_are_survived(
    count: int, session: Session, piped: Piped, model_folder: Path, tmp_path: Path
) -> None:
    chosen = random.Random(5)
    (tmp_path / "terms.tsv").write_text("child\tKind\n\t!Haus\n")
    (tmp_path / "lines.txt").write_text("The child.\n:beam 2\n:nonsense\n")
    values = ["0", "1", "2", "-1", "0.5", "nan", "1e9", "x", "", "diverse", "sampling", "gnmt", "chrf", "proven"]
    arguments = ["", "1", "2", "3", "-5", "terms.tsv", "lines.txt", "out.tsv", "map.svg", '"das Kind" Boot', ".."]
    arguments += [str(model_folder), "~x", "\udcff", "a" * 30, "é" * 9]
    names = [name for name in COMMANDS if name != "quit"]
    all_back = b":set " + " ".join(f"{key}=" for key in SETTINGS).encode()

    def line() -> bytes:
        kind = chosen.random()
        if kind < 0.15:
            return chosen.randbytes(chosen.randrange(30)).replace(b"\n", b"")
        if kind < 0.3:
            words = ["The", "child", "sees", "\t", "<b>", "{x}", "３", "🏳️‍🌈", "\u2028", "ß" * 5, ":", '"', "\x1b[31m"]
            return " ".join(chosen.choices(words, k=chosen.randrange(6))).encode()
        if kind < 0.55:
            pairs = [f"{chosen.choice(SETTINGS)}={chosen.choice(values)}" for _ in range(chosen.randrange(1, 3))]
            return f":{chosen.choice(['set', 'sample'])} {' '.join(pairs)}".encode()
        if kind < 0.6:
            return all_back
        name = chosen.choice(names)
        argument = "lines.txt" if name == "source" else chosen.choice(arguments)  # no map.svg of 400 lines
        return f":{name} {argument}".encode(errors="surrogateescape")

    everything_back = [all_back, b":force", b":constrain", b":glossary", b":compare", f":model {model_folder}"]
    out, err = piped(*(line() for _ in range(count)), *everything_back, "The child.")
    assert out[-1] == nmt.load(model_folder).translate("The child.").text
    assert len(out) > count / 4
    assert not any("Traceback" in one for one in err)


def test_half_a_character_from_a_keyboard_is_no_crash(session: Session) -> None:
    answer(session, "a \udcff b \ud800")
    assert session.transcript
