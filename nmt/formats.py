"""How translations are written. A format is a function and a line of `FORMATS`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

from nmt.account import Account
from nmt.errors import UserError
from nmt.pipeline import Answer
from nmt.translator import Translator

COLUMNS = ("translation", "score", "confidence", "coverage deficit", "flags", "alignment")

Map = tuple[list[str], list[str], Tensor]
"""Pieces of the source, pieces of the target, attention [target, source]."""


class Format(NamedTuple):
    """`write`: the number of a line, from 0, its answer and whether its attention is wanted -> lines. `account`: it
    tells more than the answer."""

    write: Callable[[int, Answer, bool], list[str]]
    account: bool


def text(number: int, answer: Answer, attention: bool) -> list[str]:
    """The translation."""
    return [answer.text]


def nbest(number: int, answer: Answer, attention: bool) -> list[str]:
    """`number ||| translation ||| score` for each of the best, as Moses has it."""
    alternatives = answer.alternatives or ((answer.text, answer.score),)
    return [f"{number} ||| {translation} ||| {score:.6f}" for translation, score in alternatives]


def jsonl(number: int, answer: Answer, attention: bool) -> list[str]:
    """An object with all that is known."""
    account = _account(answer)
    value: dict[str, Any] = {
        "line": number + 1,
        "translation": answer.text,
        "score": _rounded(answer.score),
        "confidence": _rounded(account.confidence),
        "coverage_deficit": _rounded(account.coverage_deficit),
        "flags": account.flags,
        "alignment": pharaoh(account),
        "pieces": account.pieces,
        "log_probabilities": [_rounded(one) for one in account.log_probabilities],
    }
    if answer.alternatives:
        value["alternatives"] = [{"translation": one, "score": _rounded(score)} for one, score in answer.alternatives]
    if attention:
        value["attention"] = [part.round(4).tolist() for part in account.attention]
    return [json.dumps(value, ensure_ascii=False)]


def tsv(number: int, answer: Answer, attention: bool) -> list[str]:
    """`COLUMNS` with tabs between, without a header, so that line N belongs to line N of the input."""
    account = _account(answer)
    deficit = "" if account.coverage_deficit is None else f"{account.coverage_deficit:.4f}"
    translation = answer.text.replace("\t", " ")
    numbers = [f"{answer.score:.6f}", f"{account.confidence:.4f}", deficit]
    return ["\t".join([translation, *numbers, ",".join(account.flags), pharaoh(account)])]


FORMATS: dict[str, Format] = {
    "text": Format(text, account=False),
    "jsonl": Format(jsonl, account=True),
    "tsv": Format(tsv, account=True),
}

NBEST = Format(nbest, account=False)
"""What `text` is where more than one translation of a line is asked for."""


def choose_format(name: str, nbest: int, *, attention: bool, resume: bool) -> Format:
    """The format that is asked for. Raises UserError for what does not go together."""
    if name == "tsv" and nbest > 1:
        raise UserError("--format tsv has one translation a line: leave out --nbest, or choose jsonl.")
    if attention and name != "jsonl":
        raise UserError(f"--attention is for --format jsonl, not {name}.")
    if name != "text" or nbest == 1:
        return FORMATS[name]
    if resume:
        raise UserError("--resume counts one line for each of the input: choose --format jsonl, or leave out --nbest.")
    return NBEST


def pharaoh(account: Account) -> str:
    """The alignment as `i-j i-j`: token i of the source with token j of the translation, both from 0."""
    return " ".join(f"{source}-{target}" for source, target in account.alignment)


def _account(answer: Answer) -> Account:
    assert answer.account is not None, "the format needs Wishes.account"
    return answer.account


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def attention_maps(translator: Translator, answer: Answer) -> list[Map]:
    """Where the model looked in each part of a line that was translated with its parts."""
    vocabulary = translator.vocabulary
    return [
        (vocabulary.source.pieces(part.pieces), vocabulary.target.pieces(best.pieces), best.attention)
        for part in answer.parts
        if (best := part.hypotheses[0]).attention is not None
    ]
