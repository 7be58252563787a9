"""The data that all systems read: the same pieces in the same batches in the same order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmt.config import Config
from nmt.data.corpus import folder_locations, read_pairs
from nmt.data.encoded import EncodedCorpus, encode_corpus
from nmt.data.subwords import EncodedPair, Subwords, train_vocabulary

LONGEST = 100
"""Pieces of the longest sentence trained on."""


def batches(lengths: NDArray[np.int32], sentences: int, epochs: int) -> NDArray[np.int64]:
    """Row numbers [batches, sentences] of so many epochs: pairs shuffled, sorted by length, cut, and the batches
    shuffled; the few pairs that do not fill a batch are left out."""
    random = np.random.default_rng(1)
    parts = []
    for _ in range(epochs):
        order = random.permutation(len(lengths))
        order = order[: len(order) // sentences * sentences]
        order = order[np.lexsort((lengths[order, 0], lengths[order, 1]))]
        parts.append(random.permutation(order.reshape(-1, sentences)))
    return np.concatenate(parts)


def prepare(folder: Path, corpus: str, source: str, target: str, *, pieces: int, sentences: int, epochs: int) -> None:
    """Writes what `Task` describes into a folder, and for our own system joint.spm, train.arrow with order.npy, the
    rows of each batch, and valid.json, the texts. Done once."""
    if (folder / "tokens.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    train, valid = (
        list(read_pairs(folder_locations(corpus, source, target, part), source, target)) for part in ("train", "val")
    )
    config = Config().replace({"subwords.vocabulary": pieces, "subwords.joint": True})
    vocabulary = train_vocabulary(lambda: train, config.subwords)
    vocabulary.save(folder)
    subwords = vocabulary.source
    names = subwords.pieces(range(4, len(subwords)))
    (folder / "vocabulary.txt").write_text("\n".join(names) + "\n")
    encoded = {}
    for part, pairs, longest in (("train", train, LONGEST), ("valid", valid, 10**9)):
        encode_corpus(pairs, vocabulary, folder / f"{part}.arrow", longest)
        encoded[part] = EncodedCorpus(folder / f"{part}.arrow")
    order = batches(encoded["train"].lengths, sentences, epochs)
    np.save(folder / "order.npy", order)
    _write(folder / "train", source, target, encoded["train"].pairs(order.flat), subwords)
    _write(folder / "valid", source, target, encoded["valid"].pairs(range(len(valid))), subwords)
    (folder / "valid.json").write_text(json.dumps(valid))
    (folder / "tokens.json").write_text(json.dumps(encoded["train"].lengths[order, 1].sum(axis=1).tolist()))


def _write(stem: Path, source: str, target: str, pairs: Iterable[EncodedPair], subwords: Subwords) -> None:
    """Pieces between spaces, a sentence a line, without end symbols."""
    with open(f"{stem}.{source}", "w") as sources, open(f"{stem}.{target}", "w") as targets:
        for pair in pairs:
            for file, numbers in zip((sources, targets), pair, strict=True):
                file.write(" ".join(subwords.pieces(numbers[:-1].tolist())) + "\n")
