"""What the routes share: the parts of the server, and what is done for every request that is given to translate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from fastapi import Request

from nmt.server.downloads import Downloads
from nmt.server.failures import Refused
from nmt.server.keys import Clients
from nmt.server.limits import Limits
from nmt.server.metrics import Metrics
from nmt.server.service import Found, Service

Result = TypeVar("Result")


class Keyed(Protocol):
    """What a request asks for, with its API key."""

    api_key: str


@dataclass(frozen=True)
class Server:
    """All that the routes use. origins: those of other sites' pages that may ask, "*" for all; log_text: whether texts
    are logged."""

    service: Service
    clients: Clients
    metrics: Metrics
    downloads: Downloads
    origins: Sequence[str] = ()
    log_text: bool = False

    @property
    def limits(self) -> Limits:
        """Of a request."""
        return self.service.limits

    def admit(self, request: Request, asked: Keyed) -> None:
        """Counts a request to its client. Raises Refused where it may not ask, or not yet."""
        key = asked.api_key or request.headers.get("authorization", "").removeprefix("Bearer ")
        client = self.clients.admit(key, request.client.host if request.client else "")
        if self.clients.keys is not None:
            self.note(request, client=client)

    def note(self, request: Request, **fields: object) -> None:
        """Adds to what is logged of a request."""
        request.scope["state"]["noted"].update(fields)

    def note_text(self, request: Request, found: Sequence[Found]) -> None:
        """Adds the translations to what is logged, where texts are."""
        if self.log_text:
            self.note(request, translatedText=[one.text for one in found])

    def measure(self, request: Request, texts: Sequence[str], limits: Limits) -> None:
        """Raises Refused for texts that are too many or too long."""
        characters = sum(map(len, texts))
        self.note(request, texts=len(texts), characters=characters)
        if self.log_text:
            self.note(request, q=list(texts))
        if len(texts) > limits.texts:
            raise Refused(400, f"These are {len(texts):,} texts; at most {limits.texts:,} are translated at once.")
        if characters > limits.characters:
            raise Refused(400, f"These are {characters:,} characters; at most {limits.characters:,} are translated.")
        self.metrics.characters.inc(characters)

    async def answered(self, request: Request, work: Awaitable[Result], limits: Limits) -> Result:
        """The result of some work, which is given up when it takes too long, or when nobody waits for it."""
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({task, gone}, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if gone.done():
                raise Refused(499, "The client is gone.")
            raise Refused(503, f"This took longer than {limits.seconds:g} seconds: send less at once.", retry_after=5)
        finally:
            task.cancel()
            gone.cancel()


async def _gone(request: Request) -> None:
    """Ends when the client of a request, whose body is read, is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
