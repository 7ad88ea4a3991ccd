"""Zips and tars, read member by member; nothing is written and nothing unpacks without a bound.

An archive is somebody's work too: its names may climb, its sizes may lie, its members may be links
or have a password, and it may hold itself. What cannot be read is an entry with its reason.
"""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import io
import itertools
import lzma
import os
import re
import stat
import tarfile
import time
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from .disk import KINDS, MAX_BYTES, MAX_DEPTH, Found, OnDisk, is_system
from .names import shown
from .submission import Unreadable

MAX_UNPACKED = 256 << 20  # bytes of an archive that lies packed, in another or in itself
MAX_UNPACKED_OF_ONE = 1 << 30  # bytes of all such archives under two names of a path
MAX_UNPACKED_BELOW = 16 << 30  # and under one
OPENING = 1 << 17  # bytes that opening an archive counts as, however small it is
MAX_NESTED = 3  # archives in each other
MAX_MEMBERS = 50_000  # of an archive that lies in the class's folder
MAX_MEMBERS_INSIDE = 5_000  # of one that lies deeper
LONGEST_NAME = 255  # bytes, as on disk
MAX_LISTING = 24 << 20  # bytes that an archive's own list of members may have
MOST_DEFLATED = 1100  # deflate makes no more of one byte
ENDS = {
    ".zip": "zip", ".tar": "tar", ".tgz": "tar", ".tbz2": "tar", ".txz": "tar",
    ".tar.gz": "tar", ".tar.bz2": "tar", ".tar.xz": "tar", ".gz": "gz",
}  # fmt: skip
HEAD = 1 << 12  # bytes of a file by which it is told what it is
WRAPPED = re.compile(  # how a browser names a notebook that it takes for a text; "(1)" the second
    r"(?P<stem>.+)\.ipynb(?P<copy> ?\(\d{1,3}\))?\.(?P<end>\w{1,12})", re.I | re.S
)
FOREIGN = (".rar", ".7z", ".zipx", ".tar.zst", ".zst", ".lz", ".lz4", ".arj", ".ace", ".dmg")


class Damaged(Exception):
    """The archive cannot be listed; the message goes after its name."""


def archive_kind(name: str) -> str:
    """What a name says an archive is: "zip", "tar", "gz", or "" for none.

    >>> archive_kind("ada.ZIP"), archive_kind("ada.tar.gz"), archive_kind("ex02.ipynb")
    ('zip', 'tar', '')
    """
    lower = name.casefold()
    ends = sorted((end for end in ENDS if lower.endswith(end) and lower != end), key=len)
    return ENDS[ends[-1]] if ends else ""


def without_end(name: str) -> str:
    """The name of an archive or a file without what says its kind.

    >>> without_end("ada.tar.gz"), without_end("ex02.v2.ipynb"), without_end(".ipynb")
    ('ada', 'ex02.v2', '.ipynb')
    >>> without_end("ada.ipynb.txt"), without_end("ada.ipynb (1).json")
    ('ada', 'ada (1)')
    """
    lower = name.casefold()
    ends = sorted((end for end in ENDS if lower.endswith(end) and lower != end), key=len)
    if ends:
        return name[: -len(ends[-1])]
    found = WRAPPED.fullmatch(name)
    return found["stem"] + (found["copy"] or "") if found else os.path.splitext(name)[0]


def wrapped(name: str) -> bool:
    """Whether a name is a notebook's with a text's ending behind, as browsers and Windows save it.

    >>> wrapped("ada.ipynb.txt"), wrapped("ada.txt"), wrapped(".ipynb.json")
    (True, False, False)
    """
    found = WRAPPED.fullmatch(name)
    return found is not None and found["end"].casefold() in ("txt", "json")


@dataclass(frozen=True)
class Member:
    """Reads one member of an archive: the archive's own reader, and the member's place in it."""

    archive: OnDisk | Member
    kind: str
    index: int

    def __call__(self, most: int = MAX_BYTES) -> bytes:
        """Return its bytes; raise `Unreadable` where it cannot be read whole."""
        with _refusing(Unreadable, "it lies in a damaged archive"), opened(self) as file:
            data = _chunks(file, most)
        if len(data) > most:
            raise Unreadable(f"it is larger than {most >> 20} MiB")
        return data


Source = OnDisk | Member


def head(source: Source, most: int = HEAD) -> bytes:
    """The first bytes of a file; raise `Unreadable` where it cannot be read."""
    with _refusing(Unreadable, "it cannot be read"):
        if isinstance(source, Member):
            with opened(source) as file:
                return _chunks(file, most - 1)
        with source.opened() as fd:
            return os.pread(fd, most, 0) if stat.S_ISREG(os.fstat(fd).st_mode) else b""


def _chunks(file: Any, most: int) -> bytes:
    parts, left = [], most + 1
    while left and (part := file.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@contextlib.contextmanager
def _refusing(kind: type[Exception], what: str) -> Iterator[None]:
    """Whatever a library raises at bytes made to confuse it becomes one sentence."""
    try:
        yield
    except (Unreadable, Damaged) as error:
        raise error if isinstance(error, kind) else kind(str(error)) from error
    except Exception as error:
        raise kind(f"{what} ({type(error).__name__}: {shown(str(error), 100)})") from error


@contextlib.contextmanager
def opened(member: Member) -> Iterator[Any]:
    """A member's content as a file."""
    if member.kind == "gz":
        yield io.BytesIO(kept(member.archive, unpack=True))
    elif member.kind == "zip":
        with _zip(member.archive) as pack:
            zipped = pack.infolist()[member.index]
            if problem := _zip_problem(zipped):
                raise Unreadable(f"it {problem}")
            with pack.open(zipped) as file:
                yield file
    else:
        with _tar(member.archive) as pack:
            yield pack.extractfile(next(itertools.islice(pack, member.index, None)))


# -- listing ---------------------------------------------------------------------------------------


@dataclass
class Expander:
    """Puts the members of archives in their place, archives in archives too.

    What it unpacks is counted for each of the first two names of a path: who fills an archive with
    archives that take long to open has none of the rest opened, and nobody else suffers.
    """

    spent: dict[tuple[str, ...], int] = field(default_factory=lambda: defaultdict(int))

    def __call__(self, found: Found, level: int = 1) -> Iterator[Found]:
        """An entry; where it is an archive, all that it holds."""
        kind = archive_kind(found.parts[-1]) if found.read else ""
        if not kind:
            yield _foreign(found)
            return
        try:
            members = self._listed(found, kind, level)
        except Damaged as error:
            yield Found(found.parts, "problem", None, str(error), found.size, found.time)
            return
        for member in members:
            yield from self(member, level + 1)

    def _listed(self, found: Found, kind: str, level: int) -> list[Found]:
        if level > MAX_NESTED:
            raise Damaged(f"lies in {MAX_NESTED} archives, each in the next, and is not opened")
        prefixes = {found.parts[:1]: MAX_UNPACKED_BELOW, found.parts[:2]: MAX_UNPACKED_OF_ONE}
        if any(self.spent[prefix] > most for prefix, most in prefixes.items()):
            raise Damaged("is not opened: the archives beside it were more than are unpacked")
        before = kept.unpacked
        try:
            return listing(found, kind, MAX_MEMBERS if level + len(found.parts) == 2 else 0)
        finally:
            for prefix in prefixes:
                self.spent[prefix] += kept.unpacked - before + OPENING


def _foreign(found: Found) -> Found:
    """An entry; where it is an archive of a kind that is not read, with a word on it."""
    if not found.read or not found.parts[-1].casefold().endswith(FOREIGN):
        return found
    problem = "is an archive of a kind that is not read here: a .zip is wanted"
    return Found(found.parts, "problem", None, problem, found.size, found.time)


def listing(found: Found, kind: str, most: int = 0) -> list[Found]:
    """The members of an archive, as entries below it.

    Raises
    ------
    Damaged : where it cannot be read, has a member too many, or none.
    """
    assert isinstance(found.read, OnDisk | Member)
    lister: dict[str, Callable[..., Iterator[Found]]] = {"zip": _in_zip, "tar": _in_tar}
    most = most or MAX_MEMBERS_INSIDE
    with _refusing(Damaged, "is a damaged archive"):
        if kind == "gz":
            return [_in_gz(found)]
        members = []
        for member in lister[kind](found, found.read):
            members.append(member)
            if len(members) > most:
                raise Damaged(f"is an archive of more than {most} files, which are not looked at")
    if not any(member.kind != "system" for member in members):
        raise Damaged("is an empty archive")
    return members


def _in_gz(found: Found) -> Found:
    name = without_end(found.parts[-1])
    read = Member(found.read, "gz", 0)  # type: ignore[arg-type]
    return Found((*found.parts, name), "file", read, "", 0, found.time)


def _in_zip(found: Found, archive: Source) -> Iterator[Found]:
    with _zip(archive) as pack:
        for index, info in enumerate(pack.infolist()):
            name, folder = _zip_name(info), info.is_dir()
            problem = "" if folder else _zip_problem(info)
            entry = _entry(found, name, folder, problem, Member(archive, "zip", index))
            entry.size, entry.time = info.file_size, _zip_time(info)
            yield entry


def _in_tar(found: Found, archive: Source) -> Iterator[Found]:
    with _tar(archive) as pack:
        for index, info in enumerate(pack):
            problem = ""
            if info.issym() or info.islnk():
                problem = f"is {KINDS[stat.S_IFLNK]}"
            elif not info.isfile() and not info.isdir():
                problem = "is a device or a pipe, no file"
            member = Member(archive, "tar", index)
            entry = _entry(found, info.name, info.isdir(), problem, member)
            entry.size, entry.time = info.size, plausible(info.mtime)
            yield entry


def _entry(found: Found, name: str, folder: bool, problem: str, read: Member) -> Found:
    """One member below its archive. A name that climbs is cut, and the member is not read."""
    names = name.replace("\\", "/").split("/") if "/" not in name else name.split("/")
    parts = tuple(n for n in names if n not in ("", ".", ".."))
    if ".." in names or name.startswith(("/", "\\")) or name[1:3] in (":\\", ":/"):
        problem = "has a name that leads out of its archive, and is not read"
    if len(parts) > MAX_DEPTH:
        parts, problem = parts[:MAX_DEPTH], f"lies more than {MAX_DEPTH} folders deep"
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in parts):
        parts = tuple(_cut(part) for part in parts)
        problem = "has a name longer than any file's, and is not read"
    whole = (*found.parts, *(parts or ("(no name)",)))
    system = next((i for i, part in enumerate(parts) if is_system(part)), None)
    if system is not None:
        return Found(whole[: len(found.parts) + system + 1], "system")
    if problem:
        return Found(whole, "problem", None, problem)
    return Found(whole, "folder") if folder or not parts else Found(whole, "file", read)


def _cut(part: str) -> str:
    """A name short enough for a file's, other than any other name's."""
    if len(os.fsencode(part)) <= LONGEST_NAME:
        return part
    mark = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{part[:40]}…{mark}"


# -- zip -------------------------------------------------------------------------------------------


class _Bounded(io.RawIOBase):
    """A file of which no single read is large: what asks for more was told a lie."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.file, self.most = file, most

    def read(self, size: int = -1) -> bytes:
        if size > self.most:
            raise Damaged("is an archive whose list of members is larger than is read")
        return self.file.read(size if size >= 0 else self.most)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


@contextlib.contextmanager
def _file(archive: Source) -> Iterator[BinaryIO]:
    """An archive's bytes as a file: on disk as it lies, in another archive from memory."""
    if isinstance(archive, Member):
        yield io.BytesIO(kept(archive))
        return
    with archive.opened() as fd:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Unreadable("it is no file any more")
        with os.fdopen(os.dup(fd), "rb") as file:
            yield file


@contextlib.contextmanager
def _zip(archive: Source) -> Iterator[zipfile.ZipFile]:
    if isinstance(archive, OnDisk):
        yield kept.pack(archive)
        return
    with zipfile.ZipFile(_Bounded(io.BytesIO(kept(archive)), MAX_LISTING // 10)) as pack:
        yield pack


def _zip_name(info: zipfile.ZipInfo) -> str:
    """A member's name; UTF-8 where it is, though the zip does not say so (a Mac's does not)."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.split("\0")[0]


def _zip_problem(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind in KINDS:
        return f"is {KINDS[kind]}"
    if info.flag_bits & 1:
        return "has a password: a file without one is wanted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that is not read here: a plain .zip is wanted"
    if info.file_size > max(1 << 20, MOST_DEFLATED * info.compress_size):
        return "claims to unpack to more than it can: a bomb, and it is not read"
    return ""


def _zip_time(info: zipfile.ZipInfo) -> float:
    """A zip tells the time of a clock on a wall: it is taken as that of this place."""
    if info.date_time[:3] == (1980, 1, 1):
        return 0.0
    with contextlib.suppress(ValueError, OverflowError):
        return plausible(time.mktime((*info.date_time, 0, 0, -1)))
    return 0.0


def plausible(seconds: Any) -> float:
    """A time that a file can have been changed at, or 0."""
    ordinary = isinstance(seconds, int | float) and 86_400 * 3650 < seconds < 86_400 * 36_500
    return float(seconds) if ordinary else 0.0


# -- tar and gzip ----------------------------------------------------------------------------------


@contextlib.contextmanager
def _tar(archive: Source) -> Iterator[tarfile.TarFile]:
    with _file(archive) as file:
        packed = _packer(file.read(6)) is not None
        file.seek(0)
        plain = io.BytesIO(kept(archive, unpack=True)) if packed else file
        bounded = _Bounded(plain, MAX_LISTING)
        with tarfile.open(fileobj=bounded, mode="r:", errorlevel=0) as pack:
            yield pack


class Kept:
    """What was read last, so that its next member is soon found.

    Of a zip on disk its list of members, of any other archive its bytes; `unpacked` counts how many
    there were in all.
    """

    def __init__(self) -> None:
        self.key: Any = None
        self.data, self.unpacked = b"", 0
        self.opened, self.files = None, contextlib.ExitStack()
        self.zip: zipfile.ZipFile | None = None

    def __call__(self, archive: Source, unpack: bool = False) -> bytes:
        """An archive's bytes in memory, or what they unpack to."""
        key = (archive, unpack, _version(archive))
        if key != self.key:
            self.key, self.data = None, b""
            data = archive(MAX_UNPACKED)
            self.data = _unpacked(data) if unpack else data
            self.key, self.unpacked = key, self.unpacked + len(self.data)
        return self.data

    def pack(self, archive: OnDisk) -> zipfile.ZipFile:
        """A zip on disk, open."""
        key: Any = (os.getpid(), archive, _version(archive))
        if key != self.opened or self.zip is None:
            self.close()
            with contextlib.ExitStack() as files:
                file = files.enter_context(_file(archive))
                self.zip = files.enter_context(zipfile.ZipFile(_Bounded(file, MAX_LISTING)))
                self.opened, self.files = key, files.pop_all()
        return self.zip

    def close(self) -> None:
        """Close the zip that is open."""
        self.opened = self.zip = None
        self.files.close()

    def forget(self) -> None:
        """Let go of everything."""
        self.key, self.data = None, b""
        self.close()


kept = Kept()


def _version(archive: Source) -> tuple[int, ...]:
    """Changes where the file on disk does."""
    while isinstance(archive, Member):
        archive = archive.archive
    with archive.opened() as fd:
        status = os.fstat(fd)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _packer(head: bytes) -> Callable[[], Any] | None:
    if head.startswith(b"\x1f\x8b"):
        return lambda: zlib.decompressobj(31)
    if head.startswith(b"BZh"):
        return bz2.BZ2Decompressor
    if head.startswith(b"\xfd7zXZ\0"):
        return lambda: lzma.LZMADecompressor(memlimit=128 << 20)
    return None


def _unpacked(data: bytes) -> bytes:
    """What gzip, bzip2 or xz made small, bounded; several streams one after the other are one."""
    parts: list[bytes] = []
    start, left = 0, MAX_UNPACKED
    while (packer := _packer(data[start : start + 6])) is not None:
        stream = packer()
        for at in range(start, len(data), 1 << 16):
            for part in _pieces(stream, data[at : at + (1 << 16)]):
                parts.append(part)
                left -= len(part)
                if left < 0:
                    raise Damaged(f"unpacks to more than {MAX_UNPACKED >> 20} MiB and is not read")
            if stream.eof:
                start = min(at + (1 << 16), len(data)) - len(stream.unused_data)
                break
        else:
            raise Damaged("is an archive that was cut short")
    if not parts:
        raise Damaged("is not what its name says: nothing packed is in it")
    return b"".join(parts)


def _pieces(stream: Any, data: bytes) -> Iterator[bytes]:
    """What a piece of packed data unpacks to, at most 1 MiB at a time."""
    while not stream.eof:
        part = stream.decompress(data, 1 << 20)
        data = getattr(stream, "unconsumed_tail", b"")  # zlib hands back what it did not take yet
        if part:
            yield part
        elif not data:
            return
