"""What a search can be told reaches it, from the library and from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import nmt
from nmt import cli
from nmt.arguments import SEARCH_OPTIONS
from nmt.config import SearchConfig
from nmt.data.lines import clean_line
from nmt.errors import UserError
from nmt.search.controls import contains
from nmt.search.penalties import LENGTH_PENALTIES
from nmt.search.risk import UTILITIES
from nmt.search.strategies import STRATEGIES
from nmt.translator import Request, Translator

LINES = ["The child finds the book.", "", "This animal sees our boat.", "Every house shows this picture.", "the " * 200]


@pytest.fixture(scope="module")
def translator(model_folder: Path) -> Translator:
    return nmt.load(model_folder)


def settings(translator: Translator, **changes: object) -> SearchConfig:
    return translator.config.replace({f"search.{name}": value for name, value in changes.items()}).search


VARIANTS: dict[str, dict[str, object]] = {
    "greedy": {"beam": 1},
    "gnmt, coverage, proven": {
        "beam": 3,
        "normalization": "gnmt",
        "coverage_penalty": 0.2,
        "stopping": "proven",
        "nbest": 2,
    },
    "reward, lengths, repetition": {
        "beam": 3,
        "normalization": "reward",
        "min_ratio": 0.5,
        "max_ratio": 0.7,
        "no_repeat_ngram": 2,
    },
    "diverse": {"strategy": "diverse", "beam": 4, "groups": 2, "nbest": 3},
    "sampling": {"strategy": "sampling", "beam": 4, "nbest": 2, "top_k": 20, "top_p": 0.9, "temperature": 0.8},
    "least risk of a beam": {"beam": 4, "risk": "bleu", "nbest": 2},
    "least risk of samples": {"strategy": "sampling", "beam": 6, "risk": "chrf"},
}
every_variant = pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)


@every_variant
def test_lines_are_the_same_in_any_company(changes: dict[str, object], translator: Translator) -> None:
    search = settings(translator, **changes)
    together = translator.translate(LINES, search)
    assert [bool(one.text) for one in together] == [bool(line) for line in LINES]
    for tokens, order in ((1, LINES), (64, LINES[::-1])):
        others = translator.translate(order, search.model_copy(update={"batch_tokens": tokens}))
        others = others if order is LINES else others[::-1]
        assert [one.text for one in others] == [one.text for one in together]
        assert [one.score for one in others] == pytest.approx([one.score for one in together], abs=1e-4)


def test_least_risk_gives_expected_utilities(translator: Translator) -> None:
    search = settings(translator, strategy="sampling", beam=6, risk="chrf", nbest=6)
    for one in translator.translate(LINES[2:4], search):
        scores = [score for _, score in one.alternatives]
        assert scores == sorted(scores, reverse=True)
        assert 0 <= scores[-1] < scores[0] <= 1


@pytest.mark.parametrize("beam", [1, 4])
def test_what_is_asked_of_a_line_is_in_its_translation(beam: int, translator: Translator) -> None:
    encode, search = translator.vocabulary.target.encode, settings(translator, beam=beam)
    requests = [
        Request(prefix="Das Kind", include=("unser Boot", "Bild")),
        Request(prefix="Das"),
        Request(include=("dieses Tier malt",)),
        Request(),
        Request(include=("Haus",)),
    ]
    found = list(translator.stream(LINES, search, requests=requests))
    plain = translator.translate(LINES, search)
    assert found[0].text.startswith("Das Kind")
    assert (found[1].text, found[3]) == ("", plain[3])
    for request, translation in zip(requests, found, strict=True):
        said = [piece for part in translation.parts for piece in part.hypotheses[0].pieces]
        assert not said or all(contains(said, encode([phrase], end=False)[0]) for phrase in request.include)


def test_what_is_forbidden_is_not_in_a_translation(translator: Translator) -> None:
    search, text, target = settings(translator, beam=3), "Das Kind sieht unser Boot", translator.vocabulary.target
    asked, word = Request(prefix=text), target.encode(["unser"], end=False)[0]
    (forced,) = translator.stream(LINES[:1], search, requests=[asked])
    assert contains(forced.parts[0].hypotheses[0].pieces, word)
    with pytest.raises(UserError, match="forbidden"):
        list(translator.stream(LINES[:1], search, requests=[Request(prefix=text, exclude=("unser",))]))
    for line, plain in zip(LINES[:4], translator.translate(LINES[:4], search), strict=True):
        if not plain.parts:
            continue
        said = plain.parts[0].hypotheses[0].pieces
        words = [target.decode([piece]) for piece in said[:-1]]
        cut = {one: target.encode([one], end=False)[0] for one in words}
        known = [one for one in words if cut[one] and contains(said, cut[one])]
        for forbidden in known[:2]:
            (found,) = translator.stream([line], search, requests=[Request(exclude=(forbidden,))])
            assert not contains(found.parts[0].hypotheses[0].pieces, target.encode([forbidden], end=False)[0])


def test_hypotheses_come_with_the_translation(translator: Translator) -> None:
    search = settings(translator, beam=3, nbest=2)
    for one in translator.stream(LINES, search, attention=True):
        texts = [translator.vocabulary.target.decode(part.hypotheses[0].pieces) for part in one.parts]
        assert clean_line(" ".join(texts)) == one.text
        for source, hypotheses, *_ in one.parts:
            assert len(hypotheses) == 2
            for hypothesis in hypotheses:
                assert hypothesis.attention is not None
                assert hypothesis.attention.shape == (len(hypothesis.pieces), len(source))
                assert hypothesis.attention.sum(dim=1).tolist() == pytest.approx([1] * len(hypothesis.pieces), abs=1e-4)


def test_a_coverage_penalty_needs_attention(model_without_attention: Path) -> None:
    blind = nmt.load(model_without_attention)
    with pytest.raises(UserError, match="coverage_penalty"):
        blind.translate(LINES, settings(blind, coverage_penalty=0.5))


def test_an_ensemble_of_a_model_with_itself_translates_alike(model_folder: Path, translator: Translator) -> None:
    twice = Translator.load(model_folder, "cpu", [model_folder, model_folder])
    assert [one.text for one in twice.translate(LINES)] == [one.text for one in translator.translate(LINES)]


def test_an_ensemble_needs_one_vocabulary(model_folder: Path, model_with_other_pieces: Path) -> None:
    with pytest.raises(UserError, match="one vocabulary"):
        Translator.load(model_folder, "cpu", [model_with_other_pieces])


def test_every_setting_of_the_search_has_an_option() -> None:
    assert set(SEARCH_OPTIONS) == set(SearchConfig.model_fields)
    for name, table in {"strategy": STRATEGIES, "normalization": LENGTH_PENALTIES, "risk": UTILITIES}.items():
        assert all(word in SEARCH_OPTIONS[name][2] for word in table)
    for name, (kind, _, _) in SEARCH_OPTIONS.items():
        assert isinstance(getattr(SearchConfig(), name), kind)


def test_the_command_line_takes_them(model_folder: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "source", tmp_path / "output"
    source.write_text("\n".join(LINES[:4]) + "\n")
    words = ["translate", "--model", str(model_folder), "--input", str(source), "--output", str(output)]
    how = ["--strategy", "sampling", "--beam", "4", "--risk", "chrf", "--seed", "3", "--ensemble", str(model_folder)]
    assert cli.main([*words, *how]) == 0
    assert len(output.read_text().split("\n")) == 5
