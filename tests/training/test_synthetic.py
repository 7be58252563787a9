"""Synthetic pairs: what the models say of each sentence, in order, made once, gone on with, and only in training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from corpora import parallel
from examples import make_model_folder, sentence_pairs, snapshot

from nmt import model_folder
from nmt.cli import main
from nmt.config import Config
from nmt.data.noise import BLANK
from nmt.errors import UserError
from nmt.training import synthetic
from nmt.training.corpora import Corpora
from nmt.training.synthetic import check_synthetic, search_of, with_synthetic
from nmt.translator import Translator

PAIRS = sentence_pairs(30)
METHODS = ["beam", "sampled", "noised"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models that know nothing, of both directions."""
    folder = tmp_path_factory.mktemp("models")
    back = {"data__source": "de", "data__target": "en"}
    return {"there": make_model_folder(folder / "there"), "back": make_model_folder(folder / "back", **back)}


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Leaves the number of threads as it was."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def corpora(tmp_path: Path) -> Corpora:
    return Corpora(tuple(parallel(tmp_path, PAIRS)), (), {}, "en", "de")


def config(*models: Path, **changes: object) -> Config:
    """The settings of synthetic pairs. `changes`: settings of theirs."""
    settings = {"models": tuple(map(str, models)), **changes}
    return Config().replace({f"synthetic.{key}": value for key, value in settings.items()})


def written(path: Path, lines: Iterable[str]) -> tuple[str, ...]:
    path.write_text("".join(f"{line}\n" for line in lines))
    return (str(path),)


def tagged(source: str) -> str:
    """With the tag, unless it is blank: models that know nothing say nothing of some sentences."""
    return f"<bt> {source}" if source.strip() else source


def training(corpora: Corpora) -> list[tuple[str, str]]:
    return list(corpora.pairs("train", corpora.train))


def test_without_models_the_pairs_are_those_that_were_given(corpora: Corpora, tmp_path: Path) -> None:
    assert with_synthetic(corpora, Config(), tmp_path / "made") is corpora
    assert not (tmp_path / "made").exists()


def test_distilled_pairs_have_the_given_sources_and_the_teacher_s_translations(
    models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    found = with_synthetic(corpora, config(models["there"], beam=2), tmp_path / "made")
    sources = [source for source, _ in PAIRS]
    said = [one.text for one in Translator.load(models["there"], "cpu").translate(sources, beam=2)]
    assert training(found) == [*PAIRS, *zip(sources, said, strict=True)]
    assert found.tags == []


def test_models_of_several_languages_are_asked_for_one(corpora: Corpora, tmp_path: Path) -> None:
    model = make_model_folder(tmp_path / "several", data__target=None, subwords__symbols=("<2de>",))
    found = training(with_synthetic(corpora, config(model, ask="<2de>", original=0), tmp_path / "made"))
    sources = [source for source, _ in PAIRS]
    translator = Translator.load(model, "cpu")
    said = [one.text for one in translator.translate([f"<2de> {source}" for source in sources])]
    assert found == list(zip(sources, said, strict=True))
    assert said != [one.text for one in translator.translate(sources)]


def test_back_translated_pairs_have_tagged_sources_and_the_given_targets(
    models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    text = [target for _, target in sentence_pairs(9, seed=2)]
    files = (*written(tmp_path / "a.txt", text[:5]), *written(tmp_path / "b.txt", text[5:]))
    settings = config(models["back"], side="source", text=files, tag="<bt>", original=0)
    found = with_synthetic(corpora, settings, tmp_path / "made")
    said = [one.text for one in Translator.load(models["back"], "cpu").translate(text)]
    assert training(found) == [(tagged(source), target) for source, target in zip(said, text, strict=True)]
    assert found.tags == ["<bt>"]


def test_the_original_pairs_are_read_as_often_as_their_weight_asks(
    models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    text = written(tmp_path / "mono.de", (target for _, target in PAIRS))
    settings = config(models["back"], side="source", text=text, tag="<bt>", original=3)
    found = training(with_synthetic(corpora, settings, tmp_path / "made"))
    assert len(found) == 4 * len(PAIRS)
    assert all(found.count(pair) == 3 * PAIRS.count(pair) for pair in PAIRS)


def test_several_models_translate_as_an_ensemble(corpora: Corpora, tmp_path: Path) -> None:
    one, other = (make_model_folder(tmp_path / name, model__hidden=hidden) for name, hidden in (("a", 16), ("b", 24)))
    found = with_synthetic(corpora, config(one, other, original=0), tmp_path / "made")
    said = Translator.load(one, "cpu", [other]).translate([source for source, _ in PAIRS])
    assert [target for _, target in training(found)] == [translation.text for translation in said]


def test_for_both_sides_each_model_makes_the_one_that_it_translates_into(
    models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    settings = config(models["back"], models["there"], models["there"], side="both")
    found = with_synthetic(corpora, settings, tmp_path / "made")
    sources, targets = zip(*PAIRS, strict=True)
    there, back = (
        [one.text for one in Translator.load(models[name], "cpu").translate(texts)]
        for name, texts in (("there", sources), ("back", targets))
    )
    made = [*zip(back, targets, strict=True), *zip(sources, there, strict=True), *zip(sources, there, strict=True)]
    assert sorted(training(found)) == sorted([*PAIRS, *made])


def test_sampled_pairs_are_draws_and_noised_ones_have_blanks(
    models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    sources = {}
    for method in METHODS:
        settings = config(models["back"], side="source", method=method, original=0)
        found = with_synthetic(corpora, settings, tmp_path / method)
        sources[method] = [source for source, _ in training(found)]
        assert found.tags == ([BLANK] if method == "noised" else [])
    assert any(BLANK in source for source in sources["noised"])
    assert not any(BLANK in source for method in ("beam", "sampled") for source in sources[method])
    assert all(len(found) == len(PAIRS) for found in sources.values())
    assert all(sources[one] != sources[other] for one, other in pairwise(METHODS))


def test_a_draw_is_one_and_of_the_seed() -> None:
    search = search_of(Config(), config(method="sampled").synthetic, seed=7)
    assert (search.strategy, search.beam, search.seed) == ("sampling", 1, 7)


def test_pairs_that_are_whole_are_not_made_anew(corpora: Corpora, tmp_path: Path) -> None:
    model = make_model_folder(tmp_path / "model")
    first = training(with_synthetic(corpora, config(model), tmp_path / "made"))
    shutil.rmtree(model)
    assert training(with_synthetic(corpora, config(model), tmp_path / "made")) == first


class Counted:
    """Counts the lines that are translated, and interrupts after some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int = 1000) -> None:
        self.lines, self.most = 0, most
        stream = Translator.stream

        def counting(translator: Translator, lines: Iterable[str], *others: Any, **more: Any) -> Any:
            return stream(translator, map(self.count, lines), *others, **more)

        monkeypatch.setattr(Translator, "stream", counting)
        monkeypatch.setattr(synthetic, "WINDOW", 4)

    def count(self, line: str) -> str:
        if self.lines == self.most:
            raise KeyboardInterrupt
        self.lines += 1
        return line


@pytest.mark.parametrize("method", METHODS)
def test_half_of_them_are_gone_on_with_and_come_out_the_same(
    method: str, models: dict[str, Path], corpora: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(models["back"], side="source", method=method)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    counted = Counted(monkeypatch)
    with_synthetic(corpora, settings, whole)
    assert counted.lines == len(PAIRS)
    counted.lines, counted.most = 0, 18
    with pytest.raises(KeyboardInterrupt):
        with_synthetic(corpora, settings, stopped)
    assert not stopped.exists()
    counted.lines, counted.most = 0, 1000
    with_synthetic(corpora, settings, stopped)
    # The first 16 were written; of these the last window, which may have been half written, is made again.
    assert counted.lines == len(PAIRS) - 12
    assert snapshot(stopped) == snapshot(whole)


def test_half_of_others_is_left_and_told(
    models: dict[str, Path],
    corpora: Corpora,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counted = Counted(monkeypatch, most=18)
    with pytest.raises(KeyboardInterrupt):
        with_synthetic(corpora, config(models["there"]), tmp_path / "made")
    counted.lines, counted.most = 0, 1000
    with_synthetic(corpora, config(models["there"], beam=2), tmp_path / "made")
    assert counted.lines == len(PAIRS)
    assert "made anew" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "\n \n\r\n"])
def test_text_without_a_sentence_is_refused_with_its_name(
    content: str, models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    (tmp_path / "mono.de").write_text(content)
    settings = config(models["back"], side="source", text=(str(tmp_path / "mono.de"),), original=4)
    with pytest.raises(UserError, match=r"no sentence in .*mono\.de"):
        with_synthetic(corpora, settings, tmp_path / "made")
    assert not list(tmp_path.glob("made*"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"models": ()}, "synthetic.side is given, but no model"),
        ({"models": ("/nowhere",)}, "/nowhere is no folder"),
        ({"side": "target"}, "translates from de to en, and synthetic.side target needs one from en to de"),
        ({"side": "target", "method": "noised"}, "noised is for sources"),
        ({"side": "both", "method": "noised"}, "synthetic.side is both: change one"),
        ({"side": "both", "text": ("mono.de",)}, "synthetic.text has one side"),
        ({"method": "sampled", "beam": 4}, "synthetic.beam is for a search"),
        ({"text": ("/nowhere/mono.de",)}, "/nowhere/mono.de cannot be read"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(
    changes: dict[str, object], told: str, models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    settings = config(models["back"], **{"side": "source", **changes})
    made = with_synthetic if settings.synthetic.models else lambda *others: check_synthetic(settings.synthetic)
    with pytest.raises(UserError, match=told) as error:
        made(corpora, settings, tmp_path / "made")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("languages", [("en", "fr"), ("eng", "deu"), (None, None)])
def test_for_both_sides_it_must_be_known_which_one_a_model_makes(
    languages: tuple[str | None, str | None], models: dict[str, Path], corpora: Corpora, tmp_path: Path
) -> None:
    others = replace(corpora, source=languages[0], target=languages[1])
    needed = f"from en to de, and synthetic.side both needs one between {languages[0]} and {languages[1]}"
    with pytest.raises(UserError, match=needed):
        with_synthetic(others, config(models["there"], side="both"), tmp_path / "made")


def test_whole_ones_of_others_are_made_anew_for_a_new_run_alone(
    models: dict[str, Path], corpora: Corpora, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(*texts: str, new: bool = True) -> list[tuple[str, str]]:
        text = written(tmp_path / f"{len(texts)}.de", texts)
        settings = config(models["back"], side="source", text=text, original=0)
        return training(with_synthetic(corpora, settings, tmp_path / "made", new=new))

    first = made("das haus", "das kind")
    assert made("das haus", "das kind", new=False) == first
    assert made("das buch", new=False) == first
    assert "anew" not in capsys.readouterr().err
    assert [target for _, target in made("das buch")] == ["das buch"]
    assert "made anew" in capsys.readouterr().err


def test_an_ensemble_of_other_pieces_is_refused(models: dict[str, Path], corpora: Corpora, tmp_path: Path) -> None:
    other = make_model_folder(tmp_path / "other", subwords__vocabulary=320)
    with pytest.raises(UserError, match="an ensemble needs one vocabulary"):
        with_synthetic(corpora, config(models["there"], other), tmp_path / "made")


def test_languages_that_are_called_otherwise_are_no_other_direction(models: dict[str, Path], tmp_path: Path) -> None:
    corpora = Corpora(tuple(parallel(tmp_path, PAIRS[:2])), (), {}, "eng", "deu")
    assert len(training(with_synthetic(corpora, config(models["there"]), tmp_path / "made"))) == 4


def command(folder: Path, model: Path) -> list[str]:
    """A small training with back-translated text."""
    for part, some in (("train", PAIRS), ("val", PAIRS[:5]), ("test", PAIRS[5:10])):
        parallel(folder, some, part)
    text = written(folder / "mono.de", (target for _, target in sentence_pairs(200, seed=3)))
    line = f"train --data.folder {folder} --data.source en --data.target de --output {folder / 'run'} "
    line += f"--synthetic.models {model} --synthetic.side source --synthetic.text {text[0]} --synthetic.method noised "
    line += "--synthetic.tag <bt> --subwords.vocabulary 340 --model.hidden 16 --model.embedding 16 --train.updates 4 "
    return [*line.split(), "--train.validate_every", "4", "--train.threads", "1", "--train.device", "cpu"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("--subwords.of {there}", "<blank> <bt>: no piece of the model"),
        ("--train.finetune {there} --subwords.extend 1", "\n<bt>: no piece of the model"),
        ("--train.finetune {there} --subwords.extend 2", None),
    ],
)
def test_a_tag_that_is_no_piece_of_the_model_whose_pieces_are_taken_is_told(
    more: str, told: str | None, models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command(tmp_path, models["back"])
    for key in ("subwords.vocabulary", "model.hidden", "model.embedding"):
        place = words.index(f"--{key}")
        del words[place : place + 2]
    assert main([*words, *more.format(there=models["there"]).split(), "--train.updates", "1"]) == 0
    said = capsys.readouterr().err
    assert "no piece of the model" not in said if told is None else told in said


def test_a_run_that_is_stopped_while_pairs_are_made_goes_on_and_needs_the_models_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_model_folder(tmp_path / "back", data__source="de", data__target="en")
    words = command(tmp_path, model)
    with monkeypatch.context() as patch:
        Counted(patch, most=58)
        assert main(words) == 130
    run = tmp_path / "run"
    assert [path.name for path in run.iterdir()] == ["trainer"]
    said = capsys.readouterr().err
    assert "56 lines are kept in synthetic.en.partial; the same command goes on" in said
    assert main(words) == 0
    vocabulary = model_folder.load_vocabulary(run, model_folder.load_config(run))
    for symbol in ("<bt>", BLANK):
        assert symbol in vocabulary.source.pieces(vocabulary.source.encode([f"the {symbol} child"])[0])
    assert json.loads((run / "scores.json").read_text())["test"]["sentences"] == 5
    assert f"translations by {model}" in (run / "README.md").read_text()
    shutil.rmtree(model)
    assert main([*words, "--train.updates", "5"]) == 0
    assert main([*words, "--synthetic.beam", "2"]) == 2
    assert "synthetic.beam is 2, but the run" in capsys.readouterr().err
