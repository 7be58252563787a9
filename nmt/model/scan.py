"""The running average: all that is left to do in order where gates do not hang on the last output. The products are
made for all positions beforehand; here a step is one elementwise operation, and the whole is one node for autograd.

The loop over positions is the quickest of the ways there are on a CPU until sequences are longer than a batch is wide:
`tools/benchmarks/scan_speed.py` has it beside a scan by doubling, one in chunks and `associative_scan`. It is also the
exact one: no logarithms and no long products, which leave the range of the numbers.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor

from nmt.model.cell import exact


def before(states: Tensor, initial: Tensor) -> Tensor:
    """The state before each position: states [batch, length, hidden] after it, initial [batch, hidden]."""
    return torch.cat([initial.unsqueeze(1), states[:, :-1]], dim=1)


class _RunningAverage(torch.autograd.Function):
    """See `running_average`. With k_t = dc_t / dc_(t-1), the gradients d_t = g_t + k_(t+1) d_(t+1) of the c_t are a
    linear recurrence, too, from the last position to the first; all other gradients are products with them."""

    @staticmethod
    def forward(ctx: Any, content: Tensor, logits: Tensor, initial: Tensor, peephole: Tensor | None) -> Tensor:
        forget = logits.sigmoid() if peephole is None else torch.empty_like(logits)
        result = torch.empty_like(content, memory_format=torch.contiguous_format)
        state = initial
        positions = (part.unbind(1) for part in (result, forget, logits, content))
        for after, keep, logit, new in zip(*positions, strict=True):
            if peephole is not None:
                torch.addcmul(logit, peephole, state, out=keep).sigmoid_()
            state = torch.lerp(new, state, keep, out=after)
        ctx.save_for_backward(content, forget, initial, peephole, result)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        content, forget, initial, peephole, result = ctx.saved_tensors
        earlier = before(result, initial)
        slope = torch.ops.aten.sigmoid_backward(earlier - content, forget)  # of c_t in its forget gate's logit
        kept = forget if peephole is None else torch.addcmul(forget, slope, peephole)
        total = gradient.clone(memory_format=torch.contiguous_format)
        steps = list(zip(total.unbind(1), kept.unbind(1), strict=True))
        for (here, _), (later, through) in reversed(list(itertools.pairwise(steps))):
            here.addcmul_(through, later)
        logit_gradient = slope.mul_(total)
        return (
            torch.addcmul(total, total, forget, value=-1),
            logit_gradient,
            kept[:, 0] * total[:, 0],
            None if peephole is None else (logit_gradient * earlier).sum(dim=(0, 1)),
        )


def running_average(content: Tensor, logits: Tensor, initial: Tensor, peephole: Tensor | None = None) -> Tensor:
    """c_t = f_t c_(t-1) + (1 - f_t) x_t with f_t = sigmoid(a_t), or sigmoid(a_t + v c_(t-1)) with a peephole v.

    content x, logits a [batch, length, hidden], initial [batch, hidden], peephole [hidden] -> c [batch, length,
    hidden]. In float32 at least, whatever autocast makes of the products: errors would add up over the positions.
    """
    result: Tensor = _RunningAverage.apply(*exact(content, logits, initial), peephole)  # type: ignore[no-untyped-call]
    return result


def average_step(content: Tensor, logits: Tensor, memory: Tensor, peephole: Tensor | None = None) -> Tensor:
    """One position of `running_average`: content, logits and the memory before it [batch, hidden] -> the one after."""
    content, logits, memory = exact(content, logits, memory)
    forget = (logits if peephole is None else torch.addcmul(logits, peephole, memory)).sigmoid()
    return torch.lerp(content, memory, forget)
