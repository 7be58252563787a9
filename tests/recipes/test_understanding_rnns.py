"""The comparison of recurrent networks: what it measures is right, what it claims follows from the numbers, and the
page has everything in it."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import phrasebook_grammar
import pytest
import torch
from examples import run_script
from understanding_parts import claims, gaps, memory, page, study, translation
from understanding_parts.figures import COLOURS
from understanding_parts.memory import MemorySettings
from understanding_parts.numbers import (
    BLANKED,
    DROPPED,
    NAMES,
    PLAIN,
    REMOVED,
    WITH,
    WITHOUT,
    Gaps,
    Lengths,
    Memory,
    Notebook,
    Numbers,
    Speed,
    plain,
)

from nmt.config import Config, SubwordsConfig
from nmt.data.subwords import PADDING, train_subwords
from nmt.errors import UserError
from nmt.model.torch_cells import RNN, ReluRNN

RECIPES = Path(__file__).parents[2] / "recipes"

DISTANCES = [5, 20]
CLAIM = {claim.__name__: claim for claim in claims.CLAIMS}


def textbook() -> Numbers:
    """Numbers as the textbooks have them: every claim holds."""
    fading = {"rnn": [1.0, 0.1, 1e-3, 1e-6], "lstm": [1.0] * 4, "gru": [0.9] * 4}
    scores = {WITH: [50.0, 49.0], WITHOUT: [48.0, 45.0]}
    blanks = {PLAIN: [50.0, 48.0, 47.0], DROPPED: [50.0, 50.0, 49.0]}
    return Numbers(
        Memory(
            DISTANCES,
            {"rnn": [[1.0, 0.9], [0.1, 0.2]], "lstm": [[1.0, 1.0], [1.0, 0.9]], "gru": [[1.0, 1.0], [0.9, 1.0]]},
            0.125,
            [0, 5, 10, 20],
            fading,
            {cell: [norms, norms] for cell, norms in fading.items()},
            300,
        ),
        Lengths(
            [[3, 6, 20], [7, 12, 20]],
            {kind: {cell: list(bleu) for cell in NAMES} for kind, bleu in scores.items()},
            {kind: dict.fromkeys(NAMES, 47.0) for kind in scores},
            "BLEU|a signature",
        ),
        Speed(
            128,
            {kind: {"rnn": 300.0, "lstm": 100.0, "gru": 130.0} for kind in scores},
            {kind: {"rnn": 100, "lstm": 400, "gru": 300} for kind in scores},
            1000.0,
        ),
        Gaps(
            [0.0, 0.1, 0.3],
            {
                kind: {training: {cell: list(bleu) for cell in NAMES} for training, bleu in blanks.items()}
                for kind in (BLANKED, REMOVED)
            },
            [100.0, 70.0, 30.0],
            0.2,
        ),
        {"Data": "made up <here>"},
        {"memory": 60.0, "training": 120.0},
    )


def contrary() -> Numbers:
    """Numbers against every textbook: no claim holds."""
    numbers = textbook()
    cells, found = numbers.memory, numbers.lengths
    flat = {cell: [1.0] * 4 for cell in NAMES}
    recalled = {"rnn": [[1.0], [1.0]], "lstm": [[1.0], [0.5]], "gru": [[0.2], [0.9]]}
    sinking = {PLAIN: [50.0, 20.0, 10.0], DROPPED: [50.0, 20.0, 9.0]}
    return dataclasses.replace(
        numbers,
        memory=dataclasses.replace(
            cells, accuracy=recalled, initial=flat, trained={cell: [n, n] for cell, n in flat.items()}
        ),
        lengths=dataclasses.replace(found, bleu={kind: {cell: [50.0, 30.0] for cell in NAMES} for kind in found.bleu}),
        speed=Speed(
            128,
            {kind: {"rnn": 300.0, "lstm": 100.0, "gru": 99.0} for kind in found.bleu},
            {kind: {"rnn": 100, "lstm": 400, "gru": 400} for kind in found.bleu},
            1000.0,
        ),
        gaps=dataclasses.replace(
            numbers.gaps,
            bleu={
                kind: {training: {cell: list(bleu) for cell in NAMES} for training, bleu in sinking.items()}
                for kind in (BLANKED, REMOVED)
            },
        ),
    )


@pytest.mark.parametrize("name", CLAIM)
def test_a_claim_holds_where_the_numbers_say_so_and_not_where_they_say_the_contrary(name: str) -> None:
    assert CLAIM[name](textbook()).holds == "yes"
    assert CLAIM[name](contrary()).holds == "no"


def test_a_claim_of_two_parts_holds_partly_when_one_is_met() -> None:
    numbers = textbook()
    slow = {kind: {**rates, "gru": 80.0} for kind, rates in numbers.speed.tokens_per_second.items()}
    speed = dataclasses.replace(numbers.speed, tokens_per_second=slow)
    claim = claims.gru_is_light_and_fast(dataclasses.replace(numbers, speed=speed))
    assert claim.holds == "partly"
    assert "-20%" in claim.evidence
    assert "-25%" in claim.evidence


def test_evidence_quotes_the_numbers() -> None:
    assert "recalls over 5 of 20 steps" in claims.vanilla_forgets(textbook()).evidence
    assert "49.0 of 50.0 (LSTM)" in claims.lengths_are_no_obstacle(textbook()).evidence
    assert "+2.0 and +4.0 (GRU)" in claims.attention_helps_long_sentences(textbook()).evidence


def test_reach_ends_at_the_first_distance_that_is_not_recalled() -> None:
    found = Memory([5, 10, 20], {"rnn": [[1.0], [0.3], [1.0]]}, 0.125, [], {}, {}, 1)
    assert claims.reach(found, "rnn") == 5


def test_the_gradient_of_one_linear_unit_is_a_power_of_its_recurrent_weight() -> None:
    layer = ReluRNN(1, 1)
    with torch.no_grad():
        layer.layer.weight_ih_l0.fill_(3.0)
        layer.layer.weight_hh_l0.fill_(0.5)
        layer.layer.bias_ih_l0.fill_(0.1)
        layer.layer.bias_hh_l0.zero_()
    # All inputs are positive, so relu is the identity: h_T = sum_k 3 * 0.5**k * x_(T-k) + a constant.
    norms = memory.gradient_norms(layer, torch.ones(2, 60, 1))
    assert norms == pytest.approx([3 * 0.5**k for k in range(60)])


def test_the_gradient_norm_is_that_of_the_whole_jacobian() -> None:
    layer = RNN(2, 3)
    inputs = torch.randn(1, 4, 2)
    (jacobian,) = torch.autograd.functional.jacobian(lambda sequence: layer(sequence)[0, -1], (inputs,))
    wanted = [float(jacobian[:, 0, 3 - back].norm()) for back in range(4)]
    assert memory.gradient_norms(layer, inputs) == pytest.approx(wanted, rel=1e-4)


def test_gradients_are_not_lost_to_rounding() -> None:
    layer = ReluRNN(1, 1)
    with torch.no_grad():
        layer.layer.weight_hh_l0.fill_(0.1)
        layer.layer.weight_ih_l0.fill_(1.0)
        layer.layer.bias_ih_l0.fill_(1.0)
        layer.layer.bias_hh_l0.zero_()
    assert memory.gradient_norms(layer, torch.ones(1, 101, 1))[100] == pytest.approx(1e-100)


def test_a_recall_sequence_is_a_symbol_distractors_and_a_question() -> None:
    settings = MemorySettings(seconds=0)
    inputs, symbols = memory.recall_batch(settings, 50, 7, torch.Generator().manual_seed(1))
    assert inputs.shape == (50, 9, 17)
    assert (inputs.sum(dim=-1) == 1).all()
    numbers = inputs.argmax(dim=-1)
    assert (numbers[:, 0] == symbols).all()
    assert ((numbers[:, 1:-1] >= 8) & (numbers[:, 1:-1] < 16)).all()
    assert (numbers[:, -1] == 16).all()
    assert set(symbols.tolist()) == set(range(8))


def test_gradients_are_measured_at_the_symbol() -> None:
    settings = MemorySettings(seconds=0, distances=(3, 10), hidden=4)
    layer = ReluRNN(17, 4)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
        layer.layer.weight_hh_l0.copy_(torch.eye(4))
        layer.layer.weight_ih_l0[0, :8] = torch.tensor([1.0, 2, 3, 4, 5, 6, 7, 8])
        layer.layer.bias_ih_l0[:] = 1.0
    # h = h + 1 + the number of the symbol in its first unit: the gradient is the same over every distance.
    wanted = sum(k * k for k in range(1, 9)) ** 0.5
    places = memory.probes(settings)
    assert {0, 3, 10} <= set(places)
    norms = memory.symbol_gradients(layer, settings, torch.Generator().manual_seed(1))
    assert norms == pytest.approx([wanted] * len(places))


def test_every_cell_learns_to_recall_over_a_short_distance() -> None:
    settings = MemorySettings(seconds=0, distances=(2,), updates=200, seeds=2)
    said: list[str] = []
    found = memory.measure(settings, said.append)
    assert all(seeds[0] > 0.9 for (seeds,) in found.accuracy.values()), found.accuracy
    assert all(len(seeds) == 1 for (seeds,) in found.accuracy.values()), "no second seed where there is no time"
    assert len(said) == 3


def test_a_share_of_all_words_is_missing_and_smaller_gaps_lie_within_larger_ones() -> None:
    lines = ["a b c d e f g", "h i j"] * 10
    few, many = (gaps.with_gaps(lines, share, BLANKED) for share in (0.1, 0.3))
    assert [line.count(gaps.BLANK) for line in few] != [line.count(gaps.BLANK) for line in many]
    assert "".join(few).count(gaps.BLANK) == 10
    assert "".join(many).count(gaps.BLANK) == 30
    for less, more in zip(few, many, strict=True):
        pairs = zip(less.split(), more.split(), strict=True)
        assert all(second == gaps.BLANK for first, second in pairs if first == gaps.BLANK)
    removed = gaps.with_gaps(lines, 0.3, REMOVED)
    assert [line.replace(gaps.BLANK, "").split() for line in many] == [line.split() for line in removed]
    assert gaps.with_gaps(lines, 0.0, BLANKED) == lines


def test_a_blank_word_is_one_empty_piece_and_the_others_stay_as_they_are() -> None:
    lines = ["the red coat", "a blue coat is red", "the coat"] * 20
    whole = train_subwords(lines, SubwordsConfig(vocabulary=300))
    blankable = gaps.BlankableSubwords(whole)
    assert blankable.encode(lines) == whole.encode(lines)
    first, last = (whole.encode([word], end=False)[0] for word in ("the", "coat"))
    assert blankable.encode([f"the {gaps.BLANK} coat"], end=False) == [[*first, PADDING, *last]]
    assert blankable.encode([gaps.BLANK], end=False) == [[PADDING]]


def test_length_buckets_hold_every_sentence_once() -> None:
    lines = [" ".join("w" * count) for count in [2, 3, 3, 4, 5, 5, 5, 6, 9, 12]]
    groups = translation.length_buckets(lines, 4)
    assert sorted(number for _, _, members in groups for number in members) == list(range(10))
    for low, high, members in groups:
        assert members
        assert all(low <= len(lines[number].split()) <= high for number in members)


def test_every_translator_gets_the_same_updates_and_together_they_fill_the_time() -> None:
    rates = {"rnn": 200.0, "lstm": 100.0, "gru": 100.0}
    speed = Speed(128, {WITH: rates, WITHOUT: rates}, {}, 100.0)
    assert translation.affordable_updates(speed, seconds=3 * 2.5 * 1000) == 1000
    assert translation.affordable_updates(speed, seconds=1) == 20


class Reader(HTMLParser):
    """Gathers what a page refers to, its identifiers, its captions, and how many figures it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.identifiers: list[str] = []
        self.descriptions: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href"):
                self.references.append(value or "")
            if name == "id":
                self.identifiers.append(value or "")
            if name == "aria-label":
                self.descriptions.append(value or "")


@pytest.fixture(scope="module")
def text() -> str:
    """The page of the textbook."""
    return page.render(textbook())


def test_the_page_has_everything_in_it(text: str) -> None:
    reader = Reader(text)
    assert "http:" not in text
    assert "https:" not in text
    assert all(reference.startswith("#") for reference in reader.references)
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert "@import" not in text
    assert len(reader.identifiers) == len(set(reader.identifiers))
    assert {reference[1:] for reference in reader.references} <= set(reader.identifiers)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(reader.identifiers)
    assert not [value for value in COLOURS.values() if value in text], "a colour that the style sheet does not set"
    texts = re.findall(r"<text [^>]*>", text)
    assert texts
    assert all("fill: var(--ink)" in element for element in texts), "text that stays black on a dark page"


def test_the_page_shows_every_figure_claim_and_caption(text: str) -> None:
    reader = Reader(text)
    assert reader.tags.count("figure") == reader.tags.count("svg") == reader.tags.count("figcaption") == 9
    assert len(reader.descriptions) == 9
    assert all(reader.descriptions)
    for claim in claims.judge(textbook()):
        assert f">{claim.claim}<" in text
        assert claim.evidence in text
    for label in ("distance (distractor steps, logarithmic)", "distance (distractor steps)", "source length (words)"):
        assert text.count(f">{label}<") >= 1
    for label in ("target tokens per second", "parameters (millions)", "source words missing (%)", "BLEU (0 to 100)"):
        assert text.count(f">{label}<") >= 1
    assert "made up &lt;here&gt;" in text


def test_the_notebook_measures_once_and_again_when_settings_change(tmp_path: Path) -> None:
    calls: list[int] = []

    def measure() -> dict[str, int]:
        calls.append(1)
        return {"value": len(calls)}

    path = tmp_path / "numbers.json"
    assert Notebook(path).part("one", {"minutes": (1, 2)}, measure) == {"value": 1}
    assert Notebook(path).part("one", {"minutes": (1, 2)}, measure) == {"value": 1}
    assert Notebook(path).part("one", {"minutes": (1, 3)}, measure) == {"value": 2}
    path.write_text("{")
    with pytest.raises(UserError, match="damaged"):
        Notebook(path)


def test_numbers_are_the_same_after_the_notebook(tmp_path: Path) -> None:
    numbers = textbook()
    for name in ("memory", "lengths", "speed", "gaps"):
        Notebook(tmp_path / "numbers.json").part(name, {}, lambda name=name: plain(getattr(numbers, name)))
    read = Notebook(tmp_path / "numbers.json").numbers(numbers.about)
    assert dataclasses.replace(read, seconds=numbers.seconds) == numbers


SET_BY_THE_COMPARISON: dict[str, object] = {
    "model.cell": "gru",
    "train.updates": 9,
    "train.validate_every": 9,
    "search.nbest": 2,
}
WITHOUT_DATA: dict[str, object] = {"data.valid": ("a.tsv",), "data.test": ("a.tsv",), "data.source": "de"}


def test_every_setting_of_the_comparison_has_an_example() -> None:
    assert SET_BY_THE_COMPARISON.keys() == study.SET_HERE.keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": None}, "--output is not given"),
        ({"data.folder": "nowhere", "data.source": "en", "data.target": "de"}, "nowhere"),
        ({"model.attention": "none"}, "with and without"),
        ({"model.word_dropout": 0.0}, "with and without"),
        ({"train.batch_tokens": "auto"}, "train.batch_tokens is auto"),
        *(({key: value}, f"{key} is not for you to choose") for key, value in SET_BY_THE_COMPARISON.items()),
        *(({key: value}, f"{key} would change nothing") for key, value in WITHOUT_DATA.items()),
    ],
)
def test_wrong_settings_are_told_before_anything_is_written(
    changes: dict[str, object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "prepared", lambda *arguments: pytest.fail("it went on"))
    settings = {"output": str(tmp_path / "out"), "model.word_dropout": 0.2, **changes}
    with pytest.raises(UserError, match=message):
        study.understand(Config().replace(settings))
    assert not (tmp_path / "out").exists()


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=re.escape("pip install -e '.[plots]'")):
        study.understand(Config())


@pytest.mark.slow
def test_a_small_comparison_runs_goes_on_and_only_redraws(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for part, pairs in phrasebook_grammar.generate(1, train=400, valid=20, test=40).items():
        name = {"valid": "val"}.get(part, part)
        (data / f"{name}.en").write_text("".join(f"{pair.source}\n" for pair in pairs))
        (data / f"{name}.de").write_text("".join(f"{pair.target}\n" for pair in pairs))
    output = tmp_path / "out"
    command = [sys.executable, str(RECIPES / "understanding_rnns.py"), "--output", str(output), "--minutes", "0.2"]
    command += ["--data.folder", str(data), "--data.source", "en", "--data.target", "de", "--model.hidden", "16"]
    command += ["--model.embedding", "16", "--subwords.vocabulary", "400", "--train.batch_tokens", "200"]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"{output / 'understanding_rnns.html'}\n"
    text = (output / "understanding_rnns.html").read_text(encoding="utf-8")
    assert text.count("<figure>") == 9
    assert len(list(output.glob("models/*-updates/*"))) == 9
    numbers = (output / "numbers.json").read_bytes()
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert "translator" not in second.stderr
    assert (output / "numbers.json").read_bytes() == numbers
    assert (output / "understanding_rnns.html").read_text(encoding="utf-8") == text


def test_wrong_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = run_script(RECIPES / "understanding_rnns.py", "--output", str(tmp_path / "out"), "--minuts", "1")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
