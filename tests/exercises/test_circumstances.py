"""When an answer is wrong: in another memory order, in one precision, where numbers are unusual."""

import numpy as np
import pytest

from course_nn.exercises.check import check_task
from course_nn.exercises.circumstances import tame, unusual, where_it_is_no_number
from course_nn.exercises.draw import far_columns, wide
from course_nn.exercises.task import task


@task("9.1", "x:N,D -> y:N,D", points=1)
def double(x):
    """Return 2 x."""
    y = 2 * x
    return y  # noqa: RET504


H = np.float32(2**-14)  # a step that is exact, and too small for float32


def _through_ravel(x):
    y = np.zeros_like(x)
    y.ravel()[:] = 2 * x.ravel()
    return y


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (_through_ravel, "what is written into them is lost"),
        (lambda x: np.stack([2 * row for row in x.ravel("K").reshape(x.shape)]),
         "x is read in the order of memory"),
        (lambda x: np.stack(list(2 * x.ravel("K").reshape(x.shape)[::1]))[:, ::1] + 0 * x
         if x.flags.c_contiguous else np.sort(2 * x, axis=None).reshape(x.shape),
         "they are all there, in another order"),
        (lambda x: 2 * x if x.flags.c_contiguous else 2 * x + 1, "as it lies in memory"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_another_memory_order_alone(function, words) -> None:
    assert words in check_task(double, function).looks


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: ((x + H) ** 2 - (x - H) ** 2) / (2 * H), "digits are lost"),
        (lambda x: x * x.dtype.type(2e-60) / x.dtype.type(1e-60), "is 0 there"),
    ],
)
def test_what_is_wrong_in_single_precision_alone(function, words) -> None:
    with np.errstate(all="ignore"):
        looks = check_task(double, function).looks
    assert "right in float64, and wrong in float32" in looks
    assert words in looks


@task("9.2", "x:N,D -> y:N,D", points=1, own={"x": wide})
def softplus(x):
    """Return log(1 + exp(x))."""
    y = np.logaddexp(0, x)
    return y  # noqa: RET504


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: np.log(1 + np.exp(x)), "whose logarithm is -inf"),
        (lambda x: np.exp(x) * np.logaddexp(0, x) / np.exp(x), "are NaN"),
        (lambda x: np.where(x > 30, 30, np.logaddexp(0, x)).astype(x.dtype),
         "every wrong number is 30"),
        (lambda x: np.where(np.abs(x) > 30, np.cos(x), np.logaddexp(0, x)).astype(x.dtype),
         "is something clipped"),
    ],
)  # fmt: skip
def test_what_is_wrong_for_large_numbers_alone(function, words) -> None:
    looks = check_task(softplus, function).looks
    assert "right for usual numbers, and wrong where some are large" in looks
    assert words in looks


@task("9.3", "x:N,D -> y:D", points=1, own={"x": far_columns})
def spread(x):
    """Return the variance of each column."""
    y = ((x - x.mean(axis=0)) ** 2).mean(axis=0)
    return y  # noqa: RET504


def test_a_mistake_that_large_numbers_hide_is_found_at_usual_ones() -> None:
    wrong = check_task(softplus, lambda x: np.log(1 + np.exp(x)) + x)
    assert "y has a term x too many" in wrong.looks


def test_what_differs_in_nan_alone_proves_no_other_name() -> None:
    """As if the sign were asked of something else: the same NaN, and the same numbers."""
    right = task("9.6", "x:N,D -> y:N,D", points=1, own={"x": wide})(_sigmoid)
    with np.errstate(all="ignore"):
        looks = check_task(right, lambda x: np.exp(x) / (1 + np.exp(x))).looks
    assert "are NaN" in looks
    assert "stands where" not in looks


def _sigmoid(x):
    """Return 1 / (1 + exp(-x))."""
    y = np.zeros_like(x)
    positive = x >= 0
    y[positive] = 1 / (1 + np.exp(-x[positive]))
    e = np.exp(x[~positive])
    y[~positive] = e / (1 + e)
    return y


def test_only_unusual_numbers_have_a_tame_task() -> None:
    assert unusual(softplus) == {"x": "large"}
    assert tame(softplus).own == {}
    assert unusual(double) == {}
    assert tame(double) is None


def test_what_is_right_but_for_nan() -> None:
    tries = [({}, {"y": np.ones(2)}, np.array([1.0, np.nan])), ({}, {"y": np.ones(1)}, np.ones(1))]
    assert where_it_is_no_number(tries, "y").startswith("all is right but what is NaN")
    tries[0][2][1] = np.inf
    assert where_it_is_no_number(tries, "y").startswith("all is right but what is infinite")
    tries[0][2][0] = 2
    assert where_it_is_no_number(tries, "y") == ""
