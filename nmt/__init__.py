"""Recurrent machine translation: train, translate, evaluate. `nmt.load(folder)` gives a translator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nmt.translator import Translator

__version__ = "0.1.0"


def load(folder: str | Path) -> Translator:
    """The translator that lies in a model folder, as a training or `nmt compress` leaves one. It computes on a graphics
    card where there is one. Raises UserError when the folder is no model.

    >>> translator = nmt.load("runs/mine")
    >>> translation = translator.translate("The child sees the book.")
    >>> isinstance(translation.text, str)
    True

    >>> nmt.load("nowhere")
    Traceback (most recent call last):
    nmt.errors.UserError: nowhere is no folder: give a model folder, as --output of a training run.

    PyTorch is imported here rather than with the package, so that `nmt --help` answers at once.
    """
    from nmt.translator import Translator

    return Translator.load(Path(folder))
