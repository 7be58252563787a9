"""What a session writes: results to stdout, remarks to stderr, with colours where someone sees them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TextIO

from prompt_toolkit import print_formatted_text
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth, is_dumb_terminal
from torch import Tensor

Line = list[tuple[str, str]]
"""Parts of a line, each with its style."""

STYLE = Style.from_dict(
    {
        "prompt": "ansicyan",
        "command": "ansiblue",
        "remark": "ansibrightblack",
        "error": "ansired",
        "label": "ansicyan",
        "changed": "bold ansiyellow",
        "likely": "ansigreen",
        "doubtful": "ansiyellow",
        "unlikely": "ansired",
        "faint": "ansibrightblack",
        "seen": "ansicyan",
        "stared": "ansiblue",
    }
)
DIFFER = "differ"
SHADES = " ░▒▓█"
MOST_DRAWN = 200  # pieces of a side; a larger map shows nothing


class Display:
    """Writes lines. A translation may grow in its line before it is finished there."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        self._begun = ""

    def show(self, *lines: str | Line) -> None:
        """Writes results."""
        self.break_off()
        for line in lines:
            _write(sys.stdout, line)

    def remark(self, text: str, style: str = "remark") -> None:
        """Writes something beside the results."""
        self.break_off()
        _write(sys.stderr, [(f"class:{style}", text)])

    def grow(self, text: str) -> None:
        """Writes on in the line that has been begun, as far as the text goes on with it."""
        if text.startswith(self._begun):
            _put(sys.stdout, text[len(self._begun) :])
            self._begun = text

    def finish(self, text: str) -> None:
        """Writes a result; what is in its line already stays there."""
        if not text.startswith(self._begun):
            self.break_off()
        _put(sys.stdout, text[len(self._begun) :] + "\n")
        self._begun = ""

    def break_off(self) -> None:
        """Ends the line that has been begun, if one has."""
        if self._begun:
            _put(sys.stdout, "\n")
            self._begun = ""


def coloured(stream: TextIO) -> bool:
    """Whether a stream takes colours: a terminal, and nobody said otherwise (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and not is_dumb_terminal()


def plain(line: str | Line) -> str:
    """A line without its styles."""
    return line if isinstance(line, str) else "".join(text for _, text in line)


def _write(stream: TextIO, line: str | Line) -> None:
    if not isinstance(line, str) and coloured(stream):
        print_formatted_text(FormattedText(line), style=STYLE, file=stream)
    else:
        _put(stream, plain(line) + "\n")


def _put(stream: TextIO, text: str) -> None:
    stream.buffer.write(text.encode("utf-8", errors="replace"))
    stream.buffer.flush()


def differences(names: Sequence[str], texts: Sequence[str]) -> list[Line]:
    """Two translations below each other, each after the name of its model; then, if they differ, what stands in the
    one for what in the other."""
    width = max(map(_columns, (*names, DIFFER)))
    words = [text.split() for text in texts]
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    changes = [one for one in matcher.get_opcodes() if one[0] != "equal"]
    ranges = [[(start, end) for _, start, end, _, _ in changes], [(start, end) for _, _, _, start, end in changes]]
    lines: list[Line] = []
    for name, text, places in zip(names, texts, ranges, strict=True):
        lines.append([("class:label", _padded(name, width)), ("", "  "), *_marked(text, places)])
    pairs = [[" ".join(words[side][slice(*one[side])]) or "-" for side in (0, 1)] for one in zip(*ranges, strict=True)]
    if pairs:
        told = ", ".join(" / ".join(pair) for pair in pairs)
        lines.append([("class:label", _padded(DIFFER, width)), ("", "  "), ("class:changed", told)])
    return lines


def _marked(text: str, places: Sequence[tuple[int, int]]) -> Line:
    """A text whose words in some places stand out."""
    out = {place for start, end in places for place in range(start, end)}
    line: Line = []
    for number, word in enumerate(text.split()):
        line += [("", " " if number else ""), ("class:changed" if number in out else "", word)]
    return line if out else [("", text)]


def heat_map(source: Sequence[str], target: Sequence[str], weights: Tensor, width: int) -> list[Line]:
    """Attention [target, source] as text, at most `width` columns wide: a row for each target piece, two columns for
    each source piece, whose letters stand above it. The darker, the more attention."""
    if max(len(source), len(target)) > MOST_DRAWN:
        return [[("class:remark", f"(no map is drawn beyond {MOST_DRAWN} pieces)")]]
    labels = [visible(piece) for piece in target]
    margin = max(map(_columns, labels)) + 1
    across = max(1, (width - margin) // 2 - 1)
    lines: list[Line] = []
    for start in range(0, len(source), across):
        end = start + across
        lines += [[("class:label", row)] for row in _header([visible(piece) for piece in source[start:end]], margin)]
        for label, row in zip(labels, weights[:, start:end].tolist(), strict=True):
            lines.append([("class:label", _padded(label, margin)), *_cells(row)])
    return lines


def _cells(weights: Sequence[float]) -> Line:
    """Two columns for each weight, the white ones at the end left out."""
    shades = [round(weight * (len(SHADES) - 1)) for weight in weights]
    while shades and shades[-1] == 0:
        shades.pop()
    return [("class:stared" if shade > 2 else "class:seen", 2 * SHADES[shade]) for shade in shades]


def table(rows: Sequence[Sequence[tuple[str, str]]]) -> list[Line]:
    """Rows of cells, each with its style, in columns."""
    widths = [max(_columns(cell) for _, cell in column) for column in zip(*rows, strict=True)]
    return [
        [(style, _padded(cell, width + 2)) for (style, cell), width in zip(row[:-1], widths, strict=False)] + [row[-1]]
        for row in rows
    ]


def visible(piece: str) -> str:
    """A piece in which everything takes room: no combining marks, no control characters."""
    return "".join(letter if _columns(letter) > 0 and letter.isprintable() else "·" for letter in piece)


def _header(pieces: Sequence[str], margin: int) -> list[str]:
    """Pieces written downwards, two columns each, ending above their cells."""
    longest = max(map(len, pieces))
    raised = [piece.rjust(longest) for piece in pieces]
    rows = zip_longest(*raised, fillvalue=" ")
    return [(" " * margin + "".join(_padded(letter, 2) for letter in row)).rstrip() for row in rows]


def _columns(text: str) -> int:
    """The columns of a terminal that a text takes; Chinese characters take two."""
    return get_cwidth(text)


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _columns(text))
