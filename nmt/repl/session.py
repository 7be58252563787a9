"""A session: models, what their user has set, and what was translated. It decodes by `Pipeline`, as files do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from nmt.config import SearchConfig
from nmt.data.lines import clean_line
from nmt.data.subwords import END
from nmt.errors import UserError
from nmt.pipeline import Answer, Pipeline, Wishes
from nmt.repl.display import Display, differences
from nmt.scoring import Scored
from nmt.search.settings import changed
from nmt.translator import Part, Translator, Watcher


class Model(NamedTuple):
    """A translator and what to call it."""

    name: str
    translator: Translator


@dataclass
class Session:
    """Models, and what their user has set. load: a model folder -> its translator; changes: settings of the search, by
    name, that are not the model's own; prefix: how translations begin; other: a second model beside the first;
    last: the line that questions are about; transcript: lines and translations so far; saved: the file that they were
    written to; sources: the files that lines come from now."""

    model: Model
    load: Callable[[Path], Translator]
    changes: dict[str, object] = field(default_factory=dict)
    wishes: Wishes = field(default_factory=Wishes)
    display: Display = field(default_factory=Display)
    prefix: str = ""
    other: Model | None = None
    last: str | None = None
    transcript: list[tuple[str, str]] = field(default_factory=list)
    saved: Path | None = None
    sources: list[Path] = field(default_factory=list)
    open: bool = True

    @property
    def translator(self) -> Translator:
        """Of the first model."""
        return self.model.translator

    @property
    def search(self) -> SearchConfig:
        """The search of the first model."""
        return changed(self.translator.config, self.changes)

    def change(self, **settings: object) -> None:
        """Changes the search; None stands for the model's own. Raises UserError for what cannot be."""
        changes = {name: value for name, value in {**self.changes, **settings}.items() if value is not None}
        for model in filter(None, (self.model, self.other)):
            changed(model.translator.config, changes)
        self.changes = changes

    def translate(self, line: str) -> None:
        """Translates a line and shows the translation."""
        if self.other is not None:
            self._compare(line)
            return
        unfolding = Unfolding(self.translator, self.display) if self.display.live and self.search.nbest == 1 else None
        answer = self.answer(line, watch=unfolding)
        self._keep(line, answer)
        if answer.alternatives:
            self.display.show(*ranked(answer))
        else:
            self.display.finish(answer.text)

    def answer(
        self,
        line: str,
        model: Model | None = None,
        search: SearchConfig | None = None,
        *,
        watch: Watcher | None = None,
        closely: bool = False,
    ) -> Answer:
        """The translation of a line, by the first model and its search if no others are given; `closely`, with an
        account of it and its parts."""
        model = model or self.model
        pipeline = Pipeline(model.translator, replace(self.wishes, account=closely, parts=closely))
        search = search or changed(model.translator.config, self.changes)
        remark = self.display.remark
        prefixes = [clean_line(self.prefix)]
        (answer,) = pipeline.stream([line], search, lambda _, problem: remark(problem), 1, prefixes, watch)
        return answer

    def last_line(self) -> str:
        """The line that questions are about. Raises UserError when there is none yet."""
        if self.last is None:
            raise UserError("nothing is translated yet: type a line first.")
        return self.last

    def score(self, target: str) -> Scored:
        """What the model makes of a translation of the last line."""
        remark = self.display.remark
        pairs = [(self.last_line(), target)]
        (scored,) = self.translator.stream_scores(pairs, self.search, lambda _, problem: remark(problem))
        return scored

    def _compare(self, line: str) -> None:
        """Shows what both models say, and where they differ."""
        assert self.other is not None
        answers = [self.answer(line, model) for model in (self.model, self.other)]
        self._keep(line, answers[0])
        names = (self.model.name, self.other.name)
        self.display.show(*differences(names, [answer.text for answer in answers]))

    def _keep(self, line: str, answer: Answer) -> None:
        if line.strip():
            self.last = line
        self.transcript.append((line, answer.text))


class Unfolding:
    """Shows what is decided of the translation of a line while the rest of it is looked for."""

    def __init__(self, translator: Translator, display: Display) -> None:
        self.decode = translator.vocabulary.target.decode
        self.display = display
        self.decided: dict[int, tuple[int, ...]] = {}

    def __call__(self, parts: Sequence[Part], number: int, pieces: tuple[int, ...]) -> None:
        """Told of the pieces that the translation of one of the parts begins with; see `Watcher`."""
        self.decided[number] = pieces
        text = ""
        for place, part in enumerate(parts):
            said = self.decided.get(place, ())
            text += part.space + self.decode(said)
            if END not in said:
                break
        # Of a character that several bytes spell, the first of them decode to U+FFFD.
        self.display.grow(clean_line(text).rstrip("\ufffd "))


def ranked(answer: Answer) -> list[str]:
    """The translations of a line, best first, with their scores; one alone without."""
    if not answer.alternatives:
        return [answer.text]
    return [f"{rank}. {text}  ({score:.3f})" for rank, (text, score) in enumerate(answer.alternatives, 1)]
