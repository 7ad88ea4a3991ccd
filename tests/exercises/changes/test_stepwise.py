"""A formula compiled statement by statement gives what it gives as a whole."""

import ast
from itertools import islice

import numpy as np
import pytest

from course_nn.exercises.changes import search
from course_nn.exercises.changes.stepwise import Steps, Stepwise, located
from course_nn.exercises.formula import Formula

SOURCE = """
def f(x, W):
    n = len(x)
    total = np.zeros(W.shape[0])
    for row in x:
        total = total + W @ row
    parts = [W[k] * n for k in range(2)]
    return total / n, np.sum(parts)
"""
EARLY = "def f(x):\n    if len(x) > 2:\n        return x\n    return 2 * x"
DEFAULT = "def f(x, n=2):\n    return n * x"


def stepwise(source: str) -> Stepwise:
    formula = Formula.read(source, {"np": np})
    return Stepwise(formula.tree, formula.space)


def value(function, **inputs):
    """What a function gives, or that it fails."""
    try:
        with np.errstate(all="ignore"):
            found = function(**{name: array.copy() for name, array in inputs.items()})
    except Exception:
        return ["it fails"]
    return [np.asarray(part) for part in (found if isinstance(found, tuple) else (found,))]


def test_it_gives_what_the_whole_gives():
    formula, rng = stepwise(SOURCE), np.random.default_rng(1)
    x, W = rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
    steps = formula.build(formula.tree, 0)
    assert isinstance(steps, Steps)
    for one, other in zip(steps(x=x, W=W), formula(x=x, W=W), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_statement_that_was_changed_is_compiled_again_and_no_other():
    formula = stepwise(SOURCE)
    formula.build(formula.tree, 0)
    kept = dict(formula.others)
    assert sorted(kept) == [(1, None), (2, None), (3, None), (4, None)]
    formula.tree.body[0] = ast.parse("n = 2 * len(x)").body[0]
    steps = formula.build(formula.tree, 0)
    assert formula.others == kept
    x, W = np.ones((4, 3)), np.ones((2, 3))
    np.testing.assert_array_equal(steps(x=x, W=W)[0], 12 / 8)
    with pytest.raises(TypeError):  # it keeps nothing of an earlier call
        steps(x=None, W=W)


def test_a_change_is_compiled_once_whatever_was_changed_first_but_not_in_its_statement():
    codes, x, W = {}, np.ones((4, 3)), np.ones((2, 3))
    for first in (1, 2):
        formula = Formula.read(SOURCE, {"np": np})
        half = Stepwise(formula.tree, formula.space, first, codes)
        assert (half.known(0, "doubled") is None) == (first == 1)
        before = half.tree.body[0]
        half.tree.body[0] = ast.parse("n = 2 * len(x)").body[0]
        half.build(half.tree, 0, "doubled")
        half.build(half.tree, first, "its own")
        half.tree.body[0] = before
        np.testing.assert_array_equal(half.known(0, "doubled")(x=x, W=W)[0], 12 / 8)
    assert (1, "its own") not in codes
    assert (2, "its own") not in codes


@pytest.mark.parametrize("source", [EARLY, DEFAULT])
def test_what_does_not_run_straight_on_is_compiled_as_a_whole(source):
    formula = stepwise(source)
    function = formula.build(formula.tree, 0)
    assert not isinstance(function, Steps)
    np.testing.assert_array_equal(function(x=np.arange(3)), formula(x=np.arange(3))[0])


def test_two_changes_are_the_same_as_when_each_is_compiled_as_a_whole(monkeypatch):
    formula, rng = Formula.read(SOURCE, {"np": np}), np.random.default_rng(2)
    x, W = rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
    some = list(islice(search.pairs(formula), 700))
    monkeypatch.setattr(search, "Stepwise", lambda tree, space, *_: Formula(tree, space))
    whole = list(islice(search.pairs(formula), 700))
    assert [(one.words, one.lines) for one in some] == [(one.words, one.lines) for one in whole]
    assert sum(isinstance(one.function, Steps) for one in some) > 600
    for one, other in zip(some, whole, strict=True):
        np.testing.assert_equal(value(one, x=x, W=W), value(other, x=x, W=W), one.words)


def test_what_is_new_in_a_tree_gets_the_place_of_what_it_replaces():
    tree = ast.parse("y = a + b")
    before = tree.body[0].value
    new = ast.BinOp(before.left, ast.Mult(), ast.Call(ast.Name("f", ast.Load()), [before], []))
    located(new, before)
    tree.body[0].value = new
    space = {"a": 2, "b": 3, "f": lambda x: 10 * x}
    exec(compile(tree, "", "exec"), space)
    assert space["y"] == 100
    assert (new.right.func.lineno, new.right.func.col_offset) == (1, 4)
    assert before.right.col_offset == 8
