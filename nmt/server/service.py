"""What the server does for a request: its texts cut into lines, the lines through the models that lead from one
language to the other, and put together again."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from nmt.errors import UserError
from nmt.formats import attention_maps
from nmt.pipeline import Answer, Pipeline, Wishes
from nmt.search.settings import changed
from nmt.server.batcher import Batcher
from nmt.server.failures import Refused
from nmt.server.languages import AUTO, Detector
from nmt.server.limits import Limits
from nmt.server.metrics import Metrics
from nmt.server.models import Models, Pair
from nmt.server.texts import FORMATS, MARKUP
from nmt.text.quality import word_confidences
from nmt.translator import Translator

LOG = logging.getLogger("nmt.server")


class Way(NamedTuple):
    """How lines are translated: by which model, as lines of which format, with how many alternatives, and whether the
    translations are explained."""

    pair: Pair
    format: str = "text"
    alternatives: int = 0
    explained: bool = False


class Translated(NamedTuple):
    """A line's translations, the best first, and what is known of that, if it was asked for."""

    texts: tuple[str, ...]
    explanation: dict[str, Any] | None = None


class Found(NamedTuple):
    """The translation of a text, others of it, and what is known of each line, if it was asked for."""

    text: str
    alternatives: list[str]
    lines: list[dict[str, Any]]


class Service:
    """Models that translate for many at once. changes: settings of the search that are not the models' own; wishes:
    what is done about every text."""

    def __init__(
        self, models: Models, limits: Limits, metrics: Metrics, wishes: Wishes, changes: Mapping[str, object]
    ) -> None:
        self.models = models
        self.limits = limits
        self.wishes = wishes
        self.changes = changes
        self.detector = Detector(models.sources)
        self.batcher: Batcher[Way, Translated] = Batcher(self._translated, limits.queue, metrics.batch)

    def close(self) -> None:
        """Ends when all that was asked is answered."""
        self.batcher.close()

    def source(self, asked: str, text: str) -> tuple[str, dict[str, Any] | None]:
        """The language that a text is in: the one that is asked for or, for `auto`, the likeliest, with what to say of
        that."""
        if asked != AUTO:
            return asked, None
        language, confidence = self.detector.detect(text)[0]
        return language, {"language": language, "confidence": confidence}

    async def translate(
        self, texts: Sequence[str], source: str, target: str, form: str, alternatives: int, *, explained: bool = False
    ) -> list[Found]:
        """Translates texts together. Raises Refused where no models lead from source to target, and while too many
        requests wait."""
        route = self.models.route(source, target)
        if not route:
            return [Found(text, [], []) for text in texts]
        cuts = [FORMATS[form](text) for text in texts]
        lines = [line for cut in cuts for line in cut.lines]
        longest = max(map(len, lines), default=0)
        if longest > self.limits.characters:  # of a file: whoever waits beside it would wait for long
            raise Refused(400, f"A line has {longest:,} characters, {self.limits.characters:,} is the most: break it.")
        answers: list[Translated] = []
        for pair in route:
            last = pair == route[-1]
            way = Way(pair, form, alternatives if last else 0, explained and len(route) == 1)
            answers = await asyncio.wrap_future(self.batcher.submit(way, lines))
            lines = [answer.texts[0] for answer in answers]
        found = []
        rest = iter(answers)
        for cut in cuts:
            mine = [next(rest) for _ in cut.lines]
            ranks = range(max((len(one.texts) for one in mine), default=1))
            joined = [cut.joined([one.texts[min(rank, len(one.texts) - 1)] for one in mine]) for rank in ranks]
            best, *others = dict.fromkeys(joined)
            known = [one.explanation for one in mine if one.explanation is not None]
            found.append(Found(best, others[:alternatives], known))
        return found

    def _translated(self, way: Way, lines: Sequence[str]) -> list[Translated]:
        """Translates lines together; in the batcher's thread."""
        translator = self._loaded(way.pair)
        search = changed(translator.config, self.changes)
        if way.alternatives:
            nbest = way.alternatives + 1
            beam = math.ceil(max(search.beam, nbest) / search.groups) * search.groups
            search = changed(translator.config, {**self.changes, "nbest": nbest, "beam": beam})
        wishes = replace(self.wishes, account=way.explained, parts=way.explained)
        if way.format == "html":
            protect = tuple(dict.fromkeys((*wishes.protect, *MARKUP)))
            wishes = replace(wishes, protect=protect, keep_space=True)
        try:
            answers = list(Pipeline(translator, wishes).stream(lines, search, window=max(1, len(lines))))
        except UserError as error:
            raise Refused(400, str(error)) from None
        return [
            Translated(_texts(answer), _explanation(translator, line, answer) if way.explained else None)
            for line, answer in zip(lines, answers, strict=True)
        ]

    def _loaded(self, pair: Pair) -> Translator:
        """The translator of a pair. Raises Refused where its folder was spoiled since the start, without its path."""
        try:
            return self.models.get(pair)
        except UserError as error:
            LOG.error("%s", error)
            folder = str(self.models.served[pair].folder)
            raise Refused(500, str(error).replace(folder, f"The model {'-'.join(pair)}")) from None


def _texts(answer: Answer) -> tuple[str, ...]:
    return tuple(dict.fromkeys([answer.text, *(text for text, _ in answer.alternatives)]))


def _explanation(translator: Translator, line: str, answer: Answer) -> dict[str, Any]:
    """What is known of the translation of a line, for the page: words of both sides and which belong together, the
    confidence of all and of each word, and where each piece looked."""
    account = answer.account
    assert account is not None, "it was asked for"
    decoded = translator.vocabulary.target.decoded_surfaces
    confidences: list[float] = []
    for part in answer.parts:
        best = part.hypotheses[0]
        confidences += word_confidences(decoded(best.pieces), best.piece_log_probabilities)
    words = answer.text.split()
    if len(confidences) != len(words):  # what is protected or glossed was not said by the model as it stands
        confidences = [account.confidence] * len(words)
    return {
        "source": line.split(),
        "target": words,
        "alignment": account.alignment,
        "confidence": round(account.confidence, 4),
        "wordConfidence": [round(value, 4) for value in confidences],
        "maps": [
            {"source": source, "target": target, "weights": weights.double().numpy().round(4).tolist()}
            for source, target, weights in attention_maps(translator, answer)
        ],
    }
