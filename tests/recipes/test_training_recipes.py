"""Recipes that are one training: they run on made data, and go on where they stopped."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from corpora import json_lines
from examples import make_model_folder, run_script, sentence_pairs

from nmt.cli import main

RECIPES = Path(__file__).parents[2] / "recipes"
TINY = "--subwords.vocabulary 400 --model.hidden 16 --model.embedding 16 --train.updates 4 --train.precision float32"
TINY += " --train.validate_every 4"


KEYS = {
    "low_resource": ("data.clean", True),
    "right_to_left": ("subwords.right_to_left", True),
    "language_model": ("model.encoder_layers", 0),
}
"""A setting that makes the recipe what it is."""


@pytest.mark.parametrize("name", KEYS)
def test_a_recipe_trains_scores_and_goes_on(name: str, tmp_path: Path) -> None:
    pairs = sentence_pairs(340)
    words = [*TINY.split(), "--output", str(tmp_path / "run"), "--data.source", "en", "--data.target", "de"]
    for part, some in (("train", pairs[:300]), ("valid", pairs[300:320]), ("test", pairs[320:])):
        (path,) = json_lines(tmp_path / part, some)
        words += [f"--data.{part}", path]
    first, second = (run_script(RECIPES / f"{name}.py", *words) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert first.stdout.partition('"seconds"')[0] == second.stdout.partition('"seconds"')[0]
    setting, value = KEYS[name]
    section, key = setting.split(".")
    assert json.loads((tmp_path / "run/config.json").read_text())[section][key] == value


def write(folder: Path, **sides: list[str]) -> None:
    """A folder of training, validation and test pairs, a file for each language."""
    folder.mkdir()
    for code, lines in sides.items():
        for part, some in (("train", lines[:300]), ("val", lines[300:320]), ("test2016", lines[320:])):
            (folder / f"{part}.{code}").write_text("".join(f"{line}\n" for line in some))


def started(name: str, folder: Path, *words: str) -> CompletedProcess[str]:
    """Runs a recipe on the data and into the run of a folder."""
    given = ["--data.folder", str(folder / "data"), "--output", str(folder / "run")]
    return run_script(RECIPES / f"{name}.py", *TINY.split(), *given, *words)


@pytest.mark.parametrize("name", ["distillation", "diversification", "back_translation"])
def test_a_recipe_makes_pairs_trains_and_goes_on_without_making_them_anew(name: str, tmp_path: Path) -> None:
    english, german = (list(side) for side in zip(*sentence_pairs(340), strict=True))
    write(tmp_path / "data", en=english, de=german)
    words = ["--data.source", "en", "--data.target", "de"]
    if name == "distillation":
        words += ["--synthetic.models", *(str(make_model_folder(tmp_path / model)) for model in ("a", "b"))]
    elif name == "diversification":
        back = make_model_folder(tmp_path / "back", data__source="de", data__target="en")
        words += ["--synthetic.models", str(make_model_folder(tmp_path / "there")), str(back)]
    else:
        (tmp_path / "mono.de").write_text("".join(f"{line}\n" for line in german[:20]))
        back = make_model_folder(tmp_path / "back", data__source="de", data__target="en")
        words += ["--synthetic.models", str(back), "--synthetic.text", str(tmp_path / "mono.de")]
    first, second = (started(name, tmp_path, *words) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert first.stdout.partition('"seconds"')[0] == second.stdout.partition('"seconds"')[0]
    assert "sentences are translated" in first.stderr
    assert "sentences are translated" not in second.stderr
    (mixture,) = (tmp_path / "run").rglob("mixture.toml")
    assert ("<bt>" in mixture.read_text()) == (name == "back_translation")


def test_a_model_of_several_languages_is_scored_in_each_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    english, german = (list(side) for side in zip(*sentence_pairs(340), strict=True))
    write(tmp_path / "data", en=english, de=german, xx=[line.upper() for line in english])
    first, second = (started("multilingual", tmp_path, "--data.source", "en") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert list(json.loads((tmp_path / "run/scores.json").read_text())) == ["test2016.en-de", "test2016.en-xx"]
    for tag, told in (("", True), ("<2xx>", False)):
        words = ["--model", str(tmp_path / "run"), "--input", str(tmp_path / "data/test2016.en"), "--tag", tag]
        assert main(["translate", *words]) == 0
        assert ("before each line: '<2de>' or '<2xx>'" in capsys.readouterr().err) == told
    other = started("multilingual", tmp_path, "--data.target", "en")
    assert other.returncode == 2
    assert "did not begin with these languages" in other.stderr
