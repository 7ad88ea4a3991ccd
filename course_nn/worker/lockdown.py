"""Locks a process that is to run a student's code: small limits, Landlock for files, signals and
sockets, seccomp for system calls. None needs a privilege, and none can be undone.
"""

import contextlib
import ctypes
import functools
import os
import resource
import signal
import struct
import sys
from collections.abc import Sequence

from .syscalls import filter_program

RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}  # of files, as Landlock grew
EXECUTE, READ, LIST = 0x1, 0x4, 0x8  # a library is mapped with EXECUTE
CONNECTIONS = 0x1 | 0x2  # to bind and to connect by TCP, since Landlock 4
SCOPES = 0x1 | 0x2  # sockets without a file, and signals: to nobody outside, since Landlock 6
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CLOSE_RANGE = 436
SET_PDEATHSIG, SET_DUMPABLE, CAPBSET_DROP, NO_NEW_PRIVS = 1, 4, 24, 38
CAP_AMBIENT, CLEAR_ALL = 47, 4
CAPABILITY_VERSION = 0x20080522
GENERIC = {"capset": 91, "seccomp": 277}
NUMBERS = {"x86_64": {"capset": 126, "seccomp": 317}, "aarch64": GENERIC, "riscv64": GENERIC}
FILTER_MODE, ALL_THREADS = 1, 1
FILES, THREADS = 64, 32  # that may be open, that may run


def seal(readable: Sequence[str], listable: Sequence[str], keep: Sequence[int] = ()) -> list[str]:
    """Lock this process for good, last before foreign code runs in it.

    Parameters
    ----------
    readable : files, and folders with all below, that stay readable; nothing stays writable.
    listable : folders whose names may be listed, and no file of them read.
    keep : descriptors that stay open beside 0, 1 and 2.

    Returns the names of the locks that hold: "landlock", "seccomp".

    Raises
    ------
    OSError : where a lock does not hold that has to. Without Landlock a process may run only where
        all that it can see may be read; without seccomp nowhere.
    """
    if sys.platform != "linux":
        return []
    locks = ["seccomp"]
    _bound()
    _drop_privileges()
    try:
        _restrict(readable, listable)
        locks.insert(0, "landlock")
    except OSError:
        if list(readable) != ["/"]:
            raise
    close_others(keep)
    _seccomp(threads=_alone())
    return locks


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call by its number."""
    wide = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    return _libc().syscall(ctypes.c_long(number), *wide)


def _number(name: str) -> int:
    """The number of a call on this machine; OSError where its numbers are not listed here."""
    machine = os.uname().machine
    if machine not in NUMBERS:
        raise OSError(f"no table of system calls for {machine}")
    return NUMBERS[machine][name]


def _prctl(option: int, *arguments: int) -> int:
    full = (*arguments, 0, 0, 0, 0)[:4]
    return _libc().prctl(option, *(ctypes.c_ulong(a) for a in full))


def _check(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused by the kernel")
    return result


def _bound() -> None:
    """Bound what is small and easily forgotten: open files, locked memory, queues, threads."""
    for what, most in (
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_NPROC, THREADS if _alone() else 0),
        (resource.RLIMIT_FSIZE, 1 << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
        (resource.RLIMIT_RTPRIO, 0),
        (resource.RLIMIT_NICE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
            resource.setrlimit(what, (most, most))


def _alone() -> bool:
    """Whether it has a table of processes to itself, so that a limit counts its own threads."""
    return os.getpid() == 1


def _drop_privileges() -> None:
    """Give up every capability and the means to win one; write no core; end with the parent."""
    for capability in range(64):
        if _prctl(CAPBSET_DROP, capability) < 0:
            break  # it has none to drop, or there are no more
    _prctl(CAP_AMBIENT, CLEAR_ALL)
    none = struct.pack("6I", *[0] * 6)
    _check(_call(_number("capset"), struct.pack("Ii", CAPABILITY_VERSION, 0), none))
    _check(_prctl(SET_DUMPABLE, 0))
    _check(_prctl(NO_NEW_PRIVS, 1))
    _check(_prctl(SET_PDEATHSIG, signal.SIGKILL))


def _restrict(readable: Sequence[str], listable: Sequence[str]) -> None:
    """Refuse all files but these, and signals and sockets to anybody outside."""
    _check(_call(RESTRICT_SELF, _ruleset(tuple(readable), tuple(listable)), 0))


def prepare(readable: Sequence[str], listable: Sequence[str]) -> None:
    """Make ready what `seal` needs, once for every process that is forked from here."""
    with contextlib.suppress(OSError):
        for threads in (False, True):
            filter_program(os.uname().machine, threads)
        _ruleset(tuple(readable), tuple(listable))


@functools.cache
def _ruleset(readable: tuple[str, ...], listable: tuple[str, ...]) -> int:
    """Make Landlock's rules; return the descriptor that stands for them."""
    version = _check(_call(CREATE_RULESET, None, 0, 1))
    fields = [RIGHTS[min(version, 5)]]
    fields += [CONNECTIONS] if version >= 4 else []
    fields += [SCOPES] if version >= 6 else []
    given = struct.pack(f"{len(fields)}Q", *fields)
    ruleset = _check(_call(CREATE_RULESET, given, len(given), 0))
    for path in readable:
        _allow(ruleset, path, EXECUTE | READ | LIST)
    for path in listable:
        _allow(ruleset, path, LIST)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return  # what is not there, or not for us, needs no permission
    if not os.path.isdir(path):
        rights &= ~LIST
    try:
        _check(_call(ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, parent), 0))
    finally:
        os.close(parent)


def close_others(keep: Sequence[int]) -> None:
    """Close every descriptor but 0, 1, 2 and these."""
    first = 3
    for fd in [*sorted({fd for fd in keep if fd > 2}), None]:
        last = 0x7FFFFFFF if fd is None else fd - 1
        if last >= first and _call(CLOSE_RANGE, first, last, 0) < 0:
            os.closerange(first, min(last, 1 << 16))
        first = last + 2


def _seccomp(threads: bool) -> None:
    program = filter_program(os.uname().machine, threads)
    code = ctypes.create_string_buffer(program)
    pointer = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    _check(_call(_number("seccomp"), FILTER_MODE, ALL_THREADS, pointer))
