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
from nmt.evaluation.cases import Case, Counts, frequencies_of, looked_at, normalised
from nmt.evaluation.metrics import corpus_scores
from nmt.model.seq2seq import Seq2Seq
from nmt.scoring import Scored
from nmt.search.settings import plain
from nmt.training.distribution import ALONE, Group
from nmt.training.loss import batch_losses
from nmt.translator import Translator

BATCH_TOKENS = 4096
SAMPLES = 5
LOOKED = 300
"""Translations that are scored once more, to see where their model looked."""


class Sample(NamedTuple):
    """A translation to look at, and how the model sees it."""

    source: str
    translation: str
    reference: str
    seen: Scored


class Validation(NamedTuple):
    """Scores: loss in nats per target piece, accuracy as a share of them, BLEU and chrF, or of a language model the
    perplexity, likewise per piece; and the first samples."""

    scores: dict[str, float]
    samples: list[Sample]
    cases: Sequence[Case] = ()
    """What an error analysis looks at, of all pairs; where nobody watches, none."""


class Validator:
    """Scores a network on validation pairs, by the same path that files are translated on. The processes of a group
    share the work; all of them get the scores. counts: how often training had each word, where `Validation.cases` are
    wanted."""

    def __init__(
        self,
        config: Config,
        vocabulary: Vocabulary,
        encoded: EncodedCorpus,
        pairs: Sequence[tuple[str, str]],
        group: Group = ALONE,
        counts: Counts | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.config = config
        self.encoded = encoded
        self.sources = [source for source, _ in pairs]
        self.references = [target for _, target in pairs]
        self.group = group
        self.frequencies = None if counts is None else frequencies_of(counts, normalised(vocabulary, self.sources))

    def __call__(self, network: Seq2Seq) -> Validation:
        """The scores of a network, which is left in its mode."""
        training = network.training
        network.eval()
        loss, accuracy = self._losses(network)
        if not math.isfinite(loss):  # then there is nothing to be searched, either
            network.train(training)
            return Validation({"loss": loss, "accuracy": accuracy, "bleu": 0.0, "chrf": 0.0}, [])
        if self.config.model.is_language_model:
            network.train(training)
            return Validation({"loss": loss, "accuracy": accuracy, "perplexity": math.exp(loss)}, [])
        search = plain(self.config.search, self.config.train.validation_beam)
        translator = Translator(network, self.vocabulary, self.config)
        own = [translation.text for translation in translator.translate(self.group.share(self.sources), search)]
        translations = self.group.gather(own, len(self.sources))
        texts = list(zip(self.sources, translations, self.references, strict=True))
        some = texts[: SAMPLES if self.frequencies is None else LOOKED]
        seen = translator.score([(source, translation) for source, translation, _ in some])
        network.train(training)
        scores = corpus_scores(translations, [self.references], metrics=("bleu", "chrf"))
        return Validation(
            {"loss": loss, "accuracy": accuracy, "bleu": scores["bleu"].score, "chrf": scores["chrf"].score},
            [Sample(*row, view) for row, view in zip(texts[:SAMPLES], seen, strict=False)],
            self._cases(translations, seen),
        )

    def _cases(self, translations: Sequence[str], seen: Sequence[Scored]) -> list[Case]:
        """The cases of all translations, of which the first were scored."""
        if self.frequencies is None:
            return []
        sources = zip(self.sources, translations, seen, strict=False)
        looked = [looked_at(self.vocabulary, *one) for one in sources]
        views = [*looked, *[None] * (len(translations) - len(looked))]
        rows = zip(self.sources, self.references, translations, self.frequencies, views, strict=True)
        return [Case(source, wanted, found, 0.0, known, view) for source, wanted, found, known, view in rows]

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
