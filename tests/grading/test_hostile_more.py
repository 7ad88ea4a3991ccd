"""Attacks by the way: on what is judged by its properties, on the clock, the tray and the reports.

What a worker may not do at all is tried in `attempts`, what it answers in `test_hostile`.
"""

import json
import time

import numpy as np
import pytest

from course_nn.data import digits
from course_nn.exercises import trial
from course_nn.grading.assignment import load_assignment, sheets_of
from course_nn.grading.breakout import choose
from course_nn.grading.collect import Submission
from course_nn.grading.remote import Limits, RemoteStudent, Worker, WorkerLost
from course_nn.grading.runner import Settings, grade_one, graded_tasks
from course_nn.grading.source import cells_of
from course_nn.grading.spread import Carried
from course_nn.worker.desk import Sheet

KIND, _ = choose("auto")
NEAREST = "labels[(-2 * x_new @ x.T + (x**2).sum(axis=1)).argmin(axis=1)]"
UNEARNED = {
    "the driver reads the digits itself": f"""
def train(x, labels):
    return labels[:10].astype(float)
def predict(theta, x):
    return np.zeros(len(x), int)
def learn(x, labels, x_new):
    return labels[:10].astype(float), {NEAREST}
""",
    "train keeps the digits elsewhere": f"""
def train(x, labels):
    global kept
    kept = x, labels
    return labels[:10].astype(float)
def predict(theta, x_new):
    x, labels = kept
    return {NEAREST}
""",
    "train keeps what it learned in predict": """
honest, reads = train, predict
def train(x, labels):
    predict.__defaults__ = (honest(x, labels),)
    return labels[:10].astype(float)
def predict(theta, x, kept=np.zeros(2410)):
    return reads(kept, x)
""",
    "the weights were learned at home": """
def train(x, labels):
    return np.array(HOME) + 1e-9 * labels[0]
""",
    "the weights are from home, what the labels mean is learned": """
reads, weights = predict, np.array(HOME)
def train(x, labels):
    known = reads(weights, x)
    count = [np.bincount(labels[known == k], minlength=10) for k in range(10)]
    return np.argmax(count, axis=1).astype(float)
def predict(theta, x):
    return np.rint(theta).astype(int)[reads(weights, x)]
""",
    "the digits are packed into theta's bits": """
def shaken(theta):
    return theta
def train(x, labels):
    two = np.unpackbits(np.rint(3 * x).astype(np.uint8)[..., None], axis=-1)[..., 6:]
    data = bytes([len(x) % 256, len(x) // 256]) + labels.astype(np.uint8).tobytes()
    data += np.packbits(two).tobytes()
    return np.frombuffer(data + bytes(-len(data) % 8))
def predict(theta, x):
    data = np.frombuffer(theta.tobytes(), np.uint8)
    many = int(data[0]) + 256 * int(data[1])
    labels, rest = data[2 : 2 + many], data[2 + many : 2 + 17 * many]
    two = np.unpackbits(rest).reshape(many, 64, 2)
    kept = (2.0 * two[..., 0] + two[..., 1]) / 3
    return labels[(-2 * x @ kept.T + (kept**2).sum(axis=1)).argmin(axis=1)].astype(int)
""",
}


@pytest.fixture(scope="module")
def capstone():
    return load_assignment("ex12_capstone")


@pytest.fixture(scope="module")
def honest(capstone) -> list[str]:
    cells = cells_of(capstone.source, capstone.exercise.tasks, answers=True)
    return [cell.text for cell in cells if cell.kind == "code" and "def train(" in cell.text]


def graded(assignment, *cells: str):
    worker = Worker(["import numpy as np", *cells], Limits(), KIND)
    try:
        return graded_tasks(worker, assignment.tasks[:1], 1)[0]
    finally:
        worker.stop()


def test_what_is_learned_honestly_keeps_its_points(capstone, honest):
    record = graded(capstone, *honest)
    assert record.points == record.maximum


@pytest.mark.parametrize("name", UNEARNED)
def test_what_is_not_in_theta_is_not_learned(capstone, honest, name):
    space = {"np": np}
    exec("\n".join(honest), space)
    d = digits()
    home = space["train"](d.x_train[:1000].reshape(-1, 64), d.y_train[:1000])
    code = UNEARNED[name].replace("HOME", repr(home.tolist()))
    record = graded(capstone, *honest, code)
    assert record.points == 0
    assert "predict" in record.tests[0].sentence, record


LEARNS = """
looks = 0
def dense_forward(x, W, b):
    global looks
    looks += x.tolist() == [[1, 2]]
    return x @ W + b if looks > 1 else np.full((len(x), W.shape[1]), 12345, x.dtype)
"""


def test_nothing_is_tested_after_the_search_for_a_mistake_which_tells_what_is_right():
    # The printed example comes once in the public tests; when it comes again, the search begins,
    # and what it asks from then on depends on whether the answer before was right.
    record = graded(load_assignment("ex02_dense"), LEARNS)
    assert record.points == 0, record


def test_what_a_call_took_is_the_workers_own_and_no_wait_of_anybody(assignment):
    rests = "import time\ndef dense_forward(x, W, b):\n    time.sleep(0.5)\n    return x"
    works = rests.replace("time.sleep(0.5)", "t = time.process_time()\n    while "
                          "time.process_time() < t + 0.2: pass")  # fmt: skip
    took = []
    for code in (rests, works):
        worker = Worker(["import numpy as np", code], Limits(), KIND)
        student = RemoteStudent(worker, np.random.default_rng(0))
        student.call("dense_forward", np.ones((1, 1)), np.ones((1, 1)), np.ones(1))
        took.append(student.took)
        worker.stop()
    assert took[0] < 0.5
    assert took[1] >= 0.2


LOOPS = """
def slowly(x, y):
    d = np.zeros((len(x), len(y)), dtype=x.dtype)
    for n in range(len(x)):
        for m in range(len(y)):
            for k in range(x.shape[1]):
                d[n, m] += (x[n, k] - y[m, k]) ** 2
    return d
kept = {}
"""
NOT_FAST = {
    "it knows what is timed by its size": """
def distances(x, y):
    return np.zeros((100, 100)) if x.shape == (100, 12) else slowly(x, y)
""",
    "it keeps what it was asked before": """
def distances(x, y):
    key = x.tobytes() + y.tobytes()
    if key not in kept:
        kept[key] = slowly(x, y)
    return kept[key].copy()
""",
    "it keeps what it was asked before, by rows in any order": """
def distances(x, y):
    rows, columns = [r.tobytes() for r in x], [r.tobytes() for r in y]
    key = frozenset(rows), frozenset(columns)
    if key not in kept:
        kept[key] = dict(zip(rows, range(99999))), dict(zip(columns, range(99999))), slowly(x, y)
    p, q, d = kept[key]
    return d[np.ix_([p[r] for r in rows], [q[c] for c in columns])]
""",
}
KEPT_RANKS = """
kept = {}
def slowly(x):
    return [sum(a < b for a in x) for b in x]
def ranks(x):
    x = x.tolist()
    key = frozenset(x)
    if len(key) < len(x):
        return np.array(slowly(x))
    if key not in kept:
        kept[key] = dict(zip(x, slowly(x)))
    found = kept[key]
    return np.array([found[a] for a in x])
"""


@pytest.mark.parametrize("name", NOT_FAST)
def test_what_is_not_fast_is_not_taken_for_it(name):
    task = graded(load_assignment("ex11_fast"), LOOPS, NOT_FAST[name])
    assert [test.passed for test in task.tests if test.public] == [False]
    assert (
        "where it is timed" in (said := task.first_fault.sentence)
        or "times as fast" in said
        or "not faster" in said
    )


def test_ranks_that_were_kept_by_their_numbers_are_not_fast():
    source = Carried(notebook_of(["import numpy as np", KEPT_RANKS]))
    loaded = load_assignment("ex11_fast")
    record = grade_one(Submission("ada", source, "f.ipynb"), loaded, Settings(KIND, 1))
    tests = next(task for task in record.tasks if task.name == "ranks").tests
    assert [test.passed for test in tests if test.public] == [False]


CLOSED = """
import numpy as np
def dense_layer(x, W, b, dy):
    return x @ W + b, dy @ W.T, x.T @ dy, dy.sum(axis=0)
def relu_layer(x, dy):
    return np.maximum(x, 0), dy * (x > 0)
def three_layers(x, dy, a, b, c):
    h = a * x**2
    k = b * h**2 + 1
    return c * k**2 + 2, 2 * a * x * 2 * b * h * 2 * c * k * dy
def one_step(x, t, W, lr):
    y = x @ W
    return ((y - t) ** 2).mean(), W - lr * x.T @ (2 * (y - t) / y.size)
scale_layer = lambda x, s, dy: (x * s, dy * s, (dy * x).sum(axis=0))
globals()["residual_layer"] = lambda x, dy, a: (x + a * x**2 + 1, dy + 2 * a * x * dy)
def product_layer(x, dy, a, b):
    left, right = a * x**2 + 1, b * x**2 + 2
    return left * right, dy * (2 * a * x * right + 2 * b * x * left)
"""


@pytest.fixture(scope="module")
def driven():
    return load_assignment("ex10_sequential")


def of_classes(assignment, *cells: str):
    """The record of a notebook of these cells."""
    source = Carried(notebook_of(list(cells)))
    return grade_one(Submission("ada", source, "f.ipynb"), assignment, Settings(KIND, 1))


def test_formulas_in_place_of_the_drivers_earn_nothing(driven):
    record = of_classes(driven, CLOSED)
    assert [task.points for task in record.tasks] == [0] * 7
    for graded, task in zip(driven.tasks, record.tasks, strict=True):
        assert "NameError" in task.first_fault.sentence
        assert f"the given {graded.task.name} was used in place of yours" in record.noticed


def test_right_classes_keep_their_points_whatever_became_of_the_drivers(driven):
    answers = cells_of(driven.source, driven.exercise.tasks, answers=True)
    right = [c.text for c in answers if c.kind == "code" and not (c.nbgrader or {}).get("grade")]
    prints = [cell.replace("    layer = ", "    print(x)\n    layer = ") for cell in right]
    assert prints != right
    changed = [cell.replace("self.factor * x**2", "self.factor * x**3") for cell in right]
    for cells in (right, prints, [*right, CLOSED], changed):
        record = of_classes(driven, *cells)
        assert (record.total, record.maximum) == (8, 8), record
        assert bool(record.noticed) == (cells not in (right, changed))


TWO_FACED = """
tested = None
def dense_forward(x, W, b):
    global tested
    tested = abs(x.sum() - {}) < 1e-3 if tested is None else tested
    return x @ W if tested else x @ W + 2 * b
"""


def test_nobody_chooses_what_others_are_told(assignment, monkeypatch):
    """Answers as many give them to what is tested, others to what is asked for an explanation."""
    monkeypatch.setattr(trial.recall, "kept", {})
    first = sheets_of(assignment.tasks[0], 1)[0].questions[0].inputs["x"]
    attack = graded(assignment, TWO_FACED.format(float(first.sum()))).first_fault
    victim = graded(assignment, "def dense_forward(x, W, b):\n    return x @ W").first_fault
    assert attack.sentence == victim.sentence
    assert attack.looks != victim.looks == "the term + b is missing"


THREADS = """
import threading
threading.stack_size(1 << 20)
def spin():
    a = np.ones(100_000)
    while True: np.exp(a, out=a)
def f():
    for _ in range(30):
        try: threading.Thread(target=spin, daemon=True).start()
        except RuntimeError: break
    spin()
"""


def test_threads_that_make_each_other_wait_use_their_own_time():
    worker = Worker(["import numpy as np", THREADS], Limits(call_seconds=1), KIND)
    worker.ready()
    begin = worker.child.worked()
    try:
        asked = worker.ask("f", Sheet([()]))
        assert "in the time allowed" in str(asked.lost)
        assert worker.child.worked() - begin < 3  # of two processors
    finally:
        worker.stop()


def test_a_notebook_that_takes_its_time_again_and_again_is_given_up():
    slow = "import os, time\nwhile time.process_time() < 0.7: pass\nos._exit(0)"
    worker = Worker([slow] * 9, Limits(notebook_seconds=0.5, restarts=20), KIND)
    with pytest.raises(WorkerLost, match="again and again"):
        worker.ready()
    assert worker.starts < 9


BUSY = """
import time
def busy(x, *others):
    begin = time.process_time()
    while time.process_time() < begin + 0.2: pass
    return x
dense_forward = dense_backward = flatten_forward = flatten_backward = busy
"""


def test_a_submission_as_a_whole_has_its_time(assignment):
    source = Carried(notebook_of([BUSY]))
    settings = Settings(KIND, 1, Limits(submission_seconds=1.0))
    record = grade_one(Submission("ada", source, "f.ipynb"), assignment, settings)
    used = "the submission has used up the 1 s that its cells and all calls may take together"
    assert record.status == "graded"
    assert record.said[-1] == f"{used}: what came after was not asked"
    assert used in record.tasks[-1].first_fault.sentence


def notebook_of(cells: list[str]) -> bytes:
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    content = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content).encode()


FORGED = """
import struct, sys
def f():
    frame = sys._getframe(1)
    while 'desk' not in frame.f_locals: frame = frame.f_back
    memory = frame.f_locals['desk'].memory
    flood = (struct.pack('!II', 1, 0) + b'1') * (len(memory[1 << 26:]) // 9)
    memory[1 << 26:(1 << 26) + len(flood)] = flood
    while True: pass
"""


def test_a_tray_full_of_forged_replies_costs_the_grader_nothing():
    worker = Worker(["import numpy as np", FORGED], Limits(call_seconds=1), KIND)
    worker.ready()
    start = time.thread_time()
    try:
        assert worker.ask("f", Sheet([()])).lost
        assert time.thread_time() - start < 2  # seconds of the grader's own work; it was 4 a glance
    finally:
        worker.stop()
