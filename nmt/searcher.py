"""Pieces in, hypotheses out: encoded sentences are put together in batches of like lengths, and searched side by side
where there are cores."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.data.batching import budgeted, pad
from nmt.data.subwords import BEGIN, END, PADDING, UNKNOWN
from nmt.errors import UserError
from nmt.model.packed import best_linear, packed
from nmt.model.seq2seq import Seq2Seq
from nmt.model.shortlist import Narrowed, Shortlist
from nmt.model_folder import Model
from nmt.scoring import longest_translation
from nmt.search.controls import NOTHING, Control
from nmt.search.decode import Watch, decode
from nmt.search.phrases import Seams
from nmt.search.protocol import Hypothesis, Stepper
from nmt.search.restrictions import Symbols
from nmt.search.risk import expected_utilities
from nmt.search.strategies import STRATEGIES
from nmt.side_by_side import side_by_side

SYMBOLS = Symbols(begin=BEGIN, end=END, never=(PADDING, UNKNOWN, BEGIN))
PADDED = 1.05
"""Positions of batches of like lengths for each piece in them, at most, so that no small batch is left over."""


class Searcher:
    """A model as translations are searched with it, from the weights that it has now."""

    def __init__(self, model: Model, shortlist: Shortlist | None = None) -> None:
        self.network, self.vocabulary, self.config = model
        self.device = next(self.network.parameters()).device
        self.workers = torch.get_num_threads() if self.device.type == "cpu" else 1
        """How many batches are searched at once."""
        self.shortlist = shortlist
        """Among which pieces translations are looked for, where not among all."""
        self.stepper: Stepper[Any] = packed(self.network, int8=self.config.model.weights == "int8")
        """What is asked for the next pieces."""

    def hypotheses(
        self,
        parts: list[list[int]],
        search: SearchConfig,
        controls: list[Control],
        attention: bool,
        watch: Watch | None,
    ) -> list[list[Hypothesis]]:
        """The hypotheses of encoded sentences, in their order; sentences of like length are translated together."""
        order = sorted(range(len(parts)), key=lambda index: (len(parts[index]), parts[index]))
        # Apart: what has phrases is searched in another way.
        kinds = [[index for index in order if bool(controls[index].include) == asked] for asked in (True, False)]
        found: list[list[Hypothesis]] = [[] for _ in parts]
        lengths = [len(pieces) for pieces in parts]
        wanted = search if search.risk == "none" else search.model_copy(update={"nbest": search.beam})
        most = max(1, search.batch_tokens // search.beam)
        rounds = math.ceil(sum(lengths) / (most * self.workers))  # all workers are busy in each
        budget = min(most, math.ceil(PADDED * sum(lengths) / max(1, rounds * self.workers)))
        batches = [
            kind[start:end] for kind in kinds for start, end in budgeted([lengths[index] for index in kind], budget)
        ]

        def decoded(places: Sequence[int]) -> list[list[Hypothesis]]:
            asked = [controls[place] for place in places]
            seen = _renamed(watch, places) if watch else None
            return self._decode([parts[place] for place in places], wanted, asked, attention, seen)

        batches.reverse()  # the longest first: at the end, nobody waits long for another
        for places, hypotheses in zip(batches, side_by_side(decoded, batches, self.workers), strict=True):
            for place, best in zip(places, hypotheses, strict=True):
                if not best:
                    raise UserError(_nothing_found(controls[place]))
                found[place] = best if search.risk == "none" else self._least_risk(best, search)
        return found

    def _decode(
        self,
        sources: list[list[int]],
        search: SearchConfig,
        controls: list[Control],
        attention: bool,
        watch: Watch | None,
    ) -> list[list[Hypothesis]]:
        """The hypotheses of a batch of encoded sentences."""
        stepper, pieces = self.stepper, None
        turned = self.vocabulary.right_to_left
        watch = self._watch_turned(watch) if watch and turned else watch
        if self.shortlist is not None:
            asked = [{*control.prefix, *itertools.chain(*control.include)} for control in controls]
            if self.config.model.copying:
                asked = [{*more, *source} for more, source in zip(asked, sources, strict=True)]
            pieces, allowed = self.shortlist.candidates(sources, asked, len(self.vocabulary.target))
            linear = best_linear(self.network, int8=self.config.model.weights == "int8")
            output = self.network.output.weight, self.network.output.bias
            stepper = Narrowed(cast(Seq2Seq, self.stepper), output, linear, pieces, allowed)
            watch = _renamed(watch, range(len(sources)), pieces.tolist()) if watch else None
            numbers = {piece: number for number, piece in enumerate(pieces.tolist())}
            controls = [control if control == NOTHING else control.renumbered(numbers) for control in controls]
        source, source_lengths = pad(sources)
        both = zip(sources, controls, strict=True)
        limits = [max(longest_translation(len(part), search), control.needed) for part, control in both]
        hypotheses = decode(
            stepper,
            source.to(self.device),
            source_lengths.to(self.device),
            STRATEGIES[search.strategy](search, sources, max(limits)),
            symbols=SYMBOLS,  # the shortlist has them all, first and in this order
            limits=limits,
            shortest=[math.ceil(search.min_ratio * len(part)) for part in sources],
            controls=controls,
            seams=self._seams_among(pieces) if any(control.include for control in controls) else None,
            search=search,
            attention=attention,
            watch=watch,
        )
        if pieces is not None:
            names = pieces.tolist()
            named = [[replace(one, pieces=tuple(names[n] for n in one.pieces)) for one in some] for some in hypotheses]
            hypotheses = named
        return [[self._as_written(one) for one in some] for some in hypotheses] if turned else hypotheses

    def _seams_among(self, pieces: Tensor | None) -> Seams | None:
        """The seams of the target pieces, or of those of a shortlist. None where sentences are written from their end:
        what comes before a phrase would have to be looked at."""
        if self.vocabulary.right_to_left:
            return None
        return self._seams if pieces is None else self._seams.among(pieces)

    @functools.cached_property
    def _seams(self) -> Seams:
        return Seams(*(torch.from_numpy(side).to(self.device) for side in self.vocabulary.target.seams()))

    def _watch_turned(self, watch: Watch) -> Watch:
        """Tells `watch` the end of a translation that is decided, in the order it is written."""
        return lambda number, pieces: watch(number, self.vocabulary.turned(pieces))

    def _as_written(self, one: Hypothesis) -> Hypothesis:
        """A hypothesis with its pieces in the order they are written."""
        order = self.vocabulary.written(len(one.pieces))
        values = one.piece_log_probabilities
        return replace(
            one,
            pieces=tuple(one.pieces[place] for place in order),
            piece_log_probabilities=tuple(values[place] for place in order) if values else (),
            attention=None if one.attention is None else one.attention[order],
        )

    def _least_risk(self, hypotheses: list[Hypothesis], search: SearchConfig) -> list[Hypothesis]:
        """The `nbest` hypotheses with the highest expected utility, which becomes their score. Drawn ones count alike,
        for likely ones were drawn more often; those of a beam count by their probabilities."""
        texts = [self.vocabulary.target.decode(hypothesis.pieces) for hypothesis in hypotheses]
        best = max(hypothesis.log_probability for hypothesis in hypotheses)
        drawn = search.strategy == "sampling"
        weights = [1.0 if drawn else math.exp(hypothesis.log_probability - best) for hypothesis in hypotheses]
        utilities = expected_utilities(texts, weights, search.risk)
        scored = [replace(one, score=utility) for one, utility in zip(hypotheses, utilities, strict=True)]
        return sorted(scored, key=lambda hypothesis: -hypothesis.score)[: search.nbest]


def _renamed(watch: Watch, places: Sequence[int], names: Sequence[int] | None = None) -> Watch:
    """Tells `watch` of sentences by their places, and of pieces by their names where those are others."""
    return lambda number, pieces: watch(places[number], tuple(names[n] for n in pieces) if names else pieces)


def _nothing_found(control: Control) -> str:
    """Why a search found nothing."""
    if control != NOTHING:
        return "what is asked of a translation, and what is forbidden, leave none: ask for less."
    return "the model's probabilities are no numbers: train again, at a lower learning rate."
