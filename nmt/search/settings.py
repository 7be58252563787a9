"""Settings of a search that are changed, and those that do not go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from typing_extensions import TypedDict

from nmt.config import Config, SearchConfig
from nmt.errors import UserError, choose
from nmt.search.penalties import LENGTH_PENALTIES
from nmt.search.strategies import STRATEGIES

OWNERS = {
    "groups": "diverse",
    "diversity": "diverse",
    "temperature": "sampling",
    "top_k": "sampling",
    "top_p": "sampling",
    "seed": "sampling",
}
"""Settings that one strategy alone looks at."""


class SearchSettings(TypedDict, total=False):
    """The settings of `SearchConfig`, each of which may be left out: keyword arguments that a type checker knows."""

    strategy: str
    beam: int
    normalization: str
    length_penalty: float
    coverage_penalty: float
    nbest: int
    stopping: Literal["full", "proven"]
    prune: float
    min_ratio: float
    max_ratio: float
    no_repeat_ngram: int
    groups: int
    diversity: float
    temperature: float
    top_k: int
    top_p: float
    seed: int
    risk: Literal["none", "chrf", "bleu"]
    batch_tokens: int


def changed(config: Config, changes: Mapping[str, object]) -> SearchConfig:
    """The search of a configuration with other values for some settings. Raises UserError for unknown settings, for
    impossible values, and for a search that cannot be."""
    search = config.replace({f"search.{name}": value for name, value in changes.items()}).search
    check_search(search)
    return search


def check_search(search: SearchConfig) -> None:
    """Raises UserError for a search that cannot be."""
    choose(STRATEGIES, search.strategy, "search.strategy")
    choose(LENGTH_PENALTIES, search.normalization, "search.normalization")
    plain = SearchConfig()
    for name, strategy in OWNERS.items():
        if search.strategy != strategy and getattr(search, name) != getattr(plain, name):
            raise UserError(
                f"search.{name} is for search.strategy {strategy}, not {search.strategy}: leave it out, or change that."
            )
    if search.nbest > search.beam:
        raise UserError(f"search.nbest is {search.nbest}, more than search.beam, {search.beam}: widen the beam.")
    if search.beam % search.groups:
        raise UserError(
            f"search.groups is {search.groups} and does not divide search.beam, {search.beam}: choose a divisor."
        )
    if search.risk != "none" and search.beam == 1:
        raise UserError(f"search.risk {search.risk} compares hypotheses, and search.beam 1 finds one: widen the beam.")
    if search.min_ratio > search.max_ratio:
        raise UserError(
            f"search.min_ratio is {search.min_ratio}, above search.max_ratio, {search.max_ratio}: change one of them."
        )


def check_phrases(search: SearchConfig) -> None:
    """Raises UserError for a search that cannot look for what has certain phrases."""
    if search.strategy != "beam":
        raise UserError(
            f"words and phrases can be asked for in beam search only, and search.strategy is {search.strategy}: "
            "set it to beam, or ask for none."
        )


def plain(search: SearchConfig, beam: int) -> SearchConfig:
    """Greedy or beam search for one translation, by the same rules of length."""
    rules = ("normalization", "length_penalty", "coverage_penalty", "min_ratio", "max_ratio", "no_repeat_ngram")
    return SearchConfig(
        beam=beam, **{name: getattr(search, name) for name in (*rules, "stopping", "prune", "batch_tokens")}
    )
