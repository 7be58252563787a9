"""The interactive session, in a real pseudo-terminal and as a filter: it survives whatever is typed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pexpect
import pytest
import torch

import nmt
from nmt.repl import COMMANDS, heat_map, run
from nmt.translator import Scored, Translator


@pytest.fixture(scope="module")
def translator(model_folder: Path) -> Translator:
    return nmt.load(model_folder)


@pytest.fixture
def terminal(model_folder: Path, tmp_path: Path) -> Iterator[pexpect.spawn[str]]:
    """A session in a pseudo-terminal, its prompt waiting."""
    words = ["repl", "--threads", "1", "--model", str(model_folder)]
    code = f"import sys; from nmt.cli import main; sys.exit(main({words}))"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"}
    child = pexpect.spawn(
        sys.executable, ["-c", code], env=environment, encoding="utf-8", timeout=120, dimensions=(50, 100)
    )
    child.delaybeforesend = None
    child.expect("en-de>")
    yield child
    child.close(force=True)


def piped(
    translator: Translator,
    typed: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[list[str], list[str]]:
    """What a session without a terminal writes to stdout and stderr, in lines."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(typed), isatty=lambda: False))
    assert run(translator) == 0
    captured = capsys.readouterr()
    return captured.out.split("\n")[:-1], captured.err.splitlines()


def test_a_session_in_a_terminal(terminal: pexpect.spawn[str], tmp_path: Path) -> None:
    def type_in(line: str, expected: str) -> None:
        terminal.send(line + "\r")
        terminal.expect(expected)
        terminal.expect("en-de>")

    type_in("The child sees the book.", r"book\.(.|\n)*\S+")
    type_in(":help", "(?s):beam K keeps.*:quit leaves")
    type_in(":beam 2", "beam 2, nbest 1")
    type_in(":nbest 2", "beam 2, nbest 2")
    type_in("The boat.", r"(?s)1\. .*2\. ")
    type_in(":attention", "attention on")
    type_in("The boat.", "</s>")
    type_in(":attentoin", "Did you mean :attention")
    type_in(":beam many", "takes one whole number")
    terminal.send("half a line")
    terminal.sendcontrol("c")
    terminal.expect("en-de>")
    type_in(":attention", "attention off")
    type_in("\x1b[200~pasted: " + "long " * 500 + "\x1b[201~", r"2\. ")
    terminal.sendcontrol("d")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    history = (tmp_path / "nmt" / "history").read_text(encoding="utf-8")
    assert "+The child sees the book." in history
    assert "Traceback" not in history


def test_without_a_terminal_each_line_is_answered_with_a_line(
    translator: Translator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = piped(translator, b"The child.\n\nThe boat.\n\xff\x00\n:quit\nunread\n", monkeypatch, capsys)
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
    ],
)
def test_a_command_is_answered_with_one_remark(
    command: str,
    remark: str,
    translator: Translator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, err = piped(translator, command.encode() + b"\n", monkeypatch, capsys)
    assert out == []
    assert len(err) == 1
    assert remark in err[0]


def test_a_narrower_beam_takes_the_alternatives_with_it(
    translator: Translator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = piped(translator, b":nbest 3\nThe boat.\n:beam 1\nThe boat.\n", monkeypatch, capsys)
    assert err == ["beam 5, nbest 3", "beam 1, nbest 1"]
    assert [line[:3] for line in out[:3]] == ["1. ", "2. ", "3. "]
    assert len(out) == 4


def test_what_looks_like_a_command_can_still_be_text(
    translator: Translator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = piped(translator, b" :help\n:-)\n: a\n", monkeypatch, capsys)
    assert out == [translator.translate(text).text for text in (":help", ":-)", ": a")]
    assert err == []


def test_help_lists_every_command(
    translator: Translator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = piped(translator, b":help\n", monkeypatch, capsys)
    assert all(any(line.strip().startswith(f":{name}") for line in out) for name in COMMANDS)


def test_a_model_without_attention_says_so(
    model_without_attention: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = piped(nmt.load(model_without_attention), b":attention\nThe boat.\n", monkeypatch, capsys)
    assert "no attention" in err[0]
    assert len(out) == 1


def test_half_a_character_from_a_keyboard_is_no_crash(translator: Translator) -> None:
    assert isinstance(translator.translate("a \udcff b \ud800").text, str)


def test_a_heat_map_is_dark_where_the_attention_is() -> None:
    weights = torch.tensor([[1.0, 0, 0], [0, 0.5, 0.5]])
    scored = Scored(0.0, ["▁a", "本", "</s>"], ["▁eins", "</s>"], [0.0, 0.0], weights)
    lines = heat_map(scored, 80)
    assert lines[-2] == "▁eins ██"
    assert lines[-1] == "</s>    ▒▒▒▒"
    assert lines[-3] == "      a 本>"
    assert heat_map(scored, 10)[-1].startswith("</s>")  # columns that do not fit come below
    assert max(map(len, heat_map(scored, 10))) <= 10


def test_a_map_too_large_to_read_is_not_drawn() -> None:
    scored = Scored(0.0, ["a"] * 500, ["b"], [0.0], torch.full((1, 500), 0.002))
    assert heat_map(scored, 80) == ["(no map is drawn beyond 200 pieces)"]
