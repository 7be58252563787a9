"""Tab in real shells offers what the commands take."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from nmt.cli import COMMANDS, main
from nmt.completion import SHELLS, Commands, Option, described

START = {
    "bash": ("bash", ["--norc", "--noprofile", "-i"]),
    "zsh": ("zsh", ["-f", "-i"]),
}
SETTING = {
    "bash": "PS1='ready> '; bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'",
    "zsh": "PS1='ready> '; autoload -Uz compinit; compinit -u -d ./dump; setopt nolistbeep noautoremoveslash; unset zle_bracketed_paste",  # noqa: E501 (one line of a shell)
}
COMPLETED = {
    "nmt transl": "ate",
    "nmt translate --bea": "m",
    "nmt translate --strategy samp": "ling",
    "nmt translate --format js": "onl",
    "nmt translate --protect number plac": "eholder",
    "nmt translate --protect number --outp": "ut",
    "nmt translate --device=cu": "da",
    "nmt translate --model ru": "ns/",
    "nmt translate --beam 5 --input a\\ f": "ile",
    "nmt train --model.atte": "ntion",
    "nmt train --model.attention addi": "tive",
    "nmt train --subwords.joint tr": "ue",
    "nmt train --data.train one.en tw": "o.de",
    "nmt train --output runs/mi": "ne/",
    "nmt train --subwords.of runs/mi": "ne/",
    "nmt train --synthetic.models runs/mine runs/mi": "ne/",
    "nmt train --synthetic.models ru": "ns/",
    "nmt train --synthetic.text tw": "o.de",
    "nmt completion z": "sh",
    "nmt data ch": "eck",
    "nmt data check one.en tw": "o.de",
    "nmt data clean --norm": "alize",
    "nmt report --run runs/mi": "ne/",
}
"""What is typed, and what Tab adds."""


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A shell that has read the script, in a folder with a few files."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    assert main(["completion", name]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    for file in ("one.en", "two.de", "a file", "run"):
        (tmp_path / file).touch()
    program, words = START[name]
    child = pexpect.spawn(program, words, cwd=str(tmp_path), encoding="utf-8", timeout=20, dimensions=(50, 300))
    child.delaybeforesend = None
    child.sendline(f"{SETTING[name]}; source ./script; echo be''gin")
    child.expect("begin")
    yield child
    child.close(force=True)


def test_tab_completes_what_is_typed(shell: Any) -> None:
    for typed, added in COMPLETED.items():
        shell.expect("ready> ")
        shell.send(f"{typed}\t")
        shell.send("\x01echo '\x05'\r")  # at the beginning of the line and at its end: it is printed, not run
        shell.expect(r"\n(nmt [^\r\n]*?) *\r")
        assert shell.match.group(1) == typed + added


def every(commands: Commands) -> Iterator[tuple[Callable[[list[str]], int], list[Option]]]:
    """All commands and subcommands that are no tables, each with its options."""
    for command in commands.values():
        what = described(command)
        if isinstance(what, list):
            yield command, what
        else:
            yield from every(what)


def test_the_script_knows_every_option_that_help_tells_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(every(COMMANDS))) > len(COMMANDS)
    for command, options in every(COMMANDS):
        with pytest.raises(SystemExit):
            command(["--help"])
        told = set(re.findall(r"^\s+(?:-h, )?(--[a-z][\w.-]*)", capsys.readouterr().out, re.MULTILINE))
        assert told <= {option.name for option in options}
        assert len(options) > 1
