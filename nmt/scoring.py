"""What a model thinks of texts that are there already: the log-probabilities of given pairs; by a language
model, of texts alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from nmt import model_folder
from nmt.config import Config, SearchConfig
from nmt.data.batching import budgeted, chunked, make_batch
from nmt.data.lines import WINDOW, Report, clean_line
from nmt.data.subwords import Vocabulary
from nmt.errors import UserError
from nmt.model.seq2seq import Seq2Seq
from nmt.model_folder import Model

PROJECTED = 512
"""Positions whose probabilities over the whole vocabulary are in memory at once when pairs are scored."""

EncodedPair = tuple[list[int], list[int]]  # the pieces of source and target, end symbols included


@dataclass(frozen=True)
class Scored:
    """A given pair as the model sees it: `log_probability` in nats; the pieces of both sides, end symbols included;
    each target piece's log-probability; attention [target, source], or None for a model without. Of a pair that is too
    long only the pieces are known: its log-probability is nan."""

    log_probability: float
    source_pieces: list[str]
    target_pieces: list[str]
    piece_log_probabilities: list[float]
    attention: Tensor | None


class Scorer:
    """A model with its subwords that is asked for the scores of given texts. A language model takes no notice of the
    source of a pair: it may be empty."""

    def __init__(self, network: Seq2Seq, vocabulary: Vocabulary, config: Config) -> None:
        self.network = network
        self.vocabulary = vocabulary
        self.config = config
        self.device = next(network.parameters()).device

    @classmethod
    def load(cls, folder: Path, device: str = "auto") -> Scorer:
        """The scorer in a model folder, of either kind of model. Raises UserError when the folder is no model."""
        network, vocabulary, config = model_folder.load(folder)
        return cls(network.to(model_folder.device_for(device)), vocabulary, config)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Scored]:
        """What the model thinks of given pairs of source and target lines, in order; see `stream_scores`."""
        return list(self.stream_scores(pairs))

    def stream_scores(
        self,
        pairs: Iterable[tuple[str, str]],
        search: SearchConfig | None = None,
        report: Report = lambda number, problem: None,
        window: int = WINDOW,
    ) -> Iterator[Scored]:
        """Scores pairs as they come, in order, in constant memory. A pair is read whole, so one with a side longer than
        any translation of a sentence is `report`ed and not scored: its log-probability is not a number."""
        search = search or self.config.search
        longest = longest_translation(self.config.data.max_length, search)
        number = 0
        for ahead in chunked(pairs, window):
            encoded = self._encode_pairs(ahead)
            for index, pair in enumerate(encoded):
                if (length := max(map(len, pair))) > longest:
                    problem = f"{length:,} pieces on one side are too many for a sentence, {longest:,} is the limit"
                    report(number + index + 1, f"{problem}; not scored (nan): cut both sides into sentences")
            yield from self._score_pairs(encoded, longest, search.batch_tokens)
            number += len(ahead)

    def _encode_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[EncodedPair]:
        sources = self.vocabulary.source.encode([clean_line(source) for source, _ in pairs])
        targets = self.vocabulary.target.encode([clean_line(target) for _, target in pairs])
        return list(zip(sources, targets, strict=True))

    def _score_pairs(self, pairs: Sequence[EncodedPair], longest: int, batch_tokens: int) -> list[Scored]:
        """The scores of encoded pairs, in their order; pairs of like length are scored together."""
        scored = [self._unscored(*pair) for pair in pairs]
        lengths = [max(map(len, pair)) for pair in pairs]
        short = (index for index in range(len(pairs)) if lengths[index] <= longest)
        order = sorted(short, key=lambda index: (lengths[index], pairs[index]))
        for start, end in budgeted([lengths[index] for index in order], batch_tokens):
            places = order[start:end]
            seen = self._teacher_forced([pairs[place] for place in places])
            for place, (found, attention) in zip(places, seen, strict=True):
                order_written = self.vocabulary.written(len(found))
                scored[place] = replace(
                    scored[place],
                    log_probability=float(found.sum()),
                    piece_log_probabilities=found[order_written].tolist(),
                    attention=None if attention is None else attention[order_written],
                )
        return scored

    def _unscored(self, source: list[int], target: list[int]) -> Scored:
        written = [target[place] for place in self.vocabulary.written(len(target))]
        pieces = self.vocabulary.source.pieces(source), self.vocabulary.target.pieces(written)
        return Scored(math.nan, *pieces, piece_log_probabilities=[], attention=None)

    @torch.inference_mode()
    def _teacher_forced(self, pairs: Sequence[EncodedPair]) -> list[tuple[Tensor, Tensor | None]]:
        """Log-probabilities [target] and attention [target, source] of each pair of a batch."""
        batch = make_batch(pairs).to(self.device)
        features, attention = self.network(batch.source, batch.source_lengths, batch.target[:, :-1])
        lengths = [len(target) for _, target in pairs]
        labels = batch.target[:, 1:]
        words = torch.arange(labels.shape[1], device=self.device) < torch.tensor([lengths], device=self.device).t()
        cut = features[words], self.network.pointers(attention, batch.source, words), labels[words]
        chosen = torch.cat(
            [
                -functional.cross_entropy(self.network.logits(some, where), wanted, reduction="none")
                for some, where, wanted in zip(*(part.split(PROJECTED) for part in cut), strict=True)
            ]
        ).cpu()
        if attention is None:
            return [(found, None) for found in torch.split(chosen, lengths)]
        maps = [one[: len(target), : len(source)] for one, (source, target) in zip(attention.cpu(), pairs, strict=True)]
        return list(zip(torch.split(chosen, lengths), (one.clone() for one in maps), strict=True))


def load_kind(folder: Path, *, language_model: bool = False) -> Model:
    """A model that translates, or else a language model. Raises UserError when it is of the other kind, or none."""
    model = model_folder.load(folder)
    check_kind(folder, model.config, language_model=language_model)
    return model


def check_kind(folder: Path, config: Config, *, language_model: bool) -> None:
    """Raises UserError where a language model is wanted and the configuration is that of a translation model, or the
    other way round."""
    if config.model.is_language_model and not language_model:
        raise UserError(f"{folder} is a language model, which translates nothing: name a translation model.")
    if language_model and not config.model.is_language_model:
        raise UserError(f"{folder} is a translation model: name a language model (recipes/language_model.py).")


def longest_translation(pieces: int, search: SearchConfig) -> int:
    """The most target pieces that a search makes of so many source pieces, end symbols included."""
    return 10 + math.ceil(search.max_ratio * pieces)
