"""A server in a process of its own, as its users start it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Running, Start


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a server with some options, on a free port; all are ended at last."""
    pytest.importorskip("fastapi", reason="needs the extra `serve`")
    running: list[Running] = []

    def started(*options: object) -> Running:
        log = tmp_path_factory.mktemp("server") / "log"
        command = [sys.executable, "-m", "nmt", "serve", "--port", "0", "--threads", "1", *map(str, options)]
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)
        running.append(Running(process, log))
        return running[-1]

    yield started
    for server in running:
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="session")
def server(start: Start, model_folder: Path) -> Running:
    """One with a small model."""
    return start("--model", model_folder)
