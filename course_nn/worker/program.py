"""The worker: runs a student's cells, then answers calls of the student's functions over a pipe.

It is a child of `server`, one for each submission. What it says is never trusted: the grader
compares, and the grader scores.
"""

import contextlib
import json
import os
import random
import resource
import time
from itertools import islice
from typing import Any

import numpy as np

from . import (
    awaiting,  # noqa: F401  -- the notebook imports it, which it could not once it is sealed
    lockdown,
    standins,
)
from .desk import SECOND, SIZE, TRAY, Desk
from .notebook import Notebook
from .protocol import Channel, pack

ENOUGH = 0.3  # seconds of the processor after which no further function of a message is begun
TOO_LARGE = {
    "status": "ok", "changed": [], "warned": "",
    "value": {"kind": "foreign", "type": "arrays of many bytes, too large to send"},
}  # fmt: skip


def limit(memory: int, cpu_seconds: int) -> None:
    """Bound memory and processor time, for good; the rest `lockdown` bounds."""
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu_seconds)):
        with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
            resource.setrlimit(what, (most, most))


def fresh_chance() -> None:
    """Begin new random numbers, which no other child of the same server has."""
    random.seed()
    np.random.seed()  # noqa: NPY002  # it is the student's old generator that begins anew


def serve(channel: Channel, desk: Desk, readable: list[str], listable: list[str]) -> None:
    """Run the cells that the first message brings, then answer calls until the pipe closes."""
    start, (cells,) = channel.receive()
    limit(start["memory"] + SIZE + TRAY, start["cpu_seconds"])
    keep = (channel.read_fd, channel.write_fd)
    sealed = lockdown.seal(readable, listable, keep)
    allowed = start.get("allowed", ())
    standins.install(allowed)
    given = start.get("given", {})
    notebook = Notebook(json.loads(cells.tobytes()), allowed, start["notebook_seconds"], given)
    channel.send({"ticket": start["ticket"], "op": "up"}, [])
    run_cells(desk, notebook, start)
    ready = {"errors": notebook.errors, "said": notebook.said, "sealed": sealed}
    channel.send({"ticket": start["ticket"], "op": "ready", **ready}, [])
    while True:
        request, _ = channel.receive()
        answer_all(channel, desk, notebook, request)


def answer_all(channel: Channel, desk: Desk, notebook: Notebook, request: dict[str, Any]) -> None:
    """Answer the calls of one message, each on the tray as soon as it is; then say that it is done.

    What came before a call that ends the process has then been said. The calls are those of several
    functions, one after the other; where the first took long, or the tray is full, the rest is left
    for other messages. Says how many replies there are of each that was asked.
    """
    desk.empty()
    calls, told, begun = iter(request["calls"]), list[int](), time.process_time()
    for name, count in request["asked"]:
        if told and time.process_time() - begun > ENOUGH:
            break
        some, alone = list(islice(calls, count)), len(request["asked"]) == 1
        found = answer_some(desk, notebook, name, request["base"], some, alone)
        if found is None:
            break
        told.append(found)
    channel.send({"ticket": request["ticket"], "op": "done", "told": told}, [])


def answer_some(
    desk: Desk, notebook: Notebook, name: str, base: int, calls: list[Any], alone: bool
) -> int | None:
    """Lay the replies to the calls of one function on the tray; how many there are.

    A function that is none is said once.
    """
    for number, specs in enumerate(calls):
        reply, results = notebook.answer(name, desk.take(base, specs))
        if not desk.reply(pack({"call": number, **reply}, results)):
            if not alone:
                return None
            desk.reply(pack({"call": number, **TOO_LARGE}, []))
        if reply["status"] in ("stub", "missing"):
            return number + 1
    return len(calls)


def run_cells(desk: Desk, notebook: Notebook, start: dict[str, Any]) -> None:
    """Run all cells but those to skip, saying which; then what is worth a second try."""
    for number in notebook.order(start["skip"], start["again"]):
        desk.begin(SECOND if notebook.again else number)
        notebook.run(number)


def main(files: list[int], readable: list[str], listable: list[str]) -> None:
    """Serve on two pipes and a desk, and end the process.

    Parameters
    ----------
    files : the pipe to read from, the pipe to write to, the desk's memory.
    readable, listable : see `lockdown.seal`.
    """
    read_fd, write_fd, desk_fd = files
    fresh_chance()
    with contextlib.suppress(EOFError):
        serve(Channel(read_fd, write_fd), Desk(desk_fd), readable, listable)
    os._exit(0)
