"""Work that a forked process does beside this one, for as long as a block lasts."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator

from ..jobs import DIES_WITH_PARENT


@contextlib.contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """`work()` is done in a forked process while the block runs, and awaited at the block's end.

    Where no process can be forked, or it does not come to its end, the work is done here, so that
    what is wrong is raised here.
    """
    child, status = _forked(work), -1
    try:
        yield
        if child:
            status = os.waitpid(child, 0)[1]
    finally:
        if child and status < 0:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if status:
        work()


def _forked(work: Callable[[], None]) -> int:
    """The process that is at work; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the threads of BLAS are at rest
            child = os.fork()
    except OSError:
        return 0
    if child == 0:
        code = 1
        try:
            ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
            work()
            code = 0
        finally:
            os._exit(code)
    return child
