"""When the last commit of a clone was made, read from its objects alone.

A student's `.git` is a stranger's: its configuration can start programs, its links can lead
anywhere, its objects can unpack to more than the memory holds. So no git runs here: the few bytes
that tell the time are read by ourselves, through no link, and never more than a bound.
(git, Documentation/gitformat-pack.txt, gitrepository-layout.txt)
"""

from __future__ import annotations

import bisect
import os
import re
import struct
import zlib
from datetime import datetime, timedelta, timezone

from .disk import OnDisk, open_below
from .submission import Unreadable

MOST = 1 << 20  # bytes of an object, packed or not, and of a list of references
MOST_INDEX = 64 << 20  # bytes of the index of a pack
MOST_PACKS, DEEPEST = 100, 60  # packs looked into; objects that are written as changes of another
COMMIT, BY_PLACE, BY_NAME = 1, 6, 7  # kinds of objects in a pack; the last two are changes
BRANCH = re.compile(r"ref: (refs/heads/(?!.*\.\.)[\w./+-]{1,200})")
NAME = re.compile(r"[0-9a-f]{40}")
COMMITTER = re.compile(rb"^committer [^\n]* (\d{1,11}) ([+-])(\d\d)(\d\d)$", re.M)
ODD = (Unreadable, OSError, ValueError, IndexError, OverflowError, zlib.error, struct.error)


def last_commit(git: OnDisk) -> str:
    """When what is checked out was committed, in ISO 8601; "" where that cannot be read.

    git : the clone's folder `.git`.
    """
    try:
        found = COMMITTER.search(_object(git, _head(git)).partition(b"\n\n")[0])
        if found is None:
            return ""
        ahead = timedelta(hours=int(found[3]), minutes=int(found[4]))
        zone = timezone(-ahead if found[2] == b"-" else ahead)
        return datetime.fromtimestamp(int(found[1]), zone).isoformat()
    except ODD:
        return ""


def _file(git: OnDisk, *names: str, most: int = MOST) -> bytes:
    return OnDisk(git.root, (*git.parts, *names))(most)


def _head(git: OnDisk) -> str:
    """The name of the commit that is checked out."""
    head = _file(git, "HEAD").decode().strip()
    if branch := BRANCH.fullmatch(head):
        try:
            head = _file(git, *branch[1].split("/")).decode().strip()
        except Unreadable:
            listed = _file(git, "packed-refs").decode().split("\n")
            head = next((line[:40] for line in listed if line[41:] == branch[1]), "")
    if not NAME.fullmatch(head):
        raise ValueError("no name of a commit")
    return head


def _object(git: OnDisk, name: str, depth: int = 0) -> bytes:
    """A commit by its name, from a file of its own or from a pack."""
    try:
        whole = _inflated(_file(git, "objects", name[:2], name[2:]))
    except Unreadable:
        return _packed(git, bytes.fromhex(name), depth)
    kind, _, body = whole.partition(b"\0")
    if not kind.startswith(b"commit "):
        raise ValueError("no commit")
    return body


def _packed(git: OnDisk, name: bytes, depth: int) -> bytes:
    folder = open_below(git.root, (*git.parts, "objects", "pack"))
    try:
        indices = sorted(one for one in os.listdir(folder) if one.endswith(".idx"))
    finally:
        os.close(folder)
    for index in indices[:MOST_PACKS]:
        data = _file(git, "objects", "pack", index, most=MOST_INDEX)
        if place := _place(data, name):
            pack = f"{index.removesuffix('.idx')}.pack"
            return _at(git, pack, place, depth)
    raise ValueError("no such object")


def _place(index: bytes, name: bytes) -> int:
    """Where in its pack an object begins; 0 where the index does not have it."""
    if index[:8] != b"\xfftOc\0\0\0\2":
        return 0
    ends = struct.unpack(">256I", index[8:1032])
    count, first = ends[255], 1032
    low = ends[name[0] - 1] if name[0] else 0
    names = range(low, min(ends[name[0]], len(index) // 20))
    at = bisect.bisect_left(names, name, key=lambda i: index[first + 20 * i :][:20])
    if at == len(names) or index[first + 20 * names[at] :][:20] != name:
        return 0
    where = first + 24 * count + 4 * names[at]
    return int(struct.unpack(">I", index[where : where + 4])[0]) & 0x7FFFFFFF


def _at(git: OnDisk, pack: str, place: int, depth: int) -> bytes:
    """The object that begins at a place of a pack; a change is applied to what it changes."""
    if depth > DEEPEST:
        raise ValueError("too many changes")
    with OnDisk(git.root, (*git.parts, "objects", "pack", pack)).opened() as fd:
        data = os.pread(fd, MOST, place)
    kind, at = data[0] >> 4 & 7, 1
    while data[at - 1] & 0x80:
        at += 1
    if kind == COMMIT:
        return _inflated(data[at:])
    if kind == BY_NAME:
        base = _object(git, data[at : at + 20].hex(), depth + 1)
        return _changed(base, _inflated(data[at + 20 :]))
    if kind != BY_PLACE:
        raise ValueError("no commit")
    back = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        back = (back + 1) << 7 | data[at] & 0x7F
    return _changed(_at(git, pack, place - back, depth + 1), _inflated(data[at + 1 :]))


def _changed(base: bytes, change: bytes) -> bytes:
    """What a change makes of an object: parts copied from it, and parts that are new."""
    at = _skipped(change, _skipped(change, 0))
    parts, size = [], 0
    while at < len(change):
        code, at = change[at], at + 1
        if code & 0x80:
            fields = []
            for bit in range(7):
                fields.append(change[at] if code >> bit & 1 else 0)
                at += code >> bit & 1
            start = int.from_bytes(bytes(fields[:4]), "little")
            length = int.from_bytes(bytes(fields[4:]), "little") or 0x10000
            parts.append(base[start : start + length])
        else:
            parts.append(change[at : at + code])
            at += code or 1
        size += len(parts[-1])
        if size > MOST:
            raise ValueError("too large")
    return b"".join(parts)


def _skipped(change: bytes, at: int) -> int:
    """Past a number that is written in as many bytes as it needs."""
    while change[at] & 0x80:
        at += 1
    return at + 1


def _inflated(data: bytes) -> bytes:
    """What was compressed, up to the bound."""
    return zlib.decompressobj().decompress(data, MOST)
