"""Settings from a command line: every key of the configuration, checked, and explained by --help."""

from __future__ import annotations

from typing import Any

import pytest

from nmt.config import Config
from nmt.errors import UserError
from nmt.options import choices, help_text, parse


def parsed(line: str, **defaults: Any) -> Config:
    return parse(line.split(), {key.replace("__", "."): value for key, value in defaults.items()}, program="nmt train",
                 description="Trains.")  # fmt: skip


def value(config: Config, key: str) -> Any:
    return {name: value for name, value, _ in config.fields()}[key]


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [
        ("--output runs/x", "output", "runs/x"),
        ("--train.minutes 2.5", "train.minutes", 2.5),
        ("--train.minutes=2.5", "train.minutes", 2.5),
        ("--train.minutes none", "train.minutes", None),
        ("--train.warmup 0", "train.warmup", 0),
        ("--subwords.joint false", "subwords.joint", False),
        ("--model.residual true", "model.residual", True),
        ("--model.tied none", "model.tied", "none"),
        ("--model.attention none", "model.attention", "none"),
        ("--data.train a.en a.de", "data.train", ("a.en", "a.de")),
        ("--data.train one.tsv", "data.train", ("one.tsv",)),
        ("--data.valid none", "data.valid", ()),
        ("--train.seed 3", "train.seed", 3),
        ("--train.seed 1 --train.seed 2", "train.seed", 2),
    ],
)
def test_a_setting_is_read_with_its_type(line: str, key: str, expected: Any) -> None:
    assert value(parsed(line), key) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--train.minuts 3", "Did you mean --train.minutes?"),
        ("--minutes 3", "Did you mean --train.minutes?"),
        ("--model.cell lstn", "Did you mean 'lstm'?"),
        ("--model.attention genral", "Did you mean 'general'?"),
        ("--train.schedule cosin", "Did you mean 'cosine'?"),
        ("--model.tied targt", "Did you mean 'target'?"),
        ("--train.batch_tokens 10", "train.batch_tokens is '10'; it should be greater than or equal to 16, or auto"),
        ("--train.minutes soon", "train.minutes is 'soon'"),
        ("--train.minutes -1", "train.minutes is '-1'"),
        ("--subwords.joint perhaps", "subwords.joint is 'perhaps'"),
        ("--model.heads 1.5", "model.heads is '1.5'"),
        ("--model.heads 1 2", "takes one value"),
        ("--model.heads", "--model.heads is given no value"),
        ("--output=", "--output is given no value"),
        ("data.en --output x", "stands before any setting"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_the_mend(line: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        parsed(line)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_recipe_has_its_own_defaults_and_the_command_line_the_last_word() -> None:
    config = parsed("--model.cell rnn", model__cell="gru", train__minutes=5)
    assert config.model.cell == "rnn"
    assert config.train.minutes == 5


def test_a_recipe_with_an_unknown_setting_or_part_is_told() -> None:
    with pytest.raises(UserError, match=r"Did you mean 'model\.cell'"):
        parsed("", model__cel="gru")
    with pytest.raises(UserError, match="Did you mean 'gru'"):
        parsed("", model__cell="grü")


@pytest.mark.parametrize("key", choices())
def test_every_entry_of_a_table_can_be_chosen_and_is_in_the_help(key: str) -> None:
    text = help_text(Config(), program="nmt train", description="")
    for name in choices()[key]:
        assert value(parsed(f"--{key} {name}"), key) == name
        assert name in text


def test_help_explains_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parsed("--model.cell rnn --help", model__cell="gru")
    assert left.value.code == 0
    text = capsys.readouterr().out
    for key, _, docstring in Config().fields():
        assert f"--{key} " in text
        assert docstring, f"{key} has no docstring"
    assert "--model.cell gru\n" in text
    assert "{choices}" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_default_of_a_recipe_gives_way_to_an_alternative_that_is_given() -> None:
    recipe = {"data__train": ("hub:train",), "data__test": ("hub:test",), "train__minutes": 20}
    config = parsed("--data.folder here --train.updates 9", **recipe)
    assert (config.data.folder, config.data.train, config.data.test) == ("here", (), ())
    assert (config.train.minutes, config.train.updates) == (None, 9)
    assert parsed("--data.train a.tsv", data__folder="there").data.folder is None
    assert parsed("--data.train a.tsv", **recipe).data.test == ()
    both = parsed("--train.updates 9 --train.minutes 3", **recipe)
    assert (both.train.minutes, both.train.updates) == (3, 9)


def test_the_languages_of_a_recipe_are_not_those_of_other_files() -> None:
    recipe = {"data__train": ("hub:train",), "data__source": "en", "data__target": "de"}
    assert parsed("--data.folder here", **recipe).data.source == "en"
    config = parsed("--data.train a.fr a.de --data.target de", **recipe)
    assert (config.data.source, config.data.target) == (None, "de")


def test_only_what_was_typed_counts_as_given() -> None:
    config = parsed("--output runs/x --model.cell gru", train__minutes=20, model__hidden=32)
    assert config.given() == {"output": "runs/x", "model.cell": "gru"}
    assert (config.train.minutes, config.model.hidden) == (20, 32)
    assert config.replace({"train.seed": 2}).given().keys() == {"output", "model.cell", "train.seed"}
