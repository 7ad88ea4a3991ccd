"""How the judge calls a pair of functions: on copies, twice, and what it refuses to call."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from course_nn import ops
from course_nn.gradcheck import (
    assert_vjp,
    check_vjp,
)

from .cases import X, double, expect_passes, expect_wrong_sister_fails, normal, squared


def relu_in_place(x):
    x[x < 0] = 0
    return x, x > 0


def softmax_in_place(x):
    x -= x.max(axis=1, keepdims=True)
    p = np.exp(x)
    p /= p.sum(axis=1, keepdims=True)
    return p, p


def scale_in_place(x, w):
    w *= 2
    return x * w, (x, w)


def into_a_buffer() -> Callable:
    buffer = np.empty((3, 4))

    def forward(x):
        np.multiply(x, x, out=buffer)
        return buffer, x

    return forward


def backward_in_place(dy, x):
    dy *= 2 * x
    return dy


def cache_in_place(dy, x):
    x *= 2
    return x * dy


HARD = {
    "forward changes x in place": (relu_in_place, lambda dy, m: dy * m, X),
    "forward shifts x in place": (softmax_in_place, ops.softmax_backward, X),
    "forward changes its second argument": (
        scale_in_place,
        lambda dy, c: (dy * c[1], 2 * dy * c[0]),
        X,
        normal(2, 3, 4),
    ),
    "forward writes into one buffer": (into_a_buffer(), double, X),
    "forward returns y as a list": (lambda x: ([*(x * x)], x), double, X),
    "forward returns a list": (lambda x: [x * x, x], double, X),
    "backward changes dy": (lambda x: (x * x, x), backward_in_place, X),
    "backward changes its cache": (lambda x: (x * x, x), cache_in_place, X),
    "whole numbers": (lambda x: (x * x, x), double, np.array([[1, -2], [3, 4]])),
    "a nested list": (lambda x: (x * x, x), double, [[1, -2.0], [3, 4]]),
    "a plain number": (lambda x: (x * x, x), double, 3),
    "float16": (lambda x: (x * x, x), double, X.astype(np.float16)),
}


@pytest.mark.parametrize("name", HARD)
def test_a_right_gradient_that_is_hard_to_judge_passes(name: str) -> None:
    expect_passes(HARD[name])


@pytest.mark.parametrize("name", HARD)
def test_its_wrong_sister_fails(name: str) -> None:
    expect_wrong_sister_fails(HARD[name])


NOTES = {
    "forward changes x in place": "forward changes x in place.*x = x.copy()",
    "forward shifts x in place": "forward changes x in place",
    "forward changes its second argument": "forward changes w in place.*w = w.copy()",
    "backward changes dy": "backward changes dy in place.*copy",
    "backward changes its cache": "backward changes its cache in place.*gradient twice",
}


@pytest.mark.parametrize("name", HARD)
def test_what_a_function_writes_into_is_noted(name: str) -> None:
    """And nothing is noted of the others."""
    report = check_vjp(*HARD[name])
    assert [re.search(NOTES[name], note) is not None for note in report.notes] == [True] * (
        name in NOTES
    )
    assert str(report).count("\n  note: ") == len(report.notes)


def test_float32_arguments_are_judged_in_float64() -> None:
    x, W, b = (a.astype(np.float32) for a in (normal(1, 4, 3), normal(2, 3, 2), normal(3, 2)))
    seen: list[np.dtype] = []

    def forward(x, W, b):
        seen.extend(a.dtype for a in (x, W, b))
        return ops.dense_forward(x, W, b)

    report = check_vjp(forward, ops.dense_backward, x, W, b)
    assert report.passed, report
    assert set(seen) == {np.dtype(np.float64)}


def test_the_arguments_are_left_unharmed_even_by_a_forward_that_writes() -> None:
    arrays = normal(1, 4, 3), normal(2, 3, 2), normal(3, 2)
    before = [a.tobytes() for a in arrays]

    def vandal(x, W, b):
        y, cache = ops.dense_forward(x.copy(), W.copy(), b)
        x += 1
        W += 1
        b += 1
        return y, cache

    check_vjp(vandal, ops.dense_backward, *arrays)
    assert [a.tobytes() for a in arrays] == before


def test_a_backward_pass_that_writes_into_dy_is_judged_fairly() -> None:
    def backward(dy, x):
        dy *= 2 * x
        return dy

    assert check_vjp(lambda x: (x * x, x), backward, normal(1, 3)).passed


def test_an_output_that_is_the_argument_itself_can_be_judged() -> None:
    assert_vjp(ops.flatten_forward, ops.flatten_backward, normal(1, 2, 3, 2))


def test_a_list_of_gradients_will_do() -> None:
    assert_vjp(
        lambda a, b: (a * b, (a, b)),
        lambda dy, c: [dy * c[1], dy * c[0]],
        normal(1, 3),
        normal(2, 3),
    )


def test_too_few_gradients_are_refused() -> None:
    with pytest.raises(ValueError, match="returned 2 gradients for 3 arrays"):
        check_vjp(
            ops.dense_forward,
            lambda dy, c: ops.dense_backward(dy, c)[:2],
            normal(1, 4, 3),
            normal(2, 3, 2),
            normal(3, 2),
        )


def test_a_backward_that_cannot_be_called_twice_is_noted() -> None:
    report = check_vjp(lambda x: (x * x, [x]), lambda dy, cache: 2 * cache.pop() * dy, X)
    assert report.passed
    assert "backward changes its cache" in str(report)


REFUSED = {
    "y alone, three rows": (
        (lambda x: x * x, double, X),
        r"\(y, cache\).*an array of shape \(3, 4\)",
    ),
    "y alone, two rows": ((lambda x: x * x, double, X[:2]), r"\(y, cache\).*shape \(2, 4\)"),
    "y alone, a number": (
        (lambda x: 1.0, double, X),
        r"\(y, cache\), but returned a float: return y",
    ),
    "no return": ((lambda x: None, double, X), "None: is its return missing"),
    "three things": ((lambda x: (x, x, x), double, X), "a tuple of 3: put all that backward needs"),
    "whole numbers for y": ((lambda x: (x.argmax(1), x), double, X), "array of floats.*int64"),
    "complex numbers for y": ((lambda x: (1j * x, x), double, X), "floats.*complex128"),
    "text for y": ((lambda x: ("y", x), double, X), "floats, got an array of <U1"),
    "two arrays for y": ((lambda x: ((x, x[0]), x), double, X), "floats, got no rectangle"),
    "no forward": ((None, double, X), "forward must be a function, got None"),
    "no backward": ((squared, X, X), "backward must be a function"),
    "no array": ((squared, double), "no array to judge"),
    "a list of arrays": ((squared, double, [X, X[0]]), "array 0 is a list of arrays.*one by one"),
    "a ragged list": ((squared, double, [[1.0], [2, 3]]), "array 0 must hold real numbers"),
    "None": ((squared, double, None), "array 0 must hold real numbers.*lambda"),
    "text": ((squared, double, X, "same"), "array 1 must hold real numbers.*<U4.*lambda"),
    "complex numbers": ((squared, double, 1j * X), "real numbers, got an array of complex128"),
    "NaN": ((squared, double, X * np.nan), "array 0 holds numbers that are not finite"),
    "infinity": ((squared, double, np.array([np.inf])), "not finite.*another point"),
    "one gradient of two": (
        (lambda x, w: (x, w), lambda dy, w: dy, X, X),
        r"1 gradient for 2.*\(dx, dw\)",
    ),
    "None for two": (
        (lambda x, w: (x, w), lambda dy, w: None, X, X),
        "None .is its return missing",
    ),
    "a dict": ((squared, lambda dy, x: {"x": dy}, X), "a dict for 1 array; return dx"),
    "a list of numbers": ((squared, lambda dy, x: [*dy], X), "3 gradients for 1 array; return dx"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_called_is_refused_in_one_sentence(name: str) -> None:
    case, why = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=why):
        check_vjp(*case)


@pytest.mark.parametrize("fault", ["forward", "backward"])
def test_an_error_of_a_function_says_what_it_was_called_with(fault: str) -> None:
    def raises(*arrays):
        raise KeyError("mine")

    pair = (raises, double) if fault == "forward" else (squared, raises)
    with pytest.raises(KeyError, match="mine") as caught:
        check_vjp(*pair, X)
    assert (
        f"{fault} raised this when the judge called it with an array of float64 (3, 4)"
        in (caught.value.__notes__[0])
    )


def test_arguments_without_names_are_numbered() -> None:
    class Silent:
        """A callable whose signature cannot be asked for."""

        __signature__ = "none"

        def __call__(self, *a):
            return a[0] * a[1], a

    for forward in (lambda *a: (a[0] * a[1], a), Silent()):
        report = check_vjp(forward, lambda dy, a: (dy * a[1], dy * a[0]), *normal(1, 2, 3))
        assert [c.name for c in report.comparisons] == ["x0", "x1"]
        assert report.passed
