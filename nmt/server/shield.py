"""What stands before every route: limits of size and time, headers, the log, the counts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from nmt.server.failures import Refused
from nmt.server.metrics import Metrics

LOG = logging.getLogger("nmt.server")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
BODY_SECONDS = 20.0
"""Seconds in which a body must have come."""
DISCARDED = 2**28
"""Bytes of a body that is too large which are read and thrown away, so that its client reads what is wrong."""
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
"""Those that are counted by name: a client may make up any number of others."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Shield:
    """Wraps an application. body: the most bytes of a request's body by its path; others have `otherwise`."""

    def __init__(self, app: App, metrics: Metrics, otherwise: int, body: dict[str, int]) -> None:
        self.app = app
        self.metrics = metrics
        self.otherwise = otherwise
        self.body = body

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
                ]
            await send(message)

        scope.setdefault("state", {})["noted"] = noted = dict[str, Any]()
        limited = Limited(receive, self.body.get(scope["path"], self.otherwise), began + BODY_SECONDS)
        try:
            await self.app(scope, limited, answer)
        except Exception:  # it is answered already
            LOG.exception("a request failed")
        finally:
            seconds = time.monotonic() - began
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.metrics.requests.labels(route, method, status).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            LOG.info(
                "request",
                extra={
                    "fields": {"method": scope["method"], "route": route, "status": status, **noted}
                    | {"milliseconds": round(1000 * seconds, 1)}
                },
            )


class Limited:
    """Receives a request whose body has a limit of bytes and of time. Raises Refused past either."""

    def __init__(self, receive: Receive, limit: int, until: float) -> None:
        self.receive = receive
        self.limit = limit
        self.until = until
        self.size = 0
        self.whole = False

    async def __call__(self) -> Message:
        """The next part of the body; after the last, whatever is to be told, for as long as it takes."""
        if self.whole:
            return await self.receive()
        message = await self._in_time()
        if self.size > self.limit:
            while not self.whole and self.size < DISCARDED:
                await self._in_time()
            raise Refused(413, f"The request is larger than {self.limit:,} bytes.")
        return message

    async def _in_time(self) -> Message:
        try:
            message = await asyncio.wait_for(self.receive(), max(0.001, self.until - time.monotonic()))
        except asyncio.TimeoutError:
            self.whole = True
            raise Refused(408, f"The request did not come whole in {BODY_SECONDS:.0f} seconds.") from None
        self.size += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        return message
