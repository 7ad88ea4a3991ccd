"""Where a benchmark ran: a time says nothing without the machine that it was taken on."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info


def processor() -> str:
    """The processor's name, as the system has it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """The processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def keep_to(processors: int) -> None:
    """Lets this process run on so many processors only, where the system can; 0: on all."""
    if processors and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])


def libraries() -> list[dict[str, Any]]:
    """The libraries of this process that have threads; for BLAS with the kernel that it chose.

    >>> import numpy
    >>> {"user_api", "num_threads"} <= set(libraries()[0])
    True
    """
    names = ("user_api", "prefix", "version", "architecture", "num_threads")
    return [{k: found[k] for k in names if k in found} for found in threadpool_info()]


def load() -> tuple[float, ...]:
    """How many processes wanted a processor, over the last 1, 5 and 15 minutes."""
    return os.getloadavg() if hasattr(os, "getloadavg") else ()


class Others:
    """What other programs, and the machine's other guests, use of the processors from now on."""

    def __init__(self) -> None:
        self.start = time.perf_counter(), _busy(), _own()

    def share(self) -> float | None:
        """Of all processors together, 0 to 1; None where the system does not count it.

        >>> share = Others().share()
        >>> share is None or share >= 0
        True
        """
        start, busy, own = self.start
        elapsed = (time.perf_counter() - start) * (os.cpu_count() or 1)
        if not busy:
            return None
        return max((_busy() - busy) - (_own() - own), 0.0) / elapsed


def _busy() -> float:
    """Seconds that all processors together have not been idle, on Linux."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _, _, *rest = map(int, stat.read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Seconds of processor time of this process and of its children that have ended."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def facts() -> dict[str, Any]:
    """Day, processor, cores, system, Python; the libraries' versions are the sides' to say."""
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()}, {' '.join(platform.libc_ver())}",
        "python": platform.python_version(),
        "load": load(),
    }
