"""API keys: a file with a name and the hash of a key on each line, and how often each client may ask."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from pathlib import Path

from nmt.errors import UserError
from nmt.server.failures import Refused

MOST_CLIENTS = 10_000
"""Clients that are counted at once; those that have not asked for the longest time are forgotten."""


def hashed(key: str) -> str:
    """The hash of a key. Keys are random and long, so that a fast one will do."""
    return hashlib.sha256(key.encode("utf-8", errors="replace")).hexdigest()


def new_key(path: Path, name: str) -> str:
    """Makes a key, and adds its hash to a file that only its owner can read. Raises UserError for names that cannot be,
    or are there already."""
    if len(name.split()) != 1 or name.startswith("#"):
        raise UserError(f"--new-key {name!r}: a name is one word that does not begin with #.")
    if path.exists() and name in _keys(path).values():
        raise UserError(f"{path} has a key of {name!r} already: take its line out, or choose another name.")
    key = secrets.token_urlsafe(24)
    unended = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(handle, "a", encoding="utf-8") as file:
        file.write("\n" * unended + f"{name}\t{hashed(key)}\n")
    return key


def read_keys(path: Path) -> dict[str, str]:
    """The names of keys by their hashes. Raises UserError for a line that is none, and where there are none."""
    found = _keys(path)
    if not found:
        raise UserError(f"{path} has no keys: make one by nmt serve --keys {path} --new-key NAME.")
    return found


def _keys(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) != 2 or len(words[1]) != 64 or words[1].strip("0123456789abcdef"):
            raise UserError(
                f"{path} line {number} is no name and hash: make keys by nmt serve --keys {path} --new-key NAME."
            )
        found[words[1]] = words[0]
    return found


class Clients:
    """Who may ask, and how often. keys: names by hashes, None where nobody needs one; rate: requests a minute that one
    may make, 0 for any number; as many may come at once."""

    def __init__(self, keys: dict[str, str] | None, rate: int) -> None:
        self.keys = keys
        self.rate = rate
        self._budgets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, key: str, address: str) -> str:
        """The name of a client: of its key, else its address. Raises Refused where it may not ask, or not yet."""
        name = address if self.keys is None else self._name(key)
        if self.rate:
            self._count(name)
        return name

    def _name(self, key: str) -> str:
        """Compares with every key in constant time."""
        assert self.keys is not None
        found, mine = None, hashed(key)
        for known, name in self.keys.items():
            if hmac.compare_digest(known, mine):
                found = name
        if found is None:
            raise Refused(403, "Invalid API key." if key else "This server wants an API key: send api_key.")
        return found

    def _count(self, name: str) -> None:
        now = time.monotonic()
        left, then = self._budgets.pop(name, (float(self.rate), now))
        left = min(self.rate, left + (now - then) * self.rate / 60)
        enough = left >= 1
        self._budgets[name] = (left - enough, now)
        if len(self._budgets) > MOST_CLIENTS:
            self._budgets.popitem(last=False)
        if not enough:
            wait = max(1, round((1 - left) * 60 / self.rate + 0.5))
            raise Refused(429, f"More than {self.rate} requests a minute: wait.", retry_after=wait)
