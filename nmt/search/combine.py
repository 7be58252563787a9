"""Several models searched as one: further things with `start` and `step`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple

import torch
from torch import Tensor

from nmt.errors import UserError, choose
from nmt.search.protocol import S, Stepper


def linear(log_probabilities: Sequence[Tensor]) -> Tensor:
    """The mean of the probabilities."""
    total = log_probabilities[0]
    for other in log_probabilities[1:]:
        total = torch.logaddexp(total, other)
    return total - math.log(len(log_probabilities))


def log_linear(log_probabilities: Sequence[Tensor]) -> Tensor:
    """The mean of the log-probabilities, made to sum to 1 again: a piece that one model rules out is ruled out."""
    total = log_probabilities[0]
    for other in log_probabilities[1:]:
        total = total + other
    return (total / len(log_probabilities)).log_softmax(dim=-1)


MEANS: dict[str, Callable[[Sequence[Tensor]], Tensor]] = {"linear": linear, "log-linear": log_linear}


class Ensemble(Generic[S]):
    """Models, or checkpoints of one, that predict the same pieces: each goes its own way, and their predictions are
    averaged at every step. The attention is the mean of theirs.

    Raises UserError for an empty ensemble, an unknown mean, and, at the first step, for vocabularies that differ.
    """

    def __init__(self, models: Sequence[Stepper[S]], mean: str = "linear") -> None:
        if not models:
            raise UserError("an ensemble needs a model: name one at least.")
        self.models = models
        self.mean = choose(MEANS, mean, "the mean of an ensemble")

    def start(self, source: Tensor, lengths: Tensor) -> list[S]:
        """Every model's state; see `Stepper`."""
        return [model.start(source, lengths) for model in self.models]

    def step(self, tokens: Tensor, state: list[S]) -> tuple[Tensor, list[S]]:
        """The mean of the predictions, every model's state after them."""
        steps = [model.step(tokens, one) for model, one in zip(self.models, state, strict=True)]
        sizes = {log_probabilities.shape[-1] for log_probabilities, _ in steps}
        if len(sizes) > 1:
            raise UserError(f"models of {sorted(sizes)} target pieces make no ensemble: they need one vocabulary.")
        return self.mean([log_probabilities for log_probabilities, _ in steps]), [after for _, after in steps]

    def select(self, state: list[S], sentences: Tensor | None, rows: Tensor) -> list[S]:
        """Every model's state of some hypotheses."""
        return [model.select(one, sentences, rows) for model, one in zip(self.models, state, strict=True)]

    def attention(self, state: list[S]) -> Tensor | None:
        """The mean over the models that have attention."""
        maps = [model.attention(one) for model, one in zip(self.models, state, strict=True)]
        known = [one for one in maps if one is not None]
        return torch.stack(known).mean(dim=0) if known else None


class FusedState(NamedTuple):
    """The states of a translation model and of a language model."""

    model: object
    language_model: object


class ShallowFusion:
    """A translation model and a language model of the target language: log p(model) + weight * log p(language model)
    (Gulcehre et al. 2015, section 4.1). `weight` is at least 0, so that no score rises along a hypothesis. The language
    model may take no notice of the source."""

    def __init__(self, model: Stepper[Any], language_model: Stepper[Any], weight: float) -> None:
        if not 0 <= weight < math.inf:
            raise UserError(f"the weight of the language model is {weight}: give 0 or more.")
        self.model, self.language_model, self.weight = model, language_model, weight

    def start(self, source: Tensor, lengths: Tensor) -> FusedState:
        """Both states; see `Stepper`."""
        return FusedState(self.model.start(source, lengths), self.language_model.start(source, lengths))

    def step(self, tokens: Tensor, state: FusedState) -> tuple[Tensor, FusedState]:
        """The weighted sum, which is no probability any more, and both states after it."""
        mine, model = self.model.step(tokens, state.model)
        other, language_model = self.language_model.step(tokens, state.language_model)
        if mine.shape != other.shape:
            sizes = f"{other.shape[-1]} pieces, the translation model {mine.shape[-1]}"
            raise UserError(f"the language model has {sizes}: they need one vocabulary.")
        return mine + self.weight * other, FusedState(model, language_model)

    def select(self, state: FusedState, sentences: Tensor | None, rows: Tensor) -> FusedState:
        """Both states of some hypotheses."""
        return FusedState(
            self.model.select(state.model, sentences, rows),
            self.language_model.select(state.language_model, sentences, rows),
        )

    def attention(self, state: FusedState) -> Tensor | None:
        """The translation model's."""
        return self.model.attention(state.model)
