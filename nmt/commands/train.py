"""`nmt train`."""

from __future__ import annotations


def train(words: list[str]) -> int:
    """Trains a translator on your own files: nmt train --data.train A.en A.de --output DIR."""
    from nmt.training.run import train_command

    return train_command(words)
