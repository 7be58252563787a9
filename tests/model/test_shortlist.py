"""Shortlists: a sentence has its own pieces and no others', and their probabilities stand to each other as before."""

from __future__ import annotations

import pytest
import torch

from nmt.config import ModelConfig
from nmt.model.seq2seq import Seq2Seq
from nmt.model.shortlist import Narrowed, Shortlist

PIECES = 20
LEXICON = torch.zeros(PIECES, 2, dtype=torch.int32)
LEXICON[5], LEXICON[6], LEXICON[7] = torch.tensor([11, 12]), torch.tensor([12, 13]), torch.tensor([14, 0])
SHORTLIST = Shortlist(LEXICON, torch.tensor([0, 1, 2, 3, 9], dtype=torch.int32))
SOURCES = [[5, 6, 3], [7, 3], [8, 3]]


def test_candidates_are_the_frequent_the_lexicons_and_those_asked_for() -> None:
    pieces, allowed = SHORTLIST.candidates(SOURCES, [(), (17,), ()], PIECES)
    assert pieces.tolist() == [0, 1, 2, 3, 9, 11, 12, 13, 14, 17]
    own = [set(pieces[row].tolist()) - {0, 1, 2, 3, 9} for row in allowed]
    assert own == [{11, 12, 13}, {14, 17}, set()]


@pytest.mark.parametrize("linear", [None, torch.nn.functional.linear], ids=["plain", "made"])
@torch.inference_mode()
def test_probabilities_are_the_networks_own_among_the_candidates(linear: object) -> None:
    torch.manual_seed(1)
    network = Seq2Seq(ModelConfig(embedding=8, hidden=8, heads=2), PIECES, PIECES, joint=True).eval()
    output = network.output.weight, network.output.bias
    make = (
        None if linear is None else lambda weight, bias: lambda inputs: torch.nn.functional.linear(inputs, weight, bias)
    )
    pieces, allowed = SHORTLIST.candidates(SOURCES, [()] * 3, PIECES)
    narrowed = Narrowed(network, output, make, pieces, allowed)
    source, lengths = torch.tensor([[5, 6, 3], [7, 3, 0], [8, 3, 0]]), torch.tensor([3, 2, 2])
    numbers = torch.tensor([[2], [2], [2]])  # begin symbols, whose number is the same
    full, wide = network.step(numbers, network.start(source, lengths))
    few, state = narrowed.step(numbers, narrowed.start(source, lengths))
    expected = full[..., pieces].masked_fill(~allowed.unsqueeze(1), float("-inf")).log_softmax(dim=-1)
    torch.testing.assert_close(few, expected)
    kept, rows = torch.tensor([2, 0]), torch.tensor([2, 0])
    said = torch.tensor([[4], [5]])  # 9 and 11
    full, _ = network.step(pieces[said], network.select(wide, kept, rows))
    few, _ = narrowed.step(said, narrowed.select(state, kept, rows))
    expected = full[..., pieces].masked_fill(~allowed[kept].unsqueeze(1), float("-inf")).log_softmax(dim=-1)
    torch.testing.assert_close(few, expected)
