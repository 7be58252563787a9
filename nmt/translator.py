"""Text in, text out: the one path that files, the REPL, validation and evaluation share."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, cast, overload

import torch
from torch import Tensor
from typing_extensions import Unpack

from nmt import model_folder
from nmt.config import Config, SearchConfig
from nmt.data.batching import budgeted, chunked, pad
from nmt.data.lines import WINDOW, Report, clean_line
from nmt.data.subwords import BEGIN, END, PADDING, UNKNOWN, Subwords, Vocabulary
from nmt.errors import UserError
from nmt.model.packed import best_linear, packed
from nmt.model.seq2seq import Seq2Seq
from nmt.model.shortlist import Narrowed, Shortlist
from nmt.scoring import Scorer, load_kind, longest_translation
from nmt.search.combine import Ensemble, ShallowFusion
from nmt.search.controls import NOTHING, Control, contains
from nmt.search.decode import Watch, decode
from nmt.search.phrases import Seams
from nmt.search.protocol import Hypothesis, Stepper
from nmt.search.restrictions import Symbols
from nmt.search.risk import expected_utilities
from nmt.search.settings import SearchSettings, changed, check_search
from nmt.search.strategies import STRATEGIES
from nmt.side_by_side import side_by_side
from nmt.text.glossary import Asked
from nmt.text.sentences import passages

SYMBOLS = Symbols(begin=BEGIN, end=END, never=(PADDING, UNKNOWN, BEGIN))
PADDED = 1.05
"""Positions of batches of like lengths for each piece in them, at most, so that no small batch is left over."""


class Part(NamedTuple):
    """A part that a line was translated in, mostly the only one: its source pieces; its best hypotheses, as many as
    were asked for, with attention where that was; its text and where in the line it starts; the white space before its
    translation."""

    pieces: list[int]
    hypotheses: list[Hypothesis]
    text: str
    start: int
    space: str


@dataclass(frozen=True)
class Translation:
    """The best translation of one line. `score` is the normalised log-probability, or the expected utility where the
    risk was minimised; a blank line has 0.

    `alternatives` are the n best with their scores, the best among them, where more than one was asked for. `parts` is
    what the search found."""

    text: str
    score: float
    alternatives: tuple[tuple[str, float], ...] = ()
    parts: tuple[Part, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Request:
    """What is asked of the translation of one line: it begins with `prefix`, has every phrase of `include` as words
    of its own, and none of `exclude`. A phrase stands for its pieces as they are cut when it stands alone; a
    forbidden word may still come up in another spelling, or in other pieces, unless those are in `spellings`.

    Of a line that is cut the first part is asked for the prefix and `include`, and for each of `terms` the part with
    the place of the line where it stands. `tag` is written before the source: a model of several target languages is
    told by it which to use."""

    prefix: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    terms: tuple[Asked, ...] = ()
    spellings: tuple[tuple[int, ...], ...] = ()
    tag: str = ""


NO_REQUEST = Request()


class Fused(NamedTuple):
    """The language model that translations are searched with, and what its log-probabilities count (see
    `ShallowFusion`)."""

    folder: Path
    weight: float


Watcher = Callable[[Sequence[Part], int, tuple[int, ...]], None]
"""Told of what is decided while it is searched: the parts that are translated together, the number of one of them, and
the pieces that its translation begins with."""


class Translator(Scorer):
    """A model with its subwords: `translate` for a line or a list, `stream` for as many lines as there are, `score` for
    translations that are there already.

    >>> translator = nmt.load("runs/mine")
    >>> first, second = translator.stream(line.strip() for line in ["The child.\\n", "Our boat!\\n"])
    >>> (scored,) = translator.score([("The child.", "Das Kind.")])
    >>> scored.log_probability < 0, scored.target_pieces[-1]
    (True, '</s>')
    """

    def __init__(
        self, network: Seq2Seq, vocabulary: Vocabulary, config: Config, shortlist: Shortlist | None = None
    ) -> None:
        super().__init__(network, vocabulary, config)
        self.workers = torch.get_num_threads() if self.device.type == "cpu" else 1
        """How many batches are translated at once."""
        self.shortlist = shortlist
        """Among which pieces translations are looked for, where not among all."""
        self.searched: Stepper[Any] = packed(network, int8=config.model.weights == "int8")
        """What translations are searched with, from the weights that the network has now; the network itself is asked
        for the scores of given pairs."""

    @classmethod
    def load(
        cls, folder: Path, device: str = "auto", others: Sequence[Path] = (), fused: Fused | None = None
    ) -> Translator:
        """The translator in a model folder; with `others`, an ensemble with the models in those, and with `fused`, with
        a language model beside. Raises UserError when a folder is no model, or its vocabulary another. Several models
        look among all pieces: shortlists are left out."""
        network, vocabulary, config = load_kind(folder)
        shortlist = None if others or fused else model_folder.load_shortlist(folder, vocabulary)
        translator = cls(network.to(model_folder.device_for(device)), vocabulary, config, shortlist)
        members = [translator.searched]
        for other in others:
            member, pieces, its_config = load_kind(other)
            if not same_pieces(pieces, vocabulary):
                raise UserError(f"{other} has other pieces than {folder}: an ensemble needs one vocabulary.")
            members.append(packed(member.to(translator.device), int8=its_config.model.weights == "int8"))
        if others:
            translator.searched = Ensemble(members)
        if fused:
            translator._fuse(*fused)
        return translator

    def _fuse(self, folder: Path, weight: float) -> None:
        """Searches with a language model beside, from now on. Raises UserError when its pieces are others."""
        network, pieces, config = load_kind(folder, language_model=True)
        if not same_subwords(pieces.target, self.vocabulary.target):
            raise UserError(
                f"{folder} has other pieces than the translations: train a language model with --subwords.of and the "
                "folder of the translation model."
            )
        language_model = packed(network.to(self.device), int8=config.model.weights == "int8")
        self.searched = ShallowFusion(self.searched, language_model, weight)

    @overload
    def translate(
        self, text: str, search: SearchConfig | None = None, **settings: Unpack[SearchSettings]
    ) -> Translation: ...
    @overload
    def translate(
        self, text: list[str], search: SearchConfig | None = None, **settings: Unpack[SearchSettings]
    ) -> list[Translation]: ...
    def translate(
        self, text: str | list[str], search: SearchConfig | None = None, **settings: Unpack[SearchSettings]
    ) -> Translation | list[Translation]:
        """Translates a line, or a list of them in order: a blank line is blank again, a long one is translated in
        parts. `search`: how, the model's own settings if not given; `settings` are changed in it. Raises UserError for
        a search that cannot be.

        >>> translator = nmt.load("runs/mine")
        >>> one = translator.translate("The child sees the book.")
        >>> one.text == str(one), one.score < 0
        (True, True)
        >>> lines = translator.translate(["The child sees the book.", "", "Our boat!"])
        >>> len(lines), lines[0] == one, lines[1].text
        (3, True, '')

        The settings of `SearchConfig` are keyword arguments, here the three best translations of a wider beam:

        >>> best = translator.translate("The child sees the book.", beam=8, nbest=3, length_penalty=0.6)
        >>> len(best.alternatives), best.alternatives[0] == (best.text, best.score)
        (3, True)
        >>> translator.translate("The child.", beam=2, nbest=3)
        Traceback (most recent call last):
        nmt.errors.UserError: search.nbest is 3, more than search.beam, 2: widen the beam.
        """
        lines = [text] if isinstance(text, str) else text
        if settings:
            config = self.config if search is None else self.config.model_copy(update={"search": search})
            search = changed(config, settings)
        translations = list(self.stream(lines, search))
        return translations[0] if isinstance(text, str) else translations

    def stream(
        self,
        lines: Iterable[str],
        search: SearchConfig | None = None,
        report: Report = lambda number, problem: None,
        window: int = WINDOW,
        requests: Iterable[Request] | None = None,
        attention: bool = False,
        watch: Watcher | None = None,
    ) -> Iterator[Translation]:
        """Translates lines as they come: one translation a line, in order, in constant memory. A line longer than any
        sentence of the training is cut into its sentences, and those that are too long at words, and the parts joined
        again with their white space; `report` is told of it. So many lines as `window` says are read ahead and
        translated together. `requests`: what is asked of each line, one a line. `attention`: give it with the
        hypotheses. `watch` is told what is decided before the search is over."""
        search = search or self.config.search
        check_search(search)
        number = 0
        asked = iter(requests) if requests is not None else itertools.repeat(NO_REQUEST)
        for ahead in chunked(lines, window):
            parts: list[Part] = []
            owners: list[int] = []
            controls: list[Control] = []
            for index, line in enumerate(ahead):
                request = next(asked)
                cut = self._cut(line, request.tag)
                if len(cut) > 1:
                    report(number + index + 1, f"longer than any sentence of training; translated in {len(cut)} parts")
                parts += cut
                owners += [index] * len(cut)
                controls += self._controls(request, cut)
            found: list[list[Part]] = [[] for _ in ahead]
            seen = functools.partial(watch, parts) if watch else None
            searched = self._search([part.pieces for part in parts], search, controls, attention, seen)
            for owner, part, hypotheses in zip(owners, parts, searched, strict=True):
                found[owner].append(part._replace(hypotheses=hypotheses))
            yield from map(self._join, found)
            number += len(ahead)

    def _controls(self, request: Request, parts: Sequence[Part]) -> list[Control]:
        """What is asked of each part of a line, in pieces."""
        if request in (NO_REQUEST, Request(tag=request.tag)):
            return [NOTHING] * len(parts)

        def pieces(phrases: Iterable[str]) -> tuple[tuple[int, ...], ...]:
            return tuple(map(tuple, self.vocabulary.target.encode([clean_line(one) for one in phrases], end=False)))

        if request.prefix and self.vocabulary.right_to_left:
            raise UserError("this model translates from the end of the sentence: it takes no beginning.")
        exclude, spellings = pieces(request.exclude), list(map(self._turned, request.spellings))
        controls = []
        for number, part in enumerate(parts):
            end = parts[number + 1].start if number + 1 < len(parts) else math.inf
            begin = part.start if number else 0
            terms = [term.target for term in request.terms if begin <= term.place < end]
            prefix, include = ("", terms) if number else (request.prefix, [*request.include, *terms])
            asked = pieces([prefix, *include])
            avoidable = [one for one in spellings if not any(contains(phrase, one) for phrase in asked)]
            controls.append(Control(asked[0], asked[1:], (*exclude, *avoidable)))
        return controls

    def _cut(self, line: str, tag: str = "") -> list[Part]:
        """A line in parts no longer than the training's longest sentence; none for a blank line."""
        line = clean_line(line)
        text = line.strip()
        if not text:
            return []
        whole, longest = self._encode_source(text, tag), self.config.data.max_length
        start = len(line) - len(line.lstrip())
        if len(whole) <= longest:
            blank = len(whole) == 1  # nothing but the end symbol: the normalisation left nothing of the line
            return [] if blank else [Part(whole, [], text, start, "")]
        parts: list[Part] = []
        language = self.config.data.source or ""
        end = start
        for passage in passages(text, language, lambda some: len(self._encode_source(some, tag)) <= longest):
            pieces = self._encode_source(passage.text, tag)
            if len(pieces) > 1:
                place = start + passage.start
                parts.append(Part(pieces, [], passage.text, place, (line[end:place] or " ") if parts else ""))
            end = start + passage.start + len(passage.text)
        return parts

    def _encode_source(self, text: str, tag: str) -> list[int]:
        return self.vocabulary.source.encode([" ".join([*tag.split(), *text.split()])])[0]

    def _search(
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
        stepper, pieces = self.searched, None
        turned = self.vocabulary.right_to_left
        watch = self._watch_turned(watch) if watch and turned else watch
        if self.shortlist is not None:
            asked = [{*control.prefix, *itertools.chain(*control.include)} for control in controls]
            if self.config.model.copying:
                asked = [{*more, *source} for more, source in zip(asked, sources, strict=True)]
            pieces, allowed = self.shortlist.candidates(sources, asked, len(self.vocabulary.target))
            linear = best_linear(self.network, int8=self.config.model.weights == "int8")
            output = self.network.output.weight, self.network.output.bias
            stepper = Narrowed(cast(Seq2Seq, self.searched), output, linear, pieces, allowed)
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
        return lambda number, pieces: watch(number, self._turned(pieces))

    def _as_written(self, one: Hypothesis) -> Hypothesis:
        """A hypothesis with its pieces in the order they are written."""
        order = self._written(len(one.pieces))
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

    def _join(self, parts: list[Part]) -> Translation:
        """The translation of a line from its parts: the k-th best hypotheses of each make the k-th best."""
        if not parts:
            return Translation("", 0.0)
        decode_pieces = self.vocabulary.target.decode
        count = min(len(part.hypotheses) for part in parts)
        joined = []
        for rank in range(count):
            text = "".join(part.space + decode_pieces(part.hypotheses[rank].pieces) for part in parts)
            joined.append((clean_line(text), sum(part.hypotheses[rank].score for part in parts) / len(parts)))
        return Translation(*joined[0], tuple(joined) if count > 1 else (), tuple(parts))


def same_pieces(one: Vocabulary, other: Vocabulary) -> bool:
    """Whether two vocabularies have the same pieces, on both sides, and spell them the same way round."""
    return all(map(same_subwords, one, other))


def same_subwords(one: Subwords, other: Subwords) -> bool:
    """Whether the same pieces are spelled the same way round."""
    return one.model == other.model and type(one) is type(other)


def _renamed(watch: Watch, places: Sequence[int], names: Sequence[int] | None = None) -> Watch:
    """Tells `watch` of sentences by their places, and of pieces by their names where those are others."""
    return lambda number, pieces: watch(places[number], tuple(names[n] for n in pieces) if names else pieces)


def _nothing_found(control: Control) -> str:
    """Why a search found nothing."""
    if control != NOTHING:
        return "what is asked of a translation, and what is forbidden, leave none: ask for less."
    return "the model's probabilities are no numbers: train again, at a lower learning rate."
