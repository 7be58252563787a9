"""Compressed models: small, as good as before, translated with like any other, and refused with a mend."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from examples import sentence_pairs
from safetensors.torch import load_file, save_file

from nmt import model_folder as folders
from nmt.cli import main
from nmt.compress import compress, training_pairs
from nmt.config import Config
from nmt.errors import UserError
from nmt.training.run import run
from nmt.translator import Request, Translator

Pairs = Callable[..., list[tuple[str, str]]]


@pytest.fixture(scope="module")
def lines(make_pairs: Pairs) -> list[str]:
    return [source for source, _ in make_pairs(30, seed=2)]


@pytest.fixture(scope="module")
def model(make_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("models") / "full", model__hidden=64, model__embedding=64)


@pytest.fixture(scope="module")
def data(make_pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Training pairs in two files."""
    folder = tmp_path_factory.mktemp("data")
    for language, side in zip(("en", "de"), zip(*make_pairs(200), strict=True), strict=True):
        (folder / f"train.{language}").write_text("".join(f"{line}\n" for line in side), encoding="utf-8")
    return [str(folder / "train.en"), str(folder / "train.de")]


@pytest.fixture(scope="module")
def compressed(model: Path, data: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("models") / "small"
    words = ["compress", "--model", str(model), "--output", str(output), "--data", *data, "--shortlist", "8"]
    assert main(words) == 0
    return output


def test_all_matrices_are_in_eight_bits_and_the_weights_a_third_at_most(model: Path, compressed: Path) -> None:
    full, small = (load_file(folder / folders.WEIGHTS) for folder in (model, compressed))
    assert small.keys() == full.keys() | {name + folders.SCALES for name, part in full.items() if part.dim() == 2}
    for name, part in full.items():
        assert small[name].dtype == (torch.int8 if part.dim() == 2 else torch.float32)
    sizes = [(folder / folders.WEIGHTS).stat().st_size for folder in (model, compressed)]
    assert sizes[1] < sizes[0] / 3
    assert folders.load_config(compressed).model.weights == "int8"
    assert not list(compressed.parent.glob("*.partial"))


def test_given_pairs_are_scored_nearly_alike(model: Path, compressed: Path, make_pairs: Pairs) -> None:
    pairs = make_pairs(20, seed=3)
    scores = [[one.log_probability for one in Translator.load(folder).score(pairs)] for folder in (model, compressed)]
    assert scores[1] == pytest.approx(scores[0], rel=0.05)
    assert scores[1] != scores[0]


def test_the_company_of_a_line_changes_nothing(compressed: Path, lines: list[str]) -> None:
    translator = Translator.load(compressed)
    together = [translation.text for translation in translator.translate(lines)]
    assert [translator.translate(line).text for line in lines] == together
    assert [translation.text for translation in translator.translate(lines[::-1])] == together[::-1]
    assert len(set(together)) > 5


def test_translations_have_only_pieces_of_their_shortlist(compressed: Path, lines: list[str]) -> None:
    translator = Translator.load(compressed)
    assert translator.searcher.shortlist is not None
    shortlist = translator.searcher.shortlist._replace(frequent=translator.searcher.shortlist.frequent[:20])
    translator.searcher.shortlist = shortlist  # the special pieces are among the frequent ones
    for translation in translator.translate(lines):
        for source, hypotheses in ((part.pieces, part.hypotheses) for part in translation.parts):
            own = {*shortlist.frequent.tolist(), *shortlist.lexicon[source].flatten().tolist()}
            assert all(own.issuperset(hypothesis.pieces) for hypothesis in hypotheses)


def test_a_request_may_ask_for_and_forbid_what_the_shortlist_has_not(compressed: Path, lines: list[str]) -> None:
    translator = Translator.load(compressed)
    shortlist = translator.searcher.shortlist
    assert shortlist is not None
    translator.searcher.shortlist = shortlist._replace(frequent=shortlist.frequent[:20])
    request = Request(prefix="Zebra", include=("quax",), exclude=("Jazz", "Kind"))
    (found,) = translator.stream([lines[0]], requests=[request])
    assert found.text.startswith("Zebra")
    assert "quax" in found.text
    assert "Kind" not in found.text


def test_a_shortlist_can_be_left_out_and_needs_no_data_then(model: Path, tmp_path: Path) -> None:
    compress(model, tmp_path / "small", candidates=0)
    assert Translator.load(tmp_path / "small").searcher.shortlist is None


def test_an_ensemble_takes_full_and_compressed_models(model: Path, compressed: Path, lines: list[str]) -> None:
    assert all(one.text for one in Translator.load(compressed, others=[model]).translate(lines[:3]))


def test_the_pairs_may_be_in_any_form_and_have_the_model_s_languages(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("".join(json.dumps({"de": one, "en": other}) + "\n" for other, one in sentence_pairs(50)))
    assert main(["compress", "--model", str(model), "--output", str(tmp_path / "small"), "--data", str(pairs)]) == 0
    after, before = re.findall(r"([\d.]+) MB|, ([\d.]+) before", capsys.readouterr().err)
    assert 0 < float(after[0]) < float(before[1])
    vocabulary = folders.load_vocabulary(model, folders.load_config(model))
    first = training_pairs(model, vocabulary, [str(pairs)])[0]
    assert [vocabulary.source.decode(side.tolist()) for side in first] == list(sentence_pairs(50)[0])
    assert main(["compress", "--model", str(model), "--output", "x", "--shortlist", "0", "--data", str(pairs)]) == 2


def test_a_shortlist_has_all_pieces_at_most_and_no_other_file_is_touched(
    model: Path, data: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "full"
    shutil.copytree(model, folder)
    (folder / "README.md").write_bytes("# Übersetzer\n".encode("latin-1"))
    (tmp_path / "small.partial").mkdir()
    (tmp_path / "small.partial" / "mine").touch()
    compress(folder, tmp_path / "small", data, candidates=1_000_000_000)
    shortlist = Translator.load(tmp_path / "small").searcher.shortlist
    assert shortlist is not None
    assert shortlist.lexicon.shape[1] == len(folders.load(model).vocabulary.target)
    assert {path.name for path in tmp_path.iterdir()} == {"full", "small", "small.partial"}
    assert (tmp_path / "small.partial" / "mine").exists()
    assert (tmp_path / "small").stat().st_mode == folder.stat().st_mode


def test_what_cannot_be_compressed_is_told(model: Path, compressed: Path, data: list[str], tmp_path: Path) -> None:
    for arguments, told in (
        ((model, compressed, data), "is there already"),
        ((compressed, tmp_path / "new", data), "compressed already"),
        ((model, tmp_path / "new"), "--data"),
        ((model, tmp_path / "new", data[::-1]), "from en into de: give --data .*train.en .*train.de"),
        ((model, tmp_path / "new", [str(tmp_path / "none.en"), str(tmp_path / "none.de")]), "none.en"),
    ):
        with pytest.raises(UserError, match=told):
            compress(*arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"lexicon": torch.zeros(3, 2, dtype=torch.int32)},
        {"lexicon": torch.full((340, 2), 10_000, dtype=torch.int32)},
        {"frequent": torch.zeros(0, dtype=torch.int32)},
        {"frequent": torch.zeros(5)},
        {"other": torch.zeros(5, dtype=torch.int32)},
    ],
    ids=["rows", "pieces", "empty", "numbers", "names"],
)
def test_a_shortlist_that_does_not_fit_is_told(
    compressed: Path, tmp_path: Path, change: dict[str, torch.Tensor]
) -> None:
    vocabulary = folders.load(compressed).vocabulary
    save_file({**load_file(compressed / folders.SHORTLIST), **change}, tmp_path / folders.SHORTLIST)
    with pytest.raises(UserError, match="shortlist"):
        folders.load_shortlist(tmp_path, vocabulary)


def test_a_compressed_model_is_not_trained(compressed: Path, data: list[str], tmp_path: Path) -> None:
    settings = {"data.train": data, "data.valid": data, "train.updates": 1, "model.weights": "int8"}
    with pytest.raises(UserError, match="compress"):
        run(Config().replace({**settings, "output": str(tmp_path / "run")}))
