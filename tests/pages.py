"""What the tests of the server's page do with it, in a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stand_in import stand_in

SENTENCE = "The man reads a book"
WIDTHS = (360, 1440)
Open = Callable[..., Any]


@contextmanager
def serving(**settings: object) -> Iterator[str]:
    """The address of a stand-in, while it serves."""
    server = stand_in(**settings)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def english_to_german(tab: Any) -> Any:
    tab.locator("#from option[value=en]").wait_for(state="attached")
    tab.select_option("#from", "en")
    tab.select_option("#to", "de")
    return tab


def translate(tab: Any, text: str) -> None:
    """Types a text, and waits for its translation, word by word."""
    tab.fill("#source", text)
    said(tab, "#status", "Translated")
    tab.locator(".word").first.wait_for()


def said(tab: Any, place: str, text: str) -> None:
    tab.locator(place, has_text=text).wait_for(state="attached")


def shown(tab: Any) -> str:
    return str(tab.locator("#plain").text_content())


def focused(tab: Any) -> str:
    return str(
        tab.evaluate(
            "document.activeElement.id || document.activeElement.className || document.activeElement.textContent"
        )
    )


def tab_to(tab: Any, wanted: str, *, most: int = 40) -> None:
    """Presses Tab until the element is reached: what the mouse can do must be in this way."""
    for _ in range(most):
        if tab.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"{most} times Tab do not reach {wanted}")


def answered(text: str) -> dict[str, object]:
    """The body and the kind of a played answer."""
    return {
        "status": 200,
        "content_type": "application/json",
        "body": json.dumps({"translatedText": text, "lines": []}),
    }
