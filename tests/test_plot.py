"""The heat maps of a gradient check."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from course_nn import plot
from course_nn.gradcheck import check_vjp

plt = pytest.importorskip("matplotlib.pyplot", reason="drawing needs matplotlib")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Closes what a test drew."""
    yield
    plt.close("all")


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


# ---- the figures of the chapters


def test_images_stand_in_rows_on_one_scale() -> None:
    images = np.arange(3 * 4 * 5.0).reshape(3, 1, 4, 5)
    figure = plot.image_grid(images, ["a", "b", "c"], columns=2, wrong=[False, True, False])
    shown = [ax.images[0] for ax in figure.axes if ax.images]
    assert len(figure.axes) == 4
    assert len(shown) == 3
    for picture, image in zip(shown, images[:, 0], strict=True):
        np.testing.assert_array_equal(picture.get_array(), image)
        assert picture.get_clim() == (0, 59)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c", ""]
    colours = [ax.title.get_color() for ax in figure.axes[:3]]
    assert colours == ["black", "crimson", "black"]


def test_signed_images_have_zero_in_the_middle() -> None:
    figure = plot.image_grid(np.array([[[-3.0, 1.0]]]), signed=True)
    assert figure.axes[0].images[0].get_clim() == (-3, 3)


def test_the_confusion_matrix_colours_mistakes_only() -> None:
    counts = np.array([[50, 2, 0], [0, 40, 1], [3, 0, 1200]])
    (ax,) = plot.confusion_matrix(counts).axes
    drawn = {tuple(int(v) for v in t.get_position()): t.get_text() for t in ax.texts}
    assert drawn == {
        (0, 0): "50",
        (1, 0): "2",
        (1, 1): "40",
        (2, 1): "1",
        (0, 2): "3",
        (2, 2): "1,200",
    }
    expected = [[0, 2, 0], [0, 0, 1], [3, 0, 0]]
    np.testing.assert_array_equal(ax.images[0].get_array(), expected)
    assert ax.get_ylabel() == "what is true"


def test_the_loss_curve_shows_steps_their_mean_and_chance() -> None:
    losses = [4.0, 2.0, 1.0, 0.5]
    (ax,) = plot.loss_curve(losses, window=2, chance=2.3).axes
    drawn = [line.get_ydata() for line in ax.lines]
    assert any(list(y) == losses for y in drawn)
    assert any(np.allclose(np.asarray(y)[-3:], [3, 1.5, 0.75]) for y in drawn if len(y) >= 3)
    assert any(np.allclose(y, 2.3) for y in drawn)
    assert ax.get_yscale() == "log"
    assert len(ax.lines) == 3
    assert len(plot.loss_curve(losses).axes[0].lines) == 2


@pytest.mark.parametrize(("losses", "window"), [([], 20), ([1.0], 0)])
def test_the_loss_curve_refuses_what_has_no_mean(losses: list[float], window: int) -> None:
    message = f"a curve of {len(losses)} steps with a window of {window} cannot be drawn"
    with pytest.raises(ValueError, match=message):
        plot.loss_curve(losses, window=window)
    assert not plt.get_fignums()
