"""A network for search on a CPU: the same weights, laid out once as oneDNN wants them, in float32 or in eight bits. A
step multiplies few rows by large matrices, and laying these out anew takes longer there than multiplying."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from nmt.model import quantized
from nmt.model.cell import State
from nmt.model.quantized import QuantizedLinear
from nmt.model.seq2seq import Seq2Seq
from nmt.model.torch_cells import TorchRecurrent

ROWS = 64
"""Rows that the layout is chosen for; it serves others as well."""
MOST_ENTRIES = 2**25
"""Numbers in the largest table of what the decoder makes of each piece: 128 MiB."""


class PackedLinear(nn.Module):
    """x W^T + b, without a gradient."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), ROWS)
        self.bias = None if bias is None else bias.detach()

    def forward(self, inputs: Tensor) -> Tensor:
        """inputs [..., input] -> [..., output]."""
        result: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self.weight, self.bias, "none", [], "")
        return result


Linear = Callable[[Tensor, Tensor | None], nn.Module]
"""What makes a linear map of a weight and a bias."""


class PackedRecurrent(nn.Module):
    """A recurrent layer of torch's as decoders step through it: `project` and `advance` of `Recurrent`."""

    def __init__(self, cell: TorchRecurrent, linear: Linear) -> None:
        super().__init__()
        weight, recurrent, bias, recurrent_bias = cell.layer.all_weights[0]
        self.cell = cell
        self.input_size = cell.input_size
        self.inner, self.outer = linear(weight, bias), linear(recurrent, recurrent_bias)

    def project(self, inputs: Tensor) -> Tensor:
        """See `Recurrent`."""
        projected: Tensor = self.inner(inputs)
        return projected

    def advance(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        """See `Recurrent`."""
        return self.cell.combine(projected, self.outer(state[0]), state)


def best_linear(network: Seq2Seq, *, int8: bool) -> Linear | None:
    """What makes the quickest linear maps for search where the network's weights are; None: those that it has. The
    network is asked for its own weights: for the one from which another was packed."""
    weight = network.output.weight
    if weight.device.type != "cpu" or weight.dtype != torch.float32 or not torch._C._has_mkldnn:
        return None
    return QuantizedLinear if int8 and quantized.supported() else PackedLinear


def packed(network: Seq2Seq, *, int8: bool = False) -> Seq2Seq:
    """The network for search: `start`, `step`, `select`, `attention`. It shares what is not packed, and does not notice
    when the weights of the packed parts change. `int8`: with the weights of the decoder and of the output layer in
    eight bits, where PyTorch can. The network itself where that is no gain: not in float32 on a CPU."""
    linear = best_linear(network, int8=int8)
    if linear is None:
        return network
    prepared = copy.copy(network)
    parts = {name: _packed(part, linear) for name, part in network._modules.items() if name != "encoder"}
    prepared._modules = {**network._modules, **parts}
    prepared.entries = _entries(network)
    return prepared


@torch.no_grad()
def _entries(network: Seq2Seq) -> Tensor | None:
    """For each target piece the beginning of a step that it is read in, which a search then need not compute again and
    again. None where it is drawn anew each time, with dropout, or takes too much memory."""
    pieces = torch.arange(network.target_embedding.num_embeddings)
    width = sum(part.shape[1] for part in network.enter(pieces[:1]))
    if network.training or len(pieces) * width > MOST_ENTRIES:
        return None
    return torch.cat(network.enter(pieces), dim=1)


def _packed(module: nn.Module | None, linear: Linear) -> nn.Module | None:
    """A module with its linear maps packed, wherever in it they are, and the weights of torch's recurrent layers."""
    if isinstance(module, nn.Linear):
        return linear(module.weight, module.bias)
    if isinstance(module, TorchRecurrent):
        return PackedRecurrent(module, linear)
    if module is None or not module._modules:
        return module
    copied = copy.copy(module)
    copied._modules = {name: _packed(part, linear) for name, part in module._modules.items()}
    return copied
