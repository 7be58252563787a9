"""An encoded corpus gives back exactly what was encoded, and exists only when it is whole."""

from __future__ import annotations

import os
import random
import resource
from collections.abc import Iterator
from collections.abc import Sequence as AnySequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from datasets import Features, Sequence, Value
from datasets.arrow_writer import ArrowWriter
from pyarrow import ipc

from nmt.data import encoded
from nmt.data.encoded import EncodedCorpus, encode_corpus
from nmt.data.subwords import END, Subwords, Vocabulary
from nmt.errors import UserError


class Letters:
    """Subwords that are letters: quick, and plain to see through."""

    def __init__(self, shift: int) -> None:
        self.shift = shift

    def __len__(self) -> int:
        return 2000

    def encode(self, sentences: AnySequence[str]) -> list[list[int]]:
        return [[*(ord(letter) + self.shift for letter in sentence), END] for sentence in sentences]


SOURCE, TARGET = Letters(0), Letters(1000)
VOCABULARY = Vocabulary(cast(Subwords, SOURCE), cast(Subwords, TARGET))


def some_pairs(count: int) -> list[tuple[str, str]]:
    """Sentences of up to thirty letters, blank ones among them."""
    chosen = random.Random(8)
    return [("a" * chosen.randrange(30), "bc" * chosen.randrange(15)) for _ in range(count)]


def as_written(corpus: EncodedCorpus, rows: AnySequence[int] | range) -> list[tuple[list[int], list[int]]]:
    return [(source.tolist(), target.tolist()) for source, target in corpus.pairs(rows)]


def as_encoded(pairs: AnySequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    return [(SOURCE.encode([source])[0], TARGET.encode([target])[0]) for source, target in pairs]


@pytest.mark.parametrize("chunk", [1, 7, 50, 10_000])
def test_a_corpus_holds_exactly_what_was_encoded(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", chunk)
    pairs = some_pairs(50)
    assert encode_corpus(iter(pairs), VOCABULARY, tmp_path / "pairs.arrow", max_length=100, workers=1) == 0
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    assert len(corpus) == len(pairs)
    assert as_written(corpus, range(len(pairs))) == as_encoded(pairs)
    assert corpus.lengths.tolist() == [[len(source), len(target)] for source, target in as_encoded(pairs)]


@pytest.mark.parametrize("chunk", [7, 10_000])
def test_rows_can_be_read_in_any_order_and_again(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", chunk)
    pairs = some_pairs(50)
    encode_corpus(pairs, VOCABULARY, tmp_path / "pairs.arrow", max_length=100, workers=1)
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    rows = [*random.Random(9).sample(range(50), 50), 3, 3, 49, 0]
    assert as_written(corpus, rows) == as_encoded([pairs[row] for row in rows])
    assert corpus.pairs(np.array(rows))[0][0].dtype == np.int32


@pytest.mark.parametrize(("pieces", "stored"), [(2000, "uint16"), (2**16, "uint16"), (2**16 + 1, "int32")])
def test_pieces_take_two_bytes_where_they_fit(
    pieces: int, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Letters, "__len__", lambda self: pieces)
    pairs = [("a", chr(pieces - 1001))]
    encode_corpus(pairs, VOCABULARY, tmp_path / "pairs.arrow", max_length=100)
    with ipc.open_stream(tmp_path / "pairs.arrow") as stream:
        assert str(stream.schema.field("target").type.value_type) == stored
    ((_, target),) = EncodedCorpus(tmp_path / "pairs.arrow").pairs([0])
    assert target.tolist() == [pieces - 1, END]
    assert target.dtype == np.int32


def test_files_of_earlier_versions_are_read(tmp_path: Path) -> None:
    """They were written by `datasets`, of four bytes a piece."""
    features = Features({"source": Sequence(Value("int32")), "target": Sequence(Value("int32"))})
    pairs = as_encoded(some_pairs(50))
    with ArrowWriter(path=str(tmp_path / "pairs.arrow"), features=features) as writer:
        for part in (pairs[:20], pairs[20:]):
            writer.write_batch({"source": [source for source, _ in part], "target": [target for _, target in part]})
        writer.finalize()
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    assert as_written(corpus, range(50)) == pairs
    assert corpus.lengths.tolist() == [[len(source), len(target)] for source, target in pairs]


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="asks Linux what is in memory")
def test_what_was_read_of_the_file_does_not_stay_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "pairs.arrow"
    encode_corpus(some_pairs(20_000), VOCABULARY, path, max_length=100, workers=1)
    corpus = EncodedCorpus(path)
    assert corpus.lengths.sum() * 2 > 2**20, "the file is of some size"
    for start in range(0, 20_000, 100):
        corpus.pairs(range(start, start + 100))
    assert resident(path) < 2**16


def resident(path: Path) -> int:
    """Bytes of a mapped file that are in this process."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    found = [next(line for line in lines if line.startswith("Rss:")) for line in lines if line.endswith(str(path))]
    assert found
    return sum(int(line.split()[1]) * 1024 for line in found)


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_overlong_pairs_are_left_out_and_counted(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", chunk)
    pairs = some_pairs(50)
    kept = [pair for pair in pairs if max(len(pair[0]), len(pair[1])) + 1 <= 20]
    assert 0 < len(kept) < len(pairs)
    assert encode_corpus(pairs, VOCABULARY, tmp_path / "pairs.arrow", max_length=20, workers=1) == len(pairs) - len(
        kept
    )
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    assert as_written(corpus, range(len(corpus))) == as_encoded(kept)


@pytest.mark.parametrize("pairs", [[], some_pairs(3)], ids=["no pairs", "only overlong ones"])
def test_a_corpus_may_be_empty(pairs: list[tuple[str, str]], tmp_path: Path) -> None:
    assert encode_corpus(pairs, VOCABULARY, tmp_path / "pairs.arrow", max_length=0, workers=1) == len(pairs)
    corpus = EncodedCorpus(tmp_path / "pairs.arrow")
    assert len(corpus) == 0
    assert corpus.lengths.shape == (0, 2)
    assert corpus.pairs([]) == []


def broken(pairs: AnySequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from pairs
    raise OSError("the disk went away")


@pytest.mark.parametrize("size", [0, 300, 1500])
def test_a_file_that_was_cut_is_told(size: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.arrow"
    encode_corpus(some_pairs(50), VOCABULARY, path, max_length=100, workers=1)
    os.truncate(path, size)
    with pytest.raises(UserError, match=r"cut\.arrow is damaged .*: remove it"):
        EncodedCorpus(path)


def test_half_a_corpus_never_has_the_name_of_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CHUNK", 7)
    path, pairs = tmp_path / "pairs.arrow", some_pairs(50)
    with pytest.raises(OSError, match="the disk went away"):
        encode_corpus(broken(pairs), VOCABULARY, path, max_length=100, workers=1)
    assert not path.exists()
    encode_corpus(pairs, VOCABULARY, path, max_length=100, workers=1)
    assert as_written(EncodedCorpus(path), range(50)) == as_encoded(pairs)
    with pytest.raises(OSError, match="the disk went away"):
        encode_corpus(broken(pairs[:20]), VOCABULARY, path, max_length=100, workers=1)
    assert as_written(EncodedCorpus(path), range(50)) == as_encoded(pairs), "the whole one is gone"
    assert [file.name for file in tmp_path.iterdir()] == ["pairs.arrow"], "half of one stayed"


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**12, before[1]))
    try:
        with pytest.raises(UserError, match=r"pairs.arrow cannot be written \(File too large\): make room") as error:
            encode_corpus(some_pairs(5000), VOCABULARY, tmp_path / "pairs.arrow", max_length=100, workers=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        encode_corpus(some_pairs(5), VOCABULARY, tmp_path / "none" / "pairs.arrow", max_length=100)
