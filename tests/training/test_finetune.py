"""Fine-tuning: what a model knows it keeps, and what is new to it gets a place of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from examples import make_model_folder, sentence_pairs

from nmt import model_folder
from nmt.cli import main
from nmt.data.subwords import extended
from nmt.translator import Translator


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Models with joint and with separate subwords, translating from en to de."""
    folder = tmp_path_factory.mktemp("bases")
    return {joint: make_model_folder(folder / str(joint), subwords__joint=joint) for joint in (True, False)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs with words and a character that the models have not seen."""
    folder = tmp_path_factory.mktemp("new")
    for part, count in (("train", 300), ("val", 10)):
        pairs = [(f"{source} refrigerator ж", f"{target} Kühlschrank ж") for source, target in sentence_pairs(count)]
        for side, language in enumerate(("en", "de")):
            (folder / f"{part}.{language}").write_text("".join(pair[side] + "\n" for pair in pairs))
    return folder


def tune(base: Path, data: Path, output: Path, **changes: object) -> int:
    """Fine-tunes a model; returns the exit code. `changes`: settings, with __ for the dot."""
    settings = {
        "train.finetune": base,
        "data.folder": data,
        "data.source": "en",
        "data.target": "de",
        "output": output,
        "train.updates": 20,
        "train.warmup": 1,
        "train.validate_every": 10,
        "train.threads": 1,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    return main(["train", *(word for key, value in settings.items() for word in (f"--{key}", str(value)))])


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("extend", [0, 25])
def test_old_pieces_keep_their_numbers_and_their_meaning(
    base: dict[bool, Path], data: Path, tmp_path: Path, joint: bool, extend: int
) -> None:
    assert tune(base[joint], data, tmp_path / "run", subwords__extend=extend) == 0
    old, new = model_folder.load(base[joint]), model_folder.load(tmp_path / "run")
    initial = model_folder.read_tensors(tmp_path / "run" / "trainer" / "initial.safetensors")
    for side in (0, 1):
        count = len(old.vocabulary[side])
        assert len(new.vocabulary[side]) == count + extend
        assert new.vocabulary[side].pieces(range(count)) == old.vocabulary[side].pieces(range(count))
    for name, value in old.network.named_parameters():
        assert torch.equal(initial[name][: len(value)], value), name
    learnt = dict(new.network.named_parameters())
    assert any(not torch.equal(learnt[name], value) for name, value in initial.items())


def test_new_pieces_are_used_and_begin_as_the_mean_of_their_parts(
    base: dict[bool, Path], data: Path, tmp_path: Path
) -> None:
    assert tune(base[True], data, tmp_path / "run", subwords__extend=25) == 0
    old, new = (
        model_folder.load_vocabulary(folder, model_folder.load_config(folder)).source
        for folder in (base[True], tmp_path / "run")
    )
    text = "The child finds refrigerator ж."
    assert new.decode(new.encode([text])[0]) == old.decode(old.encode([text])[0])
    assert len(new.encode([text])[0]) < len(old.encode([text])[0])
    assert new.encode(["ж"], end=False)[0][-1] >= len(old)  # spelled in bytes before
    initial = model_folder.read_tensors(tmp_path / "run" / "trainer" / "initial.safetensors")
    weight, parts = initial["source_embedding.weight"], new.parts()
    for number in range(len(old), len(new)):
        known = [part for part in parts[number].tolist() if part]
        if known:
            torch.testing.assert_close(weight[number], weight[known].mean(dim=0))


def test_extended_subwords_spell_known_text_as_before_where_nothing_new_fits(
    base: dict[bool, Path], data: Path
) -> None:
    config = model_folder.load_config(base[True])
    old = model_folder.load_vocabulary(base[True], config).source

    new = extended(old, (data / "train.en").read_text().splitlines(), config.subwords.model_copy(update={"extend": 10}))
    sentences = ["xyz qwk", "0123"]
    assert new.encode(sentences) == old.encode(sentences)


def test_a_run_that_was_tuned_goes_on_without_the_model_it_began_from(
    base: dict[bool, Path], data: Path, tmp_path: Path
) -> None:
    copy = make_model_folder(tmp_path / "base")
    assert tune(copy, data, tmp_path / "run", train__updates=10) == 0
    for path in copy.iterdir():
        path.unlink()
    assert main(["train", "--output", str(tmp_path / "run"), "--train.updates", "20"]) == 0
    assert Translator.load(tmp_path / "run", "cpu").translate("The child.").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model__hidden": 32}, ["model.hidden is 32", "has 16"]),
        ({"subwords__vocabulary": 999}, ["subwords.vocabulary is 999", "has 340"]),
        ({"train__finetune": "/nowhere"}, ["/nowhere is no folder"]),
        ({"train__risk_samples": 4}, ["train.risk_samples is for minimum risk training"]),
    ],
)
def test_what_would_be_another_network_is_refused(
    base: dict[bool, Path],
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    said: list[str],
) -> None:
    assert tune(base[True], data, tmp_path / "run", **changes) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert all(part in line for part in said), line
    assert not (tmp_path / "run").exists()


def test_dropout_may_be_another(base: dict[bool, Path], data: Path, tmp_path: Path) -> None:
    assert tune(base[True], data, tmp_path / "run", model__dropout=0.4, train__updates=1) == 0
    assert model_folder.load_config(tmp_path / "run").model.dropout == 0.4


def test_a_model_is_tuned_to_less_risk(base: dict[bool, Path], data: Path, tmp_path: Path) -> None:
    settings = {"train__risk": "bleu", "train__risk_samples": 2, "train__updates": 2}
    assert tune(base[True], data, tmp_path / "run", **settings) == 0
    assert Translator.load(tmp_path / "run", "cpu").translate("The child.").text


def test_a_compressed_model_goes_on_in_float32(base: dict[bool, Path], data: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    assert main(["compress", "--model", str(base[True]), "--output", str(small), "--shortlist", "0"]) == 0
    assert model_folder.load_config(small).model.weights == "int8"
    assert tune(small, data, tmp_path / "run") == 0
    assert model_folder.load_config(tmp_path / "run").model.weights == "float32"
    assert model_folder.load(tmp_path / "run")
