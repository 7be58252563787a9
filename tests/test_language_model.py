"""Language models beside translation models: what they say of texts, and what their say in a search comes to."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from examples import make_model_folder

from nmt.cli import main
from nmt.compress import compress
from nmt.data.subwords import BEGIN
from nmt.errors import UserError
from nmt.scoring import Scorer
from nmt.translator import Fused, Translator

ALONE = {"model__encoder_layers": 0, "model__attention": "none", "model__bridge": "zero"}
LINES = ["The child finds the book.", "", "This animal sees our boat.", "Every house shows this picture."]
TEXTS = ["Das Kind findet das Buch.", "", "Unser Boot."]


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model that knows nothing, of the pieces of `model_folder`."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "lm", **ALONE)


def text_file(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(line + "\n" for line in lines))
    return path


def test_a_score_is_the_sum_of_the_steps(lm: Path) -> None:
    scorer = Scorer.load(lm)
    (scored,) = scorer.score([("", TEXTS[0])])
    (pieces,) = scorer.vocabulary.target.encode([TEXTS[0]])
    total = 0.0
    with torch.inference_mode():
        state = scorer.network.start(torch.tensor([[7, 8]]), torch.tensor([2]))
        for before, piece in zip([BEGIN, *pieces], pieces, strict=False):
            step, state = scorer.network.step(torch.tensor([[before]]), state)
            total += float(step[0, 0, piece])
    assert scored.log_probability == pytest.approx(total, abs=1e-3)
    assert scored.attention is None


def test_nmt_score_takes_a_text_alone(lm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = text_file(tmp_path / "a.de", TEXTS)
    assert main(["score", "--model", str(lm), "--target", str(target)]) == 0
    found = [float(line) for line in capsys.readouterr().out.splitlines()]
    expected = [one.log_probability for one in Scorer.load(lm).score([("", text) for text in TEXTS])]
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_language_model_of_no_weight_says_nothing(model_folder: Path, lm: Path) -> None:
    alone, fused = Translator.load(model_folder), Translator.load(model_folder, fused=Fused(lm, 0.0))
    how = {"beam": 4, "nbest": 3}
    for one, other in zip(alone.translate(LINES, **how), fused.translate(LINES, **how), strict=True):
        assert one.text == other.text
        assert one.score == pytest.approx(other.score, abs=1e-5)


@pytest.mark.parametrize("weight", [0.3, 2.0])
def test_what_is_found_has_both_log_probabilities(model_folder: Path, lm: Path, weight: float) -> None:
    fused, scorer = Translator.load(model_folder, fused=Fused(lm, weight)), Scorer.load(lm)
    for line in filter(None, LINES):
        found = fused.translate(line, normalization="reward", length_penalty=0.0, prune=0.0)
        pieces = list(found.parts[0].hypotheses[0].pieces)
        encoded = fused.vocabulary.source.encode([line])[0]
        (mine,), (its,) = (model._score_pairs([(encoded, pieces)], 1000, 100) for model in (fused, scorer))
        assert found.score == pytest.approx(mine.log_probability + weight * its.log_probability, abs=1e-3)


@pytest.mark.parametrize("kind", ["beside an ensemble", "compressed"])
def test_it_goes_with_several_and_with_small_models(kind: str, model_folder: Path, lm: Path, tmp_path: Path) -> None:
    others: list[Path] = []
    if kind == "compressed":
        with pytest.raises(UserError, match="--shortlist 0"):
            compress(lm, tmp_path / "small")
        compress(lm, tmp_path / "small", candidates=0)
    else:
        others = [model_folder]
    small = tmp_path / "small" if kind == "compressed" else lm
    expected = Translator.load(model_folder, fused=Fused(lm, 0.5)).translate(LINES[0], beam=1)
    found = Translator.load(model_folder, others=others, fused=Fused(small, 0.5)).translate(LINES[0], beam=1)
    assert found.score == pytest.approx(expected.score, abs=0.1)


def test_a_language_model_reranks(
    model_folder: Path, lm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, nbest, weights = text_file(tmp_path / "a.en", LINES), tmp_path / "a.nbest", tmp_path / "w.json"
    model = ["--model", str(model_folder), "--beam", "4", "--nbest", "4"]
    assert main(["translate", *model, "--input", str(source), "--output", str(nbest)]) == 0
    weights.write_text(json.dumps({"nbest": 0.0, "length": 0.0, "lm": 1.0}))
    words = ["rerank", "--nbest", str(nbest), "--source", str(source), "--weights", str(weights)]
    assert main([*words, "--scorer", f"lm={lm}", "--output", str(tmp_path / "out")]) == 0
    lists: dict[int, list[str]] = {}
    for line in nbest.read_text().splitlines():
        number, text, _ = line.split(" ||| ")
        lists.setdefault(int(number), []).append(text.strip())
    scorer = Scorer.load(lm)
    for number, chosen in enumerate((tmp_path / "out").read_text().split("\n")[:-1]):
        likely = {text: scorer.score([("", text)])[0].log_probability for text in lists[number]}
        assert likely[chosen] == pytest.approx(max(likely.values()), abs=1e-3)
    for scored, told in ((f"lm={model_folder}", "is a translation model"), (f"forward={lm}", "is a language model")):
        capsys.readouterr()
        assert main([*words, "--scorer", scored]) == 2
        assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("translate --model {lm}", "{lm} is a language model, which translates nothing"),
        ("translate --model {tm} --ensemble {lm}", "{lm} is a language model"),
        ("translate --model {tm} --lm {tm}", "{tm} is a translation model"),
        ("translate --model {tm} --lm {other}", "--subwords.of"),
        ("translate --model {tm} --lm-weight 0.5", "give --lm"),
        ("translate --model {tm} --lm {lm} --lm-weight -1", "0 or more"),
        ("evaluate --model {lm} --source {text} --reference {text}", "{lm} is a language model"),
        ("score --model {tm} --target {text}", "give --source"),
        ("score --model {lm} --source {text} --target {text}", "leave --source out"),
        ("serve --model en-de={tm} --model de-fr={tm} --lm {lm}", "--lm goes with one --model"),
    ],
)
def test_the_wrong_kind_of_model_is_named(
    words: str,
    told: str,
    model_folder: Path,
    lm: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"tm": model_folder, "lm": lm, "text": text_file(tmp_path / "a", TEXTS)}
    if "{other}" in words:
        names["other"] = make_model_folder(tmp_path / "other", subwords__vocabulary=320, **ALONE)
    assert main(words.format(**names).split()) == 2
    captured = capsys.readouterr()
    assert told.format(**names) in captured.err
    assert captured.out == ""


def test_evaluate_tells_of_it(model_folder: Path, lm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = str(text_file(tmp_path / "a", LINES))
    words = ["evaluate", "--model", str(model_folder), "--source", text, "--reference", text]
    assert main([*words, "--lm", str(lm), "--lm-weight", "0.5"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["lm"], found["lm_weight"]) == (str(lm), 0.5)
    assert math.isfinite(found["bleu"]["score"])
