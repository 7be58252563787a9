"""The recurrences that PyTorch has kernels for: vanilla RNN, LSTM and GRU."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from nmt.model.cell import Recurrent, State


class TorchRecurrent(Recurrent):
    """A layer of torch's. Subclasses say which, and how one step combines the gates.

    Recurrent weights start orthogonal, gate by gate, so that gradients neither vanish nor explode at first (Saxe et
    al. 2014).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.layer = self.make(input_size, hidden_size)
        weight, recurrent, _, _ = self.layer.all_weights[0]
        nn.init.xavier_uniform_(weight)
        for gate in recurrent.data.chunk(self.GATES):
            nn.init.orthogonal_(gate)

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        """torch's layer, batch first."""
        raise NotImplementedError

    @property
    def recurrent(self) -> Tensor:
        weights: Tensor = self.layer.all_weights[0][1]
        return weights

    def project(self, inputs: Tensor) -> Tensor:
        weight, _, bias, _ = self.layer.all_weights[0]
        return functional.linear(inputs, weight, bias)

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        weight, bias = self.recurrent if self.held is None else self.held, self.layer.all_weights[0][3]
        return self.combine(projected, functional.linear(state[0], weight, bias), state)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> tuple[Tensor, State]:
        """The output and the new state from both shares of the gates."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        initial = None
        if state is not None:
            parts = tuple(part.unsqueeze(0).contiguous() for part in state)
            initial = parts[0] if self.STATES == 1 else parts
        outputs: Tensor
        if self.held is None:
            outputs, _ = self.layer(inputs, initial)
        else:
            outputs, _ = functional_call(self.layer, {"weight_hh_l0": self.held}, (inputs, initial))
        return outputs


class RNN(TorchRecurrent):
    """h = tanh(W x + U h + b) (Elman 1990)."""

    GATES = 1
    NONLINEARITY: ClassVar[str] = "tanh"

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        return nn.RNN(input_size, hidden_size, batch_first=True, nonlinearity=self.NONLINEARITY)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> tuple[Tensor, State]:
        total = projected + recurrent
        output = total.tanh() if self.NONLINEARITY == "tanh" else total.relu()
        return output, (output,)


class ReluRNN(RNN):
    """h = max(0, W x + U h + b); U starts as the identity so that the state is kept at first (Le et al. 2015)."""

    NONLINEARITY = "relu"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        nn.init.eye_(self.layer.all_weights[0][1])


class LSTM(TorchRecurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; with forget gate, Gers et al. 2000). State: h, c.

    Forget gates start open (Jozefowicz et al. 2015)."""

    STATES, GATES = 2, 4

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        with torch.no_grad():
            self.layer.all_weights[0][2][hidden_size : 2 * hidden_size] += 1.0

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        return nn.LSTM(input_size, hidden_size, batch_first=True)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> tuple[Tensor, State]:
        enter, forget, content, leave = (projected + recurrent).chunk(4, dim=-1)
        memory = forget.sigmoid() * state[1] + enter.sigmoid() * content.tanh()
        output = leave.sigmoid() * memory.tanh()
        return output, (output, memory)


class GRU(TorchRecurrent):
    """Gated recurrent unit (Cho et al. 2014), with the reset gate applied after the product as in cuDNN."""

    GATES = 3

    def make(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        return nn.GRU(input_size, hidden_size, batch_first=True)

    def combine(self, projected: Tensor, recurrent: Tensor, state: State) -> tuple[Tensor, State]:
        size = state[0].shape[-1]
        reset, update = (projected[..., : 2 * size] + recurrent[..., : 2 * size]).sigmoid().chunk(2, dim=-1)
        candidate = (projected[..., 2 * size :] + reset * recurrent[..., 2 * size :]).tanh()
        output = candidate + update * (state[0] - candidate)
        return output, (output,)
