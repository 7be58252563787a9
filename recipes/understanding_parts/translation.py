"""Translators with and without attention, one for each cell: their BLEU by sentence length and their training speed."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nmt import model_folder
from nmt.config import Config
from nmt.data.batching import Batch, BucketOrder, make_batch
from nmt.evaluation.metrics import METRICS
from nmt.model.seq2seq import parameter_count
from nmt.training.optimizers import OPTIMIZERS
from nmt.training.run import run
from nmt.training.validation import batch_loss
from nmt.translator import Translator
from understanding_parts.numbers import NAMES, Lengths, Speed

BUCKETS = 4
"""Groups of sentences of like length, of like size."""
TIMED_BATCHES = 5
"""Updates of one timing; timings of all translators take turns, so that a busy moment of the machine meets them all."""

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Variant:
    """A translator of the comparison: what sets it apart from the others."""

    cell: str
    attention: str
    word_dropout: float

    @property
    def name(self) -> str:
        """The name of its model folder."""
        return f"{self.cell}-{self.attention}" + (f"-word-dropout-{self.word_dropout:g}" if self.word_dropout else "")


def variants(config: Config) -> list[Variant]:
    """Every cell with the configured attention, with none, and with both attention and word dropout."""
    model = config.model
    kinds = ((model.attention, 0.0), ("none", 0.0), (model.attention, model.word_dropout))
    return [Variant(cell, attention, dropout) for attention, dropout in kinds for cell in NAMES]


def trained(config: Config, variant: Variant, folder: Path, minutes: float) -> Translator:
    """The translator of a variant, trained in folder/NAME or taken up there; a finished one is only loaded."""
    place = folder / variant.name
    changes = {
        "output": str(place),
        "train.minutes": minutes,
        "model.cell": variant.cell,
        "model.attention": variant.attention,
        "model.word_dropout": variant.word_dropout,
    }
    run(config.replace(changes))
    return Translator.load(place, config.train.device)


def bleu(translations: Sequence[str], references: Sequence[str]) -> tuple[float, str]:
    """Cased corpus BLEU, 13a, from 0 to 100, and its signature."""
    metric = METRICS["bleu"]("13a", False)
    result = metric.corpus_score(list(translations), [list(references)])
    return float(result.score), str(metric.get_signature())


def translated(translator: Translator, sources: Sequence[str]) -> list[str]:
    """The translations of some lines, as text."""
    return [translation.text for translation in translator.translate(list(sources))]


def length_buckets(sources: Sequence[str], buckets: int = BUCKETS) -> list[tuple[int, int, list[int]]]:
    """(fewest words, most words, sentence numbers) of groups of about the same size, by number of source words."""
    words = [len(source.split()) for source in sources]
    edges = sorted({int(np.quantile(words, part / buckets, method="higher")) for part in range(1, buckets + 1)})
    groups, lowest = [], min(words)
    for edge in edges:
        members = [number for number, count in enumerate(words) if lowest <= count <= edge]
        groups.append((lowest, edge, members))
        lowest = edge + 1
    return groups


def by_length(translators: dict[str, dict[str, Translator]], test: Pairs) -> Lengths:
    """BLEU of every translator, by kind and cell, on groups of sentences of growing length."""
    sources, references = [source for source, _ in test], [target for _, target in test]
    groups = length_buckets(sources)
    scores: dict[str, dict[str, list[float]]] = {}
    whole: dict[str, dict[str, float]] = {}
    signature = ""
    for kind, by_cell in translators.items():
        scores[kind], whole[kind] = {}, {}
        for cell, translator in by_cell.items():
            lines = translated(translator, sources)
            whole[kind][cell], signature = bleu(lines, references)
            scores[kind][cell] = [
                bleu([lines[number] for number in members], [references[number] for number in members])[0]
                for _, _, members in groups
            ]
    return Lengths([[low, high, len(members)] for low, high, members in groups], scores, whole, signature)


def speed(translators: dict[str, dict[str, Translator]], pairs: Pairs, seconds: float) -> Speed:
    """Target tokens per second in training, and parameters. Timings take turns until `seconds` are over, at least
    three rounds; the median counts. The translators themselves are left as they are."""
    rates: dict[str, dict[str, list[float]]] = {kind: {} for kind in translators}
    counts: dict[str, dict[str, int]] = {kind: {} for kind in translators}
    timings: list[tuple[str, str, Callable[[], float]]] = []
    for kind, by_cell in translators.items():
        for cell, translator in by_cell.items():
            counts[kind][cell] = parameter_count(translator.network)
            rates[kind][cell] = []
            timings.append((kind, cell, timing(translator, pairs)))
            timings[-1][-1]()  # the first updates are slow: memory is fetched, kernels are chosen
    started = time.monotonic()
    for done in itertools.count():
        if done >= 3 and time.monotonic() - started > seconds:
            break
        for kind, cell, once in timings:
            rates[kind][cell].append(once())
    medians = {kind: {cell: statistics.median(rate) for cell, rate in found.items()} for kind, found in rates.items()}
    return Speed(translator.config.model.hidden, medians, counts)


def timing(translator: Translator, pairs: Pairs) -> Callable[[], float]:
    """A function that trains a fresh network like the translator's on some batches; returns tokens per second."""
    config = translator.config
    network = model_folder.build(config, translator.vocabulary).to(translator.device).train()
    optimizer = OPTIMIZERS[config.train.optimizer](network.parameters(), 1e-4, config.train.weight_decay)
    batches = [batch.to(translator.device) for batch in some_batches(translator, pairs)]
    tokens = sum(batch.target_tokens for batch in batches)

    def once() -> float:
        started = time.monotonic()
        for batch in batches:
            loss, _ = batch_loss(network, batch, config.train.label_smoothing)
            (loss / batch.target_tokens).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), config.train.clip)
            optimizer.step()
            optimizer.zero_grad()
        if translator.device.type == "cuda":
            torch.cuda.synchronize()
        return tokens / (time.monotonic() - started)

    return once


def some_batches(translator: Translator, pairs: Pairs) -> list[Batch]:
    """The first batches that a training on these pairs would see."""
    vocabulary = translator.vocabulary
    sources = vocabulary.source.encode([source for source, _ in pairs])
    targets = vocabulary.target.encode([target for _, target in pairs])
    lengths = np.array([[len(s), len(t)] for s, t in zip(sources, targets, strict=True)], dtype=np.int32)
    order = BucketOrder(lengths, batch_tokens=translator.config.data.batch_tokens or 1000, seed=1)
    return [make_batch([(sources[row], targets[row]) for row in rows]) for rows in order.epoch(0)[:TIMED_BATCHES]]
