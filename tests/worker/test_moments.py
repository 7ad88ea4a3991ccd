"""What a cell makes of a name after a task was checked costs that task nothing."""

import sys

import numpy as np
import pytest

from course_nn.worker.moments import Moment
from course_nn.worker.notebook import Notebook
from course_nn.worker.standins import standing_in

HEAD = "import numpy as np\nfrom course_nn.exercises import check"
EXP = "k = 3\ndef f(x):\n    return k * np.exp(x) * len(x)"
LATER = [
    "del np",
    "del k",
    "len = 5",
    "import numpy.linalg as np",
    "for k, np in enumerate([1, 2]): pass",
    "globals().clear()",
    "sum = 0; max = 1; len = 3; print = 5",
    "def k(): return 3",
    "for name in dir(): del globals()[name]",
]


@pytest.fixture
def run(monkeypatch):
    """Runs cells as the worker does, where nothing of ours can be imported."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "course_nn"]:
        monkeypatch.delitem(sys.modules, name)
    with standing_in():
        sys.meta_path.insert(0, sys.meta_path.pop())  # what stands in is found first

        def run(*cells: str) -> Notebook:
            notebook = Notebook([HEAD, *cells])
            for number in notebook.order():
                notebook.run(number)
            return notebook

        yield run


def value(notebook: Notebook, name: str, *inputs):
    told, arrays = notebook.answer(name, list(inputs))
    assert told["status"] == "ok", told
    return arrays[0].tolist()


@pytest.mark.parametrize("later", LATER)
def test_what_a_later_cell_makes_of_a_name_costs_nothing_and_is_said(run, later):
    notebook = run(EXP, "check.f(f)", later)
    assert value(notebook, "f", np.zeros(2)) == [6, 6]
    assert any("got another meaning after the check of f" in said for said in notebook.said)


def test_two_tasks_may_have_helpers_of_one_name(run):
    notebook = run(
        "def pool(x): return half(x).max()\ndef half(x): return x / 2\ndef most(x): return pool(x)",
        "check.most(most)",
        "def pool(x): return x.mean()\ndef half(x): return x\ndef mean(x): return pool(x)",
        "check.mean(mean)",
    )
    assert value(notebook, "most", np.array([2.0, 4.0])) == 2
    assert value(notebook, "mean", np.array([2.0, 4.0])) == 3
    (said,) = notebook.said
    assert said.startswith("half, pool got another meaning after the check of most")


def test_what_is_checked_again_counts_as_it_is_then(run):
    notebook = run("k = 2\ndef f(x): return k * x", "check.f(f)", "k = 3", "check.f(f)")
    assert value(notebook, "f", np.ones(1)) == [3]
    assert notebook.said == []


def test_a_function_that_is_written_anew_counts_and_that_is_said(run):
    notebook = run("def f(x): return x", "check.f(f)", "def f(x): return 3 * x")
    assert value(notebook, "f", np.ones(1)) == [3]
    assert notebook.said == ["f is defined anew after its check: the new one counts"]


def test_a_helper_that_is_written_later_is_there(run):
    stub = "def g(x):\n    raise NotImplementedError"
    notebook = run(stub, "def f(x): return g(x) + h(x)", "check.f(f)", "def h(x): return 2 * x",
                   "def g(x): return x")  # fmt: skip
    assert value(notebook, "f", np.ones(1)) == [3]
    assert notebook.said == []


def test_what_a_function_counts_goes_on(run):
    count = "n = 0\ndef f(x):\n    global n\n    n += 1\n    return x + n"
    notebook = run(count, "check.f(f)", "n = 5")
    assert [value(notebook, "f", np.zeros(1)) for _ in range(2)] == [[1], [2]]


def test_only_what_is_used_counts_as_changed():
    space: dict = {"np": np}
    exec("def g(x): return x.sum() + [np for np in x][0]\ndef f(x): return g(x)", space)
    moment = Moment(space["f"], space)
    space |= {"sum": 3, "other": 1, "np": None}
    assert moment.changed(space) == set()
    space["g"] = None
    assert moment.changed(space) == {"g"}
