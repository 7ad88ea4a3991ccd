"""What of the machine's files a worker may see: Python, NumPy, and packages that are allowed."""

import importlib.metadata
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy

from ... import worker

ROOM = Path(worker.__file__).resolve().parent
FILES = tuple(sorted(path.name for path in ROOM.glob("*.py")))  # all of ours that enters
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


class NotInstalled(Exception):
    """A package that is to be allowed is not there; the message says so."""


def interpreter() -> str:
    """Return the Python outside of any virtual environment: the worker sees no site packages."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def prefix() -> Path:
    """The folder of that Python."""
    return Path(sys.base_prefix).resolve()


def stdlib() -> Path:
    """The folder of its standard library."""
    return Path(sysconfig.get_path("stdlib")).resolve()


def library() -> list[str]:
    """All in the standard library but what is installed into it, and what C parts of it need."""
    ours = [
        path for path in stdlib().iterdir() if path.name not in ("site-packages", "dist-packages")
    ]
    return [str(path) for path in [*ours, *prefix().glob("lib/*.so*")]]


def system() -> list[str]:
    """What lies in the folders of the system's libraries, but what is Python's: see `library`."""
    found = []
    for folder in map(Path, LIBRARIES):
        inside = folder.resolve().iterdir() if folder.is_dir() else [folder]
        found += [str(path) for path in inside if not path.name.startswith("python")]
    return list(dict.fromkeys(found))


def roots() -> list[str]:
    """What a view of its own shows of Python: the interpreter, its libraries, and the system's."""
    found = [*LIBRARIES, interpreter(), str(prefix() / "lib"), str(stdlib())]
    return [path for path in dict.fromkeys(found) if Path(path).exists()]


def installed() -> list[Path]:
    """Where packages are installed: into that Python, the system's, and for the grader."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    usual = [prefix() / "lib" / version / "site-packages", prefix() / "lib/python3/dist-packages"]
    usual += [path for root in LIBRARIES for path in Path(root).glob("python*/*-packages")]
    ours = [Path(path) for path in sys.path if path]
    library = (stdlib(), stdlib() / "lib-dynload")
    return [*usual, *(path for path in ours if path.resolve() not in library)]


def inside(shown: Sequence[str], hidden: Sequence[Path]) -> list[str]:
    """Those of the hidden folders that lie in one that is shown."""
    roots = [Path(path).resolve() for path in shown]
    found = dict.fromkeys(path.resolve() for path in hidden if path.is_dir())
    return [str(path) for path in found if any(root in path.parents for root in roots)]


def packages(allowed: Sequence[str] = ()) -> list[Path]:
    """The folders and files of NumPy, and of what is allowed with all that it needs.

    Raises
    ------
    NotInstalled : naming the package that is not there.
    """
    package = Path(numpy.__file__).resolve().parent
    found = {path: None for path in (package, package.parent / "numpy.libs") if path.is_dir()}
    seen = {"numpy"}
    for name in allowed:
        found.update(dict.fromkeys(_with_needs(_distribution(name), seen)))
    return list(found)


def _distribution(name: str) -> importlib.metadata.Distribution:
    """A package by the name under which it is installed or imported."""
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        owners = importlib.metadata.packages_distributions().get(name)
    if not owners:
        raise NotInstalled(
            f"{name} is not installed here, so no submission can be allowed to use it"
        )
    return importlib.metadata.distribution(owners[0])


def _with_needs(package: importlib.metadata.Distribution, seen: set[str]) -> Iterator[Path]:
    """What a package has at the top of its folder, and what its requirements have."""
    name = _plain(package.metadata["Name"])
    if name in seen:
        return
    seen.add(name)
    tops = {file.parts[0] for file in package.files or [] if file.parts}
    for top in sorted(tops - {"..", "__pycache__"}):
        path = Path(str(package.locate_file(top))).resolve()
        if path.exists():
            yield path
    for line in package.requires or []:
        needed = re.match(r"[\w.-]+", line)
        if needed and "extra ==" not in line:
            try:
                other = importlib.metadata.distribution(needed[0])
            except importlib.metadata.PackageNotFoundError:
                continue  # needed elsewhere only
            yield from _with_needs(other, seen)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def furnish(folder: Path, found: Sequence[Path]) -> None:
    """Lay ours, and links to the packages, into a worker's folder, for any user to read."""
    for name in ("cwd", "packages", "worker", "root"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    folder.chmod(0o755)
    for name in FILES:
        shutil.copyfile(ROOM / name, folder / "worker" / name)
        (folder / "worker" / name).chmod(0o644)
    for path in found:
        (folder / "packages" / path.name).symlink_to(path)
