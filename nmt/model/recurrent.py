"""Recurrent layers. Each runs a whole sequence at once (`forward`) or one position at a time (`advance`), from the
same weights and with the same result. State is a value: a tuple of tensors [batch, hidden], the output first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class StackSizes:
    """The shape of a stack of recurrent layers: width of its inputs and of its states, number of layers, share of units
    dropped, and whether a layer's input is added to its output."""

    input_size: int
    hidden: int
    layers: int
    dropout: float
    residual: bool


class Recurrent(nn.Module):
    """A layer of one of torch's recurrences. Subclasses say which, and how one step combines the gates.

    Recurrent weights start orthogonal, gate by gate, so that gradients neither vanish nor explode at first (Saxe et
    al. 2014). `project` is the part of a step that looks only at the input, and may be computed for all positions.
    """

    STATES: ClassVar[int] = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.layer = self.make(input_size, hidden_size)
        weight, recurrent, _, _ = self.layer.all_weights[0]
        nn.init.xavier_uniform_(weight)
        for gate in recurrent.data.chunk(len(recurrent) // hidden_size):
            nn.init.orthogonal_(gate)

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        """torch's layer, batch first."""
        raise NotImplementedError

    def project(self, inputs: Tensor) -> Tensor:
        """inputs [..., input] -> the inputs' share of the gates [..., gates * hidden]."""
        weight, _, bias, _ = self.layer.all_weights[0]
        return functional.linear(inputs, weight, bias)

    def advance(self, projected: Tensor, state: State) -> State:
        """One step: projected [batch, gates * hidden] and the state before it -> the one after it, output first."""
        _, weight, _, bias = self.layer.all_weights[0]
        return self.combine(projected, functional.linear(state[0], weight, bias), state)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        """The new state from both shares of the gates."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        """The whole sequence: inputs [batch, length, input] -> outputs [batch, length, hidden]; no state is zero."""
        initial = None
        if state is not None:
            parts = tuple(part.unsqueeze(0).contiguous() for part in state)
            initial = parts[0] if self.STATES == 1 else parts
        outputs: Tensor = self.layer(inputs, initial)[0]
        return outputs


class RNN(Recurrent):
    """h = tanh(W x + U h + b) (Elman 1990)."""

    NONLINEARITY: ClassVar[str] = "tanh"

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        return nn.RNN(input_size, hidden_size, batch_first=True, nonlinearity=self.NONLINEARITY)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        total = projected + recurrent
        return (total.tanh() if self.NONLINEARITY == "tanh" else total.relu(),)


class ReluRNN(RNN):
    """h = max(0, W x + U h + b); U starts as the identity so that the state is kept at first (Le et al. 2015)."""

    NONLINEARITY = "relu"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        nn.init.eye_(self.layer.all_weights[0][1])


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; with forget gate, Gers et al. 2000). State: h, c.

    Forget gates start open (Jozefowicz et al. 2015)."""

    STATES = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        with torch.no_grad():
            self.layer.all_weights[0][2][hidden_size : 2 * hidden_size] += 1.0

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        return nn.LSTM(input_size, hidden_size, batch_first=True)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        enter, forget, content, leave = (projected + recurrent).chunk(4, dim=-1)
        memory = forget.sigmoid() * state[1] + enter.sigmoid() * content.tanh()
        return leave.sigmoid() * memory.tanh(), memory


class GRU(Recurrent):
    """Gated recurrent unit (Cho et al. 2014), with the reset gate applied after the product as in cuDNN."""

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        return nn.GRU(input_size, hidden_size, batch_first=True)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> State:
        size = state[0].shape[-1]
        reset, update = (projected[..., : 2 * size] + recurrent[..., : 2 * size]).sigmoid().chunk(2, dim=-1)
        candidate = (projected[..., 2 * size :] + reset * recurrent[..., 2 * size :]).tanh()
        return (candidate + update * (state[0] - candidate),)


RECURRENT: dict[str, type[Recurrent]] = {"rnn": RNN, "rnn-relu": ReluRNN, "lstm": LSTM, "gru": GRU}
