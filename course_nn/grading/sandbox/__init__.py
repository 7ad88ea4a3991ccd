"""Starts and ends the workers' server, in the kind of sandbox that is asked for.

A server never runs as root, and never runs a student's code: it forks a worker for each submission,
which limits and locks itself first (`worker.server`, `worker.lockdown`).
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import groups, kinds, shown
from .kinds import Launch

KINDS = tuple(kinds.BUILDERS)  # the strongest first
LAUNCHER = Path(__file__).with_name("launch.py")
NOBODYS = 0x70000000  # from here on users belong to nobody: each grader takes one of its own
OVERFLOW = 65534
FILES, ROOM = shown.FILES, shown.ROOM
interpreter = shown.interpreter


class SandboxError(Exception):
    """No worker can be started here; the message says why."""


@dataclass
class Process:
    """A running server: its process, the socket to it, and what its workers may do."""

    popen: subprocess.Popen
    control: socket.socket
    folder: Path
    readable: list[str]
    listable: list[str]
    fresh: bool  # whether each worker gets namespaces of its own
    group: groups.Group | None = None  # what bounds the memory of all together

    def why(self) -> str:
        """What was said last before the server stood, or nothing."""
        with contextlib.suppress(OSError):
            lines = (self.folder / "said").read_text(encoding="utf-8", errors="replace").split("\n")
            return next((line for line in reversed(lines) if line.strip()), "")[:300]
        return ""

    def kill(self) -> None:
        """End the server and all it started, close the socket, and remove its folder."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.kill()
        self.popen.wait()
        with contextlib.suppress(OSError):
            self.control.settimeout(2)
            while self.control.recv(1 << 16):
                pass  # the end of it: the last one inside is gone too
        self.control.close()
        if self.group:
            self.group.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(
    kind: str, hide: Sequence[Path] = (), allowed: Sequence[str] = (), memory: int = 1 << 30
) -> Process:
    """Start a server in a sandbox of this kind.

    Parameters
    ----------
    kind : one of KINDS.
    hide : folders that must not be seen, should they lie under one that is.
    allowed : packages beside NumPy that submissions may import.
    memory : bytes that a submission may use, all its processes together.

    Raises
    ------
    SandboxError : where it cannot be started.
    """
    folder, group = None, None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        packages = shown.packages(allowed)
        folder = Path(tempfile.mkdtemp(prefix="course-nn-worker-"))
        shown.furnish(folder, packages)
        wish = kinds.Wish(folder, packages, theirs.fileno(), hide, allowed)
        launch = kinds.BUILDERS[kind](wish)
        group = groups.make(memory)
        popen = spawn(launch, wish, group)
    except (OSError, shown.NotInstalled) as error:
        ours.close()
        if group:
            group.remove()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise SandboxError(f"no worker can be started here: {error}") from error
    finally:
        theirs.close()
    fresh = kind != "plain"
    return Process(popen, ours, folder, launch.readable, launch.listable, fresh, group)


def spawn(launch: Launch, wish: kinds.Wish, group: groups.Group | None) -> subprocess.Popen:
    """Start a process that hears and says nothing but through the wish's file descriptor."""
    joins, nothing = (group.joins if group else []), subprocess.DEVNULL
    plan = {
        "groups": joins, "user": nobody(), "reach": reached(launch, wish), "view": launch.view,
        "command": launch.command, "environment": kinds.ENVIRONMENT,
    }  # fmt: skip
    command = [sys.executable, "-I", "-S", "-B", str(LAUNCHER), json.dumps(plan)]
    with (wish.folder / "said").open("wb") as said:
        popen = subprocess.Popen(
            command, cwd=launch.cwd, env=kinds.ENVIRONMENT, pass_fds=[wish.fd, *joins],
            stdin=nothing, stdout=nothing, stderr=said, start_new_session=True,
        )  # fmt: skip
    if group:
        group.close()
    return popen


def reached(launch: Launch, wish: kinds.Wish) -> list[str]:
    """The files to which the worker's user must be let pass, where that is not root."""
    roots = [*shown.roots(), str(wish.folder), *map(str, wish.packages)]
    return list(dict.fromkeys([*roots, *(path for path in launch.readable if path != "/")]))


def nobody() -> int | None:
    """The user to be in place of root; None where this is not root, or no other user is known."""
    if os.geteuid() != 0:
        return None
    for user in (NOBODYS + os.getpid() % (1 << 22), OVERFLOW):
        if all(_mapped(user, Path("/proc/self", name)) for name in ("uid_map", "gid_map")):
            return user
    return None


def _mapped(user: int, table: Path) -> bool:
    """Whether a number stands for a user here (in a container few may)."""
    lines = (map(int, line.split()) for line in table.read_text(encoding="ascii").splitlines())
    return any(first <= user < first + count for first, _, count in lines)
