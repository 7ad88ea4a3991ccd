"""The student across the pipe: started again, cut short, or refused, but never believed."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from course_nn.exercises.student import StudentError
from course_nn.grading import remote, sandbox
from course_nn.grading.remote import Limits, RemoteStudent, Worker, WorkerLost
from course_nn.worker.protocol import ProtocolError


class FakeChannel:
    """Answers each receive with the next of its lines; an exception is raised."""

    def __init__(self, lines: list) -> None:
        self.lines, self.sent = list(lines), []

    def send(self, header, arrays, deadline):
        self.sent.append(header)

    def receive(self, deadline):
        line = self.lines.pop(0)
        if isinstance(line, Exception):
            raise line
        return {"ticket": self.sent[-1]["ticket"], **line}, []


class FakeProcess:
    """A process that is only a channel."""

    readable, listable = ["/r"], ["/l"]

    def __init__(self, lines: list) -> None:
        self.channel, self.killed = FakeChannel(lines), 0

    def kill(self):
        self.killed += 1


UP, READY = {"op": "up"}, {"op": "ready", "errors": [], "sealed": ["seccomp"]}


def cell(number):
    return {"op": "cell", "cell": number}


@pytest.fixture
def starts(monkeypatch) -> Callable[..., list[FakeProcess]]:
    """`starts(lines, lines, …)` are the processes that will be started, in order."""

    def starts(*all_lines):
        processes = [FakeProcess(lines) for lines in all_lines]
        queue = iter(processes)
        monkeypatch.setattr(sandbox, "start", lambda kind, hide: next(queue))
        return processes

    return starts


def test_a_worker_is_told_its_cells_and_limits(starts):
    (process,) = starts([UP, cell(1), cell(2), READY])
    limits = Limits(submission_seconds=7, memory=3 << 20)
    worker = Worker(["a", "b"], limits, "plain")
    worker.ready()
    worker.ready()  # it stands already
    start = process.channel.sent[0]
    assert {key: value for key, value in start.items() if key != "ticket"} == {
        "cells": ["a", "b"], "skip": [], "memory": 3 << 20, "cpu_seconds": 8, "readable": ["/r"],
        "listable": ["/l"],
    }  # fmt: skip
    assert (worker.starts, worker.sealed, worker.failures) == (1, ["seccomp"], {})


def test_a_cell_that_ends_the_worker_is_left_out_the_next_time(starts):
    first, second = starts([UP, cell(1), cell(2), EOFError()], [UP, cell(1), READY])
    worker = Worker(["a", "b"], Limits(), "plain")
    worker.ready()
    assert first.killed == 1
    assert second.channel.sent[0]["skip"] == [2]
    assert worker.failures[2].sentence == (
        "code cell 2 was stopped: the process ended (exit, or out of memory)"
    )


def test_a_cell_without_end_is_told_from_one_that_ends_the_process(starts):
    starts([UP, cell(1), TimeoutError()], [UP, READY])
    worker = Worker(["a"], Limits(), "plain")
    worker.ready()
    assert "did not come to an end in the time allowed" in worker.failures[1].sentence


def test_a_worker_that_never_stands_is_lost(starts):
    starts([EOFError()])
    with pytest.raises(WorkerLost, match=r"the worker did not start \(the process ended"):
        Worker([], Limits(), "plain").ready()


def test_too_many_starts_and_too_long_a_time_are_the_end(starts):
    starts(*[[UP, cell(n), EOFError()] for n in range(1, 4)])
    with pytest.raises(WorkerLost, match="stopped the worker too often"):
        Worker(["a"] * 9, Limits(restarts=2), "plain").ready()
    starts([UP, cell(1), TimeoutError()])
    worker = Worker(["a"], Limits(submission_seconds=-1), "plain")
    with pytest.raises(WorkerLost, match="the time for this submission is up"):
        worker.ready()


def test_what_cells_raised_is_noted_and_made_safe_to_print(starts):
    errors = [
        {"cell": 1, "type": "E\x1b", "message": "m\n✔", "line": 3, "source": "x = 1"},
        {"cell": 2, "type": None, "message": 3, "line": True, "source": "y"},
        "nonsense",
    ]
    starts([UP, {**READY, "errors": errors}])
    worker = Worker(["a", "b"], Limits(), "plain")
    worker.ready()
    assert worker.failures[1].sentence == (
        "code cell 1 raised E� at line 3 of its cell: `x = 1` (m ✔)."
    )
    assert worker.failures[2].sentence.endswith("`y` (no message).")
    assert sorted(worker.failures) == [1, 2]


@pytest.mark.parametrize(
    "ready", [{"errors": 3, "sealed": 3}, {}, {"errors": [3], "sealed": [3, "x" * 99]}]
)
def test_a_worker_that_is_ready_but_says_it_oddly_is_taken_as_it_is(starts, ready):
    starts([UP, {"op": "ready", **ready}])
    worker = Worker([], Limits(), "plain")
    worker.ready()
    assert worker.failures == {}
    assert all(len(name) <= 20 for name in worker.sealed)


@pytest.mark.parametrize("number", [-1, True, "1", None, 1 << 30])
def test_a_cell_of_no_number_is_no_message(starts, number):
    starts([UP, cell(number)])
    with pytest.raises(WorkerLost, match=r"did not start \(a number of a cell that is none"):
        Worker(["a"], Limits(), "plain").ready()


def test_an_answer_to_another_question_is_refused(starts):
    (process,) = starts([UP, READY, {"ticket": "another", "status": "ok"}])
    worker = Worker([], Limits(), "plain")
    with pytest.raises(ProtocolError, match="nobody asked for"):
        worker.call("f", (np.ones(2),))
    start, question = process.channel.sent
    assert question["name"] == "f"
    assert question["ticket"] != start["ticket"]


class Answering:
    """A worker whose answers are given."""

    def __init__(self, *answers) -> None:
        self.answers, self.asked, self.stopped = list(answers), [], 0

    def call(self, name, inputs):
        self.asked.append(name)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer, [np.ones(2)]

    def why_missing(self, name):
        return f" Because of {name}."

    def stop(self):
        self.stopped += 1


def student(*answers) -> RemoteStudent:
    return RemoteStudent(Answering(*answers), np.random.default_rng(0))


OK = {"status": "ok", "value": {"kind": "array", "index": 0}, "changed": []}


def test_a_good_reply_is_an_answer():
    answer = student({**OK, "changed": [1]}).call("f", np.ones(2), 0.5)
    np.testing.assert_array_equal(answer.value, [1, 1])
    assert answer.changed == (1,)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"status": "passed"},
        {"status": ["ok"]},
        {**OK, "changed": None},
        {**OK, "changed": [2]},
        {**OK, "changed": [-1]},
        {**OK, "changed": [True]},
        {**OK, "changed": [0, 0, 0]},
        {**OK, "value": None},
        {**OK, "value": {"kind": "array", "index": 1}},
        {**OK, "value": {"kind": "pickle"}},
    ],
)
def test_a_malformed_reply_costs_the_worker(reply):
    one = student(reply)
    with pytest.raises(StudentError, match="f gave a malformed answer: "):
        one.call("f", np.ones(2), 0.5)
    assert one.worker.stopped == 1


def test_a_lost_worker_is_not_asked_again_for_this_task():
    one = student(WorkerLost("the process ended"), OK)
    with pytest.raises(StudentError, match="f gave no answer: the process ended"):
        one.call("f")
    with pytest.raises(StudentError, match="not asked again"):
        one.call("f")
    assert (one.worker.asked, one.worker.stopped) == (["f"], 1)


def test_what_the_student_did_is_said_and_the_worker_kept():
    long = {"status": "raised", "type": "E", "message": "x\x1b" * 500, "line": 2, "source": "y"}
    one = student({"status": "missing"}, {"status": "stub"}, long, OK)
    with pytest.raises(StudentError, match=r"no function called f: .* Because of f\."):
        one.call("f")
    with pytest.raises(StudentError, match="not written yet") as stub:
        one.call("f")
    assert stub.value.kind == "stub"
    with pytest.raises(StudentError, match="f raised E at line 2 of its cell: `y`") as told:
        one.call("f")
    assert len(str(told.value)) < 400
    assert "\x1b" not in str(told.value)
    assert one.call("f").changed == ()
    assert one.worker.stopped == 0


def test_a_test_may_ask_for_a_function_under_another_name():
    worker = Answering({"status": "stub"})
    with pytest.raises(StudentError, match=r"^f is not written"):
        RemoteStudent(worker, np.random.default_rng(0), lambda name: f"my_{name}").call("f")
    assert worker.asked == ["my_f"]


LOCKS = ["landlock", "seccomp"]


@pytest.mark.parametrize(
    ("bwrap", "plain", "wanted", "kind", "note"),
    [
        (LOCKS, LOCKS, "auto", "bwrap", "bubblewrap (no network, no files but Python and NumPy)"),
        (LOCKS, LOCKS, "plain", "plain", "plain process (as asked for)"),
        (None, LOCKS, "auto", "plain", "plain process (bubblewrap is missing or forbidden here)"),
        ([], [], "plain", "plain", "no kernel locks"),
        (None, ["seccomp"], "auto", "plain", "kernel locks: seccomp"),
    ],
)
def test_the_sandbox_is_the_best_that_works(monkeypatch, bwrap, plain, wanted, kind, note):
    monkeypatch.setattr(remote, "probe", {"bwrap": bwrap, "plain": plain}.get)
    found, said = remote.choose(wanted)
    assert found == kind
    assert note in said


@pytest.mark.parametrize(
    ("plain", "wanted", "said"),
    [
        (LOCKS, "bwrap", "bubblewrap is missing or forbidden here: install it, or"),
        (None, "auto", "no worker process can be started here"),
        (None, "plain", "no worker process can be started here"),
        ([], "auto", "accept the risk with --sandbox plain"),
        (["landlock"], "auto", "could end other processes: install bubblewrap"),
    ],
)
def test_no_sandbox_that_is_safe_is_said(monkeypatch, plain, wanted, said):
    monkeypatch.setattr(remote, "probe", {"plain": plain}.get)
    with pytest.raises(sandbox.SandboxError, match=said):
        remote.choose(wanted)


def test_a_probe_says_which_locks_hold(kind):
    assert set(remote.probe(kind)) <= set(LOCKS)


def test_a_probe_of_what_cannot_start_is_none(monkeypatch, starts):
    starts([EOFError()])
    assert remote.probe("plain") is None

    def refuse(kind, hide):
        raise sandbox.SandboxError("no")

    monkeypatch.setattr(sandbox, "start", refuse)
    assert remote.probe("plain") is None


def test_a_call_is_cut_short_though_the_student_never_ends_it():
    limits = Limits(call_seconds=0.2, notebook_seconds=5)
    worker = Worker(["def f(x):\n    while True: pass"], limits, "plain")
    try:
        worker.ready()
        start = time.monotonic()
        with pytest.raises(WorkerLost, match="in the time allowed"):
            worker.call("f", (np.ones(2),))
        assert time.monotonic() - start < 2
    finally:
        worker.stop()
