"""A translator scored on a test set: sacreBLEU's scores with their signatures, its speed and its memory."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

from nmt.config import SearchConfig
from nmt.data.lines import Report
from nmt.errors import UserError
from nmt.evaluation.systems import Output, Scoring, TestSet, score_outputs
from nmt.memory import forget_peak, peak
from nmt.translator import Request, Translator


def evaluate(
    translator: Translator, sources: Sequence[str], references: Sequence[str], search: SearchConfig | None = None
) -> dict[str, Any]:
    """Scores of the translations of `sources`, ready for JSON, and the translations under "translations".

    Raises UserError, before anything is translated, when there are not as many references as sources.
    """
    if len(sources) != len(references):
        raise UserError(f"{len(sources):,} source lines, {len(references):,} reference lines: they must be parallel.")
    test = TestSet("", list(sources), [list(references)])
    output = translated("", translator, test, search)
    (result,) = score_outputs(test, [output], Scoring())
    known = {key: value for key, value in result.items() if key not in ("test", "system")}
    return {**known, "translations": output.lines}


def translated(
    system: str,
    translator: Translator,
    test: TestSet,
    search: SearchConfig | None = None,
    report: Report = lambda number, problem: None,
    done: Callable[[], object] = lambda: None,
    tag: str = "",
) -> Output:
    """What a translator makes of a test set, `tag` before each source. Its facts: seconds, without those of loading the
    model; the most memory that the process had meanwhile, the model's own among it; the beam. `done` is called after
    each line.

    Raises UserError when there is nothing to translate."""
    if not test.sources:
        raise UserError("there is nothing to evaluate: the source is empty.")
    forget_peak()
    started = time.monotonic()
    lines = []
    requests = itertools.repeat(Request(tag=tag))
    for translation in translator.stream(test.sources, search, report, requests=requests):
        lines.append(translation.text)
        done()
    seconds = time.monotonic() - started
    facts = {
        "seconds": round(seconds, 3),
        "sentences_per_second": round(len(lines) / seconds, 1),
        "peak_memory_mb": round(peak()),
        "beam": (search or translator.config.search).beam,
    }
    return Output(system, lines, facts)
