"""The judge itself: numerical gradients, what must pass, and the usual mistakes, each planted."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import course_nn as nn
from course_nn import ops
from course_nn.gradcheck import (
    TOLERANCE,
    GradientReport,
    assert_vjp,
    check_vjp,
    numerical_gradient,
)

from .cases import X, double, normal, squared, wrong_dense

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


def test_an_empty_array_passes() -> None:
    report = check_vjp(lambda x: (x * x, x), lambda dy, x: 2 * x * dy, np.zeros((0, 3)))
    assert report.passed
    assert "empty" in str(report)


# ---- what must fail: the usual mistakes, each planted


def _conv(mode: dict) -> tuple:
    arrays = normal(1, 2, 2, 5, 5), normal(2, 3, 2, 2, 2), normal(3, 3)
    return (lambda x, W, b: ops.conv2d_forward(x, W, b, **mode)), arrays


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


def test_only_the_wrong_argument_is_blamed() -> None:
    forward, backward, arrays = wrong_dense(lambda dy, x, W, dx, dW, db: (dx, 1.1 * dW, db))
    report = check_vjp(forward, backward, *arrays)
    verdicts = [c.max_relative_error <= TOLERANCE for c in report.comparisons]
    assert verdicts == [True, False, True]


# ---- options, and what the judge is made of


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


@pytest.mark.parametrize("seed", range(20))
def test_dy_is_not_the_x_that_a_caller_draws_from_a_seed(seed: int) -> None:
    x = normal(seed, 3, 4)
    report = check_vjp(lambda x: (x, None), lambda dy, _: dy, x)
    assert not np.isclose(report.comparisons[0].analytic, x).any()


def test_a_backward_pass_that_returns_its_x_for_dy_is_caught() -> None:
    assert not check_vjp(lambda x: (x, x), lambda dy, x: x, normal(0, 3, 4)).passed


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
