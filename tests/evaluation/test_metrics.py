"""Scores: sacreBLEU's own, with their signatures."""

from __future__ import annotations

import pytest
import sacrebleu

from nmt.errors import UserError
from nmt.evaluation.metrics import METRICS, corpus_scores, repetition_count

REFERENCES = ["Das Kind liest ein Buch im Garten .", "Wir sehen heute einen Hund .", "Sie malt das alte Haus ."]
HYPOTHESES = ["Das Kind liest ein Buch im Park .", "Wir sehen einen Hund heute .", "Sie malt das alte haus ."]


def test_scores_are_those_of_sacrebleu() -> None:
    scores = corpus_scores(HYPOTHESES, [REFERENCES])
    assert scores["bleu"].score == pytest.approx(sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score)
    assert scores["chrf"].score == pytest.approx(sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score)
    assert scores["chrf++"].score == pytest.approx(sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES], word_order=2).score)
    assert scores["ter"].score == pytest.approx(sacrebleu.corpus_ter(HYPOTHESES, [REFERENCES]).score)


def test_the_references_themselves_score_best() -> None:
    scores = corpus_scores(REFERENCES, [REFERENCES])
    assert scores["bleu"].score == pytest.approx(100)
    assert scores["chrf"].score == pytest.approx(100)
    assert scores["ter"].score == 0


@pytest.mark.parametrize("name", METRICS)
def test_a_signature_says_how_the_score_was_computed(name: str) -> None:
    score = corpus_scores(HYPOTHESES, [REFERENCES], bootstrap=True)[name]
    assert f"version:{sacrebleu.__version__}" in score.signature
    assert "bs:1000|seed:12345" in score.signature


@pytest.mark.parametrize("name", METRICS)
def test_an_interval_is_the_same_each_time_and_holds_the_score(name: str) -> None:
    first, second = (corpus_scores(HYPOTHESES, [REFERENCES], bootstrap=True)[name] for _ in range(2))
    assert first == second
    assert first.interval is not None
    assert first.interval[0] <= first.score <= first.interval[1]


def test_a_small_corpus_with_blank_references_has_an_interval() -> None:
    scores = corpus_scores(["x y", "", "a b c d"], [["u v", "", "a b c e"]], bootstrap=True)
    assert all(score.interval is not None for score in scores.values())


def test_without_bootstrap_there_is_no_interval() -> None:
    assert all(score.interval is None for score in corpus_scores(HYPOTHESES, [REFERENCES]).values())


def test_lowercase_and_tokenizer_reach_bleu_and_its_signature() -> None:
    score = corpus_scores(HYPOTHESES, [REFERENCES], lowercase=True, tokenize="intl")["bleu"]
    assert "case:lc" in score.signature
    assert "tok:intl" in score.signature
    assert score.score > corpus_scores(HYPOTHESES, [REFERENCES])["bleu"].score


def test_only_the_metrics_that_are_asked_for_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "ter", lambda tokenize, lowercase: pytest.fail("computed"))
    assert list(corpus_scores(HYPOTHESES, [REFERENCES], metrics=["chrf", "bleu"])) == ["chrf", "bleu"]
    with pytest.raises(UserError, match="the metric 'blue' is unknown"):
        corpus_scores(HYPOTHESES, [REFERENCES], metrics=["blue"])


def test_an_unknown_tokenizer_names_the_nearest() -> None:
    with pytest.raises(UserError, match="Did you mean '13a'"):
        corpus_scores(HYPOTHESES, [REFERENCES], tokenize="13")


def test_references_must_be_parallel() -> None:
    with pytest.raises(UserError, match="3 translations, 2 references"):
        corpus_scores(HYPOTHESES, [REFERENCES[:2]])


def test_nothing_has_no_score() -> None:
    with pytest.raises(UserError, match="nothing to score"):
        corpus_scores([], [[]])


def test_blank_lines_are_scored_like_others() -> None:
    assert corpus_scores(["", *HYPOTHESES], [["", *REFERENCES]])["bleu"].score > 0


def test_a_repetition_is_a_word_pair_twice_in_one_sentence() -> None:
    repeating = "vor dem Zaun auf einem Zaun vor dem Haus"
    assert repetition_count([repeating, "a b a c b", "a a", "a a a", "", "ein Haus", "ein Haus"]) == 2
