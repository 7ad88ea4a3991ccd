"""Where a benchmark ran: a time says nothing without the machine that it was taken on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


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


def load() -> tuple[float, ...]:
    """How many processes wanted a processor, over the last 1, 5 and 15 minutes."""
    return os.getloadavg() if hasattr(os, "getloadavg") else ()


def facts() -> dict[str, Any]:
    """Processor, cores, system and Python; the libraries' versions are the sides' to say."""
    return {
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}",
        "python": platform.python_version(),
        "load": load(),
    }
