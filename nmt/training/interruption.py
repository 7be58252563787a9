"""Ctrl-C, SIGTERM and a terminal that is closed ask a training to stop at its next update; asked a second time by one
of the first two, it stops at once."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType


class Interruption:
    """While it is entered, a first signal is only noted in `asked`, and the old handlers are put back for a second.

    A `patient` one only notes all of them: torchrun passes on its own beside that of the keyboard, and kills what does
    not end. SIGHUP counts as SIGTERM and may come twice, from terminal and shell; nohup ignores it."""

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
        hung_up = number == signal.SIGHUP
        self.asked = signal.SIGTERM if hung_up else number
        if not self.patient and not hung_up:
            self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
