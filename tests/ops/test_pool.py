"""Pooling: windows of every kind, ties, and the adjoint identity."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, OpContract, apart, normal
from hypothesis import given
from hypothesis import strategies as st

from course_nn import ops

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
}


def pool(kind: str, shape: tuple[int, ...], *options) -> Case:
    forward, backward = (
        getattr(ops, f"{kind}_pool2d_forward"),
        getattr(ops, f"{kind}_pool2d_backward"),
    )
    return Case(lambda x: forward(x, *options), backward, (apart(1, *shape),))


class TestMaxPool2D(OpContract):
    cases: ClassVar = {name: pool("max", *mode) for name, mode in MODES.items()}


class TestAvgPool2D(OpContract):
    cases: ClassVar = {name: pool("avg", *mode) for name, mode in MODES.items()}


class TestGlobalAvgPool2D(OpContract):
    cases: ClassVar = {
        f"{shape}": pool("global_avg", shape)
        for shape in [(2, 3, 4, 5), (1, 1, 3, 2), (2, 2, 1, 1)]
    }


def by_loops(x, reduce, fill, window, stride=None, padding=0) -> np.ndarray:
    g = ops.geometry(window, window if stride is None else stride, padding)
    x = np.pad(x, ((0, 0), (0, 0), *g.padding), constant_values=fill)
    y = np.zeros((*x.shape[:2], *g.unpadded().output_size(*x.shape[2:])))
    for n, c, i, j in np.ndindex(y.shape):
        top, left = i * g.stride[0], j * g.stride[1]
        y[n, c, i, j] = reduce(x[n, c, top : top + g.kernel[0], left : left + g.kernel[1]])
    return y


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
@pytest.mark.parametrize(
    ("kind", "reduce", "fill"), [("max", np.max, -np.inf), ("avg", np.mean, 0)]
)
def test_values_by_loops(kind: str, reduce, fill: float, mode: tuple) -> None:
    shape, *options = mode
    case = pool(kind, shape, *options)
    expected = by_loops(*case.arrays, reduce, fill, *options)
    np.testing.assert_allclose(case.forward(*case.arrays)[0], expected, rtol=1e-12, atol=1e-14)


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
