"""One record a submission, whatever becomes of it."""

import pickle
from dataclasses import replace

import pytest

from course_nn.exercises.student import Answer, OneByOne, StudentError
from course_nn.grading import runner
from course_nn.grading.assignment import TESTS
from course_nn.grading.collect import Submission, source_of
from course_nn.grading.remote import Limits, WorkerLost
from course_nn.grading.runner import Job, Settings, Setup, content_of, grade_one, graded
from course_nn.grading.sandbox import SandboxError

SETTINGS = Settings("plain", seed=1)


class FakeWorker:
    """Stands for a worker that starts, unless `lost` says otherwise."""

    stopped = 0
    lost: Exception | None = None

    def __init__(self, cells, limits, kind, hide, allowed, given):
        self.cells, self.failures, self.said = cells, {}, ["a stub was passed over"]
        assert (limits, kind, hide) == (SETTINGS.limits, SETTINGS.kind, SETTINGS.hide)

    exhausted = ""

    def ready(self):
        if self.lost:
            raise self.lost

    def stop(self):
        type(self).stopped += 1


class FakeStudent(OneByOne):
    """Answers as the solution does; a subclass may do otherwise."""

    def __init__(self, worker, rng):
        self.worker, self.rng = worker, rng

    def call(self, name, *inputs):
        if name not in self.worker.cells[0]:
            raise StudentError(f"there is no {name}")
        return Answer({
            "dense_forward": lambda x, W, b: x @ W + b,
            "dense_backward": lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.sum(0)),
            "flatten_forward": lambda x: x.reshape(len(x), -1),
            "flatten_backward": lambda dy, x: dy.reshape(x.shape),
            "sgd_step": lambda W, dW, r: (W - r * dW).astype(W.dtype),
            "merged": lambda W, b, V, c: (W @ V, b @ V + c),
            "low_rank_backward": lambda dy, x, A, B, b: (
                dy @ B.T @ A.T, x.T @ dy @ B.T, (x @ A).T @ dy, dy.sum(0)
            ),
        }[name](*inputs))  # fmt: skip


ALL = (
    "dense_forward dense_backward flatten_forward flatten_backward sgd_step merged "
    "low_rank_backward"
)


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    class Worker(FakeWorker):
        pass

    monkeypatch.setattr(runner, "Worker", Worker)
    monkeypatch.setattr(runner, "RemoteStudent", FakeStudent)
    monkeypatch.setattr(runner, "ask_together", lambda worker, wishes: None)
    return Worker


@pytest.fixture
def hand_in(tmp_path, notebook):
    def hand_in(cell: str, student: str = "alice") -> Submission:
        path = tmp_path / f"{student}.ipynb"
        path.write_text(notebook(cell))
        return Submission(student, source_of(path))

    return hand_in


def test_the_points_of_all_tasks_are_added(hand_in, assignment, fakes):
    result = grade_one(hand_in(ALL), assignment, SETTINGS)
    assert (result.status, result.message) == ("graded", "all tests passed")
    assert [task.points for task in result.tasks] == [1, 2, 1, 1, 1, 1, 2]
    assert (result.total, result.maximum) == (9, 9)
    assert result.noticed == ("a stub was passed over",)
    assert fakes.stopped == 1


def test_a_gradient_that_was_taken_numerically_is_said_and_costs_nothing(hand_in, assignment):
    one = "def dense_backward(dy, x, W):\n    return (f(x + 1e-6) - f(x)) / 1e-6  # "
    result = grade_one(hand_in(one + ALL), assignment, SETTINGS)
    assert (result.total, result.maximum) == (9, 9)
    (said,) = [sentence for sentence in result.said if "numerically" in sentence]
    assert "return (f(x + 1e-6) - f(x)) / 1e-6" in said
    result = grade_one(hand_in(one.replace("backward", "forward") + ALL), assignment, SETTINGS)
    assert not [sentence for sentence in result.said if "numerically" in sentence]  # no gradient


def test_a_task_that_fails_costs_its_own_points(hand_in, assignment):
    result = grade_one(hand_in("dense_forward sgd_step"), assignment, SETTINGS)
    assert [task.points for task in result.tasks] == [1, 0, 0, 0, 1, 0, 0]
    assert result.message.split(" | ")[0] == "2.2: there is no dense_backward"


def test_tests_share_a_tasks_points_equally(hand_in, assignment, monkeypatch):
    _, *hidden = assignment.tasks[0].tests
    others = {(case.sizes["N"], case.sizes["D"]) for test in hidden for case in test.cases}

    class OnlyThePublicSizes(FakeStudent):
        def call(self, name, x, *inputs):
            if x.shape in others:
                raise StudentError("no more", "stub")
            return super().call(name, x, *inputs)

    monkeypatch.setattr(runner, "RemoteStudent", OnlyThePublicSizes)
    first = grade_one(hand_in(ALL), assignment, SETTINGS).tasks[0]
    assert first.points == round(1 / len(assignment.tasks[0].tests), 2)
    assert [test.passed for test in first.tests][:2] == [True, False]
    assert [test.public for test in first.tests][:2] == [True, False]


@pytest.mark.parametrize(
    ("submission", "status", "message"),
    [
        (Submission("a", problem="ex.ipynb is missing"), "missing", "ex.ipynb is missing"),
        (Submission("a"), "unreadable", "it is empty"),
    ],
)
def test_who_cannot_be_graded_gets_a_row_and_no_worker(
    tmp_path, assignment, fakes, submission, status, message
):
    if not submission.problem:
        (tmp_path / "n.ipynb").write_text("")
        submission = Submission("a", source_of(tmp_path / "n.ipynb"))
    result = grade_one(submission, assignment, SETTINGS)
    assert (result.status, result.message, result.total) == (status, message, 0)
    assert [(task.name, task.maximum) for task in result.tasks] == [
        (graded.task.name, graded.task.points) for graded in assignment.tasks
    ]
    assert fakes.stopped == 0


def test_a_notebook_that_cannot_be_run_is_said(hand_in, assignment, fakes):
    fakes.lost = WorkerLost("it stopped too often")
    result = grade_one(hand_in(ALL), assignment, SETTINGS)
    assert (result.status, result.total, fakes.stopped) == ("stopped", 0, 1)
    assert result.message == "the notebook cannot be run: it stopped too often"


def test_a_fault_of_the_grader_costs_nobody_else_a_row(hand_in, assignment, fakes):
    fakes.lost = ZeroDivisionError("a bug")
    result = grade_one(hand_in(ALL), assignment, SETTINGS)
    assert (result.status, result.total, fakes.stopped) == ("grader error", 0, 1)
    assert "the grader failed (ZeroDivisionError: a bug); please report this" in result.message


def test_a_worker_that_does_not_start_costs_one_row(hand_in, assignment, fakes):
    fakes.lost = SandboxError("no space left")
    result = grade_one(hand_in(ALL), assignment, SETTINGS)
    assert (result.status, result.total, fakes.stopped) == ("grader error", 0, 1)
    assert result.message == "no worker could be started for it: no space left"


def test_code_that_is_known_is_not_graded_again(hand_in, assignment, fakes):
    first = graded(Job(hand_in(ALL)), assignment, SETTINGS)
    again = graded(Job(hand_in(ALL), first.record.content), assignment, SETTINGS)
    other = graded(Job(hand_in("sgd_step"), first.record.content), assignment, SETTINGS)
    assert [done.same for done in (first, again, other)] == [False, True, False]
    assert fakes.stopped == 3  # who is wrong meets the explanations in another
    assert first.cells == again.cells == (ALL,)


def test_one_task_is_graded_again_where_the_code_is_known(hand_in, assignment):
    settings = replace(SETTINGS, task="2.1")
    known = content_of([ALL])
    again = graded(Job(hand_in(ALL), known), assignment, settings)
    assert [task.number for task in again.record.tasks] == ["2.1"]
    other = graded(Job(hand_in("sgd_step"), known), assignment, settings)
    assert len(other.record.tasks) == len(assignment.tasks), "other code is graded whole"


def test_an_unknown_task_is_named_with_the_known(assignment):
    assert [g.task.name for g in runner.chosen(assignment, "2.2")] == ["dense_backward"]
    assert [g.task.number for g in runner.chosen(assignment, "sgd_step")] == ["2.5"]
    with pytest.raises(KeyError, match=r"there is no task '9.9' in ex02_dense; there are: 2.1 den"):
        runner.chosen(assignment, "9.9")


def test_a_job_is_done_by_values_that_can_be_sent(hand_in, fakes):
    setup = Setup("ex02_dense", TESTS, SETTINGS)
    job, setup = pickle.loads(pickle.dumps((Job(hand_in(ALL)), setup)))
    done = runner.run(job, setup)
    assert pickle.loads(pickle.dumps(done)) == done
    assert done.record.total == 9


def test_settings_have_the_limits_of_the_guide():
    assert SETTINGS.limits == Limits(5.0, 20.0, 90.0, 1 << 30, 6)
