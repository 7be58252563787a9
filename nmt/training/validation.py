"""Validation: the loss on the validation pairs, and scores of their translations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from nmt.config import Config
from nmt.data.batching import BucketOrder, make_batch
from nmt.data.encoded import EncodedCorpus
from nmt.data.subwords import Vocabulary
from nmt.evaluation.metrics import corpus_scores
from nmt.model.seq2seq import Seq2Seq
from nmt.search.settings import plain
from nmt.training.distribution import ALONE, Group
from nmt.training.loss import batch_losses
from nmt.translator import Scored, Translator

BATCH_TOKENS = 4096
SAMPLES = 5


class Sample(NamedTuple):
    """A translation to look at, and how the model sees it."""

    source: str
    translation: str
    reference: str
    seen: Scored


class Validation(NamedTuple):
    """Scores: loss in nats per target piece, accuracy as a share of them, BLEU and chrF; and the first samples."""

    scores: dict[str, float]
    samples: list[Sample]
    texts: Sequence[tuple[str, str, str]] = ()
    """All sources, translations and references."""


class Validator:
    """Scores a network on validation pairs, by the same path that files are translated on. The processes of a group
    share the work; all of them get the scores."""

    def __init__(
        self,
        config: Config,
        vocabulary: Vocabulary,
        encoded: EncodedCorpus,
        pairs: Sequence[tuple[str, str]],
        group: Group = ALONE,
    ) -> None:
        self.vocabulary = vocabulary
        self.config = config
        self.encoded = encoded
        self.sources = [source for source, _ in pairs]
        self.references = [target for _, target in pairs]
        self.group = group

    def __call__(self, network: Seq2Seq) -> Validation:
        """The scores of a network, which is left in its mode."""
        training = network.training
        network.eval()
        loss, accuracy = self._losses(network)
        if not math.isfinite(loss):  # then there is nothing to be searched, either
            network.train(training)
            return Validation({"loss": loss, "accuracy": accuracy, "bleu": 0.0, "chrf": 0.0}, [])
        search = plain(self.config.search, self.config.train.validation_beam)
        translator = Translator(network, self.vocabulary, self.config)
        own = [translation.text for translation in translator.translate(self.group.share(self.sources), search)]
        translations = self.group.gather(own, len(self.sources))
        first = list(zip(self.sources, translations, self.references, strict=True))[:SAMPLES]
        seen = translator.score([(source, translation) for source, translation, _ in first])
        network.train(training)
        scores = corpus_scores(translations, [self.references], metrics=("bleu", "chrf"))
        return Validation(
            {"loss": loss, "accuracy": accuracy, "bleu": scores["bleu"].score, "chrf": scores["chrf"].score},
            [Sample(*texts, view) for texts, view in zip(first, seen, strict=True)],
            list(zip(self.sources, translations, self.references, strict=True)),
        )

    @torch.inference_mode()
    def _losses(self, network: Seq2Seq) -> tuple[float, float]:
        device = next(network.parameters()).device
        likelihood = correct = tokens = 0.0
        order = BucketOrder(self.encoded.lengths, batch_tokens=BATCH_TOKENS, seed=0).epoch(0)
        for rows in self.group.share(list(order)):
            batch = make_batch(self.encoded.pairs(rows)).to(device)
            losses = batch_losses(network, batch, 0.0)
            likelihood += float(losses.likelihood)
            correct += float(losses.correct)
            tokens += batch.target_tokens
        likelihood, correct, tokens = self.group.sum_numbers([likelihood, correct, tokens])
        return likelihood / tokens, correct / tokens
