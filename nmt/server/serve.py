"""The application on a port."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import socket
import sys

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from nmt.errors import UserError
from nmt.server.shield import App

FINISHING_SECONDS = 60
"""Seconds that are left to what was accepted when the server is told to end."""
HEADER_SECONDS = 10
"""Seconds in which a new connection must have said what it wants."""
MOST_PORT = 65_535
CONNECTIONS = 1000
"""Most connections at once; more are answered 503."""

MENDS = {errno.EADDRINUSE: "another program has it, choose another", errno.EACCES: "choose one above 1023"}


class JsonLines(logging.Formatter):
    """Log records as JSON, one a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


def log_to_stderr() -> None:
    """Writes what the server and uvicorn log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (("nmt.server", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def listen(host: str, port: int) -> socket.socket:
    """A socket on a port. Raises UserError where there is none to be had."""
    if port > MOST_PORT:
        raise UserError(f"--port is {port}; give {MOST_PORT:,} at most, or 0 for any that is free.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(CONNECTIONS)  # from now on whoever asks waits, and is not turned away
    except (socket.gaierror, UnicodeError) as error:  # a..b is no name that could be looked up
        raise UserError(f"--host {host} is no address here: {getattr(error, 'strerror', 'no such name')}.") from None
    except OSError as error:
        raise UserError(f"--port {port}: {MENDS.get(error.errno or 0, error.strerror)}.") from None
    return found


class Prompt(H11Protocol):
    """HTTP that hangs up on a client which has asked for nothing in `HEADER_SECONDS`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As asyncio has it."""
        super().connection_made(transport)
        self.loop.call_later(HEADER_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        if self.cycle is None:
            self.transport.close()


def serve(app: App, found: socket.socket) -> None:
    """Answers on a socket until SIGINT or SIGTERM, then what was accepted before it."""
    config = uvicorn.Config(
        app,
        http=Prompt,
        proxy_headers=False,  # whoever asks could say to be someone else
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=FINISHING_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[found])
