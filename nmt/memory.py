"""How much memory this process has used."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import torch


def peak() -> float:
    """The most memory that this process had so far, in megabytes: on its graphics card if it uses one."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return torch.cuda.max_memory_allocated() / 2**20
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


def forget_peak() -> None:
    """Lets `peak` tell from now on of what is used from now on. Where the system does not forget, as macOS, it goes on
    telling of the most so far."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.reset_peak_memory_stats()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # see proc(5)
