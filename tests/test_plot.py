"""The heat maps of a gradient check."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from course_nn import plot
from course_nn.gradcheck import check_vjp
from course_nn.gradcheck.report import Comparison, GradientReport

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
    assert titles == ["dx, analytic", "dx, numerical", "log₁₀ error of dx"]
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
    assert [name for t in titles for name in ("da", "db") if name in t] == ["da"] * 3 + ["db"] * 3


def test_matplotlib_is_imported_only_to_draw() -> None:
    code = "import sys, course_nn; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- for all eyes


# A screen's linear red, green and blue as a deuteranope sees them (Machado, Oliveira and Fernandes
# 2009, severity 1): no cone tells red from green.
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
EYES = {"all cones": np.eye(3), "deuteranopia": DEUTERANOPIA}


def seen(colours: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """Colours, (…, 3) in [0, 1], as linear light that these eyes see."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.clip(linear @ eyes.T, 0, 1)


def contrasts(some: np.ndarray, others: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """WCAG's contrast of every colour of some with every one of the others."""
    a, b = (seen(c, eyes) @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (some, others))
    return np.maximum(a[:, None] / b, b / a[:, None])


@pytest.mark.parametrize("eyes", EYES.values(), ids=EYES)
def test_wrong_stands_out_from_right_for_all_eyes(eyes: np.ndarray) -> None:
    colours = plot._verdict_map()(np.arange(256))[:, :3]
    assert contrasts(colours[:128], colours[128:], eyes).min() > 3


def test_the_measure_knows_red_and_green_for_what_they_are() -> None:
    red, green = plt.get_cmap("RdYlGn_r")(np.array([255, 0]))[:, None, :3]
    assert contrasts(red, green, DEUTERANOPIA) < 1.3


@pytest.mark.parametrize("eyes", EYES.values(), ids=EYES)
def test_the_signed_map_tells_below_from_above_zero_for_all_eyes(eyes: np.ndarray) -> None:
    below, above = (seen(plot.SIGNED(x)[:, :3], eyes) for x in (np.r_[0:0.3:9j], np.r_[1:0.7:9j]))
    assert (below[:, 2] > below[:, 0]).all()  # blue, the hue that is left to a deuteranope
    assert (above[:, 0] > above[:, 2]).all()
    middle = plot.SIGNED(np.array([0.5]))[:, :3]
    ends = plot.SIGNED(np.array([0.0, 1.0]))[:, :3]
    assert contrasts(middle, ends, eyes).min() > 7


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'SINGED'"):
        plot.SINGED  # noqa: B018


def marks(ax) -> list[tuple[int, int]]:
    """Row and column of each mark on a picture."""
    return [(int(i), int(j)) for c in ax.collections for j, i in c.get_offsets()]


def test_what_is_wrong_is_marked_and_what_has_a_sign_bears_it() -> None:
    x = np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]])
    comparison = Comparison("x", spoilt(np.ones(x.shape), x), 2 * x, noise=0.0)
    figure = plot.gradient_report(GradientReport([comparison]))
    analytic, _, error = [ax for ax in figure.axes if ax.get_title()]
    assert marks(error) == [(1, 2)]
    plus, minus = analytic.collections
    assert marks(error) == [(1, 2)]
    assert len(plus.get_offsets()) == 2  # of 2, 6 and 10: beside 36, the 2 bears no sign
    assert len(minus.get_offsets()) == 3


def test_a_report_that_cannot_be_read_at_once_bears_no_marks() -> None:
    x = np.ones((30, 30))
    report = check_vjp(lambda x: (x * x, x), lambda dy, x: 3 * x * dy, x)
    assert not any(ax.collections for ax in plot.gradient_report(report).axes if ax.get_title())


def test_no_figure_is_wider_than_a_page() -> None:
    report = check_vjp(lambda x: (x * x, x), spoilt, np.ones((2, 3)))
    plot.gradient_report(report)
    plot.image_grid(np.ones((10, 8, 8)))
    plot.confusion_matrix(np.eye(10, dtype=int))
    plot.loss_curve([1.0])
    figures = [plt.figure(number) for number in plt.get_fignums()]
    assert len(figures) == 4
    assert all(figure.get_figwidth() <= plot.WIDTH for figure in figures)


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
    assert colours == [plot.INK, plot.ORANGE, plot.INK]
    assert [ax.title.get_weight() for ax in figure.axes[:3]] == ["normal", "bold", "normal"]


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
