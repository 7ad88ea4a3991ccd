"""The warm servers of this process, and the children they fork: one for each submission.

A server is started once for each kind of sandbox; it loads Python and NumPy, and never runs a
student's code. What a child may use is measured in its own time: the processor's being busy with
somebody else costs it nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import sub
from pathlib import Path

from ..worker.desk import SIZE, TRAY, Desk
from ..worker.protocol import Channel
from . import sandbox

STARTING = 30.0  # seconds until a child must stand
PROCESS = 2  # what makes a clock's number of a process's, beside its own: see clock_getcpuclockid
PATIENCE = 20  # on the wall a child may take so many times its own seconds
SEALS = 0x1 | 0x2 | 0x4  # F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW

Clocks = tuple[float, float, float]  # seconds: on the wall, waited, worked


@dataclass
class Child:
    """A forked worker: its pipes, the desk where its arguments lie, and the handle on it."""

    channel: Channel
    desk: Desk
    handle: int
    delays: int = -1
    clock: int = 0  # of the processor's time of all its threads together

    def __post_init__(self) -> None:
        with contextlib.suppress(OSError, IndexError, ValueError):
            text = Path(f"/proc/self/fdinfo/{self.handle}").read_text()
            pid = int(text.split("Pid:")[1].split()[0])
            self.clock = ~pid << 3 | PROCESS
            self.delays = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY)

    def worked(self) -> float:
        """The seconds that all its threads together were run; 0 where none counts."""
        with contextlib.suppress(OSError):
            return time.clock_gettime(self.clock) if self.clock else 0.0
        return 0.0

    def waited(self) -> float:
        """The seconds that its first thread could have run, but no processor was free; 0 where none
        counts."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            return int(os.pread(self.delays, 64, 0).split()[1]) / 1e9
        return 0.0

    def kill(self) -> None:
        """End it and all it started, close its pipes, and give back the desk."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            select.select([self.handle], [], [], 5)
        self.channel.close()
        self.desk.clear()
        for fd in (self.handle, self.delays):
            with contextlib.suppress(OSError):
                os.close(fd)


def clocks(child: Child) -> Clocks:
    """What a child's clocks say now."""
    return time.monotonic(), child.waited(), child.worked()


class Watch:
    """A child's own seconds from now on: those on the wall without those that it had to wait.

    Its threads may make each other wait; so what they worked, all together, counts too. `now` is
    what its clocks say, for whoever has just read them.
    """

    def __init__(
        self, child: Child, seconds: float, said: str = "", now: Clocks | None = None
    ) -> None:
        self.child, self.seconds, self.said = child, seconds, said
        self.start = now or clocks(child)

    def used(self, now: Clocks | None = None) -> float:
        """The seconds that it used; all that passed where waiting is not counted here."""
        passed, waited, worked = map(sub, now or clocks(self.child), self.start)
        return max(passed - waited, worked, 0.0)

    def left(self, now: Clocks | None = None) -> float:
        """The seconds that are left to it."""
        now = now or clocks(self.child)
        wall = PATIENCE * self.seconds - (now[0] - self.start[0])
        return min(self.seconds - self.used(now), wall)

    def __str__(self) -> str:
        return f"{self.seconds:g} s {self.said}".strip()


@dataclass
class Server:
    """One sandbox with a warm Python in it."""

    kind: str
    hide: tuple[Path, ...] = ()
    allowed: tuple[str, ...] = ()
    memory: int = 1 << 30  # bytes for a worker
    process: sandbox.Process | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def child(self) -> Child:
        """Fork a worker; a server that is gone is started again, once.

        Raises
        ------
        SandboxError : where there is none the second time either; it is not the student's fault.
        """
        with self.lock:
            try:
                return self._child()
            except (OSError, sandbox.SandboxError):
                self.close()
            try:
                return self._child()
            except OSError as error:
                why = self._why() or error
                self.close()
                raise sandbox.SandboxError(f"no worker can be started here: {why}") from error

    def _child(self) -> Child:
        if self.process is None:
            self._start()
        assert self.process is not None
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            theirs_read, ours_write = _pipe(theirs, ours)
            ours_read, theirs_write = _pipe(ours, theirs)
            desk_fd = _memory(theirs)
            desk = Desk(desk_fd)
            ours.callback(desk.clear)
            files = [theirs_read, theirs_write, desk_fd]
            socket.send_fds(self.process.control, [b"fork"], files)
            said, handles, _, _ = socket.recv_fds(self.process.control, 200, 1)
            if not handles:
                raise OSError(said.decode(errors="replace") or "the server is gone")
            ours.pop_all()
        os.set_blocking(ours_write, False)
        channel = Channel(ours_read, ours_write)
        return Child(channel, desk, handles[0])

    def _why(self) -> str:
        """What the server said before it ended, if it did."""
        return self.process.why() if self.process else ""

    def _start(self) -> None:
        """Start the server, and tell it what its children may do."""
        process = self.process = sandbox.start(self.kind, self.hide, self.allowed, self.memory)
        start = {
            "fresh": process.fresh,
            "readable": process.readable,
            "listable": process.listable,
        }
        process.control.settimeout(STARTING)
        process.control.send(json.dumps(start).encode())

    def close(self) -> None:
        """End the server and its children."""
        if self.process is not None:
            self.process.kill()
            self.process = None


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe, each end closed with its owner."""
    read, write = os.pipe()
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write


def _memory(owner: contextlib.ExitStack) -> int:
    """The desk's memory as a file, whose size nobody can change."""
    fd = os.memfd_create("desk", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    owner.callback(os.close, fd)
    os.ftruncate(fd, SIZE + TRAY)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd


# -- those of this process -------------------------------------------------------------------------

_servers: dict[tuple, Server] = {}
_lock = threading.Lock()


def server(
    kind: str, hide: Sequence[Path] = (), allowed: Sequence[str] = (), memory: int = 1 << 30
) -> Server:
    """The server of this process for a kind of sandbox; it starts when its first child does."""
    key = kind, tuple(hide), tuple(allowed), memory
    with _lock:
        return _servers.setdefault(key, Server(*key))


def close_servers() -> None:
    """End all servers of this process, and their children."""
    with _lock:
        for one in _servers.values():
            one.close()
        _servers.clear()


def _forget() -> None:
    """In a forked grader: the servers are the parent's, and talk to nobody else."""
    global _lock
    _lock = threading.Lock()
    for one in _servers.values():
        if one.process is not None:
            one.process.control.close()
    _servers.clear()


atexit.register(close_servers)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
