"""Sessions in a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from pathlib import Path
from typing import Any

from pexpect.fdpexpect import fdspawn

from nmt.cli import main

OUTPUT = r"(?s)\x1b\[\?2004l(.*?)\x1b\[\?2004h"
"""What is written between one prompt and the next: the prompt switches bracketed paste on and off."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    """A session in a pseudo-terminal, in a process forked from this one, which has everything imported already."""

    def __init__(self, model: Path, folder: Path, *options: str, **environment: str) -> None:
        self.pid, handle = pty.fork()
        if self.pid == 0:
            _be_session(["repl", "--threads", "1", "--model", str(model), *options], folder, environment)
        fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 2000, 0, 0))
        self.typing: Any = fdspawn(handle, encoding="utf-8", timeout=60)
        self.typing.delaybeforesend = None
        self.typing.expect(r"\x1b\[\?2004h")

    def type(self, line: str) -> str:
        """What is written between a line and the next prompt, as it comes."""
        self.typing.send(line + "\r")
        self.typing.expect(OUTPUT)
        return str(self.typing.match.group(1))

    def answer(self, line: str) -> list[str]:
        """The same as lines of text, without colours."""
        return ESCAPES.sub("", self.type(line)).split("\n")[:-1]

    def paste(self, text: str) -> list[str]:
        """What several pasted lines are answered with."""
        return self.answer(f"\x1b[200~{text}\x1b[201~")

    def leave(self) -> int:
        """Ctrl-D; the exit code."""
        self.typing.send("\x04")
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.typing.close()


def _be_session(words: list[str], folder: Path, environment: dict[str, str]) -> None:
    code = 70
    try:
        os.environ.pop("NO_COLOR", None)
        kept = {"XDG_STATE_HOME": str(folder), "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"}
        os.environ.update(kept | environment)
        os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        code = main(words)
        sys.stdout.flush()
    finally:
        os._exit(code)
