"""Pooling: the judge, the fast op in every mode, loops, and windows beyond the image by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_nn import plain
from course_nn.reference import jacobian, loops

from .agreement import apart, assert_agrees, assert_judged, assert_right, assert_same, normal

NUMBER = st.integers(1, 3)
PAIR = st.one_of(NUMBER, st.tuples(NUMBER, NUMBER))
SIDE = st.integers(0, 1)
PADDING = st.one_of(
    SIDE, st.tuples(SIDE, SIDE), st.tuples(*[st.tuples(SIDE, SIDE)] * 2), st.just("same")
)
MODES: list[dict[str, Any]] = [
    {},
    {"window": 3, "stride": 1, "padding": 1},
    {"window": (2, 3), "stride": (2, 1), "padding": ((1, 0), (0, 1))},
    {"window": 2, "stride": 3},
    {"window": 3, "stride": 2, "ceil_mode": True},
    {"window": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"window": 3, "stride": 2, "padding": "same"},
    {"window": 2, "padding": "same"},
]
PIXELS = st.tuples(NUMBER, NUMBER, st.integers(3, 7), st.integers(3, 7))


@st.composite
def poolings(draw: st.DrawFn) -> dict[str, Any]:
    """Options of a pooling, with a padding of at most half the window."""
    options = {
        "window": draw(PAIR),
        "stride": draw(st.one_of(st.none(), PAIR)),
        "padding": draw(PADDING),
        "ceil_mode": draw(st.booleans()),
    }
    if options["padding"] == "same":
        options["ceil_mode"] = False
        return options
    window = np.broadcast_to(options["window"], 2)
    most = [max(side) for side in plain.windows.sides(options["padding"])]
    assume(all(2 * p <= k for p, k in zip(most, window, strict=True)))
    return options


@given(shape=PIXELS, options=poolings(), ties=st.booleans())
def test_max_pooling_is_the_fast_one(shape: tuple, options: dict, ties: bool) -> None:
    (x,) = normal(sum(shape), shape)
    assert_agrees("max_pool2d", np.round(x) if ties else x, **options)


@given(shape=PIXELS, options=poolings(), count_include_pad=st.sampled_from([None, True, False]))
def test_average_pooling_is_the_fast_one(
    shape: tuple, options: dict, count_include_pad: bool | None
) -> None:
    options = options | {"count_include_pad": count_include_pad}
    assert_agrees("avg_pool2d", *normal(sum(shape), shape), **options)


@pytest.mark.parametrize("options", MODES)
def test_the_judge_passes_pooling(options: dict) -> None:
    x = apart(1, 2, 2, 5, 6)
    assert_judged("max_pool2d", x, **options)
    for count_include_pad in (True, False):
        assert_judged("avg_pool2d", x, count_include_pad=count_include_pad, **options)


@pytest.mark.parametrize("options", MODES[:4])
def test_loops_and_jacobians_give_the_same(options: dict) -> None:
    x = np.round(normal(2, (2, 2, 5, 6))[0])  # with ties
    y = assert_agrees("max_pool2d", x, other=loops, **options)
    (dy,) = normal(3, y.shape)
    dx = plain.max_pool2d_backward(dy, plain.max_pool2d_forward(x, **options)[1])
    assert_same(dx, jacobian.input_product(jacobian.max_pool2d_jacobian(x, **options), dy))


def test_of_equal_pixels_the_first_in_reading_order_wins() -> None:
    _, cache = plain.max_pool2d_forward(np.array([[[[1.0, 3.0], [3.0, 3.0]]]]))
    dx = plain.max_pool2d_backward(np.array([[[[5.0]]]]), cache)
    assert dx.tolist() == [[[[0.0, 5.0], [0.0, 0.0]]]]


def test_what_overlapping_windows_give_to_a_pixel_adds_up() -> None:
    x = np.array([[[[1.0, 9.0, 2.0]]]])
    _, cache = plain.max_pool2d_forward(x, (1, 2), 1)
    dx = plain.max_pool2d_backward(np.array([[[[10.0, 1.0]]]]), cache)
    assert dx.tolist() == [[[[0.0, 11.0, 0.0]]]]


@pytest.mark.parametrize(
    ("size", "window", "stride", "padding", "count"),
    [
        (5, 2, 2, 0, 3),
        (5, 3, 2, 0, 2),
        (6, 3, 2, 0, 3),
        (6, 3, 3, 1, 3),
        (5, 2, 3, 1, 2),
        (4, 1, 2, 0, 2),
        (3, 2, 2, 1, 2),
    ],
)
def test_with_ceil_mode_a_last_window_begins_in_the_image(
    size: int, window: int, stride: int, padding: int, count: int
) -> None:
    x = np.arange(1.0, size + 1).reshape(1, 1, 1, size)
    across = {"padding": (0, padding), "ceil_mode": True}
    y, _ = plain.max_pool2d_forward(x, (1, window), (1, stride), **across)
    begins = [i * stride - padding for i in range(count)]
    assert y.ravel().tolist() == [min(begin + window, size) for begin in begins]
    means, _ = plain.avg_pool2d_forward(
        x, (1, window), (1, stride), count_include_pad=False, **across
    )
    inside = [range(max(begin, 0), min(begin + window, size)) for begin in begins]
    assert_same(means.ravel(), np.array([x[0, 0, 0, r].mean() for r in map(list, inside)]))


def test_zeros_of_the_padding_count_and_those_beyond_it_do_not() -> None:
    x = np.full((1, 1, 1, 4), 6.0)  # seen as 0 6 6 | 6 6 0, or as 0 6 6 6 | 6 0 and two beyond
    options = {"window": (1, 4), "padding": (0, 1), "ceil_mode": True}
    assert plain.avg_pool2d_forward(x, **options)[0].ravel().tolist() == [4.5, 3.0]
    options["count_include_pad"] = False
    assert plain.avg_pool2d_forward(x, **options)[0].ravel().tolist() == [6.0, 6.0]


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 1, 1)])
def test_global_average_pooling(shape: tuple[int, ...]) -> None:
    assert_right("global_avg_pool2d", *normal(4, shape))


def test_a_stride_of_zero_is_no_stride() -> None:
    with pytest.raises(ZeroDivisionError):
        plain.max_pool2d_forward(np.zeros((1, 1, 4, 4)), 2, 0)
