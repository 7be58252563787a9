"""How much the server does for one request, and how much it keeps waiting."""

from __future__ import annotations

from dataclasses import dataclass

ALTERNATIVES = 10
"""Most alternatives of a translation."""
FILE_FACTOR = 10
"""How much larger a file may be than a text, and how much longer it may take."""


@dataclass(frozen=True)
class Limits:
    """characters: of a request; texts: in its array; seconds: until it is answered; queue: requests that wait."""

    characters: int = 20_000
    texts: int = 500
    seconds: float = 60.0
    queue: int = 256

    @property
    def body(self) -> int:
        """Most bytes of a request: a character is up to twelve, as two escapes of JSON."""
        return 12 * self.characters + 2**14

    def of_file(self) -> Limits:
        """The limits of a file."""
        return Limits(FILE_FACTOR * self.characters, 1, FILE_FACTOR * self.seconds, self.queue)
