"""Starts a process with a world of its own: no other process in it, no user, no rights.

The server in the sandbox holds one right, to make such worlds (CAP_SYS_ADMIN in the sandbox's own
user namespace, nothing outside of it); the processes that run students' code hold none.
"""

import ctypes
import os

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
OWN = NEWUSER | NEWNS | NEWIPC | NEWUTS | NEWCGROUP  # the sandbox's network is none already
NO_WORLD = 71  # how a child ends that could not enter its own

_libc = ctypes.CDLL(None, use_errno=True)


def fork(fresh: bool) -> int:
    """Fork as `os.fork` does; where `fresh`, into namespaces that the child has to itself.

    The child is then process 1 of its table: it sees no other, and all it started ends with it.
    Its user is nobody, and stands for no user outside; `lockdown.seal` takes its last rights.

    Raises
    ------
    OSError : in the caller, where the kernel refuses: the machine's fault. A child that cannot
        enter its namespaces ends at once, with the status NO_WORLD.
    """
    if not fresh:
        return os.fork()
    unshare(NEWPID)
    try:
        child = os.fork()
    except OSError:
        _back()
        raise
    if child:
        _back()
        return child
    try:
        unshare(OWN)
    except OSError:
        os._exit(NO_WORLD)
    return 0


def _back() -> None:
    """Let the next child not be born into the last one's table of processes."""
    myself = os.pidfd_open(os.getpid())
    try:
        _check(_libc.setns(myself, NEWPID), "setns")
    finally:
        os.close(myself)


def unshare(flags: int) -> None:
    """Leave the namespaces that these flags name, for new ones.

    Raises
    ------
    OSError : where the kernel refuses.
    """
    _check(_libc.unshare(flags), "unshare")


def _check(result: int, what: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
