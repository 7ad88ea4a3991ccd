"""The judge, judged: what it must measure, what it must fail, and what it must let pass."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import course_nn as nn
from course_nn import ops
from course_nn.gradcheck import (
    TOLERANCE,
    Comparison,
    GradientReport,
    assert_vjp,
    check_vjp,
    numerical_gradient,
)


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


# ---- numerical_gradient

KNOWN = {
    "square": (lambda x: x**2, lambda x: 2 * x),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "one over": (lambda x: 1 / (x + 10), lambda x: -1 / (x + 10) ** 2),
    "constant": (lambda x: np.ones_like(x), np.zeros_like),
    "the array itself": (lambda x: x, np.ones_like),
}


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 2, 2), ()])
def test_numerical_gradient_of_known_functions(name: str, shape: tuple[int, ...]) -> None:
    f, derivative = KNOWN[name]
    x, dy = np.array(normal(1, *shape)), np.array(normal(2, *shape))
    np.testing.assert_allclose(
        numerical_gradient(f, x, dy), dy * derivative(x), rtol=1e-8, atol=1e-9
    )


def test_numerical_gradient_is_jacobian_transposed_times_dy() -> None:
    A, x, dy = normal(1, 4, 3), normal(2, 3), normal(3, 4)
    np.testing.assert_allclose(numerical_gradient(lambda x: A @ x, x, dy), A.T @ dy, rtol=1e-8)


def test_numerical_gradient_of_a_plain_number() -> None:
    gradient = numerical_gradient(lambda x: float((x**2).sum()), np.array([1.0, -3.0]), 2.0)
    np.testing.assert_allclose(gradient, [4.0, -12.0], rtol=1e-9)


def test_the_step_grows_with_large_numbers() -> None:
    x = np.array([1e8, -1e8, 1.0])
    np.testing.assert_allclose(numerical_gradient(lambda x: x**2, x, np.ones(3)), 2 * x, rtol=1e-8)


def test_the_step_can_be_chosen() -> None:
    """Central differences of x³ are too large by h² exactly."""
    gradient = numerical_gradient(lambda x: x**3, np.zeros(1), np.ones(1), step=0.1)
    np.testing.assert_allclose(gradient, [0.01], rtol=1e-12)


def test_numerical_gradient_leaves_its_arguments() -> None:
    x, dy = normal(1, 3), normal(2, 3)
    x.flags.writeable = dy.flags.writeable = False
    numerical_gradient(np.exp, x, dy)


def test_every_element_is_put_back_before_the_next_is_moved() -> None:
    seen: list[np.ndarray] = []

    def f(x: np.ndarray) -> np.ndarray:
        seen.append(x.copy())
        return x

    x = normal(1, 2, 2)
    numerical_gradient(f, x, np.ones((2, 2)))
    assert len(seen) == 1 + 2 * x.size
    assert max((point != x).sum() for point in seen) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_numerical_gradient_refuses_what_is_not_float64(dtype: type) -> None:
    with pytest.raises(TypeError, match=rf"must be float64.*got {dtype.__name__}.*astype"):
        numerical_gradient(np.square, np.ones(3, dtype), np.ones(3))


def test_numerical_gradient_refuses_a_dy_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"dy of shape \(2,\) does not fit f\(x\) of shape \(3,\)"):
        numerical_gradient(np.square, np.ones(3), np.ones(2))


# ---- what must pass


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


def test_a_gradient_that_is_truly_zero_passes() -> None:
    assert_vjp(lambda x: (0 * x, x), lambda dy, x: 0 * dy, normal(1, 3))


def test_a_bias_before_batch_norm_passes_with_its_round_off() -> None:
    x, gamma, beta = normal(1, 6, 3), normal(2, 3), normal(3, 3)
    report = check_vjp(
        lambda b: ops.batch_norm_forward(x + b, gamma, beta),
        lambda dy, cache: ops.batch_norm_backward(dy, cache)[0].sum(axis=0),
        normal(4, 3),
    )
    assert report.passed, report


def test_a_wrong_bias_gradient_before_batch_norm_fails() -> None:
    x, gamma, beta = normal(1, 6, 3), normal(2, 3), normal(3, 3)
    report = check_vjp(
        lambda b: ops.batch_norm_forward(x + b, gamma, beta),
        lambda dy, cache: dy.sum(axis=0),
        normal(4, 3),
    )
    assert not report.passed


@pytest.mark.parametrize("loss", [ops.cross_entropy_forward, ops.softmax_cross_entropy_forward])
def test_a_loss_that_returns_a_plain_number_can_be_judged(loss: Callable) -> None:
    backward = {
        ops.cross_entropy_forward: ops.cross_entropy_backward,
        ops.softmax_cross_entropy_forward: ops.softmax_cross_entropy_backward,
    }[loss]
    p = np.random.default_rng(0).uniform(0.1, 1, (3, 4))
    assert_vjp(lambda p: loss(p, np.array([0, 3, 1])), backward, p)
    with pytest.raises(AssertionError):
        assert_vjp(lambda p: loss(p, np.array([0, 3, 1])), lambda dy, c: 1.01 * backward(dy, c), p)


def test_an_output_that_is_the_argument_itself_can_be_judged() -> None:
    assert_vjp(ops.flatten_forward, ops.flatten_backward, normal(1, 2, 3, 2))


def test_a_list_of_gradients_will_do() -> None:
    assert_vjp(
        lambda a, b: (a * b, (a, b)),
        lambda dy, c: [dy * c[1], dy * c[0]],
        normal(1, 3),
        normal(2, 3),
    )


def test_an_empty_array_passes() -> None:
    report = check_vjp(lambda x: (x * x, x), lambda dy, x: 2 * x * dy, np.zeros((0, 3)))
    assert report.passed
    assert "empty" in str(report)


# ---- what must fail: the usual mistakes, each planted


def _conv(mode: dict) -> tuple:
    arrays = normal(1, 2, 2, 5, 5), normal(2, 3, 2, 2, 2), normal(3, 3)
    return (lambda x, W, b: ops.conv2d_forward(x, W, b, **mode)), arrays


def dense(x, W, b):
    return x @ W + b, (x, W)


def wrong_dense(spoil: Callable) -> tuple:
    arrays = normal(1, 4, 3), normal(2, 3, 3), normal(3, 3)  # square, so that Wᵀ also fits

    def backward(dy, cache):
        x, W = cache
        return spoil(dy, x, W, dy @ W.T, x.T @ dy, dy.sum(axis=0))

    return dense, backward, arrays


def sigmoid(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


def wrong_batch_norm(keep_mean: bool, keep_variance: bool) -> tuple:
    """Batch norm written out, its backward pass without one or both paths through μ and σ²."""
    eps, arrays = 1e-5, (normal(1, 6, 3), normal(2, 3), normal(3, 3))

    def forward(x, gamma, beta):
        x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
        return gamma * x_hat + beta, (x, x_hat, gamma)

    def backward(dy, cache):
        x, x_hat, gamma = cache
        dx_hat = gamma * dy
        dx = dx_hat.copy()
        if keep_mean:
            dx -= dx_hat.mean(axis=0)
        if keep_variance:
            dx -= x_hat * (dx_hat * x_hat).mean(axis=0)
        return dx / np.sqrt(x.var(axis=0) + eps), (dy * x_hat).sum(axis=0), dy.sum(axis=0)

    return forward, backward, arrays


def wrong_conv(spoil: Callable, **mode) -> tuple:
    forward, arrays = _conv(mode)
    return forward, lambda dy, cache: spoil(*ops.conv2d_backward(dy, cache)), arrays


def wrong_pool_to_all(dy, cache):
    """The gradient to every pixel of the window instead of its maximum."""
    return dy.repeat(2, axis=2).repeat(2, axis=3)


TIED = np.random.default_rng(3).permutation(32).reshape(1, 2, 4, 4) * 0.1
SOFTMAX = (normal(1, 3, 4),)
LABELS = np.array([0, 3, 1])

# name: (forward, wrong backward, arrays), and whether dy = 1 would have caught it
MISTAKES: dict[str, tuple[tuple, bool]] = {
    "batch norm without its variance path": (wrong_batch_norm(True, False), False),
    "batch norm without its mean path": (wrong_batch_norm(False, True), True),
    "batch norm whose statistics are constants": (wrong_batch_norm(False, False), True),
    "softmax of zeros": ((ops.softmax_forward, lambda dp, p: np.zeros_like(p), SOFTMAX), False),
    "softmax whose Jacobian is diag p": (
        (ops.softmax_forward, lambda dp, p: dp * p, SOFTMAX),
        True,
    ),
    "softmax that takes its mean off, not p's": (
        (ops.softmax_forward, lambda dp, p: p * (dp - dp.mean(axis=-1, keepdims=True)), SOFTMAX),
        False,
    ),
    "dense: W not transposed": (
        wrong_dense(lambda dy, x, W, dx, dW, db: (dy @ W, dW, db)),
        True,
    ),
    "dense: dW transposed": (wrong_dense(lambda dy, x, W, dx, dW, db: (dx, dW.T, db)), True),
    "dense: dW divided by N": (wrong_dense(lambda dy, x, W, dx, dW, db: (dx, dW / 4, db)), True),
    "dense: db of the first sample": (
        wrong_dense(lambda dy, x, W, dx, dW, db: (dx, dW, dy[0])),
        True,
    ),
    "dense: db the mean": (wrong_dense(lambda dy, x, W, dx, dW, db: (dx, dW, db / 4)), True),
    "relu at x ≤ 0": (
        (ops.relu_forward, lambda dy, y: dy * (y <= 0), (np.array([[-1.0, 0.5], [2.0, -0.3]]),)),
        True,
    ),
    "relu that lets all through": (
        (ops.relu_forward, lambda dy, y: dy, (np.array([-1.0, 2.0]),)),
        True,
    ),
    "sigmoid: y instead of y (1 − y)": (
        (sigmoid, lambda dy, y: dy * y, (normal(1, 3),)),
        True,
    ),
    "tanh: 1 − y": (
        (lambda x: (np.tanh(x), np.tanh(x)), lambda dy, y: dy * (1 - y), (normal(1, 3),)),
        True,
    ),
    "conv: dx left out of the fold": (wrong_conv(lambda dx, dW, db: (0 * dx, dW, db)), True),
    "conv: kernel not turned": (
        wrong_conv(lambda dx, dW, db: (dx, dW[:, :, ::-1, ::-1].copy(), db)),
        True,
    ),
    "conv with stride 2: dx shifted by a pixel": (
        wrong_conv(lambda dx, dW, db: (np.roll(dx, 1, axis=3), dW, db), stride=2),
        True,
    ),
    "conv: channels exchanged": (wrong_conv(lambda dx, dW, db: (dx, dW[:, ::-1], db)), True),
    "max pool: to every pixel": ((ops.max_pool2d_forward, wrong_pool_to_all, (TIED,)), True),
    "average pool: not divided": (
        (
            ops.avg_pool2d_forward,
            lambda dy, c: 4 * ops.avg_pool2d_backward(dy, c),
            (normal(1, 1, 2, 4, 4),),
        ),
        True,
    ),
    "fused loss: sign": (
        (
            lambda z: ops.softmax_cross_entropy_forward(z, LABELS),
            lambda d, c: -ops.softmax_cross_entropy_backward(d, c),
            SOFTMAX,
        ),
        True,
    ),
    "layer norm: its mean path left out": (
        (
            ops.layer_norm_forward,
            lambda dy, c: (c[1] * dy * c[2], *ops.layer_norm_backward(dy, c)[1:]),
            (normal(1, 3, 4), normal(2, 4), normal(3, 4)),
        ),
        True,
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_backward_pass_fails(name: str) -> None:
    (forward, backward, arrays), _ = MISTAKES[name]
    report = check_vjp(forward, backward, *arrays)
    assert not report.passed
    assert not report
    assert report.max_relative_error > 1e-3
    assert "FAIL" in str(report)
    with pytest.raises(AssertionError, match="gradient check FAILED"):
        assert_vjp(forward, backward, *arrays)


class Ones:
    """A generator that draws nothing but ones: the blind check of many courses."""

    @staticmethod
    def standard_normal(shape: tuple[int, ...]) -> np.ndarray:
        return np.ones(shape)


@pytest.mark.parametrize("name", MISTAKES)
def test_what_an_upstream_gradient_of_ones_would_have_seen(name: str) -> None:
    (forward, backward, arrays), caught = MISTAKES[name]
    assert check_vjp(forward, backward, *arrays, rng=Ones()).passed is not caught


def test_the_right_batch_norm_written_here_passes() -> None:
    forward, backward, arrays = wrong_batch_norm(True, True)
    assert_vjp(forward, backward, *arrays)


def test_one_part_in_100_000_is_found_and_round_off_is_not() -> None:
    def check(factor: float) -> GradientReport:
        return check_vjp(
            lambda x: (np.sin(x), x), lambda dy, x: factor * np.cos(x) * dy, normal(1, 9)
        )

    assert not check(1 + 1e-5).passed
    assert not check(1 - 1e-5).passed
    assert check(1.0).passed
    assert check(1 + 1e-7).passed


def test_one_wrong_element_is_found_and_named() -> None:
    def backward(dy, x):
        dx = np.cos(x) * dy
        dx[1, 2] *= 1 + 1e-5
        return dx

    report = check_vjp(lambda x: (np.sin(x), x), backward, normal(1, 3, 4))
    assert not report.passed
    assert report.comparisons[0].worst == (1, 2)
    assert report.max_relative_error == pytest.approx(1e-5, rel=1e-2)


def test_only_the_wrong_argument_is_blamed() -> None:
    forward, backward, arrays = wrong_dense(lambda dy, x, W, dx, dW, db: (dx, 1.1 * dW, db))
    report = check_vjp(forward, backward, *arrays)
    verdicts = [c.max_relative_error <= TOLERANCE for c in report.comparisons]
    assert verdicts == [True, False, True]


# ---- numbers that are not finite


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_fails(bad: float) -> None:
    def backward(dy, x):
        dx = 2 * x * dy
        dx[1] = bad
        return dx

    report = check_vjp(lambda x: (x * x, x), backward, normal(1, 3))
    assert not report.passed
    assert report.comparisons[0].worst == (1,)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_output_that_is_not_finite_fails(bad: float) -> None:
    report = check_vjp(lambda x: (x + bad, x), lambda dy, x: dy, normal(1, 3))
    assert not report.passed


# ---- mistakes of shape


def test_a_gradient_of_a_wrong_shape_fails_and_says_so() -> None:
    forward, backward, arrays = wrong_dense(lambda dy, x, W, dx, dW, db: (dx, dW[:2], db))
    report = check_vjp(forward, backward, *arrays)
    assert report.max_relative_error == np.inf
    assert "FAIL dW: shape (2, 3), but the argument has shape (3, 3)" in str(report)
    assert "ok   dx" in str(report)


def test_a_gradient_that_would_broadcast_is_still_wrong() -> None:
    report = check_vjp(lambda x: (2 * x, x), lambda dy, x: 2 * dy[:1], np.ones((1, 3)).T)
    assert not report.passed
    assert "shape (1, 1), but the argument has shape (3, 1)" in str(report)


@pytest.mark.parametrize(
    ("gradient", "described"),
    [
        (np.ones(3, int), "expected an array of floats, got int64"),
        (np.ones(3, bool), "expected an array of floats, got bool"),
        (None, "dx: backward returned None, but an array of shape (3,) was expected"),
    ],
)
def test_a_gradient_that_is_no_float_fails(gradient, described: str) -> None:
    report = check_vjp(lambda x: (x * x, x), lambda dy, x: gradient, np.ones(3))
    assert report.verdict == "FAILED"
    assert described in str(report)


def test_too_few_gradients_are_refused() -> None:
    with pytest.raises(ValueError, match="returned 2 gradients for 3 arrays"):
        check_vjp(
            ops.dense_forward,
            lambda dy, c: ops.dense_backward(dy, c)[:2],
            normal(1, 4, 3),
            normal(2, 3, 2),
            normal(3, 2),
        )


# ---- what is not backward's fault, first: a right gradient that is hard to judge passes


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


def through_pythons_log(x):
    return np.array([math.log(value) for value in x]), x


def backward_in_place(dy, x):
    dy *= 2 * x
    return dy


def cache_in_place(dy, x):
    x *= 2
    return x * dy


def double(dy, x):
    return 2 * x * dy


X = normal(1, 3, 4)
LOG = (lambda x: (np.log(x), x)), lambda dy, x: dy / x
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
    "whole numbers": (lambda x: (x * x, x), double, np.array([[1, -2], [3, 4]])),
    "a nested list": (lambda x: (x * x, x), double, [[1, -2.0], [3, 4]]),
    "a plain number": (lambda x: (x * x, x), double, 3),
    "float16": (lambda x: (x * x, x), double, X.astype(np.float16)),
}


@pytest.mark.parametrize("name", HARD)
def test_a_right_gradient_that_is_hard_to_judge_passes(name: str) -> None:
    report = check_vjp(*HARD[name])
    assert report.passed, report
    assert report.verdict == "passed"


@pytest.mark.parametrize("name", HARD)
def test_its_wrong_sister_fails(name: str) -> None:
    forward, backward, *arrays = HARD[name]

    def wrong(dy, cache):
        gradients = backward(dy, cache)
        gradients = list(gradients) if isinstance(gradients, tuple) else [gradients]
        last = gradients[-1] = np.array(gradients[-1])
        last[np.unravel_index(abs(last).argmax(), last.shape)] *= 1 + 1e-5
        return gradients

    report = check_vjp(forward, wrong, *arrays)
    assert report.verdict == "FAILED", report
    assert report.max_relative_error == pytest.approx(1e-5, rel=0.2)


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

        slope = abs(derivative(x) * (mix.T @ np.random.default_rng(0).standard_normal(4)))
        verdicts.add(check(np.ones(4)))
        assert check(1 + 1e-5 * (slope == slope.max())) != "passed"
    assert "passed" in verdicts
    assert "FAILED" not in verdicts


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


def test_a_backward_that_cannot_be_called_twice_is_noted() -> None:
    report = check_vjp(lambda x: (x * x, [x]), lambda dy, cache: 2 * cache.pop() * dy, X)
    assert report.passed
    assert "backward changes its cache" in str(report)


def test_round_off_that_hides_errors_is_noted() -> None:
    def check(offset: float) -> GradientReport:
        return check_vjp(lambda x: (x + offset, ()), lambda dy, _: dy, X)

    assert "round-off in y hides errors of dx below" in str(check(1e8))
    assert "hides" not in str(check(1.0))


# ---- then: what cannot be judged says why, and neither passes nor fails


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


# ---- last: what is no pair of functions, or no array, is refused in one sentence


def squared(x):
    return x * x, x


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


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"rng": 0}, r"rng must be a generator such as np.random.default_rng\(0\), got 0"),
        ({"step": 0.0}, "step must be above 0"),
        ({"step": np.nan}, "step must be above 0"),
        ({"tolerance": 0.0}, "tolerance between 0 and 1"),
        ({"tolerance": 1.0}, "tolerance between 0 and 1"),
    ],
)
def test_an_option_that_would_judge_nothing_is_refused(options: dict, why: str) -> None:
    with pytest.raises((TypeError, ValueError), match=why):
        check_vjp(squared, double, X, **options)


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


# ---- the report


def test_the_report_names_argument_index_and_both_numbers() -> None:
    def backward(dy, cache):
        W, x = cache
        dW = np.outer(x, dy)
        dW[1, 0] += 1.0
        return dW, W @ dy

    report = check_vjp(
        lambda weights, x: (x @ weights, (weights, x)), backward, normal(1, 3, 2), normal(2, 3)
    )
    worst = report.comparisons[0]
    assert worst.analytic[1, 0] == pytest.approx(worst.numerical[1, 0] + 1.0)
    lines = str(report).splitlines()
    assert lines[0].startswith("gradient check FAILED (tolerance 1e-06)")
    wrong, right = f"{worst.analytic[1, 0]:+.9g}", f"{worst.numerical[1, 0]:+.9g}"
    assert lines[1].startswith(f"  FAIL dweights[1, 0]: analytic {wrong}, numerical {right}")
    assert re.match(r"  ok   dx\[\d\]: analytic", lines[2])
    assert repr(report) == str(report)


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


def test_a_passing_report_says_so() -> None:
    report = check_vjp(lambda x: (x * x, x), lambda dy, x: 2 * x * dy, normal(1, 3))
    assert report.passed
    assert bool(report)
    assert str(report).startswith("gradient check passed")
    assert "ok   dx[" in str(report)


def test_a_scalar_argument_has_no_index() -> None:
    report = check_vjp(lambda s: (s * s, s), lambda dy, s: 3 * s * dy, np.array(2.0))
    assert "FAIL ds: analytic" in str(report)


def test_the_tolerance_is_an_argument() -> None:
    def check(**options) -> bool:
        return check_vjp(
            lambda x: (x * x, x), lambda dy, x: 2.02 * x * dy, normal(1, 3), **options
        ).passed

    assert not check()
    assert check(tolerance=0.02)


def test_a_check_repeats_and_the_generator_is_the_callers() -> None:
    def numbers(**options) -> list[float]:
        report = check_vjp(lambda x: (x * x, x), lambda dy, x: 2 * x * dy, normal(1, 3), **options)
        return report.comparisons[0].analytic.tolist()

    assert numbers() == numbers()
    assert numbers(rng=np.random.default_rng(1)) != numbers()
    assert numbers(rng=np.random.default_rng(1)) == numbers(rng=np.random.default_rng(1))


def test_a_comparison_by_hand() -> None:
    c = Comparison("x", np.array([1.0, 0.0, 2.0]), np.array([1.0, 0.0, 1.0]), noise=0.0)
    np.testing.assert_array_equal(c.relative_error, [0, 0, 0.5])
    assert c.worst == (2,)


def test_the_report_draws_itself() -> None:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib")
    forward, backward, arrays = wrong_dense(lambda dy, x, W, dx, dW, db: (dx, 1.1 * dW, db[:1]))
    figure = check_vjp(forward, backward, *arrays).plot()
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert any(t.startswith("dx") for t in titles)
    assert any(t.startswith("dW") for t in titles)
    assert not any(t.startswith("db") for t in titles)  # its shape is wrong: nothing to compare


def test_the_judge_imports_no_op() -> None:
    sources = [path.read_text("utf-8") for path in Path(nn.gradcheck.__file__).parent.glob("*.py")]
    lines = [line for source in sources for line in source.splitlines()]
    imports = [line for line in lines if re.match(r"\s*(from|import) ", line)]
    assert len(imports) > 9
    assert not [line for line in imports if "ops" in line or "layers" in line]


def test_the_judge_in_any_library(xp) -> None:
    arrays = [xp.asarray(a) for a in (normal(1, 3, 2), normal(2, 2, 2), normal(3, 2))]
    report = check_vjp(ops.dense_forward, ops.dense_backward, *arrays)
    assert report.passed, report
    assert isinstance(report.comparisons[0].numerical, np.ndarray)
