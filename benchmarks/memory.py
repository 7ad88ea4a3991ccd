"""How much memory this process holds, and held at most since a mark; what is freed, and kept."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
# from malloc.h, as our engine sets them: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD in bytes, M_ARENA_MAX
KEEP = ((-3, 1 << 30), (-1, 1 << 30), (-8, 1))


def keep_freed() -> bool:
    """Asks the C library to keep what is freed, as our engine does; whether it could be asked.

    Written here once more, so that a side can have it without course_nn.

    >>> keep_freed() in (True, False)
    True
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another system, or another C library
        return False
    answers = [mallopt(option, value) for option, value in KEEP]
    return all(answers)


def mark() -> int:
    """Forgets the peak so far, where the system can; returns the peak from which growth counts.

    >>> mark() > 0
    True
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak becomes what is held now
    return peak()


def peak() -> int:
    """The most memory that this process held since `mark`, in bytes.

    >>> peak() > 2**20
    True
    """
    if STATUS.exists():
        fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
