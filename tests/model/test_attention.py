"""Every attention is a mean over the words of a sentence, and only over its words."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nmt.errors import UserError
from nmt.model.attention import ATTENTION, MOST_FERTILE, Attention, Memory, padding_bias

SIZE, TARGET = 8, 4
LENGTHS = torch.tensor([6, 1, 3])
LOOKING = [name for name in ATTENTION if name != "none"]


def an_attention(name: str) -> tuple[Attention, Tensor, Tensor]:
    """An attention in double precision, queries [3, TARGET, SIZE], and values [3, 6, SIZE]: zero at padding."""
    torch.manual_seed(2)
    attention = ATTENTION[name](SIZE, heads=2).double()
    values = torch.randn(len(LENGTHS), int(LENGTHS.max()), SIZE, dtype=torch.float64)
    return attention, torch.randn(len(LENGTHS), TARGET, SIZE, dtype=torch.float64), values * inside()


def inside() -> Tensor:
    """[3, 6, 1]: whether there is a word."""
    return (torch.arange(int(LENGTHS.max())) < LENGTHS.unsqueeze(1)).unsqueeze(-1)


def remember(attention: Attention, values: Tensor, lengths: Tensor) -> Memory:
    pieces = torch.zeros(values.shape[:2], dtype=torch.long)
    return Memory(values, attention.prepare(values), padding_bias(lengths, values.shape[1]), values, pieces)


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", LOOKING)
def test_weights_sum_to_one_over_the_words_and_are_zero_at_padding(name: str) -> None:
    attention, queries, values = an_attention(name)
    _, weights = attention(queries, remember(attention, values, LENGTHS))
    assert weights.shape == (len(LENGTHS), TARGET, int(LENGTHS.max()))
    words = inside().squeeze(-1).unsqueeze(1)
    assert (weights * ~words == 0).all()
    close((weights * words).sum(dim=-1), torch.ones(len(LENGTHS), TARGET, dtype=torch.float64))
    assert weights[0].std() > 0.01, "the weights do not depend on what is looked at"


@pytest.mark.parametrize("name", ATTENTION)
def test_a_context_is_the_same_whatever_lies_in_the_padding(name: str) -> None:
    attention, queries, values = an_attention(name)
    rubbish = torch.where(inside(), values, 100 * torch.randn_like(values))
    contexts, _ = attention(queries, remember(attention, values, LENGTHS))
    close(attention(queries, remember(attention, rubbish, LENGTHS))[0], contexts)


@pytest.mark.parametrize("name", ATTENTION)
def test_a_context_is_the_same_alone_and_in_a_batch(name: str) -> None:
    attention, queries, values = an_attention(name)
    contexts, _ = attention(queries, remember(attention, values, LENGTHS))
    for index, length in enumerate(LENGTHS.tolist()):
        memory = remember(attention, values[index : index + 1, :length], LENGTHS[index : index + 1])
        close(attention(queries[index : index + 1], memory)[0][0], contexts[index])


@pytest.mark.parametrize("name", ATTENTION)
def test_several_positions_at_once_equal_one_after_the_other(name: str) -> None:
    attention, queries, values = an_attention(name)
    memory = remember(attention, values, LENGTHS)
    contexts, weights = attention(queries, memory)
    past = tuple(part.unsqueeze(1) for part in attention.start(memory))
    for row in range(TARGET):
        context, weight, past = attention.look(queries[:, row : row + 1], memory, past)
        close(context, contexts[:, row : row + 1])
        if weights is not None:
            close(weight, weights[:, row : row + 1])


@pytest.mark.parametrize("name", LOOKING)
def test_moving_the_words_moves_the_weights_and_leaves_the_context(name: str) -> None:
    attention, queries, values = an_attention(name)
    order, lengths = torch.tensor([4, 0, 5, 2, 1, 3]), torch.full((len(LENGTHS),), 6)
    contexts, weights = attention(queries, remember(attention, values, lengths))
    moved_contexts, moved_weights = attention(queries, remember(attention, values[:, order], lengths))
    close(moved_contexts, contexts)
    close(moved_weights, weights[:, :, order])


@pytest.mark.parametrize("name", ATTENTION)
def test_the_memory_of_some_sentences_is_that_of_those_sentences(name: str) -> None:
    attention, queries, values = an_attention(name)
    memory, kept = remember(attention, values, LENGTHS), torch.tensor([2, 0])
    contexts, _ = attention(queries, memory)
    close(attention(queries[kept], memory.select(kept))[0], contexts[kept])


@pytest.mark.parametrize("name", ATTENTION)
def test_contexts_have_the_announced_size_and_every_parameter_takes_part(name: str) -> None:
    attention, queries, values = an_attention(name)
    contexts, _ = attention(queries, remember(attention, values, LENGTHS))
    assert contexts.shape == (len(LENGTHS), TARGET, attention.context_size)
    if list(attention.parameters()):
        contexts.pow(2).sum().backward()
    idle = [name for name, one in attention.named_parameters() if one.grad is None or not one.grad.any()]
    assert not idle


def test_no_attention_returns_empty_contexts_and_no_weights() -> None:
    attention, queries, values = an_attention("none")
    contexts, weights = attention(queries, remember(attention, values, LENGTHS))
    assert contexts.shape == (len(LENGTHS), TARGET, 0)
    assert weights is None


def test_heads_that_do_not_divide_the_size_are_a_user_error() -> None:
    with pytest.raises(UserError, match=r"model\.heads is 3 .* 8"):
        ATTENTION["multihead"](SIZE, heads=3)


def test_coverage_is_the_attention_so_far_over_the_fertility() -> None:
    attention, queries, values = an_attention("coverage")
    memory = remember(attention, values, LENGTHS)
    _, weights = attention(queries, memory)
    past = tuple(part.unsqueeze(1) for part in attention.start(memory))
    for row in range(TARGET):
        _, _, past = attention.look(queries[:, row : row + 1], memory, past)
    fertility = MOST_FERTILE * memory.keys[..., -1].sigmoid()
    close(past[0][:, 0], weights.sum(dim=1) / fertility)
    assert fertility.std() > 0.01, "all words are as fertile"


def test_hypotheses_of_one_sentence_have_each_their_own_coverage() -> None:
    attention, queries, values = an_attention("coverage")
    memory = remember(attention, values, LENGTHS)
    some = torch.rand(len(LENGTHS), TARGET, int(LENGTHS.max()), dtype=torch.float64)
    together = attention.look(queries, memory, (some,))
    assert not torch.allclose(together[1][0], attention.look(queries, memory, (some.flip(1),))[1][0])
    for row in range(TARGET):
        one = slice(row, row + 1)
        context, weights, (covered,) = attention.look(queries[:, one], memory, (some[:, one],))
        for alone, found in zip((context, weights, covered), (*together[:2], *together[2]), strict=True):
            close(found[:, one], alone)
