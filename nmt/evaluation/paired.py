"""Whether two systems differ by more than chance: sacreBLEU's paired test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sacrebleu.metrics.base import Metric
from sacrebleu.significance import PairedTest

from nmt.evaluation.metrics import METRICS, SAMPLES


def paired_p_values(first: Sequence[str], second: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """For each metric the probability that chance alone makes two systems differ as much as they do, by paired
    bootstrap resampling (Koehn 2004)."""
    metrics: dict[str, Metric] = {name: make("13a", False) for name, make in METRICS.items()}
    systems: list[tuple[str, Sequence[str]]] = [("first", list(first)), ("second", list(second))]
    test = PairedTest(systems, metrics, [list(references)], test_type="bs", n_samples=SAMPLES)
    _, results = test()
    tested: list[Any] = [result for _, result in list(results.values())[1:]]  # after the names of the systems
    return {name: float(result.p_value) for name, result in zip(metrics, tested, strict=True)}
