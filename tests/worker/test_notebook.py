"""The student's notebook in the worker: cells that run or fail, statement by statement."""

import sys

import numpy as np
import pytest

from course_nn.worker import statements
from course_nn.worker.notebook import Notebook
from course_nn.worker.standins import StandIn, offered, standing_in


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
        "source": "1 / 0", "names": [],
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


def run(*cells: str, seconds: float = 0.0) -> Notebook:
    """A notebook whose cells were run, as the worker does."""
    notebook = Notebook(list(cells), seconds=seconds)
    with standing_in():
        for number in notebook.order():
            notebook.run(number)
    return notebook


def value(notebook: Notebook, name: str, *inputs) -> object:
    reply, arrays = notebook.answer(name, list(inputs))
    return arrays[0].item() if reply["status"] == "ok" else reply


def failed(notebook: Notebook) -> list[tuple[int, str]]:
    return [(error["cell"], error["type"]) for error in notebook.errors]


F = "def f(x):\n    return x + {}\n"
STUB = "def f(x):\n    'Return x.'\n    raise NotImplementedError('Task 1')\n"


# -- what can run, runs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        "1 / 0",
        "import nowhere",
        "import nowhere, math",
        "assert False",
        "raise SystemExit",
        "raise KeyboardInterrupt",
        "open('x.npy')",
        "input('how many? ')",
        "undefined",
    ],
)
def test_a_failing_statement_costs_no_other(before):
    notebook = run(f"import numpy as np\n{before}\nimport math\n{F.format('math.floor(1.5)')}")
    assert value(notebook, "f", 1.0) == 2
    assert len(notebook.errors) == 1


@pytest.mark.parametrize(
    "broken",
    [
        "x = = 1",
        "def g(x:\n    return x",
        "x = (1,",
        "print 'two'",
        "s = '''never",
        "return 3",
        "x\u2028= = 1",
    ],
)
def test_what_parses_beside_what_does_not_is_run(broken):
    notebook = run(F.format(1) + broken)
    assert value(notebook, "f", 1.0) == 2
    assert failed(notebook)[0] == (1, "SyntaxError")


def test_a_broken_cell_gives_new_names_and_takes_none():
    notebook = run(F.format(1), "k = 3\n" + F.format(2) + "x = = 1")
    assert (value(notebook, "f", 1.0), notebook.space["k"]) == (2, 3)
    assert "code cell 2 fails before it defines f anew: the earlier f counts" in notebook.said


def test_what_would_stop_in_jupyter_takes_no_function_and_what_is_missing_here_alone_does():
    assert value(run(F.format(1), "assert False\n" + F.format(2)), "f", 1.0) == 2
    assert value(run(F.format(1), "import nowhere\n" + F.format(2)), "f", 1.0) == 3
    assert value(run(STUB, "assert False\n" + F.format(2)), "f", 1.0) == 3


def test_a_later_definition_that_fails_is_said_and_the_earlier_is_graded():
    notebook = run(F.format(1), "@nowhere\n" + F.format(2))
    assert value(notebook, "f", 1.0) == 2
    assert notebook.said == ["code cell 2 fails where it defines f anew: the earlier f counts"]


def test_the_branches_of_an_if_run_statement_by_statement():
    text = "if __name__ == '__main__':\n    import nowhere, math\n    k = math.floor(1.5)"
    assert run(text).space["k"] == 1


def test_what_misses_a_name_given_further_down_is_run_again():
    notebook = run("k = double(2)\nn = nobody", "def double(x):\n    return 2 * x")
    assert notebook.space["k"] == 4
    assert failed(notebook) == [(1, "NameError")]
    assert notebook.said == [
        "code cell 1: `k = double(2)` needs double, which is defined further down: "
        "it was run after the other cells"
    ]


def test_a_second_try_takes_nothing_that_was_given_meanwhile():
    assert run("k = double(2)", "k = 5\ndef double(x):\n    return 2 * x").space["k"] == 5


def test_cells_to_skip_are_not_run():
    notebook = Notebook(["k = nobody", "nobody = 3", "1 / 0"])
    assert list(notebook.order({2, 3})) == [1]


@pytest.mark.parametrize(
    "head",
    [
        "@nowhere.jit\ndef f(x):",
        "def f(x: nowhere.A) -> nowhere.A:",
        "@nowhere.vmap(3)\ndef f(*x):",
    ],
)
def test_what_is_written_around_a_function_and_is_not_here_does_not_cost_it(head):
    body = "\n    x = x[0] if type(x) is tuple else x\n    return x + 1"
    notebook = run("import nowhere", head + body)
    assert value(notebook, "f", 1.0) == 2
    assert failed(notebook) == [(1, "ModuleNotFoundError")]
    assert "is taken without its decorators and annotations" in notebook.said[0]
    assert failed(run(head + body)) == [(1, "NameError")]  # in Jupyter, too


def test_an_f_string_of_a_newer_python_is_read():
    notebook = run("""d = {"x": 3}\ns = f"{d["x"]:.1f} {1}" + f'{d['x']}' + d["x"] * "a"\n""")
    assert notebook.space["s"] == "3.0 13aaa"


# -- the first cause -------------------------------------------------------------------------------


def test_the_first_cause_is_told():
    notebook = run("rate = nowhere.rate", "half = rate / 2", "def f(x):\n    return half * x")
    assert [error["message"] for error in notebook.errors] == [
        "name 'nowhere' is not defined",
        "rate is not defined, because `rate = nowhere.rate` failed before: "
        "NameError: name 'nowhere' is not defined",
    ]
    told = notebook.answer("f", [1.0])[0]["message"]
    assert told.startswith("half is not defined, because `rate = nowhere.rate` failed before: ")


def test_a_package_that_is_not_here_says_how_it_is_allowed():
    notebook = run("import nowhere.linalg as n", "def f(x):\n    return n.exp(x)")
    told = notebook.answer("f", [1.0])[0]["message"]
    assert "`import nowhere.linalg as n` failed before" in told
    assert "nowhere is not available while grading" in told
    assert "--allow nowhere" in told


def test_a_star_that_failed_is_the_cause_of_what_is_missing():
    notebook = run("from helpers import *", "def f(x):\n    return helped(x)")
    assert "helpers is not available" in notebook.answer("f", [1.0])[0]["message"]


def test_numpy_is_there_though_its_import_was_lost():
    notebook = run("def f(x):\n    return np.add(x, 1)")
    assert value(notebook, "f", 1.0) == 2
    assert notebook.said == ["no cell imports NumPy as np: it is there all the same"]
    assert value(run("import nowhere as n, numpy as np", F.format("np.ones(())")), "f", 1.0) == 2


def test_a_file_is_said_not_to_be_there():
    told = run("open('weights.npy')").errors[0]["message"]
    assert told.endswith("there are no files while grading")
    refused = run("raise PermissionError(1, 'Operation not permitted')").errors[0]["message"]
    assert refused == "[Errno 1] Operation not permitted"  # of a socket, say, or a process


# -- which function is graded ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "stub",
    [STUB, "def f(x):\n    raise NotImplementedError", "def f(x):\n    pass", "def f(x):\n    ..."],
)
def test_a_stub_below_takes_nothing(stub):
    notebook = run(F.format(1), stub)
    assert value(notebook, "f", 1.0) == 2
    assert notebook.said == [
        "code cell 2 holds f as the notebook gives it, below a written one: the written one counts"
    ]
    assert value(run(stub, F.format(1)), "f", 1.0) == 2


def test_a_class_as_it_was_given_takes_no_written_one():
    written = "class A:\n    def __init__(self): ...\n    def go(self, x):\n        return x + 1\n"
    given = written.replace("return x + 1", "raise NotImplementedError")
    f = "def f(x):\n    return A().go(x)"
    assert value(run(written, given, f), "f", 1.0) == 2
    assert run(given, f).answer("f", [1.0])[0] == {"status": "stub"}


def test_the_last_written_one_is_graded():
    assert value(run(F.format(1), F.format(2)), "f", 1.0) == 3


def test_a_function_whose_name_was_taken_for_a_value_is_graded():
    notebook = run(F.format(1), "f = f(3)")
    assert value(notebook, "f", 1.0) == 2
    assert "f is a value in the end" in notebook.said[0]


@pytest.mark.parametrize("stub", ["", STUB])
def test_what_a_check_was_given_is_graded_where_the_task_has_no_function(stub):
    notebook = Notebook([stub, "def mine(x):\n    return x + 1"])
    for number in notebook.order():
        notebook.run(number)
        if number == 2:
            offered["f"] = notebook.space["mine"]
    assert value(notebook, "f", 1.0) == 2
    assert notebook.said == ["f is not written: mine, which its check was given, counts"]


# -- as IPython runs it ----------------------------------------------------------------------------


def test_the_last_line_is_kept_as_ipython_keeps_it():
    notebook = run("3", "x = 4", "_ + 1", "y, z = _, Out[1]\nOut[3] + _3")
    assert (notebook.space["y"], notebook.space["z"]) == (4, 3)
    assert notebook.built_in["_"] == 8
    assert "_" not in notebook.space


def test_await_stands_at_the_first_column():
    text = "import asyncio\nasync def later(x):\n    await asyncio.sleep(3600)\n    return x\n"
    assert run(text + "k = await later(7)\nawait later(8)").space["k"] == 7


def test_what_ipython_gives_is_there():
    notebook = run(
        "display(3); help(len); exit(); quit(); breakpoint()",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "get_ipython().system('ls')\nfiles = get_ipython().getoutput('ls')",
        "k = get_ipython().run_line_magic('time', '1 + 2')",
        "get_ipython().run_line_magic('timeit', '-n 10 m = 4')",
        "get_ipython().config.any.thing = 3\nget_ipython().set_custom_exc((ValueError,), None)",
    )
    assert (notebook.errors, notebook.space["files"]) == ([], [])
    assert (notebook.space["k"], notebook.space["m"]) == (3, 4)


def test_a_future_holds_for_the_cells_below_it():
    notebook = run("from __future__ import annotations", "def f(x: nowhere):\n    return x + 1")
    assert value(notebook, "f", 1.0) == 2


def test_the_cells_are_main():
    text = (
        "import sys\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: 'int' = 1\n"
        "here = sys.modules['__main__'].A is A and __name__ == '__main__'"
    )
    before = sys.modules["__main__"]
    assert run(text).space["here"]
    assert sys.modules["__main__"] is before


def test_the_source_of_a_function_can_be_read():
    notebook = run(F.format(1), "import inspect\ntext = inspect.getsource(f)")
    assert notebook.space["text"] == F.format(1)


def test_a_stand_in_that_is_returned_says_what_it_is():
    notebook = run("import seaborn", "def f(x):\n    return x, seaborn.load_dataset('iris') + x")
    assert isinstance(notebook.space["seaborn"].x, StandIn)
    told = notebook.answer("f", [np.ones(2)])[0]
    assert told["type"] == "NotAvailable"
    assert "seaborn is not available while grading" in told["message"]


# -- time ------------------------------------------------------------------------------------------


def test_an_endless_statement_costs_no_other():
    notebook = run("while True: pass\n" + F.format(1), "k = 3\nwhile True: k = 4", seconds=2.0)
    assert value(notebook, "f", 1.0) == 2
    assert failed(notebook) == [(1, "TooLong"), (2, "TooLong")]


def test_where_the_time_is_up_what_defines_is_still_run():
    notebook = Notebook([F.format(1) + "k = 1\nfor k in range(9): pass"], seconds=2.0)
    notebook.left = -1.0
    notebook.run(1)
    assert (value(notebook, "f", 1.0), notebook.space["k"]) == (2, 1)
    assert notebook.said[0].startswith("the cells used up their 2 s of processor time: from code")


def test_once_its_time_is_up_a_cell_that_defines_nothing_is_not_even_read(monkeypatch):
    read, real = [], statements.read
    monkeypatch.setattr(
        statements, "read", lambda text, file: read.append(file) or real(text, file)
    )
    cells = [*["x = 1\nwhile True: pass"] * 9, "%t\n" * 400, "def f(): return 1", "print(1)"]
    notebook = Notebook(cells, seconds=0.05)
    for number in notebook.order():
        notebook.run(number)
    assert "<cell 10>" not in read
    assert "<cell 11>" in read
    assert notebook.space["f"]() == 1
    assert "on, imports, definitions and assignments alone were run" in notebook.said[0]


# -- what is given ---------------------------------------------------------------------------------

GIVEN = {"drive": "def drive(x):\n    return Mine(3).run(x)\n"}
MINE = """class Mine:
    def __init__(self, k): self.k = k
    def run(self, x):
        return self.k * x
"""
USED = "the given drive was used in place of yours"
INSTEAD = {
    "a function": "def drive(x):\n    return 5.0",
    "a lambda": "drive = lambda x: 5.0",
    "an object": "class D:\n    def __call__(self, x): return 5.0\ndrive = D()",
    "by the back door": "globals()['drive'] = lambda x: 5.0",
}


def driven(*cells: str) -> Notebook:
    notebook = Notebook(list(cells), given=GIVEN)
    with standing_in():
        for number in notebook.order():
            notebook.run(number)
    return notebook


@pytest.mark.parametrize("how", INSTEAD)
def test_a_given_function_is_run_as_it_was_given(how):
    notebook = driven(MINE, GIVEN["drive"], INSTEAD[how])
    assert value(notebook, "drive", 2.0) == 6.0
    assert notebook.said == [USED]


@pytest.mark.parametrize("how", INSTEAD)
def test_what_stands_for_a_given_function_needs_the_students_part(how):
    notebook = driven(INSTEAD[how])
    assert value(notebook, "drive", 2.0)["message"] == "name 'Mine' is not defined"


def test_whoever_leaves_it_or_prints_in_it_or_loses_it_loses_nothing():
    kept = driven(MINE, GIVEN["drive"])
    prints = driven(MINE, "def drive(x):\n    print(x)\n    return Mine( 3 ).run(x)")
    lost = driven(MINE)
    assert [value(one, "drive", 2.0) for one in (kept, prints, lost)] == [6.0] * 3
    assert [one.said for one in (kept, prints, lost)] == [[], [USED], []]


def test_where_all_is_missing_it_is_missing():
    assert driven("x = 1").answer("drive", [1.0])[0] == {"status": "missing"}


def test_a_fault_in_a_given_function_is_told_with_its_line():
    told = driven("class Mine: pass", GIVEN["drive"]).answer("drive", [1.0])[0]
    assert (told["line"], told["source"]) == (2, "return Mine(3).run(x)")


def test_what_was_written_is_not_begun_yet():
    notebook = driven(MINE.replace("return self.k * x", "raise NotImplementedError"))
    assert notebook.answer("drive", [1.0])[0] == {"status": "stub"}
