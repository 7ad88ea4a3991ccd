"""One result a submission, in order, whatever becomes of it."""

import time

import pytest

from course_nn.exercises.compare import Comparison
from course_nn.exercises.diagnose import Finding
from course_nn.exercises.signature import Signature
from course_nn.exercises.student import Answer, OneByOne, StudentError
from course_nn.exercises.task import Task
from course_nn.exercises.verdict import Verdict
from course_nn.grading import runner
from course_nn.grading.remote import Limits, WorkerLost
from course_nn.grading.runner import Outcome, Result, Settings, TaskResult, grade_all, grade_one
from course_nn.grading.sandbox import SandboxError
from course_nn.grading.submissions import Submission

SETTINGS = Settings("plain", seed=1)


class FakeWorker:
    """Stands for a worker that starts, unless `lost` says otherwise."""

    stopped = 0
    lost: Exception | None = None

    def __init__(self, cells, limits, kind, hide):
        self.cells, self.failures = cells, {}
        assert (limits, kind, hide) == (SETTINGS.limits, SETTINGS.kind, SETTINGS.hide)

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


TASK = Task("1.1", "f", Signature.parse("x:N -> y:N"), 1, None)
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
    return Worker


@pytest.fixture
def hand_in(tmp_path, notebook):
    def hand_in(cell: str, student: str = "alice") -> Submission:
        path = tmp_path / f"{student}.ipynb"
        path.write_text(notebook(cell))
        return Submission(student, path)

    return hand_in


def test_the_points_of_all_tasks_are_added(hand_in, assignment, fakes):
    result = grade_one(hand_in(ALL), assignment, SETTINGS)
    assert (result.status, result.message) == ("graded", "all tests passed")
    assert [task.points for task in result.tasks] == [1, 2, 1, 1, 1, 1, 2]
    assert (result.total, result.maximum) == (9, 9)
    assert fakes.stopped == 1


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
    assert [test.verdict.passed for test in first.tests][:2] == [True, False]
    assert [test.public for test in first.tests][:2] == [True, False]


@pytest.mark.parametrize(
    ("submission", "status", "message"),
    [
        (Submission("a", None, "ex.ipynb is missing"), "missing", "ex.ipynb is missing"),
        (Submission("a", "n.ipynb"), "unreadable", "it is empty"),
    ],
)
def test_who_cannot_be_graded_gets_a_row_and_no_worker(
    tmp_path, assignment, fakes, submission, status, message
):
    if submission.path:
        (tmp_path / "n.ipynb").write_text("")
        submission = Submission("a", tmp_path / "n.ipynb")
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


def test_a_sandbox_that_fails_stops_the_grading(hand_in, assignment, fakes):
    fakes.lost = SandboxError("no process can be started")
    with pytest.raises(SandboxError):
        grade_one(hand_in(ALL), assignment, SETTINGS)
    assert fakes.stopped == 1


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_order_however_long_each_takes(hand_in, assignment, monkeypatch, jobs):
    def slow(submission, assignment, settings):
        time.sleep(0.05 if submission.student == "a" else 0)
        return submission.student

    monkeypatch.setattr(runner, "grade_one", slow)
    handed_in = [Submission(name, None) for name in "abcd"]
    settings = Settings("plain", 1, jobs=jobs)
    assert list(grade_all(handed_in, assignment, settings)) == list("abcd")


def test_the_summary_names_the_first_fault_of_each_task():
    wrong = [
        Verdict(TASK, Comparison({}, "property", says), None, Finding(looks))
        for says, looks in (("A", "B"), ("C", ""))
    ]
    passed = Verdict(TASK)

    def task(number, *verdicts):
        return TaskResult(number, "f", 0, 1, tuple(Outcome("one", True, v) for v in verdicts))

    tasks = (task("1", passed, *wrong), task("2", passed), task("3", wrong[1]))
    assert runner.summary(tasks) == "1: A (B) | 3: C"
    assert runner.summary(tasks[1:2]) == "all tests passed"


def test_a_total_is_rounded_as_it_is_shown():
    tenth = TaskResult("1", "f", 0.1, 1)
    assert Result("a", "graded", "", (tenth, tenth, tenth)).total == 0.3


def test_settings_have_the_limits_of_the_guide():
    assert SETTINGS.limits == Limits(5.0, 20.0, 90.0, 1 << 30, 6)
