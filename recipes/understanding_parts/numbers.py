"""What was measured: plain numbers, kept as JSON beside the page, from which claims, figures and page are made."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nmt.errors import UserError
from nmt.model_folder import write_durably

NAMES = {"rnn": "vanilla RNN", "lstm": "LSTM", "gru": "GRU"}
"""The cells compared, as people call them."""
WITH, WITHOUT = "with attention", "without attention"
"""The two kinds of translators."""
PLAIN, DROPPED = "trained on whole sentences", "trained with word dropout"
"""The two trainings that meet sentences with gaps."""
BLANKED, REMOVED = "blanked", "removed"
"""The two kinds of gaps: the word's place is left and empty, or the others close up."""

ByCell = dict[str, list[float]]


@dataclass(frozen=True)
class Memory:
    """Recall over growing distances, and gradients. Distances are in distractor steps."""

    distances: list[int]  # trained for and tested at
    accuracy: dict[str, list[list[float]]]  # share of sequences recalled, by cell, distance and seed
    chance: float  # accuracy of a guess
    probes: list[int]  # distances of the gradients: 0, those above, and some between
    initial: ByCell  # gradient norm at the symbol before training, by cell and probe
    trained: dict[str, list[list[float]]]  # after training, by cell, distance trained for, and probe
    updates: int  # most updates of one training


@dataclass(frozen=True)
class Lengths:
    """BLEU by sentence length."""

    buckets: list[list[int]]  # fewest words, most words, sentences
    bleu: dict[str, ByCell]  # by WITH or WITHOUT, cell and bucket
    whole: dict[str, dict[str, float]]  # BLEU of all sentences, by WITH or WITHOUT and cell
    signature: str


@dataclass(frozen=True)
class Speed:
    """Training speed at equal sizes."""

    hidden: int
    tokens_per_second: dict[str, dict[str, float]]  # target tokens, by WITH or WITHOUT and cell
    parameters: dict[str, dict[str, int]]  # likewise
    tokens_per_update: float


@dataclass(frozen=True)
class Gaps:
    """BLEU when source words are missing."""

    shares: list[float]  # of the source words, from 0 on
    bleu: dict[str, dict[str, ByCell]]  # by BLANKED or REMOVED, PLAIN or DROPPED, cell and share
    yardstick: list[float]  # BLEU of the references themselves without that share of their words
    word_dropout: float  # share of words dropped in DROPPED training


@dataclass(frozen=True)
class Numbers:
    """All that was measured. `about`: lines that say on what, by name."""

    memory: Memory
    lengths: Lengths
    speed: Speed
    gaps: Gaps
    about: dict[str, str]
    seconds: dict[str, float]  # wall clock of each part


class Notebook:
    """The file that keeps each part's numbers as soon as they are measured, with the settings they hold for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.parts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.parts = {}
        except ValueError as error:
            raise UserError(f"{path} is damaged ({error}): remove it, and the numbers are measured again.") from None

    def part(self, name: str, settings: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The numbers of a part: those in the file if they were measured with these settings, else measured now."""
        settings = json.loads(json.dumps(settings))  # tuples become lists, as they will be read back
        kept = self.parts.get(name)
        if kept is None or kept["settings"] != settings:
            started = time.monotonic()
            values = measure()
            kept = {"settings": settings, "seconds": round(time.monotonic() - started, 1), "values": values}
            self.parts[name] = kept
            write_durably(self.path, json.dumps(self.parts, indent=1, ensure_ascii=False).encode() + b"\n")
        values = kept["values"]
        assert isinstance(values, dict)
        return values

    def numbers(self, about: dict[str, str]) -> Numbers:
        """Everything, once all parts are there."""
        values = {name: part["values"] for name, part in self.parts.items()}
        return Numbers(
            Memory(**values["memory"]),
            Lengths(**values["lengths"]),
            Speed(**values["speed"]),
            Gaps(**values["gaps"]),
            about,
            {name: part["seconds"] for name, part in self.parts.items()},
        )


def plain(values: Any) -> dict[str, Any]:
    """The numbers of one part, ready for JSON."""
    return asdict(values)
