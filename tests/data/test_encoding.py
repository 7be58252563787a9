"""A corpus is encoded the same by any number of processes, and none of them is left behind."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nmt.config import Config
from nmt.data import encoded, encoding
from nmt.data.encoded import EncodedCorpus, encode_corpus
from nmt.data.subwords import Vocabulary, train_vocabulary
from nmt.errors import UserError

WORDS = ("the", "boat", "house", "child", "finds", "every", "picture", "animal", "paints", "books", "green", "water")


def some_pairs(count: int) -> list[tuple[str, str]]:
    """Sentences of two to eight words, each side drawn for itself."""
    chosen = random.Random(1)
    return [
        (" ".join(chosen.choices(WORDS, k=chosen.randint(2, 8))), " ".join(chosen.choices(WORDS, k=3)))
        for _ in range(count)
    ]


PAIRS = some_pairs(200)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    settings = {"subwords.vocabulary": 320, "subwords.joint": False}
    return train_vocabulary(lambda: PAIRS, Config().replace(settings).subwords)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started, and chunks so small that some are."""
    monkeypatch.setattr(encoded, "CHUNK", 15)
    monkeypatch.setattr(encoding, "ALONE", 2)
    processes: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return processes


@pytest.mark.parametrize("workers", [2, 3, 13])
def test_any_number_of_workers_writes_the_same_file(
    workers: int, vocabulary: Vocabulary, started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    dropped = [
        encode_corpus(PAIRS, vocabulary, tmp_path / f"{count}.arrow", max_length=14, workers=count)
        for count in (1, workers)
    ]
    assert len(started) == min(workers, 12)  # chunks beyond the first two
    assert (tmp_path / f"{workers}.arrow").read_bytes() == (tmp_path / "1.arrow").read_bytes()
    assert dropped[0] == dropped[1] == len(PAIRS) - len(EncodedCorpus(tmp_path / "1.arrow")) > 0
    assert all(process.returncode is not None for process in started)


def test_a_small_corpus_starts_no_process(
    vocabulary: Vocabulary, started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    encode_corpus(PAIRS[:30], vocabulary, tmp_path / "pairs.arrow", max_length=100, workers=2)
    assert not started
    assert len(EncodedCorpus(tmp_path / "pairs.arrow")) == 30


def test_a_worker_that_dies_is_told_in_one_line(
    vocabulary: Vocabulary, started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    def pairs() -> Iterator[tuple[str, str]]:
        for number, pair in enumerate(PAIRS):
            if number == 100:
                started[0].kill()
            yield pair

    with pytest.raises(UserError, match=r"a process that encodes .* died \(exit code -9\)") as error:
        encode_corpus(pairs(), vocabulary, tmp_path / "pairs.arrow", max_length=100, workers=2)
    assert "\n" not in str(error.value)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
    assert not list(tmp_path.iterdir())


def test_an_interruption_leaves_no_process_and_no_file(
    vocabulary: Vocabulary, started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    def pairs() -> Iterator[tuple[str, str]]:
        yield from PAIRS
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode_corpus(pairs(), vocabulary, tmp_path / "pairs.arrow", max_length=100, workers=2)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
    assert not list(tmp_path.iterdir())


def test_a_worker_ends_by_itself_when_its_parent_is_gone() -> None:
    command = [sys.executable, "-c", "from nmt.data.encoding import serve; serve()"]
    worker = subprocess.run(command, cwd=encoding.ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert (worker.returncode, worker.stdout, worker.stderr) == (0, b"", b"")
