"""Lines as people have them through a translator: protected spans, glossary, white space. What is not asked for is not
computed."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from nmt.account import Account, account_of
from nmt.config import SearchConfig
from nmt.data.lines import WINDOW, Report, clean_line
from nmt.data.subwords import END
from nmt.errors import UserError
from nmt.search.settings import check_phrases
from nmt.text import alignment
from nmt.text.glossary import Glossary, folded, standing
from nmt.text.protect import mend, set_apart
from nmt.text.spans import STRIPPED, find
from nmt.text.tags import put_back
from nmt.text.words import Word, split, translated, written
from nmt.translator import Part, Request, Translation, Translator, Watcher

TRIES = 5
"""How often a line is translated again because a forbidden word came up in other pieces."""


@dataclass(frozen=True)
class Wishes:
    """What is to be done about text beside translating it. protect: kinds of spans, of `KINDS`, that arrive letter by
    letter; keep_space: white space at the ends of a line stays; tag: see `Request`; require: words and phrases that
    every translation has; account: say more about each translation; parts: give what the search found with it."""

    protect: tuple[str, ...] = ()
    glossary: Glossary = field(default_factory=Glossary)
    keep_space: bool = False
    tag: str = ""
    require: tuple[str, ...] = ()
    account: bool = False
    parts: bool = False

    def check(self, search: SearchConfig) -> None:
        """Raises UserError for a search that cannot look for what translations may be asked to have."""
        if self.require or self.glossary.asks:
            check_phrases(search)

    @property
    def rewrites(self) -> bool:
        """Whether a translation may be changed once it is found."""
        return bool(self.protect or self.glossary or self.require or self.keep_space)


@dataclass(frozen=True)
class Answer:
    """The translation of a line: see `Translation`."""

    text: str
    score: float
    alternatives: tuple[tuple[str, float], ...] = ()
    account: Account | None = None
    parts: tuple[Part, ...] = field(default=(), compare=False, repr=False)


@dataclass
class _Prepared:
    """A line before its translation: itself, its words where they are needed, what is translated, what is asked."""

    line: str
    words: list[Word]
    text: str
    request: Request
    forbidden: list[str]


class Pipeline:
    """A translator, and what is wished for."""

    def __init__(self, translator: Translator, wishes: Wishes) -> None:
        self.translator = translator
        self.wishes = wishes
        self._aligns = translator.config.model.attention != "none"

    def stream(
        self,
        lines: Iterable[str],
        search: SearchConfig | None = None,
        report: Report = lambda number, problem: None,
        window: int = WINDOW,
        prefixes: Iterable[str] | None = None,
        watch: Watcher | None = None,
        first: int = 1,
    ) -> Iterator[Answer]:
        """Translates lines as they come; see `Translator.stream`. prefixes: how each translation begins. `watch` is
        told nothing where translations are changed once they are found. first: what number the first line has for the
        prefixes."""
        waiting: deque[_Prepared] = deque()
        requests: deque[Request] = deque()

        def texts() -> Iterator[str]:
            for line, start in started(lines, prefixes, first):
                waiting.append(self._prepare(line, start))
                requests.append(waiting[-1].request)
                yield waiting[-1].text

        search = search or self.translator.config.search
        self.wishes.check(search)
        looked = self._aligns and bool(self.wishes.protect or self.wishes.account)
        # The requests are taken after their lines: there is always one.
        asked = iter(requests.popleft, None)
        watch = None if self.wishes.rewrites else watch
        found = self.translator.stream(texts(), search, report, window, asked, looked, watch)
        for number, translation in enumerate(found, 1):
            yield self._finish(waiting.popleft(), translation, search, functools.partial(report, number))

    def _prepare(self, line: str, prefix: str) -> _Prepared:
        line = clean_line(line)
        wishes = self.wishes
        words: list[Word] = []
        text = line
        if wishes.account or (wishes.protect and find(line, wishes.protect)):
            words = split(line, wishes.protect)
            text = translated(words)
        request = Request(prefix, wishes.require, tag=wishes.tag)
        forbidden: list[str] = []
        if wishes.glossary:
            terms, forbidden = wishes.glossary.asked(text, find(text, STRIPPED))
            asked = folded(" ".join([prefix, *wishes.require, *(term.target for term in terms)]))
            # A word that is also part of what is asked for is forbidden only by looking at what comes out.
            exclude = [form for word in forbidden if folded(word) not in asked for form in _forms(word)]
            request = replace(request, terms=tuple(terms), exclude=tuple(exclude))
        return _Prepared(line, words, text, request, forbidden)

    def _finish(
        self, prepared: _Prepared, translation: Translation, search: SearchConfig, report: Callable[[str], None]
    ) -> Answer:
        translation = self._without_forbidden(prepared, translation, search, report)
        found = translation.alternatives or ((translation.text, translation.score),)
        ranks = [0, *(rank for rank in range(1, len(found)) if not _has_any(prepared.forbidden, found[rank][0]))]
        targets: list[list[Word]] = []
        texts = [found[rank][0] for rank in ranks]
        if prepared.words and translation.parts:
            targets = [self._words(prepared, translation.parts, rank) for rank in ranks]
            texts = [written(words) for words in targets]
        elif prepared.words and self.wishes.protect:  # tags, or what the normalisation leaves nothing of
            texts = [prepared.line.strip()]
        for phrase in (*self.wishes.require, *(term.target for term in prepared.request.terms)):
            texts = [self._as_written(phrase, text) for text in texts]
        if self.wishes.keep_space:
            texts = [_with_space(prepared.line, text) for text in texts]
        account = None
        if self.wishes.account:
            target = self.translator.vocabulary.target
            words = targets[0] if targets else []
            account = account_of(prepared.words, words, translation.parts, target, attends=self._aligns)
        alternatives = tuple((text, found[rank][1]) for text, rank in zip(texts, ranks, strict=True))
        parts = translation.parts if self.wishes.parts else ()
        return Answer(texts[0], translation.score, alternatives if len(found) > 1 else (), account, parts)

    def _words(self, prepared: _Prepared, parts: Sequence[Part], rank: int) -> list[Word]:
        """The words of the k-th best translation, protected spans mended and tags put back."""
        target: list[Word] = []
        begun = 0
        kinds = [kind for kind in self.wishes.protect if kind not in STRIPPED]
        for number, (part, mine) in enumerate(zip(parts, _divided(prepared.words, parts), strict=True)):
            hypothesis = part.hypotheses[rank]
            surfaces = self.translator.vocabulary.target.decoded_surfaces(hypothesis.pieces)
            words = split(clean_line("".join(surfaces)), kinds)
            if mine:
                first, last = mine[0], mine[-1] + 1
                source = [replace(word, start=word.start - part.start) for word in prepared.words[first:last]]
                seen = None if hypothesis.attention is None else hypothesis.attention.double().numpy()
                places = alignment.places(surfaces[:-1])
                alignment.link(source, words, self._source_places(part), places, seen, first)
                begins = "" if number else prepared.request.prefix
                own = _begun(words, begins)
                words = mend(source, words, first, _held(prepared.request, words, own), own)
                begun += own
            if words:
                words[0].space = part.space if target else ""
            target += words
        return set_apart(prepared.words, put_back(prepared.words, target, begun))

    def _source_places(self, part: Part) -> list[tuple[int, int]]:
        """From where to where in the text of a part each of its pieces stands, without the end symbol; (-1, -1) for
        those of the tag."""
        text = part.text
        shown = [place for place in range(len(text)) if not text[place].isspace() or not text[place - 1].isspace()]
        before = " ".join([*self.wishes.tag.split(), ""])
        shown = [*[-1] * len(before), *shown, len(part.text)]
        found = alignment.places(self.translator.vocabulary.source.surfaces(before + " ".join(part.text.split())))
        return [(shown[start], shown[end - 1] + 1 if end > start else shown[start]) for start, end in found]

    def _without_forbidden(
        self, prepared: _Prepared, translation: Translation, search: SearchConfig, report: Callable[[str], None]
    ) -> Translation:
        """The translation without the words that are forbidden: where one came up in other pieces than its own, those
        are forbidden too and the line is translated again."""
        request = prepared.request
        for _ in range(TRIES if prepared.forbidden else 0):
            spellings = self._spellings(prepared.forbidden, translation)
            if not spellings:
                return translation
            request = replace(request, spellings=(*request.spellings, *spellings))
            looked = self._aligns and bool(prepared.words)
            again = self.translator.stream([prepared.text], search, requests=[request], attention=looked)
            translation = next(again)
        if _has_any(prepared.forbidden, translation.text):
            report("its translation has a forbidden word all the same")
        return translation

    def _spellings(self, forbidden: Sequence[str], translation: Translation) -> list[tuple[int, ...]]:
        """The pieces that spell forbidden words in the best translation."""
        found = []
        for part in translation.parts:
            pieces = part.hypotheses[0].pieces
            surfaces = self.translator.vocabulary.target.decoded_surfaces(pieces)
            places = alignment.places(surfaces)
            for word in forbidden:
                for start, end in standing(word, "".join(surfaces)):
                    over = [begin < end and stop > start for begin, stop in places]
                    first, last = over.index(True), len(over) - over[::-1].index(True)
                    found.append(tuple(piece for piece in pieces[first:last] if piece > END))
        return found

    def _as_written(self, term: str, text: str) -> str:
        """A text that has a term as the glossary has it, where the normalisation of the pieces had changed it."""
        if term in text or not text:
            return text
        normal = self.translator.vocabulary.target.normal(term)
        return text.replace(normal, term, 1)


def started(lines: Iterable[str], prefixes: Iterable[str] | None, first: int = 1) -> Iterator[tuple[str, str]]:
    """Each line with how its translation begins. Raises UserError when these are fewer or more. first: the number of
    the first line."""
    starts = itertools.repeat("") if prefixes is None else iter(prefixes)
    number = first - 1
    for number, line in enumerate(lines, first):
        start = next(starts, None)
        if start is None:
            raise UserError(f"the prefixes end before line {number:,} of the text: give one for each line.")
        yield line, start
    if prefixes is not None and next(starts, None) is not None:
        raise UserError(f"the text ends after line {number:,}, and there are more prefixes: give one for each line.")


def _forms(word: str) -> list[str]:
    """A word as it may be written elsewhere in a sentence."""
    return list(dict.fromkeys([word, word.lower(), word.upper(), word[:1].upper() + word[1:]]))


def _has_any(words: Sequence[str], text: str) -> bool:
    return any(standing(word, text) for word in words)


def _divided(words: Sequence[Word], parts: Sequence[Part]) -> list[list[int]]:
    """The numbers of the words of a line that are translated, by the part they stand in."""
    starts = [part.start for part in parts]
    divided: list[list[int]] = [[] for _ in parts]
    for number, word in enumerate(words):
        if word.start >= starts[0]:
            divided[bisect.bisect(starts, word.start) - 1].append(number)
    return divided


def _held(request: Request, words: Sequence[Word], begun: int) -> list[int]:
    """The places of the words that were asked for, the first `begun` among them. The words of a phrase are linked
    alike, so that what is put in by its place comes beside the phrase."""
    text = written(words)
    asked = [*request.include, *(term.target for term in request.terms)]
    spans = sorted(span for phrase in asked for span in standing(phrase, text))
    phrases = [[place for place, word in enumerate(words) if start <= word.start < end] for start, end in spans]
    held = []
    for phrase in (list(range(begun)), *phrases):
        for place in phrase:
            words[place].link = words[phrase[0]].link
        held += phrase
    return held


def _begun(words: Sequence[Word], begins: str) -> int:
    """How many words of a translation a forced beginning has."""
    return sum(1 for word in words if word.start < len(" ".join(begins.split())))


def _with_space(line: str, text: str) -> str:
    """A text with the white space that stands at the ends of a line."""
    body = line.strip()
    if not body:
        return line
    start = line.index(body)
    return line[:start] + text.strip() + line[start + len(body) :]
