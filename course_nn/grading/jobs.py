"""Processes that work side by side: one that dies costs its own piece of work, and no other.

An executor of the standard library gives up all its work when one of its processes is killed, and
leaves them behind when the grader is. These end with the grader, however it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from .sandbox.kinds import THREADS

GRACE = 0.3  # seconds that a process gets to end its own workers
LAST_WORDS = 3.0  # seconds that one gets which ends by itself, to say why
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
READY = "ready"
SHARED = "shared"  # the name of the folder for what jobs tell each other
AHEAD = 2  # pieces that a process has: its next one is there when it is done
SELDOM = 50_000  # new objects after which Python looks for circles that may go; the usual is 700
SMALL = 1 << 14  # bytes of a piece that surely go into a channel which nobody reads just now


class JobsError(Exception):
    """No process can be started for the work; the message says why."""


@dataclass(frozen=True)
class Lost:
    """In place of a result: the process died, or the work ended in an error of ours."""

    why: str


@dataclass
class _Job:
    """One process: its channel, its folder for temporary files, and what it is at work on."""

    popen: subprocess.Popen
    channel: Connection
    folder: Path
    pieces: deque[Any] = field(default_factory=deque)  # the first is what it is at work on
    ready: bool = False  # it has imported all that it needs
    told: bool = False  # the argument
    again: bool = False  # a process died of this piece before
    since: float = field(default_factory=time.monotonic)


class Jobs:
    """`function(piece, argument)` for one piece of work after another, in several processes.

    Parameters
    ----------
    count : of processes.
    function : "module:name"; each process imports it once.
    argument : its second argument, the same for every piece.
    patience : seconds after which a process is ended that has not come back with its piece.

    Results come as they are ready. Leaving the `with` ends every process and removes their files.
    """

    def __init__(
        self, count: int, function: str, argument: Any = None, patience: float = 900.0
    ) -> None:
        self.count, self.function, self.argument = count, function, argument
        self.patience, self.made = patience, 0
        self.jobs: list[_Job] = []
        self.ending: list[_Job] = []

    def __enter__(self) -> Jobs:
        self.folder = Path(tempfile.mkdtemp(prefix="course-nn-grade-"))
        self.folder.chmod(0o711)  # a worker that is nobody finds its own folder in it
        (self.folder / SHARED).mkdir(mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def begin(self) -> None:
        """Start processes before there is work for them, so that they import what they need, as
        many as can import at once; where none can be started, `run` will say so."""
        with contextlib.suppress(JobsError):
            while len(self.jobs) < min(self.count, os.cpu_count() or 1):
                self._start()

    @contextlib.contextmanager
    def given(self, argument: Any, patience: float, count: int) -> Iterator[Jobs]:
        """What was not known when they began: see the class. At the end of the block they are told
        to end, and nobody waits for it before this object's own block ends."""
        self.argument, self.patience, self.count = argument, patience, count
        try:
            yield self
        finally:
            self._dismiss()

    def run(self, pieces: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Each piece with its result, or `Lost`, in the order in which they are done.

        Raises
        ------
        JobsError : where no process can be started, or it does not find its function.
        """
        left = deque(pieces)
        while len(self.jobs) < min(self.count, len(left)):
            self._start()
        for job in self.jobs[: min(self.count, len(left))]:
            self._give(job, left.popleft())
        while busy := [job for job in self.jobs if job.pieces]:
            for job in self._answering(busy):
                if job.ready:
                    yield from self._answer(job, left)
                elif self._greeted(job):
                    self._fill(job, left)

    def _answer(self, job: _Job, left: deque[Any]) -> Iterator[tuple[Any, Any]]:
        """What a process gave, once the next piece is under way; a piece that killed it is given
        to another process once more."""
        again, result = job.again, self._result(job)
        piece, job.again = job.pieces.popleft(), False
        if job not in self.jobs:
            left.extendleft(reversed(job.pieces))
            job = self._start()
            if not again:
                self._give(job, piece, again=True)
                return
        self._fill(job, left)
        yield piece, result

    def _fill(self, job: _Job, left: deque[Any]) -> None:
        """Give a process what it does next, and what after that, while there is more than enough
        for all: whoever asks for results may be busy with one when it is done."""
        if left and not job.pieces:
            self._give(job, left.popleft())
        while len(left) > self.count and job.ready and len(job.pieces) < AHEAD:
            if len(pickle.dumps(left[0])) > SMALL:
                return
            self._give(job, left.popleft())

    def stop(self) -> None:
        """End every process, within a second, and remove all temporary files."""
        self._dismiss()
        ending, self.ending = self.ending, []
        until = time.monotonic() + GRACE
        for job in ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                job.popen.wait(max(until - time.monotonic(), 0.01))
            _kill(job.popen)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _dismiss(self) -> None:
        """Tell every process to end."""
        while self.jobs:
            self.ending.append(self.jobs.pop())
            self.ending[-1].channel.close()
            self.ending[-1].popen.terminate()

    # -- one process ------------------------------------------------------------------------------

    def _start(self) -> _Job:
        self.made += 1
        folder = self.folder / str(self.made)
        try:
            folder.mkdir(mode=0o711)
            ours, theirs = socket.socketpair()
            with theirs, open(folder / "errors", "wb") as said:
                popen = subprocess.Popen(
                    self._command(theirs.fileno(), folder), pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
                    env={**os.environ, **dict.fromkeys(THREADS, "1")},
                )  # fmt: skip
        except OSError as error:
            raise JobsError(f"no process can be started to grade in: {error}") from error
        job = _Job(popen, Connection(ours.detach()), folder)
        self.jobs.append(job)
        return job

    def _command(self, fd: int, folder: Path) -> list[str]:
        """The same Python with the same path, but nothing from the folder where it is called."""
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; "
        code += f"serve({fd}, {self.function!r}, {str(folder)!r}, {os.getpid()})"
        return [sys.executable, "-I", "-c", code]

    def _give(self, job: _Job, piece: Any, again: bool = False) -> None:
        job.again = job.again or again
        job.since = time.monotonic() if not job.pieces else job.since
        job.pieces.append(piece)
        with contextlib.suppress(OSError):  # it has died: no answer will come
            if not job.told:
                job.channel.send(self.argument)
                job.told = True
            job.channel.send(piece)

    def _greeted(self, job: _Job) -> bool:
        """Whether a process says that it is ready; one that never is would fail at every piece."""
        try:
            job.ready = job.channel.poll() and job.channel.recv() == READY
            job.since = time.monotonic()
        except (EOFError, OSError):
            raise JobsError(f"a process to grade in ended as it began{_ending(job)}") from None
        return job.ready

    def _answering(self, busy: list[_Job]) -> list[_Job]:
        """The processes that have something to say, or are late beyond all patience."""
        ready = wait([job.channel for job in busy], timeout=1.0)
        late = time.monotonic() - self.patience
        return [job for job in busy if job.channel in ready or (job.ready and job.since < late)]

    def _result(self, job: _Job) -> Any:
        """What a process gives for its piece."""
        job.since = time.monotonic()
        try:
            if job.channel.poll():
                return job.channel.recv()
            why = f"it took more than {self.patience:g} s"
        except (EOFError, OSError):
            why = "its process ended" + _ending(job)
        self.jobs.remove(job)
        _kill(job.popen)
        job.channel.close()
        shutil.rmtree(job.folder, ignore_errors=True)
        return Lost(why)


def _ending(job: _Job) -> str:
    """How a process ended, and the last line that it said."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = job.popen.wait(LAST_WORDS)
        lines = (job.folder / "errors").read_text("utf-8", "replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "")
        how = f" by signal {signal.Signals(-code).name}" if code < 0 else ""
        return f"{how} ({said[:200]})" if said else how
    return ""


def _kill(popen: subprocess.Popen) -> None:
    """End a process and what it started that is still of its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()


@contextlib.contextmanager
def few_collections() -> Iterator[None]:
    """Python looks for garbage seldom: what grading makes is freed without, and looking costs."""
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


# -- in the process --------------------------------------------------------------------------------


def shared() -> Path | None:
    """A folder that all jobs of this run share, and nobody else; None outside of a job."""
    folder = Path(tempfile.tempdir or "").parent / SHARED
    return folder if tempfile.tempdir and folder.is_dir() else None


def serve(fd: int, function: str, folder: str, parent: int) -> None:
    """Do one piece of work after another, until the channel closes or the parent dies."""
    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it died before that was said
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tempfile.tempdir = folder
    channel = Connection(fd)
    with contextlib.suppress(EOFError, ConnectionError):
        module, _, name = function.partition(":")
        work = getattr(importlib.import_module(module), name)
        gc.freeze()  # what is imported stays: nobody looks through it again for what may go
        channel.send(READY)
        argument = channel.recv()
        with few_collections():
            while True:
                piece = channel.recv()
                channel.send(_done(work, piece, argument))


def _done(work: Any, piece: Any, argument: Any) -> Any:
    try:
        return work(piece, argument)
    except Exception as error:
        return Lost(f"{type(error).__name__}: {error}")
