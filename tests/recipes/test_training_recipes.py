"""Recipes that are one training: they run on made data, and go on where they stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from corpora import json_lines
from examples import sentence_pairs

RECIPES = Path(__file__).parents[2] / "recipes"
TINY = "--subwords.vocabulary 400 --model.hidden 16 --model.embedding 16 --train.updates 4 --train.precision float32"


KEYS = {
    "low_resource": ("data.clean", True),
    "right_to_left": ("subwords.right_to_left", True),
    "language_model": ("model.encoder_layers", 0),
}
"""A setting that makes the recipe what it is."""


@pytest.mark.parametrize("name", KEYS)
def test_a_recipe_trains_scores_and_goes_on(name: str, tmp_path: Path) -> None:
    pairs = sentence_pairs(340)
    command = [sys.executable, str(RECIPES / f"{name}.py"), *TINY.split(), "--output", str(tmp_path / "run")]
    command += ["--data.source", "en", "--data.target", "de"]
    for part, some in (("train", pairs[:300]), ("valid", pairs[300:320]), ("test", pairs[320:])):
        (path,) = json_lines(tmp_path / part, some)
        command += [f"--data.{part}", path]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert first.stdout.partition('"seconds"')[0] == second.stdout.partition('"seconds"')[0]
    setting, value = KEYS[name]
    section, key = setting.split(".")
    assert json.loads((tmp_path / "run/config.json").read_text())[section][key] == value
