"""The student across the pipe: started again, cut short, or refused, but never believed."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from course_nn.exercises.student import Calls, StudentError
from course_nn.grading import remote, warm
from course_nn.grading.remote import Limits, RemoteStudent, Worker, WorkerLost
from course_nn.grading.sandbox import SandboxError
from course_nn.worker.desk import SECOND
from course_nn.worker.protocol import pack


class FakeChannel:
    """Answers each receive with the next of its lines; an exception is raised, a number is that of
    the cell at work, and the replies of a list are laid on the tray before, in a tuple those of
    several functions."""

    def __init__(self, lines: list, desk) -> None:
        self.lines, self.desk, self.sent, self.brought = list(lines), desk, [], []

    def send(self, header, arrays, left):
        assert left() > 0
        self.sent.append(header)
        self.brought.append(arrays)

    def receive(self, left):
        line, ticket = self.lines.pop(0), {"ticket": self.sent[-1]["ticket"]}
        while isinstance(line, int):
            self.desk.begun, line = line, self.lines.pop(0)
        if isinstance(line, list):
            replies = [one for one in line if isinstance(one, dict)]
            self.desk.lay({"call": k, **one} for k, one in enumerate(replies))
            line = {"op": "done", "told": [len(replies)]} if len(replies) == len(line) else line[-1]
        if isinstance(line, tuple):
            told = [len(replies) for replies in line]
            self.desk.lay({"call": k, **one} for some in line for k, one in enumerate(some))
            line = {"op": "done", "told": told}
        if isinstance(line, Exception):
            raise line
        return {**ticket, **line}, []


class FakeDesk:
    """A desk on which nothing changes."""

    def __init__(self) -> None:
        self.tray, self.begun = [], 0

    def lay(self, replies):
        frames = (pack(reply, [np.ones(2)]) for reply in replies)
        cut = ((frame, 8 + int.from_bytes(frame[:4])) for frame in frames)
        self.tray = [(frame[8:at], frame[at:]) for frame, at in cut]

    def put(self, sheet):
        return 640

    def empty(self):
        self.tray = []

    def replies(self, most):
        return self.tray[:most]

    def count(self, most):
        return len(self.tray[:most])

    def changed(self, base, sheet):
        assert base == 640
        return [[] for _ in sheet.calls]


class FakeChild:
    """A child that is only a channel and a desk."""

    def __init__(self, lines: list) -> None:
        self.desk, self.killed = FakeDesk(), 0
        self.channel = FakeChannel(lines, self.desk)

    def waited(self):
        return 0.0

    def worked(self):
        return 0.0

    def kill(self):
        self.killed += 1


UP, READY = {"op": "up"}, {"op": "ready", "errors": [], "sealed": ["seccomp"]}


class FakeServer:
    """A server whose children are given."""

    def __init__(self, children) -> None:
        self.children, self.closed = iter(children), 0

    def child(self):
        return next(self.children)

    def close(self):
        self.closed += 1


@pytest.fixture
def starts(monkeypatch) -> Callable[..., list[FakeChild]]:
    """`starts(lines, lines, …)` are the children that will be forked, in order."""

    def starts(*all_lines):
        children = [FakeChild(lines) for lines in all_lines]
        server = FakeServer(children)
        monkeypatch.setattr(warm, "server", lambda kind, hide, allowed, memory: server)
        return children

    return starts


def test_a_worker_is_told_its_cells_and_limits(starts):
    (child,) = starts([UP, 1, 2, READY])
    worker = Worker(["a", "b"], Limits(memory=3 << 20), "plain", allowed=["scipy"])
    worker.ready()
    worker.ready()  # it stands already
    start = child.channel.sent[0]
    assert {key: value for key, value in start.items() if key != "ticket"} == {
        "skip": [], "allowed": ["scipy"], "memory": 3 << 20, "cpu_seconds": remote.BACKSTOP,
        "again": True, "notebook_seconds": 17.0, "given": {},
    }  # fmt: skip
    (cells,) = child.channel.brought[0]
    assert json.loads(cells.tobytes()) == ["a", "b"]
    assert (worker.starts, worker.sealed, worker.failures) == (1, ["seccomp"], {})


def test_a_cell_that_ends_the_worker_is_left_out_the_next_time(starts):
    first, second = starts([UP, 1, 2, EOFError()], [UP, 1, READY])
    worker = Worker(["a", "b"], Limits(), "plain")
    worker.ready()
    assert first.killed == 1
    assert second.channel.sent[0]["skip"] == [2]
    assert worker.failures[2].sentence == (
        "code cell 2 was stopped: the process ended (exit, or out of memory)"
    )


def test_a_worker_lost_in_a_second_try_makes_none_the_next_time(starts):
    _, second = starts([UP, SECOND, EOFError()], [UP, {**READY, "said": ["so"]}])
    worker = Worker(["a"], Limits(), "plain")
    worker.ready()
    assert (second.channel.sent[0]["skip"], second.channel.sent[0]["again"]) == ([], False)
    assert (worker.failures, worker.said) == ({}, ["so"])


@pytest.mark.parametrize("says", [[SECOND], []])
def test_a_worker_that_is_lost_in_the_same_way_each_time_is_given_up(starts, says):
    starts(*[[UP, 1, *says, EOFError()] for _ in range(99)])
    worker = Worker(["a", "b"], Limits(restarts=2), "plain")
    with pytest.raises(WorkerLost, match="too often"):
        worker.ready()
    assert worker.starts < 9


def test_what_failed_is_the_reason_that_a_name_is_missing(starts):
    errors = [
        {"cell": 1, "type": "A", "message": "a", "source": "x", "line": 1, "names": []},
        {"cell": 1, "type": "B", "message": "b", "source": "y", "line": 2, "names": ["f"]},
    ]
    starts([UP, 1, {**READY, "errors": errors}])
    worker = Worker(["def f(x): ..."], Limits(), "plain")
    worker.ready()
    assert "raised A" in worker.failures[1].sentence
    assert "raised B" in worker.why_missing("f")


def test_a_cell_without_end_is_told_from_one_that_ends_the_process(starts):
    starts([UP, 1, TimeoutError()], [UP, READY])
    worker = Worker(["a"], Limits(), "plain")
    worker.ready()
    assert worker.failures[1].sentence == (
        "code cell 1 was stopped: it did not come to an end in the time allowed "
        "(20 s for all cells together)"
    )


def test_a_worker_that_dies_before_its_first_cell_is_started_again(starts):
    first, second = starts([EOFError()], [UP, 1, READY])
    worker = Worker(["a"], Limits(), "plain")
    worker.ready()
    assert (first.killed, second.killed, worker.server.closed) == (1, 0, 1)
    assert (worker.starts, worker.failures) == (2, {})


def test_a_worker_that_never_stands_is_the_machines_fault(starts):
    starts([EOFError()], [UP, EOFError()])
    with pytest.raises(SandboxError, match=r"the worker did not start \(the process ended"):
        Worker([], Limits(), "plain").ready()


def test_too_many_cells_that_end_the_worker_are_the_end(starts):
    starts(*[[UP, n, EOFError()] for n in range(1, 4)])
    with pytest.raises(WorkerLost, match="stopped the worker too often"):
        Worker(["a"] * 9, Limits(restarts=2), "plain").ready()


def test_calls_that_end_the_worker_do_not_count_as_cells(starts):
    starts(*[[UP, 1, READY, EOFError()] for _ in range(5)])
    worker = Worker(["a"], Limits(restarts=0), "plain")
    for _ in range(5):
        with pytest.raises(WorkerLost, match="the process ended"):
            worker.call("f", ())
        worker.stop()
    assert worker.starts == 5


def test_what_cells_raised_is_noted_and_made_safe_to_print(starts):
    errors = [
        {"cell": 1, "type": "E\x1b", "message": "m\n✔", "line": 3, "source": "x = 1"},
        {"cell": 2, "type": None, "message": 3, "line": True, "source": "y"},
        "nonsense",
        *({"cell": k, "type": "GraderFault", "message": "full marks"} for k in (0, 3, 77_777)),
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


@pytest.mark.parametrize("number", [-2, 0, 3, 1 << 30])
def test_who_is_lost_in_no_cell_is_lost_in_the_first(starts, number):
    _, second = starts([UP, number, EOFError()], [UP, READY])
    worker = Worker(["a", "b"], Limits(), "plain")
    worker.ready()
    assert second.channel.sent[0]["skip"] == [1]
    assert sorted(worker.failures) == [1]


def test_a_second_try_that_none_was_asked_for_is_lost_in_the_first_cell(starts):
    _, _, third = starts(*[[UP, SECOND, EOFError()]] * 2, [UP, READY])
    Worker(["a", "b"], Limits(), "plain").ready()
    assert (third.channel.sent[0]["skip"], third.channel.sent[0]["again"]) == ([1], False)


@pytest.mark.parametrize("lines", [[UP, 1, EOFError()], [UP, 1, {"op": "again"}]])
def test_a_worker_that_always_says_the_same_is_started_so_often_only(starts, lines):
    children = starts(*[[*lines, EOFError()]] * 20)
    with pytest.raises((WorkerLost, SandboxError)):
        Worker(["a"], Limits(restarts=3), "plain").ready()
    assert sum(child.killed for child in children) <= 6


def test_what_is_no_message_is_refused(starts):
    starts([UP, {"op": "cell", "cell": 1}], [UP, READY])
    worker = Worker(["a"], Limits(), "plain")
    worker.ready()
    assert worker.failures[1].sentence == "code cell 1 was stopped: a message that is none"


@pytest.fixture
def student(starts) -> Callable[..., RemoteStudent]:
    """`student([reply, …], …)` is one whose worker stands, and answers each message so."""

    def student(*lines, **limits):
        lines = [line if isinstance(line, list) else [line] for line in lines]
        starts([UP, READY, *lines], [UP, READY, *lines])
        return RemoteStudent(Worker([], Limits(**limits), "plain"), np.random.default_rng(0))

    return student


OK = {"status": "ok", "value": {"kind": "array", "index": 0}, "changed": []}


@pytest.mark.parametrize("line", [{"call": 1}, {"call": None}, {"call": "0"}])
def test_an_answer_to_another_question_is_refused(student, line):
    one = student({**OK, **line})
    with pytest.raises(StudentError, match="malformed answer: an answer that nobody asked for"):
        one.call("f", np.ones(2))


def test_a_message_that_is_done_for_another_is_refused(student):
    one = student()
    one.worker.ready()
    one.worker.child.channel.lines = [{"ticket": "another", "op": "done"}]
    with pytest.raises(StudentError, match="malformed answer: an answer that nobody asked for"):
        one.call("f", np.ones(2))


def test_the_same_replies_are_taken_apart_once_and_others_anew(student):
    (first,), (again,) = (student([OK]).call_many("f", ONE) for _ in range(2))
    assert again is first
    other = {**OK, "warned": "overflow"}
    (third,) = student([other]).call_many("f", ONE)
    assert third.warned == "overflow"
    assert student([OK]).call_many("f", ONE).mark != student([other]).call_many("f", ONE).mark
    assert student([OK]).call("f", np.ones(2)) is not first


def test_what_the_desk_shows_makes_other_answers_of_the_same_replies(student, monkeypatch):
    (clean,) = student([OK]).call_many("f", ONE)
    monkeypatch.setattr(FakeDesk, "changed", lambda *_: [[0]])
    (spoiled,) = student([OK]).call_many("f", ONE)
    assert (clean.changed, spoiled.changed) == ((), (0,))


def test_why_a_function_is_missing_is_each_students_own(student):
    for reason in ("it broke", "it was late"):
        one = student([{"status": "missing"}])
        one.worker.ready()
        one.worker.lost = {"f": remote.Failure(1, f"{reason}.")}
        (error,) = one.call_many("f", ONE)
        assert reason in error.sentence


def test_a_question_says_where_its_arguments_lie(student):
    one = student(OK)
    one.worker.ready()
    channel = one.worker.child.channel
    one.call("f", np.ones(2), 0.5)
    start, question = channel.sent
    assert (question["asked"], question["base"]) == ([("f", 1)], 640)
    assert question["calls"] == [[[0, "<f8", [2], "C"], 0.5]]
    assert question["ticket"] != start["ticket"]


def test_a_good_reply_is_an_answer(student):
    answer = student({**OK, "changed": [1]}).call("f", np.ones(2), 0.5)
    np.testing.assert_array_equal(answer.value, [1, 1])
    assert answer.changed == (1,)


def test_what_the_desk_shows_counts_whatever_is_said(student, monkeypatch):
    monkeypatch.setattr(FakeDesk, "changed", lambda *_: [[1]])
    assert student({**OK, "changed": [0]}).call("f", np.ones(2), np.ones(1)).changed == (0, 1)


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
        {**OK, "warned": 3},
    ],
)
def test_a_malformed_reply_costs_the_worker(student, reply):
    one = student(reply)
    with pytest.raises(StudentError, match="f gave a malformed answer: "):
        one.call("f", np.ones(2), 0.5)
    assert one.worker.child is None


def test_an_answer_counts_though_the_worker_is_lost_after_it(student):
    one = student([{**OK, "changed": [0]}, EOFError()])
    assert one.call("f", np.ones(2)).changed == (0,)
    assert one.broken


def test_a_lost_worker_is_not_asked_again_for_this_task(student):
    one = student(EOFError(), OK)
    with pytest.raises(StudentError, match="f gave no answer: the process ended"):
        one.call("f")
    with pytest.raises(StudentError, match="not asked again"):
        one.call("f")
    assert one.worker.starts == 1
    assert isinstance(RemoteStudent(one.worker, one.rng).call_many("f", ONE)[0], StudentError)
    assert one.worker.starts == 2


def test_what_the_student_did_is_said_and_the_worker_kept(student):
    long = {"status": "raised", "type": "E", "message": "x\x1b" * 500, "line": 2, "source": "y"}
    one = student({"status": "stub"}, long, OK)
    with pytest.raises(StudentError, match="not written yet") as stub:
        one.call("f")
    assert stub.value.kind == "stub"
    with pytest.raises(StudentError, match="f raised E at line 2 of its cell: `y`") as told:
        one.call("f")
    assert len(str(told.value)) < 400
    assert "\x1b" not in str(told.value)
    assert one.call("f").changed == ()
    assert one.worker.starts == 1


def test_a_missing_function_is_said_with_the_cell_that_failed(student):
    one = student({"status": "missing"})
    one.worker.ready()
    one.worker.cells, one.worker.failures = ["def f(x):"], {1: remote.Failure(1, "it broke.")}
    with pytest.raises(StudentError, match=r"no function called f: .* The reason: it broke\."):
        one.call("f")


def test_a_test_may_ask_for_a_function_under_another_name(student):
    worker = student({"status": "stub"}).worker
    with pytest.raises(StudentError, match=r"^f is not written"):
        RemoteStudent(worker, np.random.default_rng(0), lambda name: f"my_{name}").call("f")
    assert worker.child.channel.sent[-1]["asked"] == [("my_f", 1)]


# -- many calls in one message ---------------------------------------------------------------------

ONE, TWO = Calls(((np.ones(2),),)), Calls(((np.ones(2), 1.0), (np.ones(2), 2.0)))


def test_many_calls_are_one_message(student):
    one = student([OK, {**OK, "changed": [0]}])
    first, second = one.call_many("f", TWO)
    assert (first.changed, second.changed) == ((), (0,))
    assert len(one.worker.child.channel.sent) == 2
    assert student().call_many("f", Calls(())) == []


def test_after_a_stub_nothing_more_is_expected(student):
    (only,) = student({"status": "stub"}).call_many("f", TWO)
    assert only.kind == "stub"


def test_what_was_answered_before_the_worker_was_lost_stands(student):
    one = student([OK, EOFError()])
    answer, error = one.call_many("f", TWO)
    assert answer.value.tolist() == [1, 1]
    assert "f gave no answer: the process ended" in error.sentence
    assert one.worker.child is None


def test_who_breaks_the_rules_is_believed_nothing(student):
    one = student([OK, {**OK, "value": None}])
    (error,) = one.call_many("f", TWO)
    assert "malformed" in error.sentence
    assert one.worker.child is None


def test_fewer_answers_than_questions_are_malformed(student):
    (error,) = student([OK]).call_many("f", TWO)
    assert "malformed answer: fewer answers than questions" in error.sentence


def test_what_is_no_frame_on_the_tray_is_malformed(student, monkeypatch):
    monkeypatch.setattr(FakeDesk, "replies", lambda desk, most: [(b"not json", b"")])
    (error,) = student(OK).call_many("f", ONE)
    assert "malformed answer: the header is not JSON" in error.sentence


def test_a_call_has_seconds_of_its_own_and_a_task_has_for_all(student):
    (error,) = student(TimeoutError(), call_seconds=3).call_many("f", TWO)
    assert "in the time allowed (3 s for a call)" in error.sentence
    one = student(TimeoutError(), call_seconds=3)
    one.left = 1e-9
    one.worker.ready()
    channel = one.worker.child.channel
    channel.send = lambda header, arrays, left: channel.sent.append(header)
    (error,) = one.call_many("f", TWO)
    assert "s for all calls of a task together)" in error.sentence


def test_each_answer_on_the_tray_gives_the_next_call_its_seconds(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(warm.time, "monotonic", lambda: now[0])
    child = FakeChild([])
    pace = remote.Pace(child, 9, 3.0, 8.0)
    now[0] = 2.95
    assert pace.left() == pytest.approx(0.05)
    child.desk.lay([OK])
    assert pace.left() == remote.GLANCE
    now[0] = 5.9
    assert pace.left() == pytest.approx(0.05)
    child.desk.lay([OK, OK])
    now[0] = 7.95
    assert pace.left() == pytest.approx(0.05)  # of all together
    assert str(pace) == "3 s for a call"
    now[0] = 8.1
    assert pace.left() < 0
    assert str(pace) == "8 s for all calls of a task together"


def test_a_tray_full_of_forged_replies_is_not_counted_to_its_end():
    child = FakeChild([])
    child.desk.lay([OK] * 5)
    pace = remote.Pace(child, 2, 3.0, 8.0)
    pace.left()
    assert pace.answered == 2


def test_who_is_made_to_forget_meets_a_new_worker(student):
    one = student([OK], [OK])
    one.call("f", np.ones(1))
    first = one.worker.child
    assert one.forgetful
    one.forget()
    one.call("f", np.ones(1))
    assert one.worker.child is not first


# -- the calls of a task's tests ahead -------------------------------------------------------------


def test_what_was_asked_ahead_is_one_message_and_not_asked_again(student):
    one = student([OK, {**OK, "changed": [0]}, {**OK, "changed": [1]}], [OK])
    other = Calls(((np.ones(1),),))
    one.ahead("f", [other, TWO])
    assert [answer.changed for answer in one.call_many("f", other)] == [()]
    assert [answer.changed for answer in one.call_many("f", TWO)] == [(0,), (1,)]
    assert len(one.worker.child.channel.sent) == 2
    one.call_many("f", other)
    assert len(one.worker.child.channel.sent) == 3


def test_after_a_stub_all_that_was_asked_ahead_is_one(student):
    one = student([{"status": "stub"}])
    one.ahead("f", [ONE, TWO, Calls(())])
    assert [error.kind for error in one.call_many("f", ONE)] == ["stub"]
    assert [error.kind for error in one.call_many("f", TWO)] == ["stub"]


def test_where_the_worker_is_lost_the_calls_after_that_are_not_asked(student):
    one = student([OK, OK, EOFError()])
    three, none = Calls(((np.ones(3),),)), Calls(())
    one.ahead("f", [ONE, TWO, three, none])
    assert one.call_many("f", ONE)[0].changed == ()
    answer, error = one.call_many("f", TWO)
    assert (answer.changed, error.sentence[:16]) == ((), "f gave no answer")
    assert [error.sentence[:15] for error in one.call_many("f", three)] == ["not asked again"]
    assert one.call_many("f", none) == []


# -- several tasks in one message ------------------------------------------------------------------


def together(one, *names, calls=ONE):
    """Other tasks of the same student, asked together with this."""
    both = [one, *(RemoteStudent(one.worker, one.rng) for _ in names[1:])]
    remote.ask_together(one.worker, [(s, n, [calls]) for s, n in zip(both, names, strict=True)])
    return both


def test_several_tasks_are_asked_in_one_message(student):
    one = student(([OK], [{**OK, "changed": [0]}]))
    first, second = together(one, "f", "g")
    first.ahead("f", [ONE])
    second.ahead("g", [ONE])
    assert [a.changed for s, n in ((first, "f"), (second, "g")) for a in s.call_many(n, ONE)] == [
        (), (0,),
    ]  # fmt: skip
    _, question = one.worker.child.channel.sent
    assert question["asked"] == [("f", 1), ("g", 1)]
    assert len(question["calls"]) == 2


def test_what_the_worker_leaves_each_task_asks_for_itself(student):
    one = student(([OK],), [{**OK, "changed": [0]}])
    first, second = together(one, "f", "g")
    assert [answer.changed for answer in first.call_many("f", ONE)] == [()]
    assert [answer.changed for answer in second.call_many("g", ONE)] == [(0,)]


@pytest.mark.parametrize("lost", [[OK, EOFError()], TimeoutError(), {"op": "done", "told": [9, 9]}])
def test_a_worker_that_is_lost_meanwhile_costs_no_task(starts, lost):
    first, _ = starts([UP, READY, lost], [UP, READY, [OK], [OK]])
    worker = Worker(["a"], Limits(), "plain")
    both = together(RemoteStudent(worker, np.random.default_rng(0)), "f", "g")
    assert first.killed == 1
    for one, name in zip(both, "fg", strict=True):
        assert [answer.changed for answer in one.call_many(name, ONE)] == [()]


def test_who_is_broken_or_asks_nothing_is_not_asked(student):
    one = student([OK], [OK])
    one.worker.ready()
    sent = one.worker.child.channel.sent
    together(one, "f", "g", calls=Calls(()))
    one.broken = "it was lost"
    together(one, "f", "g")
    assert len(sent) == 1


def test_where_the_cells_took_long_each_task_asks_for_itself(student):
    one = student([OK], [OK])
    one.worker.ready()
    one.worker.spent = 2 * remote.HASTY
    together(one, "f", "g")
    assert len(one.worker.child.channel.sent) == 1


def test_a_reply_that_breaks_the_rules_costs_its_own_task(student):
    one = student(([{**OK, "call": 7}], [OK]), [{**OK, "call": 7}])
    first, second = together(one, "f", "g")
    assert [answer.changed for answer in second.call_many("g", ONE)] == [()]
    (error,) = first.call_many("f", ONE)
    assert "malformed answer" in error.sentence


def test_the_seconds_of_a_task_are_spent(student, monkeypatch):
    one = student(OK, OK)
    monkeypatch.setattr(remote.Pace, "used", lambda pace: 1.5)
    one.call("f", np.ones(2))
    assert one.left == 90 - 1.5
    one.call("f", np.ones(2))
    assert one.left == 90 - 3


def test_more_jobs_than_processors_are_warned_of(monkeypatch):
    monkeypatch.setattr(remote.os, "sched_getaffinity", lambda pid: {0, 1})
    assert remote.too_many_jobs(2) == ""
    assert "3 jobs share 2 processors" in remote.too_many_jobs(3)


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


@pytest.mark.parametrize(
    ("worked", "waited", "told"),
    [(0.25, 0.25, 0.25), (0.25, 3.0, 0.25), (0.0, 0.25, 0.75)],  # the last: nobody counts here
)
def test_no_wait_that_the_kernel_tells_of_makes_a_call_faster(monkeypatch, worked, waited, told):
    child = SimpleNamespace(worked=lambda: 7.0 + worked)
    clocks = iter([(1.0, 0.0, 7.0), (2.0, waited, 7.0 + worked)])  # the wall, waited, worked
    monkeypatch.setattr(warm, "clocks", lambda _: next(clocks))
    assert remote.Pace(child, 1, 5.0, 5.0).worked() == told
