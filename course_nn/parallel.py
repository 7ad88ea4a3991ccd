"""What lies between the formulas and the machine: threads, and the memory that a step frees.

NumPy lets go of Python's lock while it computes, so that plain threads work side by side. BLAS runs
on one thread meanwhile, or its threads and ours would fight for the processors.
"""

import ctypes
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

# from malloc.h: M_MMAP_THRESHOLD and M_TRIM_THRESHOLD, in bytes, and M_ARENA_MAX: the threads share
# one heap, and what is freed in it
GLIBC_OPTIONS = ((-3, 1 << 30), (-1, 1 << 30), (-8, 1))


def available_threads() -> int:
    """The threads that a model uses unless told.

    They are $COURSE_NN_THREADS, or as many as the processors that this process may run on. Raises
    ValueError if the variable is not a number from 1.

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
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="course_nn")


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def blas_threads(count: int) -> AbstractContextManager:
    """Inside a `with`, BLAS runs on so many threads; afterwards as before.

    >>> with blas_threads(1):
    ...     _ = np.ones((2, 2)) @ np.ones((2, 2))
    """
    return _libraries().limit(limits=count, user_api="blas")


@cache
def keep_freed_memory() -> bool:
    """Asks the C library to keep what a step frees, for the next; whether it could be asked.

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


def share(work: Callable[[int, int], None], count: int, threads: int) -> None:
    """work(thread, k) for every k < count; thread t takes k = t, t + threads, ….

    The caller is thread 0.

    >>> share(lambda thread, k: print(thread, k), count=2, threads=1)
    0 0
    0 1
    """

    def run(thread: int) -> None:
        # a thread has settings of its own; `training` reports what is not finite
        with np.errstate(all="ignore"):
            for k in range(thread, count, threads):
                work(thread, k)

    others = [_pool(threads).submit(run, thread) for thread in range(1, min(threads, count))]
    run(0)
    for other in others:
        other.result()


def cut(count: int, size: int) -> list[slice]:
    """`count` rows in slices of `size`; the last may be smaller.

    >>> cut(10, 4)
    [slice(0, 4, None), slice(4, 8, None), slice(8, 10, None)]
    """
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def even_size(count: int, limit: int, threads: int, multiple: int) -> int:
    """The size of slices that gives every thread as many as the others.

    It is at most about `limit`, and a multiple of `multiple`.

    >>> even_size(256, limit=112, threads=2, multiple=16)
    64
    """
    parts = math.ceil(math.ceil(count / limit) / threads) * threads
    return math.ceil(count / parts / multiple) * multiple
