"""An output that can be gone on with after its writing was interrupted, or when there is more to write."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from nmt.data.lines import open_output
from nmt.data.packing import packing
from nmt.errors import UserError

PARTIAL = ".partial"
COMPARED = 3
"""Lines, beside the last, that tell whether an output which is gone on with was made of the same input."""


@dataclass
class Progress:
    """A file being written: the number of lines that stay, and the lines after those, which are to be written anew."""

    file: BinaryIO
    kept: int = 0
    again: list[bytes] = field(default_factory=list)
    changed: bool = False
    _place: int = 0

    def go_on(self) -> None:
        """Drops the lines that are to be written anew; from now on the file is changed."""
        self.changed = True
        if self.again:
            self.file.seek(self._place)
            self.file.truncate()


@contextlib.contextmanager
def open_progress(
    path: Path, *, resume: bool, keep: bool, step: int, going_on: str = "the same command with --resume"
) -> Iterator[Progress]:
    """A file to write under the name of `path` with `.partial` after it, which has its own name only once it is
    complete. If it is not completed it stays when `keep` says so and a line is in it, and this is told on stderr, with
    what goes on with it.

    resume: go on with such a file or, if there is none, with a copy of the complete one. Lines are kept `step` at a
    time, so that what is computed so many at a time is computed as it would have been without the interruption; the
    last line is always written anew, for it may have been half a line of the input, and so are COMPARED more. Raises
    UserError for what cannot be written or gone on with, and for a file that another process is writing.
    """
    if packing(path) or (path.exists() and not path.is_file()):
        if resume:
            raise UserError(
                f"{path} cannot be gone on with: --resume needs an --output that is a plain file, not packed."
            )
        with open_output(path) as output:
            yield Progress(output)
        return
    final = path.resolve()  # a link stays one
    partial = final.with_name(final.name + PARTIAL)
    copied = resume and not partial.exists()
    with _opened(path, final, partial, copy=copied) as file:
        progress = _read(file, step) if resume else Progress(file)
        if not resume:
            file.truncate(0)
        try:
            yield progress
            file.flush()
            if final.exists():
                shutil.copymode(final, partial)
            os.replace(partial, final)
        except BaseException:
            if progress.changed:
                _leave(file, path, partial, going_on if keep or resume else None)
            elif copied or not resume:
                partial.unlink(missing_ok=True)
            raise


def _opened(path: Path, final: Path, partial: Path, *, copy: bool) -> BinaryIO:
    """The file in progress, which no other process may write as long as it is open."""
    try:
        if final.exists() and not os.access(final, os.W_OK):
            raise PermissionError(0, "Permission denied")
        file = open(os.open(partial, os.O_RDWR | os.O_CREAT, 0o666), "r+b")  # noqa: SIM115 (closed by the caller)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): choose another file.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise UserError(f"{path} is being written by another process: wait for it, or choose another file.") from None
    if copy and final.exists():
        with final.open("rb") as complete:
            shutil.copyfileobj(complete, file)
    return file


def _read(file: BinaryIO, step: int) -> Progress:
    """How far a file has come; half a line at its end does not count. The file then stands at its end."""
    file.seek(0)
    whole = sum(1 for line in file if line.endswith(b"\n"))
    progress = Progress(file, kept=max(0, whole - 1 - COMPARED) // step * step)
    file.seek(0)
    for _ in range(progress.kept):
        progress._place += len(file.readline())
    progress.again = [line for line in file if line.endswith(b"\n")]
    file.seek(progress._place + sum(map(len, progress.again)))
    file.truncate()
    return progress


def _leave(file: BinaryIO, path: Path, partial: Path, going_on: str | None) -> None:
    """What is done with a file that was not completed; what goes on with it, None where it is not to stay."""
    with contextlib.suppress(OSError):
        file.flush()
    file.seek(0)
    lines = sum(1 for line in file if line.endswith(b"\n"))
    if going_on is None or not lines:
        partial.unlink(missing_ok=True)
        return
    print(f"{path}: {lines:,} lines are kept in {partial.name}; {going_on} goes on.", file=sys.stderr)
