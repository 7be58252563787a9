"""Law 1: one recurrence, two ways of running it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nmt.errors import UserError
from nmt.model.cell import Recurrent, State
from nmt.model.dropout import StateDropout
from nmt.model.recurrent import RECURRENT

BATCH, LENGTH, INPUT, HIDDEN = 3, 11, 5, 7


def a_layer(name: str) -> tuple[Recurrent, Tensor, State]:
    """A layer in double precision, inputs for it, and a state that is not zero."""
    torch.manual_seed(1)
    layer = RECURRENT[name](INPUT, HIDDEN).double()
    inputs = torch.randn(BATCH, LENGTH, INPUT, dtype=torch.float64, requires_grad=True)
    state = tuple(torch.randn(BATCH, HIDDEN, dtype=torch.float64, requires_grad=True) for _ in range(layer.STATES))
    return layer, inputs, state


def step_through(layer: Recurrent, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The outputs of all positions and the last state, one step at a time."""
    outputs = []
    for position in inputs.unbind(1):
        output, state = layer.advance(layer.project(position), state)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state


def zeros(layer: Recurrent) -> State:
    return tuple(torch.zeros(BATCH, HIDDEN, dtype=torch.float64) for _ in range(layer.STATES))


@pytest.mark.parametrize("name", RECURRENT)
def test_running_the_sequence_equals_stepping(name: str) -> None:
    layer, inputs, _ = a_layer(name)
    torch.testing.assert_close(layer(inputs), step_through(layer, inputs, zeros(layer))[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", RECURRENT)
def test_running_the_sequence_equals_stepping_from_any_state(name: str) -> None:
    layer, inputs, state = a_layer(name)
    torch.testing.assert_close(layer(inputs, state), step_through(layer, inputs, state)[0], rtol=1e-12, atol=1e-12)
    assert not torch.allclose(layer(inputs, state), layer(inputs)), "the state makes no difference"


@pytest.mark.parametrize("name", RECURRENT)
def test_a_sequence_can_be_taken_up_where_stepping_left_it(name: str) -> None:
    layer, inputs, state = a_layer(name)
    before, middle = step_through(layer, inputs[:, :4], state)
    resumed = torch.cat([before, layer(inputs[:, 4:], middle)], dim=1)
    torch.testing.assert_close(resumed, layer(inputs, state), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", RECURRENT)
def test_projecting_all_positions_beforehand_equals_projecting_each(name: str) -> None:
    layer, inputs, _ = a_layer(name)
    each = torch.stack([layer.project(position) for position in inputs.unbind(1)], dim=1)
    torch.testing.assert_close(layer.project(inputs), each, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", RECURRENT)
def test_gradients_of_running_equal_those_of_stepping(name: str) -> None:
    layer, inputs, state = a_layer(name)
    asked = [inputs, *state, *layer.parameters()]
    weights = torch.randn(BATCH, LENGTH, HIDDEN, dtype=torch.float64)
    running = torch.autograd.grad((layer(inputs, state) * weights).sum(), asked)
    stepping = torch.autograd.grad((step_through(layer, inputs, state)[0] * weights).sum(), asked)
    for one, other in zip(running, stepping, strict=True):
        assert one.any(), "a part of the layer gets no gradient"
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", RECURRENT)
def test_an_output_does_not_see_what_comes_later(name: str) -> None:
    layer, inputs, _ = a_layer(name)
    changed = torch.cat([inputs[:, :6], torch.randn_like(inputs[:, 6:])], dim=1)
    torch.testing.assert_close(layer(inputs)[:, :6], layer(changed)[:, :6], rtol=1e-12, atol=1e-12)


READ_ALL = [name for name in RECURRENT if RECURRENT[name](INPUT, HIDDEN).recurrent is not None]


@pytest.mark.parametrize("name", READ_ALL)
def test_a_unit_of_the_state_that_is_dropped_is_read_by_no_step_and_the_others_count_more(name: str) -> None:
    layer, inputs, state = a_layer(name)
    plain = layer(inputs, state)
    with StateDropout(layer, 0.5).drawn():
        kept = layer.held.any(dim=0)
        assert 0 < kept.sum() < HIDDEN
        torch.testing.assert_close(layer.held[:, kept], 2 * layer.recurrent[:, kept])
        assert not layer.held[:, ~kept].any()
        outputs = layer(inputs, state)
        torch.testing.assert_close(outputs, step_through(layer, inputs, state)[0], rtol=1e-12, atol=1e-12)
    assert not torch.allclose(outputs, plain)
    (slopes,) = torch.autograd.grad(outputs.sum(), layer.recurrent)
    assert slopes[:, kept].any()
    assert not slopes[:, ~kept].any()
    assert torch.equal(layer(inputs, state), plain)


def test_no_state_is_dropped_that_no_product_reads() -> None:
    assert READ_ALL == ["rnn", "rnn-relu", "lstm", "gru", "lstm-norm", "gru-norm"]
    with pytest.raises(UserError, match=r"model\.state_dropout"):
        StateDropout(RECURRENT["ssru"](INPUT, HIDDEN), 0.1)
    StateDropout(RECURRENT["ssru"](INPUT, HIDDEN), 0.0)
