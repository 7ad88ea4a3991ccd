"""Convolution: the judge, the fast op, loops, whole Jacobians; groups; the transposed one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_nn import plain
from course_nn.reference import jacobian, loops

from .agreement import assert_agrees, assert_judged, assert_same, normal

NUMBER = st.integers(1, 3)
PAIR = st.one_of(NUMBER, st.tuples(NUMBER, NUMBER))
SIDE = st.integers(0, 2)
PADDING = st.one_of(SIDE, st.tuples(SIDE, SIDE), st.tuples(*[st.tuples(SIDE, SIDE)] * 2))
MODES: list[dict[str, Any]] = [
    {},
    {"stride": 2, "padding": 1},
    {"stride": (1, 2), "padding": ((0, 1), (2, 0)), "dilation": (2, 1)},
    {"stride": 3, "dilation": 2},
]


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[list[np.ndarray | None], dict]:
    """x, W, b (or None) and options, with windows that fit."""
    G = draw(st.integers(1, 3))
    N, C, F, R, S = (draw(NUMBER) for _ in range(5))
    modes = {"stride": draw(PAIR), "padding": draw(PADDING), "dilation": draw(PAIR)}
    dh, dw = np.broadcast_to(modes["dilation"], 2)
    H = dh * (R - 1) + 1 + draw(st.integers(0, 3))
    W = dw * (S - 1) + 1 + draw(st.integers(0, 3))
    shapes = (N, G * C, H, W), (G * F, C, R, S), (G * F,)
    arrays: list[Any] = normal(draw(st.integers(0, 99)), *shapes)
    if draw(st.booleans()):
        arrays[2] = None
    return arrays, {**modes, "groups": G}


@given(drawn=convolutions())
def test_the_fast_op_gives_the_same(drawn: Any) -> None:
    arrays, options = drawn
    assert_agrees("conv2d", *arrays, **options)


@pytest.mark.parametrize("options", MODES)
def test_loops_give_the_same(options: dict) -> None:
    assert_agrees("conv2d", *normal(1, (2, 3, 7, 8), (4, 3, 3, 2), (4,)), other=loops, **options)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("options", MODES)
def test_the_judge_passes_the_convolution(options: dict, groups: int) -> None:
    arrays = normal(2, (2, 2 * groups, 6, 5), (2 * groups, 2, 3, 2), (2 * groups,))
    assert_judged("conv2d", *arrays, groups=groups, **options)


@pytest.mark.parametrize("options", MODES)
def test_whole_jacobians_give_the_same(options: dict) -> None:
    arrays = normal(3, (2, 2, 5, 6), (3, 2, 2, 3), (3,))
    options = {"stride": 1, "padding": 0, "dilation": 1} | options
    y, cache = plain.conv2d_forward(*arrays, **options)
    (dy,) = normal(4, y.shape)
    J_x, J_W, J_b = jacobian.conv2d_jacobians(*arrays, *options.values())
    dx, dW, db = plain.conv2d_backward(dy, cache)
    assert_same(dx, jacobian.input_product(J_x, dy))
    assert_same(dW, jacobian.parameter_product(J_W, dy))
    assert_same(db, jacobian.parameter_product(J_b, dy))


@given(drawn=convolutions())
def test_groups_are_convolutions_side_by_side(drawn: Any) -> None:
    (x, W, b), options = drawn
    groups = options.pop("groups")
    y, cache = plain.conv2d_forward(x, W, b, groups=groups, **options)
    (dy,) = normal(5, y.shape)
    dx, dW, _ = plain.conv2d_backward(dy, cache)
    bs = [None] * groups if b is None else np.split(b, groups)
    xs, dys = np.split(x, groups, 1), np.split(dy, groups, 1)
    parts = zip(xs, np.split(W, groups), bs, dys, strict=True)
    found = []
    for part_x, part_W, part_b, part_dy in parts:
        part_y, part_cache = plain.conv2d_forward(part_x, part_W, part_b, **options)
        found.append((part_y, *plain.conv2d_backward(part_dy, part_cache)[:2]))
    ys, dxs, dWs = zip(*found, strict=True)
    assert_same(np.concatenate(ys, 1), y)
    assert_same(np.concatenate(dxs, 1), dx)
    assert_same(np.concatenate(dWs), dW)


@pytest.mark.parametrize(
    ("channels", "shape", "groups"),
    [(4, (2, 3, 2, 2), 1), (2, (2, 3, 2, 2), 1), (4, (3, 2, 2, 2), 2), (4, (2, 4, 2, 2), 2)],
)
def test_channels_that_do_not_fit_are_refused(
    channels: int, shape: tuple[int, ...], groups: int
) -> None:
    with pytest.raises(ValueError, match=r"channels|groups"):
        plain.conv2d_forward(np.zeros((1, channels, 5, 5)), np.zeros(shape), groups=groups)


@pytest.mark.parametrize(("channels", "groups"), [(4, 1), (2, 1), (3, 2)])
def test_channels_that_a_transposed_convolution_refuses(channels: int, groups: int) -> None:
    x, W = np.zeros((1, channels, 5, 5)), np.zeros((3, 2, 2, 2))
    with pytest.raises(ValueError, match=r"channels|groups"):
        plain.conv_transpose2d_forward(x, W, groups=groups)


# -- the transposed convolution ------------------------------------------------------------------

TRANSPOSED: list[dict[str, Any]] = [
    {},
    {"stride": 2, "padding": 1},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"stride": (3, 2), "padding": (0, 1), "dilation": (1, 2), "output_padding": (2, 0)},
    {"stride": 2, "groups": 2},
    {"padding": 1, "groups": 4},
]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("options", TRANSPOSED)
def test_the_transposed_convolution(options: dict, bias: bool) -> None:
    filters = 2 * options.get("groups", 1)
    arrays: list[Any] = normal(6, (2, 4, 4, 3), (4, 2, 3, 2), (filters,))
    assert_judged("conv_transpose2d", *arrays, **options)
    assert_agrees("conv_transpose2d", *arrays[:2], arrays[2] if bias else None, **options)


@given(drawn=convolutions())
def test_its_forward_is_the_gradient_of_a_convolutions_input(drawn: Any) -> None:
    (x, W, _), options = drawn
    y, cache = plain.conv2d_forward(x, W, **options)
    (dy,) = normal(7, y.shape)
    dx, dW, _ = plain.conv2d_backward(dy, cache)
    left_over = _left_over(x, W, options)
    back, adjoint = plain.conv_transpose2d_forward(dy, W, output_padding=left_over, **options)
    assert_same(back, dx)
    assert_same(plain.conv_transpose2d_backward(x, adjoint)[0], y)
    assert_same(plain.conv_transpose2d_backward(x, adjoint)[1], dW)


def _left_over(x: np.ndarray, W: np.ndarray, options: dict) -> tuple[int, ...]:
    """Rows and columns at the end that no window reaches: what the output's size does not say."""
    padded = plain.windows.pad(x, options["padding"]).shape[2:]
    stride, dilation = (np.broadcast_to(options[name], 2) for name in ("stride", "dilation"))
    sizes = zip(padded, W.shape[2:], stride, dilation, strict=True)
    return tuple(int((n - d * (k - 1) - 1) % t) for n, k, t, d in sizes)


def test_every_pixel_stamps_the_kernel() -> None:
    x, W = np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.array([[[[1.0, 10.0]]]])
    y, _ = plain.conv_transpose2d_forward(x, W, np.array([0.5]))
    assert y.tolist() == [[[[1.5, 12.5, 20.5], [3.5, 34.5, 40.5]]]]
