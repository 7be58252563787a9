"""Servers that run, and what is asked of them."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ADDRESS = re.compile(r" at (http://\S+)$", re.M)


class Running:
    """A server that runs: its address, its process, and the file of its stderr."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        while (found := ADDRESS.search(log.read_text("utf-8"))) is None:
            assert process.poll() is None, log.read_text("utf-8")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        self.address = found.group(1)

    def ask(self, path: str, values: Mapping[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
        """The status and the answer, read as JSON, of a request: a GET, or a POST of values."""
        body = None if values is None else json.dumps(values).encode()
        return self.send(
            urllib.request.Request(self.address + path, body, {"content-type": "application/json", **headers})
        )

    def send(self, request: urllib.request.Request) -> tuple[int, Any]:
        """The same for a request as it stands."""
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def translate(self, text: str | list[str], **more: Any) -> Any:
        """The answer to a text from English to German."""
        status, answer = self.ask("/translate", {"q": text, "source": "en", "target": "de", **more})
        assert status == 200, answer
        return answer

    def logged(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]


Start = Callable[..., Running]
