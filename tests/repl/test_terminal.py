"""The session in a real pseudo-terminal: it says what a file of the same lines is translated to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from terminals import OUTPUT, Terminal

from nmt.cli import main

LINES = ["The child sees the book.", "Our boat!", " :help, 3 animals", "Every house shows this picture. " * 6]
TERMS = "child\tKind\nboat\tBoot\n\t!Haus\n"
SESSIONS: dict[str, tuple[list[str], list[str]]] = {
    "as the model has it": ([], []),
    "greedy": ([":beam 1"], ["--beam", "1"]),
    "wider": ([":set beam=8"], ["--beam", "8"]),
    "three best": ([":nbest 3"], ["--nbest", "3"]),
    "many settings": ([":set beam=8 nbest=3 length=0.6"], ["--beam", "8", "--nbest", "3", "--length-penalty", "0.6"]),
    "gnmt": ([":set normal=gnmt length=0.4"], ["--normalization", "gnmt", "--length-penalty", "0.4"]),
    "reward": ([":set normalization=reward"], ["--normalization", "reward"]),
    "coverage": ([":set coverage=0.3"], ["--coverage-penalty", "0.3"]),
    "proven": ([":set stopping=proven"], ["--stopping", "proven"]),
    "short": ([":set max_ratio=0.3"], ["--max-ratio", "0.3"]),
    "no repetition": ([":set no_repeat_ngram=2"], ["--no-repeat-ngram", "2"]),
    "diverse": ([":set strategy=diverse beam=4 groups=2"], ["--strategy", "diverse", "--beam", "4", "--groups", "2"]),
    "sampled": ([":set strategy=sampling seed=7"], ["--strategy", "sampling", "--seed", "7"]),
    "least risk": ([":set risk=chrf"], ["--risk", "chrf"]),
    "taken back": ([":set beam=1 length=0", ":set beam= length="], []),
    "forced": ([":force Das Kind"], ["--prefix", "prefix.txt"]),
    "constrained": ([':constrain Kind "rotes Boot"'], ["--require", "Kind", "--require", "rotes Boot"]),
    "glossary": ([":glossary terms.tsv"], ["--glossary", "terms.tsv"]),
    "all taken back": ([":force A", ":force", ":constrain A", ":constrain", ":glossary terms.tsv", ":glossary"], []),
    "both": (
        [":force Das", ":constrain Boot", ":beam 3"],
        ["--prefix", "prefix.txt", "--require", "Boot", "--beam", "3"],
    ),
}


def of_file(model: Path, folder: Path, options: list[str]) -> list[list[str]]:
    """What `nmt translate` makes of LINES, in the lines of a session."""
    (folder / "in.txt").write_text("".join(f"{line}\n" for line in LINES))
    files = ["--input", str(folder / "in.txt"), "--output", str(folder / "out.txt")]
    assert main(["translate", "--model", str(model), "--threads", "1", *files, *options]) == 0
    lines = (folder / "out.txt").read_text(encoding="utf-8").split("\n")[:-1]
    if "--nbest" not in options:
        return [[line] for line in lines]
    found: list[list[str]] = [[] for _ in LINES]
    for line in lines:
        number, text, score = line.split(" ||| ")
        best = found[int(number)]
        best.append(f"{len(best) + 1}. {text}  ({float(score):.3f})")
    return found


def test_phrases_that_a_search_cannot_look_for_are_refused_at_the_start(
    model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["repl", "--model", str(model_folder), "--require", "Boot", "--strategy", "sampling"]
    assert main(words) == 2
    assert "sampling" in capsys.readouterr().err


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_says_what_a_file_is_translated_to(
    name: str,
    model_folder: Path,
    terminals: Callable[..., Terminal],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands, options = SESSIONS[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "terms.tsv").write_text(TERMS)
    forced = [command.removeprefix(":force ") for command in commands if command.startswith(":force")]
    (tmp_path / "prefix.txt").write_text(f"{forced[0] if forced else ''}\n" * len(LINES))
    terminal = terminals()
    for command in commands:
        assert "error" not in terminal.type(command)
    expected = of_file(model_folder, tmp_path, options)
    for line, translations in zip(LINES, expected, strict=True):
        said = [one for one in terminal.answer(line) if "translated in" not in one]
        assert said == translations
    assert terminal.leave() == 0


def test_pasted_lines_are_answered_one_by_one_blank_for_blank(
    model_folder: Path, terminals: Callable[..., Terminal], tmp_path: Path
) -> None:
    expected = [line for (line,) in of_file(model_folder, tmp_path, [])]
    terminal = terminals()
    said = terminal.paste(f"{LINES[0]}\n\n{LINES[1]}\n:beam 5\n{LINES[2]}")
    assert said == [expected[0], "", expected[1], "beam 5, nbest 1", expected[2]]
    assert terminal.leave() == 0


def test_ctrl_c_stops_one_translation_and_drops_one_line(
    model_folder: Path, terminals: Callable[..., Terminal], tmp_path: Path
) -> None:
    expected = of_file(model_folder, tmp_path, [])
    terminal = terminals()
    terminal.type(":set beam=900 prune=0 max_ratio=100 stopping=proven")
    terminal.typing.send("The child sees every house. " * 4 + "\r")
    terminal.typing.expect(r"\x1b\[\?2004l")
    terminal.typing.send("\x03")  # a letter while the prompt has the keyboard, which it gives back just now
    while terminal.typing.expect(["interrupted", pexpect.TIMEOUT], timeout=0.5):
        terminal.typing.send("\x03")
    terminal.typing.expect(r"\x1b\[\?2004h")
    terminal.typing.send("half a line")
    terminal.typing.send("\x03")
    terminal.typing.expect(r"\x1b\[\?2004h")
    terminal.type(":set beam= prune= max_ratio= stopping=")
    assert terminal.answer(LINES[0]) == expected[0]
    assert terminal.leave() == 0


COMPLETED = {
    ":comp": "are",
    ":set len": "gth_penalty=",
    ":set beam=3 strategy=d": "iverse",
    ":set risk=c": "hrf",
    ":source te": "rms.tsv",
    ":model a f": "older",
    ":glossary ./a folder/in": "side",
}
"""What is typed, and what Tab adds to it."""


def test_tab_completes_commands_settings_choices_and_files(terminals: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text(TERMS)
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a folder" / "inside").touch()
    (tmp_path / "a file").touch()
    terminal = terminals()
    for typed, added in COMPLETED.items():
        terminal.typing.send(f"{typed}\t")
        terminal.typing.expect_exact(typed)
        terminal.typing.expect_exact(added)
        terminal.typing.send("\x03")
        terminal.typing.expect(r"\x1b\[\?2004h")
    terminal.type("text te\t")
    assert "+text te\n" in (tmp_path / "nmt" / "history").read_text()


def test_colours_are_for_terminals_that_want_them(terminals: Callable[..., Terminal]) -> None:
    coloured = terminals().type(":set beam=2")
    assert "\x1b[0;" in coloured
    for environment in ({"NO_COLOR": "1"}, {"TERM": "vt100", "NO_COLOR": "x"}):
        terminal = terminals(**environment)
        assert "\x1b" not in terminal.type(":set beam=2")
        terminal.type("The child.")
        assert "\x1b[0;" not in terminal.type(":explain")


def test_a_started_program_keeps_its_history(model_folder: Path, tmp_path: Path) -> None:
    words = ["repl", "--threads", "1", "--model", str(model_folder), "--beam", "2"]
    code = f"import sys; from nmt.cli import main; sys.exit(main({words}))"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"}
    child = pexpect.spawn(sys.executable, ["-c", code], env=environment, encoding="utf-8", timeout=120)
    child.delaybeforesend = None
    child.expect("en-de>")
    for typed in (":set\r", "The boat.\r"):
        child.send(typed)
        child.expect(OUTPUT)
        assert typed != ":set\r" or "(the model's own: 5)" in child.match.group(1)
    child.sendcontrol("d")
    child.expect(pexpect.EOF, timeout=20)
    child.close()
    assert child.exitstatus == 0
    assert "+The boat." in (tmp_path / "nmt" / "history").read_text(encoding="utf-8")
