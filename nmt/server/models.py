"""The models behind the server: which languages they translate between, and which of them are in memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from nmt import model_folder
from nmt.config import Config
from nmt.errors import UserError
from nmt.server.failures import Refused
from nmt.translator import Translator

Pair = tuple[str, str]
"""The codes of a source and a target language."""


@dataclass(frozen=True)
class Served:
    """A model folder, and the languages that it translates between."""

    folder: Path
    pair: Pair
    config: Config


def served(words: Sequence[str]) -> list[Served]:
    """The models of `--model`: FOLDER, or SOURCE-TARGET=FOLDER where its configuration does not name its languages.
    Raises UserError for folders that are no models, for unnamed languages, and for two models of one pair."""
    found: dict[Pair, Served] = {}
    for word in words:
        pair, equals, folder = ("", "", word) if Path(word).is_dir() else word.partition("=")
        path = Path(folder if equals else word)
        config = model_folder.load_config(path)
        codes = tuple(pair.split("-", 1)) if equals else (config.data.source, config.data.target)
        if len(codes) != 2 or not all(codes):
            raise UserError(f"{path} does not say what languages it translates: give --model SOURCE-TARGET={path}.")
        key = (str(codes[0]), str(codes[1]))
        if key in found:
            raise UserError(
                f"{path} and {found[key].folder} both translate from {key[0]} to {key[1]}: give one of them."
            )
        found[key] = Served(path, key, config)
    return list(found.values())


class Models:
    """Models by their languages. They are loaded when they are first used, by the thread that translates; where the
    memory of the process passes `memory` megabytes, those that were not used for the longest time are given up.
    translator: what loads a folder."""

    def __init__(
        self, served: Sequence[Served], translator: Callable[[Path], Translator], memory: float | None = None
    ) -> None:
        self.served = {model.pair: model for model in served}
        self.memory = memory
        self.loads = 0
        self._translator = translator
        self._loaded: OrderedDict[Pair, Translator] = OrderedDict()

    @property
    def sources(self) -> list[str]:
        """The languages that are translated from, in the order of the models."""
        return list(dict.fromkeys(source for source, _ in self.served))

    @property
    def targets(self) -> list[str]:
        """The languages that are translated into, in the order of the models."""
        return list(dict.fromkeys(target for _, target in self.served))

    def routes(self, source: str) -> dict[str, list[Pair]]:
        """The languages that a language can be translated into, the nearest first, each with the fewest models that
        lead there, one after the other."""
        routes: dict[str, list[Pair]] = {source: []}
        reached = [source]
        for language in reached:  # it grows
            for pair in self.served:
                if pair[0] == language and pair[1] not in routes:
                    routes[pair[1]] = [*routes[language], pair]
                    reached.append(pair[1])
        return routes

    def route(self, source: str, target: str) -> list[Pair]:
        """The models that lead from a language to another; none where they are the same. Raises Refused where there is
        no way."""
        routes = self.routes(source)
        known = {code for pair in self.served for code in pair}
        if target not in routes or source not in known:
            pairs = ", ".join("-".join(pair) for pair in self.served)
            raise Refused(400, f"{source!r} is not translated into {target!r} here; there are: {pairs}.")
        return routes[target]

    @property
    def loaded(self) -> list[Pair]:
        """Those in memory, the one used last at the end."""
        return list(self._loaded)

    def get(self, pair: Pair) -> Translator:
        """The translator of a pair, loaded if it is not in memory. For one thread only."""
        if pair not in self._loaded:
            self._make_room(keep=0)
            self._loaded[pair] = self._translator(self.served[pair].folder)
            self.loads += 1
        self._loaded.move_to_end(pair)
        self._make_room(keep=1)
        return self._loaded[pair]

    def _make_room(self, keep: int) -> None:
        """Forgets the models not used for the longest time, while memory is short and more than `keep` are in it."""
        while len(self._loaded) > keep and self._full():
            self._loaded.popitem(last=False)
            gc.collect()
            with contextlib.suppress(OSError, AttributeError):  # another C library keeps it for later
                ctypes.CDLL("libc.so.6").malloc_trim(0)

    def _full(self) -> bool:
        return self.memory is not None and psutil.Process().memory_info().rss > self.memory * 2**20
