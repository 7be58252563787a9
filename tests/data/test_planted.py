"""Faults planted in clean pairs, one a line: each is named once, by its line and kind, and nothing else is above a
notice. The pairs are of the phrasebook grammar, and of Multi30k where it lies beside the repository."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from nmt.data.checks.check import CHECKS, Report, check_corpus
from nmt.data.checks.chunk import Part
from nmt.data.checks.finding import NOTICE, WARNING, Finding

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "recipes"))

import phrasebook_grammar as grammar  # noqa: E402

MULTI30K = ROOT.parent / "shared" / "data" / "multi30k"
Line = str | bytes
Pair = tuple[str, str]


class Corpus(NamedTuple):
    """Clean pairs: those to plant faults in, others, and held-out ones."""

    train: list[Pair]
    others: list[Pair]
    test: list[Pair]


class Fault(NamedTuple):
    """The check that must name it, and what it makes of a pair; whole pairs come from the corpus."""

    kind: str
    plant: Callable[[Corpus, str, str], tuple[Line, Line]]


def put(line: str, text: str) -> str:
    """Puts something before the second word."""
    return line.replace(" ", f" {text} ", 1)


def long_one(pairs: list[Pair]) -> Pair:
    """The first pair that is too long to be the same by chance."""
    return next(pair for pair in pairs if len(pair[0].split()) > 12)


def changed(pair: Pair, change: Callable[[str], str]) -> Pair:
    return change(pair[0]), change(pair[1])


FAULTS = {
    "Latin-1 bytes": Fault("encoding", lambda c, s, t: (s, f"Grüße! {t}".encode("latin-1"))),
    "a sequence of bytes cut off": Fault("encoding", lambda c, s, t: (s.encode() + b"\xe2\x82", t)),
    "NUL": Fault("nul", lambda c, s, t: (s, t.replace(" ", "\0", 1))),
    "UTF-16": Fault("nul", lambda c, s, t: (s.encode("utf-16-le"), t)),
    "U+2028": Fault("separator", lambda c, s, t: (s.replace(" ", "\u2028", 1), t)),
    "CR within": Fault("separator", lambda c, s, t: (s, put(t, "\r"))),
    "NEL": Fault("separator", lambda c, s, t: (s, t + "\x85")),
    "CR LF on one line": Fault("carriage_returns", lambda c, s, t: (s, t + "\r")),
    "escape sequence": Fault("control_character", lambda c, s, t: (f"\x1b[1m{s}\x1b[0m", t)),
    "byte order mark": Fault("byte_order_mark", lambda c, s, t: (s, "\ufeff" + t)),
    "U+FFFD": Fault("replacement_character", lambda c, s, t: (s, t[:6] + "\ufffd" + t[7:])),
    "soft hyphen": Fault("invisible", lambda c, s, t: (s, t[:6] + "\xad" + t[6:])),
    "zero-width space": Fault("invisible", lambda c, s, t: (s[:8] + "\u200b" + s[8:], t)),
    "UTF-8 read as Latin-1": Fault("mojibake", lambda c, s, t: (s, f"Größe: {t}".encode().decode("latin-1"))),
    "UTF-8 read as Windows-1252": Fault("mojibake", lambda c, s, t: (put(s, "â€œso"), t)),
    "UTF-8 twice": Fault("mojibake", lambda c, s, t: (s, f"Übrigens: {t}".encode().decode("latin-1").encode())),
    "accents by themselves": Fault("not_normalised", lambda c, s, t: (s, f"U\u0308brigens: {t}")),
    "tab": Fault("tab", lambda c, s, t: (s.replace(" ", "\t", 1), t)),
    "HTML entity": Fault("html_entity", lambda c, s, t: (s, put(t, "&#8217;"))),
    "HTML tag": Fault("html_tag", lambda c, s, t: (f'<a href="http://x.org/12">{s}</a>', t)),
    "escaped tag": Fault("html_tag", lambda c, s, t: (s, f"&lt;b&gt;{t}&lt;/b&gt;")),
    "placeholder on one side": Fault("placeholder", lambda c, s, t: (put(s, "{name}"), t)),
    "nothing but a link": Fault("link_only", lambda c, s, t: ("https://example.org/a", "https://example.org/a")),
    "link on one side": Fault("link_missing", lambda c, s, t: (s, f"{t} https://www.example.com/bild.html")),
    "punctuation": Fault("no_letters", lambda c, s, t: ("... --- !!!", "... --- !!!")),
    "pictures": Fault("no_letters", lambda c, s, t: (s, "😀😀😀")),
    "a word repeated": Fault("repetition", lambda c, s, t: (s, put(t, "sehr sehr sehr sehr sehr"))),
    "a phrase repeated": Fault("repetition", lambda c, s, t: (s, t + " auf dem grünen Hügel" * 3)),
    "one very long word": Fault("long_token", lambda c, s, t: (s, f"{t} {'abcdefghij' * 8}")),
    "empty target": Fault("empty", lambda c, s, t: (s, "")),
    "empty source": Fault("empty", lambda c, s, t: (" \t\u200b", t)),
    "both empty": Fault("empty", lambda c, s, t: ("", "")),
    "overlong": Fault("overlong", lambda c, s, t: (s, " ".join(pair[1] for pair in c.others[:60]))),
    "one word for a sentence": Fault("length_ratio", lambda c, s, t: (" ".join([s] * 2), "Ja.")),
    "others joined on": Fault("unlikely_length", lambda c, s, t: (s, " ".join([t, *(p[1] for p in c.others[:3])]))),
    "source on both sides": Fault("copied", lambda c, s, t: (s, s)),
    "target on both sides": Fault("copied", lambda c, s, t: (t, t)),
    "Russian": Fault("wrong_script", lambda c, s, t: (s, "Двое детей играют в парке рядом с большим фонтаном.")),
    "a Cyrillic letter in a Latin word": Fault("wrong_script", lambda c, s, t: (put(s, "pеople"), t)),
    "sides swapped": Fault("wrong_language", lambda c, s, t: (t, s)),
    "Spanish": Fault("wrong_language", lambda c, s, t: (s, "Dos niños juegan en el parque cerca de la fuente.")),
    "Polish": Fault("wrong_language", lambda c, s, t: ("Dwoje dzieci bawi się w parku przy fontannie.", t)),
    "Dutch": Fault("wrong_language", lambda c, s, t: (s, "Twee kinderen spelen in het park bij de fontein.")),
    "other years": Fault("numbers", lambda c, s, t: (put(s, "1984"), put(t, "1948"))),
    "pair again": Fault("duplicate", lambda c, s, t: long_one(c.train)),
    "pair again without capitals": Fault("near_duplicate", lambda c, s, t: changed(long_one(c.train), str.lower)),
    "pair of the test set": Fault("overlap", lambda c, s, t: long_one(c.test)),
    "pair of the test set, longer": Fault("overlap", lambda c, s, t: changed(long_one(c.test[50:]), "{} Oh!".format)),
}  # fmt: skip
"""What is planted, each at a line of its own."""
FIRST, STEP = 120, 37
LINES = {name: FIRST + STEP * number for number, name in enumerate(FAULTS)}
RUN = range(40)
"""Pairs at the end whose targets are those of the next ones."""


def phrasebook(seed: int) -> Corpus:
    """Sentences long enough for an identifier of languages, none like another's."""
    parts = grammar.generate(seed, 6_000, 200, 200)
    train, test = (
        [(pair.source, pair.target) for pair in parts[name] if len(pair.source.split()) > 4]
        for name in ("train", "test")
    )
    return Corpus(train[:2_000], train[2_000:2_100], test)


def multi30k() -> Corpus:
    """Captions of which nothing is told as they are."""
    if not MULTI30K.is_dir():
        pytest.skip("Multi30k is not beside the repository")
    train, test = (
        list(
            zip(
                *((MULTI30K / f"{name}.{code}").read_text("utf-8").split("\n")[:-1] for code in ("en", "de")),
                strict=True,
            )
        )
        for name in ("train", "test2016")
    )
    return Corpus(train[10_000:12_000], train[12_000:12_100], test)


CORPORA: dict[str, Callable[[], Corpus]] = {
    "phrasebook 1": lambda: phrasebook(1),
    "phrasebook 2": lambda: phrasebook(2),
    "multi30k": multi30k,
}
Named = tuple[Corpus, Report]


def planted(corpus: Corpus) -> list[tuple[Line, Line]]:
    """The pairs with every fault at its line, and the last ones out of step."""
    pairs: list[tuple[Line, Line]] = list(corpus.train)
    for name, line in LINES.items():
        pairs[line - 1] = FAULTS[name].plant(corpus, *corpus.train[line - 1])
    sources, targets = zip(*corpus.train[-len(RUN) :], strict=True)
    return [*pairs[: -len(RUN)], *zip(sources, [*targets[1:], targets[0]], strict=True)]


def written(folder: Path, name: str, pairs: list[tuple[Line, Line]]) -> Part:
    files = [folder / f"{name}.en", folder / f"{name}.de"]
    for file, side in zip(files, zip(*pairs, strict=True), strict=True):
        file.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in side))
    return Part(name, list(map(str, files)))


@pytest.fixture(scope="module", params=CORPORA)
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Named:
    """A corpus with all faults, and what is told of it."""
    corpus, folder = CORPORA[request.param](), tmp_path_factory.mktemp("planted")
    test = written(folder, "test", list(corpus.test))
    return corpus, check_corpus(written(folder, "train", planted(corpus)), [test])


def loud(report: Report) -> dict[int, set[str]]:
    """The checks with an error or a warning at each line."""
    told: dict[int, set[str]] = {}
    for finding in report.findings:
        for line in finding.lines if finding.level != NOTICE else ():
            told.setdefault(line[0], set()).add(finding.check.name)
    return told


def test_at_least_24_kinds_are_planted() -> None:
    assert len({fault.kind for fault in FAULTS.values()}) >= 24


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named_once_by_its_line_and_kind(name: str, checked: Named) -> None:
    assert loud(checked[1]).get(LINES[name]) == {FAULTS[name].kind}


def test_a_run_out_of_step_is_named_as_one(checked: Named) -> None:
    corpus, report = checked
    run = [line for line, kinds in loud(report).items() if kinds == {"misaligned"}]
    assert abs(min(run) - (len(corpus.train) - len(RUN) + 1)) < 4
    assert len(run) > len(RUN) - 8


def test_nothing_else_is_above_a_notice(checked: Named) -> None:
    corpus, report = checked
    step = set(range(len(corpus.train) - len(RUN) - 4, len(corpus.train) + 1))
    others = {line: kinds for line, kinds in loud(report).items() if line not in {*LINES.values(), *step}}
    assert others == {}


@pytest.mark.parametrize("name", CHECKS)
def test_what_explains_a_check_is_another_that_it_does_not_explain(name: str) -> None:
    assert all(name not in CHECKS[other].unless for other in CHECKS[name].unless)


def test_a_notice_that_clean_keeps_does_not_say_that_it_drops() -> None:
    told = {level: Finding(CHECKS["overlap"], level, "train", 2, "").mend for level in (WARNING, NOTICE)}
    assert "drops" in told[WARNING]
    assert "keeps" in told[NOTICE]
