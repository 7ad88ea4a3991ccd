"""What lies between the formulas and the machine: threads, and the memory that a step frees.

NumPy lets go of Python's lock while it computes, so that plain threads work side by side. BLAS runs
on one thread meanwhile, or its threads and ours would fight for the processors. A limit that
somebody has set, by a variable, a container or a call, is never raised.
"""

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

# from malloc.h: M_MMAP_THRESHOLD and M_TRIM_THRESHOLD, in bytes, and M_ARENA_MAX: the threads share
# one heap, and what is freed in it
GLIBC_OPTIONS = ((-3, 1 << 30), (-1, 1 << 30), (-8, 1))
# variables by which people limit the threads of numerical libraries
LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
CGROUPS = Path("/sys/fs/cgroup")
BROWSER = sys.platform == "emscripten"  # Python in a page: one thread, and no BLAS


# the seconds that this thread has computed; a page's Python has no such clock, and no other thread
own_seconds = getattr(time, "thread_time", time.perf_counter)


# -- how many --------------------------------------------------------------------------------------


def available_threads() -> int:
    """The threads that a model uses unless told.

    They are $COURSE_NN_THREADS, or else as many as the processors that this process may run on, its
    container's share of them, and the variables that limit BLAS and OpenMP allow. Raises ValueError
    if $COURSE_NN_THREADS is not a number from 1.

    >>> available_threads() >= 1
    True
    """
    given = os.environ.get("COURSE_NN_THREADS", "")
    if given:
        if not given.isdecimal() or int(given) < 1:
            raise ValueError(
                f"COURSE_NN_THREADS must be a number of threads, 1 or more, got {given!r}"
            )
        return int(given)
    set_by_variable = (os.environ.get(name, "").split(",")[0].strip() for name in LIMITS)
    limits = [int(n) for n in set_by_variable if n.isdecimal() and int(n) > 0]
    return min([_processors(), *limits, *container_limit()])


def _processors() -> int:
    if BROWSER:  # it starts no thread
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def container_limit(root: Path = CGROUPS) -> list[int]:
    """The whole processors that a container's quota allows: a number, or none without a quota.

    Parameters
    ----------
    root : where the kernel shows control groups; version 2 has `cpu.max`, version 1 two files.

    Examples
    --------
    >>> container_limit(Path("no-such-folder"))
    []
    """
    try:
        quota, period = (root / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return []
    unlimited = not (quota.isdecimal() and period.isdecimal() and int(period) > 0)
    return [] if unlimited else [max(int(quota) // int(period), 1)]


# -- BLAS ------------------------------------------------------------------------------------------


class _BlasLimit:
    """The limit on BLAS's threads that all who compute at this moment need together.

    The first to come notes what was set, the last to go puts it back, in whatever order several
    threads of a program come and go.
    """

    def __init__(self) -> None:
        self.lock, self.wanted = threading.Lock(), list[int]()
        self.before: list[tuple[Any, int]] = []
        self.now: list[int] = []  # what is set, as far as we know

    @contextmanager
    def __call__(self, count: int) -> Iterator[None]:
        with self.lock:
            if not self.wanted:
                self.before = [(lib, lib.get_num_threads()) for lib in _blas_libraries()]
                self.now = [count for _, count in self.before]
            self.wanted.append(count)
            self.apply()
        try:
            yield
        finally:
            with self.lock:
                self.wanted.remove(count)
                self.apply()

    def apply(self) -> None:
        """Sets what is wanted now; nobody's wish is what was set before."""
        for i, (library, before) in enumerate(self.before):
            count = min([before, *self.wanted])
            if count != self.now[i]:
                library.set_num_threads(count)
                self.now[i] = count

    def forget(self) -> None:
        """In a forked child: who computed in the parent does not compute here."""
        self.lock, self.wanted = threading.Lock(), []
        self.apply()


@cache
def _blas_libraries() -> list[Any]:
    return [] if BROWSER else ThreadpoolController().select(user_api="blas").lib_controllers


_blas_limit = _BlasLimit()


def blas_threads(count: int) -> Any:
    """Inside a `with`, BLAS runs on so many threads, or on fewer where fewer are set.

    >>> with blas_threads(1):
    ...     _ = np.ones((2, 2)) @ np.ones((2, 2))
    """
    return _blas_limit(count)


# -- sharing work ----------------------------------------------------------------------------------


class _Helper:
    """A thread that waits for work behind a lock: woken in a quarter of a pool's time."""

    def __init__(self) -> None:
        self.go, self.done = threading.Lock(), threading.Lock()
        self.go.acquire()
        self.done.acquire()
        self.work: Callable[[], None] | None = None
        self.error: BaseException | None = None
        threading.Thread(target=self.serve, name="course_nn", daemon=True).start()

    def serve(self) -> None:
        while True:
            self.go.acquire()
            try:
                self.work()  # type: ignore[misc]  # it was set before `go` was opened
            except BaseException as error:
                self.error = error
            self.work = None
            self.done.release()

    def start(self, work: Callable[[], None]) -> None:
        """Lets it begin."""
        self.work = work
        self.go.release()

    def finish(self) -> BaseException | None:
        """Waits until it is done; its error, if there was one."""
        self.done.acquire()
        error, self.error = self.error, None
        return error


_idle: list[_Helper] = []  # who calls takes its helpers out, and puts them back when they are done


def _helper() -> _Helper:
    try:
        return _idle.pop()
    except IndexError:
        return _Helper()


def _after_fork() -> None:
    """A forked child has none of the parent's threads: it makes its own when it computes."""
    _idle.clear()
    _blas_limit.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def share(work: Callable[[int, int], None], count: int, threads: int) -> None:
    """work(thread, k) for every k < count; thread t takes k = t, t + threads, ….

    The caller is thread 0. In a browser it is all of them, one after the other.

    >>> share(lambda thread, k: print(thread, k), count=2, threads=1)
    0 0
    0 1
    """

    def run(thread: int, step: int = threads) -> None:
        # a thread has settings of its own; `training` reports what is not finite
        with np.errstate(all="ignore"):
            for k in range(thread, count, step):
                work(thread, k)

    if count == 1 or threads == 1:
        run(0, 1)
        return
    if BROWSER:  # nobody can be started
        for thread in range(min(threads, count)):
            run(thread)
        return
    others = [_helper() for _ in range(1, min(threads, count))]
    for thread, other in enumerate(others, 1):
        other.start(partial(run, thread))
    try:
        run(0)
    finally:  # after an interrupt or an error, too: none works on alone
        errors = [other.finish() for other in others]
        _idle.extend(others)
    for error in filter(None, errors):
        raise error


# -- the heap --------------------------------------------------------------------------------------


@cache
def keep_freed_memory() -> bool:
    """Asks the C library to keep what a step frees; whether it could.

    Left to itself, glibc hands large freed arrays back to the system, and the next step gets them
    back page by page, each page zeroed at its first touch: a fifth of a step's time, on networks
    with large images.

    >>> keep_freed_memory() in (True, False)
    True
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another system, or another C library
        return False
    answers = [mallopt(option, value) for option, value in GLIBC_OPTIONS]
    return all(answers)
