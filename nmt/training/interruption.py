"""Ctrl-C and SIGTERM ask a training to stop at its next update; asked a second time, it stops at once."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType


class Interruption:
    """While it is entered, a first signal is only noted in `asked`, and the old handlers are put back for a second.

    A `patient` one only notes all of them: torchrun passes on its own beside that of the keyboard, and kills what does
    not end."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, *, patient: bool = False) -> None:
        self.patient = patient
        self.asked: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Interruption:
        try:
            self._before = {number: signal.signal(number, self._note) for number in self.SIGNALS}
        except ValueError:  # not the main thread: whoever runs that thread handles signals
            self._before = {}
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = number
        if not self.patient:
            self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
