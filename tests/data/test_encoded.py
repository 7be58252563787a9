"""An encoded corpus gives back exactly what was encoded, and exists only when it is whole."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from nmt.data import encoded
from nmt.data.encoded import EncodedCorpus, encode_corpus
from nmt.data.subwords import END, Subwords, Vocabulary


class Letters:
    """Subwords that are letters: quick, and plain to see through."""

    def __init__(self, shift: int) -> None:
        self.shift = shift

    def encode(self, sentences: Sequence[str]) -> list[list[int]]:
        return [[*(ord(letter) + self.shift for letter in sentence), END] for sentence in sentences]


SOURCE, TARGET = Letters(0), Letters(1000)
VOCABULARY = Vocabulary(cast(Subwords, SOURCE), cast(Subwords, TARGET))


def some_pairs(count: int) -> list[tuple[str, str]]:
    """Sentences of up to thirty letters, blank ones among them."""
    chosen = random.Random(8)
    return [("a" * chosen.randrange(30), "bc" * chosen.randrange(15)) for _ in range(count)]


def as_written(corpus: EncodedCorpus, rows: Sequence[int] | range) -> list[tuple[list[int], list[int]]]:
    return [(source.tolist(), target.tolist()) for source, target in corpus.pairs(rows)]


def as_encoded(pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    return [(SOURCE.encode([source])[0], TARGET.encode([target])[0]) for source, target in pairs]


@pytest.mark.parametrize("chunk", [1, 7, 50, 10_000])
def test_a_corpus_holds_exactly_what_was_encoded(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", chunk)
    pairs = some_pairs(50)
    assert encode_corpus(iter(pairs), VOCABULARY, tmp_path / "pairs.arrow", max_length=100) == 0
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    assert len(corpus) == len(pairs)
    assert as_written(corpus, range(len(pairs))) == as_encoded(pairs)
    assert corpus.lengths.tolist() == [[len(source), len(target)] for source, target in as_encoded(pairs)]


@pytest.mark.parametrize("chunk", [7, 10_000])
def test_rows_can_be_read_in_any_order_and_again(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", chunk)
    pairs = some_pairs(50)
    encode_corpus(pairs, VOCABULARY, tmp_path / "pairs.arrow", max_length=100)
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    rows = [*random.Random(9).sample(range(50), 50), 3, 3, 49, 0]
    assert as_written(corpus, rows) == as_encoded([pairs[row] for row in rows])
    assert corpus.pairs(np.array(rows))[0][0].dtype == np.int32


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_overlong_pairs_are_left_out_and_counted(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", chunk)
    pairs = some_pairs(50)
    kept = [pair for pair in pairs if max(len(pair[0]), len(pair[1])) + 1 <= 20]
    assert 0 < len(kept) < len(pairs)
    assert encode_corpus(pairs, VOCABULARY, tmp_path / "pairs.arrow", max_length=20) == len(pairs) - len(kept)
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    assert as_written(corpus, range(len(corpus))) == as_encoded(kept)


@pytest.mark.parametrize("pairs", [[], some_pairs(3)], ids=["no pairs", "only overlong ones"])
def test_a_corpus_may_be_empty(pairs: list[tuple[str, str]], tmp_path: Path) -> None:
    assert encode_corpus(pairs, VOCABULARY, tmp_path / "pairs.arrow", max_length=0) == len(pairs)
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    assert len(corpus) == 0
    assert corpus.lengths.shape == (0, 2)
    assert corpus.pairs([]) == []


def broken(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from pairs
    raise OSError("the disk went away")


def test_half_a_corpus_never_has_the_name_of_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", 7)
    path, pairs = tmp_path / "pairs.arrow", some_pairs(50)
    with pytest.raises(OSError, match="the disk went away"):
        encode_corpus(broken(pairs), VOCABULARY, path, max_length=100)
    assert not path.exists()
    encode_corpus(pairs, VOCABULARY, path, max_length=100)
    assert as_written(EncodedCorpus(path), range(50)) == as_encoded(pairs)
    with pytest.raises(OSError, match="the disk went away"):
        encode_corpus(broken(pairs[:20]), VOCABULARY, path, max_length=100)
    assert as_written(EncodedCorpus(path), range(50)) == as_encoded(pairs), "the whole one is gone"
