"""A translator scored on pairs: sacreBLEU's scores with their signatures, and its speed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from nmt.config import SearchConfig
from nmt.errors import UserError
from nmt.evaluation.metrics import check_tokenizer, corpus_scores, repetition_count
from nmt.translator import Translator


def evaluate(
    translator: Translator,
    sources: Sequence[str],
    references: Sequence[str],
    search: SearchConfig | None = None,
    *,
    tokenize: str = "13a",
    lowercase: bool = False,
    bootstrap: bool = True,
) -> dict[str, Any]:
    """Scores of the translations of `sources`, ready for JSON, and the translations under "translations".

    Raises UserError, before anything is translated, when there are not as many references as sources, or when the
    tokenizer is unknown or cannot be had.
    """
    check_tokenizer(tokenize)
    if len(sources) != len(references):
        raise UserError(f"{len(sources):,} source lines, {len(references):,} reference lines: they must be parallel.")
    if not sources:
        raise UserError("there is nothing to evaluate: the source is empty.")
    started = time.monotonic()
    translations = [translation.text for translation in translator.translate(list(sources), search)]
    seconds = time.monotonic() - started
    scores = corpus_scores(
        translations, [list(references)], tokenize=tokenize, lowercase=lowercase, bootstrap=bootstrap
    )
    return {
        **{name: score._asdict() for name, score in scores.items()},
        "sentences": len(sources),
        "seconds": round(seconds, 3),
        "sentences_per_second": round(len(sources) / seconds, 1),
        "repetitions": repetition_count(translations),
        "beam": (search or translator.config.search).beam,
        "translations": translations,
    }
