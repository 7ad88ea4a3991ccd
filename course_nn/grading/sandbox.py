"""Starts and ends the workers' server: under bubblewrap where it works, else a plain process.

In both, a worker limits and locks itself before the student's code runs (`worker.program`,
`worker.lockdown`); bubblewrap adds an own file system, no network and an own process table.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy

from .. import worker

ROOM = Path(worker.__file__).resolve().parent
FILES = tuple(sorted(path.name for path in ROOM.glob("*.py")))  # all that enters the sandbox
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

NAMESPACES = ("--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534")


class SandboxError(Exception):
    """No worker can be started here; the message says why."""


class Launch(NamedTuple):
    """How to start a worker, and what its own locks shall let it read and list."""

    command: list[str]
    cwd: Path
    readable: list[str]
    listable: list[str]


@dataclass
class Process:
    """A running server: its process, the socket to it, and its folder."""

    popen: subprocess.Popen
    control: socket.socket
    folder: Path
    readable: list[str]
    listable: list[str]

    def kill(self) -> None:
        """End the server and all it started, close the socket, and remove its folder."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.kill()
        self.popen.wait()
        self.control.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def interpreter() -> str:
    """Return the Python outside of any virtual environment: the worker sees no site packages."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def start(kind: str, hide: Sequence[Path] = ()) -> Process:
    """Start a server in a sandbox of this kind, "bwrap" or "plain".

    `hide` names folders that bubblewrap must not show, should they lie under one that it does.
    """
    folder = None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        folder = Path(tempfile.mkdtemp(prefix="course-nn-worker-"))
        for name in ("cwd", "packages", "worker"):
            (folder / name).mkdir()
        build = _bwrap if kind == "bwrap" else _plain
        launch = build(folder, theirs.fileno(), hide)
        popen = spawn(launch, theirs.fileno())
    except OSError as error:
        ours.close()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise SandboxError(f"no worker can be started here: {error}") from error
    finally:
        theirs.close()
    return Process(popen, ours, folder, launch.readable, launch.listable)


def spawn(launch: Launch, fd: int) -> subprocess.Popen:
    """Start a process that hears and says nothing but through this file descriptor."""
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        launch.command, cwd=launch.cwd, env=_environment(), pass_fds=[fd],
        stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True,
    )  # fmt: skip


def _environment() -> dict[str, str]:
    return {"PATH": "/nowhere", "LC_ALL": "C.UTF-8", **dict.fromkeys(THREADS, "1")}


def _numpy_folders() -> list[Path]:
    package = Path(numpy.__file__).resolve().parent
    return [path for path in (package, package.parent / "numpy.libs") if path.is_dir()]


def _plain(folder: Path, fd: int, hide: Sequence[Path]) -> Launch:
    for package in _numpy_folders():
        (folder / "packages" / package.name).symlink_to(package)
    for name in FILES:
        shutil.copy(ROOM / name, folder / "worker")
    command = _command(folder, folder / "packages", fd)
    stdlib = Path(sysconfig.get_path("stdlib"))
    modules = [str(p) for p in stdlib.iterdir() if p.name not in ("site-packages", "dist-packages")]
    own = [str(folder / "packages"), str(folder / "cwd"), *map(str, _numpy_folders())]
    readable = [*LIBRARIES, *DEVICES, *own, *modules]
    return Launch(command, folder / "cwd", readable, [str(stdlib)])


def _command(room: Path, packages: Path, fd: int) -> list[str]:
    """What starts the server: NumPy stays importable, its own folder does not."""
    code = f"import sys; sys.path += [{str(packages)!r}, {str(room)!r}]; "
    code += f"from worker.server import main; sys.path.pop(); main({fd})"
    return [interpreter(), "-I", "-S", "-B", "-c", code]


def _bwrap(folder: Path, fd: int, hide: Sequence[Path]) -> Launch:
    prefix = Path(sys.base_prefix).resolve()
    shown = [path for path in (*LIBRARIES, str(prefix)) if os.path.exists(path)]
    command = [_bwrap_path(), *NAMESPACES]
    command += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    command += ["--hostname", "worker", "--proc", "/proc", "--dev", "/dev"]
    for key, value in _environment().items():
        command += ["--setenv", key, value]
    for path in shown:
        command += ["--ro-bind", path, path]
    for path in _inside(shown, [*hide, *_site_packages(prefix)]):
        command += ["--tmpfs", path]
    for package in _numpy_folders():
        command += ["--ro-bind", str(package), f"/packages/{package.name}"]
    for name in FILES:
        command += ["--ro-bind", str(ROOM / name), f"/room/worker/{name}"]
    command += ["--ro-bind", str(folder / "cwd"), "/cwd", "--chdir", "/cwd", "--remount-ro", "/"]
    command += ["--", *_command(Path("/room"), Path("/packages"), fd)]
    return Launch(command, Path("/"), ["/"], [])


def _bwrap_path() -> str:
    return shutil.which("bwrap") or ""


def _site_packages(prefix: Path) -> list[Path]:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [prefix / "lib" / version / "site-packages", prefix / "lib/python3/dist-packages"]


def _inside(shown: list[str], hidden: Sequence[Path]) -> list[str]:
    roots = [Path(path).resolve() for path in shown]
    found = [path.resolve() for path in hidden if path.is_dir()]
    return [str(path) for path in found if any(root in path.parents for root in roots)]
