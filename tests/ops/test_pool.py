"""Pooling: windows of every kind, ties, and the adjoint identity."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, apart, normal
from hypothesis import given
from hypothesis import strategies as st

from course_nn import ops, plain
from course_nn.ops.geometry import pool_geometry

MODES = {
    "plain": ((2, 3, 4, 4), 2),
    "batch of one": ((1, 3, 4, 4), 2),
    "one channel": ((2, 1, 4, 4), 2),
    "one window": ((2, 1, 3, 3), 3),
    "window of one pixel": ((2, 2, 3, 3), 1),
    "pixels left over": ((2, 2, 5, 7), 2),
    "window by direction": ((2, 2, 6, 4), (3, 2)),
    "one row": ((2, 1, 1, 6), (1, 2)),
    "windows that overlap": ((2, 2, 5, 5), 3, 2),
    "windows that overlap by all but one": ((2, 1, 4, 5), 3, 1),
    "gaps between windows": ((2, 2, 7, 8), 2, 3),
    "stride by direction": ((2, 2, 5, 6), 2, (1, 3)),
    "padding": ((2, 2, 4, 4), 2, 2, 1),
    "padding by direction": ((2, 2, 5, 4), 3, 2, (1, 0)),
    "padding by side": ((2, 2, 4, 5), 3, 2, ((1, 0), (0, 1))),
    "padding and overlap": ((1, 2, 5, 5), 3, 1, 1),
    "same": ((2, 2, 5, 4), 2, None, "same"),
    "same and overlap": ((1, 2, 5, 6), 3, 2, "same"),
    "same, stride wider than the window": ((1, 2, 7, 6), 2, 3, "same"),
}
OPTIONS = {
    "ceil mode": (((2, 2, 5, 6), 2), {"ceil_mode": True}),
    "ceil mode, overlap": (((1, 2, 6, 5), 3, 2), {"ceil_mode": True}),
    "ceil mode and padding": (((1, 2, 5, 6), 3, 2, 1), {"ceil_mode": True}),
    "ceil mode, the last window would begin beyond": (((1, 1, 3, 4), 2, 3, 1), {"ceil_mode": True}),
    "ceil mode and padding by side": (((1, 2, 5, 6), 3, 2, ((1, 0), (0, 1))), {"ceil_mode": True}),
}
COUNTS = {
    f"{name}, padding {'' if count else 'not '}counted": (mode, {"count_include_pad": count})
    for name, mode in MODES.items()
    if len(mode) > 3
    for count in (True, False)
} | {
    f"{name}, padding {'' if count else 'not '}counted": (
        mode,
        options | {"count_include_pad": count},
    )
    for name, (mode, options) in OPTIONS.items()
    for count in (True, False)
}
ALL = {name: (mode, {}) for name, mode in MODES.items()} | OPTIONS | COUNTS


def pool(kind: str, shape: tuple[int, ...], *options, **named) -> Case:
    forward, backward = (
        getattr(ops, f"{kind}_pool2d_forward"),
        getattr(ops, f"{kind}_pool2d_backward"),
    )
    return Case(lambda x: forward(x, *options, **named), backward, (apart(1, *shape),))


class TestMaxPool2D(DoorContract, OpContract):
    cases: ClassVar = {name: pool("max", *mode) for name, mode in MODES.items()} | {
        name: pool("max", *mode, **options) for name, (mode, options) in OPTIONS.items()
    }


class TestAvgPool2D(DoorContract, OpContract):
    cases: ClassVar = {name: pool("avg", *mode) for name, mode in MODES.items()} | {
        name: pool("avg", *mode, **options) for name, (mode, options) in (OPTIONS | COUNTS).items()
    }


class TestGlobalAvgPool2D(DoorContract, OpContract):
    cases: ClassVar = {
        f"{shape}": pool("global_avg", shape)
        for shape in [(2, 3, 4, 5), (1, 1, 3, 2), (2, 2, 1, 1)]
    }


def by_loops(
    x, reduce, window, stride=None, padding=0, *, ceil_mode=False, count_include_pad=None
) -> np.ndarray:
    """Window by window, on pixels that know whether they count: NaN is no pixel at all."""
    g = pool_geometry(window, stride, padding, ceil_mode=ceil_mode, size=x.shape[2:])
    if count_include_pad is None:
        count_include_pad = padding != "same"
    given = g.padding if padding == "same" else ops.geometry(1, padding=padding).padding
    more = [(a[0] - b[0], a[1] - b[1]) for a, b in zip(g.padding, given, strict=True)]
    fill = 0 if count_include_pad and reduce is np.nanmean else np.nan
    x = np.pad(x, ((0, 0), (0, 0), *given), constant_values=fill)
    x = np.pad(x, ((0, 0), (0, 0), *more), constant_values=np.nan)
    y = np.zeros((*x.shape[:2], *g.unpadded().output_size(*x.shape[2:])))
    for n, c, i, j in np.ndindex(y.shape):
        top, left = i * g.stride[0], j * g.stride[1]
        y[n, c, i, j] = reduce(x[n, c, top : top + g.kernel[0], left : left + g.kernel[1]])
    return y


@pytest.mark.parametrize("case", ALL.values(), ids=list(ALL))
def test_values_by_loops(case: tuple) -> None:
    (shape, *mode), options = case
    kinds = {"max": np.nanmax, "avg": np.nanmean}
    if "count_include_pad" in options:
        del kinds["max"]
    for kind, reduce in kinds.items():
        one = pool(kind, shape, *mode, **options)
        expected = by_loops(*one.arrays, reduce, *mode, **options)
        np.testing.assert_allclose(one.forward(*one.arrays)[0], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", ALL.values(), ids=list(ALL))
def test_the_plain_twins_agree(case: tuple) -> None:
    (shape, *mode), options = case
    if "same" in mode and "count_include_pad" not in options:
        options = options | {"count_include_pad": False}
    for kind in ("avg",) if "count_include_pad" in options else ("max", "avg"):
        one = pool(kind, shape, *mode, **options)
        y, dy, (dx,) = one.run(one.arrays)
        z, cache = getattr(plain, f"{kind}_pool2d_forward")(*one.arrays, *mode, **options)
        np.testing.assert_allclose(y, z, rtol=1e-12, atol=1e-14)
        back = getattr(plain, f"{kind}_pool2d_backward")(dy, cache)
        np.testing.assert_allclose(dx, back, rtol=1e-12, atol=1e-14)


def test_the_mean_of_a_channel() -> None:
    x = normal(1, 2, 3, 4, 5)
    np.testing.assert_allclose(ops.global_avg_pool2d_forward(x)[0], x.mean(axis=(2, 3)), rtol=1e-13)


def test_the_maximum_of_negative_numbers_is_not_the_padding() -> None:
    y, cache = ops.max_pool2d_forward(np.full((1, 1, 2, 2), -5.0), 2, padding=1)
    np.testing.assert_array_equal(y, np.full((1, 1, 2, 2), -5.0))
    np.testing.assert_array_equal(ops.max_pool2d_backward(y, cache), y)


def first_in_reading_order(x: np.ndarray, y: np.ndarray, dy: np.ndarray, k: int, s: int):
    """The gradient of a maximum, window by window: argmax takes the first of equals."""
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(y.shape):
        window = x[n, c, i * s : i * s + k, j * s : j * s + k]
        r, q = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * s + r, j * s + q] += dy[n, c, i, j]
    return dx


@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 2), (3, 1), (2, 3)])
@pytest.mark.parametrize("values", [1, 2, 4])
def test_a_tie_goes_to_the_first_in_reading_order(window: int, stride: int, values: int) -> None:
    x = np.random.default_rng(values).integers(0, values, (3, 2, 7, 8)).astype(float)
    y, cache = ops.max_pool2d_forward(x, window, stride)
    dy = normal(2, *y.shape)
    expected = first_in_reading_order(x, y, dy, window, stride)
    np.testing.assert_allclose(ops.max_pool2d_backward(dy, cache), expected, atol=1e-14)


# ---- the adjoint identity: given the image, both poolings are linear


@st.composite
def modes(draw) -> tuple:
    small = st.integers(1, 3)
    window, stride = draw(st.tuples(small, small)), draw(st.none() | st.tuples(small, small))
    sides = tuple(draw(st.tuples(*[st.integers(0, k // 2)] * 2)) for k in window)
    size = [k + draw(st.integers(0, 5)) for k in window]
    return (draw(small), draw(small), *size), window, stride, sides


@given(st.sampled_from(["max", "avg"]), modes(), st.integers(0, 2**32 - 1), st.booleans())
def test_windows_and_their_gradients_are_adjoint(kind: str, mode, seed: int, ties: bool) -> None:
    shape, *options = mode
    case, rng = pool(kind, shape, *options), np.random.default_rng(seed)
    x = rng.integers(-2, 2, shape).astype(float) if ties else rng.standard_normal(shape)
    y, cache = case.forward(x)
    u = rng.standard_normal(y.shape)
    dx = case.backward(u, cache)
    assert dx.shape == x.shape
    assert (y * u).sum() == pytest.approx((x * dx).sum(), rel=1e-10, abs=1e-10)


# ---- numbers that are not finite


def test_nan_wins_and_reaches_its_own_windows_only() -> None:
    x = apart(1, 2, 2, 6, 6)
    x[0, 1, 2, 3] = np.nan
    for kind in ("max", "avg"):
        case = pool(kind, x.shape, 3, 2, 1)
        y, cache = case.forward(x)
        assert np.argwhere(np.isnan(y)).tolist() == [[0, 1, 1, 1], [0, 1, 1, 2]]
        if kind == "max":  # each dy went somewhere
            dy = normal(1, *y.shape)
            assert case.backward(dy, cache).sum() == pytest.approx(dy.sum())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_a_gradient_that_is_not_finite_reaches_its_own_window_and_no_more(kind, mode, bad) -> None:
    case = pool(kind, *mode)
    y, cache = case.forward(*case.arrays)
    one = np.zeros(y.shape)
    one.flat[y.size // 2] = 1
    seen = case.backward(one, cache) != 0
    one.flat[y.size // 2] = bad
    np.testing.assert_array_equal(~np.isfinite(case.backward(one, cache)), seen)


def test_infinite_pixels_are_numbers_like_others() -> None:
    x = np.array([[[[np.inf, 1.0], [-np.inf, -np.inf], [-np.inf, -np.inf]]]])
    y, cache = ops.max_pool2d_forward(x, (1, 2))
    assert y.ravel().tolist() == [np.inf, -np.inf, -np.inf]
    dx = ops.max_pool2d_backward(np.array([[[[1.0], [2.0], [3.0]]]]), cache)
    np.testing.assert_array_equal(dx[0, 0], [[1, 0], [2, 0], [3, 0]])


# ---- what a cache keeps


@pytest.mark.parametrize("window", [1, 2, (1, 2), (2, 1)])
def test_what_was_changed_in_place_after_the_forward_pass_is_refused(window) -> None:
    for changed in ("x", "y"):
        x = normal(1, 2, 3, 4, 4)
        y, cache = ops.max_pool2d_forward(x, window)
        before = x.copy()
        {"x": x, "y": y}[changed][...] -= 5
        with pytest.raises(ValueError, match=f"{changed} was changed in place after the forward"):
            ops.max_pool2d_backward(y, cache)
        assert changed == "x" or (x == before).all()


def test_a_mean_may_be_changed_in_place() -> None:
    for kind, window in (("avg", (2,)), ("global_avg", ())):
        case = pool(kind, (2, 3, 4, 4), *window)
        y, dy, (dx,) = case.run(case.arrays)
        x = case.arrays[0].copy()
        y, cache = case.forward(x)
        y -= 5
        x -= 5
        np.testing.assert_array_equal(case.backward(dy, cache), dx)


def test_an_empty_batch_stays_empty() -> None:
    for kind, options in (("max", (2, 1, 1)), ("avg", (2, 1, 1)), ("global_avg", ())):
        x = np.zeros((0, 3, 4, 5))
        case = pool(kind, x.shape, *options)
        y, _, (dx,) = case.run((x,))
        assert len(y) == 0
        assert dx.shape == x.shape


# ---- what is refused


@pytest.mark.parametrize("op", [ops.max_pool2d_forward, ops.avg_pool2d_forward])
def test_windows_that_cannot_be_are_refused(op) -> None:
    x = np.ones((1, 1, 3, 3))
    with pytest.raises(ValueError, match="does not fit into an image of 3×3 pixels"):
        op(x, 4)
    with pytest.raises(ValueError, match="more than half the window"):
        op(x, 2, padding=2)
    with pytest.raises(ValueError, match="must be at least 1"):
        op(x, 2, 0)


def test_options_that_cannot_be_are_refused() -> None:
    x = np.ones((1, 1, 4, 4))
    with pytest.raises(ValueError, match="padding must be \"same\" or in pixels, got 'valid'"):
        ops.max_pool2d_forward(x, 2, padding="valid")
    with pytest.raises(TypeError, match="ceil_mode must be True or False, got 1"):
        ops.max_pool2d_forward(x, 2, ceil_mode=1)
    with pytest.raises(TypeError, match="count_include_pad must be True, False or None, got 0"):
        ops.avg_pool2d_forward(x, 2, count_include_pad=0)
