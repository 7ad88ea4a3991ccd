"""A formula is a tree: its lines, its outputs, which line can reach which, its values."""

import numpy as np
import pytest

from course_nn.exercises.formula import Formula

SOURCE = '''
def backward(dy, x, W):
    """Say."""
    h = x @ W
    total = np.zeros(2)
    for n in range(len(x)):
        total[0] += h[n].sum()
    dx = dy @ W.T
    dW = x.T @ dy + total.sum()
    return dx, dW
'''


@pytest.fixture
def formula() -> Formula:
    return Formula.read(SOURCE, {"np": np})


def test_names_and_outputs(formula: Formula) -> None:
    assert formula.arguments == ("dy", "x", "W")
    assert formula.outputs == ("dx", "dW")
    assert len(formula.tree.body) == 6  # without its docstring


def test_which_output_a_line_can_reach(formula: Formula) -> None:
    both, dW, dx = frozenset({"dx", "dW"}), frozenset({"dW"}), frozenset({"dx"})
    assert [formula.reaches[k] for k in range(6)] == [dW, dW, dW, dx, dW, both]


def test_it_computes(formula: Formula) -> None:
    dy, x, W = np.ones((2, 1)), np.ones((2, 3)), np.ones((3, 1))
    dx, dW = formula(dy=dy, x=x, W=W)
    assert dx.shape == (2, 3)
    assert (dW == 2 + 6).all()


def test_a_function_can_be_read_with_its_decorators_dropped() -> None:
    def outer(function):
        return function

    @outer
    def twice(x):
        return 2 * x

    formula = Formula.of(twice)
    assert formula.outputs == ("2 * x",)
    assert formula(x=4.0) == (8.0,)
