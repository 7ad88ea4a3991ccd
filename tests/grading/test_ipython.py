"""Cells as IPython reads them, and text that nobody should have written."""

import sys

import pytest

from course_nn.grading import ipython
from course_nn.grading.ipython import as_python


def one(cell: str) -> str:
    return as_python([cell])[0]


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1",
        "x = 7 %3",
        "x = (7\n%3)",
        "return x @ W + b  # is this right?",
        "x = 'why?'",
        "text = '''\n%time\n!ls\n'''",
        "def f():\n    '''Is it?\n    %no\n    '''\n    return 1",
        "",
        "\n\n",
        "# what?",
        "x = a if b != c else d",
        "who",
        "time = 3",
        "ls.sort()",
        "run(3)",
        "cat in dogs",
        "time - 3",
        "x[1]: int = 3",
    ],
)
def test_python_stays_as_it_is(cell):
    assert one(cell).rstrip("\n") in (cell.rstrip("\n"), *_alone(cell))


def _alone(cell: str) -> list[str]:
    """IPython takes some words for commands where they are all of a cell."""
    return ["get_ipython().run_line_magic('who', '')"] if cell == "who" else []


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%pylab inline\nx = 1", "get_ipython().run_line_magic('pylab', 'inline')\nx = 1"),
        ("if a:\n    !ls -l\nb", "if a:\n    get_ipython().system('ls -l')\nb"),
        ("files = !ls", "files = get_ipython().getoutput('ls')"),
        ("t = %timeit -o f(x)", "t = get_ipython().run_line_magic('timeit', '-o f(x)')"),
        ("np.dot?", "get_ipython().run_line_magic('pinfo', 'np.dot')"),
        ("?np.dot", "get_ipython().run_line_magic('pinfo', 'np.dot')"),
        (">>> x = 1\n>>> def f():\n...     return x\n", "x = 1\ndef f():\n    return x"),
        ("In [3]: x = 1", "x = 1"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
        ("\n\n  x = 1", "\n\nx = 1"),
        ("pip install scipy", "get_ipython().run_line_magic('pip', 'install scipy')"),
        ("ls", "get_ipython().run_line_magic('ls', '')"),
        ("ls -la", "get_ipython().run_line_magic('ls', '-la')"),
        ("cd ../data", "get_ipython().run_line_magic('cd', '../data')"),
        ("%%time\nx = 1", "get_ipython().run_line_magic('time', '')\nx = 1"),
        ("\n%%capture out\n!ls\nx = 1", "\nget_ipython().run_line_magic('capture', 'out')\n"
         "get_ipython().system('ls')\nx = 1"),
        ("%%time\n%%prun -q\nx", "get_ipython().run_line_magic('time', '')\n"
         "get_ipython().run_line_magic('prun', '-q')\nx"),
        ("%%bash\nrm -rf /", "get_ipython().run_cell_magic('bash', '', 'rm -rf /\\n')"),
        ("%%file a.py\nx = 1", "get_ipython().run_cell_magic('file', 'a.py', 'x = 1\\n')"),
        ("%%time", "get_ipython().run_line_magic('time', '')"),
    ],
)  # fmt: skip
def test_what_is_ipythons_becomes_python(cell, python):
    assert one(cell).rstrip("\n") == python


def test_lines_stay_where_they_were():
    cell = "\n\n%%time\n\n!ls\nx = 1"
    assert one(cell).split("\n").index("x = 1") == cell.split("\n").index("x = 1")


@pytest.mark.parametrize(
    "cell",
    [
        "%time\n" * 30_000,
        "%x\n" + "a" * 50_000 + "?",
        "%x\n" + "a." * 25_000 + "b ?",
        "%x\n'" + "\\'" * 25_000,
        "!" * 90_000,
        "%%a\n" * 20_000,
        "%%" + "a" * 90_000,
        "?\n" * 40_000,
        "(" * 20_000 + "\n%x",
        "x = !\n" * 2_000,
        "\t" * 50_000 + "\n%x",
        "'''" * 20_000 + "\n!ls",
        ">>> " * 20_000,
        "%\x00\n%\ud7ff\n\x0c%x",
        "ls" + " " * 90_000,
        "ls" + " " * 90_000 + "\nx = 1",
        " " * 90_000 + "\n" * 9_000 + "ls",
    ],
)
def test_no_text_takes_long_or_is_too_odd(cell, monkeypatch):
    monkeypatch.setattr(ipython, "SECONDS", 0.3)
    assert isinstance(one(cell), str)


def test_a_cell_that_is_too_large_or_too_late_stays(monkeypatch):
    cell = "%matplotlib inline\nx = 1"
    assert one(cell + "\n# " + "x" * ipython.MAX_LINE) == cell + "\n# " + "x" * ipython.MAX_LINE
    monkeypatch.setattr(ipython, "SECONDS", -1.0)
    assert one(cell) == cell


def test_without_ipython_a_cell_stays(monkeypatch):
    ipython._manager.cache_clear()
    monkeypatch.setitem(sys.modules, "IPython.core.inputtransformer2", None)
    assert one("%matplotlib inline") == "%matplotlib inline"
    monkeypatch.undo()
    assert one("%matplotlib inline").startswith("get_ipython()")
