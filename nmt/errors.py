"""`UserError`: what went wrong, where, and how to mend it; and `guard`, by which every face prints it as one line."""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

NO_MEMORY = re.compile("out of memory|(?:can't|cannot) allocate memory|not enough memory|bad_alloc|ALLOC_FAILED")
"""What PyTorch's RuntimeErrors say when memory is used up, on a GPU or a CPU: `errors` does not know PyTorch's own."""

OS_MENDS = {
    errno.ENOSPC: ": make room, then start again",
    errno.EROFS: ": choose a folder that can be written",
    errno.EACCES: ": choose another, or change its rights",
}
"""What to do about what the system refuses."""


class UserError(Exception):
    """An error that the person at the keyboard caused and can mend. The message is one line: what, where, the mend."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The entry of `known` spelled most like `name`, or None when nothing comes near."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None


def unknown(what: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that is in no table: it names the nearest known one and lists the others."""
    known = list(known)
    suggestion = nearest(name, known)
    hint = f" Did you mean {suggestion!r}?" if suggestion else ""
    return UserError(f"{what} {name!r} is unknown.{hint} Known: {', '.join(known)}.")


def choose(table: Mapping[str, T], name: str, key: str) -> T:
    """The entry `name` of a table, for the setting `key`; raises UserError that lists the table if there is none."""
    if name not in table:
        raise unknown(key, name, table)
    return table[name]


class Terminated(BaseException):
    """SIGTERM, on its way out through every `finally`."""


def guard(function: Callable[[], object], program: str = "nmt") -> int:
    """Runs what a command does. Returns its exit code: the function's own if that is an int, otherwise 0; an error of
    the person at the keyboard, or memory that is used up, becomes one line on stderr and 2."""
    try:
        with _terminable():
            code = function()
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt as interruption:
        _tell(f"{program}: {str(interruption) or 'interrupted'}")
        return 130
    except Terminated:
        _tell(f"{program}: terminated")
        return 128 + signal.SIGTERM
    except BrokenPipeError:
        # Python flushes stdout once more when it ends: let it flush into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except UserError as error:
        message = str(error)
    except OSError as error:
        mend = OS_MENDS.get(error.errno or 0, "")
        message = f"{error.filename or 'the system says'}: {error.strerror or error}{mend}."
    except (MemoryError, RuntimeError) as error:
        if not memory_used_up(error):
            raise
        mend = "give a smaller --batch-tokens, or train into another --output with a smaller --train.batch_tokens."
        message = f"the memory is used up: {mend}"
    _tell(f"{program}: error: {' '.join(message.splitlines())}")
    return 2


def _tell(message: str) -> None:
    """A line on stderr, if there is still someone to read it."""
    with contextlib.suppress(OSError):  # of a terminal that was closed
        print(message, file=sys.stderr)


def memory_used_up(error: Exception) -> bool:
    """Whether an error says that there is no memory left, Python's own or PyTorch's."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or (isinstance(error, RuntimeError) and NO_MEMORY.search(str(error)) is not None)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """While it is entered, SIGTERM raises `Terminated`, so that nothing half-written is left; a second one kills. A
    handler that someone else has set stays; threads beside the main one get no signals."""

    def terminate(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Terminated

    free = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if not free or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
