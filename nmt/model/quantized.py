"""Weights in eight bits: a number for each row's scale, and whole numbers from -127 to 127 in the place of the weights.
A quarter of the memory, and products of small whole numbers, which a CPU makes several times as fast."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LARGEST = 127


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """weight [rows, columns] -> whole numbers [rows, columns] in int8 and a scale for each row [rows]: the product of
    the two is nearest to the weight (symmetric quantisation by row). Quantising such a product gives the same back."""
    scales = weight.abs().amax(dim=1).clamp_(min=1e-12) / LARGEST
    return (weight / scales.unsqueeze(1)).round().to(torch.int8), scales


def dequantize(values: Tensor, scales: Tensor) -> Tensor:
    """The weights [rows, columns] that whole numbers and their scales stand for."""
    return values.to(scales.dtype) * scales.unsqueeze(1)


def supported() -> bool:
    """Whether this CPU's PyTorch multiplies whole numbers (oneDNN on x86)."""
    return "onednn" in torch.backends.quantized.supported_engines


class QuantizedLinear(nn.Module):
    """x W^T + b with W in eight bits, without a gradient. The inputs are rounded, too, each row by its own largest
    number, so that no row's result depends on the others (dynamic quantisation, but by row: PyTorch's own
    `quantize_dynamic` takes one scale for the whole batch, and translations would hang on their company)."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        values, self.scales = quantize(weight.detach())
        self.bias = torch.zeros(self.out_features) if bias is None else bias.detach()
        self.weight = torch.ops.onednn.qlinear_prepack(values, None)
        self.zeros = torch.zeros(self.out_features, dtype=torch.long)
        # Without VNNI instructions two products are added in 16 bits: the inputs then have one bit less.
        self.largest = LARGEST if torch.cpu._is_vnni_supported() else LARGEST // 2
        self.least = torch.tensor(1e-12)

    def forward(self, inputs: Tensor) -> Tensor:
        """inputs [..., input] -> [..., output]."""
        rows = inputs.flatten(0, -2)
        steps = torch.add(self.least, rows.abs().amax(dim=1, keepdim=True), alpha=1 / self.largest)
        # Whole numbers from 1 on, with the zero in their middle: eight bits with a sign, in which the sum goes round.
        # Made straight into bytes without a sign they take four times as long.
        rounded = torch.div(rows, steps).round_().to(torch.int8).view(torch.uint8).add_(self.largest + 1)
        whole = (rounded, 1.0, self.largest + 1, self.weight, self.scales, self.zeros, None)
        products = torch.ops.onednn.qlinear_pointwise(*whole, 1.0, 0, torch.float32, "none", [], "")
        result: Tensor = torch.addcmul(self.bias, products, steps)
        return result.view(*inputs.shape[:-1], self.out_features)
