"""`nmt train`, from files to a model folder: complete, taken up again, and refused in one line before anything is
written."""

from __future__ import annotations

import json
import math
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from examples import snapshot
from safetensors.torch import load_file

from nmt import model_folder
from nmt.cli import main
from nmt.config import FORMAT_VERSION
from nmt.options import parse
from nmt.training import objective, selection
from nmt.training.beginning import alone
from nmt.training.run import run
from nmt.translator import Translator

WORDS = {
    "the": "das",
    "this": "dieses",
    "boat": "Boot",
    "house": "Haus",
    "child": "Kind",
    "finds": "findet",
    "sees": "sieht",
    "paints": "malt",
}
SMALL = {
    "model.cell": ["gru"],
    "model.attention": ["general"],
    "model.decoder": ["parallel"],
    "model.hidden": ["16"],
    "model.embedding": ["16"],
    "train.updates": ["30"],
    "train.warmup": ["5"],
    "train.validate_every": ["10"],
    "train.device": ["cpu"],
    "train.threads": ["1"],
}
"""A network and a budget that need about a second."""
UNIGRAM = {"subwords__algorithm": "unigram", "train__subword_sampling": 0.5}
LONG = {"train__updates": 200, "train__validate_every": 20, "train__batch_tokens": 150, **UNIGRAM}
"""A training long enough to be stopped from outside."""


def write_pairs(folder: Path, part: str, count: int, seed: int) -> None:
    """Sentences of three to six words, translated word by word from the last to the first."""
    chosen = random.Random(seed)
    sentences = [chosen.choices(list(WORDS), k=chosen.randint(3, 6)) for _ in range(count)]
    (folder / f"{part}.en").write_text("".join(" ".join(words) + "\n" for words in sentences))
    turned = (" ".join(WORDS[word] for word in reversed(words)) for words in sentences)
    (folder / f"{part}.de").write_text("".join(line + "\n" for line in turned))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for seed, (part, count) in enumerate({"train": 300, "val": 10, "test": 6}.items()):
        write_pairs(folder, part, count, seed)
    return folder


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Leaves the number of threads as it was."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def words(data: Path, folder: Path, /, **changes: object) -> list[str]:
    """The words of `nmt train` for small models. `changes`: settings, with __ for the dot; None leaves one out."""
    settings: dict[str, list[str]] = {
        "data.train": [str(data / "train.en"), str(data / "train.de")],
        "data.valid": [str(data / "val.en"), str(data / "val.de")],
        "output": [str(folder)],
        **SMALL,
    }
    for key, value in changes.items():
        values = value if isinstance(value, list) else [value]
        settings[key.replace("__", ".")] = [] if value is None else [str(one) for one in values]
    return ["train", *(word for key, given in settings.items() if given for word in (f"--{key}", *given))]


def records(output: Path) -> dict[int, dict[str, float]]:
    """Validation scores by update."""
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return {
        line["update"]: {name: line[name] for name in ("loss", "accuracy", "bleu", "chrf")}
        for line in lines
        if line["kind"] == "valid"
    }


def assert_same_end(one: Path, other: Path) -> None:
    """The same best weights, last weights, optimiser and validation scores, bit for bit."""
    newest, expected = (max(folder.glob("trainer/checkpoint-*")) for folder in (one, other))
    assert newest.name == expected.name
    for name in ("model", "optimizer", "average"):
        assert (newest / f"{name}.safetensors").read_bytes() == (expected / f"{name}.safetensors").read_bytes(), name
    for name in ("model.safetensors", "joint.spm"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    assert records(one) == records(other)


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with test sets, with everything left open that may be."""
    output = tmp_path_factory.mktemp("runs") / "new" / "run"
    changes = {"data__test": [data / "test.en", data / "test.de"], "train__updates": 60, "train__validate_every": None}
    assert main(words(data, output, **changes)) == 0
    return output


def test_a_run_writes_a_complete_model_folder(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} == {
        "README.md",
        "config.json",
        "joint.spm",
        "log.jsonl",
        "model.safetensors",
        "scores.json",
        "tensorboard",
        "test.translations.txt",
        "trainer",
    }
    assert json.loads((trained / "config.json").read_text())["format_version"] == FORMAT_VERSION
    assert list(trained.glob("tensorboard/events.*"))
    assert len((trained / "test.translations.txt").read_text().splitlines()) == 6
    scores = json.loads((trained / "scores.json").read_text())["test"]
    card = (trained / "README.md").read_text()
    assert "from en to de" in card
    for metric in ("bleu", "chrf", "ter"):
        assert f"| {metric} | {scores[metric]['score']:.2f} |" in card
        assert f"`{scores[metric]['signature']}`" in card
    assert not list(trained.rglob("*.partial"))


def test_nothing_is_pickled(trained: Path) -> None:
    for path in trained.rglob("*"):
        assert path.suffix not in (".pt", ".pth", ".pkl", ".pickle", ".bin")
        if path.suffix == ".safetensors":
            load_file(path)
        if path.is_file():
            assert not path.read_bytes().startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04"))


def test_settings_left_open_are_chosen_and_written(trained: Path, data: Path) -> None:
    config = model_folder.load_config(trained)
    assert (config.data.source, config.data.target) == ("en", "de")
    chosen = (
        config.subwords.vocabulary,
        config.train.batch_tokens,
        config.model.dropout,
        config.train.learning_rate,
    )
    assert None not in chosen
    assert config.train.updates == 60
    assert config.train.minutes is None  # the budget was given in updates
    assert config.model.cell == "gru"


def test_a_run_learns(trained: Path) -> None:
    losses = [scores["loss"] for scores in records(trained).values()]
    assert len(losses) == 10
    assert losses[-1] < 0.8 * losses[0]
    pieces = len(model_folder.load(trained).vocabulary.target)
    assert losses[-1] < 0.7 * math.log(pieces)  # guessing has the logarithm


def test_the_model_translates(trained: Path) -> None:
    translator = Translator.load(trained, "cpu")
    translations = translator.translate(["the child sees the boat", "", "this house"])
    assert [translation.text == "" for translation in translations] == [False, True, False]


def test_a_finished_run_started_again_trains_no_more(
    trained: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def trains(*arguments: object, **others: object) -> None:
        raise AssertionError

    monkeypatch.setattr(objective, "batch_losses", trains)
    monkeypatch.setattr(selection.Validator, "__call__", trains)
    kept = ("config.json", "joint.spm", "log.jsonl", "model.safetensors", "README.md", "test.translations.txt")
    before = {name: (trained / name).read_bytes() for name in kept} | snapshot(trained / "trainer")
    changes = {"data__test": [data / "test.en", data / "test.de"], "train__updates": 60, "train__validate_every": None}
    assert main(words(data, trained, **changes)) == 0
    assert {name: (trained / name).read_bytes() for name in kept} | snapshot(trained / "trainer") == before
    out = capsys.readouterr().out
    assert json.loads(out)["test"] == "test"  # and tells the scores again, on stdout, alone


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never stopped, without test sets."""
    output = tmp_path_factory.mktemp("runs") / "whole"
    assert main(words(data, output, **LONG)) == 0
    return output


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_same_command_goes_on_to_the_same_end(
    sign: signal.Signals, data: Path, whole: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", "from nmt.cli import main; raise SystemExit(main())"]
    command += words(data, tmp_path / "run", **LONG)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        said = b""
        while b"validation" not in said:
            line = process.stderr.readline()
            assert line, said.decode()
            said += line
        process.send_signal(sign)
        out, rest = process.communicate(timeout=240)
    assert process.returncode == 128 + sign
    assert out == b""
    assert b"saved" in rest
    assert b"Traceback" not in rest
    (update,) = {int(path.name[-9:]) for path in [max((tmp_path / "run").glob("trainer/checkpoint-*"))]}
    assert 20 <= update < 200
    again = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert f"resumed checkpoint-{update:09d}".encode() in again.stderr
    assert_same_end(tmp_path / "run", whole)


LEISURELY = """
import time
from nmt.cli import main
from nmt.training.tracking import Tracker

tell = Tracker.validation
Tracker.validation = lambda *what: (tell(*what), time.sleep(0.5))
raise SystemExit(main())
"""
"""A program that gives time to act on a validation."""


def test_a_closed_terminal_saves_and_nohup_does_not_hear_it(data: Path, whole: Path, tmp_path: Path) -> None:
    train = words(data, tmp_path / "run", **LONG)
    process, handle = pty.fork()
    if process == 0:
        os.environ["OMP_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-c", LEISURELY, *train])
    said = b""
    while b"validation" not in said:
        said += os.read(handle, 1000)
    os.close(handle)  # the system sends SIGHUP, and whatever is written from now on fails
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGTERM
    (update,) = {int(path.name[-9:]) for path in [max((tmp_path / "run").glob("trainer/checkpoint-*"))]}
    assert 20 <= update < 200
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = ["nohup", sys.executable, "-c", LEISURELY, *train]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as again:
        lines = iter(again.stderr.readline, b"")
        assert any(f"resumed checkpoint-{update:09d}".encode() in line for line in lines)
        assert any(b"validation" in line for line in lines)
        again.send_signal(signal.SIGHUP)
        again.communicate(timeout=240)
    assert again.returncode == 0
    assert_same_end(tmp_path / "run", whole)


def test_without_tests_the_card_has_no_scores(whole: Path) -> None:
    assert "|" not in (whole / "README.md").read_text()
    assert json.loads((whole / "scores.json").read_text()) == {}


def test_a_changed_setting_of_the_training_applies_and_is_told_and_a_raised_budget_goes_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(data, tmp_path / "run", train__updates=4)) == 0
    capsys.readouterr()
    assert main(words(data, tmp_path / "run", train__updates=8, train__patience=7, search__beam=2)) == 0
    said = capsys.readouterr().err
    assert "train.updates: 4 -> 8" in said
    assert "train.patience: 5 -> 7" in said
    assert "search.beam: 5 -> 2" in said
    config = model_folder.load_config(tmp_path / "run")
    assert (config.train.updates, config.train.patience, config.search.beam) == (8, 7, 2)
    assert list(records(tmp_path / "run")) == [4, 8]
    assert main(words(data, tmp_path / "run", train__updates=10, train__optimizer="sgd")) == 0
    assert "train.learning_rate stays 0.002, as for adamw" in capsys.readouterr().err


def test_what_is_not_given_again_stays_as_it_was(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(data, tmp_path / "run", train__updates=2, train__patience=3, data__max_length=99)) == 0
    before = model_folder.load_config(tmp_path / "run")
    capsys.readouterr()
    assert main(["train", "--output", str(tmp_path / "run")]) == 0  # the folder alone names the run
    assert model_folder.load_config(tmp_path / "run") == before
    assert "->" not in capsys.readouterr().err


def test_a_recipe_taken_up_keeps_what_was_typed_at_its_beginning(data: Path, tmp_path: Path) -> None:
    defaults = {"train.updates": 9, "data.source": "en", "data.target": "de"}
    begin = words(data, tmp_path / "run", train__updates=2)[1:]
    run(parse(begin, defaults, program="recipe", description=""))
    run(parse(["--output", str(tmp_path / "run")], defaults, program="recipe", description=""))
    assert model_folder.load_config(tmp_path / "run").train.updates == 2


def test_other_validation_pairs_are_told(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "data"
    shutil.copytree(data, mine)
    assert main(words(mine, tmp_path / "run", train__updates=2)) == 0
    assert main(words(mine, tmp_path / "run", train__updates=2)) == 0
    assert "validation pairs are others" not in capsys.readouterr().err
    for name in ("val.en", "val.de"):
        (mine / name).write_text("".join((mine / name).read_text().splitlines(keepends=True)[1:]))
    assert main(words(mine, tmp_path / "run", train__updates=2)) == 0
    assert "the validation pairs are others than before" in capsys.readouterr().err


def test_what_is_typed_open_stays_as_it_was(data: Path, tmp_path: Path) -> None:
    first = words(data, tmp_path / "run", train__updates=2, model__dropout="none", train__learning_rate="none")
    assert main(first) == 0
    before = model_folder.load_config(tmp_path / "run")
    assert main(first) == 0
    assert model_folder.load_config(tmp_path / "run") == before


def test_what_is_taken_back_is_told_or_refused(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = words(data, tmp_path / "run", train__updates=2, train__threads=1)
    assert main(first) == 0
    capsys.readouterr()
    assert main(["train", "--output", str(tmp_path / "run"), "--train.threads", "none"]) == 0
    assert "train.threads: 1 -> (open)" in capsys.readouterr().err
    assert main(["train", "--output", str(tmp_path / "run"), "--train.updates", "none"]) == 0  # and not without end
    assert "train.updates is left open: it stays 2" in capsys.readouterr().err
    assert model_folder.load_config(tmp_path / "run").train.updates == 2
    tagged = model_folder.load_config(tmp_path / "run").replace({"synthetic.tag": "<bt>"})
    model_folder.save_config(tmp_path / "run", tagged)
    told = refusal(capsys, ["train", "--output", str(tmp_path / "run"), "--synthetic.tag", "none"])
    assert "synthetic.tag is (open), but the run" in told


def test_a_model_without_the_state_of_its_training_is_not_trained_over(
    trained: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained, tmp_path / "run", ignore=shutil.ignore_patterns("trainer"))
    before = snapshot(tmp_path / "run")
    assert "another --output" in refusal(capsys, ["train", "--output", str(tmp_path / "run")])
    assert snapshot(tmp_path / "run") == before


def test_a_device_that_is_not_there_changes_nothing(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    before = snapshot(trained)
    assert "cuda" in refusal(capsys, ["train", "--output", str(trained), "--train.device", "cuda"]).splitlines()[-1]
    assert snapshot(trained) == before


def test_a_folder_and_files_at_once_are_refused(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "not both" in refusal(capsys, words(data, tmp_path / "run", data__folder=data))
    assert not (tmp_path / "run").exists()


def test_training_files_that_were_edited_are_encoded_anew_and_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in data.glob("*.??"):
        shutil.copy(path, tmp_path)
    assert main(words(tmp_path, tmp_path / "run", train__updates=2)) == 0
    write_pairs(tmp_path, "train", 310, seed=9)
    capsys.readouterr()
    assert main(words(tmp_path, tmp_path / "run", train__updates=4)) == 0
    assert "or newer; training pairs: kept 310" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model__cell": "lstm"}, ["model.cell is lstm", "began with gru"]),
        ({"model__hidden": 32}, ["model.hidden", "32", "16"]),
        ({"data__train": ["val.en", "val.de"]}, ["data.train", "val.en", "train.en"]),
        ({"data__max_length": 99}, ["data.max_length", "99"]),
        ({"subwords__vocabulary": 999}, ["subwords.vocabulary", "999"]),
    ],
)
def test_what_a_run_began_with_cannot_be_changed(
    data: Path, whole: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], named: list[str]
) -> None:
    before = snapshot(whole)
    if "data__train" in changes:
        changes = {"data__train": [data / name for name in changes["data__train"]]}
    line = refusal(capsys, words(data, whole, **{**LONG, **changes}))
    assert all(name in line for name in named)
    assert "another --output" in line
    assert snapshot(whole) == before


def refusal(capsys: pytest.CaptureFixture[str], command: list[str]) -> str:
    """The one line that a command says when it exits with 2; nothing is on stdout."""
    capsys.readouterr()
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("nmt: error: ")
    return line


REFUSED: dict[str, tuple[dict[str, object], list[str]]] = {
    "a missing file": ({"data__train": ["trian.en", "train.de"]}, ["trian.en is missing", "train.en?"]),
    "a missing validation file": ({"data__valid": ["val.en", "vale.de"]}, ["vale.de is missing"]),
    "a missing test file": ({"data__test": ["test.en", "tests.de"]}, ["tests.de is missing"]),
    "files of different length": ({"data__train": ["train.en", "short.de"]}, ["300 lines", "299", "parallel"]),
    "validation of different length": ({"data__valid": ["train.en", "short.de"]}, ["299", "parallel"]),
    "tests of different length": ({"data__test": ["train.en", "short.de"]}, ["299", "parallel"]),
    "an empty corpus": ({"data__train": ["empty.en", "empty.de"]}, ["no sentence pairs"]),
    "an empty validation set": ({"data__valid": ["empty.en", "empty.de"]}, ["no sentence pairs"]),
    "a corpus of blank lines": ({"data__train": ["blank.en", "blank.de"]}, ["no training pair is left", "empty 3"]),
    "a file twice": ({"data__train": ["train.en", "train.en"]}, ["same file"]),
    "a file that is not UTF-8": ({"data__train": ["latin.en", "blank.de"]}, ["latin.en, line 2", "iconv"]),
    "no training data": ({"data__train": None}, ["data.train is not given"]),
    "no validation data": ({"data__valid": None}, ["data.valid is not given"]),
    "validation the wrong way round": ({"data__valid": ["val.de", "val.en"]}, ["val.de is named first", "turn"]),
    "tests the wrong way round": ({"data__test": ["test.de", "test.en"]}, ["test.de is named first", "turn"]),
    "more pieces for a model that is new": ({"subwords__extend": 9}, ["subwords.extend", "train.finetune"]),
    "probabilities of byte pairs": (
        {"train__subword_sampling": 0.5},
        ["subwords.algorithm unigram", "train.subword_dropout"],
    ),
    "languages the wrong way round": ({"data__source": "de", "data__target": "en"}, ["train.en", "turn the files"]),
    "more translations than the beam": ({"search__nbest": 9}, ["search.nbest is 9", "widen the beam"]),
    "a number without end": ({"train__minutes": "inf"}, ["train.minutes"]),
    "too many threads": ({"train__threads": 10**11}, ["train.threads"]),
    "no output": ({"output": None}, ["--output is not given"]),
    "an unknown cell": ({"model__cell": "lstn"}, ["model.cell 'lstn'", "'lstm'?"]),
    "an unknown attention": ({"model__attention": "genral"}, ["'general'?"]),
    "an unknown decoder": ({"model__decoder": "paralel"}, ["'parallel'?"]),
    "an unknown bridge": ({"model__bridge": "lats"}, ["'last'?"]),
    "an unknown optimiser": ({"train__optimizer": "admw"}, ["'adamw'?"]),
    "an unknown schedule": ({"train__schedule": "cosin"}, ["'cosine'?"]),
    "an unknown key": ({"model__hiden": 16}, ["--model.hiden", "--model.hidden?"]),
    "too much dropout": ({"model__dropout": 1.5}, ["model.dropout", "1.5", "less than 1"]),
    "a word for a number": ({"train__minutes": "many"}, ["train.minutes", "'many'"]),
    "no minutes": ({"train__minutes": 0}, ["train.minutes", "greater than 0"]),
    "an odd size": ({"model__hidden": 15}, ["model.hidden is 15", "even"]),
    "heads that do not divide": ({"model__attention": "multihead", "model__heads": 3}, ["model.heads is 3", "divisor"]),
    "heads of an attention without": (
        {"model__attention": "general", "model__heads": 2},
        ["model.heads", "multihead", "general"],
    ),
    "tied but separate": ({"subwords__joint": "false", "model__tied": "all"}, ["model.tied", "subwords.joint"]),
    "no way to the source": (
        {"model__attention": "none", "model__bridge": "zero"},
        ["model.attention", "model.bridge"],
    ),
    "one language twice": ({"data__source": "de", "data__target": "de"}, ["both 'de'"]),
    "a device that is not there": ({"train__device": "cuda"}, ["choose cpu or auto"]),
    "an output below a file": ({"output": "train.en/run"}, ["train.en/run cannot be written", "another --output"]),
    "an output that is a file": ({"output": "train.en"}, ["train.en cannot be written", "another --output"]),
    "an output with other things": ({"output": "photos"}, ["photos exists", "no training run", "another --output"]),
    "an output with a damaged run": ({"output": "damaged"}, ["damaged/config.json is damaged"]),
    "an output of a newer version": ({"output": "newer"}, ["newer/config.json has format version"]),
}
"""What people get wrong: settings, with file names in the folder of the test, and what the message says."""
PATHS = ("data__train", "data__valid", "data__test", "output")


def tell_wrong(data: Path, folder: Path) -> None:
    """Good files beside bad ones."""
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "short.de").write_text("".join(f"{line}\n" for line in (data / "train.de").read_text().splitlines()[1:]))
    for side in ("en", "de"):
        (folder / f"empty.{side}").touch()
        (folder / f"blank.{side}").write_text("\n \n\t\n")
    (folder / "latin.en").write_bytes(b"fine\ncaf\xe9\nfine\n")
    for name, file, text in (
        ("photos", "cat.jpg", "miaow"),
        ("damaged", "config.json", '{"format_'),
        ("newer", "config.json", json.dumps({"format_version": FORMAT_VERSION + 1})),
    ):
        (folder / name).mkdir()
        (folder / name / file).write_text(text)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_told_in_one_line_before_anything_is_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    tell_wrong(data, tmp_path)
    before = snapshot(tmp_path)
    given, said = REFUSED[case]
    changes = {
        key: [tmp_path / name for name in ([value] if isinstance(value, str) else value)]
        if key in PATHS and value
        else value
        for key, value in given.items()
    }
    line = refusal(capsys, words(tmp_path, tmp_path / "run", **changes))
    assert all(part in line for part in said), line
    assert snapshot(tmp_path) == before


def test_pairs_that_are_all_too_long_are_told(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for side in ("en", "de"):
        lines = (data / f"train.{side}").read_text().splitlines()
        (tmp_path / f"long.{side}").write_text("".join(f"{line} {line}\n" for line in lines))
    corpus = [tmp_path / "long.en", tmp_path / "long.de"]
    assert main(words(data, tmp_path / "run", data__train=corpus, data__max_length=4)) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("nmt: error: all ")
    assert "data.max_length" in line


def test_a_start_that_was_stopped_while_it_began_is_begun_anew(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(model_folder, "save_config", stopped)
        assert main(words(data, tmp_path / "run")) == 130
    changes = {"subwords__joint": "false", "model__tied": "target", "train__updates": 2}
    assert main(words(data, tmp_path / "run", **changes)) == 0
    assert not (tmp_path / "run" / "joint.spm").exists()
    assert not Translator.load(tmp_path / "run", "cpu").vocabulary.joint


def test_a_folder_is_trained_by_one_process_at_a_time(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with alone(tmp_path / "run"):
        assert "being trained by another" in refusal(capsys, words(data, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("setting", ["train__subword_sampling", "train__subword_dropout"])
def test_what_spells_afresh_reaches_the_training(setting: str, data: Path, tmp_path: Path) -> None:
    ends = []
    for amount in (0.0, 0.5):
        changes = {**UNIGRAM, "train__subword_sampling": 0.0, "train__updates": 3, setting: amount}
        assert main(words(data, tmp_path / str(amount), **changes)) == 0
        ends.append((tmp_path / str(amount) / "model.safetensors").read_bytes())
    assert ends[0] != ends[1]


def test_a_symbol_may_be_named_twice(data: Path, tmp_path: Path) -> None:
    assert main(words(data, tmp_path / "run", subwords__symbols=["<a>", "<a>"], train__updates=1)) == 0
    assert model_folder.load_config(tmp_path / "run").subwords.symbols == ("<a>",)


def test_minutes_end_a_run_in_time(data: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    assert main(words(data, tmp_path / "run", train__updates=None, train__minutes=0.02)) == 0
    newest = max((tmp_path / "run").glob("trainer/checkpoint-*"))
    seconds = json.loads((newest / "progress.json").read_text())["seconds"]
    assert time.monotonic() - started >= 1.2  # the checkpoint itself may be from a moment before the end
    assert seconds <= time.monotonic() - started
    assert seconds < 60  # a few updates and a validation beyond it at the most, even on a busy machine
    assert records(tmp_path / "run")
