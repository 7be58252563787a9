"""The comparison of architectures: all are networks of this house, equally large; what is finished stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from architectures import ARCHITECTURES
from examples import make_model_folder, run_script

from nmt.config import Config
from nmt.errors import UserError
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.training.comparison import COLUMNS, PIECES, sized, table, train

RECIPE = Path(__file__).parents[2] / "recipes" / "architectures.py"
PARAMETERS = 4_400_000


def a_finished_run(folder: Path) -> Path:
    """A model folder with what a training leaves in it."""
    make_model_folder(folder)
    records = [
        {"kind": "train", "update": 10, "tokens_per_second": 900.0, "epoch": 0},
        {"kind": "train", "update": 20, "tokens_per_second": 1100.0, "epoch": 2},
        {"kind": "valid", "update": 20, "bleu": 31.5},
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "scores.json").write_text(json.dumps({"test": {"bleu": {"score": 32.25}}}))
    return folder


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_a_configuration_as_large_as_the_others(name: str) -> None:
    settings = sized(ARCHITECTURES[name], PARAMETERS)
    network = Seq2Seq(Config().replace(settings).model, PIECES, PIECES, joint=False)
    assert 1 <= parameter_count(network) / PARAMETERS < 1.15
    features, _ = network(torch.tensor([[5, 6, 3]]), torch.tensor([3]), torch.tensor([[2, 7]]))
    assert features.isfinite().all()


def test_what_cannot_be_so_small_is_told() -> None:
    with pytest.raises(UserError, match="raise --parameters"):
        sized(ARCHITECTURES["house-ssru"], 2_500_000)


def test_a_finished_run_is_repeated_for_other_settings_alone(tmp_path: Path) -> None:
    recipe, done = tmp_path / "recipe.py", a_finished_run(tmp_path / "house")
    recipe.write_text("import sys; print(sys.argv[3:])")
    assert train(recipe, {"model.cell": "lstm"}, ["--train.minutes", "2"], done) == done
    assert "['--model.cell', 'lstm', '--train.minutes', '2']" in (tmp_path / "house.log").read_text()
    recipe.unlink()
    assert train(recipe, {"model.cell": "lstm"}, ["--train.minutes", "2"], done) == done
    with pytest.raises(UserError, match=r"house\.log says why"):
        train(recipe, {"model.cell": "lstm"}, ["--train.minutes", "3"], done)


def test_a_finished_run_has_its_row(tmp_path: Path) -> None:
    done = a_finished_run(tmp_path / "house")
    header, _, row = table({"house": done}, "architecture").splitlines()
    assert header == f"| architecture | {COLUMNS} |"
    assert row.startswith("| house |")
    assert row.endswith("| 1,000 | 2 | 31.5 | 32.2 |")


def test_a_run_that_has_lost_its_log_is_told(tmp_path: Path) -> None:
    done = a_finished_run(tmp_path / "house")
    (done / "log.jsonl").unlink()
    with pytest.raises(UserError, match=r"no log\.jsonl"):
        table({"house": done}, "architecture")


def test_a_training_that_fails_says_where_the_reason_is(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gnmt\.log says why"):
        train(tmp_path / "missing.py", {"model.cell": "lstm"}, [], tmp_path / "gnmt")
    assert "missing.py" in (tmp_path / "gnmt.log").read_text()


def test_a_size_that_one_cannot_have_is_told_before_any_is_trained(tmp_path: Path) -> None:
    sized(ARCHITECTURES["gnmt"], 2_600_000)
    names = ["--only", "gnmt", "house-ssru", "--parameters", "2.6"]
    result = run_script(RECIPE, "--output", str(tmp_path / "out"), *names)
    assert result.returncode == 2
    assert "raise --parameters" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("setting", ["--model.cell=rnn", "--model.hidden", "--subwords.vocabulary"])
def test_what_is_compared_or_kept_alike_is_refused(setting: str, tmp_path: Path) -> None:
    result = run_script(RECIPE, "--output", str(tmp_path / "out"), setting, "64")
    assert result.returncode == 2
    assert f"{setting.partition('=')[0]} is what is compared here" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_recipe_knows_its_architectures(tmp_path: Path) -> None:
    result = run_script(RECIPE, "--output", str(tmp_path), "--only", "gnmtt")
    assert result.returncode == 2
    assert "gnmt" in result.stderr
