"""Reranking: weights choose what they say, tuning finds those that bring the right translations to the top."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest

import nmt
from nmt.cli import main
from nmt.errors import UserError
from nmt.rerank import MAXIMISED, SCORERS, Candidate, Lists, read_nbest, read_weights, tune, with_features

RIGHT = [f"das Kind {n} sieht ein Haus und ein Boot {n % 3}" for n in range(30)]


def lists(seed: int = 1) -> Lists:
    """The right translation among wrong ones; a feature knows it, less surely, and the n-best score does not."""
    chosen = random.Random(seed)
    candidates, rows = [], []
    for number, right in enumerate(RIGHT):
        for text in chosen.sample([right, right[::-1], "und " * 5, "ein Boot"], 4):
            score = -chosen.random()
            candidates.append(Candidate(number, text, score))
            rows.append([score, float(len(text.split())), -(text != right) + 0.2 * chosen.random()])
    return Lists(candidates, ["nbest", "length", "reverse"], np.array(rows))


@pytest.mark.parametrize("metric", MAXIMISED)
def test_tuning_finds_the_feature_that_knows(metric: str) -> None:
    some = lists()
    weights, before, after = tune(some, RIGHT, metric)
    assert before < 60 < 99 < after
    assert [some.best(weights)[number] for number in range(len(RIGHT))] == RIGHT
    other = lists(seed=2)
    found = other.best(weights)
    assert sum(found[number] == right for number, right in enumerate(RIGHT)) > 25


def test_tuning_is_the_same_every_time() -> None:
    assert tune(lists(), RIGHT) == tune(lists(), RIGHT)


def test_the_nbest_score_alone_keeps_the_order() -> None:
    some = lists()
    found = some.best({"nbest": 1.0, "length": 0.0, "reverse": 0.0})
    for number, text in found.items():
        assert text == max((one for one in some.candidates if one.sentence == number), key=lambda one: one.score).text


def test_weights_of_other_features_are_refused() -> None:
    with pytest.raises(UserError, match="--scorer"):
        lists().best({"nbest": 1.0})


@pytest.mark.parametrize(
    "line", ["one line", "x ||| y ||| 0.3", "0 ||| y ||| z", "0 ||| y ||| nan", "0 ||| y ||| -inf", "0"]
)
def test_a_line_that_is_no_nbest_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "n").write_text(f"0 ||| a ||| -1\n{line}\n")
    with pytest.raises(UserError, match="line 2"):
        read_nbest(tmp_path / "n")


@pytest.mark.parametrize(
    ("between", "text"),
    [
        ("a b", "a b"),
        ("a ||| b", "a ||| b"),
        ("a b ||| LM0= -9.2 WordPenalty0= -4", "a b"),
        ("a ||| b ||| d: 0 lm: -5.1", "a ||| b"),
        ("a b ||| LM0= -inf WordPenalty0= -4e-05", "a b"),
        ("a b ||| LM0=-9.2", "a b"),
        ("a b ||| ", "a b"),
        ("Aufgabe ||| Zeit: 5 Uhr", "Aufgabe ||| Zeit: 5 Uhr"),
        ("", ""),
    ],
)
def test_a_translation_may_have_bars_and_features_of_moses_are_no_part_of_it(
    between: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / "n").write_text(f"3 ||| {between} ||| -1.5\n")
    assert read_nbest(tmp_path / "n") == [Candidate(3, text, -1.5)]


def test_a_weight_that_is_no_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w").write_text('{"nbest": NaN}')
    with pytest.raises(UserError, match="nan is no number"):
        read_weights(tmp_path / "w")


@pytest.mark.parametrize("kind", SCORERS)
def test_a_scorer_asks_the_model_about_its_own_direction(kind: str, model_folder: Path) -> None:
    translator = nmt.load(model_folder)  # as good as a language model to see what it is asked
    candidates = [Candidate(0, "Das Kind.", -1.0), Candidate(1, "", -2.0), Candidate(0, "Das Boot " * 3, -3.0)]
    sources = ["The child.", ""]
    found = with_features(candidates, sources, [(kind, translator), (kind, translator)], lambda number, problem: None)
    assert found.names == ["nbest", "length", kind, f"{kind}.2"]
    pairs = SCORERS[kind].asked([(sources[one.sentence], one.text) for one in candidates])
    expected = [one.log_probability for one in translator.score(pairs)]
    assert found.features[:, 2] == pytest.approx(expected, abs=1e-3)
    assert pairs[0][0] == {"forward": "The child.", "reverse": "Das Kind.", "lm": ""}[kind]


def test_what_nmt_translate_writes_is_tuned_and_reranked(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, nbest, weights, output = (tmp_path / name for name in ("a.en", "a.nbest", "w.json", "out"))
    source.write_text("The child sees the book.\n\nOur boat.\n")
    (tmp_path / "a.de").write_text("Das Kind sieht das Buch.\n\nUnser Boot.\n")
    model = ["--model", str(model_folder), "--beam", "3", "--nbest", "3"]
    assert main(["translate", *model, "--input", str(source), "--output", str(nbest)]) == 0
    files = ["rerank", "--nbest", str(nbest), "--source", str(source), "--weights", str(weights)]
    files += ["--scorer", f"reverse={model_folder}"]
    assert main([*files, "--tune", "--reference", str(tmp_path / "a.de"), "--output", str(output)]) == 0
    assert all(math.isfinite(weight) for weight in json.loads(weights.read_text()).values())
    tuned = output.read_bytes()
    assert tuned.count(b"\n") == 3
    capsys.readouterr()
    assert main([*files, "--output", str(output)]) == 0
    assert output.read_bytes() == tuned
    assert main([*files, "--tune"]) == 2
    assert "give --reference" in capsys.readouterr().err
    tuning = [*files, "--tune", "--reference", str(tmp_path / "a.de")]
    for more, told in (
        (["--metric", "ter"], "--metric"),
        (["--weights", str(tmp_path / "no" / "w.json")], "no folder"),
        (["--weights", str(tmp_path)], "is a folder"),
        (["--reference", str(nbest)], "parallel"),
    ):
        assert main([*tuning, *more]) == 2
        assert told in capsys.readouterr().err
    assert main([*files, "--metric", "chrf"]) == 2
    assert "--metric is for --tune" in capsys.readouterr().err
    nbest.write_text("0 ||| Das Kind. ||| -1\n")
    assert main(files) == 2
    assert "no translation of sentence 2, line 3 of the source" in capsys.readouterr().err
    nbest.write_text("")
    source.write_text("\n")
    assert main(files) == 2
    assert "the n-best list is empty" in capsys.readouterr().err
    nbest.write_text("0 ||| Das Kind. ||| -1\n")
    assert main([*files, "--scorer", f"backward={model_folder}"]) == 2
    assert "Known: forward, reverse, lm" in capsys.readouterr().err
