"""The session in a terminal, and without one."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from nmt.config import Config
from nmt.data.lines import clean_line
from nmt.options import choices
from nmt.repl.commands import COMMANDS, SETTINGS, answer, answer_all
from nmt.repl.display import STYLE
from nmt.repl.session import Session


def run(session: Session) -> int:
    """The session, until its user leaves. Without a terminal: plain lines from standard input, no prompt."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        _converse(session)
    else:
        answer_all(session, sys.stdin.buffer)
    return 0


def _converse(session: Session) -> None:
    prompt = PromptSession[str](
        lambda: _prompt(session),
        history=_history(),
        completer=CommandCompleter(),
        complete_while_typing=False,
        style=STYLE,
    )
    session.display.remark("Type a line to translate it. :help lists the commands, Ctrl-D leaves.")
    while session.open:
        try:
            lines = prompt.prompt().split("\n")  # several where they were pasted
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        try:
            for line in lines if len(lines) > 1 or lines[0].strip() else ():
                if session.open:
                    answer(session, clean_line(line))
        except KeyboardInterrupt:
            session.display.remark("interrupted")


def _prompt(session: Session) -> FormattedText:
    data = session.translator.config.data
    return FormattedText([("class:prompt", f"{data.source or 'source'}-{data.target or 'target'}> ")])


class CommandCompleter(Completer):
    """Completes the names of commands, settings and their choices, files and folders."""

    def __init__(self) -> None:
        self.paths = {
            "file": PathCompleter(expanduser=True),
            "folder": PathCompleter(expanduser=True, only_directories=True),
        }

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand for the word before the cursor."""
        line = document.current_line_before_cursor
        name, space, words = line.removeprefix(":").partition(" ")
        if not line.startswith(":"):
            return
        if not space:
            yield from _beginning_with(name, COMMANDS)
            return
        takes = COMMANDS[name].takes if name in COMMANDS else ""
        if takes == "settings":
            yield from _settings(words.rpartition(" ")[2])
        elif takes:
            words = words.lstrip()
            yield from self.paths[takes].get_completions(Document(words, len(words)), complete_event)


def _settings(word: str) -> Iterable[Completion]:
    name, equals, value = word.partition("=")
    if not equals:
        return _beginning_with(name, [f"{key}=" for key in SETTINGS])
    key = f"search.{name}"
    known = name in SETTINGS
    return _beginning_with(value, choices().get(key) or Config().words(key) if known else ())


def _beginning_with(start: str, words: Iterable[str]) -> Iterable[Completion]:
    return (Completion(word, start_position=-len(start)) for word in words if word.startswith(start))


def _history() -> History:
    """What was typed in this and former sessions; in this one alone where it cannot be kept."""
    with contextlib.suppress(OSError, RuntimeError):  # no home, no right to write there
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        path = state / "nmt" / "history"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+"):
            return _KeptHistory(path)
    return InMemoryHistory()


class _KeptHistory(FileHistory):
    """A history file that may fail, as when the disk is full, without ending the session."""

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            super().store_string(string)
