"""Text in, text out: the one path that files, the REPL, validation and evaluation share."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, overload

from typing_extensions import Unpack

from nmt import model_folder
from nmt.config import Config, SearchConfig
from nmt.data.batching import chunked
from nmt.data.lines import WINDOW, Report, clean_line
from nmt.data.subwords import Subwords, Vocabulary
from nmt.errors import UserError
from nmt.model.packed import packed
from nmt.model.seq2seq import Seq2Seq
from nmt.model.shortlist import Shortlist
from nmt.model_folder import Model
from nmt.scoring import Scorer, load_kind
from nmt.search.combine import Ensemble, ShallowFusion
from nmt.search.controls import NOTHING, Control, contains
from nmt.search.protocol import Hypothesis
from nmt.search.settings import SearchSettings, changed, check_search
from nmt.searcher import Searcher
from nmt.text.glossary import Asked
from nmt.text.sentences import passages


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
        self.searcher = Searcher(Model(network, vocabulary, config), shortlist)
        """What translations are searched with; the network itself is asked for the scores of given pairs."""

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
        members = [translator.searcher.stepper]
        for other in others:
            member, pieces, its_config = load_kind(other)
            if not same_pieces(pieces, vocabulary):
                raise UserError(f"{other} has other pieces than {folder}: an ensemble needs one vocabulary.")
            members.append(packed(member.to(translator.device), int8=its_config.model.weights == "int8"))
        if others:
            translator.searcher.stepper = Ensemble(members)
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
        self.searcher.stepper = ShallowFusion(self.searcher.stepper, language_model, weight)

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
            searched = self.searcher.hypotheses([part.pieces for part in parts], search, controls, attention, seen)
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
        exclude, spellings = pieces(request.exclude), list(map(self.vocabulary.turned, request.spellings))
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
