"""Recurrences whose gates look at the input only (SRU's also at its own unit's state): one product makes all gates of
all positions, and only a running average is left to do in order. Quicker to train than an LSTM, and decoded step by
step from the same weights.

In all of them the memory is c_t = f_t c_(t-1) + (1 - f_t) x_t, elementwise, with a forget gate f_t and a content x_t
that are linear maps of the input; they differ in what goes in and in what is read out. Forget gates start open, as the
LSTM's do."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nmt.model.cell import Recurrent, State, exact
from nmt.model.scan import average_step, before, running_average


class Parallel(Recurrent):
    """Base of these: what `project` makes of an input is content, logit of the forget gate, and whatever else."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inner = nn.Linear(input_size, self.GATES * hidden_size)
        nn.init.xavier_uniform_(self.inner.weight)
        nn.init.zeros_(self.inner.bias)
        nn.init.ones_(self.inner.bias.data[hidden_size : 2 * hidden_size])

    def project(self, inputs: Tensor) -> Tensor:
        projected: Tensor = self.inner(inputs)
        return projected

    def forget(self, gates: tuple[Tensor, ...]) -> Tensor:
        """The logit of the forget gate, from the gates [..., hidden] of any number of positions."""
        return gates[1]

    def read(self, gates: tuple[Tensor, ...], memory: Tensor) -> Tensor:
        """The outputs [..., hidden] of any number of positions, from their gates and the memory after them."""
        raise NotImplementedError

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        gates = projected.chunk(self.GATES, dim=-1)
        memory = average_step(gates[0], self.forget(gates), state[0])
        return self.read(gates, memory), (memory,)

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        (initial,) = self.zeros(inputs) if state is None else state
        gates = self.project(inputs).chunk(self.GATES, dim=-1)
        return self.read(gates, running_average(gates[0], self.forget(gates), initial))


class SSRU(Parallel):
    """Simpler simple recurrent unit: h = max(0, c) (Kim et al. 2019)."""

    GATES = 2

    def read(self, gates: tuple[Tensor, ...], memory: Tensor) -> Tensor:
        return memory.relu()


class MinGRU(Parallel):
    """A GRU without reset gate and without state in its gates: h = c (Feng et al. 2024, section 3.1). The content is
    linear; that of their appendix, made positive, is for scans over logarithms, which there are none of here."""

    GATES = 2

    def read(self, gates: tuple[Tensor, ...], memory: Tensor) -> Tensor:
        return memory


class MinLSTM(Parallel):
    """An LSTM without output gate and without state in its gates: h = c (Feng et al. 2024, section 3.2). Its forget
    and input gates are divided by their sum: f / (f + i) is the sigmoid of log f - log i."""

    GATES = 3

    def forget(self, gates: tuple[Tensor, ...]) -> Tensor:
        return nn.functional.logsigmoid(gates[1]) - nn.functional.logsigmoid(gates[2])

    def read(self, gates: tuple[Tensor, ...], memory: Tensor) -> Tensor:
        return memory


class SRU(Parallel):
    """Simple recurrent unit: h = r c + (1 - r) x, both gates f and r seeing their own unit's state by a peephole (Lei
    et al. 2018, eq. 1 to 4). The input x is mapped to the width of the state, whether it has that width or not."""

    GATES = 4

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.peepholes = nn.ParameterList(nn.Parameter(torch.empty(hidden_size).uniform_(-1, 1)) for _ in range(2))

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        content, forget, reset, passing = projected.chunk(self.GATES, dim=-1)
        keep, show = self.peepholes
        memory = average_step(content, forget, state[0], keep)
        return _between(passing, memory, torch.addcmul(reset, show, state[0])), (memory,)

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        (initial,) = self.zeros(inputs) if state is None else state
        content, forget, reset, passing = self.project(inputs).chunk(self.GATES, dim=-1)
        keep, show = self.peepholes
        memory = running_average(content, forget, initial, keep)
        return _between(passing, memory, torch.addcmul(reset, show, before(memory, initial)))


class QRNN(Parallel):
    """Quasi-recurrent network with a window of two inputs and fo-pooling: h = o c, the content through a tanh (Bradbury
    et al. 2017, section 2). State: c, and what the last input says to content, forget and output gate; so every
    part of a state has one width, whatever the input's."""

    STATES, GATES = 4, 6

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        now, later = projected.chunk(2, dim=-1)
        content, forget, leave = (now + torch.cat(state[1:], dim=-1)).chunk(3, dim=-1)
        memory = average_step(content.tanh(), forget, state[0])
        return leave.sigmoid() * memory, (memory, *later.chunk(3, dim=-1))

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        initial, *earlier = self.zeros(inputs) if state is None else state
        now, later = self.project(inputs).chunk(2, dim=-1)
        content, forget, leave = (now + before(later, torch.cat(earlier, dim=-1))).chunk(3, dim=-1)
        return leave.sigmoid() * running_average(content.tanh(), forget, initial)


def _between(passing: Tensor, memory: Tensor, logits: Tensor) -> Tensor:
    """The input past the recurrence where SRU's reset gate is 0, the memory where it is 1."""
    return torch.lerp(*exact(passing, memory, logits.sigmoid()))
