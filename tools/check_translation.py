"""What is promised of translations, counted on a trained model.

    python tools/check_translation.py CHECK --model DIR --source FILE [--reference FILE] [--count N] [--beam 5]

lines: the translations of all lines in batches of 1, 7, 64 and 512 sentences, shuffled, by two workers, on two threads,
    and with sentences that are done left in their batch. The same text, or the same score within 1e-4, everywhere.
constraints: a phrase of one to three words drawn from each reference is asked of its line. All have it, as words of
    their own, and BLEU is not below the one of the plain translations.
spans: URLs, numbers, e-mail addresses, tags and {placeholders} are put into the lines. All arrive letter by letter.
glossary: each of the most frequent words of the lines is asked for, in turn, as a word that the model does not know.
    All lines have it, as a word of its own.

The first `--count` lines are taken; left out, all. Exit code 0 if what is promised holds.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import torch

import nmt.search.decode
import nmt.translator
from nmt.config import SearchConfig
from nmt.evaluation.metrics import corpus_scores
from nmt.pipeline import Pipeline, Wishes
from nmt.text.glossary import Glossary, make_term
from nmt.text.spans import KINDS, find
from nmt.translator import Request, Translation, Translator

TIE = 1e-4
TERMS = 20
STRANGE = ("Wauwau", "Gör", "Xylophonist", "Hutzelmännchen", "Quietsche-Ente", "feines Gewand", "ABC-Schütze")


@contextlib.contextmanager
def batches_of(size: int) -> Iterator[None]:
    """So many sentences in each batch, however long they are."""

    def runs(lengths: Sequence[int], budget: int) -> list[tuple[int, int]]:
        return [(start, min(start + size, len(lengths))) for start in range(0, len(lengths), size)]

    with mock.patch.object(nmt.translator, "budgeted", runs):
        yield


@contextlib.contextmanager
def without_compaction() -> Iterator[None]:
    """Sentences stay in their batch until all of it is done."""
    unsettled = nmt.search.decode._unsettled

    def all_or_none(sentences, alive, search):  # type: ignore[no-untyped-def]
        kept, left = unsettled(sentences, alive, search)
        return (kept, left) if not left else (None, sentences)

    with mock.patch.object(nmt.search.decode, "_unsettled", all_or_none):
        yield


def check_lines(translator: Translator, lines: list[str], references: list[str], search: SearchConfig) -> bool:
    """Whether a line's translation is the same in any company."""
    shuffled = random.Random(1).sample(range(len(lines)), len(lines))

    def run(size: int, *, workers: int = 1, threads: int = 1, shuffle: bool = False) -> list[Translation]:
        translator.searcher.workers = workers
        torch.set_num_threads(threads)
        order = shuffled if shuffle else range(len(lines))
        window = size if shuffle else len(lines)
        with batches_of(size):
            found = list(translator.stream([lines[place] for place in order], search, window=window))
        places = {place: number for number, place in enumerate(order)}
        return [found[places[place]] for place in range(len(lines))]

    expected = run(64)
    ways = {f"batches of {size}": {"size": size} for size in (1, 7, 512)}
    ways |= {f"batches of {size}, shuffled": {"size": size, "shuffle": True} for size in (7, 64, 512)}
    ways |= {"2 workers": {"size": 64, "workers": 2, "threads": 2}, "2 threads": {"size": 64, "threads": 2}}
    holds = True
    for name, how in {**ways, "without compaction": {"size": 64}}.items():
        with without_compaction() if name == "without compaction" else contextlib.nullcontext():
            found = run(**how)  # type: ignore[arg-type]
        pairs = list(zip(expected, found, strict=True))
        same = sum(one.text == other.text for one, other in pairs)
        far = max(abs(one.score - other.score) for one, other in pairs)
        tied = sum(one.text != other.text and abs(one.score - other.score) <= TIE for one, other in pairs)
        print(f"{name}: {same} of {len(lines)} lines the same, {tied} tied; scores within {far:.1e}", flush=True)
        holds &= same + tied == len(lines) and far <= TIE
    return holds


def check_constraints(translator: Translator, lines: list[str], references: list[str], search: SearchConfig) -> bool:
    """Whether phrases of the references that are asked for are there, and do no harm."""
    chosen = random.Random(1)
    phrases = []
    for reference in references:
        words = re.findall(r"\w+(?:-\w+)*", reference)
        count = min(len(words), chosen.randint(1, 3))
        runs = [" ".join(words[start : start + count]) for start in range(len(words) - count + 1)]
        phrases.append(chosen.choice([run for run in runs if run in reference] or words))
    plain = translator.translate(lines, search)
    asked = [Request(include=(phrase,)) for phrase in phrases]
    found = list(translator.stream(lines, search, requests=asked))
    normal = [translator.vocabulary.target.normal(phrase) for phrase in phrases]
    pairs = list(zip(normal, found, plain, strict=True))
    there = sum(phrase in one.text for phrase, one, _ in pairs)
    whole = sum(standing_exactly(phrase, one.text) for phrase, one, _ in pairs)
    before = sum(standing_exactly(phrase, one.text) for phrase, _, one in pairs)
    bleu = [
        corpus_scores([one.text for one in some], [references], tokenize="13a", lowercase=False, bootstrap=False)[
            "bleu"
        ]
        for some in (plain, found)
    ]
    print(f"{there} of {len(lines)} translations have their phrase, {whole} as words of their own ({before} unasked)")
    print(f"BLEU {bleu[0].score:.2f} without, {bleu[1].score:.2f} with phrases ({bleu[0].signature})")
    return whole == len(lines) and bleu[1].score >= bleu[0].score


def standing_exactly(phrase: str, text: str) -> bool:
    """Whether a phrase is in a text as it is written, between word boundaries."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


def with_spans(line: str, chosen: random.Random) -> str:
    """A line with one to four spans among its words."""
    number = str(chosen.randint(2, 10**6))
    made = {
        "url": f"https://www.{chosen.choice(['example', 'köln-museum', 'a1'])}.org/{number}?q=x&p={number[::-1]}",
        "email": f"{chosen.choice(['jane.doe', 'info+news', 'x_1'])}@mail.example{number}.com",
        "number": chosen.choice([number, f"{number}.5", f"1,{number}", f"{number[:1]}:30", f"12-{number}"]),
        "placeholder": chosen.choice(["{name}", "{{user}}", "%s", "%(count)d", "{0}", "${total}"]),
    }
    words = line.split()
    for kind in chosen.sample(list(made), chosen.randint(1, 3)):
        words.insert(chosen.randint(0, len(words) - 1), made[kind])
    if chosen.random() < 0.5:
        start = chosen.randint(0, len(words) - 1)
        end = chosen.randint(start, min(len(words) - 1, start + 2))
        name = chosen.choice(["b", "i", "em"])
        words[start], words[end] = f"<{name}>{words[start]}", f"{words[end]}</{name}>"
    return " ".join(words)


def check_spans(translator: Translator, lines: list[str], references: list[str], search: SearchConfig) -> bool:
    """Whether all that is protected arrives."""
    chosen = random.Random(1)
    lines = [with_spans(line, chosen) for line in lines]
    for protect in ((), tuple(KINDS)):
        wanted: Counter[str] = Counter()
        lost: Counter[str] = Counter()
        answers = Pipeline(translator, Wishes(protect=protect)).stream(lines, search)
        for line, answer in zip(lines, answers, strict=True):
            here, there = (
                Counter((span.kind, text[span.start : span.end]) for span in find(text)) for text in (line, answer.text)
            )
            wanted.update(kind for kind, _ in here.elements())
            lost.update(kind for kind, _ in (here - there).elements())
        counts = ", ".join(f"{kind} {count - lost[kind]} of {count}" for kind, count in sorted(wanted.items()))
        print(f"{'protected' if protect else 'not protected'}: {counts}", flush=True)
    return not lost.total()


def check_glossary(translator: Translator, lines: list[str], references: list[str], search: SearchConfig) -> bool:
    """Whether the glossary is obeyed, by words of their own."""
    counts = Counter(word for line in lines for word in set(re.findall(r"[a-z]{3,}", line)))
    words = [word for word, _ in counts.most_common(TERMS)]
    terms = [make_term(word, STRANGE[number % len(STRANGE)]) for number, word in enumerate(words)]
    applies = obeyed = whole = 0
    for term in terms:
        glossary = Glossary([term])
        mine = [line for line in lines if glossary.asked(line)[0]]
        for answer in Pipeline(translator, Wishes(glossary=glossary)).stream(mine, search):
            applies += 1
            obeyed += term.target in answer.text
            stands = standing_exactly(term.target, answer.text)
            whole += stands
            if not stands:
                print(f"{term.target}: {answer.text}", file=sys.stderr)
    print(f"{obeyed} of {applies} translations have their term, {whole} as words of their own ({len(terms)} terms)")
    return whole == applies


CHECKS = {"lines": check_lines, "constraints": check_constraints, "spans": check_spans, "glossary": check_glossary}


def main() -> int:
    """Runs a check and tells the time that it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=CHECKS)
    for name in ("model", "source", "reference"):
        parser.add_argument(f"--{name}", type=Path, required=name != "reference")
    parser.add_argument("--count", type=int)
    parser.add_argument("--beam", type=int, default=5)
    arguments = parser.parse_args()
    lines, references = (
        path.read_text(encoding="utf-8").split("\n")[:-1][: arguments.count] if path else []
        for path in (arguments.source, arguments.reference)
    )
    translator = Translator.load(arguments.model, "cpu")
    search = translator.config.search.model_copy(update={"beam": arguments.beam, "nbest": 1})
    started = time.monotonic()
    holds = CHECKS[arguments.check](translator, lines, references, search)
    print(f"{'holds' if holds else 'does not hold'} ({time.monotonic() - started:.0f} s)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
