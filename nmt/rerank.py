"""n-best lists put in order again by several models, with weights tuned on validation data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.base import Metric

from nmt.data.lines import Report, open_input, read_lines, reporter
from nmt.errors import UserError, choose
from nmt.evaluation.metrics import METRICS
from nmt.scoring import Scorer

Matrix = NDArray[np.float64]
STARTS = 8  # the first from the n-best score alone, the others from weights drawn at random
ROUNDS = 12
STEPS = (-3.0, -1.0, -0.3, -0.1, -0.03, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Steps that are tried for each weight, in units that give all features the same spread."""
MAXIMISED = ("bleu", "chrf")
"""Metrics that weights are tuned for."""


class Candidate(NamedTuple):
    """A translation of an n-best list, by its sentence, from 0, and the score it has there."""

    sentence: int
    text: str
    score: float


@dataclass(frozen=True)
class Lists:
    """n-best lists with the features of every translation [candidates, features], named."""

    candidates: list[Candidate]
    names: list[str]
    features: Matrix

    def best(self, weights: Mapping[str, float]) -> dict[int, str]:
        """The translation of each sentence with the highest weighted sum of features; of equals the first. Raises
        UserError when the weights are those of other features."""
        if set(weights) != set(self.names):
            raise UserError(
                f"the weights are for {', '.join(sorted(weights))}, the features are {', '.join(sorted(self.names))}: "
                "give the same --scorer options as in tuning."
            )
        chosen = _chosen(self, np.array([weights[name] for name in self.names]))
        return {self.candidates[place].sentence: self.candidates[place].text for place in chosen}


Pairs = list[tuple[str, str]]


class Kind(NamedTuple):
    """A kind of model that scores: what it is `asked` about, pairs made of those of source and translation; whether it
    is a language model."""

    asked: Callable[[Pairs], Pairs]
    language_model: bool = False


FEATURE = re.compile(r"[^\s=:]+[=:]|(?:[^\s=:]+[=:])?-?(?:\d[\d.e+-]*|inf|nan)")
"""A word of what Moses writes between a translation and its score: `LM0= -9.2 WordPenalty0= -4`."""

SCORERS = {
    "forward": Kind(lambda pairs: pairs),
    "reverse": Kind(lambda pairs: [(target, source) for source, target in pairs]),
    "lm": Kind(lambda pairs: [("", target) for _, target in pairs], language_model=True),
}


def _number(value: str | float) -> float:
    """A score or weight that others can be compared with. Raises ValueError for one that is none."""
    if not math.isfinite(number := float(value)):
        raise ValueError(f"{value} is no number")
    return number


def read_nbest(path: Path) -> list[Candidate]:
    """n-best lists in Moses' form: number ||| translation ||| ... ||| score. Raises UserError for other lines."""
    found = []
    with open_input(path) as raw_lines:
        for number, line in enumerate(read_lines(raw_lines, reporter(str(path))), 1):
            try:
                first, text, *more, score = line.split(" ||| ")
                if more and all(map(FEATURE.fullmatch, more[-1].split())):
                    more.pop()
                # A translation may have bars, too.
                found.append(Candidate(int(first), " ||| ".join([text, *more]).strip(), _number(score)))
            except ValueError:
                raise UserError(
                    f"{path} line {number} is no line of an n-best list: `nmt translate --nbest N` writes "
                    "sentence ||| translation ||| score."
                ) from None
    return found


def with_features(
    candidates: list[Candidate], sources: Sequence[str], scorers: Sequence[tuple[str, Scorer]], report: Report
) -> Lists:
    """The lists with their features: the n-best score; the number of white-space tokens; the log-probability by each
    scorer, a kind of `SCORERS` and its model. A pair that is too long to score has the lowest of that scorer. Raises
    UserError when the lists are not of these sources."""
    if wrong := [one.sentence for one in candidates if not 0 <= one.sentence < len(sources)]:
        raise UserError(
            f"the n-best list has a sentence {wrong[0]}, counted from 0, and the source {len(sources):,} lines: give "
            "the source that the list is of."
        )
    there = {one.sentence for one in candidates}
    if lost := [number for number, source in enumerate(sources) if source.strip() and number not in there]:
        raise UserError(
            f"the n-best list has no translation of sentence {lost[0]}, line {lost[0] + 1:,} of the source: they must "
            "belong together."
        )
    if not candidates:
        raise UserError("the n-best list is empty: `nmt translate --nbest N` writes one.")
    columns = {
        "nbest": [one.score for one in candidates],
        "length": [float(len(one.text.split())) for one in candidates],
    }
    pairs = [(sources[one.sentence], one.text) for one in candidates]
    for kind, scorer in scorers:
        asked = SCORERS[kind].asked(pairs)
        scores = np.array([one.log_probability for one in scorer.stream_scores(asked, report=report)])
        lowest = float(np.nanmin(scores)) if np.isfinite(scores).any() else 0.0
        number = sum(name.split(".")[0] == kind for name in columns)
        columns[f"{kind}.{number + 1}" if number else kind] = np.nan_to_num(scores, nan=lowest).tolist()
    return Lists(candidates, list(columns), np.array(list(columns.values())).T.reshape(len(candidates), len(columns)))


def tune(
    lists: Lists, references: Sequence[str], metric: str = "bleu", seed: int = 1
) -> tuple[dict[str, float], float, float]:
    """The weights for which the best translations score highest against the references; the score by the n-best score
    alone, and by the weights.

    Coordinate search: from each of several starts, each weight in turn is changed by each of `STEPS` and the best
    change is kept, until none helps (after Och 2003, with steps in place of the exact line search)."""
    check_metric(metric)
    measure = _Measure(METRICS[metric]("13a", False), lists, references)
    spread = lists.features.std(axis=0)
    unit = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    random = np.random.default_rng(seed)
    plain = np.zeros(len(lists.names))
    plain[lists.names.index("nbest")] = 1.0
    starts = [plain, *random.normal(size=(STARTS - 1, len(plain)))]
    found = [_climb(start, lambda weights: measure(weights * unit)) for start in starts]
    weights, score = max(found, key=lambda one: one[1])
    return dict(zip(lists.names, (weights * unit).tolist(), strict=True)), measure(plain), score


def check_metric(name: str) -> None:
    """Raises UserError for a metric that no weights are tuned for."""
    choose(dict.fromkeys(MAXIMISED), name, "--metric")


def _climb(weights: Matrix, measure: Callable[[Matrix], float]) -> tuple[Matrix, float]:
    best = measure(weights)
    for _ in range(ROUNDS):
        before = best
        for place in range(len(weights)):
            changes = [weights + step * np.eye(len(weights))[place] for step in STEPS]
            scores = [measure(change) for change in changes]
            if max(scores) > best:
                best, weights = max(scores), changes[int(np.argmax(scores))]
        if best <= before:
            break
    return weights, best


class _Measure:
    """The corpus score of the translations that some weights choose, from the counts of each candidate."""

    def __init__(self, metric: Metric, lists: Lists, references: Sequence[str]) -> None:
        if {one.sentence for one in lists.candidates} - set(range(len(references))):
            raise UserError(
                f"there are {len(references):,} references, and sentences beyond: give one for each source."
            )
        self.metric, self.lists = metric, lists
        texts = [one.text for one in lists.candidates]
        own = [references[one.sentence] for one in lists.candidates]
        self.counts = np.array(metric._extract_corpus_statistics(texts, [own]))

    def __call__(self, weights: Matrix) -> float:
        total = self.counts[_chosen(self.lists, weights)].sum(axis=0)
        return float(self.metric._compute_score_from_stats(total.tolist()).score)


def _chosen(lists: Lists, weights: Matrix) -> list[int]:
    """The place of the best candidate of each sentence."""
    values = (lists.features @ weights).tolist()
    best: dict[int, int] = {}
    for place, candidate in enumerate(lists.candidates):
        kept = best.setdefault(candidate.sentence, place)
        if values[place] > values[kept]:
            best[candidate.sentence] = place
    return list(best.values())


def read_weights(path: Path) -> dict[str, float]:
    """Weights that `--tune` has written. Raises UserError when the file is none such."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): _number(value) for name, value in found.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{path} has no weights ({error}): write it with --tune.") from None
