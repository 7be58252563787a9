"""LSTM and GRU with layer normalisation: each share of the gates is brought to mean 0 and variance 1 over its units (Ba
et al. 2016). Stepped through position by position: PyTorch has no kernel for them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.model.cell import Recurrent, State, exact


class Normalized(Recurrent):
    """Base of both: the inputs' share of the gates, normalised for all positions at once, and the last output's. The
    bias is that of the first normalisation. Recurrent weights start orthogonal, as those of the plain cells do."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        width = self.GATES * hidden_size
        self.inner = nn.Linear(input_size, width, bias=False)
        self.outer = nn.Linear(hidden_size, width, bias=False)
        self.inner_norm = nn.LayerNorm(width)
        self.outer_norm = nn.LayerNorm(width, bias=False)
        nn.init.xavier_uniform_(self.inner.weight)
        for gate in self.outer.weight.data.chunk(self.GATES):
            nn.init.orthogonal_(gate)

    @property
    def recurrent(self) -> Tensor:
        return self.outer.weight

    def project(self, inputs: Tensor) -> Tensor:
        projected: Tensor = self.inner_norm(*exact(self.inner(inputs)))
        return projected

    def recall(self, output: Tensor) -> Tensor:
        """The last output's share of the gates: [batch, hidden] -> [batch, GATES * hidden]."""
        product = self.outer(output) if self.held is None else functional.linear(output, self.held)
        recurrent: Tensor = self.outer_norm(*exact(product))
        return recurrent


class NormalizedLSTM(Normalized):
    """LSTM (Ba et al. 2016, eq. 20 to 22): the memory is normalised, too, on its way out. State: h, c."""

    STATES, GATES = 2, 4

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.memory_norm = nn.LayerNorm(hidden_size)
        nn.init.ones_(self.inner_norm.bias.data[hidden_size : 2 * hidden_size])  # forget gates start open

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        total = projected + self.recall(state[0])
        enter, forget, leave = total[..., : -self.hidden_size].sigmoid().chunk(3, dim=-1)
        memory = torch.addcmul(forget * state[1], enter, total[..., -self.hidden_size :].tanh())
        output = leave * self.memory_norm(memory).tanh()
        return output, (output, memory)


class NormalizedGRU(Normalized):
    """GRU, with the reset gate applied after the product (Ba et al. 2016, supplementary material; there the candidate's
    share is normalised apart from the gates', here all three at once)."""

    GATES = 3

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        size = self.hidden_size
        recurrent = self.recall(state[0])
        reset, update = (projected[..., : 2 * size] + recurrent[..., : 2 * size]).sigmoid().chunk(2, dim=-1)
        candidate = torch.addcmul(projected[..., 2 * size :], reset, recurrent[..., 2 * size :]).tanh()
        output = candidate + update * (state[0] - candidate)
        return output, (output,)
