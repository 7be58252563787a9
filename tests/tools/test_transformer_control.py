"""The control of the benchmarks: a Transformer that keeps the laws of the networks it is compared with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from corpora import json_lines
from examples import sentence_pairs
from torch import Tensor

from nmt.config import Config, ModelConfig
from nmt.errors import UserError
from nmt.model.packed import packed
from nmt.model.seq2seq import PADDING
from nmt.search.decode import decode
from nmt.search.protocol import DEAD
from nmt.search.restrictions import Symbols
from nmt.search.strategies import Greedy
from nmt.training.loss import output_cross_entropy

TOOL = Path(__file__).parents[2] / "tools/benchmarks/transformer_control.py"
sys.path.insert(0, str(TOOL.parent))
from transformer_control import SETTINGS, check  # noqa: E402  (found only now)
from transformer_network import Transformer  # noqa: E402

PIECES, BEGIN, END, FIRST_WORD = 13, 2, 3, 4
SOURCES = [[5, 9, 4, 3], [7, 3], [11, 6, 5, 4, 8, 10, 3], [3]]
TARGETS = [[BEGIN, 8], [BEGIN, 6, 6, 12, 4, 9], [BEGIN], [BEGIN, 10, 5, 7]]
SMALL: dict[str, Any] = {"hidden": 16, "heads": 2, "feedforward": 2, "dropout": 0.3, "tied": "none"}


def a_network(**changes: Any) -> Transformer:
    """A small network that does not train."""
    torch.manual_seed(3)
    return Transformer(ModelConfig(**{**SMALL, **changes}), PIECES, PIECES, joint=True).eval()


def padded(sentences: list[list[int]], longest: int = 0) -> tuple[Tensor, Tensor]:
    longest = max(longest, *map(len, sentences), 1)
    rows = [sentence + [PADDING] * (longest - len(sentence)) for sentence in sentences]
    return torch.tensor(rows), torch.tensor([len(sentence) for sentence in sentences])


def log_probabilities(network: Transformer, source: list[int], target: list[int]) -> Tensor:
    """[target, pieces] of one pair, alone and teacher-forced: what everything else is compared with."""
    features, _ = network(*padded([source]), torch.tensor([target]))
    result: Tensor = network.output(features[0]).log_softmax(dim=-1)
    return result


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_padding_is_not_there() -> None:
    network = a_network().double()
    for order, extra in (((0, 1, 2, 3), 0), ((3, 1, 0, 2), 12), ((1, 0), 0)):
        source, lengths = padded([SOURCES[index] for index in order], extra)
        features, _ = network(source, lengths, padded([TARGETS[index] for index in order], extra)[0])
        for row, index in enumerate(order):
            found = network.output(features[row, : len(TARGETS[index])]).log_softmax(dim=-1)
            close(found, log_probabilities(network, SOURCES[index], TARGETS[index]))


def test_no_word_sees_a_later_one() -> None:
    network = a_network().double()
    whole = log_probabilities(network, SOURCES[0], TARGETS[1])
    for length in range(1, len(TARGETS[1])):
        close(log_probabilities(network, SOURCES[0], TARGETS[1][:length]), whole[:length])


def test_the_order_of_the_words_matters_on_both_sides() -> None:
    network = a_network().double()
    plain = log_probabilities(network, [5, 9, 3], [BEGIN, 6, 8, 6])
    assert not torch.allclose(log_probabilities(network, [9, 5, 3], [BEGIN, 6, 8, 6]), plain)
    assert not torch.allclose(log_probabilities(network, [5, 9, 3], [BEGIN, 8, 6, 6])[-1], plain[-1])


@pytest.mark.parametrize("prepare", [lambda network: network.double(), packed], ids=["plain", "packed"])
def test_stepping_equals_reading_whatever_lives_and_is_kept(prepare: Any) -> None:
    """A beam of two in which hypotheses die, change places, and a sentence ends."""
    network = a_network()
    stepper = prepare(network)
    sources = SOURCES[:3]
    _, state = stepper.step(torch.full((3, 1), BEGIN), stepper.start(*padded(sources)))
    state = stepper.select(state, None, torch.tensor([0, 0, 1, 1, 2, 2]))
    _, state = stepper.step(torch.tensor([[4, 5], [DEAD, 7], [8, 9]]), state)
    kept, rows = torch.tensor([0, 2]), torch.tensor([1, 0, 1, 5, 5, 4])
    result, _ = stepper.step(torch.tensor([[10, 11, DEAD], [10, 11, 12]]), stepper.select(state, kept, rows))
    histories = [[(0, 5, 10), (0, 4, 11)], [(2, 9, 10), (2, 9, 11), (2, 8, 12)]]
    for found, expected in zip(result, histories, strict=True):
        for row, (sentence, *words) in zip(found, expected, strict=False):
            truth = log_probabilities(network, sources[sentence], [BEGIN, *words])[-1]
            torch.testing.assert_close(row, truth, rtol=1e-4, atol=1e-5)


def test_every_parameter_takes_part_in_training() -> None:
    network = a_network().train()
    features, _ = network(*padded(SOURCES), padded(TARGETS)[0])
    network.output(features).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


def test_it_learns_to_say_sentences_backwards() -> None:
    torch.manual_seed(1)
    sizes = ModelConfig(hidden=64, heads=4, feedforward=2, dropout=0, encoder_layers=1, decoder_layers=1)
    network = Transformer(sizes, PIECES, PIECES, joint=True)
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    for _ in range(400):
        source, lengths, target = some_pairs(32)
        features, _ = network(source, lengths, target[:, :-1])
        labels, output = target[:, 1:], network.output
        words = labels != PADDING
        loss, _, _ = output_cross_entropy(features[words], output.weight, output.bias, labels[words])
        optimizer.zero_grad()
        (loss / words.sum()).backward()
        optimizer.step()
    source, lengths, target = some_pairs(200)
    symbols = Symbols(begin=BEGIN, end=END, never=(PADDING, 1, BEGIN))
    found = decode(network.eval(), source, lengths, Greedy(), symbols=symbols, limits=[7] * 200)
    expected = [tuple(piece for piece in row if piece != PADDING) for row in target[:, 1:].tolist()]
    assert sum(best.pieces == pieces for (best,), pieces in zip(found, expected, strict=True)) >= 170


def some_pairs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sources of up to five words, with their lengths, and their reversals, begun and ended."""
    words = [torch.randint(FIRST_WORD, PIECES, (int(torch.randint(1, 6, ())),)).tolist() for _ in range(count)]
    source, lengths = padded([[*some, END] for some in words])
    return source, lengths, padded([[BEGIN, *reversed(some), END] for some in words])[0]


@pytest.mark.parametrize(
    "changes",
    [{"cell": "gru"}, {"attention": "dot"}, {"norm": "pre"}, {"heads": 3}, {"embedding": 64}, {"feedforward": 0.0}],
)
def test_what_would_be_ignored_or_cannot_be_is_refused(changes: dict[str, object]) -> None:
    check(Config().replace(SETTINGS))
    with pytest.raises(UserError, match=f"model.{next(iter(changes))}"):
        check(Config().replace({**SETTINGS, **{f"model.{key}": value for key, value in changes.items()}}))


def test_the_script_trains_scores_and_evaluates_what_nmt_does_not_read(tmp_path: Path) -> None:
    pairs = sentence_pairs(340)
    words = "--subwords.vocabulary 400 --model.hidden 16 --model.embedding 16 --train.updates 3 --search.max_ratio 0.1"
    command = [sys.executable, str(TOOL), *words.split(), "--output", str(tmp_path / "run"), "--data.target", "de"]
    for part, some in (("train", pairs[:300]), ("valid", pairs[300:320]), ("test", pairs[320:])):
        (path,) = json_lines(tmp_path / part, some)
        command += [f"--data.{part}", path]
    trained = subprocess.run(command, capture_output=True, text=True, check=False)
    assert trained.returncode == 0, trained.stderr
    assert "A Transformer" in (tmp_path / "run/README.md").read_text()
    sides = [tmp_path / "test.en", tmp_path / "test.de"]
    for side, lines in zip(sides, zip(*pairs[320:], strict=True), strict=True):
        side.write_text("".join(line + "\n" for line in lines))
    asked = ["evaluate", "--model", str(tmp_path / "run"), "--source", str(sides[0]), "--reference", str(sides[1])]
    runs = [[sys.executable, str(TOOL), *asked], [sys.executable, "-m", "nmt", *asked]]
    own, other = (subprocess.run(run, capture_output=True, text=True, check=False) for run in runs)
    assert json.loads(own.stdout)["chrf"] == json.loads(trained.stdout)["chrf"], own.stderr
    assert other.returncode == 2
    assert len(other.stderr.splitlines()) == 1
