"""Mixtures: shares by size, weight and temperature; nothing is lost, nothing is drawn; tags arrive as one piece."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from corpora import parallel, save
from hypothesis import given
from hypothesis import strategies as st

from nmt.config import Config
from nmt.data.corpus import apart, fingerprint, languages, read_pairs, tags
from nmt.data.corpus.mixture import Entry, Mixture, epoch, text_of
from nmt.data.subwords import Subwords, train_vocabulary
from nmt.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MANY = [(f"many {number}", f"viele {number}") for number in range(1000)]
FEW = [(f"few {number}", f"wenige {number}") for number in range(10)]


def mix(folder: Path, text: str) -> list[str]:
    parallel(folder, MANY, "many")
    parallel(folder, FEW, "few")
    return save(folder / "mix.toml", text.encode())


def entry(name: str, more: str = "") -> str:
    return f'{{ locations = ["{name}.en", "{name}.de"]{more} }}'


def read(locations: list[str], split: str = "train") -> list[tuple[str, str]]:
    return list(read_pairs(locations, "en", "de", split))


def test_without_weights_every_pair_is_there_once_in_order(tmp_path: Path) -> None:
    assert read(mix(tmp_path, f"corpus = [{entry('few')}, {entry('many')}]")) == FEW + MANY


@pytest.mark.parametrize(
    ("head", "more", "times"),
    [("", ", weight = 5", 50), ("temperature = 2\n", "", 100), ("temperature = 1e9\n", "", 1000)],
)
def test_a_small_corpus_is_repeated_evenly_as_its_share_asks(head: str, more: str, times: int, tmp_path: Path) -> None:
    found = read(mix(tmp_path, f"{head}corpus = [{entry('few', more)}, {entry('many')}]"))
    counts = Counter(found)
    assert all(counts[pair] == 1 for pair in MANY)
    assert sum(counts[pair] for pair in FEW) == times  # of 1,000 pairs and 10: 5 to 100, sqrt(10) to sqrt(1000), 1 to 1
    assert max(counts[pair] for pair in FEW) - min(counts[pair] for pair in FEW) <= 1
    half = sum(pair in FEW for pair in found[: len(found) // 2])
    assert abs(2 * half - times) <= 2  # spread over the epoch


@given(st.lists(st.tuples(st.integers(1, 10**7), st.floats(0.01, 100)), min_size=1, max_size=5), st.floats(1, 100))
def test_an_epoch_loses_no_pair_and_keeps_the_shares(corpora: list[tuple[int, float]], temperature: float) -> None:
    sizes, weights = [size for size, _ in corpora], [weight for _, weight in corpora]
    quotas = epoch(sizes, weights, temperature)
    assert all(quota >= size for quota, size in zip(quotas, sizes, strict=True))
    assert any(quota == size for quota, size in zip(quotas, sizes, strict=True))
    shares = [weight * size ** (1 / temperature) for size, weight in corpora]
    for quota, share in zip(quotas, shares, strict=True):
        assert quota / quotas[0] == pytest.approx(share / shares[0], rel=1 / min(quota, quotas[0]) + 1e-6)


def test_validation_pairs_are_there_once_whatever_the_weights(tmp_path: Path) -> None:
    path = mix(tmp_path, f"temperature = 5\ncorpus = [{entry('few')}, {entry('many')}]")
    assert read(path, "validation") == FEW + MANY


def test_tags_come_before_the_sources_and_blank_ones_stay_blank(tmp_path: Path) -> None:
    path = mix(tmp_path, f"corpus = [{entry('few', ', tag = ' + repr('<2de>'))}, {entry('many')}]")
    parallel(tmp_path, [("a", "b"), (" ", "c")], "few")
    assert list(islice(read_pairs(path, "en", "de"), 3)) == [("<2de> a", "b"), (" ", "c"), MANY[0]]
    assert tags(path) == ["<2de>"]
    assert tags([str(tmp_path / "few.en"), str(tmp_path / "few.de")]) == []


def test_the_languages_in_common_are_told(tmp_path: Path) -> None:
    french = ', source = "en", target = "fr"'
    assert languages(mix(tmp_path, f"corpus = [{entry('few', french)}, {entry('many')}]")) == ("en", None)
    assert languages(mix(tmp_path, f"corpus = [{entry('many')}]")) == ("en", "de")


def test_the_fingerprint_changes_with_a_file_that_the_mixture_names(tmp_path: Path) -> None:
    path = mix(tmp_path, f"corpus = [{entry('few')}]")
    before = fingerprint(path)
    assert fingerprint(path) == before
    parallel(tmp_path, MANY, "few")
    assert fingerprint(path) != before


def test_the_corpora_of_a_test_mixture_are_read_apart_under_names_of_their_own(tmp_path: Path) -> None:
    french = ', source = "en", target = "fr"'
    tag = ", tag = '<2de>'"
    entries = ", ".join([entry("few", french), entry("many", tag), entry("few", french)])
    path = mix(tmp_path, f"temperature = 5\ncorpus = [{entries}]")
    found = apart(path)
    assert list(found) == ["few.en-fr", "many.en-de", "few.en-fr.3"]
    assert [read(list(one), "test") for one in found.values()] == [FEW, [(f"<2de> {a}", b) for a, b in MANY], FEW]
    assert [pair for one in found.values() for pair in read(list(one), "test")] == read(path, "test")
    assert [tags(one) for one in found.values()] == [[], ["<2de>"], []]
    assert languages(found["few.en-fr"]) == ("en", "fr")
    assert len({fingerprint(one) for one in found.values()}) == 3


def test_any_other_corpus_is_one_test_set(tmp_path: Path) -> None:
    path = parallel(tmp_path, FEW, "test2016")
    assert apart(path) == {"test2016": tuple(path)}


@given(
    st.lists(
        st.builds(
            Entry,
            locations=st.one_of(st.text(), st.lists(st.text(), min_size=1, max_size=3).map(tuple)),
            source=st.none() | st.text(),
            weight=st.floats(1e-3, 1000),
            tag=st.text(),
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
    st.floats(1, 1e9),
)
def test_a_mixture_that_is_written_is_read_again(corpora: tuple[Entry, ...], temperature: float) -> None:
    mixture = Mixture(corpus=corpora, temperature=temperature)
    assert Mixture.model_validate(tomllib.loads(text_of(mixture))) == mixture


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("corpus = [", "at end of document|line 1"),
        ("", "corpus: field required"),
        ("corpus = []", "corpus: tuple should have at least 1"),
        ("corpus = [{ locations = 'a.tsv', weight = 0 }]", "corpus 1 weight: input should be greater than 0"),
        ("corpus = [{ locations = 'a.tsv', wieght = 1 }]", "corpus 1 wieght: is no key of a mixture"),
        ("temperature = 0.5\ncorpus = [{ locations = 'a.tsv' }]", "temperature: input should be greater"),
        ("corpus = [{ locations = 'missing.tsv' }]", "missing.tsv is missing"),
        ("corpus = [{ locations = ['a', 'b', 'c'] }]", "corpus 1: 'a b c' is of no known form"),
        ("corpus = [{ locations = 'mix.toml' }]", "mix.toml"),
        ("corpus = [{ locations = 'mix.toml:1' }]", "mix.toml"),
    ],
)
def test_what_is_wrong_in_a_mixture_is_told_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told) as error:
        read(mix(tmp_path, text))
    assert "\n" not in str(error.value)


def test_a_number_that_no_corpus_of_a_mixture_has_is_told(tmp_path: Path) -> None:
    (path,) = mix(tmp_path, f"corpus = [{entry('few')}]")
    assert read([f"{path}:1"]) == FEW
    for number in (0, 2):
        with pytest.raises(UserError, match=f"has 1 corpora, none with the number {number}"):
            read([f"{path}:{number}"])


@pytest.mark.parametrize("joint", [True, False])
def test_a_tag_is_one_piece_of_the_source_and_no_subword_dropout_cuts_it(joint: bool) -> None:
    settings = Config().subwords.model_copy(update={"vocabulary": 320, "joint": joint, "symbols": ("<2de>",)})
    vocabulary = train_vocabulary(lambda: [(f"<2de> {source}", target) for source, target in MANY], settings)
    source: Subwords = vocabulary.source
    (encoded,) = source.encode(["<2de> many 1"], end=False)
    assert source.pieces(encoded)[:2] == ["▁", "<2de>"]
    assert not source.parts()[encoded[1]].any()
    assert ("<2de>" in vocabulary.target.pieces(range(len(vocabulary.target)))) == joint
