"""Ways to run the running average of the parallel cells, side by side, forward only.

    python tools/benchmarks/scan_speed.py [--hidden 512] [--tokens 1400] [--device cpu]

Prints milliseconds for batches of so many tokens at several lengths: the loop over positions that `nmt/model/scan.py`
uses, doubling (log2 of the length passes over everything, Hillis and Steele 1986), chunks in log space (a cumulative
sum within eight positions, a loop over the chunks), and PyTorch's `associative_scan`; and how far each is from the
loop.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from nmt.model.scan import running_average

LENGTHS = (10, 30, 100, 1000)
CHUNK = 8
REPEATS = 7


def doubling(content: Tensor, logits: Tensor, initial: Tensor) -> Tensor:
    """Every position takes in those 1, 2, 4, ... before it, which have taken in theirs."""
    decay, total = _linear(content, logits, initial)
    step = 1
    while step < total.shape[1]:
        more = torch.addcmul(total[:, step:], decay[:, step:], total[:, :-step])
        product = decay[:, step:] * decay[:, :-step]
        total[:, step:], decay[:, step:] = more, product
        step *= 2
    return total


def chunks(content: Tensor, logits: Tensor, initial: Tensor) -> Tensor:
    """c_t = P_t (c_0 + sum of e_s / P_s) within a chunk, P_t being the product of its decays up to t."""
    batch, length, hidden = content.shape
    spread = (0, 0, 0, -length % CHUNK)
    logs = functional.pad(functional.logsigmoid(logits), spread).view(batch, -1, CHUNK, hidden).cumsum(2)
    entry = functional.pad(content * (-logits).sigmoid(), spread).view(logs.shape)
    decay = logs.exp()
    within = decay * (entry * (-logs).exp()).cumsum(2)
    result, state = torch.empty_like(within), initial
    for chunk in range(within.shape[1]):
        torch.addcmul(within[:, chunk], decay[:, chunk], state.unsqueeze(1), out=result[:, chunk])
        state = result[:, chunk, -1]
    return result.view(batch, -1, hidden)[:, :length]


def associative(content: Tensor, logits: Tensor, initial: Tensor) -> Tensor:
    """PyTorch's own scan, a prototype that is not compiled here."""
    from torch._higher_order_ops.associative_scan import associative_scan

    def join(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return one[0] * other[0], other[0] * one[1] + other[1]

    result: Tensor = associative_scan(join, _linear(content, logits, initial), dim=1, combine_mode="generic")[1]
    return result


def _linear(content: Tensor, logits: Tensor, initial: Tensor) -> tuple[Tensor, Tensor]:
    """Decay and entry of c_t = d_t c_(t-1) + e_t, with the initial state in the first entry."""
    decay = logits.sigmoid()
    entry = content - decay * content
    entry[:, 0] += decay[:, 0] * initial
    return decay, entry


WAYS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "loop": running_average,
    "doubling": doubling,
    "chunks": chunks,
    "associative_scan": associative,
}


def row(length: int, arguments: argparse.Namespace) -> str:
    """A line of the table."""
    shape = (max(1, arguments.tokens // length), length, arguments.hidden)
    content, logits = torch.randn(2, *shape, device=arguments.device)
    initial = torch.randn(shape[0], shape[2], device=arguments.device)
    expected, cells = running_average(content, logits, initial), [str(length), str(shape[0])]
    for way in WAYS.values():
        times = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            result = way(content, logits, initial)
            result[0, 0, 0].item()  # waits for the device
            times.append(time.perf_counter() - started)
        cells.append(f"{1e3 * statistics.median(times):.2f} ({(result - expected).abs().max():.0e})")
    return f"| {' | '.join(cells)} |"


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=1400)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, {arguments.device}; milliseconds (largest difference from the loop)")
    print(f"| length | batch | {' | '.join(WAYS)} |\n|{'---|' * (2 + len(WAYS))}")
    for length in LENGTHS:
        print(row(length, arguments), flush=True)


if __name__ == "__main__":
    main()
