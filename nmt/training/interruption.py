"""Ctrl-C, SIGTERM and a terminal that is closed ask a training to stop at its next update; a second Ctrl-C or SIGTERM
stops it at once."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType


class Interruption:
    """While it is entered, a first signal is only noted in `asked`, and the old handlers are put back for a second.

    A `patient` one only notes all of them: torchrun passes on its own beside that of the keyboard, and kills what does
    not end. SIGHUP counts as SIGTERM and is always noted alone: it may come twice, from terminal and shell, or after
    another signal, from a session that ends. Under nohup it is ignored."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, *, patient: bool = False) -> None:
        self.patient = patient
        self.asked: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Interruption:
        try:
            heard = [one for one in self.SIGNALS if one != signal.SIGHUP or signal.getsignal(one) != signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._note) for number in heard}
        except ValueError:  # not the main thread: whoever runs that thread handles signals
            self._before = {}
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self.asked = self.asked or signal.SIGTERM
            return
        self.asked = number
        if not self.patient:
            self._restore(signal.SIGINT, signal.SIGTERM)

    def _restore(self, *numbers: int) -> None:
        for number in numbers:
            if number in self._before:
                signal.signal(number, self._before.pop(number))  # type: ignore[arg-type]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore(*self.SIGNALS)
