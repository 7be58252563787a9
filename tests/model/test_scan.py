"""The running average: its values and gradients are those of the loop that its formula says."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nmt.model.scan import running_average

BATCH, HIDDEN = 3, 4


def some_parts(length: int, peephole: bool) -> list[Tensor]:
    """Content and logits [batch, length, hidden], parts of one product as in the cells, initial state, peephole."""
    torch.manual_seed(length)
    content, logits = torch.randn(BATCH, length, 2 * HIDDEN, dtype=torch.float64).chunk(2, dim=-1)
    parts = [content, logits, torch.randn(BATCH, HIDDEN, dtype=torch.float64)]
    if peephole:
        parts.append(torch.randn(HIDDEN, dtype=torch.float64))
    return [part.requires_grad_() for part in parts]


def by_formula(content: Tensor, logits: Tensor, initial: Tensor, peephole: Tensor | None = None) -> Tensor:
    """The same, written down as its docstring says, with autograd through every step."""
    state, states = initial, []
    for new, logit in zip(content.unbind(1), logits.unbind(1), strict=True):
        forget = (logit if peephole is None else logit + peephole * state).sigmoid()
        state = forget * state + (1 - forget) * new
        states.append(state)
    return torch.stack(states, dim=1)


every_kind = pytest.mark.parametrize("peephole", [False, True], ids=["plain", "peephole"])
every_length = pytest.mark.parametrize("length", [1, 2, 7])


@every_kind
@every_length
def test_values_and_gradients_are_those_of_the_formula(length: int, peephole: bool) -> None:
    parts = some_parts(length, peephole)
    weights = torch.randn(BATCH, length, HIDDEN, dtype=torch.float64)
    fast, plain = running_average(*parts), by_formula(*parts)
    torch.testing.assert_close(fast, plain, rtol=1e-12, atol=1e-12)
    gradients = (torch.autograd.grad((result * weights).sum(), parts) for result in (fast, plain))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@every_kind
@every_length
def test_gradients_are_those_of_small_differences(length: int, peephole: bool) -> None:
    assert torch.autograd.gradcheck(running_average, some_parts(length, peephole))


@every_kind
def test_a_thousand_positions_and_extreme_gates_stay_in_the_range_of_float32(peephole: bool) -> None:
    parts = [part.detach() for part in some_parts(1000, peephole)]
    parts[1] = parts[1] * 100  # gates at 0 and 1, whose products over the positions are nothing and whose logs infinite
    single = [part.float().requires_grad_() for part in parts]
    found = running_average(*single)
    torch.testing.assert_close(found.double(), by_formula(*parts), rtol=1e-3, atol=1e-3)
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(found.sum(), single))


@every_kind
def test_rounded_inputs_are_averaged_in_float32(peephole: bool) -> None:
    parts = [part.detach().bfloat16() for part in some_parts(50, peephole)]
    wide = [part.float() for part in parts]
    with torch.autocast("cpu", torch.bfloat16):
        found = running_average(*parts[:3], *wide[3:])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, by_formula(*wide))
