"""Hostile and broken submissions: each costs its own task, or its own student, and nobody else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_nn.exercises.student import StudentError
from course_nn.grading import sandbox, warm
from course_nn.grading.collect import Submission, source_of
from course_nn.grading.remote import Limits, RemoteStudent, Worker
from course_nn.grading.runner import Settings, grade_one
from course_nn.grading.sandbox.kinds import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(call_seconds=1.0, notebook_seconds=3, task_seconds=30, memory=600 << 20, restarts=6)
FULL = [1, 2, 1, 1, 1, 1, 2]
NO_FIRST = [0, *FULL[1:]]

# What would harm the machine of whoever runs these tests, should a lock fail, is only touched:
# signal 0 asks for permission and sends nothing, and one fork stands for a bomb.
CELLS = {  # cells added to a right submission: they must cost nothing
    "raises": "1 / 0",
    "does not parse": "def broken(:",
    "exits": "import sys; sys.exit(0)",
    "kills itself": "import os; os._exit(0)",
    "runs forever": "while True: pass",
    "prints 50 MB": "print('x' * 50_000_000)",
    "recurses": "def f(): return f()\nf()",
    "eats memory": "import numpy\na = numpy.empty(1 << 31, numpy.uint8)",
    "has magics": "%matplotlib inline\n!ls\nimport math\nlist?",
    "awaits": "import asyncio\nawait asyncio.sleep(1)",
    "forks": "import os\nif os.fork() == 0:\n    os._exit(0)",
    "signals its parent": "import os\nos.kill(os.getppid(), 0)",
    "signals everyone": "import os\nos.kill(-1, 0)",
    "starts a shell": "import os\nos.execv('/bin/sh', ['sh', '-c', 'exit'])",
    "closes every file": "import os\nos.closerange(0, 3)",
    "asks for the network": "import socket\nsocket.create_connection(('127.0.0.1', 22))",
    "takes a quiet thread": (
        "import threading, time\n"
        "threading.Thread(target=lambda: time.sleep(60), daemon=True).start()"
    ),
}
SILENT = {"prints 50 MB", "has magics", "closes every file", "awaits"}
REFUSED = {"forks", "signals its parent", "signals everyone", "asks for the network"}
KIND = "plain"
CALLS = {  # bodies of dense_forward that give no right answer; and what is said of them
    "exits": ("raise SystemExit", "raised SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "eats memory": ("bytearray(1 << 40)", "raised MemoryError"),
    "returns too much": ("return np.zeros((1 << 14, 1 << 10))", "too large to send"),
    "returns a subclass": ("return np.ma.array(x @ W + b)", "of type MaskedArray"),
    "returns objects": ("return (x @ W + b).astype(object)", "of type array of object"),
    "returns a function": ("return lambda: 0", "of type function"),
    "returns NaN": ("return (x @ W + b) * np.nan", "not a number that can be compared"),
    "returns a tower of axes": ("return np.zeros((0,) + (10**6,) * 3)", "has shape"),
    "returns thousands": ("return (x,) * 5000", "of type tuple"),
    "lies about equality": (
        "class A(np.ndarray):\n        def __eq__(self, other): return True\n    return x.view(A)",
        "of type A",
    ),
    "raises what cannot be printed": (
        "class E(Exception):\n        def __str__(self): raise SystemExit\n    raise E",
        "raised E",
    ),
    "raises a wall of text": ("raise ValueError('x\\n✔ all passed\\x1b[2J' * 10**6)", "ValueError"),
    "asks course_nn": (
        "import course_nn as nn\n    return nn.ops.dense_forward(x, W, b)[0]",
        "not available while grading",
    ),
}
WRITE = (
    "import os\n    for fd in range(3, 64):\n        try: os.write(fd, {})\n"
    "        except OSError: pass\n    return x @ W + b"
)
LETHAL = {  # the same, but they cost the worker: the first task is lost, no other
    "runs forever": ("while True: pass", "in the time allowed"),
    "kills itself": ("import os; os._exit(0)", "the process ended"),
    "writes on every file": (
        WRITE.format("bytes(range(256))"),
        "malformed answer",
    ),
    "announces a giant": (
        WRITE.format("b'\\xff' * 8"),
        "malformed answer",
    ),
}

FORGE = """
def dense_forward(x, W, b):
    import json, struct, sys
    frame = sys._getframe(1)
    while 'number' not in frame.f_locals:
        frame = frame.f_back
    told = frame.f_locals
    y = np.zeros((len(x), W.shape[1]))
    header = json.dumps({'call': told['number'],
                         'status': 'ok', 'value': {'kind': 'array', 'index': 0}, 'changed': [],
                         'points': 100, 'passed': True, 'warned': '',
                         'arrays': [{'dtype': '<f8', 'shape': y.shape}]}).encode()
    desk = told['desk']
    frame = struct.pack('!II', len(header), y.nbytes) + header + y.tobytes()
    desk.reply(frame)
    desk.reply = lambda frame: desk.__dict__.pop('reply')  # what is true is not said
    return y
"""


def grade(tmp_path, notebook, assignment, kind, *cells):
    path = tmp_path / "student.ipynb"
    path.write_text(notebook(*cells), encoding="utf-8")
    settings = Settings(kind, seed=1, limits=LIMITS, hide=(ROOT,))
    return grade_one(Submission("student", source_of(path)), assignment, settings)


def points(result):
    return [task.points for task in result.tasks]


def test_the_solution_reaches_every_point(tmp_path, notebook, assignment, solution, kind):
    result = grade(tmp_path, notebook, assignment, kind, *solution)
    assert (points(result), result.message, result.failures) == (FULL, "all tests passed", ())


def test_an_empty_notebook_reaches_none(tmp_path, notebook, assignment, kind):
    result = grade(tmp_path, notebook, assignment, kind)
    assert result.total == 0
    assert "there is no function called dense_forward" in result.message


def test_hostile_cells_cost_nothing_else(tmp_path, notebook, assignment, solution, kind):
    result = grade(tmp_path, notebook, assignment, kind, *CELLS.values(), *solution)
    assert points(result) == FULL, result
    for number, name in enumerate(CELLS, 1):
        told = [f for f in result.failures if f.startswith(f"code cell {number} ")]
        if name in REFUSED:
            assert "PermissionError" in told[0]
        elif name == "eats memory":
            assert "MemoryError" in told[0]
        elif name != "takes a quiet thread":  # a thread may be refused, as a process is
            assert bool(told) == (name not in SILENT), (name, result.failures)


@pytest.fixture(scope="module")
def shared(solution):
    """One worker that holds every wrong dense_forward that does not end it, each by its name."""
    names = {said: f"wrong_{i}" for i, said in enumerate(CALLS)}
    cells = [f"def {names[said]}(x, W, b):\n    {body}" for said, (body, _) in CALLS.items()]
    worker = Worker([*solution, *cells], LIMITS, KIND)
    yield worker, names
    worker.stop()


@pytest.mark.parametrize("name", CALLS)
def test_a_hostile_answer_is_refused_and_named(shared, assignment, name):
    worker, names = shared
    graded = assignment.tasks[0]
    for test in graded.tests:
        student = RemoteStudent(worker, np.random.default_rng(1), lambda _: names[name])
        verdict = test.run(student, graded.task)
        assert not verdict.passed
        assert CALLS[name][1] in str(verdict)
        assert "\x1b" not in str(verdict)
        assert len(str(verdict)) < 1000
    assert RemoteStudent(worker, np.random.default_rng(1)).call("flatten_forward", np.ones((1, 2)))
    assert worker.starts == 1


@pytest.mark.parametrize("name", LETHAL)
def test_a_lethal_answer_costs_its_task(tmp_path, notebook, assignment, solution, name):
    body, said = LETHAL[name]
    cells = [*solution, f"def dense_forward(x, W, b):\n    {body}"]
    result = grade(tmp_path, notebook, assignment, KIND, *cells)
    assert points(result) == NO_FIRST, result
    assert said in result.message


def test_all_of_it_at_once(tmp_path, notebook, assignment, solution, kind):
    cells = [CELLS["kills itself"], *solution, CELLS["forks"], CELLS["signals everyone"]]
    cells.append("def dense_forward(x, W, b):\n    import os\n    os._exit(0)")
    cells.append("def sgd_step(W, dW, r):\n    while True: pass")
    assert points(grade(tmp_path, notebook, assignment, kind, *cells)) == [0, 2, 1, 1, 0, 1, 2]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("import os; os._exit(0)", r"code cell 2 was stopped: the process ended"),
        ("@(1 / 0)", r"code cell 2 raised ZeroDivisionError at line 1 of its cell: `@\(1 / 0\)`"),
    ],
)
def test_a_function_whose_cell_did_not_end_says_so(
    tmp_path, notebook, assignment, kind, before, reason
) -> None:
    cells = ["import numpy as np", f"{before}\ndef dense_forward(x, W, b):\n    return x @ W + b"]
    message = grade(tmp_path, notebook, assignment, kind, *cells).message
    first, second, *_ = message.split(" | ")
    assert re.search(f"no function called dense_forward: .* The reason: {reason}", first)
    assert "reason" not in second  # dense_backward is in no cell at all


def test_a_forged_reply_is_only_an_answer(tmp_path, notebook, assignment, solution, kind):
    result = grade(tmp_path, notebook, assignment, kind, *solution, FORGE)
    assert points(result) == NO_FIRST
    assert result.maximum == 9
    assert "all zeros" in result.message


def test_patching_numpy_and_json_costs_only_the_patcher(
    tmp_path, notebook, assignment, solution, kind
):
    patch = "np.array_equal = lambda *a, **k: True\nnp.add = np.array = None\n"
    patch += "import json\njson.dumps = lambda *a, **k: '{}'\n"
    patch += "np.testing.assert_allclose = np.isclose = np.allclose = lambda *a, **k: True"
    wrong = "def sgd_step(W, dW, r):\n    return W"
    patched = grade(tmp_path, notebook, assignment, kind, *solution, wrong, patch)
    assert points(patched)[4] == 0
    assert points(grade(tmp_path, notebook, assignment, kind, *solution)) == FULL


def test_the_worker_holds_no_tests_and_no_reference(kind):
    look = (
        "import sys, os, glob\n"
        "bad = [m for m in sys.modules if 'ops' in m.split('.') or 'hidden' in m"
        " or m.startswith('course_nn.') and m != 'course_nn.exercises']\n"
        f"root = {str(ROOT)!r}\n"
        "paths = [root + '/tests/autograder/ex02_dense/hidden.py', '/etc/passwd',"
        " root + '/course_nn/ops/dense.py', '/proc/1/environ']\n"
        "for path in paths:\n"
        "    try: open(path).read(); bad.append(path)\n"
        "    except OSError: pass\n"
        f"bad += [k for k in os.environ if k not in {[*ENVIRONMENT, 'PWD', 'LC_CTYPE']}]\n"
        "bad += os.listdir('.')\n"
        "for fd in range(64):\n"
        "    try: bad += [fd] if fd > 2 and not os.readlink(f'/proc/self/fd/{fd}')"
        ".startswith('pipe') else []\n"
        "    except OSError: pass\n"
        "def report():\n    return len(bad)\n"
        "def what():\n    raise RuntimeError(str(bad))\n"
    )
    worker = Worker([look], LIMITS, kind, (ROOT,))
    student = RemoteStudent(worker, np.random.default_rng(0))
    try:
        found = int(student.call("report").value)
        with pytest.raises(StudentError) as told:
            student.call("what")
        assert found == 0, told.value
    finally:
        worker.stop()


def test_the_worker_writes_nothing_anywhere(tmp_path, kind):
    target = tmp_path / "grades.csv"
    target.write_text("alice,20")
    os.chmod(target, 0o666)
    spoil = (
        "import os, shutil\n"
        "done = []\n"
        f"path = {str(target)!r}\n"
        "for what in (lambda: open(path, 'w'), lambda: os.remove(path),"
        " lambda: os.rename(path, 'x'),"
        " lambda: os.truncate(path, 0), lambda: shutil.rmtree(os.path.dirname(path)),"
        " lambda: os.symlink('/', path + '2'), lambda: open('/tmp/course_nn_was_here', 'w')):\n"
        "    try: what(); done.append(1)\n"
        "    except OSError: pass\n"
        "def report():\n    return len(done)\n"
    )
    worker = Worker([spoil], LIMITS, kind, (ROOT,))
    try:
        found = int(RemoteStudent(worker, np.random.default_rng(0)).call("report").value)
        assert found == 0
        assert target.read_text() == "alice,20"
    finally:
        worker.stop()


def alive(folder: Path) -> bool:
    """Whether a process still works in this folder."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if Path(os.readlink(link)).is_relative_to(folder):
                return True
        except OSError:
            continue
    return False


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_nothing_is_left_behind(kind):
    worker = Worker(["def f():\n    while True: pass"], LIMITS, kind)
    worker.ready()
    folder, server = worker.server.process.folder, worker.server.process.popen.pid
    text = Path(f"/proc/self/fdinfo/{worker.child.handle}").read_text()
    pid = int(text.split("Pid:")[1].split()[0])
    with pytest.raises(StudentError, match="in the time allowed"):
        RemoteStudent(worker, np.random.default_rng(0)).call("f")
    assert worker.child is None
    assert not running(pid)
    warm.close_servers()
    assert not folder.exists()
    assert not alive(folder)
    assert not running(server)


def test_a_notebook_that_always_dies_ends(tmp_path, notebook, assignment):
    result = grade(tmp_path, notebook, assignment, "plain", *["import os; os._exit(0)"] * 9)
    assert (result.status, result.total) == ("stopped", 0)
    assert "too often" in result.message


def test_the_worker_file_needs_only_numpy():
    """It is run by path, with no site packages: importing ours would fail, and must not happen."""
    for name in sandbox.FILES:
        text = (sandbox.ROOM / name).read_text(encoding="utf-8")
        code = f"import ast, sys; ast.parse({text!r})"
        assert subprocess.run([sys.executable, "-c", code]).returncode == 0
        assert "course_nn.ops" not in text
        assert "from ..exercises" not in text
