"""Batches side by side: the same lines in the same order, and no worker outlives the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from nmt.errors import UserError
from nmt.side_by_side import side_by_side

PROGRAM = [sys.executable, "-c", "import sys; from nmt.cli import main; sys.exit(main())", "translate"]
HOSTILE = [
    b"The child sees the book.",
    b"",
    b"our boat finds every picture. " * 60,  # longer than any sentence of training
    b"the\x00child sees this\x0cbook",
    b"This\xe2\x80\xa8book finds\xc2\x85the house.",
    b"caf\xe9 \xff\xfe the book",
    b"\r",
    b"Every boat finds our animal.",
]
"""Lines of all kinds; the third to the sixth have problems."""


def run(model: Path, lines: Sequence[bytes], *options: str) -> tuple[int, list[bytes], list[str]]:
    """Exit code, lines of stdout and of stderr."""
    words = [*PROGRAM, "--model", str(model), "--threads", "1", *options]
    done = subprocess.run(words, input=b"\n".join(lines), capture_output=True, timeout=120)
    return done.returncode, done.stdout.split(b"\n"), done.stderr.decode().splitlines()


def test_two_workers_write_the_lines_of_one(model_folder: Path) -> None:
    alone = run(model_folder, HOSTILE * 3, "--workers", "1")
    assert alone[0] == 0
    assert len(alone[1]) == 3 * len(HOSTILE) + 1
    shared = run(model_folder, HOSTILE * 3, "--workers", "2", "--window", "5")
    assert shared[:2] == alone[:2]
    assert sorted(shared[2]) == sorted(alone[2])  # problems that reading finds are told before those of translating


@pytest.mark.parametrize("lines", [[], [b"The child sees the book."]])
def test_more_workers_than_lines_are_no_matter(model_folder: Path, lines: list[bytes]) -> None:
    assert run(model_folder, lines, "--workers", "2")[:2] == run(model_folder, lines, "--workers", "1")[:2]


def test_a_signal_ends_workers_at_once_and_in_one_line(model_folder: Path) -> None:
    words = [*PROGRAM, "--model", str(model_folder), "--workers", "2", "--threads", "2", "--window", "2"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdin is not None
        assert command.stdout is not None
        command.stdin.write(b"The child sees the book.\n" * 8)
        command.stdin.flush()
        assert command.stdout.readline()  # they are at work, and wait for more
        os.kill(command.pid, signal.SIGINT)
        command.stdin.close()
        _, told = command.stdout.read(), command.stderr.read() if command.stderr else b""
        command.wait(timeout=30)
    assert command.returncode == 130
    assert len(told.splitlines()) == 1


def test_results_come_in_the_order_of_the_items_and_share_the_threads() -> None:
    cores = torch.get_num_threads()
    seen = dict(side_by_side(lambda item: (item, torch.get_num_threads()), range(20), 2))
    assert list(seen) == list(range(20))
    assert set(seen.values()) == {max(1, cores // 2)}
    assert torch.get_num_threads() == cores


def test_an_error_is_raised_and_no_further_item_begun() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise UserError("no")
        time.sleep(0.01)

    with pytest.raises(UserError, match="no"):
        list(side_by_side(work, range(1000), 2))
    assert len(begun) < 1000
