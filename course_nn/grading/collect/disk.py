"""Files on disk, found and opened without following a link or leaving the folder.

Every name is opened relative to its folder's descriptor and with O_NOFOLLOW: no link leads
anywhere, however a name changes meanwhile, and no path is too long.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .submission import Unreadable

MAX_BYTES = 128 << 20  # of one notebook: outputs of 50 MB are seen
MAX_DEPTH = 100  # folders in each other
MAX_NAMES = 20_000  # in one folder that somebody handed in
MAX_BELOW = 200_000  # entries under one name of the class's folder
SYSTEM = {
    "thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", "__macosx", ".localized", "icon\r",
    ".trashes", ".spotlight-v100", ".fseventsd", ".temporaryitems", "$recycle.bin",
    "system volume information", "lost+found", ".directory", ".git", ".gitignore",
    ".gitattributes", ".gitkeep", ".github", ".svn", ".hg", "__pycache__", ".venv",
    ".ipynb_checkpoints", ".virtual_documents", ".pytest_cache", ".mypy_cache", ".ruff_cache",
    ".idea", ".vscode", "node_modules",
}  # fmt: skip
SYSTEM_HEADS = ("~$", "._", ".~lock.", ".nfs")
KINDS = {
    stat.S_IFLNK: "a link, and links are not followed: the file itself is wanted",
    stat.S_IFIFO: "a pipe, no file",
    stat.S_IFSOCK: "a socket, no file",
    stat.S_IFCHR: "a device, no file",
    stat.S_IFBLK: "a device, no file",
}


def is_system(name: str) -> bool:
    """Whether an entry is an operating system's or a tool's, nobody's work.

    >>> is_system("Thumbs.db"), is_system("~$ex02.docx"), is_system(".x.ipynb")
    (True, True, False)
    """
    return name.casefold() in SYSTEM or name.startswith(SYSTEM_HEADS)


@dataclass(frozen=True)
class OnDisk:
    """Reads one file of a folder: `parts` are the names that lead to it."""

    root: str
    parts: tuple[str, ...]

    def __call__(self, most: int = MAX_BYTES) -> bytes:
        """Return its bytes; raise `Unreadable` where it cannot be read whole."""
        with self.opened() as fd:
            before = _regular(fd)
            data = _read(fd, most)
            after = os.fstat(fd)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Unreadable("it changed while it was read")
        return data

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        """Its descriptor, for as long as it is needed; raise `Unreadable` where there is none."""
        try:
            fd = open_below(self.root, self.parts)
        except OSError as error:
            raise Unreadable(why_not(error)) from error
        try:
            yield fd
        finally:
            os.close(fd)


def source_of(path: Path) -> OnDisk:
    """What reads one file, in the form that `Submission.read` has."""
    path = Path(os.path.abspath(path))
    return OnDisk(str(path.parent), (path.name,))


def open_below(root: str, parts: tuple[str, ...]) -> int:
    """Open a file or folder under `root`, name by name, following no link.

    Raises
    ------
    OSError : where a name is not there, is a link, or may not be opened.
    """
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for i, name in enumerate(parts):
        folder = os.O_DIRECTORY if i < len(parts) - 1 else os.O_NONBLOCK | os.O_NOCTTY
        try:
            below = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | folder, dir_fd=fd)
        finally:
            os.close(fd)
        fd = below
    return fd


def _regular(fd: int) -> os.stat_result:
    found = os.fstat(fd)
    if stat.S_ISDIR(found.st_mode):
        raise Unreadable("it is a folder, not a notebook")
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(f"it is {KINDS.get(stat.S_IFMT(found.st_mode), 'no ordinary file')}")
    return found


def _read(fd: int, most: int) -> bytes:
    parts, left = [], most + 1
    try:
        while left and (part := os.read(fd, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
    except OSError as error:
        raise Unreadable(why_not(error)) from error
    if not left:
        raise Unreadable(f"it is larger than {most >> 20} MiB")
    return b"".join(parts)


def why_not(error: OSError) -> str:
    """Why something could not be opened, in words; no path of this machine is in them."""
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return f"it is {KINDS[stat.S_IFLNK]}"
    if error.errno in (errno.ENOENT, errno.ESTALE, errno.ENOTDIR):
        return "it is not there any more: it was removed or renamed meanwhile"
    if error.errno == errno.ENXIO:
        return f"it is {KINDS[stat.S_IFSOCK]}"
    return f"it may not be read ({error.strerror or type(error).__name__})"


# -- walking ---------------------------------------------------------------------------------------


@dataclass
class Found:
    """One entry: a file to read, or why it is none.

    parts : the names that lead to it, through folders and archives.
    kind : "file", "folder" (an empty one), "system" (passed over) or "problem".
    time : when it was last changed, seconds since 1970; 0 where not known.
    disguised : whether it is a notebook though its name ends otherwise.
    """

    parts: tuple[str, ...]
    kind: str
    read: Callable[..., bytes] | None = None
    problem: str = ""
    size: int = 0
    time: float = 0.0
    disguised: bool = False


@dataclass
class Walk:
    """Goes through a folder. What is in `leave_out`, files or folders, is not seen."""

    root: Path
    leave_out: tuple[Path | None, ...] = ()
    left: int = field(default=MAX_BELOW)
    device: int = 0
    unseen: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for path in self.leave_out:
            with contextlib.suppress(OSError):
                status = os.stat(path) if path is not None else None
                self.unseen |= {(status.st_dev, status.st_ino)} if status else set()

    def __iter__(self) -> Iterator[Found]:
        """Every entry below the root, its own names sorted.

        Raises
        ------
        OSError : where the folder itself cannot be read.
        """
        fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.device = os.fstat(fd).st_dev
            for name in sorted(os.listdir(fd)):
                self.left = MAX_BELOW
                yield from self._entry(fd, (name,))
        finally:
            os.close(fd)

    def _entry(self, folder: int, parts: tuple[str, ...]) -> Iterator[Found]:
        self.left -= 1
        if is_system(parts[-1]):
            read = OnDisk(os.path.abspath(self.root), parts) if parts[-1] == ".git" else None
            yield Found(parts, "system", read)
            return
        try:
            status = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            yield Found(parts, "problem", problem=why_not(error).removeprefix("it "))
            return
        if (status.st_dev, status.st_ino) in self.unseen:
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._folder(folder, parts, status)
        elif stat.S_ISREG(status.st_mode):
            read = OnDisk(os.path.abspath(self.root), parts)
            yield Found(parts, "file", read, "", status.st_size, status.st_mtime)
        else:
            kind = KINDS.get(stat.S_IFMT(status.st_mode), "no ordinary file")
            yield Found(parts, "problem", problem=f"is {kind}")

    def _folder(
        self, above: int, parts: tuple[str, ...], status: os.stat_result
    ) -> Iterator[Found]:
        if problem := self._too_far(parts, status):
            yield Found(parts, "problem", problem=problem)
            return
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(parts[-1], flags, dir_fd=above)
        except OSError as error:
            yield Found(parts, "problem", problem=why_not(error).removeprefix("it "))
            return
        try:
            yield from self._inside(fd, parts)
        finally:
            os.close(fd)

    def _inside(self, fd: int, parts: tuple[str, ...]) -> Iterator[Found]:
        try:
            names = sorted(os.listdir(fd))
        except OSError as error:
            yield Found(parts, "problem", problem=why_not(error).removeprefix("it "))
            return
        if len(names) > min(MAX_NAMES, self.left):
            most = f"holds {len(names)} entries, more than are looked at"
            yield Found(parts, "problem", problem=most)
            return
        if not names:
            yield Found(parts, "folder")
        for name in names:
            yield from self._entry(fd, (*parts, name))

    def _too_far(self, parts: tuple[str, ...], status: os.stat_result) -> str:
        if len(parts) > MAX_DEPTH:
            return f"lies more than {MAX_DEPTH} folders deep"
        if status.st_dev != self.device:
            return "is another file system, mounted here, and is not entered"
        return ""
