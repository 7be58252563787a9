"""What a stack of recurrent layers is made of beside its cell: several transitions a step, normalisation before a
layer, and what is done between layers. With the default `StackSizes` a layer is the cell itself: no other weights."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from nmt.model.cell import Recurrent, StackSizes, State, exact


class DeepTransition(Recurrent):
    """Several transitions at every position, each a cell of its own that takes the state on from the one before
    (Pascanu et al. 2014; Miceli Barone et al. 2017, section 2.3). The first reads the input. The others read the output
    of the one before; in the papers they read nothing, but the gates of some cells look at their input only."""

    def __init__(self, cell: type[Recurrent], input_size: int, hidden_size: int, transitions: int) -> None:
        super().__init__(input_size, hidden_size)
        widths = [input_size] + [hidden_size] * (transitions - 1)
        self.cells = nn.ModuleList(cell(width, hidden_size) for width in widths)
        self.STATES, self.GATES = cell.STATES, cell.GATES

    @property
    def transitions(self) -> list[Recurrent]:
        """The cells, in the order they are gone through."""
        return cast(list[Recurrent], list(self.cells))

    def project(self, inputs: Tensor) -> Tensor:
        return self.transitions[0].project(inputs)

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        first, *others = self.transitions
        output, state = first.advance(projected, state)
        for cell in others:
            output, state = cell.advance(cell.project(output), state)
        return output, state


class Prenormalized(Recurrent):
    """A recurrent layer whose inputs are normalised (Ba et al. 2016) before it reads them, outside of the residual
    connection (pre-norm, Xiong et al. 2020)."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__(layer.input_size, layer.hidden_size)
        self.norm = Normalization(layer.input_size)
        self.layer = layer
        self.STATES, self.GATES = layer.STATES, layer.GATES

    def project(self, inputs: Tensor) -> Tensor:
        return self.layer.project(self.norm(inputs))

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        return self.layer.advance(projected, state)

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        outputs: Tensor = self.layer(self.norm(inputs), state)
        return outputs


class Normalization(nn.LayerNorm):
    """Layer normalisation in float32 at least, however its inputs [..., size] were rounded."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(*exact(inputs))


class GatedFeedForward(nn.Module):
    """x + W (silu(V n) * U n) of the normalised n: a feed-forward layer with a gate, SwiGLU (Shazeer 2020, eq. 6), for
    every position by itself."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.norm = Normalization(size)
        self.inner = nn.Linear(size, 2 * width)
        self.outer = nn.Linear(width, size)

    def forward(self, inputs: Tensor) -> Tensor:
        """inputs [..., size] -> [..., size]."""
        gate, content = self.inner(self.norm(inputs)).chunk(2, dim=-1)
        changes: Tensor = self.outer(functional.silu(gate) * content)
        return inputs + changes


class Between(nn.Module):
    """What is done with the outputs of every layer of a stack: the layer's input is added, the feed-forward layer goes
    over them, and the last layer's are normalised where the layers' inputs are."""

    def __init__(self, sizes: StackSizes) -> None:
        super().__init__()
        self.residual, self.last = sizes.residual, sizes.layers - 1
        width = round(sizes.feedforward * sizes.hidden)
        layers = sizes.layers if width else 0
        self.feedforward = nn.ModuleList(GatedFeedForward(sizes.hidden, width) for _ in range(layers))
        self.norm = Normalization(sizes.hidden) if sizes.norm == "pre" else None

    def forward(self, index: int, outputs: Tensor, below: Tensor | None = None) -> Tensor:
        """The layer's number, its outputs [..., hidden], and what it was to add to, [..., hidden]: the outputs of the
        layer below it, none for the first -> [..., hidden]."""
        if self.residual and below is not None:
            outputs = outputs + below
        if self.feedforward:
            outputs = self.feedforward[index](outputs)
        return outputs if self.norm is None or index < self.last else self.norm(outputs)


def recurrent_layer(cell: type[Recurrent], input_size: int, hidden: int, sizes: StackSizes) -> Recurrent:
    """A layer of the cell, with the transitions and the normalisation that the stack has."""
    deep = sizes.transitions > 1
    layer = DeepTransition(cell, input_size, hidden, sizes.transitions) if deep else cell(input_size, hidden)
    return Prenormalized(layer) if sizes.norm == "pre" else layer
