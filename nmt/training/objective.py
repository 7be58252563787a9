"""What an update lessens: the loss of a batch, and what else the settings ask for beside it."""

from __future__ import annotations

import torch

from nmt.config import Config, TrainConfig
from nmt.data.batching import Batch
from nmt.data.encoded import EncodedCorpus
from nmt.data.lexicon import Lexicon, learn_probabilities, spread
from nmt.data.subwords import Vocabulary
from nmt.errors import UserError
from nmt.model.seq2seq import Seq2Seq
from nmt.training.loss import Guide, Losses, batch_losses
from nmt.training.risk import Risk


class Objective:
    """The objective of a training.

    Args: lexicon: what the attention is guided by, if it is; risk: what is lessened beside the usual loss, if any;
    right_to_left: how the targets are spelled.
    """

    def __init__(
        self,
        settings: TrainConfig,
        lexicon: Lexicon | None = None,
        risk: Risk | None = None,
        *,
        right_to_left: bool = False,
    ) -> None:
        self.settings = settings
        self.lexicon = lexicon
        self.right_to_left = right_to_left
        self.risk = risk
        self.precision: torch.dtype = getattr(torch, settings.precision or "float32")

    def __call__(self, network: Seq2Seq, batch: Batch, used: float) -> Losses:
        """The losses of a batch, when a share of the budget has been `used`."""
        settings = self.settings
        losses = batch_losses(
            network,
            batch,
            settings.label_smoothing,
            consistency=settings.rdrop,
            own=used * settings.scheduled_sampling,
            guide=self._guide(batch),
            coverage=settings.coverage_loss,
            precision=self.precision,
        )
        if self.risk is None or not losses.likelihood.isfinite():  # then there is nothing to be drawn from
            return losses
        share = settings.risk_likelihood
        risk = self.risk(network, batch, self.precision)
        return losses._replace(objective=share * losses.objective + (1 - share) * risk)

    def _guide(self, batch: Batch) -> Guide | None:
        if self.lexicon is None:
            return None
        pieces = batch.source.cpu().numpy(), batch.target[:, 1:].cpu().numpy()
        links = self.lexicon.links(*pieces, right_to_left=self.right_to_left)
        return Guide(torch.from_numpy(links).to(batch.source.device), self.settings.guided_alignment)


def make_objective(config: Config, vocabulary: Vocabulary, corpus: EncodedCorpus) -> Objective:
    """The objective that a configuration asks for, with what it needs of the training pairs. The lexicon is learnt
    anew at every start, and comes out the same."""
    settings, lexicon, risk = config.train, None, None
    if settings.guided_alignment:
        lexicon = learn_probabilities(corpus.pairs(spread(len(corpus))), len(vocabulary.source))
    if settings.risk != "none":
        risk = Risk(settings, config.search, vocabulary.target)
    return Objective(settings, lexicon, risk, right_to_left=config.subwords.right_to_left)


def check_objective(config: Config) -> None:
    """Raises UserError for an objective that cannot be."""
    settings, plain = config.train, TrainConfig()
    for name in ("guided_alignment", "coverage_loss"):
        if getattr(settings, name) and config.model.attention == "none":
            raise UserError(f"train.{name} needs attention: set it 0, or model.attention to another than none.")
    if config.search.coverage_penalty and config.model.attention == "none" and not config.model.is_language_model:
        raise UserError("search.coverage_penalty needs attention: set it 0, or model.attention to another than none.")
    if settings.rdrop and config.model.dropout == config.model.word_dropout == 0:
        raise UserError("train.rdrop compares two passes under dropout: set model.dropout above 0, or leave it out.")
    if config.model.is_language_model and settings.best_by != "loss":
        raise UserError(
            f"train.best_by {settings.best_by} compares translations, which a language model has none of: "
            "set train.best_by loss."
        )
    if settings.risk == "none":
        for name in ("risk_samples", "risk_sharpness", "risk_likelihood"):
            if getattr(settings, name) != getattr(plain, name):
                raise UserError(f"train.{name} is for minimum risk training: set train.risk, too, or leave it out.")
    elif config.model.is_language_model:
        raise UserError(f"train.risk {settings.risk} is of translations: leave it out for a language model.")
    elif settings.finetune is None:
        raise UserError(
            f"train.risk {settings.risk} draws translations from a model that can translate: name one with "
            "train.finetune."
        )
    elif settings.compile:
        raise UserError("train.compile cannot be with train.risk, which searches the network: leave one of them out.")
