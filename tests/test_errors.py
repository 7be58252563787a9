"""`guard`: one line and an exit code for all that can go wrong outside the program, and nothing half-written left."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch

from nmt.errors import Terminated, guard


def raising(error: BaseException) -> int:
    raise error


def run_out_of_memory() -> None:
    torch.empty(10**15)


def run_out_of_numpys_memory() -> None:
    np.empty(10**15)


@pytest.mark.parametrize(
    "run_out",
    [
        run_out_of_memory,
        run_out_of_numpys_memory,
        lambda: raising(MemoryError()),
        lambda: raising(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nSee documentation")),
        lambda: raising(RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried")),
        lambda: raising(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")),
    ],
)
def test_memory_that_is_used_up_is_one_line_with_the_mend(
    run_out: Callable[[], object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert guard(run_out) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("nmt: error: the memory is used up")
    assert "--batch-tokens" in line
    assert "--train.batch_tokens" in line


@pytest.mark.parametrize("error", [RuntimeError("shapes do not fit"), ValueError("out of memory"), SystemExit(7)])
def test_an_error_of_the_program_itself_is_not_hidden(error: BaseException) -> None:
    with pytest.raises(type(error)):
        guard(lambda: raising(error))


def run(code: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a program of its own, which a signal may kill."""
    code = f"import signal, sys; from nmt.errors import guard\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


TERMINATED = """
def terminated():
    try: signal.raise_signal(signal.SIGTERM)
    finally: {last}
"""


def test_sigterm_goes_through_every_finally() -> None:
    program = TERMINATED.format(last="print('cleaned')")
    assert run(program + "sys.exit(guard(terminated))") == (143, "cleaned\n", "nmt: terminated\n")
    after = "guard(terminated); assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL"
    assert run(program + after)[0] == 0


def test_a_second_sigterm_kills() -> None:
    program = TERMINATED.format(last="signal.raise_signal(signal.SIGTERM)")
    assert run(program + "guard(terminated)") == (-signal.SIGTERM, "", "")


def test_a_handler_that_was_there_stays() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        assert guard(lambda: signal.raise_signal(signal.SIGTERM)) == 0
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_thread_beside_the_main_one_is_guarded_too() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(guard(lambda: 3)))
    thread.start()
    thread.join()
    assert codes == [3]


def test_what_stops_a_program_is_not_taken_for_an_error() -> None:
    assert not issubclass(Terminated, Exception)
