"""Training speed beside the machine's matrix speed, measured in the same run.

    python tools/benchmarks/training_speed.py --folder FOLDER --source en --target de [--precision bfloat16]
        [--updates 60] [--only MODEL ...] [--cells lstm ssru ...] [--rounds 1]

Prints a table: target tokens per second of whole updates (batch, forward, backward, clipping, optimiser), the share of
them spent outside forward and backward, and the model's arithmetic as a share of the speed of 1024 x 1024 x 1024
matrix products in the same precision. Arithmetic is counted from the layer sizes, forward and backward.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nmt import model_folder
from nmt.config import Config
from nmt.data.batching import Batch, BucketOrder, make_batch
from nmt.data.corpus import folder_locations, read_pairs
from nmt.data.encoded import EncodedCorpus, encode_corpus
from nmt.data.subwords import Vocabulary, train_vocabulary
from nmt.errors import guard
from nmt.model.recurrent import RECURRENT
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.training.loss import batch_losses
from nmt.training.optimizers import OPTIMIZERS
from nmt.training.precision import check_precision

MODELS: dict[str, dict[str, Any]] = {
    "parallel-2x512": {"model.decoder": "parallel", "model.hidden": 512, "layers": 2},
    "input-feeding-1x256": {"model.decoder": "input-feeding", "model.hidden": 256, "layers": 1},
    "conditional-1x256": {"model.decoder": "conditional", "model.hidden": 256, "layers": 1},
    "parallel-1x256": {"model.decoder": "parallel", "model.hidden": 256, "layers": 1},
    "input-feeding-2x512": {"model.decoder": "input-feeding", "model.hidden": 512, "layers": 2},
    "house": {"model.attention": "multihead", "model.embedding": 128, "model.dropout": 0.25, "layers": 2},
    "house-ssru": {
        "model.cell": "ssru",
        "model.attention": "multihead",
        "model.embedding": 256,
        "model.readout": 128,
        "model.norm": "pre",
        "model.dropout": 0.15,
        "layers": 2,
    },
    "wide": {
        "model.hidden": 512,
        "model.attention": "multihead",
        "model.embedding": 128,
        "layers": 2,
    },
    "wide-ssru": {
        "model.cell": "ssru",
        "model.hidden": 512,
        "model.attention": "multihead",
        "model.embedding": 576,
        "model.readout": 128,
        "model.norm": "pre",
        "layers": 2,
    },
}
"""`house` and `house-ssru` are those of `recipes/architectures.py`. With 5,000 pieces they are as large as each other,
and `wide` and `wide-ssru` are within 0.04 %."""


def matrix_speed(precision: torch.dtype, seconds: float = 2.0) -> float:
    """GFLOP/s of 1024 x 1024 x 1024 products: the median over the time given."""
    left, right = torch.randn(2, 1024, 1024).to(precision)
    speeds, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        torch.mm(left, right)
        speeds.append(2 * 1024**3 / (time.perf_counter() - started) / 1e9)
    return statistics.median(speeds)


def arithmetic(network: Seq2Seq, config: Config, batch: Batch) -> float:
    """GFLOP of the forward and backward matrix products of one update, counted from the layer sizes.

    A weight of n numbers costs 6 n for each position it is applied at, forward and backward; products of activations
    with each other (attention) are left out, as are the elementwise parts.
    """
    decoder_positions, encoder_positions = batch.target.numel() - len(batch.target), batch.source.numel()
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters() if parameter.dim() == 2}
    total = 6 * batch.target_tokens * network.output.weight.numel()
    for name, size in sizes.items():
        if name.startswith("encoder") or name.startswith("decoder.attention.key"):
            total += 6 * size * encoder_positions
        elif name.startswith("decoder"):
            total += 6 * size * decoder_positions
    return total / 1e9


def measure(
    name: str, cell: str | None, corpus: EncodedCorpus, vocabulary: Vocabulary, arguments: argparse.Namespace
) -> str:
    """Trains one model for some updates; a row of the table."""
    precision = getattr(torch, arguments.precision)
    settings = dict(MODELS[name])
    layers = settings.pop("layers")
    config = Config().replace(
        {
            "model.encoder_layers": layers,
            "model.decoder_layers": layers,
            "model.embedding": 256,
            "model.attention": "general",
            "model.dropout": 0.2,
            "model.tied": "none",
            **settings,
            **({"model.cell": cell} if cell else {}),
        }
    )
    network = model_folder.build(config, vocabulary)
    optimizer = OPTIMIZERS["adamw"](network.parameters(), 1e-3, 0.0)
    order = BucketOrder(corpus.lengths, batch_tokens=arguments.batch_tokens, seed=1).epoch(0)
    tokens, whole, inner, operations = 0, 0.0, 0.0, 0.0
    for number, rows in enumerate(order[: arguments.updates + 5]):
        started = time.perf_counter()
        batch = make_batch(corpus.pairs(rows))
        ready = time.perf_counter()
        loss = batch_losses(network, batch, 0.1, precision=precision).objective / batch.target_tokens
        loss.backward()
        learned = time.perf_counter()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if number >= 5:  # the first updates warm up caches and allocators
            whole += time.perf_counter() - started
            inner += learned - ready
            tokens += batch.target_tokens
            operations += arithmetic(network, config, batch)
    speed = matrix_speed(precision)
    return (
        f"| {name} | {config.model.cell} | {parameter_count(network) / 1e6:.1f} | {tokens / whole:,.0f} "
        f"| {1 - inner / whole:.1%} | {operations / inner:.0f} | {speed:.0f} | {operations / inner / speed:.0%} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--source", default="en")
    parser.add_argument("--target", default="de")
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--batch-tokens", type=int, default=1400)
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--only", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--cells", nargs="+", choices=list(RECURRENT), default=[None], help="not the model's own")
    parser.add_argument("--rounds", type=int, default=1, help="how often everything is measured, one after the other")
    arguments = parser.parse_args()
    check_precision(arguments.precision, torch.device("cpu"))
    locations = folder_locations(arguments.folder, arguments.source, arguments.target, "train")

    def pairs() -> list[tuple[str, str]]:
        return list(read_pairs(locations, arguments.source, arguments.target))

    with tempfile.TemporaryDirectory() as folder:
        settings = Config().replace({"subwords.vocabulary": arguments.vocabulary, "subwords.joint": True})
        vocabulary = train_vocabulary(pairs, settings.subwords)
        encode_corpus(pairs(), vocabulary, Path(folder) / "train.arrow", 128)
        corpus = EncodedCorpus(Path(folder) / "train.arrow")
        sizes = f"{len(vocabulary.target)} pieces, {arguments.batch_tokens} a batch"
        print(f"{torch.get_num_threads()} threads, {arguments.precision}, {sizes}")
        print(
            "| model | cell | million parameters | target tokens/s | outside the model | GFLOP/s "
            "| matrix GFLOP/s | share |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for _, name, cell in itertools.product(range(arguments.rounds), arguments.only, arguments.cells):
            print(measure(name, cell, corpus, vocabulary, arguments), flush=True)


if __name__ == "__main__":
    sys.exit(guard(main, "training_speed.py"))
