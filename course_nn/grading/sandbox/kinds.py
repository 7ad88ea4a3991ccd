"""How a server is started in each kind of sandbox: what it runs, sees, and may read.

"bwrap" and "namespace" give it files, processes, users and a network of its own: bubblewrap makes
them, or our own launcher. "plain" gives it the machine's, and leaves all to the worker's locks.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import shown

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
MATPLOTLIB = {"MPLBACKEND": "agg", "MPLCONFIGDIR": "."}  # it draws, and keeps nothing
ENVIRONMENT = {"PATH": "/nowhere", "LC_ALL": "C.UTF-8", **MATPLOTLIB, **dict.fromkeys(THREADS, "1")}
NAMESPACES = ("--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534")


class Launch(NamedTuple):
    """What to start, what its workers' own locks shall let them read and list, and its view."""

    command: list[str]
    cwd: Path
    readable: list[str]
    listable: list[str]
    view: dict[str, Any] | None = None  # of the files, where the launcher makes namespaces


class Wish(NamedTuple):
    """What a server is started with."""

    folder: Path  # its own
    packages: Sequence[Path]  # that it shows
    fd: int  # by which it is spoken to
    hide: Sequence[Path] = ()  # what it must not see
    allowed: Sequence[str] = ()  # what it loads beside NumPy, for all its workers


def plain(wish: Wish) -> Launch:
    """A process among the machine's others."""
    folder, packages = wish.folder, wish.packages
    own = [str(folder / "packages"), str(folder / "cwd"), *map(str, packages)]
    readable = [*shown.system(), *shown.DEVICES, *own, *shown.library()]
    listable = [str(shown.stdlib())]
    command = program(folder, folder / "packages", wish)
    return Launch(command, folder / "cwd", readable, listable)


LOAD = """
import importlib, os, sys
sys.path += [{packages!r}, {room!r}]
from worker.server import main
sys.path.pop()
true, os.access = os.access, lambda *given, **more: True
for name in {loaded!r}:
    try:
        importlib.import_module(name)
    except Exception:
        pass
os.access = true
main({fd})
"""  # matplotlib asks whether it may write; while it is loaded it is told so, and needs it no more
PARTS = {  # what is loaded along with a package, so that no worker has to
    "matplotlib": ("pyplot", "backends.backend_agg"),
    "scipy": ("linalg", "signal", "special", "stats", "optimize", "ndimage", "sparse"),
}


def program(room: Path, packages: Path, wish: Wish) -> list[str]:
    """What starts the server: packages stay importable, its own folder does not."""
    given = {"packages": str(packages), "room": str(room)}
    parts = [f"{name}.{part}" for name in wish.allowed for part in PARTS.get(name, ())]
    code = LOAD.format(**given, loaded=[*wish.allowed, *parts], fd=wish.fd)
    return [shown.interpreter(), "-I", "-S", "-B", "-c", code]


def bwrap(wish: Wish) -> Launch:
    """A process under bubblewrap. It keeps the right to make namespaces for its children."""
    program_file = shutil.which("bwrap")
    if program_file is None:
        raise FileNotFoundError("bubblewrap (bwrap) is not installed")
    command = [program_file, *NAMESPACES, "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]
    command += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "worker"]
    for key, value in ENVIRONMENT.items():
        command += ["--setenv", key, value]
    binds, hidden = view_of(wish)
    for source, target in binds:
        command += ["--ro-bind", source, target]
    for path in hidden:
        command += ["--tmpfs", path]
    for device in shown.DEVICES:
        command += ["--dev-bind", device, device]
    command += ["--chdir", "/cwd", "--remount-ro", "/"]
    command += ["--", *program(Path("/room"), Path("/packages"), wish)]
    return Launch(command, Path("/"), ["/"], [])


def namespace(wish: Wish) -> Launch:
    """A process in namespaces that our own launcher makes."""
    binds, hidden = view_of(wish)
    view = {
        "root": str(wish.folder / "root"), "shown": binds, "hidden": hidden,
        "devices": shown.DEVICES, "cwd": "/cwd",
    }  # fmt: skip
    command = program(Path("/room"), Path("/packages"), wish)
    return Launch(command, Path("/"), ["/"], [], view)


def view_of(wish: Wish) -> tuple[list[tuple[str, str]], list[str]]:
    """What is shown in a view of its own, and where; and what of that must lie hidden."""
    roots = shown.roots()
    binds = [(str(Path(path).resolve()), path) for path in roots]
    binds += [(str(package), f"/packages/{package.name}") for package in wish.packages]
    binds += [(str(wish.folder / "worker"), "/room/worker"), (str(wish.folder / "cwd"), "/cwd")]
    return binds, shown.inside(roots, [*wish.hide, *shown.installed()])


BUILDERS: dict[str, Callable[[Wish], Launch]] = {
    "bwrap": bwrap,
    "namespace": namespace,
    "plain": plain,
}
