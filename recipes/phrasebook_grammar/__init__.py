"""Generate an English-German phrasebook from a small hand-written grammar.

Words come from `lexicon`, their forms from `phrasebook_inflection`, clauses from
`clauses`, and sentences from the functions in the table `PATTERNS`.

A translator that only memorizes sentences must fail on the test set: some combinations of words, such as
("red", "coat") or ("read", "novel"), never occur in training although each of their words does.
"""

from __future__ import annotations

import hashlib
import pathlib
import random
import re
from collections.abc import Callable

from phrasebook_grammar import complex_sentences, sentences
from phrasebook_grammar.clauses import Combination
from phrasebook_grammar.picker import Picker
from phrasebook_grammar.sentences import Pair

__all__ = ["PATTERNS", "Combination", "Pair", "generate", "held_out_for", "part_of", "vocabulary", "write"]

SHORTEST, LONGEST = 2, 18
ATTEMPTS_PER_PAIR = 100
FILE_NAMES = {"train": "train", "valid": "val", "test": "test"}

# Each pattern with its weight among the others.
PATTERNS: tuple[tuple[int, Callable[[Picker], Pair]], ...] = (
    (13, sentences.statement),
    (9, sentences.time_first),
    (7, sentences.modal_statement),
    (7, sentences.negation),
    (6, sentences.yes_no_question),
    (3, sentences.question_of_circumstance),
    (3, sentences.question_who),
    (3, sentences.question_what_or_whom),
    (3, sentences.question_which),
    (5, sentences.command),
    (4, sentences.description),
    (1, sentences.feeling),
    (4, sentences.comparison),
    (4, sentences.location),
    (4, complex_sentences.because_of_a_state),
    (3, complex_sentences.because_of_a_wish),
    (4, complex_sentences.because_of_the_thing),
    (8, complex_sentences.thought),
    (5, complex_sentences.doubt),
    (4, complex_sentences.concession),
    (4, complex_sentences.condition),
    (4, complex_sentences.relative_of_the_subject),
    (4, complex_sentences.relative_of_the_object),
    (4, complex_sentences.purpose),
    (3, complex_sentences.search),
    (4, complex_sentences.neglect),
    (4, complex_sentences.excess),
    (4, complex_sentences.coordination),
)


def held_out_for(combination: Combination) -> str:
    """The part that a combination is reserved for: "test", "valid" or, for nine in ten, "train".

    The hash depends on the words alone, so every seed holds out the same combinations.
    """
    bucket = int(hashlib.sha256("|".join(combination).encode()).hexdigest(), 16) % 20
    return {0: "test", 1: "valid"}.get(bucket, "train")


def part_of(pair: Pair) -> str | None:
    """The part a pair may go to; None if it mixes combinations reserved for validation and for test."""
    reserved = {held_out_for(combination) for combination in pair.combinations} - {"train"}
    if len(reserved) > 1:
        return None
    return reserved.pop() if reserved else "train"


def vocabulary(sentence: str) -> set[str]:
    """The words of a sentence without punctuation and capitals."""
    return set(re.findall(r"\w+", sentence.lower()))


class Phrasebook:
    """An endless supply of distinct pairs in which every English sentence has one translation."""

    def __init__(self, seed: int) -> None:
        self.randomness = random.Random(seed)
        self.picker = Picker(self.randomness)
        self.translation: dict[str, str] = {}
        self.patterns = [pattern for weight, pattern in PATTERNS for _ in range(weight)]

    def draw(self) -> Pair | None:
        """A new pair, or None if this attempt gave a known sentence or one of unsuitable length."""
        pair = self.randomness.choice(self.patterns)(self.picker)
        if pair.source in self.translation:
            known = self.translation[pair.source]
            if known != pair.target:
                raise RuntimeError(f"{pair.source!r} has two translations: {known!r} and {pair.target!r}")
            return None
        self.translation[pair.source] = pair.target
        lengths = (len(pair.source.split()), len(pair.target.split()))
        return pair if min(lengths) >= SHORTEST and max(lengths) <= LONGEST else None

    def fill(self, sizes: dict[str, int], allowed: set[str] | None = None) -> dict[str, list[Pair]]:
        """Draw until every part has its size, taking only allowed words (None: all words)."""
        parts: dict[str, list[Pair]] = {name: [] for name in sizes}
        for _ in range(ATTEMPTS_PER_PAIR * sum(sizes.values())):
            if all(len(parts[name]) == size for name, size in sizes.items()):
                return parts
            pair = self.draw()
            part = part_of(pair) if pair else None
            if pair is None or part not in sizes or len(parts[part]) == sizes[part]:
                continue
            if allowed is None or words_of([pair]) <= allowed:
                parts[part].append(pair)
        found = ", ".join(f"{len(pairs)} of {sizes[name]} for {name}" for name, pairs in parts.items())
        raise ValueError(f"The grammar gave too few suitable sentences ({found}); ask for fewer of those.")


def words_of(pairs: list[Pair]) -> set[str]:
    """The words of both sides; the language is kept, for "die" is no German word known from English."""
    found: set[str] = set()
    for pair in pairs:
        found.update(f"en:{word}" for word in vocabulary(pair.source))
        found.update(f"de:{word}" for word in vocabulary(pair.target))
    return found


def generate(seed: int = 1, train: int = 24_000, valid: int = 500, test: int = 500) -> dict[str, list[Pair]]:
    """Generate distinct pairs in the parts "train", "valid" and "test".

    Every test pair holds a combination reserved for the test, no training pair does, and each single word
    of the test occurs in training; the same goes for validation.
    """
    phrasebook = Phrasebook(seed)
    parts = phrasebook.fill({"train": train})
    return parts | phrasebook.fill({"valid": valid, "test": test}, allowed=words_of(parts["train"]))


def write(folder: pathlib.Path, seed: int = 1) -> None:
    """Write train, val and test as parallel text files, one sentence a line.

    A file appears under its name only when it is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part, pairs in generate(seed).items():
        sides = {"en": [pair.source for pair in pairs], "de": [pair.target for pair in pairs]}
        for suffix, lines in sides.items():
            path = folder / f"{FILE_NAMES[part]}.{suffix}"
            unfinished = path.with_name(path.name + ".unfinished")
            unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
            unfinished.replace(path)
