"""The worker: runs a student's cells, then answers calls of the student's functions over a pipe.

It is started with no site packages but NumPy. What it says is never trusted: the grader compares,
and the grader scores.
"""

import contextlib
import os
import resource
import sys
from typing import Any

import numpy as np

from . import lockdown
from .notebook import Notebook, course_shim
from .protocol import Channel, Value, restore

MAX_ERRORS = 50


def limit(memory: int, cpu_seconds: int) -> None:
    """Bound memory, processor time, file size and processes, for good."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 1 << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
            resource.setrlimit(what, (most, most))


def silence() -> None:
    """Point stdin, stdout and stderr at nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)


def serve(channel: Channel) -> None:
    """Run the cells that the first message brings, then answer calls until the pipe closes."""
    start, _ = channel.receive()
    limit(start["memory"], start["cpu_seconds"])
    keep = (channel.read_fd, channel.write_fd)
    sealed = lockdown.seal(start["readable"], start["listable"], keep)
    sys.modules.update(course_shim())
    notebook = Notebook(start["cells"])
    channel.send({"ticket": start["ticket"], "op": "up"}, [])
    errors = run_cells(channel, notebook, start)
    channel.send({"ticket": start["ticket"], "op": "ready", "errors": errors, "sealed": sealed}, [])
    while True:
        header, arrays = channel.receive()
        inputs = [_number(restore(tree, arrays)) for tree in header["inputs"]]
        reply, results = notebook.answer(header["name"], inputs)
        channel.send({"ticket": header["ticket"], **reply}, results)


def _number(value: Value) -> Value | float:
    """A Python number for an array without axes: a learning rate arrives as it was sent."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def run_cells(channel: Channel, notebook: Notebook, start: dict[str, Any]) -> list[dict[str, Any]]:
    """Run all cells but those to skip, announcing each; return what the first of them raised."""
    errors: list[dict[str, Any]] = []
    for number in range(1, len(start["cells"]) + 1):
        if number in start["skip"]:
            continue
        channel.send({"ticket": start["ticket"], "op": "cell", "cell": number}, [])
        error = notebook.run(number)
        if error and len(errors) < MAX_ERRORS:
            errors.append(error)
    return errors


def main(read_fd: int, write_fd: int) -> None:
    """Serve on two file descriptors, and end the process."""
    silence()
    with contextlib.suppress(EOFError):
        serve(Channel(read_fd, write_fd))
    os._exit(0)
