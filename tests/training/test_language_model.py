"""Training a language model: from a text or the targets of pairs, with the pieces of a translation model, by the one
trainer."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from corpora import json_lines, parallel
from examples import make_model_folder, sentence_pairs

from nmt import model_folder
from nmt.cli import main
from nmt.config import DataConfig
from nmt.scoring import Scorer
from nmt.training.corpora import Corpora
from nmt.translator import Fused, Translator

PAIRS = sentence_pairs(440)
TRAIN, VALID = PAIRS[:400], PAIRS[400:]
SMALL = {
    "model.encoder_layers": "0",
    "model.attention": "none",
    "model.bridge": "zero",
    "model.hidden": "64",
    "model.embedding": "64",
    "model.dropout": "0",
    "train.best_by": "loss",
    "train.label_smoothing": "0",
    "train.updates": "300",
    "train.warmup": "10",
    "train.learning_rate": "0.01",
    "train.batch_tokens": "600",
    "train.validate_every": "150",
    "train.precision": "float32",
    "train.threads": "1",
}


def train(output: Path, **changes: object) -> int:
    """Trains, and returns the exit code. `changes`: settings, with __ for the dot; None leaves one out."""
    settings = {**SMALL, "output": output, **{key.replace("__", "."): value for key, value in changes.items()}}
    words = [word for key, value in settings.items() if value is not None for word in (f"--{key}", *str(value).split())]
    return main(["train", *words])


def texts(folder: Path) -> dict[str, object]:
    """The targets alone, a file each, in a folder as recipes take it."""
    for part, some in (("train", TRAIN), ("val", VALID), ("test2", VALID)):
        (folder / f"{part}.de").write_text("".join(target + "\n" for _, target in some))
    return {"data__folder": folder, "data__target": "de"}


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learnt nothing, with pieces of its own for either side."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "tm", subwords__joint=False)


@pytest.fixture(scope="module")
def trained(translator: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lm")
    assert train(folder / "run", **texts(folder), subwords__of=translator) == 0
    return folder / "run"


def test_it_learns_the_language(trained: Path) -> None:
    scores = json.loads((trained / "scores.json").read_text())["test2"]
    assert scores["perplexity"] == pytest.approx(math.exp(scores["loss"]))
    scorer = Scorer.load(trained)
    total = sum(one.log_probability for one in scorer.score([("", target) for _, target in VALID]))
    assert scores["loss"] == pytest.approx(-total / scores["pieces"], rel=1e-4)
    # Two articles of 4, two nouns of 6, a verb of 5: less than which no model can know.
    entropy = 2 * math.log(4) + 2 * math.log(6) + math.log(5)
    assert entropy * 0.95 < -total / len(VALID) < entropy * 1.3
    right, wrong = scorer.score([("", "Das kind sieht unser haus."), ("", "Kind das unser sieht.")])
    assert right.log_probability > wrong.log_probability + 10


def test_it_has_the_pieces_of_the_translator_and_goes_on_to_nothing_new(trained: Path, translator: Path) -> None:
    its = model_folder.load(trained).vocabulary
    assert its.joint
    assert its.target.model == model_folder.load(translator).vocabulary.target.model
    before = (trained / "model.safetensors").read_bytes()
    assert train(trained, data__folder=trained.parent, data__target="de", subwords__of=translator) == 0
    assert (trained / "model.safetensors").read_bytes() == before


def test_a_search_that_heeds_it_writes_its_language(trained: Path, translator: Path) -> None:
    """A translator that has learnt nothing writes noise: with enough weight, the language model makes sentences."""
    scorer, sources = Scorer.load(trained), [source for source, _ in VALID[:4]]

    def likely(weight: float) -> float:
        """The log-probability per piece, by the language model, of what is found."""
        found = Translator.load(translator, fused=Fused(trained, weight)).translate(sources)
        scored = scorer.score([("", one.text) for one in found])
        return sum(one.log_probability for one in scored) / sum(len(one.target_pieces) for one in scored)

    nothing, some, much = map(likely, (0.0, 1.0, 30.0))
    assert nothing < some - 1
    assert some < much
    assert much > -1.5


def test_of_pairs_the_sources_are_nobody_s_business(tmp_path: Path) -> None:
    (tmp_path / "lm.tsv").write_text("\tDas Kind sieht das Haus.\n" + "x" * 400 + "\tUnser Boot.\n" + "The cat.\t\n")
    corpora = Corpora((str(tmp_path / "lm.tsv"),), (), {}, "en", "de", texts=True)
    assert list(corpora.clean(DataConfig())[1]) == [("", "Das Kind sieht das Haus."), ("", "Unser Boot.")]


def as_text(folder: Path) -> dict[str, object]:
    texts(folder)
    return {"data__train": folder / "train.de", "data__valid": folder / "val.de"}


def as_files(folder: Path) -> dict[str, object]:
    return {"data__train": " ".join(parallel(folder, TRAIN)), "data__valid": " ".join(parallel(folder, VALID, "val"))}


def as_rows(folder: Path) -> dict[str, object]:
    (train_file,), (valid_file,) = (json_lines(folder / part, some) for part, some in (("t", TRAIN), ("v", VALID)))
    return {"data__train": train_file, "data__valid": valid_file, "data__source": "en", "data__target": "de"}


def test_targets_of_pairs_and_a_text_are_one_training(tmp_path: Path) -> None:
    weights = set()
    for number, form in enumerate((as_text, as_files, as_rows, texts)):
        folder = tmp_path / str(number)
        folder.mkdir()
        how = {"subwords__vocabulary": 340, "train__updates": 6, "train__validate_every": 3}
        assert train(folder / "run", **form(folder), **how) == 0
        weights.add((folder / "run/model.safetensors").read_bytes())
    assert len(weights) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train__best_by": None}, "train.best_by loss"),
        ({"model__attention": "dot"}, "model.attention none"),
        ({"subwords__joint": "false"}, "joint"),
        ({"data__target": None}, "data.folder needs data.target"),
        ({"data__clean": "true"}, "data.clean"),
        ({"train__guided_alignment": "0.1"}, "train.guided_alignment"),
        ({"subwords__vocabulary": "500"}, "train without subwords.of"),
        ({"model__encoder_layers": "1"}, "model.encoder_layers 0"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    changes: dict[str, object],
    told: str,
    translator: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = texts(tmp_path)
    as_files(tmp_path)  # the sources beside the targets
    given = {"data__source": "en", "subwords__of": translator, **data, **changes}
    assert train(tmp_path / "run", **given) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_translator_takes_pairs_and_pieces_of_translators(
    trained: Path, translator: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = {"model__encoder_layers": 1, "model__attention": "dot", "model__bridge": "last", "train__updates": 3}
    text = trained.parent / "train.de"
    assert train(tmp_path / "a", **usual, data__train=text, data__valid=text) == 2
    assert "Not a known form of corpus" in capsys.readouterr().err
    pairs = as_files(tmp_path)
    assert train(tmp_path / "b", **usual, **pairs, subwords__of=trained) == 2
    assert "name a translation model" in capsys.readouterr().err
    assert train(tmp_path / "c", **usual, **pairs, subwords__of=translator) == 0
    together = Translator.load(tmp_path / "c", others=[translator])  # of other pieces they would be refused
    assert together.config.subwords.of == str(translator)
