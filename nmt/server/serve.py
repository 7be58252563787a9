"""The application on a port."""

from __future__ import annotations

import errno
import json
import logging
import socket
import sys

import uvicorn

from nmt.errors import UserError
from nmt.server.shield import App

FINISHING_SECONDS = 60
"""Seconds that are left to what was accepted when the server is told to end."""
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
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(CONNECTIONS)  # from now on whoever asks waits, and is not turned away
    except socket.gaierror as error:
        raise UserError(f"--host {host} is no address here: {error.strerror}.") from None
    except OSError as error:
        mend = {
            errno.EADDRINUSE: "another program has it, choose another --port",
            errno.EACCES: "choose one above 1023",
        }
        raise UserError(f"--port {port}: {mend.get(error.errno or 0, error.strerror)}.") from None
    return found


def serve(app: App, found: socket.socket) -> None:
    """Answers on a socket until SIGINT or SIGTERM, then what was accepted before it."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=FINISHING_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[found])
