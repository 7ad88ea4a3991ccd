"""Whole statements: left out, in the other order, `=` for `+=`, loops one short."""

import numpy as np
import pytest

from course_nn.exercises.changes import changes
from course_nn.exercises.formula import Formula

LOOP = """
def f(x, b):
    y = np.zeros(2)
    for n in range(len(x)):
        y += x[n]
    y = y * b
    return y
"""
X, B = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), 3.0


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("`=` stands where `+=` belongs: only the last n counts", B * X[2]),
        ("`-=` stands where `+=` belongs", -B * X.sum(axis=0)),
        ("the loop over n ends one too early", B * X[:2].sum(axis=0)),
        ("the loop over n starts one too late", B * X[1:].sum(axis=0)),
        ("only the first n is reached: it returns or ends inside the loop", B * X[0]),
        ("the loop over n takes every second only", B * X[::2].sum(axis=0)),
        ("the line `y = y * b` is missing, or comes too late", X.sum(axis=0)),
        ("the largest is kept where all must be added", B * X.max(axis=0)),
        ("`y = y * b` comes before `for n in range(len(x)):`, not after it", X.sum(axis=0)),
    ],
)
def test_a_statement_that_is_wrong(words, right) -> None:
    found = {c.words: c for c in changes(Formula.read(LOOP, {"np": np}))}
    assert words in found, list(found)
    np.testing.assert_allclose(found[words](x=X, b=B)[0], right)


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("`y = y * b` stands in the loop over n, not after it", [69, 111]),
        ("`y = np.zeros(2)` stands in the loop over n, not before it", B * X[2]),
    ],
)
def test_a_line_in_the_loop_that_belongs_outside(words, right) -> None:
    found = {c.words: c for c in changes(Formula.read(LOOP, {"np": np}))}
    assert words in found, list(found)
    np.testing.assert_allclose(found[words](x=X, b=B)[0], right)


def test_a_sum_that_does_not_begin_anew() -> None:
    source = """
    def f(x):
        y = np.zeros(len(x))
        for n in range(len(x)):
            total = 0
            for k in range(len(x[n])):
                total += x[n, k]
            y[n] = total
        return y
    """
    found = {c.words: c for c in changes(Formula.read(source, {"np": np}))}
    words = "`total = 0` stands before the loop over n, not in it"
    np.testing.assert_allclose(found[words](x=X)[0], X.sum(axis=1).cumsum())


def test_what_is_written_to_is_no_place_for_a_change() -> None:
    source = "def f(x, b):\n    y = x + b\n    y[0] = 1\n    return y"
    words = [c.words for c in changes(Formula.read(source, {"np": np}))]
    assert words.count("x stands where y belongs") == 1  # where it is returned


def test_names_unpacked_in_each_other_s_place() -> None:
    source = "def f(x):\n    n, d = x.shape\n    y = n - d\n    return y"
    found = {c.words: c for c in changes(Formula.read(source, {}))}
    assert found["n and d are swapped where x.shape is unpacked"](x=X) == (-1,)


def test_a_value_used_before_it_was_updated() -> None:
    source = "def f(w, m, g):\n    m = m + g\n    w = w - m\n    return w"
    found = {c.words: c for c in changes(Formula.read(source, {}))}
    early = "`w = w - m` comes before `m = m + g`, not after it"
    assert found[early](w=1.0, m=2.0, g=4.0) == (-1.0,)


def test_both_ways_of_a_branch() -> None:
    source = "def f(x):\n    y = x\n    if x > 0:\n        y = 2 * x\n    return y"
    found = {c.words: c for c in changes(Formula.read(source, {}))}
    assert found["the lines under `if x > 0` always run"](x=-1.0) == (-2.0,)
    assert found["the case `x > 0` is left out"](x=1.0) == (1.0,)


def test_several_names_at_once_in_a_loop_are_not_added_to() -> None:
    source = (
        "def f(x):\n    y = 0\n    for n in range(len(x)):\n"
        "        a, b = x[n], 2\n        y += a * b\n    return y"
    )
    found = {c.words: c for c in changes(Formula.read(source, {}))}
    assert "`+=` stands where `=` belongs" not in found
    assert found["`=` stands where `+=` belongs: only the last n counts"](x=[1, 3]) == (6,)


PLACES = """
def f(x, rows, columns):
    y = np.zeros(x.shape)
    y[rows, columns] = 1
    return y
"""


def test_all_rows_are_written_where_one_is_meant() -> None:
    found = {c.words: c for c in changes(Formula.read(PLACES, {"np": np}))}
    words = "`:` takes all rows where rows takes one for each, in y[rows, columns]"
    (given,) = found[words](x=X, rows=np.array([0, 2]), columns=np.array([1, 1]))
    np.testing.assert_array_equal(given, [[0, 1]] * 3)


NESTED = """
def f(x):
    y = np.zeros(x.shape)
    for n in range(len(x)):
        for d in range(x.shape[1]):
            step = np.zeros(2)
            step[d] += 1
            y[n, d] = x[n] @ step
    return y
"""


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("the loops over n and d both end one too early", [[1, 0], [3, 0], [0, 0]]),
        ("`step = np.zeros(2)` stands before the loop over d, not in it",
         np.cumsum(X, axis=1)),
        ("`step = np.zeros(2)` stands before the loop over n, not in it",
         [[1, 3], [10, 14], [29, 36]]),
    ],
)  # fmt: skip
def test_nested_loops(words, right) -> None:
    found = {c.words: c for c in changes(Formula.read(NESTED, {"np": np}))}
    assert words in found, list(found)
    np.testing.assert_allclose(found[words](x=X)[0], right)


def test_only_the_last_of_the_loop_that_sums() -> None:
    source = """
    def f(x):
        y = np.zeros(2)
        for n in range(len(x)):
            for d in range(2):
                y[d] += x[n, d]
        return y
    """
    found = {c.words: c for c in changes(Formula.read(source, {"np": np}))}
    words = "`=` stands where `+=` belongs: only the last n counts"
    np.testing.assert_allclose(found[words](x=X)[0], X[-1])


def test_a_line_that_comes_last_sees_what_was_changed() -> None:
    source = "def f(x):\n    y = x + 1\n    z = 2 * x\n    x = 3 * z\n    return y, x"
    found = {c.words: c for c in changes(Formula.read(source, {}))}
    assert found["`y = x + 1` comes last"](x=2) == (13, 12)
