"""A control group for a server and all it starts: it bounds their memory together.

Where none may be made (no right to, no such file system) the limits of each process are the whole:
a sealed process can neither start another nor share memory with one.
"""

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "course-nn-"
SPARE = 128 << 20  # what the server itself needs beside a submission
PROCESSES = 64
MOUNTS, OWN = Path("/proc/self/mountinfo"), Path("/proc/self/cgroup")
SETTINGS = {  # by the version of control groups: what is written, where the file exists
    "cgroup2": {"memory.max": "{bytes}", "memory.swap.max": "0", "pids.max": "{processes}"},
    "cgroup": {"memory.limit_in_bytes": "{bytes}", "memory.memsw.limit_in_bytes": "{bytes}"},
}
_numbers = itertools.count(1)


@dataclass
class Group:
    """A control group of ours."""

    folder: Path
    version: str
    joins: list[int] = field(default_factory=list)  # descriptors: who writes 0 there is a member

    def close(self) -> None:
        """Close what a new member needed."""
        while self.joins:
            os.close(self.joins.pop())

    def remove(self) -> None:
        """Remove the group, once its members have ended."""
        self.close()
        for _ in range(50):
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.002)  # the last one is not quite gone
            else:
                return


def make(memory: int) -> Group | None:
    """Make a group for `memory` bytes beside what a server needs; None where none may be made."""
    for version, parent in _parents():
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        with contextlib.suppress(OSError):
            _sweep(parent)
            (parent / name).mkdir()
            group = Group(parent / name, version)
            try:
                _set(group, memory + SPARE)
                group.joins.append(os.open(group.folder / "cgroup.procs", os.O_WRONLY))
            except OSError:
                group.remove()
            else:
                return group
    return None


def _set(group: Group, size: int) -> None:
    """Write the limits; the first of them must hold."""
    for number, (name, text) in enumerate(SETTINGS[group.version].items()):
        path = group.folder / name
        if number == 0 or path.exists():
            path.write_text(text.format(bytes=size, processes=PROCESSES), encoding="ascii")


def _sweep(parent: Path) -> None:
    """Remove the groups of graders that were killed."""
    for folder in parent.glob(PREFIX + "*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", owner).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _parents() -> Iterator[tuple[str, Path]]:
    """The groups in which one of ours may lie, the likeliest first."""
    with contextlib.suppress(OSError):
        ours = [line.split(":", 2) for line in OWN.read_text(encoding="utf-8").splitlines()]
        for line in MOUNTS.read_text(encoding="utf-8").splitlines():
            before, _, after = line.partition(" - ")
            root, point = before.split()[3:5]
            version, _, options = after.split()[:3]
            for _, controllers, path in ours:
                if _is_for(version, options, controllers):
                    folder = Path(point, os.path.relpath(path, root))
                    yield version, folder
                    if version == "cgroup2" and folder != Path(point):
                        yield version, folder.parent


def _is_for(version: str, options: str, controllers: str) -> bool:
    """Whether a mounted tree is the one whose group bounds memory."""
    if version == "cgroup2":
        return controllers == ""
    memory = "memory" in options.split(",") and "memory" in controllers.split(",")
    return version == "cgroup" and memory
