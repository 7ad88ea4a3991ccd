"""Cells taken apart: statements, the pieces of what is no Python, names and stubs."""

import ast

import pytest

from course_nn.worker.statements import MOST, is_stub, names, read


def texts(cell: str) -> list[str]:
    return [ast.unparse(node) for node in read(cell, "<cell 1>").body]


def first(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def test_a_cell_is_its_statements_and_an_import_of_two_is_two():
    assert texts("import a, b.c as d\nx = 1") == ["import a", "import b.c as d", "x = 1"]
    assert read("x = 1", "<cell 1>").broken == []


@pytest.mark.parametrize(
    ("cell", "kept", "lost"),
    [
        ("a = 1\nb = = 2\nc = 3", ["a = 1", "c = 3"], [("b",)]),
        ("def f(x:\n    return x\nc = 3", ["c = 3"], [("f",)]),
        ("def f(x):\n    y = 1\n  return y\nc = 3", ["c = 3"], [("f",)]),
        ("a = (1,\nc = 3", ["c = 3"], [("a",)]),
        ("a = (1,\n2)\nb = = 2", ["a = (1, 2)"], [("b",)]),
        ("@deco\ndef f(): pass\nb = = 2", ["@deco\ndef f():\n    pass"], [("b",)]),
        ("try:\n    a = 1\nexcept E:\n    a = 2\nb = = 2", None, [("b",)]),
        ("if a:\n    b = 1\n# no\nelse:\n    b = 2\nb = = 2", None, [("b",)]),
        ("  a = 1\nb = 2", ["b = 2"], [()]),
        ("import a as b, c d", [], [("b",)]),
        ("<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> x", ["a = 1", "a = 2"], [(), (), ()]),
        ("pip install numpy\na = 1", ["a = 1"], []),
        ("%matplotlib inline\n!ls\nlist?\nls folder\na = 1", ["a = 1"], []),
        ("ls = = 3", [], [("ls",)]),
        ("s = '''\nx = 1", ["x = 1"], [("s",)]),
    ],
)
def test_what_parses_alone_is_kept(cell, kept, lost):
    found = read(cell, "<cell 1>")
    assert [broken.names for broken in found.broken] == lost
    assert len(found.body) == 1 if kept is None else texts(cell) == kept


def test_lines_are_counted_from_the_first_of_the_cell():
    found = read("a = 1\nb = = 2\nc = 3", "<cell 1>")
    assert [node.lineno for node in found.body] == [1, 3]
    assert found.broken[0].error.lineno == 2


def test_what_only_the_compiler_refuses_is_said_and_the_rest_is_kept():
    found = read("a = 1\nreturn a", "<cell 1>")
    assert (len(found.body), "outside function" in str(found.broken[0].error)) == (2, True)


@pytest.mark.parametrize("space", "\u00a0\u3000\ufeff\u200b")
def test_a_space_that_was_pasted_is_a_space(space):
    assert texts(f"x{space} = 1") == ["x = 1"]
    assert texts(f"x = '{space}'") == [f"x = {space!r}"]  # what is Python is left as it is


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "x = [" * 500,
        "-" * 200_000 + "1",
        "x" + ".a" * 200_000,
        "\x00",
        "=\n" * 9_000,
        "",
        "\n\n",
        "# only this",
    ],
)
def test_no_text_is_too_odd(text):
    read(text, "<cell 1>")


def test_tries_are_bounded(monkeypatch):
    tried, real = [], ast.parse
    monkeypatch.setattr(ast, "parse", lambda *a: tried.append(1) or real(*a))
    read("x = = 1\n" * 3000, "<cell 1>")
    assert len(tried) < MOST + 3 * 3000


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("import a.b, c as d", "a d"),
        ("from a import *", ""),
        ("from a import b, c as d", "b d"),
        ("a, (b, *c) = 1, d", "a b c"),
        ("x.a = y[0] = 3", ""),
        ("for i in range(3):\n    with open(p) as f: k = i", "f i k"),
        ("def f(a):\n    b = 1", "f"),
        ("class A(B):\n    c = 1", "A"),
        ("x: int = 3", "x"),
        ("x += 1", "x"),
        ("y = [i for i in range(3)]", "y"),
        ("print(n := 3)", "n"),
    ],
)
def test_the_names_that_a_statement_binds(text, bound):
    assert sorted(names(first(text))) == bound.split()


@pytest.mark.parametrize(
    ("text", "stub"),
    [
        ("def f(x):\n    'doc'\n    raise NotImplementedError('Task 1')", True),
        ("def f(x):\n    raise NotImplementedError", True),
        ("async def f(x): ...", True),
        ("def f(x): pass", True),
        ("def f(x): return", False),
        ("def f(x):\n    y = 1\n    raise NotImplementedError", False),
        ("def f(x): raise ValueError", False),
        ("class A:\n  def __init__(self): self.x = 1\n  def f(s): raise NotImplementedError", True),
        ("class A:\n  def g(self): return 1\n  def f(self): raise NotImplementedError", False),
        ("class A: pass", False),
        ("f = 3", False),
    ],
)
def test_what_is_as_the_notebook_gave_it(text, stub):
    assert is_stub(first(text)) is stub
