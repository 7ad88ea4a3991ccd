"""The heat maps of a gradient check."""

import subprocess
import sys

import numpy as np
import pytest

from course_nn import plot
from course_nn.gradcheck import check_vjp

pytest.importorskip("matplotlib", reason="drawing needs matplotlib")


@pytest.mark.parametrize(
    ("shape", "picture"),
    [((), (1, 1)), ((4,), (1, 4)), ((2, 3), (2, 3)), ((2, 3, 4), (6, 4)), ((5, 2, 3, 4), (30, 4))],
)
def test_any_array_becomes_a_matrix(shape: tuple[int, ...], picture: tuple[int, int]) -> None:
    x = np.arange(int(np.prod(shape))).reshape(shape)
    assert plot.as_picture(x).shape == picture
    assert plot.as_picture(x).ravel().tolist() == x.ravel().tolist()


def spoilt(dy, x):
    dx = 2 * x * dy
    dx[1, 2] *= 3
    return dx


def test_a_report_s_heat_maps_show_both_gradients_and_where_they_differ() -> None:
    report = check_vjp(lambda x: (x * x, x), spoilt, np.arange(1.0, 7.0).reshape(2, 3))
    figure = plot.gradient_report(report)
    maps = [ax.images[0].get_array() for ax in figure.axes if ax.get_title()]
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["dx, analytic", "dx, numerical", "dx, log₁₀ relative error"]
    (comparison,) = report.comparisons
    np.testing.assert_array_equal(maps[0], comparison.analytic)
    np.testing.assert_array_equal(maps[1], comparison.numerical)
    assert np.unravel_index(maps[2].argmax(), (2, 3)) == (1, 2)
    assert maps[2][1, 2] > np.log10(report.tolerance)
    assert (np.delete(maps[2].ravel(), 5) < np.log10(report.tolerance)).all()


def test_one_row_for_every_argument() -> None:
    report = check_vjp(
        lambda a, b: (a * b, (a, b)),
        lambda dy, c: (dy * c[1], dy * c[0]),
        np.ones((2, 2)),
        np.ones((2, 2)),
    )
    titles = [ax.get_title() for ax in plot.gradient_report(report).axes if ax.get_title()]
    assert [t[:2] for t in titles] == ["da"] * 3 + ["db"] * 3


def test_matplotlib_is_imported_only_to_draw() -> None:
    code = "import sys, course_nn; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
