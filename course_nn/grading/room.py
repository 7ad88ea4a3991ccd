"""A run's own folder for temporary files, which goes with the run, and after a sudden end with the
next one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "course-nn-grade-"
ALIVE = "alive"  # a file in it whose lock says that its run goes on


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """A folder in which all temporary files of this process lie while it is open.

    Folders that killed runs left behind are removed first.
    """
    above = tempfile.tempdir
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # a worker that is nobody finds its own folder in it
    lock = os.open(folder / ALIVE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        tempfile.tempdir = str(folder)
        yield folder
    finally:
        tempfile.tempdir = above
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(folder: Path) -> None:
    """Remove what killed runs of ours left in a folder."""
    for left in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            fd = os.open(left / ALIVE, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if left.stat().st_uid == os.getuid():
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(fd)
