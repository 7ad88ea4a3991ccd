"""Grading on several machines, by dask.distributed: the same jobs with the same results.

A submission's bytes and the exercise's source travel with each job, so a worker needs neither the
class's folder nor the hidden tests' on its disk; each proves its own sandbox before it grades. A
job whose worker is lost is done by another one. Only the caller writes the gradebook.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib
import logging
import platform
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .breakout import choose
from .collect import Unreadable
from .collect.submission import Nothing
from .jobs import JobsError, Lost
from .runner import Job, Setup

PACKAGE = Path(__file__).resolve().parents[1]
CONNECT = 10.0  # seconds until a scheduler must have answered
ALONE = 60.0  # seconds that a scheduler may be without any worker
AHEAD = 3  # jobs a worker's thread has or waits for: its next one is there when it is done
ONE_AT_A_TIME = threading.Lock()  # of the jobs in one process, as the grader's own jobs are


@dataclass(frozen=True)
class Carried:
    """A notebook's bytes that travel, in the place of what reads them from a disk."""

    data: bytes

    def __call__(self) -> bytes:
        """Return them."""
        return self.data


class Spread:
    """`function(job, setup)` on the workers of a dask scheduler, as `jobs.Jobs` does it here.

    Parameters
    ----------
    address : of the scheduler, such as "tcp://10.0.0.7:8786".
    function : "module:name".
    setup : what all jobs share; its kind of sandbox may be "auto", for each machine's strongest.

    Attributes
    ----------
    notes : what each worker said of its sandbox, by its address.
    folder : "", for it has none on this machine, as `Jobs` has.
    """

    folder = ""

    def __init__(self, address: str, function: str, setup: Setup) -> None:
        self.address, self.function, self.setup = address, function, setup
        self.exercise = _exercise(setup)
        self.notes: dict[str, str] = {}
        self.alone = 0.0  # since when no worker is there

    def __enter__(self) -> Spread:
        """Connect, and let every worker prove its sandbox.

        Raises
        ------
        JobsError : where no scheduler answers, it has no worker, or a worker cannot grade.
        """
        try:
            from distributed import Client
        except ImportError as error:
            raise JobsError(
                'dask.distributed is not installed here: pip install "course-nn[cluster]"'
            ) from error
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we say it in sentences
        try:
            self.client = Client(self.address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise JobsError(
                f"no scheduler answers at {self.address}: start one with `dask scheduler`, then "
                f"workers with `dask worker {self.address} --nthreads 1`"
            ) from error
        try:
            self._prove()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Give up what is not done, and leave the scheduler as it was."""
        self.client.close(timeout=1)

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Any]]:
        """Each job with its result, or `Lost`, in the order in which they are done.

        Raises
        ------
        JobsError : where the scheduler or all its workers are gone.
        """
        left = iter(jobs)
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        under_way: dict[str, tuple[Any, Job]] = {}

        def start(most: int) -> None:
            for _, job in zip(range(most), left, strict=False):
                future = self._submit(work, _carried(job))
                under_way[future.key] = future, job
                future.add_done_callback(done.put)

        start(AHEAD * max(sum(self.client.ncores().values()), 1))
        while under_way:
            future = self._next(done)
            if future is not None:
                _, job = under_way.pop(future.key)
                result = self._result(future)
                start(1)
                yield job, result

    # -- the scheduler ----------------------------------------------------------------------------

    def _submit(self, task: Any, *arguments: Any, **where: Any) -> Any:
        shared = (self.function, self.setup, self.exercise, fingerprint())
        return self.client.submit(task, *arguments, *shared, pure=False, **where)

    def _prove(self) -> None:
        """Ask every worker for its sandbox."""
        try:
            self.client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError as error:
            raise JobsError(self._no_worker()) from error
        asked = {name: self._submit(proof, workers=[name]) for name in self.client.ncores()}
        for name, future in asked.items():
            try:
                self.notes[name] = future.result()
            except Exception as error:
                raise JobsError(f"the worker {name} cannot grade: {error}") from error

    def _no_worker(self) -> str:
        return (
            f"the scheduler at {self.address} has no worker: start some with "
            f"`dask worker {self.address} --nthreads 1`"
        )

    def _next(self, done: queue.SimpleQueue[Any]) -> Any:
        """The next job that is done, or None where none is yet and there is hope."""
        try:
            return done.get(timeout=1.0)
        except queue.Empty:
            self._look_after()
            return None

    def _look_after(self) -> None:
        """End the run where nothing will come any more."""
        if self.client.status != "running":
            raise JobsError(f"the scheduler at {self.address} is gone")
        if self.client.ncores():
            self.alone = 0.0
        elif not self.alone:
            self.alone = time.monotonic()
        elif time.monotonic() - self.alone > ALONE:
            raise JobsError(self._no_worker())

    def _result(self, future: Any) -> Any:
        """What a job gave; where the worker that holds it is lost meanwhile, it is done again."""
        if future.status in ("cancelled", "lost"):
            raise JobsError(f"the scheduler at {self.address} is gone")
        try:
            return future.result()
        except Exception as error:
            if type(error).__name__ == "KilledWorker":
                return Lost("every worker that it was given to died of it")
            return Lost(f"{type(error).__name__}: {error}")


def _exercise(setup: Setup) -> str:
    """The exercise's source, which travels."""
    try:
        return (setup.tests / setup.assignment / "exercise.md").read_text(encoding="utf-8")
    except OSError as error:
        raise JobsError(f"the exercise cannot be read and sent to the workers: {error}") from error


def _carried(job: Job) -> Job:
    """The job with its notebook's bytes in it."""
    submission = job.submission
    if submission.problem:
        return replace(job, submission=replace(submission, read=Nothing(submission.problem)))
    try:
        read: Any = Carried(submission.read())
    except Unreadable as error:
        read = Nothing(str(error))
    return replace(job, submission=replace(submission, read=read))


# -- on the worker ---------------------------------------------------------------------------------


class WorkerUnfit(Exception):
    """This worker cannot grade; the message says why and what to do."""


def work(job: Job, function: str, setup: Setup, exercise: str, ours: str) -> Any:
    """Do one job on this machine."""
    with ONE_AT_A_TIME:
        return _function(function)(job, _here(setup, exercise, ours)[0])


def proof(function: str, setup: Setup, exercise: str, ours: str) -> str:
    """What this machine's sandbox is, once it is proved.

    Raises
    ------
    WorkerUnfit : where its package is another, or its sandbox holds less than was asked.
    """
    with ONE_AT_A_TIME:
        _function(function)
        return _here(setup, exercise, ours)[1]


def _function(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


@lru_cache(maxsize=4)
def _here(setup: Setup, exercise: str, ours: str) -> tuple[Setup, str]:
    """The set-up as it is on this machine, and what is said of its sandbox."""
    if ours != fingerprint():
        raise WorkerUnfit(
            f"it has another course_nn, Python or NumPy ({fingerprint()}) than the machine that "
            f"asks ({ours}): install the same on both"
        )
    kind, note = choose(setup.settings.kind)
    folder = Path(tempfile.mkdtemp(prefix="course-nn-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = folder / setup.assignment / "exercise.md"
    place.parent.mkdir()
    place.write_text(exercise, encoding="utf-8")
    settings = replace(setup.settings, kind=kind, hide=(folder, PACKAGE.parent))
    return replace(setup, tests=folder, settings=settings), note


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """What must be the same on two machines for the same points: this package, Python, NumPy."""
    whole = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        whole.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    return f"course_nn {whole.hexdigest()[:12]}, Python {python}, NumPy {np.__version__}"
