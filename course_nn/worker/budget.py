"""Ends a statement that takes too long, without losing the worker that runs it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TooLong(BaseException):
    """Raised inside a statement whose time is up; no `except Exception` of a student catches it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TooLong inside the block after so much of this process's own time; 0 for never.

    In a thread, or where there are no such timers, never.

    >>> with limited(0.01):
    ...     while True: pass
    Traceback (most recent call last):
    course_nn.worker.budget.TooLong: it did not come to an end within 0.01 s of processor time
    """
    timer = getattr(signal, "setitimer", None)
    if not seconds or timer is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TooLong(f"it did not come to an end within {seconds:.3g} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    try:
        timer(signal.ITIMER_PROF, seconds)
        yield
    finally:
        timer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
