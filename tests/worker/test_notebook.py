"""The student's notebook in the worker: cells that run or fail, and what stands in for ours."""

import sys

import numpy as np
import pytest

from course_nn.worker.notebook import Notebook, course_shim, plain_python


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("x = 1", "x = 1"),
        ("x = 7 %3", "x = 7 %3"),
        ("text = '''\n%time\n'''", "text = '''\n%time\n'''"),
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if True:\n    !ls\nlist?", "if True:\n    pass\npass"),
        ("%%time\nx = 1", "x = 1"),
        ("\n%%capture out\nx = 1", "x = 1"),
        ("%%bash\nrm -rf /", ""),
        ("def broken(:", "def broken(:"),
    ],
)
def test_magics_are_taken_out_and_python_stays(cell, plain):
    assert plain_python(cell) == plain


def test_cells_share_a_name_space_and_calls_are_answered_from_it():
    notebook = Notebook(["import numpy as np\nk = 2", "def f(x):\n    return k * x"])
    assert [notebook.run(1), notebook.run(2)] == [None, None]
    reply, (array,) = notebook.answer("f", [np.ones(2)])
    value = {"kind": "array", "index": 0}
    assert reply == {"status": "ok", "value": value, "changed": [], "warned": ""}
    np.testing.assert_array_equal(array, [2, 2])
    assert notebook.answer("g", [])[0] == {"status": "missing"}
    assert notebook.answer("k", [])[0] == {"status": "missing"}


def test_a_fault_is_told_with_its_line():
    notebook = Notebook(["x = 1\n1 / 0", "def f():\n    y = 2\n    return y.z\n", "def g(:\n"])
    assert notebook.run(1) == {
        "cell": 1, "type": "ZeroDivisionError", "message": "division by zero", "line": 2,
        "source": "1 / 0",
    }  # fmt: skip
    assert notebook.run(2) is None
    told = notebook.answer("f", [])[0]
    assert (told["line"], told["source"]) == (3, "return y.z")
    broken = notebook.run(3)
    assert (broken["type"], broken["line"], broken["source"]) == ("SyntaxError", 1, "def g(:")


def test_the_line_is_the_students_where_a_library_raises():
    notebook = Notebook(["import numpy as np\ndef f():\n    return np.ones((2, 3)) @ np.ones(2)"])
    notebook.run(1)
    assert notebook.answer("f", [])[0]["source"] == "return np.ones((2, 3)) @ np.ones(2)"
    sort = Notebook(["import json\njson.loads('{')"])
    assert sort.run(1)["line"] == 2


@pytest.mark.parametrize("stop", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
def test_a_cell_that_wants_to_end_the_worker_is_only_told(stop):
    assert Notebook([f"raise {stop}"]).run(1)["type"] == stop


def test_what_is_told_is_never_long_and_never_fails():
    cells = [
        "raise ValueError('x' * 10**6)",
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
        "raise type('N' * 1000, (Exception,), {})",
        "x = 1; " * 100 + "1 / 0",
    ]
    told = [Notebook(cells).run(i) for i in range(1, 5)]
    assert [len(t["message"]) for t in told[:2]] == [500, 0]
    assert len(told[2]["type"]) == 80
    assert len(told[3]["source"]) == 200


@pytest.fixture
def shim(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "course_nn"]:
        monkeypatch.delitem(sys.modules, name)
    for name, module in course_shim().items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("shim")
def test_ours_can_be_imported_and_holds_nothing():
    cells = [
        "from course_nn.exercises import check\ncheck.dense_forward(3)",
        "import course_nn as nn\nnn.Sequential",
        "from course_nn import ops",
        "import course_nn.layers",
    ]
    told = [Notebook(cells).run(i) for i in range(1, 5)]
    assert told[0] is None
    assert "course_nn.Sequential is not available while grading" in told[1]["message"]
    assert told[2]["type"] in ("ImportError", "AttributeError")
    assert told[3]["type"] == "ModuleNotFoundError"
