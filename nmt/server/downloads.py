"""Translated files, kept for a while under names that nobody guesses."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import NamedTuple

KEPT_SECONDS = 600
MOST_BYTES = 2**25


class Download(NamedTuple):
    """A file to be fetched: its name, its content, and until when it is there."""

    name: str
    content: bytes
    until: float


class Downloads:
    """Files in memory: until they are ten minutes old, or newer ones need their room."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, Download] = OrderedDict()

    def keep(self, name: str, content: bytes) -> str:
        """Keeps a file; gives the word that it is fetched with."""
        self._forget()
        word = secrets.token_urlsafe(16)
        self._files[word] = Download(name, content, time.monotonic() + KEPT_SECONDS)
        while len(self._files) > 1 and sum(len(file.content) for file in self._files.values()) > MOST_BYTES:
            self._files.popitem(last=False)
        return word

    def get(self, word: str) -> Download | None:
        """A file, while it is there."""
        self._forget()
        return self._files.get(word)

    def _forget(self) -> None:
        now = time.monotonic()
        for word in [word for word, file in self._files.items() if file.until < now]:
            del self._files[word]
