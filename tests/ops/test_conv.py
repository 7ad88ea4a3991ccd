"""Convolution, its patches and its memory order, against loops and the adjoint identity."""

from collections.abc import Callable
from itertools import product
from typing import ClassVar
from unittest.mock import patch

import numpy as np
import pytest
from contract import Case, OpContract, normal, seeds, windows
from hypothesis import assume, given

from course_nn import ops
from course_nn.ops import conv as conv_module


def conv(N=2, C=2, H=4, W=5, F=3, R=3, S=2, **mode) -> Case:
    arrays = normal(1, N, C, H, W), normal(2, F, C, R, S), normal(3, F)
    return Case(lambda x, W, b: ops.conv2d_forward(x, W, b, **mode), ops.conv2d_backward, arrays)


MODES = {
    "plain": {},
    "batch of one": {"N": 1},
    "one channel": {"C": 1},
    "one filter": {"F": 1},
    "all one": {"N": 1, "C": 1, "F": 1, "H": 3, "W": 3, "R": 2, "S": 2},
    "1×1 kernel": {"R": 1, "S": 1},
    "1×1 kernel, stride 2": {"R": 1, "S": 1, "stride": 2},
    "kernel as large as the image": {"R": 4, "S": 5},
    "seed A: 3×3 on 6×6": {"H": 6, "W": 6, "S": 3},
    "one row": {"H": 1, "W": 7, "R": 1, "S": 3},
    "stride 2": {"stride": 2},
    "stride that leaves pixels unused": {"H": 6, "W": 8, "S": 3, "stride": (2, 3)},
    "stride wider than the kernel": {"H": 7, "R": 2, "stride": (3, 4)},
    "padding 1": {"padding": 1},
    "padding wider than the kernel": {"padding": 4, "H": 2, "W": 2},
    "padding by direction": {"padding": (2, 0)},
    "padding by side": {"padding": ((0, 2), (1, 0))},
    "dilation 2": {"R": 2, "dilation": 2},
    "dilation by direction": {"dilation": (1, 3)},
    "everything": {
        "H": 6,
        "W": 7,
        "stride": (2, 3),
        "padding": ((1, 2), (0, 3)),
        "dilation": (2, 1),
    },
}


class TestConv2D(OpContract):
    cases: ClassVar = {name: conv(**mode) for name, mode in MODES.items()}


def by_loops(x, W, b, stride=1, padding=0, dilation=1) -> np.ndarray:
    """y as its definition says, one multiplication after the other."""
    g = ops.geometry(W.shape[2:], stride, padding, dilation)
    x = np.pad(x, ((0, 0), (0, 0), *g.padding))
    (N, C, _, _), (F, _, R, S) = x.shape, W.shape
    y = np.zeros((N, F, *g.unpadded().output_size(*x.shape[2:])))
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = b[f]
        for c, r, s in product(range(C), range(R), range(S)):
            row, column = i * g.stride[0] + r * g.dilation[0], j * g.stride[1] + s * g.dilation[1]
            y[n, f, i, j] += W[f, c, r, s] * x[n, c, row, column]
    return y


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_values_by_loops(mode: dict) -> None:
    case = conv(**mode)
    options = {k: v for k, v in mode.items() if k in ("stride", "padding", "dilation")}
    np.testing.assert_allclose(
        case.forward(*case.arrays)[0], by_loops(*case.arrays, **options), rtol=1e-12, atol=1e-13
    )


def test_seed_c_stride_2_dilates_the_gradient_by_stride_minus_one() -> None:
    """4×4 image, 2×2 kernel, stride 2: dx is the kernel laid beside itself, each copy times dy."""
    W = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    x, dy = normal(1, 1, 1, 4, 4), np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    _, cache = ops.conv2d_forward(x, W, np.zeros(1), stride=2)
    dx, dW, db = ops.conv2d_backward(dy, cache)
    expected = np.kron(dy[0, 0], W[0, 0])
    np.testing.assert_array_equal(dx[0, 0], expected)
    tiles = x[0, 0].reshape(2, 2, 2, 2)  # block row, row, block column, column
    np.testing.assert_allclose(dW[0, 0], np.einsum("irjs,ij->rs", tiles, dy[0, 0]), rtol=1e-12)
    assert db.tolist() == [1111.0]


def test_pixels_left_over_have_a_gradient_of_zero() -> None:
    x, W, b = normal(1, 2, 1, 6, 6), normal(2, 2, 1, 2, 2), np.zeros(2)
    y, cache = ops.conv2d_forward(x, W, b, stride=4)
    dx, _, _ = ops.conv2d_backward(np.ones_like(y), cache)
    seen = np.zeros((6, 6), bool)
    seen[np.ix_([0, 1, 4, 5], [0, 1, 4, 5])] = True
    assert (dx[:, :, ~seen] == 0).all()
    assert (dx[:, :, seen] != 0).all()


def test_can_leave_out_dx() -> None:
    case = conv()
    y, cache = case.forward(*case.arrays)
    _, dW, db = ops.conv2d_backward(y, cache)
    none, dW2, db2 = ops.conv2d_backward(y, cache, need_dx=False)
    assert none is None
    np.testing.assert_array_equal(dW, dW2)
    np.testing.assert_array_equal(db, db2)


def test_the_result_lies_batch_last_so_that_the_next_layer_copies_nothing() -> None:
    case = conv(N=5)
    y, _ = case.forward(*case.arrays)
    assert y.shape[0] == 5
    assert y.transpose(1, 2, 3, 0).flags.c_contiguous
    assert np.shares_memory(ops.batch_last(y), y)


# ---- the adjoint identity


@given(windows(), seeds)
def test_the_convolution_and_its_gradients_are_adjoint(window, seed: int) -> None:
    g, shape = window
    rng = np.random.default_rng(seed)
    x, W = rng.standard_normal(shape), rng.standard_normal((2, shape[1], *g.kernel))
    y, cache = ops.conv2d_forward(x, W, np.zeros(2), g.stride, g.padding, g.dilation)
    u = rng.standard_normal(y.shape)
    dx, dW, db = ops.conv2d_backward(u, cache)
    product = pytest.approx((y * u).sum(), rel=1e-9, abs=1e-9)
    assert (x * dx).sum() == product
    assert (W * dW).sum() == product
    np.testing.assert_allclose(db, u.sum(axis=(0, 2, 3)), rtol=1e-9, atol=1e-9)


# ---- several rows from one patch


@given(windows(), seeds)
def test_any_number_of_rows_from_one_patch_computes_the_same(window, seed: int) -> None:
    g, shape = window
    g = g._replace(dilation=(1, g.dilation[1]))
    try:
        OH, _ = g.output_size(*shape[2:])
    except ValueError:
        assume(False)
    rng = np.random.default_rng(seed)
    x, W, b = (rng.standard_normal(s) for s in (shape, (2, shape[1], *g.kernel), (2,)))
    found = []
    for rows in (rows for rows in range(1, OH + 1) if OH % rows == 0):
        with patch.object(conv_module, "rows_at_once", lambda *_, rows=rows: rows):
            y, cache = ops.conv2d_forward(x, W, b, g.stride, g.padding, g.dilation)
            dy = np.random.default_rng(seed).standard_normal(y.shape)
            found.append((y, *ops.conv2d_backward(dy, cache)))
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)


# ---- what is refused


def test_channels_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match=r"has 3 channels, but the kernels .* expect 2"):
        ops.conv2d_forward(np.ones((1, 3, 4, 4)), np.ones((5, 2, 3, 3)), np.zeros(5))


@pytest.mark.parametrize(
    "mode", [{}, {"padding": ((1, 0), (0, 0))}, {"R": 2, "dilation": 4}], ids=str
)
def test_a_kernel_that_does_not_fit_is_refused(mode: dict) -> None:
    case = conv(**{"H": 3, "W": 9, "R": 5} | mode)
    with pytest.raises(ValueError, match=r"window .*does not fit into an image of 3×9 pixels"):
        case.forward(*case.arrays)


@pytest.mark.parametrize("xp_case", ["plain", "everything"])
def test_float32_is_close_to_float64(xp_case: str) -> None:
    case = conv(**MODES[xp_case])
    y64, dy, g64 = case.run(case.arrays)
    y32, _, g32 = case.run(tuple(a.astype(np.float32) for a in case.arrays), dy.astype(np.float32))
    for a, b in zip((y64, *g64), (y32, *g32), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "op",
    [
        lambda x: ops.conv2d_forward(x, np.ones((1, 1, 2, 2)), np.zeros(1)),
        ops.max_pool2d_forward,
        ops.avg_pool2d_forward,
    ],
)
def test_what_is_no_batch_of_float_images_is_refused(op: Callable) -> None:
    with pytest.raises(TypeError, match=r"must be floating-point, got uint8; use x\.astype"):
        op(np.ones((2, 1, 4, 4), "uint8"))
    with pytest.raises(ValueError, match=r"of shape \(N, C, H, W\), got \(1, 4, 4\)"):
        op(np.ones((1, 4, 4)))
