"""The worst number and its equation: what it equals is so at every wrong number, or not said."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_nn.exercises.trace import worst

RNG = np.random.default_rng(3)
N, D, M = 4, 3, 2
X, DY, W, B = (RNG.normal(size=s) for s in ((N, D), (N, M), (D, M), (M,)))
AXES = {"x": ("N", "D"), "dy": ("N", "M"), "W": ("D", "M"), "b": ("M",)}
BACKWARD = SimpleNamespace(
    source='''
@task("2.2", "dy:N,M x:N,D W:D,M -> dx:N,D dW:D,M db:M", points=5)
def dense_backward(dy, x, W):
    """The gradients."""
    dx = np.einsum("nm,dm->nd", dy, W)
    dW = x.T @ dy
    db = dy.sum(axis=0)
    return dx, dW, db
'''
)
FORWARD = SimpleNamespace(source="def f(x, W, b):\n    y = x @ W + b\n    return y")


def told(output, given, inputs=None, right=None):
    inputs = inputs or {"dy": DY, "x": X, "W": W}
    right = (
        {"dx": DY @ W.T, "dW": X.T @ DY, "db": DY.sum(axis=0)}[output] if right is None else right
    )
    return worst(BACKWARD, inputs, output, given, right, AXES)


@pytest.mark.parametrize(
    ("output", "given", "says"),
    [
        ("dW", X[3:].T @ DY[3:], "equals the last term alone"),
        ("dW", X[:1].T @ DY[:1], "equals the first term alone"),
        ("dW", X[:3].T @ DY[:3], "lacks the last term"),
        ("dW", X[1:].T @ DY[1:], "lacks the first term"),
        ("dW", X[:2].T @ DY[:2], "is the sum of the first two terms"),
        ("dW", X[2:].T @ DY[2:], "is the sum of the last two terms"),
        ("dW", X[::2].T @ DY[::2], "is the sum of every second term"),
        ("dW", X.T @ (DY * [[1], [-1], [1], [1]]), "has the second term with the other sign"),
        ("dW", X.T @ (DY * [[1], [1], [2], [1]]), "counts the third term twice"),
        ("dW", X.T @ DY / N, "is their mean"),
        ("dW", -X.T @ DY, "is their sum with the other sign"),
        ("dW", 2 * X.T @ DY, "is twice their sum"),
        ("dW", 0.7 * X.T @ DY, "is 0.7 times their sum"),
        ("dW", X.T @ DY + 0.5, "adds 0.5 to their sum"),
        ("dW", X.T @ DY - 2, "takes 2 from their sum"),
        ("dW", np.abs(X).T @ np.abs(DY), "adds them without their signs"),
        ("dW", (X[:, :, None] * DY[:, None]).max(axis=0), "is the largest of them"),
        ("db", DY.mean(axis=0), "is their mean"),
        ("dx", DY[:, :1] @ W[:, :1].T, "equals the first term alone"),
    ],
)  # fmt: skip
def test_what_a_number_equals_is_said(output, given, says):
    assert told(output, given).endswith(f", {says}"), told(output, given)


def test_the_equation_has_letters_and_numbers():
    x, dy = np.array([[2.0, 1.0], [-1.0, 3.0]]), np.array([[1.0], [3.0]])
    inputs = {"dy": dy, "x": x, "W": np.ones((2, 1))}
    assert told("dW", np.array([[-1.0], [9.0]]), inputs, x.T @ dy) == (
        "dW[1,0] = Σₙ x[n,1]·dy[n,0] = 1·1 + 3·3 = 10; yours, 9, equals the second term alone"
    )


def test_a_term_of_its_own_kind_is_called_by_its_letters():
    y = X @ W + B
    for wrong, says in ((X @ W, "lacks b[0]"), (X @ W - B, "has b[0] with the other sign")):
        assert worst(FORWARD, {"x": X, "W": W, "b": B}, "y", wrong, y, AXES).endswith(says)
    step = SimpleNamespace(source="def f(W, dW, lr):\n    new = W - lr * dW\n    return new")
    inputs = {"W": W, "dW": W**2, "lr": 0.5}
    says = worst(step, inputs, "new", W + 0.5 * W**2, W - 0.5 * W**2, AXES)
    assert "W[0,1] − lr·dW[0,1] = " in says
    assert says.endswith("has lr·dW[0,1] with the other sign")
    says = worst(step, inputs, "new", -0.5 * W**2, W - 0.5 * W**2, AXES)
    assert says.endswith("equals −lr·dW[0,1] alone")


def test_a_step_that_is_returned_as_code_is_traced():
    tree = ast.parse("def f(W, dW, lr):\n    return W - lr * dW").body[0]
    inputs = {"W": W, "dW": W**2, "lr": 0.5}
    says = worst(SimpleNamespace(tree=tree), inputs, "W", W - W**2, W - 0.5 * W**2, AXES,
                 returned="W - lr * dW")  # fmt: skip
    assert says.endswith("counts lr·dW[0,1] twice"), says


CONV = SimpleNamespace(
    source="""
def conv(x, W, b):
    R, S = W.shape[2:]
    y = np.zeros((len(x), len(W), x.shape[2] - R + 1, x.shape[3] - S + 1))
    for u in range(y.shape[2]):
        for v in range(y.shape[3]):
            y[:, :, u, v] = np.einsum("ncrs,fcrs->nf", x[:, :, u:u + R, v:v + S], W) + b
    return y
"""
)


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (np.s_[:, :1], "has, of this sum, only the terms with c = 0"),
        (np.s_[:, :, :-1], "lacks the terms with r = 2"),
        (np.s_[:, :, :, 1:], "lacks the terms with s = 0"),
    ],
)
def test_a_part_of_a_double_sum_is_named_by_its_letter(kept, says):
    x, kernels, b = (RNG.normal(size=s) for s in ((2, 3, 4, 5), (2, 3, 3, 2), (2,)))
    space: dict = {"np": np}
    exec(CONV.source, space)
    part = np.zeros_like(kernels)
    part[kept] = kernels[kept]
    letters = {"x": ("N", "C", "U+R-1", "V+S-1"), "W": ("F", "C", "R", "S"), "b": ("F",)}
    given, right = space["conv"](x, part, b), space["conv"](x, kernels, b)
    told = worst(CONV, {"x": x, "W": kernels, "b": b}, "y", given, right, letters)
    assert "Σ_cΣᵣΣₛ x[" in told
    assert told.endswith(says), told


def test_without_axes_letters_are_found():
    says = worst(BACKWARD, {"dy": DY, "x": X, "W": W}, "dW", X.T @ DY + 1, X.T @ DY)
    assert " = Σᵢ x[i," in says


def test_what_is_not_so_everywhere_is_not_said():
    given = X[3:].T @ DY[3:]
    given[0, 0] += 1
    assert "; yours is " in told("dW", given)
    given = X.T @ DY
    given[1, 1] += 100
    assert told("dW", given).startswith("dW[1,1] = ")
    assert "; yours is " in told("dW", given)


def test_where_two_explanations_fit_none_is_said():
    ones = {"dy": np.ones((N, M)), "x": np.ones((N, D)), "W": W}
    assert told("dW", np.ones((D, M)), ones, N * np.ones((D, M))).endswith("; yours is 1")
    x, dy = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [1.0], [1.0]])
    inputs = {"dy": dy, "x": x, "W": np.ones((1, 1))}
    assert told("dW", np.array([[3.0]]), inputs, x.T @ dy).endswith("; yours is 3")
    more = {"dy": DY, "x": X, "W": W}, X[:2].T @ DY[:2], X.T @ DY
    says = worst(BACKWARD, inputs, "dW", np.array([[3.0]]), x.T @ dy, AXES, [more])
    assert says.endswith("; yours is 3"), "the first two of three are no relation to four terms"
    more = {"dy": DY, "x": X, "W": W}, X[3:].T @ DY[3:], X.T @ DY
    says = worst(BACKWARD, inputs, "dW", np.array([[3.0]]), x.T @ dy, AXES, [more])
    assert says.endswith("yours, 3, equals the third term alone")


def test_zero_is_not_explained_by_a_term_that_is_zero():
    x, dy = np.array([[0.0], [2.0]]), np.array([[1.0], [1.0]])
    says = told("dW", np.zeros((1, 1)), {"dy": dy, "x": x, "W": W[:1, :1]}, x.T @ dy)
    assert says.endswith("; yours is 0")


def test_where_nothing_is_to_say_nothing_is_said():
    right = X.T @ DY
    assert told("dW", right) == ""
    assert told("dW", right.T) == ""
    assert told("dW", right + 1, right=right * 2) == "", "the formula is not what is right here"
    soft = SimpleNamespace(source="def f(x):\n    y = np.exp(x)\n    return y")
    assert worst(soft, {"x": X}, "y", X, np.exp(X), AXES) == ""
    for formula in (None, SimpleNamespace(source=None), SimpleNamespace(source="def"), "y = x"):
        assert worst(formula, {"x": X}, "y", X, X + 1, AXES) == ""


@pytest.mark.parametrize(
    "given", [np.full((D, M), np.nan), np.full((D, M), np.inf), np.zeros((D, M), bool),
              np.zeros((D, M), int), np.zeros((0, 2)), np.array(3.0), np.array("text"), None],
)  # fmt: skip
def test_odd_answers_raise_nothing(given):
    says = told("dW", given)
    assert says == "" if np.shape(given) != (D, M) else "; yours is " in says


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 10**6),
    st.integers(1, 31), st.booleans(),
)  # fmt: skip
def test_what_is_said_is_true(n, d, m, seed, chosen, whole):
    """Any part of the samples, on small whole numbers, where chance would have it otherwise."""
    rng = np.random.default_rng(seed)
    x, dy = (rng.integers(-3, 6, s) + (0.0 if whole else rng.normal()) for s in ((n, d), (n, m)))
    keep = np.array([chosen >> i & 1 for i in range(n)], float)
    given, right = (x * keep[:, None]).T @ dy, x.T @ dy
    says = told("dW", given, {"dy": dy, "x": x, "W": np.ones((d, m))}, right)
    if says.endswith("term alone") or "lacks the" in says:
        at = tuple(int(i) for i in says[3 : says.index("]")].split(","))
        terms = x[:, at[0]] * dy[:, at[1]]
        words = ("first", "second", "third", "fourth", "fifth")
        k = n - 1 if "the last" in says else next(i for i, w in enumerate(words) if w in says)
        value = terms[k] if says.endswith("alone") else terms.sum() - terms[k]
        assert np.isclose(value, given[at])
