from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError

import pytest

pytest.importorskip("fastapi", reason="needs the extra `serve`")
from nmt.server.batcher import CHARACTERS, LINES, Batcher
from nmt.server.failures import Refused


class Upper:
    """Makes lines upper-case when it may, and fails at those with a question mark."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.batches: list[list[str]] = []

    def __call__(self, way: str, lines: Sequence[str]) -> list[str]:
        self.free.wait(10)
        self.batches.append(list(lines))
        if any("?" in line for line in lines):
            raise ValueError("a question")
        if any("!" in line for line in lines):
            raise Refused(400, "too loud")
        return [way + line.upper() for line in lines]


@pytest.fixture
def upper() -> Upper:
    return Upper()


@pytest.fixture
def batcher(upper: Upper) -> Iterator[Batcher[str, str]]:
    found: Batcher[str, str] = Batcher(upper, queue=40)
    yield found
    upper.free.set()
    found.close()


def busy(batcher: Batcher[str, str]) -> None:
    """Has the batcher wait in a batch of its own."""
    batcher.submit("", ["busy"])
    time.sleep(0.05)


def test_requests_that_wait_are_translated_together_and_each_gets_its_own(
    batcher: Batcher[str, str], upper: Upper
) -> None:
    busy(batcher)
    futures = [batcher.submit("", [f"a{n}", f"b{n}"]) for n in range(10)]
    upper.free.set()
    assert [future.result(10) for future in futures] == [[f"A{n}", f"B{n}"] for n in range(10)]
    assert [len(batch) for batch in upper.batches] == [1, 20]


def test_what_whoever_asks_can_mend_is_refused_with_its_reason(batcher: Batcher[str, str], upper: Upper) -> None:
    busy(batcher)
    good, bad = batcher.submit("", ["a"]), batcher.submit("", ["b!"])
    upper.free.set()
    assert good.result(10) == ["A"]
    with pytest.raises(Refused, match="too loud") as refused:
        bad.result(10)
    assert refused.value.status == 400


def test_lines_of_other_ways_are_translated_apart(batcher: Batcher[str, str], upper: Upper) -> None:
    busy(batcher)
    futures = [batcher.submit(way, ["x", "y"]) for way in "abab"]
    upper.free.set()
    assert [future.result(10) for future in futures] == [["aX", "aY"], ["bX", "bY"]] * 2
    assert len(upper.batches) == 3


def test_a_long_request_does_not_hold_up_a_short_one(batcher: Batcher[str, str], upper: Upper) -> None:
    busy(batcher)
    long = batcher.submit("", [f"l{n}" for n in range(10 * LINES)])
    other = batcher.submit("other", ["o"])
    short = batcher.submit("", ["s"])
    upper.free.set()
    assert short.result(10) == ["S"]
    assert other.result(10) == ["otherO"]
    assert long.result(10) == [f"L{n}" for n in range(10 * LINES)]
    assert "s" in upper.batches[1]
    assert upper.batches[2] == ["o"]
    assert all(len(batch) <= LINES for batch in upper.batches)


def test_a_batch_of_long_lines_has_few(batcher: Batcher[str, str], upper: Upper) -> None:
    busy(batcher)
    line = "x" * (CHARACTERS // 2)
    future = batcher.submit("", [line] * 5)
    upper.free.set()
    assert future.result(10) == [line.upper()] * 5
    assert [len(batch) for batch in upper.batches] == [1, 2, 2, 1]


def test_a_line_that_fails_harms_no_other_request(batcher: Batcher[str, str], upper: Upper) -> None:
    busy(batcher)
    good, bad, last = batcher.submit("", ["a", "b"]), batcher.submit("", ["c", "d?"]), batcher.submit("", ["e"])
    upper.free.set()
    assert good.result(10) == ["A", "B"]
    with pytest.raises(ValueError, match="a question"):
        bad.result(10)
    assert last.result(10) == ["E"]
    assert batcher.submit("", ["f"]).result(10) == ["F"]


def test_a_full_queue_refuses_and_recovers(batcher: Batcher[str, str], upper: Upper) -> None:
    busy(batcher)
    futures = [batcher.submit("", ["a"]) for _ in range(39)]
    with pytest.raises(Refused) as refused:
        batcher.submit("", ["a"])
    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) >= 1
    upper.free.set()
    assert all(future.result(10) == ["A"] for future in futures)
    assert batcher.submit("", ["a"]).result(10) == ["A"]
    assert len(batcher) == 0


def test_what_is_cancelled_is_not_translated(batcher: Batcher[str, str], upper: Upper) -> None:
    busy(batcher)
    future = batcher.submit("", ["a"])
    assert future.cancel()
    upper.free.set()
    assert batcher.submit("", ["b"]).result(10) == ["B"]
    assert upper.batches == [["busy"], ["b"]]
    with pytest.raises(CancelledError):
        future.result()


def test_closing_finishes_what_was_accepted(upper: Upper) -> None:
    batcher: Batcher[str, str] = Batcher(upper, queue=40)
    futures = [batcher.submit("", ["a"] * 100) for _ in range(3)]
    threading.Timer(0.1, upper.free.set).start()
    batcher.close()
    assert all(future.result(0) == ["A"] * 100 for future in futures)
    with pytest.raises(Refused, match="shutting down"):
        batcher.submit("", ["a"])


def test_no_lines_are_done_at_once(batcher: Batcher[str, str]) -> None:
    assert batcher.submit("", []).result(0) == []
