"""Locks the worker's own process before the student's code runs: Landlock for files, seccomp for
system calls. Both need no privilege and cannot be undone.
"""

import contextlib
import ctypes
import os
import platform
import struct
import sys

SYSCALLS = {  # what is refused: processes, signals, tracing, sockets, keys, mounts, io_uring
    "x86_64": (0xC000003E, [
        41, 42, 43, 49, 50, 53, 57, 58, 59, 62, 101, 129, 155, 160, 161, 165, 166, 200, 234, 248,
        249, 250, 272, 288, 297, 298, 302, 308, 310, 311, 321, 322, 323, 424, 425, 426, 427, 428,
        435, 438,
    ], 56),
    "aarch64": (0xC00000B7, [
        198, 199, 200, 201, 202, 203, 242, 221, 129, 130, 131, 138, 240, 117, 164, 261, 39, 40, 41,
        51, 97, 268, 270, 271, 217, 218, 219, 241, 280, 281, 282, 424, 425, 426, 427, 428, 435, 438,
    ], 220),
}  # fmt: skip
CLONE_THREAD = 0x00010000
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE, NOSYS = 0x7FFF0000, 0x00050001, 0x00050026  # errno 1 = EPERM, 38 = ENOSYS
CLONE3 = 435
RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
EXECUTE, READ, LIST = 0x1, 0x4, 0x8  # Landlock's rights; a library is mapped with EXECUTE


def seal(readable: list[str], listable: list[str]) -> list[str]:
    """Refuse all files but those under `readable` (read only), and all risky system calls.

    Under `listable` folders may be listed, but no file read. Returns the names of the
    locks that hold: "landlock", "seccomp".
    """
    if sys.platform != "linux":
        return []
    libc, locks = ctypes.CDLL(None, use_errno=True), []
    with contextlib.suppress(OSError):
        _check(libc.prctl(38, 1, 0, 0, 0))  # PR_SET_NO_NEW_PRIVS
        with contextlib.suppress(OSError):
            _landlock(libc, readable, listable)
            locks.append("landlock")
        _seccomp(libc)
        locks.append("seccomp")
    return locks


def _check(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused by the kernel")
    return result


def _landlock(libc: ctypes.CDLL, readable: list[str], listable: list[str]) -> None:
    libc.syscall.restype = ctypes.c_long
    version = _check(libc.syscall(444, None, ctypes.c_size_t(0), 1))
    handled = RIGHTS[min(version, 5)]
    ruleset = struct.pack("Q", handled)
    fd = _check(libc.syscall(444, ruleset, ctypes.c_size_t(8), 0))
    rules = [(path, EXECUTE | READ | LIST) for path in readable]
    for path, rights in rules + [(path, LIST) for path in listable]:
        with contextlib.suppress(FileNotFoundError):
            _allow(libc, fd, path, rights)
    _check(libc.syscall(446, fd, 0))
    os.close(fd)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH)
    if not os.path.isdir(path):
        rights &= ~LIST
    _check(libc.syscall(445, ruleset, 1, struct.pack("=Qi", rights, parent), 0))
    os.close(parent)


def _seccomp(libc: ctypes.CDLL) -> None:
    if platform.machine() not in SYSCALLS:
        raise OSError("no table of system calls for this machine")
    program = filter_program(*SYSCALLS[platform.machine()])
    code = ctypes.create_string_buffer(program)
    pointer = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    _check(libc.prctl(22, 2, pointer, 0, 0))  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def filter_program(arch: int, refused: list[int], clone: int) -> bytes:
    """Build the filter: refuse other architectures, the list, and clone that is no thread."""
    step = struct.Struct("HBBI").pack
    lines = [step(LOAD, 0, 0, 4), step(JUMP_EQUAL, 1, 0, arch), step(RETURN, 0, 0, REFUSE)]
    lines += [step(LOAD, 0, 0, 0), step(0x35, 0, 1, 0x40000000), step(RETURN, 0, 0, REFUSE)]
    for number in refused:
        action = NOSYS if number == CLONE3 else REFUSE
        lines += [step(JUMP_EQUAL, 0, 1, number), step(RETURN, 0, 0, action)]
    lines += [step(JUMP_EQUAL, 0, 3, clone), step(LOAD, 0, 0, 16)]
    lines += [step(JUMP_SET, 1, 0, CLONE_THREAD), step(RETURN, 0, 0, REFUSE)]
    return b"".join([*lines, step(RETURN, 0, 0, ALLOW)])
