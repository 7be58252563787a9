"""Whether systems differ by more than chance: sacreBLEU's paired tests of each against the first, the baseline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast

from sacrebleu.significance import PairedTest, Result

from nmt.errors import UserError, choose
from nmt.evaluation.metrics import (
    METRICS,
    SAMPLES,
    Score,
    around,
    check_parallel,
    check_seed,
    check_tokenizer,
    make_metrics,
)

TESTS = {
    "bs": ("paired bootstrap resampling", SAMPLES),  # Koehn 2004
    "ar": ("paired approximate randomisation", 10_000),  # Riezler and Maxwell 2005
}
"""What the tests are called, and how many resamples or trials they make unless told otherwise."""

LEVEL = 0.05
"""A difference with a smaller p-value is called significant."""


class Compared(NamedTuple):
    """A score; the difference from the baseline's, signed; and the probability that chance alone makes one as large.
    The baseline has neither."""

    score: Score
    difference: float | None = None
    p_value: float | None = None


def compare(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    *,
    test: str = "bs",
    trials: int | None = None,
    metrics: Collection[str] = tuple(METRICS),
    tokenize: str = "13a",
    lowercase: bool = False,
) -> dict[str, dict[str, Compared]]:
    """For every system, by name, its translations compared with those of the first, by every metric.

    What sacreBLEU's command line does with --paired-bs or --paired-ar, with the seed of SACREBLEU_SEED; and intervals
    for both tests. The signature of a score tells of the test too. Raises UserError for an unknown test or metric, for
    fewer than two systems and where they and the references are not parallel.
    """
    default = choose(TESTS, test, "the paired test")[1]
    if len(systems) < 2:
        raise UserError("a paired test needs two systems or more.")
    check_tokenizer(tokenize)
    check_seed()
    for hypotheses in systems.values():
        check_parallel(hypotheses, references)
    paired = PairedTest(
        [(name, list(hypotheses)) for name, hypotheses in systems.items()],
        make_metrics(metrics, tokenize, lowercase),
        [list(reference) for reference in references],
        test_type=test,
        n_samples=trials or default,
        n_ar_confidence=SAMPLES if test == "ar" else -1,  # the bootstrap has the intervals anyhow
    )
    signatures, found = paired()
    compared: dict[str, dict[str, Compared]] = {name: {} for name in systems}
    # sacreBLEU has names of its own for the metrics, and keeps their order.
    for name, (its_name, signature) in zip(metrics, signatures.items(), strict=True):
        results = cast(list[Result], found[its_name])
        for system, result in zip(systems, results, strict=True):
            compared[system][name] = _compared(result, results[0], str(signature))
    return compared


def _compared(result: Result, baseline: Result, signature: str) -> Compared:
    interval = around(*cast(tuple[float, float], (result.mean, result.ci)))  # both tests are asked for intervals
    score = Score(float(result.score), signature, interval)
    if result.p_value is None:  # that of the baseline
        return Compared(score)
    return Compared(score, score.score - float(baseline.score), float(result.p_value))
