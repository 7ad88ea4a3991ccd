"""Whatever is handed in or answered, the grader says one sentence: inputs drawn at random.

A few seconds of each in the suite. Longer, with so many inputs of each kind:

    COURSE_NN_FUZZ=10000 python -m pytest tests/grading/test_fuzz.py

A failure tells its number; that one alone is run by `COURSE_NN_FUZZ_ONLY=NUMBER`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import random
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutations as m
import numpy as np
import pytest

from course_nn.exercises.student import StudentError
from course_nn.exercises.task import Task
from course_nn.grading import breakout, differences, remote, sandbox, warm
from course_nn.grading.cells import read_cells
from course_nn.grading.collect import (
    RosterError,
    Submission,
    Unreadable,
    collect,
    read_roster,
)
from course_nn.grading.collect.names import safe_name
from course_nn.grading.collect.platforms import gradescope, iso_of, marked
from course_nn.grading.record import Record, from_json, to_json
from course_nn.grading.remote import Limits, RemoteStudent, Worker, WorkerLost
from course_nn.grading.runner import Settings, grade_one
from course_nn.worker import protocol

SECONDS = 20  # that one input may take, of the processor
COUNT = int(os.environ.get("COURSE_NN_FUZZ", "0"))
ONLY = os.environ.get("COURSE_NN_FUZZ_ONLY")
ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = (ROOT / "book/exercises/ex02_dense.ipynb").read_bytes()
WRITING = (
    "os.rem", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.sym", "os.ch", "os.trunc",
    "os.exec", "os.fork", "os.posix", "os.system", "shutil.", "subprocess.", "socket.",
    "tempfile.", "pickle.",
)  # fmt: skip


def numbers(short: int) -> Iterator[int]:
    """The numbers of the inputs of this run."""
    return iter([int(ONLY)] if ONLY else range(COUNT or short))


@contextlib.contextmanager
def one_input(number: int) -> Iterator[random.Random]:
    """One input's random numbers; it fails by its number, and where it takes too long."""

    def ring(*_: Any) -> None:
        faulthandler.dump_traceback(sys.stderr)
        raise TimeoutError(f"it took more than {SECONDS} s")

    old = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield random.Random(number)
    except BaseException as error:
        error.add_note(f"COURSE_NN_FUZZ_ONLY={number}")
        raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)


class Watched:
    """What this process does to files while it is watched: by Python's own audit of every call."""

    def __init__(self) -> None:
        self.on, self.seen, self.allowed = False, list[str](), set[str]()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, given: tuple) -> None:
        if self.on and not self._harmless(event, given):
            self.seen.append(f"{event} {given!r}"[:300])

    def _harmless(self, event: str, given: tuple) -> bool:
        if event != "open":
            return not event.startswith(WRITING)
        path, _, flags = given
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            return False
        if isinstance(path, int) or os.fspath(path) in self.allowed:
            return True
        path = os.fsdecode(path)
        below = "/" not in path and flags & os.O_NOFOLLOW
        return bool(below) or path.startswith((sys.prefix, sys.base_prefix, str(ROOT)))

    @contextlib.contextmanager
    def __call__(self, *allowed: Path | None) -> Iterator[None]:
        """Fail where something was written or started, or opened but these and what is below."""
        self.seen, self.allowed, self.on = [], {str(path) for path in allowed}, True
        try:
            yield
        finally:
            self.on = False
        assert self.seen == []


watched = Watched()


# -- what is handed in -----------------------------------------------------------------------------


def fill(rng: random.Random, folder: Path) -> None:
    """A class's folder of odd names, notebooks and archives; often several are one person's."""
    changed = [m.changed(rng, NOTEBOOK), m.changed(rng, NOTEBOOK), NOTEBOOK, b"", rng.randbytes(99)]
    above = m.odd_path(rng) + "/" if rng.random() < 0.5 else ""
    for _ in range(rng.choice((1, 2, 4, 8))):
        text = (
            rng.choice((above, above, "")) + m.odd_path(rng) + rng.choice((".ipynb", ".IPYNB", ""))
        )
        names = text.encode("utf-8", "surrogatepass").replace(b"\0", b"").split(b"/")
        names = [name[-255:] for name in names if name not in (b"", b".", b"..")] or [b"x"]
        data = rng.choice(changed)
        if rng.random() < 0.3:
            data = m.odd_archive(rng, changed)
            names[-1] = names[-1][-240:] + rng.choice((b".zip", b".tar", b".tar.gz", b".gz"))
        with contextlib.suppress(OSError):  # a file may be there where a folder should be
            put(rng, os.path.join(os.fsencode(folder), *names), data)


def put(rng: random.Random, path: bytes, data: bytes) -> None:
    """A file, or something that is none."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    kind = rng.random()
    if kind < 0.05:
        os.symlink(rng.choice((b"/etc/passwd", b"..", os.path.basename(path))), path)
    elif kind < 0.08:
        os.mkfifo(path)
    else:
        with open(path, "wb") as file:
            file.write(data)
        os.utime(path, (1.7e9, 1.7e9 + rng.choice((0, 1, 86_400, 3e9))))


def test_a_folder_of_anything_gives_rows(tmp_path):
    for number in numbers(150):
        folder = tmp_path / str(number)
        folder.mkdir()
        with one_input(number) as rng:
            fill(rng, folder)
            roster = tmp_path / "roster.csv" if rng.random() < 0.3 else None
            if roster:
                names = "\n".join(m.odd_name(rng) for _ in range(5)).encode("utf-8", "replace")
                roster.write_bytes(b"name\nAda Lovelace\nbob\n" + names)
            check_rows(folder, roster, rng.choice(("latest", "first")))


def check_rows(folder: Path, roster: Path | None, policy: str) -> None:
    with watched(folder, roster):
        rows = collect(folder, "ex02_dense", roster=roster, attempts=policy)
        for row in rows:
            with contextlib.suppress(Unreadable):
                row.read()
    for row in rows:
        for text in (row.student, row.file, row.problem, row.handed_in, *row.said):
            assert text.isprintable(), ascii(text)
            assert len(text) < 2000
    names = [row.student for row in rows]
    assert len(set(names)) == len(names)
    assert len({safe_name(name).casefold() for name in names}) == len(names)


def test_what_is_written_elsewhere_is_seen(tmp_path):
    with pytest.raises(AssertionError, match="open"), watched(tmp_path):
        (tmp_path / "x").write_text("")
    with pytest.raises(AssertionError, match="passwd"), watched(tmp_path):
        Path("/etc/passwd").read_bytes()
    with pytest.raises(AssertionError, match=r"os\.mkdir"), watched(tmp_path):
        (tmp_path / "y").mkdir()


def test_a_notebook_of_anything_is_cells_or_a_sentence(assignment):
    tasks = [graded.task for graded in assignment.tasks]
    for number in numbers(150):
        with one_input(number) as rng:
            data = m.odd_notebook(rng, NOTEBOOK)
            # Python looks for the line of a syntax error in a file called <unknown>
            with watched(Path("<unknown>")), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of odd code; as where it is graded
                check_cells(data, tasks)


def check_cells(data: bytes, tasks: list[Task]) -> None:
    try:
        cells = read_cells(data, tasks)
    except Unreadable as error:
        said = [str(error)]
    else:
        said = list(cells.said)
        json.dumps(cells.code).encode()
        assert all(code.encode() is not None for code in cells.code), "a surrogate is left"
        said += differences.told(cells.code, [task.name for task in tasks])
    for sentence in said:
        assert sentence.isprintable(), ascii(sentence)
        assert len(sentence) < 2000


def test_tables_and_names_of_anything(tmp_path):
    table = b'Student,ID,SIS User ID,SIS Login ID\n"Lovelace, Ada",77,12,ada@x.example\n'
    listed = "submission_1:\n  :submitters:\n  - :name: Ada\n    :sid: '1'\n  :created_at: 2026\n"
    for number in numbers(500):
        with one_input(number) as rng:
            (tmp_path / "r.csv").write_bytes(m.changed(rng, table * rng.choice((1, 3))))
            with contextlib.suppress(RosterError):
                assert all(p.student.isprintable() for p in read_roster(tmp_path / "r.csv").people)
            gradescope(m.changed(rng, listed.encode()).decode("utf-8", "replace"))
            marked(m.odd_name(rng))
            iso_of(m.changed(rng, b"2026-03-02 15:58:23.948203 UTC").decode("latin-1"))


# -- what a worker answers -------------------------------------------------------------------------

TICKET = "t" * 16
DONE = {"ticket": TICKET, "op": "done", "told": [1], "arrays": []}
ERROR = {"cell": 1, "type": "ValueError", "message": "no", "line": 3, "source": "x", "names": ["f"]}
READY = {"ticket": TICKET, "op": "ready", "errors": [ERROR], "sealed": ["seccomp"], "said": ["so"]}
ARRAY = {"dtype": "<f8", "shape": [2, 3]}
REPLY = {
    "ticket": TICKET, "call": 0, "status": "ok", "changed": [0], "warned": "divide",
    "value": {"kind": "tuple", "items": [{"kind": "array", "index": 0}, {"kind": "none"},
                                         {"kind": "foreign", "type": "x"}]},
    "arrays": [ARRAY],
}  # fmt: skip
RAISED = {"ticket": TICKET, "call": 0, "status": "raised", "arrays": [], **ERROR}
NUMBERS = np.arange(6.0).tobytes()
TALK = [
    ({"ticket": TICKET, "arrays": []}, b""), ({**READY, "arrays": []}, b""), (DONE, b""),
    (REPLY, NUMBERS),
]  # fmt: skip


def framed(header: Any, payload: bytes) -> bytes:
    text = m.json_of(header)
    return protocol.LENGTHS.pack(len(text), len(payload)) + text + payload


def test_a_frame_of_anything_is_refused_in_one_way():
    for number in numbers(3000):
        with one_input(number) as rng:
            header, payload = rng.choice([*TALK, TALK[-1], TALK[-1], (RAISED, b"")])
            if rng.random() < 0.3:
                header = {**header, "arrays": m.odd_arrays(rng)}
            text = m.json_of(m.changed_tree(rng, header))
            if rng.random() < 0.3:
                text, payload = m.changed(rng, text), m.changed(rng, payload)
            with contextlib.suppress(protocol.ProtocolError):
                found, arrays = protocol.unpack(text, payload)
                protocol.restore(found.get("value"), arrays)


class Play:
    """A worker's end that says what it was given to say, lays a reply on the tray, and hangs up."""

    def __init__(self, script: bytes, reply: bytes) -> None:
        self.script, self.reply, self.children = script, reply, list[warm.Child]()

    def child(self) -> warm.Child:
        """A child whose pipe holds the whole script."""
        with contextlib.ExitStack() as kept:
            read, ours = os.pipe()
            theirs, write = os.pipe()
            os.set_blocking(ours, False)
            with contextlib.suppress(BlockingIOError):
                os.write(ours, self.script)
            os.close(ours)
            desk = warm.Desk(warm._memory(kept))

        def lay() -> None:
            tray = self.reply.ljust(protocol.LENGTHS.size, b"\0") + bytes(protocol.LENGTHS.size)
            desk.memory[warm.SIZE : warm.SIZE + len(tray)] = tray

        desk.empty = lay  # type: ignore[method-assign]
        null = os.open(os.devnull, os.O_RDONLY)
        os.close(theirs)
        child = warm.Child(protocol.Channel(read, write), desk, null)
        self.children.append(child)
        return child

    def close(self) -> None:
        """It is never started, so there is nothing to end."""


def test_a_worker_that_says_anything_costs_one_sentence(monkeypatch):
    monkeypatch.setattr(remote.secrets, "token_hex", lambda size: TICKET)
    monkeypatch.setattr(protocol.Channel, "send", lambda *given: None)
    for number in numbers(300):
        with one_input(number) as rng:
            check_talk(rng)


def test_what_is_changed_there_is_an_answer_before(monkeypatch):
    monkeypatch.setattr(remote.secrets, "token_hex", lambda size: TICKET)
    monkeypatch.setattr(protocol.Channel, "send", lambda *given: None)
    *script, reply = (framed(*frame) for frame in TALK)
    worker = Worker(["def f(x): ..."], Limits(), "plain")
    worker.server = Play(b"".join(script), reply)  # type: ignore[assignment]
    assert called(RemoteStudent(worker, np.random.default_rng(0))) == []
    worker.stop()


def check_talk(rng: random.Random) -> None:
    talk = list(TALK)
    at = rng.randrange(len(talk))
    header, payload = rng.choice((talk[at], talk[at], (RAISED, b"")))
    talk[at] = (m.changed_tree(rng, header), m.changed(rng, payload) if payload else b"")
    *script, reply = (framed(*frame) for frame in talk)
    script, reply = (
        m.changed(rng, t) if rng.random() < 0.1 else t for t in (b"".join(script), reply)
    )
    worker = Worker(["def f(x): ..."], Limits(), "plain")
    worker.server = Play(script, reply)  # type: ignore[assignment]
    told = called(RemoteStudent(worker, np.random.default_rng(0)))
    told += [failure.sentence for failure in worker.failures.values()]
    for sentence in [*told, *worker.said, *worker.sealed]:
        assert sentence.isprintable(), ascii(sentence)
        assert len(sentence) < 1500
    worker.stop()


def called(student: RemoteStudent) -> list[str]:
    """What comes of a call, where it is no answer."""
    try:
        student.call("f", np.ones(3))
    except (StudentError, sandbox.SandboxError, WorkerLost) as error:
        return [str(error)]
    return []


# -- all together ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """Reads what it was given."""

    data: bytes

    def __call__(self) -> bytes:
        """The bytes."""
        return self.data


def test_answers_of_anything_are_graded_without_a_fault_of_ours(assignment, notebook):
    """In the strongest sandbox that holds here; a twentieth of the others' number."""
    kind, _ = breakout.choose("auto")
    limits = Limits(call_seconds=1, notebook_seconds=2, task_seconds=2)
    settings = Settings(kind, 1, limits)
    names = [graded.task.name for graded in assignment.tasks]
    for number in numbers(200):
        if ONLY or number % 20 == 0:
            with one_input(number) as rng:
                cells = m.odd_answers(rng, names)
                given = Submission("ada", Given(notebook(*map(m.plain, cells)).encode()))
                check_record(grade_one(given, assignment, settings))


def check_record(record: Record) -> None:
    assert record.status in ("graded", "stopped", "unreadable"), record.message
    assert 0 <= record.total < record.maximum
    assert from_json(to_json(record)) == record
    outcomes = [outcome for task in record.tasks for outcome in task.tests]
    texts = [text for one in outcomes for text in (one.sentence, one.looks, *one.smallest)]
    for text in [record.message, *record.failures, *record.said, *record.noticed, *texts]:
        assert all(c.isprintable() or c in "\n\t" for c in text), ascii(text)
        assert len(text) < 20_000
