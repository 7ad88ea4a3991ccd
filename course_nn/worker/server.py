"""The warm process: Python and NumPy are loaded once, and one child is forked for each submission.

It never runs a student's code. A child inherits the two pipes and the desk that the grader sends
along, and nothing else; the grader gets a handle on the child, by which it can be ended at once.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import socket

from . import lockdown, program, rehearsal, spaces

# what notebooks import, so that no child has to load it
USUAL = (
    "numpy.random", "numpy.linalg", "numpy.fft", "numpy.ma", "numpy.testing",
    "numpy.lib.stride_tricks", "copy", "dataclasses", "decimal", "fractions", "itertools",
    "pdb", "statistics", "timeit", "typing",
)  # fmt: skip
LONGEST = 1 << 20  # bytes of the first message
FILES = 3  # that a request brings: two pipes and a desk
DEATH_SIGNAL, KILL = 1, 9  # prctl's PR_SET_PDEATHSIG, and SIGKILL


def silence() -> None:
    """Point stdin, stdout and stderr at nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)


def main(control_fd: int) -> None:
    """Fork a child for every request, until the grader is gone."""
    silence()
    control = socket.socket(fileno=control_fd)
    for name in USUAL:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    rehearsal.rehearse()
    gc.collect()
    gc.freeze()  # what is loaded stays where it is, shared by all children
    with contextlib.suppress(OSError, ValueError):
        start = json.loads(control.recv(LONGEST))
        serve(control, start["fresh"], start["readable"], start["listable"])
    os._exit(0)


def serve(control: socket.socket, fresh: bool, readable: list[str], listable: list[str]) -> None:
    """Answer each request with "up" and the child's handle, or with why there is no child.

    Parameters
    ----------
    fresh : whether each child gets namespaces of its own; see `spaces.fork`.
    readable, listable : what the children may read; see `lockdown.seal`.
    """
    with contextlib.suppress(OSError):
        lockdown.prepare(tuple(readable), tuple(listable))  # once for all children
    while True:
        request, files, _, _ = socket.recv_fds(control, 64, FILES)
        if not request:
            return
        bury()
        try:
            myself, child = os.getpid(), spaces.fork(fresh)
            if child == 0:
                live(myself, files, readable, listable)
            hand_out(control, child)
        except OSError as error:
            control.send(f"no child can be started: {error}".encode()[:200])
        for file in files:
            os.close(file)


def bury() -> None:
    """Take note of the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def hand_out(control: socket.socket, child: int) -> None:
    """Send the grader a handle on a child."""
    handle = os.pidfd_open(child)
    socket.send_fds(control, [b"up"], [handle])
    os.close(handle)


def live(parent: int, files: list[int], readable: list[str], listable: list[str]) -> None:
    """Be the child: end when the server ends, and work."""
    try:
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, KILL, 0, 0, 0)
        if os.getppid() in (parent, 0):  # 0: it is outside of the child's own table of processes
            program.main(files, readable, listable)
    finally:
        os._exit(1)
