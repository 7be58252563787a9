"""A translation looked at closely: each piece with its probability and what else might have stood there, where the
model looked, and the same as a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nmt.account import Account
from nmt.data.subwords import BEGIN
from nmt.evaluation.heat_map import Alignment
from nmt.formats import Map, pharaoh
from nmt.pipeline import Answer
from nmt.repl.display import Line, table, visible
from nmt.search.trace import trace
from nmt.translator import Part, Translator

RUNNERS_UP = 3
LIKELY, DOUBTFUL = 0.5, 0.1
"""Probabilities from which a piece counts as such."""


def explained(translator: Translator, answer: Answer) -> list[Line]:
    """A table of the pieces of a translation, then what is known of all of it. Needs an answer with account and
    parts."""
    account = answer.account
    assert account is not None, "it was translated closely"
    lines = [line for part in answer.parts for line in _pieces(translator, part)]
    return [*lines, *([("class:label", f"{name}  "), ("", value)] for name, value in _known(account))]


def _known(account: Account) -> list[tuple[str, str]]:
    deficit = account.coverage_deficit
    return [
        ("confidence", f"{account.confidence:.3f}"),
        ("alignment", pharaoh(account) or "none"),
        ("not looked at", "unknown" if deficit is None else f"{deficit:.0%} of the source"),
        ("signs of a bad translation", ", ".join(account.flags) or "none"),
    ]


def _pieces(translator: Translator, part: Part) -> list[Line]:
    """A row for each piece of the translation of a part: its probability, the source piece that was looked at most,
    the likeliest others with their probabilities."""
    best = part.hypotheses[0]
    source = translator.vocabulary.source.pieces(part.pieces)
    names = translator.vocabulary.target.pieces
    sources = torch.tensor(part.pieces, device=translator.device)
    # Those of a model sum to 1 already, the sums of shallow fusion do not.
    probabilities = trace(translator.searcher.stepper, sources, best.pieces, BEGIN).softmax(dim=-1)
    likeliest = probabilities.topk(min(RUNNERS_UP + 1, probabilities.shape[1]), dim=1)
    looked = [""] * len(best.pieces) if best.attention is None else [source[n] for n in best.attention.argmax(dim=1)]
    rows = []
    for row, (piece, name) in enumerate(zip(best.pieces, names(best.pieces), strict=True)):
        found = zip(likeliest.indices[row].tolist(), likeliest.values[row].tolist(), strict=True)
        others = [(number, value) for number, value in found if number != piece][:RUNNERS_UP]
        told = [f"{visible(names([number])[0])} {value:.2f}" for number, value in others]
        value = float(probabilities[row, piece])
        style = "likely" if value >= LIKELY else "doubtful" if value >= DOUBTFUL else "unlikely"
        cells = [("", visible(name)), (f"class:{style}", f"{value:.2f}"), ("class:seen", visible(looked[row]))]
        rows.append([*cells, ("class:faint", "  ".join(told))])
    heads = ("piece", "p", "looked at", "others")
    return table([[("class:label", head) for head in heads], *rows])


def alignment(source: str, answer: Answer, drawn: Sequence[Map]) -> Alignment:
    """The maps of the parts of a line as one, to be drawn as a picture: a part looks at nothing of the others."""
    sources, targets, weights = zip(*drawn, strict=True)
    block_diag: Callable[..., Tensor] = torch.block_diag
    pieces = [[piece for part in side for piece in part] for side in (sources, targets)]
    return Alignment((source, answer.text), pieces[0], pieces[1], block_diag(*weights).tolist())
