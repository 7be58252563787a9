"""A language model scored on a text: how well it predicts it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nmt.scoring import Scorer


def perplexity(model: Scorer, lines: Sequence[str]) -> dict[str, Any]:
    """The loss of a language model in nats per piece, end symbols included, and e to the power of it; the same in bits
    per character, line ends included, which compares models of different pieces. Lines too long for a sentence are left
    out. Ready for JSON."""
    scored = [(line, one) for line, one in zip(lines, model.stream_scores(("", line) for line in lines), strict=True)]
    kept = [(line, one) for line, one in scored if not math.isnan(one.log_probability)]
    nats = -sum(one.log_probability for _, one in kept)
    pieces = sum(len(one.target_pieces) for _, one in kept)
    characters = sum(len(line) + 1 for line, _ in kept)
    loss = nats / pieces if pieces else math.nan
    return {
        "loss": loss,
        "perplexity": math.exp(loss),
        "bits_per_character": nats / math.log(2) / characters if characters else math.nan,
        "sentences": len(kept),
        "pieces": pieces,
    }
