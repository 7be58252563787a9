"""The interactive session: type a line, read its translation. A command is a function and a line of `COMMANDS`."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.utils import get_cwidth

from nmt.config import SearchConfig
from nmt.data.lines import clean_line, read_lines
from nmt.errors import UserError, nearest
from nmt.translator import Scored, Translation, Translator

SHADES = " ░▒▓█"
MOST_DRAWN = 200  # pieces of a side; a larger map shows nothing


class Session:
    """A translator, and what its user has set. Results go to stdout, remarks to stderr."""

    def __init__(self, translator: Translator, search: SearchConfig) -> None:
        self.translator = translator
        self.search = search
        self.attention = False
        self.open = True

    def answer(self, line: str) -> None:
        """Translates a line, or does what it commands; nothing that is typed ends the session but :quit."""
        try:
            if line.startswith(":") and line[1:2].isalpha():
                self._command(line[1:])
            else:
                self._translate(line)
        except (UserError, RuntimeError, MemoryError) as error:
            remark(f"error: {' '.join(str(error).split()) or type(error).__name__}")

    def change(self, **settings: object) -> None:
        """Changes the search. Raises UserError for impossible values."""
        changes = {f"search.{name}": value for name, value in settings.items()}
        config = self.translator.config.replace({f"search.{name}": value for name, value in self.search} | changes)
        self.search = config.search
        remark(f"beam {self.search.beam}, nbest {self.search.nbest}")

    def _command(self, line: str) -> None:
        name, *words = line.split()
        if name not in COMMANDS:
            suggestion = nearest(name, COMMANDS)
            hint = f"Did you mean :{suggestion}? " if suggestion else ""
            raise UserError(f":{name} is no command. {hint}:help lists them.")
        COMMANDS[name](self, words)

    def _translate(self, line: str) -> None:
        translation = self.translator.translate(line, self.search)
        show(*_lines_of(translation))
        if self.attention and translation.text:
            scored = self.translator.score([(line, translation.text)])[0]
            show(*heat_map(scored, shutil.get_terminal_size().columns))


def help_(session: Session, words: list[str]) -> None:
    """:help shows this list."""
    show("Type a line to translate it. A line that begins with a space is text, whatever follows.")
    show(*(f"  {command.__doc__}" for command in COMMANDS.values()))
    show("  Ctrl-C drops the line, or stops a translation; Ctrl-D leaves.")


def beam(session: Session, words: list[str]) -> None:
    """:beam K keeps K hypotheses alive; 1 is greedy search."""
    width = _number("beam", words)
    session.change(beam=width, nbest=min(session.search.nbest, width))


def nbest(session: Session, words: list[str]) -> None:
    """:nbest N shows the N best translations, and widens the beam to N where it is narrower."""
    count = _number("nbest", words)
    session.change(nbest=count, beam=max(session.search.beam, count))


def attention(session: Session, words: list[str]) -> None:
    """:attention shows, or stops showing, where the model looked: target pieces in rows, source pieces in columns."""
    if session.translator.config.model.attention == "none":
        raise UserError("this model has no attention to show: it was trained with model.attention none.")
    session.attention = not session.attention
    remark(f"attention {'on' if session.attention else 'off'}")


def quit_(session: Session, words: list[str]) -> None:
    """:quit leaves."""
    session.open = False


COMMANDS: dict[str, Callable[[Session, list[str]], None]] = {
    "help": help_,
    "beam": beam,
    "nbest": nbest,
    "attention": attention,
    "quit": quit_,
}


def run(translator: Translator, search: SearchConfig | None = None) -> int:
    """The session, until its user leaves. Without a terminal: plain lines from standard input, no prompt."""
    session = Session(translator, search or translator.config.search)
    if sys.stdin.isatty() and sys.stdout.isatty():
        _converse(session)
    else:
        for line in read_lines(sys.stdin.buffer, lambda number, problem: remark(f"line {number}: {problem}")):
            session.answer(line)
            if not session.open:
                break
    return 0


def heat_map(scored: Scored, width: int) -> list[str]:
    """The alignment of a pair as text, at most `width` columns wide: a row for each target piece, two columns for each
    source piece, whose letters stand above it. The darker, the more attention."""
    if max(len(scored.source_pieces), len(scored.target_pieces)) > MOST_DRAWN:
        return [f"(no map is drawn beyond {MOST_DRAWN} pieces)"]
    weights = scored.attention
    if weights is None:
        return []
    labels = [_visible(piece) for piece in scored.target_pieces]
    margin = max(map(_columns, labels)) + 1
    across = max(1, (width - margin) // 2 - 1)
    lines = []
    for start in range(0, len(scored.source_pieces), across):
        end = start + across
        lines += _header([_visible(piece) for piece in scored.source_pieces[start:end]], margin)
        for label, row in zip(labels, weights[:, start:end].tolist(), strict=True):
            cells = "".join(2 * SHADES[round(weight * (len(SHADES) - 1))] for weight in row)
            lines.append((_padded(label, margin) + cells).rstrip())
    return lines


def show(*lines: str) -> None:
    """Writes results."""
    for line in lines:
        sys.stdout.buffer.write(line.encode("utf-8", errors="replace") + b"\n")
    sys.stdout.buffer.flush()


def remark(line: str) -> None:
    """Writes something beside the results."""
    print(line, file=sys.stderr, flush=True)


def _converse(session: Session) -> None:
    data = session.translator.config.data
    prompt = PromptSession[str](f"{data.source or 'source'}-{data.target or 'target'}> ", history=_history())
    remark("Type a line to translate it. :help lists the commands, Ctrl-D leaves.")
    while session.open:
        try:
            typed = prompt.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        try:
            for line in typed.split("\n"):  # several where they were pasted
                if line.strip() and session.open:
                    session.answer(clean_line(line))
        except KeyboardInterrupt:
            remark("interrupted")


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


def _number(command: str, words: list[str]) -> int:
    """The one number that a command takes."""
    try:
        (word,) = words
        return int(word)
    except ValueError:
        raise UserError(f":{command} takes one whole number, as in :{command} 3.") from None


def _lines_of(translation: Translation) -> list[str]:
    if not translation.alternatives:
        return [translation.text]
    return [f"{rank}. {text}  ({score:.3f})" for rank, (text, score) in enumerate(translation.alternatives, 1)]


def _header(pieces: Sequence[str], margin: int) -> list[str]:
    """Pieces written downwards, two columns each, ending above their cells."""
    longest = max(map(len, pieces))
    raised = [piece.rjust(longest) for piece in pieces]
    rows = zip_longest(*raised, fillvalue=" ")
    return [(" " * margin + "".join(_padded(letter, 2) for letter in row)).rstrip() for row in rows]


def _visible(piece: str) -> str:
    """A piece in which everything takes room: no combining marks, no control characters."""
    return "".join(letter if _columns(letter) > 0 and letter.isprintable() else "·" for letter in piece)


def _columns(text: str) -> int:
    """The columns of a terminal that a text takes; Chinese characters take two."""
    return get_cwidth(text)


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _columns(text))
