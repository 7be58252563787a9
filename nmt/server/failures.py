"""What the server refuses: a status of HTTP, and a sentence for whoever asked."""

from __future__ import annotations


class Refused(Exception):
    """A request that is not answered as asked. retry_after: in how many seconds it may be."""

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say so."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
