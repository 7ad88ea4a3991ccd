"""What the tests of the judge share: a dense layer to spoil, and what a hard case must do."""

from collections.abc import Callable

import numpy as np
import pytest

from course_nn.gradcheck import check_vjp


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def dense(x, W, b):
    return x @ W + b, (x, W)


def wrong_dense(spoil: Callable) -> tuple:
    arrays = normal(1, 4, 3), normal(2, 3, 3), normal(3, 3)  # square, so that Wᵀ also fits

    def backward(dy, cache):
        x, W = cache
        return spoil(dy, x, W, dy @ W.T, x.T @ dy, dy.sum(axis=0))

    return dense, backward, arrays


def double(dy, x):
    return 2 * x * dy


X = normal(1, 3, 4)


def squared(x):
    return x * x, x


def expect_passes(case: tuple) -> None:
    """A right gradient passes."""
    report = check_vjp(*case)
    assert report.passed, report
    assert report.verdict == "passed"


def expect_wrong_sister_fails(case: tuple) -> None:
    """The same with its largest number wrong by one part in 10⁵ fails."""
    forward, backward, *arrays = case

    def wrong(dy, cache):
        gradients = backward(dy, cache)
        gradients = list(gradients) if isinstance(gradients, tuple) else [gradients]
        last = gradients[-1] = np.array(gradients[-1])
        last[np.unravel_index(abs(last).argmax(), last.shape)] *= 1 + 1e-5
        return gradients

    report = check_vjp(forward, wrong, *arrays)
    assert report.verdict == "FAILED", report
    assert report.max_relative_error == pytest.approx(1e-5, rel=0.2)
