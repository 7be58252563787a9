"""What is lessened beside the likelihood: the model's own predictions as input, and attention that is guided."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from examples import needs_bfloat16
from torch import Tensor

from nmt.config import Config, ModelConfig, TrainConfig
from nmt.data.batching import Batch, make_batch
from nmt.data.lexicon import learn_probabilities
from nmt.data.subwords import BEGIN, END, PADDING, EncodedPair
from nmt.errors import UserError
from nmt.model.attention import ATTENTION
from nmt.model.decoders import DECODER
from nmt.model.seq2seq import Seq2Seq
from nmt.training.loss import batch_losses, guided, repeated, with_predictions
from nmt.training.objective import Objective, check_objective

PIECES = 30


def a_network(**changes: object) -> Seq2Seq:
    torch.manual_seed(4)
    settings = {"embedding": 16, "hidden": 16, "dropout": 0.0, "tied": "none", **changes}
    return Seq2Seq(ModelConfig.model_validate(settings), PIECES, PIECES, joint=True)


def word_pairs(count: int) -> list[EncodedPair]:
    """Sentences of pieces 4 to 16, each translated by the piece 13 above it, in order."""
    chosen = random.Random(1)
    sources = [chosen.sample(range(4, 17), chosen.randint(2, 8)) for _ in range(count)]
    return [(np.array([*s, END], np.int32), np.array([*(p + 13 for p in s), END], np.int32)) for s in sources]


def truly_linked(attention: Tensor, batch: Batch) -> float:
    """The share of the attention of target words that is on the source words they translate."""
    total, words = 0.0, 0
    for row, length in zip(attention, (batch.source_lengths - 1).tolist(), strict=True):
        total += float(row[range(length), range(length)].sum())
        words += length
    return total / words


@pytest.mark.parametrize("decoder", DECODER)
def test_the_share_that_is_asked_for_is_read_as_the_model_predicts_it(decoder: str) -> None:
    network, batch = a_network(decoder=decoder).eval(), make_batch(word_pairs(400))
    read = batch.target[:, :-1]
    features, _ = network(batch.source, batch.source_lengths, read)
    logits = network.output(features)
    logits[..., : END + 1] = float("-inf")
    predicted = torch.cat([read[:, :1], logits.argmax(dim=-1)[:, :-1]], dim=1)
    plain = read > END
    for share in (0.3, 1.0):
        seen = with_predictions(network, batch, share)
        assert torch.equal(seen[~plain], read[~plain])
        assert ((seen == read) | (seen == predicted)).all()
        could = plain & (predicted != read)  # elsewhere one cannot tell
        taken = (seen != read)[could].float()
        deviation = (share * (1 - share) / len(taken)) ** 0.5
        assert abs(float(taken.mean()) - share) <= 4 * deviation
    assert (read[:, 0] == BEGIN).all()


def test_the_share_rises_from_nothing_with_the_budget() -> None:
    network, batch = a_network(), make_batch(word_pairs(20))
    objective = Objective(TrainConfig(scheduled_sampling=0.8, label_smoothing=0.1))
    assert torch.equal(objective(network, batch, 0.0).objective, batch_losses(network, batch, 0.1).objective)
    torch.manual_seed(1)
    half = objective(network, batch, 0.5).objective
    torch.manual_seed(1)
    assert torch.equal(half, batch_losses(network, batch, 0.1, own=0.4).objective)


@pytest.mark.parametrize(
    ("decoder", "attention"),
    [("parallel", name) for name in ATTENTION if name != "none"]
    + [(decoder, name) for decoder in DECODER if decoder != "parallel" for name in ("coverage", "multihead")],
)
def test_guided_attention_comes_nearer_to_the_alignments(decoder: str, attention: str) -> None:
    pairs = word_pairs(1000)
    batch, lexicon = make_batch(pairs[:50]), learn_probabilities(pairs, PIECES)
    shares = {}
    for weight in (0.0, 1.0):
        network = a_network(decoder=decoder, attention=attention, encoder_layers=1, decoder_layers=1)
        objective = Objective(TrainConfig(guided_alignment=weight), lexicon if weight else None)
        optimizer = torch.optim.Adam(network.parameters(), 0.02)
        for _ in range(100):
            optimizer.zero_grad()
            (objective(network, batch, 0.5).objective / batch.target_tokens).backward()
            optimizer.step()
        _, weights = network(batch.source, batch.source_lengths, batch.target[:, :-1])
        shares[weight] = truly_linked(weights.detach(), batch)
    assert 1 - shares[1.0] < 0.85 * (1 - shares[0.0])


def test_attention_that_is_the_alignment_is_nothing_to_lessen_and_padding_is_not_looked_at() -> None:
    links = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    assert guided(torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.3, 0.7]]]), links) == 0
    even = guided(torch.full((2, 3, 2), 0.5), links)  # of two passes over one batch
    torch.testing.assert_close(even, 4 * torch.tensor(2.0).log())
    assert PADDING == 0


def test_attention_that_never_returns_repeats_nothing_and_one_that_stays_repeats_itself() -> None:
    words = torch.tensor([[True, True, True], [True, True, False]])
    wandering = torch.eye(3).expand(2, -1, -1)
    staying = torch.tensor([0.25, 0.0, 0.75]).expand(2, 3, -1)
    assert repeated(wandering, words) == 0
    assert repeated(staying, words) == 3  # whole at the second and third position; padding does not count


@pytest.mark.parametrize("decoder", DECODER)
@pytest.mark.parametrize("rdrop", [0.0, 1.0])
def test_what_the_attention_repeats_is_lessened_by_its_weight(decoder: str, rdrop: float) -> None:
    network, batch = a_network(decoder=decoder, attention="additive"), make_batch(word_pairs(20))
    objectives = [
        Objective(TrainConfig(coverage_loss=weight, rdrop=rdrop))(network, batch, 0.5).objective
        for weight in (0.0, 0.5)
    ]
    _, weights = network(batch.source, batch.source_lengths, batch.target[:, :-1])
    more = 0.5 * repeated(weights, batch.target[:, 1:] != PADDING)
    assert more > 0
    torch.testing.assert_close(objectives[1] - objectives[0], more, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train.risk": "chrf"}, "train.finetune"),
        ({"train.risk": "bleu", "train.finetune": "there", "train.compile": True}, "train.compile"),
        ({"train.risk_samples": 3}, "train.risk_samples is for minimum risk training"),
        ({"train.guided_alignment": 0.1, "model.attention": "none"}, "train.guided_alignment needs attention"),
        ({"train.coverage_loss": 0.1, "model.attention": "none"}, "train.coverage_loss needs attention"),
        ({"search.coverage_penalty": 0.1, "model.attention": "none"}, "search.coverage_penalty needs attention"),
        ({"train.rdrop": 1.0, "model.dropout": 0.0}, "set model.dropout above 0"),
        ({"train.rdrop": 1.0, "model.dropout": 0.0, "model.state_dropout": 0.5}, "set model.dropout above 0"),
    ],
)
def test_what_cannot_be_is_told(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said) as told:
        check_objective(Config().replace(changes))
    assert "\n" not in str(told.value)


@needs_bfloat16
def test_in_half_precision_every_weight_learns_from_what_the_model_predicted() -> None:
    network, batch = a_network(), make_batch(word_pairs(20))
    batch_losses(network, batch, 0.1, own=0.5, precision=torch.bfloat16).objective.backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())
