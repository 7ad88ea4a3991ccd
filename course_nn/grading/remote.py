"""The student as the grader meets them: a worker across a pipe that answers, lies or dies.

`RemoteStudent` stands in for `exercises.student.LocalStudent`, so the same tests run on both.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..exercises.student import Answer, StudentError, missing, raised, read_reply
from ..worker.protocol import ProtocolError, describe, plain_text
from . import sandbox


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    call_seconds: float = 5.0
    notebook_seconds: float = 20.0  # all cells together
    submission_seconds: float = 90.0
    memory: int = 1 << 30  # bytes of address space
    restarts: int = 6


@dataclass
class Failure:
    """A cell of the notebook that did not run to its end."""

    cell: int
    sentence: str


class WorkerLost(Exception):
    """The worker is gone or talks nonsense; the message says which."""


@dataclass
class Worker:
    """A worker that has run the student's cells."""

    cells: list[str]
    limits: Limits
    kind: str
    hide: tuple[Path, ...] = ()
    deadline: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.limits.submission_seconds
        self.process: sandbox.Process | None = None
        self.failures: dict[int, Failure] = {}
        self.fatal: set[int] = set()  # cells that kill the worker, left out when it starts again
        self.sealed: list[str] = []  # the kernel's locks that the worker says it holds
        self.starts, self.cell = 0, 0

    def ready(self) -> None:
        """Start the process and run the cells, unless it stands already.

        Raises
        ------
        WorkerLost : where it does not stand after some tries, or time is up.
        """
        while self.process is None:
            if self.starts > self.limits.restarts:
                raise WorkerLost("the notebook's code stopped the worker too often")
            if time.monotonic() > self.deadline:
                raise WorkerLost("the time for this submission is up")
            self.starts += 1
            self.process = sandbox.start(self.kind, self.hide)
            self.cell = 0
            try:
                self._run_cells()
            except (WorkerLost, ProtocolError) as error:
                self.stop()
                self._lost_in(self.cell, str(error))

    def _lost_in(self, cell: int, why: str) -> None:
        if cell == 0:
            raise WorkerLost(f"the worker did not start ({why})")
        self.fatal.add(cell)
        self.failures[cell] = Failure(cell, f"code cell {cell} was stopped: {why}")

    def _run_cells(self) -> None:
        process, ticket = self.process, secrets.token_hex(8)
        assert process is not None
        start = {
            "ticket": ticket, "cells": self.cells, "skip": sorted(self.fatal),
            "memory": self.limits.memory, "cpu_seconds": int(self.limits.submission_seconds) + 1,
            "readable": process.readable, "listable": process.listable,
        }  # fmt: skip
        self._send(start, [], self.deadline)
        self._receive(ticket, self.deadline)  # Python and NumPy are loaded; the cells begin
        deadline = min(self.deadline, time.monotonic() + self.limits.notebook_seconds)
        while True:
            header, _ = self._receive(ticket, deadline)
            if header.get("op") != "cell":
                break
            self.cell = _whole(header.get("cell"))
        self._note(header)

    def _note(self, header: dict[str, Any]) -> None:
        errors, sealed = header.get("errors"), header.get("sealed")
        self.sealed = [plain_text(s, 20) for s in sealed] if isinstance(sealed, list) else []
        for error in errors[:50] if isinstance(errors, list) else []:
            if isinstance(error, dict):
                cell = _whole(error.get("cell"))
                self.failures[cell] = Failure(cell, raised(f"code cell {cell}", _told(error)))

    def call(self, name: str, inputs: tuple) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Ask for one function's answer; raise WorkerLost or ProtocolError where none comes."""
        self.ready()
        arrays: list[np.ndarray] = []
        trees = [describe(value, arrays) for value in inputs]
        ticket = secrets.token_hex(8)
        deadline = min(self.deadline, time.monotonic() + self.limits.call_seconds)
        self._send({"ticket": ticket, "name": name, "inputs": trees}, arrays, deadline)
        return self._receive(ticket, deadline)

    def why_missing(self, name: str) -> str:
        """The cell that would have defined a function and did not run to its end, if one did so."""
        for number, failure in sorted(self.failures.items()):
            if 1 <= number <= len(self.cells) and f"def {name}(" in self.cells[number - 1]:
                return f" The reason: {failure.sentence.rstrip('.')}."
        return ""

    def _send(self, header: dict[str, Any], arrays: list[np.ndarray], deadline: float) -> None:
        assert self.process is not None
        try:
            self.process.channel.send(header, arrays, deadline)
        except (TimeoutError, EOFError) as error:
            raise WorkerLost(_why(error)) from error

    def _receive(self, ticket: str, deadline: float) -> tuple[dict[str, Any], list[np.ndarray]]:
        assert self.process is not None
        try:
            header, arrays = self.process.channel.receive(deadline)
        except (TimeoutError, EOFError) as error:
            raise WorkerLost(_why(error)) from error
        if header.pop("ticket", None) != ticket:
            raise ProtocolError("an answer that nobody asked for")
        return header, arrays

    def stop(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.process = None


def probe(kind: str) -> list[str] | None:
    """Start an empty worker: return the kernel's locks it holds, or None where it cannot stand."""
    worker = Worker([], Limits(), kind)
    try:
        worker.ready()
    except (sandbox.SandboxError, WorkerLost):
        return None
    finally:
        worker.stop()
    return worker.sealed


def choose(wanted: str = "auto") -> tuple[str, str]:
    """Try what is wanted, "auto", "bwrap" or "plain"; return the kind to use and a note on it.

    Raises
    ------
    SandboxError : where the sandbox that is wanted does not work here.
    """
    locks = probe("bwrap") if wanted != "plain" else None
    if locks is not None:
        return "bwrap", _note("bubblewrap (no network, no files but Python and NumPy)", locks)
    if wanted == "bwrap":
        raise sandbox.SandboxError(
            "bubblewrap is missing or forbidden here: install it, or grade with --sandbox plain"
        )
    locks = probe("plain")
    if locks is None:
        raise sandbox.SandboxError("no worker process can be started here")
    if wanted == "auto" and "seccomp" not in locks:
        raise sandbox.SandboxError(
            "neither bubblewrap nor the kernel's locks work here, so a submission could end other "
            "processes: install bubblewrap, or accept the risk with --sandbox plain"
        )
    why = "as asked for" if wanted == "plain" else "bubblewrap is missing or forbidden here"
    return "plain", _note(f"plain process ({why})", locks)


def _note(kind: str, locks: list[str]) -> str:
    if locks:
        return f"{kind}, limits of time and memory, kernel locks: {' and '.join(locks)}"
    return f"{kind}, limits of time and memory, no kernel locks"


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not come to an end in the time allowed"
    return "the process ended (exit, or out of memory)"


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 20:
        raise ProtocolError("a number of a cell that is none")
    return value


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the worker says was raised, made safe to print."""
    texts = {key: plain_text(fields.get(key), 300) for key in ("type", "message", "source")}
    line = fields.get("line")
    return {**texts, "line": line if type(line) is int else 0}


class RemoteStudent:
    """The student's functions across the pipe. `broken` once a call has cost the worker."""

    def __init__(
        self, worker: Worker, rng: np.random.Generator, alias: Callable[[str], str] = str
    ) -> None:
        self.worker, self.rng, self.alias, self.broken = worker, rng, alias, False

    def call(self, name: str, *inputs: np.ndarray | float) -> Answer:
        """Call one function; raise StudentError where no answer comes."""
        if self.broken:
            raise StudentError("not asked again: an earlier call of this task stopped the worker.")
        try:
            header, arrays = self.worker.call(self.alias(name), inputs)
            if header.get("status") == "missing":
                raise StudentError(missing(name) + self.worker.why_missing(self.alias(name)))
            return read_reply(name, _checked(header, len(inputs)), arrays)
        except (WorkerLost, ProtocolError) as error:
            self.broken = True
            self.worker.stop()
            what = "gave no answer" if isinstance(error, WorkerLost) else "gave a malformed answer"
            raise StudentError(f"{name} {what}: {error}.") from error


def _checked(reply: dict[str, Any], count: int) -> dict[str, Any]:
    """A reply to a call with so many arguments, as far as it can be believed."""
    status, changed = reply.get("status"), reply.get("changed")
    if status == "stub":
        return {"status": status}
    if status == "raised":
        return {"status": status, **_told(reply)}
    if status != "ok" or not isinstance(changed, list) or len(changed) > count:
        raise ProtocolError("a reply of no known status")
    if any(type(i) is not int or not 0 <= i < count for i in changed):
        raise ProtocolError("a change to an argument that does not exist")
    warned = reply.get("warned", "")
    if not isinstance(warned, str):
        raise ProtocolError("a warning that is no text")
    return {
        "status": status,
        "value": reply.get("value"),
        "changed": changed,
        "warned": warned[:200],
    }
