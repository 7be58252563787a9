"""Systems side by side on a test set: models of ours, or translations made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from nmt.errors import UserError, choose
from nmt.evaluation.metrics import METRICS, SAMPLES, Score, check_seed, check_tokenizer, corpus_scores, repetition_count
from nmt.evaluation.significance import TESTS, compare


@dataclass(frozen=True)
class TestSet:
    """Sentences and their right translations: one or more sets of references, each parallel to the sources, which may
    be left out where nothing is to be translated."""

    __test__: ClassVar = False  # pytest takes every class of such a name for a test

    name: str
    sources: list[str]
    references: list[list[str]]


@dataclass(frozen=True)
class Output:
    """The translations of a test set that a system made, and what else is known of how it did: its speed, say."""

    system: str
    lines: list[str]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scoring:
    """How translations are scored: by which metrics, the tokenizer of BLEU, whether case is ignored; the paired test
    against the first system, "none" for none, and its number of resamples or trials, None for the usual."""

    metrics: tuple[str, ...] = tuple(METRICS)
    tokenize: str = "13a"
    lowercase: bool = False
    paired: str = "bs"
    trials: int | None = None

    def check(self) -> None:
        """Raises UserError for what cannot be had: worth calling before hours of translating."""
        for name in self.metrics:
            choose(METRICS, name, "--metrics")
        if len(set(self.metrics)) < len(self.metrics):
            raise UserError(f"--metrics has a metric twice: {' '.join(self.metrics)}.")
        choose({**TESTS, "none": None}, self.paired, "--paired")
        check_tokenizer(self.tokenize)
        check_seed()


def score_outputs(test: TestSet, outputs: Sequence[Output], scoring: Scoring) -> list[dict[str, Any]]:
    """A result for each system, ready for JSON: the score by every metric with its signature and interval and, beside
    the first of several, "difference" and "p_value" against that, the "baseline"; its sentences and facts.

    Raises UserError where translations and references are not parallel, or cannot be scored."""
    how: dict[str, Any] = {
        "metrics": scoring.metrics,
        "tokenize": scoring.tokenize,
        "lowercase": scoring.lowercase,
    }
    scores: dict[str, dict[str, dict[str, Any]]]
    paired = scoring.paired != "none" and len(outputs) > 1
    if paired:
        texts = {output.system: output.lines for output in outputs}
        found = compare(texts, test.references, test=scoring.paired, trials=scoring.trials, **how)
        scores = {
            system: {name: _entry(*compared) for name, compared in by_metric.items()}
            for system, by_metric in found.items()
        }
    else:
        samples = scoring.trials if scoring.trials and scoring.paired == "bs" else SAMPLES
        scores = {
            output.system: {
                name: score._asdict()
                for name, score in corpus_scores(
                    output.lines, test.references, bootstrap=True, samples=samples, **how
                ).items()
            }
            for output in outputs
        }
    return [
        {
            "test": test.name,
            "system": output.system,
            **({"baseline": outputs[0].system, "paired": scoring.paired} if paired else {}),
            **scores[output.system],
            "sentences": len(output.lines),
            **output.facts,
            "repetitions": repetition_count(output.lines),
        }
        for output in outputs
    ]


def _entry(score: Score, difference: float | None, p_value: float | None) -> dict[str, Any]:
    compared = {} if p_value is None else {"difference": difference, "p_value": p_value}
    return {**score._asdict(), **compared}
