"""One grader at a time: a lock on a folder that says who holds it, and ends with its holder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

NAME = "gradebook.lock"


class Locked(Exception):
    """Another grader is at work; the message says who, since when, and what to do."""


class Lock:
    """The kernel's lock on OUT/gradebook.lock, whose text says who holds it.

    The kernel takes it from a process that dies, so none is ever left behind. Where a file system
    has no such locks, the text decides: a process that no longer runs holds nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self.fd = folder / NAME, -1

    def take(self) -> None:
        """Take it.

        Raises
        ------
        Locked : where another process holds it.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        left = _read(fd)
        if not _lock(fd, left):
            os.close(fd)
            raise Locked(_sentence(self.path, left))
        self.fd = fd
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        holder = {"process": os.getpid(), "machine": socket.gethostname(), "since": since}
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, json.dumps(holder).encode(), 0)

    def release(self) -> None:
        """Give it back."""
        if self.fd >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self.fd, 0)
            os.close(self.fd)
            self.fd = -1


def _read(fd: int) -> dict[str, Any]:
    try:
        found = json.loads(os.pread(fd, 4096, 0))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _lock(fd: int, left: dict[str, Any]) -> bool:
    """Whether the kernel gives us the lock; without its help, whether its last holder is gone."""
    try:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # Windows, or a file system without locks
        return not left or (left.get("machine") == socket.gethostname() and not _runs(left))
    return True


def _runs(left: dict[str, Any]) -> bool:
    try:
        os.kill(int(left["process"]), 0)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _sentence(path: Path, left: dict[str, Any]) -> str:
    who = f"process {left.get('process', '?')} on {left.get('machine', '?')}"
    since = f", since {left['since']}" if "since" in left else ""
    return (
        f"another grader is at work in {path.parent} ({who}{since}): wait until it has ended, "
        f"or end it; if it ended without a word, delete {path.name} there"
    )
