"""A server in a process of its own, as its users start it, and a browser that opens its page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from pages import Open, english_to_german, serving
from serving import Running, Start

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
QUIET += ("--disable-sync", "--no-first-run")


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: the page is not opened")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: the page is not opened")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page under test is."""
    if "NMT_PAGE" in os.environ:
        yield os.environ["NMT_PAGE"]
    else:
        with serving() as started:
            yield started


@pytest.fixture
def open_page(browser: Any, address: str) -> Iterator[Open]:
    """Opens the page; afterwards, it must have complained of nothing and asked nobody else."""
    contexts = []
    complaints: list[str] = []
    own: set[str] = set()
    asked: set[str] = set()

    def opened(
        at: str = address,
        *,
        width: int = 1440,
        scheme: str = "light",
        prepare: Callable[[Any], None] | None = None,
        **context: Any,
    ) -> Any:
        own.add(urlparse(at).netloc)
        contexts.append(
            browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en-GB", **context
            )
        )
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: asked.add(urlparse(request.url).netloc))
        tab.on("filechooser", lambda _: None)  # heard from the start: asked for at a key press, it would come too late
        tab.set_default_timeout(15_000)
        if prepare:
            prepare(tab)
        tab.goto(at)
        return tab

    yield opened
    for context in contexts:
        context.close()
    # A browser writes every refusal of a server to its console; that one is the server's.
    assert [complaint for complaint in complaints if "the server responded with a status of" not in complaint] == []
    assert asked == own


@pytest.fixture
def tab(open_page: Open) -> Any:
    """The page, with English and German chosen."""
    return english_to_german(open_page())
