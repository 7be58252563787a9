"""Worker processes: the same lines in the same order as one process, and none outlives the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

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


def test_an_error_of_a_worker_is_one_line(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((model_folder / "config.json").read_bytes())
    code, out, told = run(tmp_path, [b"The child."], "--workers", "2")
    assert (code, out, len(told)) == (2, [b""], 1)
    assert "joint.spm" in told[0]


def children(process: int) -> set[int]:
    """The processes below one."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = dict(map(int, line.split()) for line in listed.splitlines())
    below = {process}
    while more := {one for one, parent in parents.items() if parent in below} - below:
        below |= more
    return below - {process}


def alive(process: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_the_command(model_folder: Path, number: signal.Signals) -> None:
    words = [*PROGRAM, "--model", str(model_folder), "--workers", "2", "--threads", "2", "--window", "2"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdin is not None
        assert command.stdout is not None
        command.stdin.write(b"The child sees the book.\n" * 8)
        command.stdin.flush()
        assert command.stdout.readline()  # they are at work, and wait for more
        workers = children(command.pid)
        assert len(workers) >= 2
        os.kill(command.pid, number)
        command.stdin.close()
        _, told = command.stdout.read(), command.stderr.read() if command.stderr else b""
        command.wait(timeout=30)
    if number != signal.SIGKILL:
        assert command.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
        assert len(told.splitlines()) == 1
    end = time.monotonic() + 30
    while any(map(alive, workers)):
        assert time.monotonic() < end
        time.sleep(0.1)
