"""Ends a call that takes too long, where the system can: so that an endless loop costs seconds."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SECONDS = 5.0


class TooSlow(BaseException):
    """Raised inside a call whose time is up; no `except Exception` of the student's catches it."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raises TooSlow inside the block when the time is up; in a thread, or without timers, never.

    >>> with limited(60):
    ...     "soon"
    'soon'
    """
    timer = getattr(signal, "setitimer", None)
    if timer is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    try:
        timer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        timer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
