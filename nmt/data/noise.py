"""Noise on the words of a sentence, which makes a translation as uneven as what people write."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

BLANK = "<blank>"
"""What stands in place of a word that is blanked."""
DROPPED = 0.1
BLANKED = 0.1
REACH = 3
"""Share of words left out, share of the others that are blanked, and the farthest that a word moves, in words, among
those that are left."""


def noised(sentence: str, random: Random) -> str:
    """The sentence with words left out, blanked and moved (Edunov et al. 2018, section 3.1). One word at least is kept,
    unless there is none."""
    words = sentence.split()
    kept = [word for word in words if random.random() >= DROPPED] or words[:1]
    return " ".join(moved([BLANK if random.random() < BLANKED else word for word in kept], random))


def moved(words: Sequence[str], random: Random) -> list[str]:
    """The words in an order in which none is further than REACH from its place (Lample et al. 2018, section 3.3): each
    is pushed back by less than REACH + 1, so that it changes sides with no word further away."""
    places = [place + random.uniform(0, REACH + 1) for place in range(len(words))]
    return [words[place] for place in sorted(range(len(words)), key=places.__getitem__)]
