"""What all recurrent layers have in common. Each runs a whole sequence at once (`forward`) or one position at a time
(`advance`), from the same weights and with the same result. State is a value: a tuple of tensors [batch, hidden]."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class StackSizes:
    """The shape of a stack of recurrent layers: width of its inputs and of its states, number of layers, share of units
    dropped, whether a layer's input is added to its output, and what `stack.py` makes of a layer: transitions a step,
    where it is normalised, width of its feed-forward layer in multiples of `hidden`."""

    input_size: int
    hidden: int
    layers: int
    dropout: float
    residual: bool
    transitions: int = 1
    norm: str = "none"
    feedforward: float = 0.0


class Recurrent(nn.Module):
    """A recurrent layer. Subclasses say what a step is, `project` and `advance`, and may have a quicker way than this
    one to run a whole sequence. Their linear maps are modules, which a search finds and lays out anew (`packed.py`).

    STATES: tensors in a state; GATES: widths of `hidden` in what `project` makes of an input.
    """

    STATES: int = 1
    GATES: int
    held: Tensor | None = None
    """Stands in for the `recurrent` weights, see `StateDropout`."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size

    @property
    def recurrent(self) -> Tensor | None:
        """The weights [GATES * hidden, hidden] by which a step reads the last output; None where it reads no product of
        it."""
        return None

    def project(self, inputs: Tensor) -> Tensor:
        """The part of a step that looks only at the input, and may be computed for all positions beforehand:
        inputs [..., input] -> [..., GATES * hidden]."""
        raise NotImplementedError

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        """One step: projected [batch, GATES * hidden] and the state before it -> the output [batch, hidden] and the
        state after it."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        """The whole sequence: inputs [batch, length, input] -> outputs [batch, length, hidden]; no state is zero."""
        state = self.zeros(inputs) if state is None else state
        outputs = []
        for projected in self.project(inputs).unbind(1):
            output, state = self.advance(projected, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1)

    def zeros(self, inputs: Tensor) -> State:
        """The state before inputs [batch, ...] where nothing came before."""
        return tuple(inputs.new_zeros(len(inputs), self.hidden_size) for _ in range(self.STATES))


def exact(*parts: Tensor) -> list[Tensor]:
    """The same numbers in float32 at least, however a product was rounded: errors add up over the positions."""
    return [part.to(torch.promote_types(part.dtype, torch.float32)) for part in parts]
