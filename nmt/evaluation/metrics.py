"""Scores of translations: sacreBLEU's metrics, each with the signature that says how it was computed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.base import Score as SampleScore
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER
from sacrebleu.significance import _bootstrap_resample

from nmt.errors import UserError, choose, unknown

SAMPLES = 1000
"""Bootstrap samples behind an interval. sacreBLEU draws them from a fixed seed, which is in the signature."""


class Score(NamedTuple):
    """A corpus score from 0 to 100 (TER may be higher, and lower is better), its sacreBLEU signature, and its 95 %
    bootstrap interval (lowest, highest) where one was asked for (Koehn 2004)."""

    score: float
    signature: str
    interval: tuple[float, float] | None = None


METRICS: dict[str, Callable[[str, bool], Metric]] = {
    "bleu": lambda tokenize, lowercase: BLEU(tokenize=tokenize, lowercase=lowercase),
    "chrf": lambda tokenize, lowercase: CHRF(lowercase=lowercase),
    "chrf++": lambda tokenize, lowercase: CHRF(word_order=2, lowercase=lowercase),
    "ter": lambda tokenize, lowercase: TER(),  # takes no notice of case, as its authors defined it
}
"""From the tokenizer of BLEU and whether case is ignored to a metric."""

TITLES = {"bleu": "BLEU", "chrf": "chrF", "chrf++": "chrF++", "ter": "TER"}
"""What the metrics are called where people read."""


def corpus_scores(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    metrics: Collection[str] = tuple(METRICS),
    tokenize: str = "13a",
    lowercase: bool = False,
    bootstrap: bool = False,
    samples: int = SAMPLES,
) -> dict[str, Score]:
    """The score by each of `metrics`. `references`: one or more sets of them, each parallel to `hypotheses`; samples:
    resamples for the intervals, which are there with `bootstrap`.

    Raises UserError when a set is not parallel, when there is nothing to score, or when a metric or the tokenizer
    cannot be had.
    """
    check_tokenizer(tokenize)
    check_seed()
    check_parallel(hypotheses, references)
    scores = {}
    for name, metric in make_metrics(metrics, tokenize, lowercase).items():
        result = metric.corpus_score(hypotheses, references, n_bootstrap=samples if bootstrap else 1)
        interval = around(result._mean, result._ci) if bootstrap else None
        scores[name] = Score(float(result.score), str(metric.get_signature()), interval)
    return scores


def make_metrics(names: Collection[str], tokenize: str, lowercase: bool) -> dict[str, Metric]:
    """sacreBLEU's metrics by their names here. Raises UserError for a name that is none."""
    return {name: _plain(choose(METRICS, name, "the metric")(tokenize, lowercase)) for name in names}


def around(mean: float, half: float) -> tuple[float, float]:
    """The interval that reaches so far to both sides of the samples' mean, as sacreBLEU gives it."""
    return float(mean - half), float(mean + half)


def check_parallel(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Raises UserError when a set of references has other lines than the translations, or when there are none."""
    for reference in references:
        if len(reference) != len(hypotheses):
            raise UserError(f"{len(hypotheses):,} translations, {len(reference):,} references: they must be parallel.")
    if not hypotheses or not references:
        raise UserError(f"there is nothing to score: no {'reference' if hypotheses else 'translation'} was given.")


def check_seed() -> None:
    """Raises UserError when the environment has a seed for sacreBLEU that it cannot use."""
    seed = os.environ.get("SACREBLEU_SEED", "12345")
    if seed.lower() != "none" and not (seed.isascii() and seed.isdigit()):
        raise UserError(f"the environment variable SACREBLEU_SEED is {seed!r}: make it a whole number, or none.")


class Counted:
    """Translations of which BLEU's counts were taken once, to score many parts of them."""

    def __init__(self, hypotheses: Sequence[str], references: Sequence[str]) -> None:
        self._metric = _plain(METRICS["bleu"]("13a", False))
        self._counts = np.array(self._metric._extract_corpus_statistics(hypotheses, [references]))
        self._signature = str(self._metric.get_signature())

    def bleu(self, rows: Sequence[int], samples: int = 0) -> Score:
        """The corpus BLEU of some rows, at least one, with its interval from so many bootstrap `samples`."""
        counts = self._counts[list(rows)].tolist()
        result = self._metric._aggregate_and_compute(counts)
        if not samples:
            return Score(float(result.score), self._signature)
        result.estimate_ci(_bootstrap_resample(counts, self._metric, samples)[1])
        return Score(
            float(result.score),
            self._signature,
            (float(result._mean - result._ci), float(result._mean + result._ci)),
        )


SENTENCE_METRICS: dict[str, Callable[[], Metric]] = {"chrf": CHRF, "bleu": lambda: BLEU(effective_order=True)}
"""Of single sentences. BLEU smoothed as sacreBLEU does (Chen and Cherry 2014, method 3), over the orders there are."""


def sentence_chrf(hypotheses: Sequence[str], references: Sequence[str]) -> list[float]:
    """The chrF of each sentence, from 0 to 100 (Popović 2015): of single sentences it tells more than BLEU."""
    return sentence_scores("chrf", hypotheses, references)


def sentence_scores(name: str, hypotheses: Sequence[str], references: Sequence[str]) -> list[float]:
    """The score of each sentence, from 0 to 100, by an entry of `SENTENCE_METRICS`."""
    metric = SENTENCE_METRICS[name]()
    pairs = zip(hypotheses, references, strict=True)
    return [float(metric.sentence_score(hypothesis, [reference]).score) for hypothesis, reference in pairs]


def check_tokenizer(tokenize: str) -> None:
    """Raises UserError when sacreBLEU has no such tokenizer, or when it cannot be had here: some need other packages,
    or a download."""
    if tokenize not in BLEU.TOKENIZERS:
        raise unknown("the tokenizer", tokenize, BLEU.TOKENIZERS)
    try:
        METRICS["bleu"](tokenize, False)
    except (ImportError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"sacreBLEU's tokenizer {tokenize!r} is not installed ({reason}).") from None


def repetition_count(hypotheses: Sequence[str]) -> int:
    """The number of sentences in which some pair of neighbouring words occurs twice: what a weak decoder does."""
    return sum(1 for hypothesis in hypotheses if _repeats(hypothesis.split()))


def _plain(metric: Metric) -> Metric:
    """The metric with Python's numbers as scores: among its samples sacreBLEU 2.6 has numpy's too, where a sample is
    empty or scores nothing, and then cannot take their mean."""
    compute = metric._compute_score_from_stats

    def compute_plain(statistics: list[int]) -> SampleScore:
        score: SampleScore = compute(statistics)
        score.score = float(score.score)
        return score

    metric._compute_score_from_stats = compute_plain  # type: ignore[method-assign, assignment]
    return metric


def _repeats(words: list[str]) -> bool:
    pairs = list(pairwise(words))
    return len(set(pairs)) < len(pairs)
