"""The student as the grader meets them: a worker across a pipe that answers, lies or dies.

`RemoteStudent` stands in for `exercises.student.LocalStudent`, so the same tests run on both.
"""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..exercises.student import Answer, Answers, Calls, StudentError, missing, raised, read_reply
from ..worker.desk import SECOND, Sheet, Spec
from ..worker.protocol import ProtocolError, plain_text
from . import quoted, sandbox, warm
from .asked import Asked, WorkerLost, cut, numbers

AT_ONCE = 2.0  # seconds for a message to several functions; else each gets one of its own
HASTY = 1.0  # seconds of all cells up to which it is no loss to run them once more for that
SOFT = 0.85  # of the notebook's seconds: when they are up, the worker itself ends a statement
KEPT = 512  # tasks' answers that are kept, taken apart, for whoever gives the same ones
SMALL = 1 << 18  # bytes of replies that are worth keeping
RUNS = 4  # times its seconds: what a notebook may take in all, however often it is run
GLANCE = 0.1  # seconds between two looks at the tray
BACKSTOP = 3600  # seconds of the processor, all threads together, that the kernel allows a worker


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds are its own: while the processor is busy with others,
    none passes; asleep it is not.

    Attributes
    ----------
    call_seconds : for one call of a function; one that is longer costs its task, and no other.
    notebook_seconds : for all cells together, whenever the notebook is run.
    task_seconds : for all calls of one task together.
    memory : bytes of address space.
    restarts : how many cells may end the worker; it is started again without them.
    submission_seconds : for all that a submission does, its cells and all calls of all tasks.
    """

    call_seconds: float = 5.0
    notebook_seconds: float = 20.0
    task_seconds: float = 90.0
    memory: int = 1 << 30
    restarts: int = 6
    submission_seconds: float = 180.0


def too_many_jobs(jobs: int) -> str:
    """A sentence of warning where there are more jobs than processors, else "".

    >>> too_many_jobs(1)
    ''
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if jobs <= (cores or 1):
        return ""
    return (
        f"{jobs} jobs share {cores} processors: nothing is graded sooner for it, and no submission "
        "worse, for the limits count its own seconds"
    )


@dataclass
class Failure:
    """A cell of the notebook that did not run to its end."""

    cell: int
    sentence: str


@lru_cache(maxsize=256)
def laid(many: tuple[Calls, ...]) -> Sheet:
    """The calls of a task's tests as they lie on a desk: the same for every student of a grading.

    They are known by who they are, not by their numbers.
    """
    return Sheet([inputs for calls in many for inputs in calls.inputs])


class Worker:
    """A worker that has run the student's cells.

    Parameters
    ----------
    cells : the notebook's code.
    limits, kind : what it may use, and its sandbox.
    hide : folders that the sandbox must not show.
    allowed : packages beside NumPy that it may import.
    given : the released text of functions by name, which the student's copies do not replace.
    """

    def __init__(
        self,
        cells: Sequence[str],
        limits: Limits,
        kind: str,
        hide: Sequence[Path] = (),
        allowed: Sequence[str] = (),
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.cells, self.limits, self.allowed = list(cells), limits, list(allowed)
        self.given = dict(given or {})
        self.notebook = quoted.Notebook(self.cells)
        self.server = warm.server(kind, hide, allowed, limits.memory)
        self.child: warm.Child | None = None
        self.failures: dict[int, Failure] = {}
        self.fatal: set[int] = set()  # cells that kill the worker, left out when it starts again
        self.sealed: list[str] = []  # the kernel's locks that the worker says it holds
        self.lost: dict[str, Failure] = {}  # by the names that it would have given
        self.said: list[str] = []  # what was decided while the cells ran, as the worker says
        self.starts, self.cell, self.again = 0, 0, True
        self.spent = 0.0  # seconds that its cells took, all runs together
        self.answering = 0.0  # seconds that its calls took

    def ready(self) -> None:
        """Start the worker and run the cells, unless it stands already.

        Raises
        ------
        WorkerLost : where too many cells end it.
        SandboxError : where this machine starts none, which is not the student's fault.
        """
        tries, most = 0, self.starts + self.limits.restarts + 3
        while self.child is None:
            if len(self.fatal) > self.limits.restarts or self.starts >= most:
                raise WorkerLost("the notebook's code stopped the worker too often")
            if self.spent > RUNS * self.limits.notebook_seconds:
                raise WorkerLost("the notebook had to be run again and again, and took too long")
            self._in_time()
            self.child = self.server.child()
            self.starts, self.cell = self.starts + 1, 0
            try:
                self._run_cells(self.child)
            except (WorkerLost, ProtocolError) as error:
                self.stop()
                tries += not self.cell
                self._lost_in(self.cell, str(error), tries)

    @property
    def left(self) -> float:
        """The seconds that are left for all that the submission still does."""
        return self.limits.submission_seconds - self.spent - self.answering

    def _in_time(self) -> None:
        if self.left <= 0:
            raise WorkerLost(self.exhausted)

    @property
    def exhausted(self) -> str:
        """A sentence, where the submission has used up its time; else ""."""
        if self.left > 0:
            return ""
        return (
            f"the submission has used up the {self.limits.submission_seconds:g} s that its cells "
            "and all calls may take together"
        )

    def _lost_in(self, cell: int, why: str, tries: int) -> None:
        """A cell that ends the worker is left out; before the first, the machine is to blame."""
        if cell == SECOND:
            self.again = False
        elif cell:
            self.fatal.add(cell)
            self.failures[cell] = Failure(cell, f"code cell {cell} was stopped: {why}")
        elif tries > 1:
            raise sandbox.SandboxError(f"the worker did not start ({why})")
        else:
            self.server.close()

    def _run_cells(self, child: warm.Child) -> None:
        ticket = secrets.token_hex(8)
        start = {
            "ticket": ticket, "skip": sorted(self.fatal), "allowed": self.allowed,
            "memory": self.limits.memory, "cpu_seconds": BACKSTOP, "again": self.again,
            "notebook_seconds": self.limits.notebook_seconds * SOFT, "given": self.given,
        }  # fmt: skip
        watch = warm.Watch(child, warm.STARTING)
        cells = np.frombuffer(json.dumps(self.cells).encode(), np.uint8)
        self._send(child, start, watch, [cells])
        self._receive(child, ticket, watch)  # it is sealed; the cells begin
        watch = warm.Watch(child, self.limits.notebook_seconds, "for all cells together")
        try:
            header, _ = self._receive(child, ticket, watch)  # all were run
            if header.get("op") != "ready":
                raise ProtocolError("a message that is none")
            self._note(header)
        except (WorkerLost, ProtocolError):
            self.cell = self._at_work(child.desk.begun)
            raise
        finally:
            self.spent += min(watch.used(), self.limits.notebook_seconds)

    def _at_work(self, said: int) -> int:
        """The cell that a worker was lost in, by what it said itself."""
        there = 1 <= said <= len(self.cells) or (said == SECOND and self.again)
        return said if there else min(1, len(self.cells))

    def _note(self, header: dict[str, Any]) -> None:
        errors, sealed, said = (header.get(key) for key in ("errors", "sealed", "said"))
        self.sealed = [plain_text(s, 20) for s in sealed] if isinstance(sealed, list) else []
        self.said = [plain_text(s, 300) for s in said[:30]] if isinstance(said, list) else []
        for error in errors[:50] if isinstance(errors, list) else []:
            cell = _whole(error.get("cell")) if isinstance(error, dict) else 0
            if 1 <= cell <= len(self.cells):
                found = Failure(cell, raised(f"code cell {cell}", _told(error)))
                self.failures.setdefault(cell, found)
                names = error.get("names")
                self.lost |= dict.fromkeys(
                    map(str, names if isinstance(names, list) else ()), found
                )

    def ask(self, name: str, sheet: Sheet, seconds: float = math.inf) -> Asked:
        """Ask a function all that a sheet holds, in one message.

        Parameters
        ----------
        seconds : that are left for all of it; each call has its own limit, too.

        Raises
        ------
        WorkerLost, SandboxError : where there is no worker to ask. One that is lost later is told
            in what is returned, beside what it had answered.
        """
        (found,) = self.ask_all([(name, len(sheet.calls))], sheet, seconds)
        return found

    def ask_all(
        self, asked: Sequence[tuple[str, int]], sheet: Sheet, seconds: float
    ) -> list[Asked]:
        """The same of several functions: by name, so many of the sheet's calls of each in turn.

        There is an answer to the first at least; what the worker leaves is to be asked again. Where
        it is lost, all that it said counts as its answer to the first.
        """
        self.ready()
        self._in_time()
        assert self.child is not None
        child, ticket = self.child, secrets.token_hex(8)
        lost: WorkerLost | ProtocolError | None = None
        base, told = child.desk.put(sheet), [len(sheet.calls)]
        request = {"ticket": ticket, "asked": asked, "base": base, "calls": sheet.calls}
        child.desk.empty()
        pace = Pace(child, len(sheet.calls), self.limits.call_seconds, min(seconds, self.left))
        frames: list[tuple[bytes, bytes]] = []
        try:
            self._send(child, request, pace)
            header, _ = self._receive(child, ticket, pace)
            told = numbers(header.get("told"), [count for _, count in asked])
        except (WorkerLost, ProtocolError) as error:
            lost = error
        try:
            frames = list(child.desk.replies(sum(told)))
        except ProtocolError as error:
            lost = error
        used, worked = pace.used(), pace.worked()
        self.answering += used
        counts = [len(sheet.calls)] if lost else [count for _, count in asked]
        pieces = cut(frames, child.desk.changed(base, sheet), zip(told, counts, strict=False))
        return [Asked(*piece, lost, used / len(told), worked / len(told)) for piece in pieces]

    def call(self, name: str, inputs: tuple) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Ask for one function's answer; raise WorkerLost or ProtocolError where none comes."""
        asked = self.ask(name, Sheet([inputs]))
        if asked.lost:
            raise asked.lost
        (reply,) = asked.replies()
        return reply

    def why_missing(self, name: str) -> str:
        """What failed that would have defined a function, if anything did."""
        if name in self.lost:
            return f" The reason: {self.lost[name].sentence.rstrip('.')}."
        for number, failure in sorted(self.failures.items()):
            if 1 <= number <= len(self.cells) and f"def {name}(" in self.cells[number - 1]:
                return f" The reason: {failure.sentence.rstrip('.')}."
        return ""

    def _send(
        self,
        child: warm.Child,
        header: dict[str, Any],
        watch: warm.Watch | Pace,
        arrays: Sequence[np.ndarray] = (),
    ) -> None:
        try:
            child.channel.send(header, list(arrays), watch.left)
        except (TimeoutError, EOFError) as error:
            raise WorkerLost(_why(error, watch)) from error

    def _receive(
        self, child: warm.Child, ticket: str, watch: warm.Watch | Pace
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        try:
            header, arrays = child.channel.receive(watch.left)
        except (TimeoutError, EOFError) as error:
            raise WorkerLost(_why(error, watch)) from error
        if header.pop("ticket", None) != ticket:
            raise ProtocolError("an answer that nobody asked for")
        return header, arrays

    def stop(self) -> None:
        """End the worker, if there is one."""
        if self.child is not None:
            self.child.kill()
            self.child = None


class Pace:
    """The seconds of so many calls: of all together, and of the one that is next on the tray."""

    def __init__(self, child: warm.Child, calls: int, one: float, whole: float) -> None:
        self.child, self.calls, self.answered, self.seconds = child, calls, 0, one
        now = warm.clocks(child)
        self.one, self.whole = (warm.Watch(child, most, now=now) for most in (one, whole))

    def used(self) -> float:
        """The seconds of all that was asked."""
        return self.whole.used()

    def worked(self) -> float:
        """Of those, what the processor worked, where that is known here."""
        worked = self.child.worked() - self.whole.start[2]
        return worked if worked > 0 else self.used()

    def left(self) -> float:
        """The seconds that are left, a few at a time: meanwhile a call may have been answered."""
        answered, now = self.child.desk.count(self.calls), warm.clocks(self.child)
        if answered > self.answered:
            self.answered, self.one = answered, warm.Watch(self.child, self.seconds, now=now)
        return min(self.one.left(now), self.whole.left(now), GLANCE)

    def __str__(self) -> str:
        if self.whole.left() <= 0:
            return f"{self.whole.seconds:.3g} s for all calls of a task together"
        return f"{self.seconds:g} s for a call"


def _why(error: Exception, watch: warm.Watch | Pace) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not come to an end in the time allowed ({watch})"
    return "the process ended (exit, or out of memory)"


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 20:
        raise ProtocolError("a number of a cell that is none")
    return value


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the worker says was raised, made safe to print."""
    texts = {key: plain_text(fields.get(key), 300) for key in ("type", "message", "source")}
    line = fields.get("line")
    return {**texts, "line": line if type(line) is int and 0 <= line < 1 << 20 else 0}


_kept: dict[tuple[Sheet, str, bytes], Answers] = {}


class RemoteStudent:
    """The student's functions across the pipe, for one task: its seconds are `Limits`'.

    `broken` says why it is asked no more, once a call has cost the worker. While it is `guarded`,
    what it says is repeated only as far as it cannot be made of hidden inputs: see `quoted`.
    """

    forgetful = True

    def __init__(
        self, worker: Worker, rng: np.random.Generator, alias: Callable[[str], str] = str
    ) -> None:
        self.worker, self.rng, self.alias = worker, rng, alias
        self.left, self.broken, self.guarded = worker.limits.task_seconds, "", False
        self.took = 0.0
        self.known: dict[Calls, Answers] = {}

    def call(self, name: str, *inputs: np.ndarray | float) -> Answer:
        """Call one function; raise StudentError where no answer comes."""
        found, *_ = self._asked(name, Sheet([inputs]), keep=False)
        if isinstance(found, StudentError):
            raise found
        return found

    def call_many(self, name: str, calls: Calls) -> Answers:
        """Call one function with many inputs, in one message; after a stub, or where the worker is
        lost, nothing more is asked."""
        if calls in self.known:
            return self.known.pop(calls)
        return self._asked(name, laid((calls,)))

    def ahead(self, name: str, many: Sequence[Calls]) -> None:
        """Ask now, in one message, what `call_many` will want in a moment.

        Where the answers end early, the calls after that have the same error, or none is asked.
        """
        if not many or many[0] not in self.known:
            self._keep(many, self._asked(name, laid(tuple(many))))

    def take(self, name: str, many: Sequence[Calls], sheet: Sheet, asked: Asked) -> None:
        """Keep what was asked ahead for this task; where it breaks the rules, nothing."""
        self.left, self.took = self.left - asked.seconds, self.took + asked.worked
        with suppress(ProtocolError):
            self._keep(many, self._read(name, sheet, asked, True))

    def _keep(self, many: Sequence[Calls], found: Answers) -> None:
        end = [StudentError(self.broken)] if self.broken else found[-1:]
        at = 0
        for calls in many:
            some = found[at : at + len(calls.inputs)]
            self.known[calls] = Answers(some if some or not calls.inputs else end, found.mark)
            at += len(calls.inputs)

    def forget(self) -> None:
        """The next call meets a worker that has run the notebook, and nothing else."""
        self.worker.stop()

    def _asked(self, name: str, sheet: Sheet, keep: bool = True) -> Answers:
        """The answers to a sheet; `keep` them for whoever gives the same ones."""
        if self.broken:
            return Answers([StudentError(self.broken)])
        if not sheet.calls:
            return Answers()
        try:
            asked = self.worker.ask(self.alias(name), sheet, self.left)
        except WorkerLost as error:
            return Answers([self._lost(name, error)])
        self.left, self.took = self.left - asked.seconds, self.took + asked.worked
        if isinstance(asked.lost, ProtocolError):  # who breaks the rules is believed nothing
            return Answers([self._lost(name, asked.lost)])
        try:
            found = self._read(name, sheet, asked, keep)
        except ProtocolError as error:
            return Answers([self._lost(name, error)])
        return Answers([*found, self._lost(name, asked.lost)]) if asked.lost else found

    def _read(self, name: str, sheet: Sheet, asked: Asked, keep: bool) -> Answers:
        """The answers that replies bring; the same replies were perhaps taken apart before."""
        key = sheet, name, asked.mark + bytes([self.guarded])
        if keep and asked.mark and key in _kept:
            return _kept[key]
        found = Answers(mark=asked.mark)
        for (header, arrays), changed, specs in zip(
            asked.replies(), asked.changed, sheet.calls, strict=False
        ):
            if header.get("status") == "missing":  # the reason is the student's own
                why = self.worker.why_missing(self.alias(name))
                return Answers([StudentError(missing(name) + why)])
            try:
                told = self._told(_checked(header, len(specs)), specs)
                answer = read_reply(name, told, arrays, changed)
                found.append(
                    quoted.answer(answer, self.worker.notebook) if self.guarded else answer
                )
            except StudentError as error:
                found.append(error)
        if self.guarded:  # words are told as the notebook has them
            keep = keep and all(map(quoted.plain, found))
        if keep and asked.mark and sum(len(part) for _, part in asked.frames) < SMALL:
            while len(_kept) >= KEPT:
                _kept.pop(next(iter(_kept)), None)
            _kept[key] = found
        return found

    def _told(self, reply: dict[str, Any], specs: Sequence[Spec]) -> dict[str, Any]:
        """A reply, of which no error tells what is hidden."""
        if not self.guarded or reply["status"] != "raised":
            return reply
        shapes = [tuple(spec[2]) for spec in specs if isinstance(spec, list)]
        return {**reply, **quoted.error(reply, self.worker.notebook, quoted.sizes_of(shapes))}

    def _lost(self, name: str, error: WorkerLost | ProtocolError) -> StudentError:
        """The worker is of no use any more: this task asks it nothing more."""
        self.worker.stop()
        what = "gave no answer" if isinstance(error, WorkerLost) else "gave a malformed answer"
        self.broken = "not asked again: an earlier call of this task stopped the worker."
        return StudentError(f"{name} {what}: {error}.")


Wish = tuple[RemoteStudent, str, Sequence[Calls]]  # who is asked, which function, all its calls


def ask_together(worker: Worker, wishes: Sequence[Wish]) -> None:
    """Ask in one message the functions of several tasks what each will be called with in a moment.

    What is left open each task asks for itself: after a function that takes long, or that ends the
    worker. No task loses by another.
    """
    waiting = [(*wish, laid(tuple(wish[2]))) for wish in wishes if not wish[0].broken]
    waiting = [wish for wish in waiting if wish[3].calls]
    asked = [(one.alias(name), len(sheet.calls)) for one, name, _, sheet in waiting]
    if len(waiting) < 2:
        return
    try:
        worker.ready()
        if worker.spent > HASTY:
            return
        whole = laid(tuple(calls for _, _, many, _ in waiting for calls in many))
        found = worker.ask_all(asked, whole, AT_ONCE)
    except WorkerLost:
        return
    if any(one.lost for one in found):
        worker.stop()
        return
    for (one, name, many, sheet), each in zip(waiting, found, strict=False):
        one.take(name, many, sheet, each)


def _checked(reply: dict[str, Any], count: int) -> dict[str, Any]:
    """A reply to a call with so many arguments, as far as it can be believed."""
    status, reformed = reply.get("status"), reply.get("changed")
    if status == "stub":
        return {"status": status}
    if status == "raised":
        return {"status": status, **_told(reply)}
    if status != "ok" or not isinstance(reformed, list) or len(reformed) > count:
        raise ProtocolError("a reply of no known status")
    if any(type(i) is not int or not 0 <= i < count for i in reformed):
        raise ProtocolError("a change to an argument that does not exist")
    warned = reply.get("warned", "")
    if not isinstance(warned, str):
        raise ProtocolError("a warning that is no text")
    said = {"value": reply.get("value"), "warned": plain_text(warned, 200)}
    return {"status": status, "changed": reformed, **said}
