"""The judge's report: what it says, of which number, and when it counts as passed."""

import re

import numpy as np
import pytest

from course_nn.gradcheck import (
    Comparison,
    GradientReport,
    check_vjp,
)

from .cases import X, normal, wrong_dense


def test_one_wrong_element_is_found_and_named() -> None:
    def backward(dy, x):
        dx = np.cos(x) * dy
        dx[1, 2] *= 1 + 1e-5
        return dx

    report = check_vjp(lambda x: (np.sin(x), x), backward, normal(1, 3, 4))
    assert not report.passed
    assert report.comparisons[0].worst == (1, 2)
    assert report.max_relative_error == pytest.approx(1e-5, rel=1e-2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_fails(bad: float) -> None:
    def backward(dy, x):
        dx = 2 * x * dy
        dx[1] = bad
        return dx

    report = check_vjp(lambda x: (x * x, x), backward, normal(1, 3))
    assert not report.passed
    assert report.comparisons[0].worst == (1,)


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


def test_round_off_that_hides_errors_is_noted() -> None:
    def check(offset: float) -> GradientReport:
        return check_vjp(lambda x: (x + offset, ()), lambda dy, _: dy, X)

    assert "round-off in y hides errors of dx below" in str(check(1e8))
    assert "hides" not in str(check(1.0))


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


def test_a_passing_report_says_so() -> None:
    report = check_vjp(lambda x: (x * x, x), lambda dy, x: 2 * x * dy, normal(1, 3))
    assert report.passed
    assert bool(report)
    assert str(report).startswith("gradient check passed")
    assert "ok   dx[" in str(report)


def test_a_scalar_argument_has_no_index() -> None:
    report = check_vjp(lambda s: (s * s, s), lambda dy, s: 3 * s * dy, np.array(2.0))
    assert "FAIL ds: analytic" in str(report)


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
