"""Copying: the mixture is the one in the paper, the same in training and in search, and it lets a model say pieces that
it has never said."""

from __future__ import annotations

import itertools

import pytest
import torch
from examples import needs_bfloat16
from torch import Tensor
from torch.nn import functional

from nmt.config import ModelConfig
from nmt.data.batching import Batch, make_batch
from nmt.data.subwords import BEGIN, END, PADDING, UNKNOWN
from nmt.errors import UserError
from nmt.model.attention import ATTENTION
from nmt.model.copying import Copying, Pointers
from nmt.model.decoders import DECODER
from nmt.model.packed import packed
from nmt.model.seq2seq import Seq2Seq
from nmt.model.shortlist import Narrowed, Shortlist
from nmt.search.decode import decode
from nmt.search.protocol import DEAD
from nmt.search.restrictions import Symbols
from nmt.search.strategies import Greedy
from nmt.training import loss
from nmt.training.loss import batch_losses, with_predictions

PIECES, SIZE = 13, 6
LOOKING = [name for name in ATTENTION if name != "none"]
SOURCES = torch.tensor([[5, 9, 5, END], [7, END, PADDING, PADDING], [11, 6, END, PADDING]])  # 5 stands there twice
LENGTHS = torch.tensor([4, 2, 3])
TARGETS = torch.tensor([[BEGIN, 8, 5, 4], [BEGIN, 6, 6, 12], [BEGIN, 11, 9, 7]])

every_combination = pytest.mark.parametrize(("decoder", "attention"), list(itertools.product(DECODER, LOOKING)))


def a_network(**changes: object) -> Seq2Seq:
    torch.manual_seed(3)
    settings = {"embedding": SIZE, "hidden": 8, "heads": 2, "encoder_layers": 1, "dropout": 0.0, "tied": "none"}
    config = ModelConfig.model_validate({**settings, "copying": True, **changes})
    return Seq2Seq(config, PIECES, PIECES, joint=True).double().eval()


def mixture(network: Seq2Seq, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
    """The probabilities [batch, target, pieces] of the paper's equation 9, written as it is there."""
    features, attention = network(source, lengths, target)
    gate = network.copying.gate(features).sigmoid()
    spread = functional.one_hot(source, PIECES).to(attention.dtype)  # [batch, source, pieces]
    return gate * network.output(features).softmax(dim=-1) + (1 - gate) * (attention @ spread)


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@every_combination
def test_stepping_gives_the_mixture_of_the_paper_whatever_the_beam(decoder: str, attention: str) -> None:
    network = a_network(decoder=decoder, attention=attention)
    expected = mixture(network, SOURCES, LENGTHS, TARGETS)
    close(expected.sum(dim=-1), torch.ones(3, 4, dtype=torch.float64))
    step, state = network.step(TARGETS[:, :1], network.start(SOURCES, LENGTHS))
    close(step[:, 0].exp(), expected[:, 0])
    state = network.select(state, torch.tensor([0, 2]), torch.tensor([0, 0, 2, 2]))  # the second sentence has ended
    step, state = network.step(torch.tensor([[4, 8], [11, DEAD]]), state)
    close(step[[0, 1], [1, 0]].exp(), expected[[0, 2], 1])
    state = network.select(state, None, torch.tensor([1, 2]))
    step, _ = network.step(TARGETS[[0, 2], 2:3], state)
    close(step[:, 0].exp(), expected[[0, 2], 2])


@every_combination
def test_a_prediction_is_the_same_alone_and_in_a_batch(decoder: str, attention: str) -> None:
    network = a_network(decoder=decoder, attention=attention)
    together, _ = network.step(TARGETS[:, :1], network.start(SOURCES, LENGTHS))
    for row, length in enumerate(LENGTHS.tolist()):
        state = network.start(SOURCES[row : row + 1, :length], LENGTHS[row : row + 1])
        close(network.step(TARGETS[row : row + 1, :1], state)[0][0], together[row])


def a_batch() -> Batch:
    chosen = torch.Generator().manual_seed(5)
    lengths = [(5, 3), (2, 7), (6, 6)]
    return make_batch(
        [tuple([*torch.randint(4, PIECES, (n,), generator=chosen).tolist(), END] for n in pair) for pair in lengths]
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("consistency", [0.0, 0.7])
@pytest.mark.parametrize("chunk", [1, 2**23], ids=["one row at a time", "all at once"])
def test_loss_and_gradient_are_those_of_the_smoothed_cross_entropy_of_the_mixture(
    smoothing: float, consistency: float, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss, "CHUNK_BYTES", chunk)
    network, batch = a_network(dropout=0.3 if consistency else 0.0).train(), a_batch()
    copies = 2 if consistency else 1
    torch.manual_seed(7)
    found = batch_losses(network, batch, smoothing, consistency=consistency)
    torch.manual_seed(7)
    read = (torch.cat([part] * copies) for part in (batch.source, batch.source_lengths, batch.target[:, :-1]))
    probabilities = mixture(network, *read)
    labels = torch.cat([batch.target[:, 1:]] * copies)
    words = labels != PADDING
    logarithms = probabilities[words].log()
    expected = functional.cross_entropy(logarithms, labels[words], reduction="sum", label_smoothing=smoothing)
    if consistency:
        first, second = logarithms.chunk(2)
        apart = (first.exp() - second.exp()) * (first - second)
        expected = expected + consistency / 2 * apart.sum()
    close(found.objective, expected / copies)
    close(found.likelihood, functional.nll_loss(logarithms, labels[words], reduction="sum").detach() / copies)
    assert float(found.correct) == float((logarithms.argmax(dim=1) == labels[words]).sum()) / copies
    parameters = list(network.parameters())
    gradients = torch.autograd.grad(found.objective, parameters)
    for name, one, other in zip(
        dict(network.named_parameters()), gradients, torch.autograd.grad(expected / copies, parameters), strict=True
    ):
        close(one, other)
        assert one.any(), name


def test_the_gradient_of_the_mixture_is_its_slope_also_where_a_piece_is_hopeless() -> None:
    torch.manual_seed(1)
    copying = Copying(3).double()
    logits = torch.randn(4, PIECES, dtype=torch.float64)
    logits[0, 5] = -40.0  # it can only be copied
    pieces = torch.tensor([[5, 5, 9], [7, 3, 0], [4, 9, 4], [5, 6, 7]])
    attention = torch.randn(4, 3, dtype=torch.float64).softmax(dim=1)
    parts = [part.requires_grad_() for part in (logits, torch.randn(4, 3, dtype=torch.float64), attention)]
    assert torch.autograd.gradcheck(lambda z, f, a: copying(z, f, Pointers(a, pieces)), parts)


def test_what_has_hardly_a_chance_has_finite_logarithms_in_single_precision() -> None:
    copying = Copying(1)
    logits = torch.tensor([[0.0, 300.0, 0.0]], requires_grad=True)
    attention = torch.tensor([[0.0, 1.0]], requires_grad=True)
    found = copying(logits, torch.zeros(1, 1), Pointers(attention, torch.tensor([[2, 1]])))
    assert found.isfinite().all()
    for gradient in torch.autograd.grad(found[0, 2] + found[0, 0], (logits, attention)):
        assert gradient.isfinite().all()


@needs_bfloat16
def test_in_half_precision_the_loss_and_its_gradient_are_nearly_the_same() -> None:
    network, batch = a_network().float(), a_batch()
    results = []
    for precision in (torch.float32, torch.bfloat16):
        objective = batch_losses(network, batch, 0.1, precision=precision).objective
        results.append(
            [
                objective.detach(),
                torch.cat([g.flatten() for g in torch.autograd.grad(objective, list(network.parameters()))]),
            ]
        )
    for exact, rounded in zip(*results, strict=True):
        assert rounded.dtype == torch.float32
        assert (rounded - exact).norm() <= 0.03 * exact.norm()


def test_the_models_own_predictions_are_those_of_the_mixture() -> None:
    network, batch = a_network(), a_batch()
    with torch.no_grad():
        network.copying.gate.bias.fill_(-20.0)  # it does nothing but copy
    seen = with_predictions(network, batch, 1.0)
    for row, source in zip(seen, batch.source, strict=True):
        assert set(row[row > END].tolist()) <= {*source.tolist()}


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("decoder", DECODER)
@torch.inference_mode()
def test_a_packed_network_copies_alike(decoder: str, int8: bool) -> None:
    network = a_network(decoder=decoder).float()
    found = []
    for searched in (network, packed(network, int8=int8)):
        first, state = searched.step(TARGETS[:, :1], searched.start(SOURCES, LENGTHS))
        state = searched.select(state, None, torch.tensor([0, 0, 1, 1, 2, 2]))
        found.append((first, searched.step(torch.tensor([[4, 5], [6, 7], [8, 9]]), state)[0]))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one.exp(), other.exp(), rtol=0.1 if int8 else 1e-4, atol=0.02 if int8 else 1e-4)


@torch.inference_mode()
def test_among_few_pieces_the_sources_own_are_copied() -> None:
    network = a_network().float()
    lexicon = torch.zeros(PIECES, 1, dtype=torch.int32)
    shortlist = Shortlist(lexicon, torch.tensor([0, 1, 2, 3], dtype=torch.int32))
    sources = [row[:length] for row, length in zip(SOURCES.tolist(), LENGTHS.tolist(), strict=True)]
    pieces, allowed = shortlist.candidates(sources, sources, PIECES)
    narrowed = Narrowed(network, (network.output.weight, network.output.bias), None, pieces, allowed)
    begin = torch.full((3, 1), BEGIN)
    few, state = narrowed.step(begin, narrowed.start(SOURCES, LENGTHS))
    features, attention = network(SOURCES, LENGTHS, begin)
    gate = network.copying.gate(features).sigmoid()
    logits = network.output(features)[..., pieces].masked_fill(~allowed.unsqueeze(1), float("-inf"))
    copied = attention @ functional.one_hot(SOURCES, PIECES).to(attention.dtype)
    expected = gate * logits.softmax(dim=-1) + (1 - gate) * copied[..., pieces]
    torch.testing.assert_close(few.exp(), expected)
    narrowed.step(torch.tensor([[4], [4]]), narrowed.select(state, torch.tensor([2, 0]), torch.tensor([2, 0])))


@pytest.mark.parametrize(
    ("changes", "joint", "message"),
    [
        ({}, False, "model.copying needs one joint vocabulary"),
        ({"attention": "none"}, True, "model.copying needs attention"),
    ],
)
def test_copying_that_cannot_be_is_a_user_error_of_one_line(
    changes: dict[str, object], joint: bool, message: str
) -> None:
    config = ModelConfig.model_validate({"copying": True, "tied": "target", **changes})
    with pytest.raises(UserError, match=message) as told:
        Seq2Seq(config, PIECES, PIECES, joint=joint)
    assert "\n" not in str(told.value)


WORDS, OFTEN, NEVER, ALL = range(4, 10), range(16, 316), range(316, 366), 366
"""Words, each translated by the sixth after it; names in training; names that it has not; pieces of all."""


def named_pairs(count: int, names: range) -> list[tuple[list[int], list[int]]]:
    """Sentences of one to three words and one name, which stays as it is."""
    pairs = []
    for _ in range(count):
        length = int(torch.randint(2, 5, ()))
        source = torch.randint(WORDS.start, WORDS.stop, (length,)).tolist()
        target = [word + len(WORDS) for word in source]
        place = int(torch.randint(length, ()))
        source[place] = target[place] = int(torch.randint(names.start, names.stop, ()))
        pairs.append(([*source, END], [*target, END]))
    return pairs


@pytest.mark.parametrize(
    ("decoder", "attention", "copying"),
    [
        *((decoder, "multihead", True) for decoder in DECODER),
        ("conditional", "coverage", True),
        ("parallel", "multihead", False),
    ],
)
def test_names_that_were_never_seen_arrive_where_they_can_be_copied(
    decoder: str, attention: str, copying: bool
) -> None:
    """With copying half of the sentences are to be right (0.66 to 1 are, by seed); without it there is no way to say
    them."""
    torch.manual_seed(1)
    settings = {"decoder": decoder, "attention": attention, "copying": copying, "tied": "none", "dropout": 0.0}
    sizes = {"embedding": 32, "hidden": 32, "encoder_layers": 1, "decoder_layers": 1, "heads": 2}
    network = Seq2Seq(ModelConfig.model_validate({**settings, **sizes}), ALL, ALL, joint=True)
    optimizer, updates = torch.optim.Adam(network.parameters()), 200
    for update in range(updates):
        optimizer.param_groups[0]["lr"] = 4e-3 * min(1.0, update / 20, 2 * (1 - update / updates))
        batch = make_batch(named_pairs(32, OFTEN))
        optimizer.zero_grad()
        (batch_losses(network, batch, 0.0).objective / batch.target_tokens).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    pairs = named_pairs(200, NEVER)
    batch = make_batch(pairs)
    symbols = Symbols(begin=BEGIN, end=END, never=(PADDING, UNKNOWN, BEGIN))
    found = decode(
        network.eval(), batch.source, batch.source_lengths, Greedy(), symbols=symbols, limits=[8] * len(pairs)
    )
    right = sum([*best.pieces] == target for (best,), (_, target) in zip(found, pairs, strict=True)) / len(pairs)
    assert right > 0.5 if copying else right == 0
