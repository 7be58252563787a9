"""One network for several languages, from mixtures with tags: the folder tells which, and the tag decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora import save
from examples import SMALL, sentence_pairs

from nmt.config import Config
from nmt.data.corpus import read_pairs
from nmt.errors import UserError
from nmt.training.corpora import locate
from nmt.training.multilingual import in_mixtures
from nmt.training.run import run
from nmt.translator import Request, Translator

SETTINGS = {**SMALL, "train.updates": 300, "train.validate_every": 150, "train.label_smoothing": 0.0}


def folder_of(path: Path, codes: str) -> Path:
    """A folder of pairs in some languages: line n of a part names the part, the language and n."""
    for part, count in (("train", 6), ("val", 3), ("test2016", 2), ("test2017", 1)):
        for code in codes.split():
            save(path / f"{part}.{code}", "".join(f"{part} {code} {n}\n" for n in range(count)).encode())
    return path


def settings(folder: Path, **changes: object) -> Config:
    named = {f"data.{key}": value for key, value in changes.items()}
    return Config().replace({"data.folder": str(folder / "data"), "output": str(folder / "run"), **named})


def test_a_folder_comes_in_mixtures_of_all_languages_that_are_left_open(tmp_path: Path) -> None:
    folder_of(tmp_path / "data", "en de fr cs")
    (tmp_path / "data" / "train.xx").write_text("no validation pairs\n")
    found = in_mixtures(settings(tmp_path, source="en"), temperature=5)
    corpora = locate(found.data)
    assert (corpora.source, corpora.target, corpora.tags) == ("en", None, ["<2cs>", "<2de>", "<2fr>"])
    assert "temperature = 5.0" in Path(corpora.train[0]).read_text()
    train = list(read_pairs(corpora.train, "en", None))
    assert sorted(train) == sorted(
        (f"<2{code}> train en {n}", f"train {code} {n}") for code in ("cs", "de", "fr") for n in range(6)
    )
    valid = list(read_pairs(corpora.valid, "en", None, "validation"))
    assert [target for _, target in valid] == [f"val {code} {n}" for code in ("cs", "de", "fr") for n in range(3)]
    tests = [f"test{year}.en-{code}" for code in ("cs", "de", "fr") for year in (2016, 2017)]
    assert list(corpora.tests) == tests
    assert list(read_pairs(corpora.tests["test2017.en-fr"], "en", None, "test")) == [
        ("<2fr> test2017 en 0", "test2017 fr 0")
    ]


@pytest.mark.parametrize(
    ("changes", "tags"),
    [({"target": "en"}, ["<2en>"]), ({}, ["<2de>", "<2en>", "<2fr>"])],
)
def test_it_goes_from_several_languages_too(changes: dict[str, object], tags: list[str], tmp_path: Path) -> None:
    folder_of(tmp_path / "data", "en de fr")
    corpora = locate(in_mixtures(settings(tmp_path, **changes), temperature=5).data)
    assert sorted(corpora.tags) == tags


def test_without_a_folder_the_corpora_are_those_that_were_given(tmp_path: Path) -> None:
    config = Config().replace({"data.train": ("mix.toml",), "output": str(tmp_path / "run")})
    assert in_mixtures(config, temperature=5) is config
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_a_folder_and_files_are_not_given_together(part: str, tmp_path: Path) -> None:
    folder_of(tmp_path / "data", "en de fr")
    with pytest.raises(UserError, match="give it or them, not both"):
        in_mixtures(settings(tmp_path, source="en", **{part: ("mine.en", "mine.de")}), temperature=5)
    assert not (tmp_path / "run").exists()


def test_mixtures_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    """Synthetic pairs half made of them are gone on with, as long as these files are the same."""
    folder_of(tmp_path / "data", "en de fr")
    times = []
    for _ in range(2):
        (place,) = in_mixtures(settings(tmp_path, source="en"), temperature=5).data.train
        times.append(Path(place).stat().st_mtime_ns)
    assert times[0] == times[1]


@pytest.mark.parametrize("changes", [{"source": "en", "target": "de"}, {"source": "en"}])
def test_one_direction_alone_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    folder_of(tmp_path / "data", "en de")
    with pytest.raises(UserError, match="leave one open, and give two languages") as error:
        in_mixtures(settings(tmp_path, **changes), temperature=5)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    folder_of(tmp_path / "data", "en de fr")
    save(tmp_path / "run" / "letter.txt", b"mine\n")
    with pytest.raises(UserError, match="is no training run"):
        in_mixtures(settings(tmp_path, source="en"), temperature=5)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["letter.txt"]


@pytest.mark.slow
def test_the_tag_of_a_mixture_decides_the_language(tmp_path: Path) -> None:
    pairs = sentence_pairs(600)
    for part, some in (("train", pairs[:550]), ("val", pairs[550:])):
        for code, side in (("en", 0), ("de", 1)):
            save(tmp_path / f"{part}.{code}", "".join(pair[side] + "\n" for pair in some).encode())
        save(tmp_path / f"{part}.xx", "".join(" ".join(reversed(a.split())) + "\n" for a, _ in some).encode())
    entries = ", ".join(
        f"{{ locations = '.', source = 'en', target = '{code}', tag = '<2{code}>' }}" for code in ("de", "xx")
    )
    mixture = tuple(save(tmp_path / "mix.toml", f"temperature = 5\ncorpus = [{entries}]\n".encode()))
    output = tmp_path / "run"
    run(Config().replace({**SETTINGS, "data.train": mixture, "data.valid": mixture, "output": str(output)}))
    translator = Translator.load(output)
    sources = [source for source, _ in pairs[550:]]
    for code, wanted in (("de", [b for _, b in pairs[550:]]), ("xx", [" ".join(reversed(a.split())) for a in sources])):
        found = translator.stream(sources, requests=[Request(tag=f"<2{code}>")] * len(sources))
        right = sum(one.text == target for one, target in zip(found, wanted, strict=True))
        assert right >= 0.8 * len(sources)
