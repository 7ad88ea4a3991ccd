"""The judge's second look: right gradients that are hard to judge, and what cannot be judged."""

import math
import re

import numpy as np
import pytest

from course_nn import ops
from course_nn.gradcheck import (
    assert_vjp,
    check_vjp,
)

from .cases import (
    X,
    double,
    expect_passes,
    expect_wrong_sister_fails,
    normal,
)


def through_pythons_log(x):
    return np.array([math.log(value) for value in x]), x


LOG = (lambda x: (np.log(x), x)), lambda dy, x: dy / x
HARD = {
    "log at 1e-7": (*LOG, np.array([1e-7, 1.0])),
    "log at 1e-12": (*LOG, np.array([1.0, 1e-12])),
    "a log that raises below 0": (through_pythons_log, LOG[1], np.array([1e-7, 1.0])),
    "one over 1e-3": (lambda x: (1 / x, x), lambda dy, x: -dy / x**2, np.array([1e-3, -1e-4])),
    "a quick wave": (lambda x: (np.sin(999 * x), x), lambda dy, x: 999 * np.cos(999 * x) * dy, X),
    "relu near 0": (
        ops.relu_forward,
        ops.relu_backward,
        np.array([-3e-6, 3e-6, 1e-6, 1e-7, -1e-7, 1]),
    ),
    "a root near 0": (lambda x: (x**0.5, x), lambda dy, x: dy / x**0.5 / 2, np.array([1e-8, 4.0])),
    "a maximum nearly tied": (
        lambda x: (x.max(keepdims=True), x == x.max()),
        lambda dy, winner: dy * winner,
        np.array([1.0, 1.0 + 1e-6, 0.0]),
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_a_right_gradient_that_is_hard_to_judge_passes(name: str) -> None:
    expect_passes(HARD[name])


@pytest.mark.parametrize("name", HARD)
def test_its_wrong_sister_fails(name: str) -> None:
    expect_wrong_sister_fails(HARD[name])


@pytest.mark.parametrize("name", HARD)
def test_nothing_is_noted_of_a_right_gradient(name: str) -> None:
    report = check_vjp(*HARD[name])
    assert report.notes == ()
    assert "note: " not in str(report)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_output_that_is_not_finite_fails(bad: float) -> None:
    report = check_vjp(lambda x: (x + bad, x), lambda dy, x: dy, normal(1, 3))
    assert not report.passed


CURVES = {  # f, its derivative, and whether it is defined above zero only
    "log": (np.log, lambda x: 1 / x, True),
    "one over": (lambda x: 1 / x, lambda x: -1 / x**2, False),
    "root": (np.sqrt, lambda x: 0.5 / np.sqrt(x), True),
    "wave": (lambda x: np.sin(37 * x), lambda x: 37 * np.cos(37 * x), False),
    "bent": (lambda x: np.maximum(x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1), False),
    "power": (lambda x: x**5, lambda x: 5 * x**4, False),
}


@pytest.mark.parametrize("name", CURVES)
def test_no_right_gradient_fails_and_no_wrong_one_passes_however_near_the_edge(name: str) -> None:
    f, derivative, above = CURVES[name]
    rng, verdicts = np.random.default_rng(0), set()
    for turn in range(60):
        x = rng.standard_normal(4) * 10.0 ** rng.integers(-8, 3, 4)
        x = abs(x) if above else x
        mix = rng.standard_normal((4, 4)) if turn % 2 else np.eye(4)

        def check(spoil: np.ndarray, x=x, mix=mix) -> str:
            forward = lambda x: (mix @ f(x), x)  # noqa: E731
            return check_vjp(forward, lambda dy, x: spoil * derivative(x) * (mix.T @ dy), x).verdict

        slope = abs(derivative(x) * (mix.T @ np.random.default_rng([0, 1]).standard_normal(4)))
        verdicts.add(check(np.ones(4)))
        assert check(1 + 1e-5 * (slope == slope.max())) != "passed"
    assert "passed" in verdicts
    assert "FAILED" not in verdicts


class Dice:
    """Forward passes that keep something between calls."""

    def __init__(self) -> None:
        self.rng, self.kept, self.calls = np.random.default_rng(5), np.ones((3, 4)), 0

    def dropout(self, x):
        mask = 2.0 * (self.rng.random(x.shape) < 0.5)
        return x * mask, mask

    def noisy(self, x):
        return x + 1e-8 * self.rng.standard_normal(x.shape), np.ones_like(x)

    def running(self, x):
        self.kept *= 0.9
        return x * self.kept, self.kept.copy()

    def once(self, x):
        self.calls += 1
        if self.calls > 1:
            raise RuntimeError("run already")
        return x, np.ones_like(x)

    def longer(self, x):
        self.calls += 1
        return np.tile(x, (self.calls, 1)), np.ones_like(x)


def single_inside(x):
    return (x.astype(np.float32) ** 2).astype(float), 2 * x


def single_weights(x, w):
    return x @ w.astype(np.float32).astype(float), (x, w)


def times(dy, mask):
    return dy * mask


NOT_FINITE = {
    f"y that is {bad}": (lambda x, bad=bad: (np.where(x > 0.9, bad, x), ()), lambda dy, _: dy, X)
    for bad in (np.nan, np.inf, -np.inf)
}

REPEAT = r"forward is not repeatable: called twice .* y\[0, \d\] = .*draw random numbers outside"

FLOAT32 = "forward computes in float32.*keep the dtype"

KINK = (
    r"x\[.*\] lies on a kink of forward \(slope .* left, .* right\).*not backward.*move the point"
)

EDGE = r"forward gives NaN or ∞ .* x\[0\]: it lies on the edge of forward's domain.*move the point"

UNDECIDED = {
    "a mask drawn anew": ((Dice().dropout, times, X), REPEAT),
    "a little noise": ((Dice().noisy, times, X), REPEAT),
    "an array outside that changes": ((Dice().running, times, X), REPEAT),
    "a second call that raises": (
        (Dice().once, times, X),
        "second call raises RuntimeError: run already: .*keep nothing between calls",
    ),
    "a second y of another shape": (
        (Dice().longer, lambda dy, one: dy, X),
        r"forward's y is \(3, 4\) at first, then \(\d+, 4\)",
    ),
    "y in float32": ((lambda x: (x.astype("f4") ** 2, x), double, X), FLOAT32),
    "y in float16": ((lambda x: (x.astype("f2"), x), double, X), "computes in float16"),
    "float32 inside": ((single_inside, times, X), FLOAT32),
    "float32 in one argument": (
        (single_weights, lambda dy, c: (dy @ c[1].T, c[0].T @ dy), X, normal(2, 4, 2)),
        "forward computes in float32 or coarser: y does not stir when w moves",
    ),
    "relu at 0": ((ops.relu_forward, ops.relu_backward, np.zeros((2, 2))), KINK + ".*3 more"),
    "relu at 0 and elsewhere": (
        (ops.relu_forward, ops.relu_backward, np.array([-1.0, 0.0, 2.0])),
        KINK.replace(".*", "1", 1),
    ),
    "relu within the steps of 0": (
        (ops.relu_forward, ops.relu_backward, np.array([-1.3e-7, 2.0])),
        KINK.replace(".*", "0", 1),
    ),
    "an absolute value at 0": ((lambda x: (abs(x), x), lambda dy, x: dy, np.zeros(1)), KINK),
    "a maximum tied": (
        (lambda x: (x.max(keepdims=True), x), lambda dy, x: dy * [1, 0], np.ones(2)),
        KINK,
    ),
    "max pooling of one colour": (
        (ops.max_pool2d_forward, ops.max_pool2d_backward, np.ones((1, 1, 4, 4))),
        KINK,
    ),
    "a clip at its bound": (
        (lambda x: (x.clip(-1, 1), x), lambda dy, x: dy * (abs(x) <= 1), np.ones(2)),
        KINK,
    ),
    "a step at 0": ((lambda x: ((x > 0) + x, x), lambda dy, x: dy, np.zeros(2)), KINK),
    "a root at 0": ((lambda x: (x**0.5, x), lambda dy, x: 0 * dy, np.zeros(2)), EDGE),
    "a log that raises at 0": (
        (lambda x: (np.array([math.sqrt(x[0])]), x), lambda dy, x: 0 * dy, np.zeros(1)),
        r"forward raises ValueError: .* x\[0\]: it lies on the edge of forward's domain",
    ),
} | {
    name: (case, r"forward's y\[\d, \d\] is .*no differences.*mend forward")
    for name, case in NOT_FINITE.items()
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_cannot_be_judged_says_why(name: str) -> None:
    case, why = UNDECIDED[name]
    report = check_vjp(*case)
    assert report.verdict == "UNDECIDED"
    assert not report.passed
    assert "FAIL" not in str(report)
    assert re.search(why, str(report)), report


def test_what_cannot_be_judged_is_an_error_of_a_test() -> None:
    with pytest.raises(AssertionError, match="gradient check UNDECIDED"):
        assert_vjp(Dice().dropout, times, X)


def test_a_wrong_element_is_named_though_others_lie_on_kinks() -> None:
    def wrong(dy, y):
        dx = dy * (y > 0)
        dx[3] *= 1.01
        return dx

    report = check_vjp(ops.relu_forward, wrong, np.array([0.0, -1.0, 0.0, 2.0, 3.0]))
    assert report.verdict == "FAILED"
    assert report.comparisons[0].worst == (3,)
    assert "FAIL dx[3]" in str(report)


def test_an_argument_on_a_kink_does_not_hide_a_wrong_one() -> None:
    report = check_vjp(
        lambda x, w: (np.maximum(x, 0) + w, x),
        lambda dy, x: (dy * (x > 0), 2 * dy),
        np.zeros(2),
        np.ones(2),
    )
    assert report.verdict == "FAILED"
    assert "?    dx: x[" in str(report)
    assert "FAIL dw[" in str(report)


def test_a_gradient_of_a_wrong_form_fails_whatever_forward_does() -> None:
    report = check_vjp(Dice().dropout, lambda dy, mask: None, X)
    assert report.verdict == "FAILED"
    pair = check_vjp(lambda x, w: (x * Dice().rng.random(), w), lambda dy, c: (dy, None), X, X)
    assert pair.verdict == "FAILED"


def test_a_forward_of_random_numbers_beside_a_wrong_form_says_both() -> None:
    dice = Dice()
    report = check_vjp(lambda x, w: dice.dropout(x * w), lambda dy, m: (dy * m, None), X, X)
    assert report.verdict == "FAILED"
    assert "not repeatable" in str(report)
    assert "FAIL dw: backward returned None" in str(report)


def test_a_float32_gradient_that_fails_names_its_dtype() -> None:
    report = check_vjp(lambda x: (x, x), lambda dy, x: dy.astype(np.float16), X)
    assert report.verdict == "FAILED"
    assert "note: dx came as float16 for a dy of float64" in str(report)


def test_gradients_in_another_order_are_named() -> None:
    report = check_vjp(
        lambda x, w: (x * w, (x, w)), lambda dy, c: (dy * c[0], dy * c[1]), X, normal(2, 3, 4)
    )
    assert report.verdict == "FAILED"
    assert "what came as dx is dw: return the gradients in the order of forward's arguments, " in (
        str(report)
    )
    assert "(dx, dw)" in str(report)


def test_gradients_of_other_shapes_in_another_order_are_named() -> None:
    def backward(dy, cache):
        dx, dW, db = ops.dense_backward(dy, cache)
        return dW, dx, db

    arrays = normal(1, 4, 3), normal(2, 3, 2), normal(3, 2)
    report = check_vjp(ops.dense_forward, backward, *arrays)
    assert "what came as dx is dW" in str(report)
    assert "what came as dW is dx" in str(report)
