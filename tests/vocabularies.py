"""Small vocabularies of a small language, and any text that they may be asked to spell."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from nmt.config import SubwordsConfig
from nmt.data.subwords import Vocabulary, train_vocabulary

ENGLISH = [" ".join(words) for words in product(["the", "a"], ["boat", "house", "child"], ["sinks", "sleeps"])]
GERMAN = [" ".join(words) for words in product(["das", "ein"], ["Boot", "Haus", "Kind"], ["sinkt", "schläft"])]
PAIRS = list(zip(ENGLISH, GERMAN, strict=True))

# SentencePiece writes a space as U+2581 and takes runs of spaces for one; all else is text.
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2581")).map(
    lambda text: " ".join(word for word in text.split(" ") if word)
)


def settings_of(**changes: object) -> SubwordsConfig:
    return SubwordsConfig.model_validate({"vocabulary": 310, "joint": True, "normalization": "identity", **changes})


def a_vocabulary(**changes: object) -> Vocabulary:
    return train_vocabulary(lambda: iter(PAIRS), settings_of(**changes))
