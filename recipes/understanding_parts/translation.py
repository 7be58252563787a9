"""Translators with and without attention, one for each cell: their BLEU by sentence length and their training speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch

from nmt import model_folder
from nmt.config import Config, TrainConfig
from nmt.data.batching import Batch, BucketOrder, make_batch
from nmt.data.subwords import Vocabulary
from nmt.evaluation.metrics import METRICS
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.training.loss import batch_losses
from nmt.training.optimizers import OPTIMIZERS
from nmt.training.run import run
from nmt.translator import Translator
from understanding_parts.numbers import NAMES, WITH, WITHOUT, Lengths, Speed

BUCKETS = 4
"""Groups of sentences of like length, of like size."""
VALIDATIONS = 2
"""Times that a training looks at the validation set; each takes as long as many updates."""
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


def trained(config: Config, variant: Variant, folder: Path, updates: int) -> Translator:
    """The translator of a variant, trained in folder/NAME or taken up there; a finished one is only loaded."""
    place = folder / variant.name
    changes = {"output": str(place), "train.minutes": None, "train.updates": updates}
    run(specific(config, variant).replace({**changes, "train.validate_every": max(1, updates // VALIDATIONS)}))
    return Translator.load(place, config.train.device)


def specific(config: Config, variant: Variant) -> Config:
    """The configuration of a variant."""
    return config.replace({f"model.{name}": value for name, value in asdict(variant).items()})


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


def speed(config: Config, vocabulary: Vocabulary, pairs: Pairs, seconds: float) -> Speed:
    """Target tokens per second in training, and parameters. Timings take turns until `seconds` are over, at least
    three rounds; the median counts."""
    batches = some_batches(config, vocabulary, pairs)
    tokens = sum(batch.target_tokens for batch in batches)
    durations: dict[str, dict[str, list[float]]] = {WITH: {}, WITHOUT: {}}
    counts: dict[str, dict[str, int]] = {WITH: {}, WITHOUT: {}}
    timings: list[tuple[list[float], Callable[[], float]]] = []
    for kind, attention in ((WITH, config.model.attention), (WITHOUT, "none")):
        for cell in NAMES:
            network = model_folder.build(specific(config, Variant(cell, attention, 0.0)), vocabulary)
            counts[kind][cell] = parameter_count(network)
            durations[kind][cell] = []
            timings.append((durations[kind][cell], timing(network, config.train, batches)))
            timings[-1][1]()  # the first updates are slow: memory is fetched, kernels are chosen
    started = time.monotonic()
    while len(timings[-1][0]) < 3 or time.monotonic() - started < seconds:
        for found, once in timings:
            found.append(once())
    rates = {kind: {cell: tokens / median(found) for cell, found in by.items()} for kind, by in durations.items()}
    return Speed(config.model.hidden, rates, counts, tokens / len(batches))


def timing(network: Seq2Seq, settings: TrainConfig, batches: Sequence[Batch]) -> Callable[[], float]:
    """A function that trains the network on the batches once and returns the seconds that took."""
    device = model_folder.device_for(settings.device)
    network = network.to(device).train()
    optimizer = OPTIMIZERS[settings.optimizer](network.parameters(), 1e-4, settings.weight_decay)
    batches = [batch.to(device) for batch in batches]

    def once() -> float:
        started = time.monotonic()
        for batch in batches:
            loss = batch_losses(network, batch, settings.label_smoothing).objective / batch.target_tokens
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
            optimizer.step()
            optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.monotonic() - started

    return once


def some_batches(config: Config, vocabulary: Vocabulary, pairs: Pairs) -> list[Batch]:
    """The first batches that a training on these pairs would see."""
    sources = vocabulary.source.encode([source for source, _ in pairs])
    targets = vocabulary.target.encode([target for _, target in pairs])
    lengths = np.array([[len(s), len(t)] for s, t in zip(sources, targets, strict=True)], dtype=np.int32)
    order = BucketOrder(lengths, batch_tokens=int(config.train.batch_tokens or 0), seed=1)
    return [make_batch([(sources[row], targets[row]) for row in rows]) for rows in order.epoch(0)[:TIMED_BATCHES]]


def affordable_updates(found: Speed, seconds: float) -> int:
    """How many updates each translator gets, the same for all, so that together they take about so many seconds: a
    comparison at equal minutes would mix what a cell can do with how fast it is."""
    rates = [found.tokens_per_second[kind][cell] for kind in (WITH, WITH, WITHOUT) for cell in NAMES]
    updates = seconds / sum(found.tokens_per_update / rate for rate in rates)
    return max(20, round(updates / 10) * 10)
