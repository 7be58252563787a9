"""The tables of scores: every test set, every metric, with intervals, and how sure a difference is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nmt.evaluation.metrics import METRICS, TITLES, corpus_scores
from nmt.evaluation.significance import compare
from nmt.report.gather import Run

LOWER_IS_BETTER = {"ter"}


def comparable(runs: Sequence[Run]) -> bool:
    """Whether there are two runs whose translations are of the same sentences."""
    texts = [[(case.source, case.reference) for case in run.cases] for run in runs]
    return len(texts) == 2 and bool(texts[0]) and texts[0] == texts[1]


def tables(runs: Sequence[Run], *, comparable: bool) -> list[dict[str, Any]]:
    """For each test set a table: for each metric the scores of the runs that have it, their difference and the
    probability that it is chance."""
    found = [_scores(run) for run in runs]
    chances: dict[str, float | None] = {}
    if comparable:
        first, second = ([case.translation for case in run.cases] for run in runs)
        tested = compare({"first": first, "second": second}, [[case.reference for case in runs[0].cases]])["second"]
        chances = {metric: compared.p_value for metric, compared in tested.items()}
    result = []
    for test in dict.fromkeys(test for scores in found for test in scores):
        rows = []
        for metric in METRICS:
            values = [scores.get(test, {}).get(metric) for scores in found]
            if not any(values):
                continue
            p_value = chances.get(metric) if test == runs[0].test else None
            rows.append(
                {"metric": metric, "name": TITLES[metric], "values": values, **_difference(values, metric, p_value)}
            )
        sentences = next((scores[test]["sentences"] for scores in found if "sentences" in scores.get(test, {})), None)
        result.append({"test": test, "rows": rows, "sentences": sentences})
    return result


def _scores(run: Run) -> dict[str, Any]:
    """The scores that the training left, and those of the test set that was looked at if they are not among them."""
    scores = {test: values for test, values in run.scores.items() if isinstance(values, dict)}
    if run.cases and run.test not in scores:
        translations = [case.translation for case in run.cases]
        fresh = corpus_scores(translations, [[case.reference for case in run.cases]], bootstrap=True)
        scores[run.test] = {
            **{name: score._asdict() for name, score in fresh.items()},
            "sentences": len(run.cases),
        }
    return scores


def _difference(values: Sequence[Any], metric: str, p_value: float | None) -> dict[str, Any]:
    """The difference of two scores: a plus where the first is higher; whether it is better so."""
    if len(values) < 2 or not all(values):
        return {"difference": None, "better": None, "p_value": None}
    difference = values[0]["score"] - values[1]["score"]
    better = (difference < 0) == (metric in LOWER_IS_BETTER)
    return {"difference": difference, "better": better if difference else None, "p_value": p_value}
