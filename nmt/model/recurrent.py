"""Recurrent layers. Each runs a whole sequence at once (`forward`) or one position at a time (`advance`), from the
same weights and with the same result. State is a value: a tuple of tensors [batch, hidden], the output first."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

State = tuple[Tensor, ...]


class Recurrent(nn.Module):
    """A layer of one of torch's recurrences. Subclasses say what it is and how one step combines the gates.

    `project` is the part of a step that looks only at the input; it may be computed for all positions beforehand.
    """

    STATES: ClassVar[int] = 1
    layer: nn.RNNBase

    def project(self, inputs: Tensor) -> Tensor:
        """inputs [..., input] -> the inputs' share of the gates [..., gates * hidden]."""
        return functional.linear(inputs, self.layer.weight_ih_l0, self.layer.bias_ih_l0)

    def advance(self, projected: Tensor, state: State) -> State:
        """One step: projected [batch, gates * hidden] and the state before it -> the state after it, output first."""
        recurrent = functional.linear(state[0], self.layer.weight_hh_l0, self.layer.bias_hh_l0)
        return self.combine(projected, recurrent, state)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        """The new state from both shares of the gates."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        """The whole sequence: inputs [batch, length, input] -> outputs [batch, length, hidden]; from zero if no state."""
        initial = None
        if state is not None:
            parts = tuple(part.unsqueeze(0).contiguous() for part in state)
            initial = parts[0] if self.STATES == 1 else parts
        outputs: Tensor = self.layer(inputs, initial)[0]
        return outputs


class RNN(Recurrent):
    """h = tanh(W x + U h + b) (Elman 1990)."""

    NONLINEARITY: ClassVar[str] = "tanh"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.layer = nn.RNN(input_size, hidden_size, batch_first=True, nonlinearity=self.NONLINEARITY)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        total = projected + recurrent
        return (total.tanh() if self.NONLINEARITY == "tanh" else total.relu(),)


class ReluRNN(RNN):
    """h = max(0, W x + U h + b); U starts as the identity so that the state is kept at first (Le et al. 2015)."""

    NONLINEARITY = "relu"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        nn.init.eye_(self.layer.weight_hh_l0)


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; with forget gate, Gers et al. 2000). State: h, c."""

    STATES = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.layer = nn.LSTM(input_size, hidden_size, batch_first=True)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        enter, forget, content, leave = (projected + recurrent).chunk(4, dim=-1)
        memory = forget.sigmoid() * state[1] + enter.sigmoid() * content.tanh()
        return leave.sigmoid() * memory.tanh(), memory


class GRU(Recurrent):
    """Gated recurrent unit (Cho et al. 2014), with the reset gate applied after the product as in cuDNN."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.layer = nn.GRU(input_size, hidden_size, batch_first=True)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        size = state[0].shape[-1]
        reset, update = (projected[..., : 2 * size] + recurrent[..., : 2 * size]).sigmoid().chunk(2, dim=-1)
        candidate = (projected[..., 2 * size :] + reset * recurrent[..., 2 * size :]).tanh()
        return (torch.lerp(candidate, state[0], update),)


RECURRENT: dict[str, type[Recurrent]] = {"rnn": RNN, "rnn-relu": ReluRNN, "lstm": LSTM, "gru": GRU}
