"""Law 7: every entry learns. Each combination learns, in seconds, to say sentences of a toy language backwards."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from nmt.config import ModelConfig
from nmt.model.attention import ATTENTION
from nmt.model.decoders import DECODER
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import Seq2Seq
from nmt.search.decode import decode
from nmt.search.restrictions import Symbols
from nmt.search.strategies import Greedy
from nmt.training.loss import output_cross_entropy

PADDING, BEGIN, END, FIRST_WORD, WORDS = 0, 2, 3, 4, 8
PIECES, LONGEST = FIRST_WORD + WORDS, 5
UPDATES, RATE = 300, 2e-3
SIZES: dict[str, Any] = {
    "embedding": 64,
    "hidden": 64,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "heads": 2,
    "dropout": 0,
}


def is_core(decoder: str, cell: str, attention: str) -> bool:
    """Each decoder with the usual cell, with the usual attention, without any, and with the one that has a past; in the
    decoder that trains fastest each attention with the usual cell, and each cell with the usual attention and without
    any."""
    if decoder == "parallel":
        return cell == "lstm" or attention in ("none", "multihead")
    return cell == "lstm" and attention in ("none", "multihead", "coverage")


COMBINATIONS = [
    pytest.param(*names, marks=[] if is_core(*names) else pytest.mark.slow)
    for names in itertools.product(DECODER, RECURRENT, ATTENTION)
]


def stated_accuracy(cell: str, attention: str) -> float:
    """Share of whole sentences to get right in these few seconds, where chance would get fewer than 1 in 30. Without
    attention five words must go through one vector: half (they reach 0.7 to 0.9). A recurrence with neither bounds nor
    gates is still restless: 0.7 (0.9 to 1). All others: 0.85 (0.94 to 1)."""
    if attention == "none":
        return 0.5
    return 0.7 if cell == "rnn-relu" else 0.85


def some_pairs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sources [count, LONGEST + 1] with lengths [count], and their reversals, begun and ended."""
    lengths = torch.randint(1, LONGEST + 1, (count, 1))
    positions = torch.arange(LONGEST + 1).expand(count, -1)
    source = torch.randint(FIRST_WORD, PIECES, (count, LONGEST + 1))
    source = source.masked_fill(positions == lengths, END).masked_fill(positions > lengths, PADDING)
    mirror = torch.where(positions < lengths, lengths - 1 - positions, positions)
    begin = torch.full((count, 1), BEGIN)
    return source, lengths.squeeze(1) + 1, torch.cat([begin, source.gather(1, mirror)], dim=1)


def train(network: Seq2Seq) -> None:
    optimizer = torch.optim.Adam(network.parameters())
    for update in range(UPDATES):
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, update / 20, 2 * (1 - update / UPDATES))
        source, lengths, target = some_pairs(32)
        features, _ = network(source, lengths, target[:, :-1])
        labels = target[:, 1:]
        words = labels != PADDING
        loss, _, _ = output_cross_entropy(features[words], network.output.weight, network.output.bias, labels[words])
        optimizer.zero_grad()
        (loss / words.sum()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


def share_right(network: Seq2Seq, count: int = 300) -> float:
    """Share of new sentences that greedy search translates without a mistake."""
    source, lengths, target = some_pairs(count)
    symbols = Symbols(begin=BEGIN, end=END, never=(PADDING, 1, BEGIN))
    found = decode(network.eval(), source, lengths, Greedy(), symbols=symbols, limits=[LONGEST + 2] * count)
    expected = [tuple(piece for piece in row if piece != PADDING) for row in target[:, 1:].tolist()]
    return sum(best.pieces == pieces for (best,), pieces in zip(found, expected, strict=True)) / count


@pytest.mark.parametrize(("decoder", "cell", "attention"), COMBINATIONS)
def test_it_learns_to_say_sentences_backwards(decoder: str, cell: str, attention: str) -> None:
    torch.manual_seed(1)
    config = ModelConfig(decoder=decoder, cell=cell, attention=attention, **SIZES)
    network = Seq2Seq(config, PIECES, PIECES, joint=True)
    assert share_right(network) < 0.1, "it knew before"
    train(network)
    assert share_right(network) >= stated_accuracy(cell, attention)
