"""Settings that do not go together."""

from __future__ import annotations

from nmt.config import SearchConfig
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


def plain(search: SearchConfig, beam: int) -> SearchConfig:
    """Greedy or beam search for one translation, by the same rules of length."""
    rules = ("normalization", "length_penalty", "coverage_penalty", "min_ratio", "max_ratio", "no_repeat_ngram")
    return SearchConfig(
        beam=beam, **{name: getattr(search, name) for name in (*rules, "stopping", "prune", "batch_tokens")}
    )
