"""How much memory this process holds, and held at most since a mark."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


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
