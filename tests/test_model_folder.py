"""The model folder: what is written is read back the same, and whatever is wrong with one is told with its mend."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nmt import model_folder
from nmt.config import FORMAT_VERSION, Config
from nmt.data.subwords import train_vocabulary
from nmt.errors import UserError
from nmt.model_folder import CONFIG, MIGRATIONS, WEIGHTS, Model
from nmt.translator import Translator

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
PAIRS = [(f"{first} and {second}", f"{second} und {first}") for first in NUMBERS for second in NUMBERS]


def write(folder: Path, **changes: object) -> Model:
    """A model with random weights, written as a run writes it. `changes`: settings, with __ for the dot."""
    sizes = {"model.hidden": 8, "model.embedding": 8, "subwords.vocabulary": 300, "model.dropout": 0.3}
    sizes |= {"subwords.joint": True}
    config = Config().replace({**sizes, **{key.replace("__", "."): value for key, value in changes.items()}})
    vocabulary = train_vocabulary(lambda: PAIRS, config.subwords)
    torch.manual_seed(1)
    network = model_folder.build(config, vocabulary).eval()
    folder.mkdir()
    vocabulary.save(folder)
    model_folder.save_weights(network, folder / WEIGHTS)
    model_folder.save_config(folder, config)
    return Model(network, vocabulary, config)


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "intact"
    write(folder)
    return folder


@pytest.fixture
def folder(intact: Path, tmp_path: Path) -> Path:
    """A model folder to spoil."""
    return Path(shutil.copytree(intact, tmp_path / "model"))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes config.json by hand."""
    tree = json.loads((folder / CONFIG).read_text())
    change(tree)
    (folder / CONFIG).write_text(json.dumps(tree))


@pytest.mark.parametrize(
    ("tied", "joint"), [("none", True), ("none", False), ("target", True), ("target", False), ("all", True)]
)
def test_a_model_read_back_says_the_same(tmp_path: Path, tied: str, joint: bool) -> None:
    written = write(tmp_path / "model", model__tied=tied, subwords__joint=joint)
    read = model_folder.load(tmp_path / "model")
    assert read.config == written.config
    assert read.vocabulary.joint == joint
    weights, expected = read.network.state_dict(), written.network.state_dict()
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], value) for name, value in expected.items())
    network = read.network
    shared = (
        network.output.weight is network.target_embedding.weight,
        network.source_embedding is network.target_embedding,
    )
    assert shared == (tied != "none", tied == "all")
    lines = [source for source, _ in PAIRS[:5]]
    translations = [Translator(*model).translate(lines) for model in (read, written)]
    assert translations[0] == translations[1]
    scores = [[one.log_probability for one in Translator(*model).score(PAIRS[:5])] for model in (read, written)]
    assert scores[0] == scores[1]


def test_what_is_shared_is_written_once(tmp_path: Path) -> None:
    sizes = {}
    for tied in ("none", "target", "all"):
        network, vocabulary, config = write(tmp_path / tied, model__tied=tied)
        embeddings = len(vocabulary.target) * config.model.embedding
        stored = load_file(tmp_path / tied / WEIGHTS)
        sizes[tied] = sum(tensor.numel() for tensor in stored.values())
        assert sizes[tied] == sum(parameter.numel() for parameter in network.parameters())
    assert sizes["none"] - sizes["target"] == sizes["target"] - sizes["all"] == embeddings


def test_replaced_weights_are_written_in_the_place_of_the_network_s_own(folder: Path) -> None:
    network = model_folder.load(folder).network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    other = torch.full_like(network.output.bias, 7.0)
    model_folder.save_weights(network, folder / WEIGHTS, {"output.bias": other})
    read = model_folder.load(folder).network.state_dict()
    assert torch.equal(read.pop("output.bias"), other)
    assert all(torch.equal(value, before[name]) for name, value in read.items())


def test_a_read_model_does_not_drop_units(folder: Path) -> None:
    assert not model_folder.load(folder).network.training
    assert len({Translator.load(folder).score(PAIRS[:1])[0].log_probability for _ in range(3)}) == 1


def test_a_folder_is_only_what_plain_readers_read(intact: Path) -> None:
    assert sorted(path.name for path in intact.iterdir()) == [CONFIG, "joint.spm", WEIGHTS]
    assert json.loads((intact / CONFIG).read_text())["format_version"] == FORMAT_VERSION
    load_file(intact / WEIGHTS)


@pytest.mark.parametrize("version", MIGRATIONS)
def test_a_folder_that_an_old_version_wrote_translates_as_it_did_then(version: int) -> None:
    folder = Path(__file__).parent / "folders" / f"version-{version}"
    expected = json.loads((folder / "expected.json").read_text())
    assert json.loads((folder / CONFIG).read_text())["format_version"] == version
    translator = Translator.load(folder, "cpu")
    assert [translator.translate(source).text for source, _ in expected["pairs"]] == expected["translations"]
    scored = [one.log_probability for one in translator.score([tuple(pair) for pair in expected["pairs"]])]
    assert scored == pytest.approx(expected["log_probabilities"], rel=1e-4)


def test_what_was_set_in_version_1_keeps_its_meaning(folder: Path) -> None:
    def as_it_was(tree: dict[str, Any]) -> None:
        tree["format_version"] = 1
        del tree["model"]["lexical"]
        tree["train"].pop("batch_tokens")
        tree["data"].update(folder="there", train=["hub:train"], source="en", target="de", batch_tokens=700)

    edit(folder, as_it_was)
    config = model_folder.load_config(folder)
    assert (config.data.train, config.model.lexical, config.train.batch_tokens) == ((), False, 700)


REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no folder": (lambda folder: shutil.rmtree(folder), "model", "give a model folder"),
    "a file": (lambda folder: [shutil.rmtree(folder), folder.write_text("text")], "model", "give a model folder"),
    "an empty folder": (lambda folder: [path.unlink() for path in folder.iterdir()], "model", "is no model folder"),
    "config.json cut": (lambda folder: os.truncate(folder / CONFIG, 100), CONFIG, "restore it from a copy"),
    "config.json empty": (lambda folder: os.truncate(folder / CONFIG, 0), CONFIG, "restore it from a copy"),
    "config.json no text": (lambda folder: (folder / CONFIG).write_bytes(b"\xff\xfe\x00"), CONFIG, "restore it"),
    "config.json a list": (lambda folder: (folder / CONFIG).write_text("[1, 2]"), CONFIG, "restore it from a copy"),
    "config.json a number": (lambda folder: (folder / CONFIG).write_text("3"), CONFIG, "restore it from a copy"),
    "a version that is none": (
        lambda folder: edit(folder, lambda tree: tree.update(format_version=[1])),
        CONFIG,
        "restore it",
    ),
    "an old version without its sections": (
        lambda folder: edit(folder, lambda tree: (tree.clear(), tree.update(format_version=1))),
        CONFIG,
        "restore it",
    ),
    "no version": (lambda folder: edit(folder, lambda tree: tree.pop("format_version")), CONFIG, "restore it"),
    "a newer version": (
        lambda folder: edit(folder, lambda tree: tree.update(format_version=FORMAT_VERSION + 1)),
        CONFIG,
        f"format version {FORMAT_VERSION + 1}",
    ),
    "an unknown key": (lambda folder: edit(folder, lambda tree: tree["model"].update(hiden=8)), CONFIG, "model.hidden"),
    "an impossible value": (
        lambda folder: edit(folder, lambda tree: tree["model"].update(hidden=0)),
        CONFIG,
        "model.hidden is 0",
    ),
    "a value of another kind": (
        lambda folder: edit(folder, lambda tree: tree["model"].update(hidden="many")),
        CONFIG,
        "model.hidden is 'many'",
    ),
    "an unknown cell": (lambda folder: edit(folder, lambda tree: tree["model"].update(cell="lstn")), CONFIG, "'lstm'"),
    "sizes that do not fit": (
        lambda folder: edit(folder, lambda tree: tree["model"].update(hidden=9)),
        CONFIG,
        "choose an even number",
    ),
    "another size": (
        lambda folder: edit(folder, lambda tree: tree["model"].update(hidden=12)),
        WEIGHTS,
        "one of the two was changed",
    ),
    "another depth": (
        lambda folder: edit(folder, lambda tree: tree["model"].update(encoder_layers=3)),
        WEIGHTS,
        "one of the two was changed",
    ),
    "no weights": (
        lambda folder: (folder / WEIGHTS).unlink(),
        "model",
        f"no {WEIGHTS} yet: let its training run reach",
    ),
    "weights cut": (lambda folder: os.truncate(folder / WEIGHTS, 5000), WEIGHTS, "restore it from a copy"),
    "weights empty": (lambda folder: os.truncate(folder / WEIGHTS, 0), WEIGHTS, "restore it from a copy"),
    "weights of no kind": (lambda folder: (folder / WEIGHTS).write_bytes(b"PK\3\4" * 50), WEIGHTS, "restore it"),
    "weights short of one": (
        lambda folder: save_file(
            {name: value for name, value in load_file(folder / WEIGHTS).items() if name != "output.bias"},
            folder / WEIGHTS,
        ),
        WEIGHTS,
        "output.bias",
    ),
    "no subwords": (lambda folder: (folder / "joint.spm").unlink(), "joint.spm", "restore it from a copy"),
    "subwords cut": (lambda folder: os.truncate(folder / "joint.spm", 1000), "joint.spm", "restore it from a copy"),
    "subwords empty": (lambda folder: os.truncate(folder / "joint.spm", 0), "joint.spm", "restore it from a copy"),
}
"""What can be wrong with a model folder: how it comes about, the file that is named, a part of the message."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_folder_that_is_no_model_is_refused_with_its_mend(
    folder: Path, case: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil, name, mend = REFUSED[case]
    spoil(folder)
    with pytest.raises(UserError) as caught:
        Translator.load(folder, "cpu")
    message = str(caught.value)
    assert str(folder if name == "model" else folder / name) in message
    assert mend in message
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")  # the libraries below say nothing either


def test_one_missing_side_of_separate_subwords_is_named(tmp_path: Path) -> None:
    write(tmp_path / "model", model__tied="target", subwords__joint=False)
    (tmp_path / "model" / "target.spm").unlink()
    with pytest.raises(UserError, match=r"target\.spm is missing"):
        model_folder.load(tmp_path / "model")


def test_a_file_is_there_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    model_folder.write_durably(path, b"before")

    def fails(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nmt.model_folder.os.fsync", fails)
        with pytest.raises(KeyboardInterrupt):
            model_folder.write_durably(path, b"after")
    assert path.read_bytes() == b"before"
    model_folder.write_durably(path, b"after")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"after"]


def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert model_folder.device_for("auto") == model_folder.device_for("cpu") == torch.device("cpu")
    with pytest.raises(UserError, match="choose cpu or auto"):
        model_folder.device_for("cuda")
