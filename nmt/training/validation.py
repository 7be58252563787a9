"""Validation: the loss on the validation pairs, and scores of their translations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nmt.config import Config
from nmt.data.batching import Batch, BucketOrder, make_batch
from nmt.data.encoded import EncodedCorpus
from nmt.data.subwords import PADDING, Vocabulary
from nmt.errors import UserError
from nmt.evaluation.metrics import corpus_scores
from nmt.model.seq2seq import Seq2Seq
from nmt.search.settings import plain
from nmt.training.loss import output_cross_entropy
from nmt.translator import Translator

BATCH_TOKENS = 4096


def batch_loss(
    network: Seq2Seq,
    batch: Batch,
    smoothing: float,
    *,
    consistency: float = 0.0,
    precision: torch.dtype = torch.float32,
) -> tuple[Tensor, Tensor]:
    """Loss to differentiate and negative log-likelihood, both the mean in nats over the target tokens.

    With `consistency`, the batch is read twice, under two draws of the dropout, and the loss is half of that of R-Drop
    (Liang et al. 2021, eq. 4): both likelihoods, and `consistency` / 2 times the divergences between what is predicted
    the two times, halved like them.
    """
    copies = 2 if consistency else 1
    source, lengths, target = (torch.cat([part] * copies) for part in batch.tensors)
    with torch.autocast(target.device.type, precision, enabled=precision != torch.float32):
        features, _ = network(source, lengths, target[:, :-1])
    labels = target[:, 1:]
    words = labels != PADDING
    output = network.output
    sums = output_cross_entropy(features[words], output.weight, output.bias, labels[words], smoothing, consistency / 2)
    loss, likelihood = (total / (copies * batch.target_tokens) for total in sums)
    return loss, likelihood


def finite(loss: float) -> float:
    """The loss of a training that goes well. Raises UserError when it is no number."""
    if not math.isfinite(loss):
        raise UserError("the loss is no number any more: start again with a lower train.learning_rate.")
    return loss


class Validator:
    """Scores a network on validation pairs, by the same path that files are translated on."""

    def __init__(
        self, config: Config, vocabulary: Vocabulary, encoded: EncodedCorpus, pairs: Sequence[tuple[str, str]]
    ) -> None:
        self.config = config
        self.vocabulary = vocabulary
        self.encoded = encoded
        self.sources = [source for source, _ in pairs]
        self.references = [target for _, target in pairs]

    def __call__(self, network: Seq2Seq) -> tuple[dict[str, float], list[str]]:
        """{loss, bleu, chrf} and the translations. Loss in nats per target piece. The network is left in its mode."""
        training = network.training
        network.eval()
        loss = finite(self._loss(network))
        search = plain(self.config.search, self.config.train.validation_beam)
        translator = Translator(network, self.vocabulary, self.config)
        translations = [translation.text for translation in translator.translate(self.sources, search)]
        network.train(training)
        scores = corpus_scores(translations, [self.references])
        return {"loss": loss, "bleu": scores["bleu"].score, "chrf": scores["chrf"].score}, translations

    @torch.inference_mode()
    def _loss(self, network: Seq2Seq) -> float:
        device = next(network.parameters()).device
        total, tokens = 0.0, 0
        for rows in BucketOrder(self.encoded.lengths, batch_tokens=BATCH_TOKENS, seed=0).epoch(0):
            batch = make_batch(self.encoded.pairs(rows)).to(device)
            total += float(batch_loss(network, batch, 0.0)[1]) * batch.target_tokens
            tokens += batch.target_tokens
        return total / tokens
