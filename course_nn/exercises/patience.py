"""Ends a call that takes too long, where the system can: so that an endless loop costs seconds."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SECONDS = 5.0  # of one call, and of all calls of one check together
AGAIN = 0.05  # seconds until a call that has caught TooSlow is stopped once more


class TooSlow(BaseException):
    """Raised inside a call whose time is up; no `except Exception` of the student's catches it."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raises TooSlow inside the block when the time is up, and again as long as something catches
    it; in a thread, or without timers, never.

    >>> with limited(60):
    ...     "soon"
    'soon'
    """
    timer = getattr(signal, "setitimer", None)
    if timer is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    running, outside, traced = True, sys._getframe().f_back, sys.gettrace()
    outside = outside.f_back if outside else None  # the frame whose block this limits

    def stop(_: int, frame: FrameType | None) -> None:
        if running:
            _raise_at_the_next_line(frame, outside)
            raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    try:
        timer(signal.ITIMER_REAL, seconds, AGAIN)
        yield
    finally:
        running = False
        timer(signal.ITIMER_REAL, 0)
        if sys.gettrace() is not traced:
            sys.settrace(traced)
        signal.signal(signal.SIGALRM, before)


def _raise_at_the_next_line(frame: FrameType | None, outside: FrameType | None) -> None:
    """Raises TooSlow once more where it was caught, so that `except: pass` does not go on."""

    def again(_: FrameType, event: str, __: Any) -> Any:
        if event == "line":
            raise TooSlow
        return again

    while frame is not None and frame is not outside:
        frame.f_trace, frame = again, frame.f_back
    sys.settrace(lambda *_: None)
