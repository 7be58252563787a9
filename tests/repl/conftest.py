"""Sessions in a pseudo-terminal, and without a terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from terminals import Terminal

import nmt
from nmt.repl.display import Display
from nmt.repl.prompt import run
from nmt.repl.session import Model, Session
from nmt.translator import Translator


@pytest.fixture
def terminals(model_folder: Path, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Begins sessions in terminals, in an empty folder."""
    begun: list[Terminal] = []

    def begin(*options: str, **environment: str) -> Terminal:
        begun.append(Terminal(model_folder, tmp_path, *options, **environment))
        return begun[-1]

    yield begin
    for terminal in begun:
        terminal.close()


@pytest.fixture(scope="session")
def translator(model_folder: Path) -> Translator:
    return nmt.load(model_folder)


@pytest.fixture
def session(translator: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Session(Model("untrained", translator), nmt.load, display=Display())


Piped = Callable[..., tuple[list[str], list[str]]]


@pytest.fixture
def piped(session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Piped:
    """Lines -> what a session without a terminal writes to stdout and stderr, in lines."""

    def typed(*lines: str | bytes) -> tuple[list[str], list[str]]:
        whole = b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(whole), isatty=lambda: False))
        assert run(session) == 0
        captured = capsys.readouterr()
        return captured.out.split("\n")[:-1], captured.err.splitlines()

    return typed
