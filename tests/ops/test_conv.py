"""Convolution, its patches and its memory order, against loops and the adjoint identity."""

import re
from collections.abc import Callable
from itertools import product
from types import ModuleType
from typing import ClassVar
from unittest.mock import patch

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, laid_out, normal, seeds, windows
from hypothesis import given

from course_nn import ops
from course_nn.backend import to_numpy
from course_nn.ops import conv as conv_module
from course_nn.ops.conv import fold_gradient, image_gradient
from course_nn.ops.geometry import transposed_size


def conv(N=2, C=2, H=4, W=5, F=3, R=3, S=2, **mode) -> Case:
    arrays = normal(1, N, C, H, W), normal(2, F, C // mode.get("groups", 1), R, S), normal(3, F)

    def forward(x, W, b):
        return ops.conv2d_forward(x, W, b, **mode)

    return Case(forward, ops.conv2d_backward, arrays, optional=(2,))


MODES = {
    "plain": {},
    "batch of one": {"N": 1},
    "one channel": {"C": 1},
    "one filter": {"F": 1},
    "all one": {"N": 1, "C": 1, "F": 1, "H": 3, "W": 3, "R": 2, "S": 2},
    "1×1 kernel": {"R": 1, "S": 1},
    "1×1 kernel, stride 2": {"R": 1, "S": 1, "stride": 2},
    "kernel as large as the image": {"R": 4, "S": 5},
    "3×3 on 6×6": {"H": 6, "W": 6, "S": 3},
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
    "same": {"S": 3, "padding": 1},
    "same, dilation 2": {"S": 3, "padding": 2, "dilation": 2},
    "two groups": {"C": 4, "F": 6, "groups": 2},
    "two groups, same": {"C": 4, "F": 2, "S": 3, "groups": 2, "padding": 1},
    "depthwise": {"C": 3, "F": 3, "groups": 3, "stride": 2, "padding": 1},
    "depthwise, two filters a channel": {"C": 2, "F": 4, "groups": 2, "dilation": (1, 2)},
    "a batch cut into blocks": {"N": 32, "H": 3, "F": 2, "R": 2},
}


class TestConv2D(DoorContract, OpContract):
    cases: ClassVar = {name: conv(**mode) for name, mode in MODES.items()}


class TestConv2DWithoutBias(DoorContract, OpContract):
    cases: ClassVar = {
        name: Case(
            lambda x, W, mode=mode: ops.conv2d_forward(x, W, **mode),
            lambda dy, cache: ops.conv2d_backward(dy, cache)[:2],
            (normal(1, 2, 2, 5, 4), normal(2, 4, 2 // mode.get("groups", 1), 3, 2)),
        )
        for name, mode in {"plain": {}, "groups": {"groups": 2, "padding": 1}}.items()
    }


@pytest.mark.parametrize("mode", [{}, {"stride": 2}, {"groups": 2}, {"padding": 1, "R": 3, "S": 3}])
def test_an_image_too_large_for_one_strip_is_computed_whole(mode: dict, xp: ModuleType) -> None:
    case = conv(N=5, H=9, W=8, F=4, **mode)
    y, dy, gradients = case.run(case.arrays)
    with patch("course_nn.ops.patches.PATCH_BYTES", 1):  # every two rows are a strip
        found, _, there = case.run(tuple(map(xp.asarray, case.arrays)), xp.asarray(dy))
    for a, b in zip((found, *there), (y, *gradients), strict=True):
        np.testing.assert_allclose(to_numpy(a), b, rtol=1e-12, atol=1e-12)


TRANSPOSED = {
    "plain": {},
    "batch of one": {"N": 1},
    "1×1 kernel": {"R": 1, "S": 1},
    "one pixel": {"H": 1, "W": 1},
    "stride 2": {"stride": 2},
    "stride wider than the kernel": {"R": 2, "stride": 3},
    "stride 2, twice as large": {"R": 3, "S": 3, "stride": 2, "padding": 1, "output_padding": 1},
    "same": {"R": 3, "S": 3, "padding": 1},
    "padding by side": {"padding": ((0, 2), (1, 0))},
    "dilation 2": {"dilation": 2},
    "output padding of a dilation": {"dilation": 3, "stride": (1, 2), "output_padding": (2, 1)},
    "output padding of a dilation only": {"dilation": 2, "output_padding": 1, "padding": 1},
    "groups": {"C": 4, "F": 6, "groups": 2, "stride": 2},
    "depthwise": {"C": 3, "F": 3, "groups": 3, "padding": 1},
    "everything": {
        "C": 4,
        "F": 2,
        "groups": 2,
        "stride": (2, 3),
        "padding": ((1, 2), (0, 3)),
        "dilation": (2, 1),
        "output_padding": (1, 0),
    },
}


def transposed(N=2, C=3, H=3, W=4, F=2, R=3, S=2, **mode) -> Case:
    arrays = normal(1, N, C, H, W), normal(2, C, F // mode.get("groups", 1), R, S), normal(3, F)
    return Case(
        lambda x, W, b: ops.conv_transpose2d_forward(x, W, b, **mode),
        ops.conv_transpose2d_backward,
        arrays,
        optional=(2,),
    )


class TestConvTranspose2D(DoorContract, OpContract):
    cases: ClassVar = {name: transposed(**mode) for name, mode in TRANSPOSED.items()}


def transposed_by_loops(x, W, b, output_padding=0, groups=1, **mode) -> np.ndarray:
    """y as its definition says: every pixel of x lays its kernels down, times itself."""
    g = ops.geometry(W.shape[2:], **mode)
    (N, C, OH, OW), (_, F, R, S) = x.shape, W.shape
    OH, OW = transposed_size(g, output_padding, OH, OW)
    (top, _), (left, _) = g.padding
    y = np.zeros((N, F * groups, OH, OW)) + b[:, None, None]
    for n, c, i, j in np.ndindex(x.shape):
        for f, r, s in product(range(F), range(R), range(S)):
            h = i * g.stride[0] + r * g.dilation[0] - top
            w = j * g.stride[1] + s * g.dilation[1] - left
            if 0 <= h < OH and 0 <= w < OW:
                y[n, c * groups // C * F + f, h, w] += W[c, f, r, s] * x[n, c, i, j]
    return y


@pytest.mark.parametrize("mode", TRANSPOSED.values(), ids=list(TRANSPOSED))
def test_transposed_values_by_loops(mode: dict) -> None:
    case = transposed(**mode)
    options = {k: v for k, v in mode.items() if k not in "NCHWFRS"}
    expected = transposed_by_loops(*case.arrays, **options)
    np.testing.assert_allclose(case.forward(*case.arrays)[0], expected, rtol=1e-12, atol=1e-13)


@given(windows(), seeds)
def test_a_transposed_convolution_is_the_gradient_of_a_convolution(window, seed: int) -> None:
    g, (N, C, H, W) = window
    rng = np.random.default_rng(seed)
    x, kernels = rng.standard_normal((N, C, H, W)), rng.standard_normal((2, C, *g.kernel))
    y, cache = ops.conv2d_forward(x, kernels, None, g.stride, g.padding, g.dilation)
    dy = rng.standard_normal(y.shape)
    dx, dW, _ = ops.conv2d_backward(dy, cache)
    spans = zip((H, W), g.span(*y.shape[2:]), g.padding, strict=True)
    extra = tuple(n + sum(p) - span for n, span, p in spans)
    mode = g.stride, g.padding, g.dilation, extra
    z, other = ops.conv_transpose2d_forward(dy, kernels, None, *mode)
    np.testing.assert_allclose(z, dx, rtol=1e-10, atol=1e-10)
    back, dW2, none = ops.conv_transpose2d_backward(x, other)
    np.testing.assert_allclose(back, y, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(dW2, dW, rtol=1e-10, atol=1e-10)
    assert none is None


def by_loops(x, W, b, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """y as its definition says, one multiplication after the other."""
    g = ops.geometry(W.shape[2:], stride, padding, dilation)
    x = np.pad(x, ((0, 0), (0, 0), *g.padding))
    N, (F, C, R, S) = len(x), W.shape
    y = np.zeros((N, F, *g.unpadded().output_size(*x.shape[2:])))
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = b[f]
        for c, r, s in product(range(C), range(R), range(S)):
            row, column = i * g.stride[0] + r * g.dilation[0], j * g.stride[1] + s * g.dilation[1]
            y[n, f, i, j] += W[f, c, r, s] * x[n, f * groups // F * C + c, row, column]
    return y


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_values_by_loops(mode: dict) -> None:
    case = conv(**mode)
    options = {k: v for k, v in mode.items() if k not in "NCHWFRS"}
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


@pytest.mark.parametrize("case", [conv(), transposed()], ids=["conv2d", "conv_transpose2d"])
def test_can_leave_out_dx(case: Case) -> None:
    y, cache = case.forward(*case.arrays)
    _, dW, db = case.backward(y, cache)
    none, dW2, db2 = case.backward(y, cache, need_dx=False)
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


@given(windows(), seeds)
def test_both_ways_to_the_gradient_of_the_image_agree(window, seed: int) -> None:
    """A convolution with the turned kernel, where it is taken, and patches that are folded."""
    g, (N, C, H, W) = window
    g = g._replace(stride=(1, 1))
    rng = np.random.default_rng(seed)
    dy = rng.standard_normal((2, *g.output_size(H, W), N))
    kernels = rng.standard_normal((2, C, *g.kernel))
    one, two = (f(dy, kernels, (H, W), g) for f in (image_gradient, fold_gradient))
    np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)


def test_a_same_convolution_folds_nothing() -> None:
    def fail(*_):
        raise AssertionError

    with patch.object(conv_module, "fold_gradient", fail):
        for mode in ({"padding": ((0, 1), (1, 0))}, {"R": 1, "S": 1}):
            case = conv(**{"R": 2, "S": 2} | mode)
            y, cache = case.forward(*case.arrays)
            ops.conv2d_backward(y, cache)
        y, cache = ops.conv2d_forward(normal(1, 2, 2, 4, 4), normal(2, 1, 2, 2, 2), stride=2)
        with pytest.raises(AssertionError):
            ops.conv2d_backward(y, cache)


# ---- numbers that are not finite


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_pixel_that_is_not_finite_reaches_what_sees_it_and_no_more(mode, bad: float) -> None:
    case = conv(**mode)
    x, W, b = case.arrays
    seen = case.forward((np.arange(x.size) == x.size // 2).reshape(x.shape) * 1.0, W, 0 * b)[0] != 0
    spoilt = x.copy()
    spoilt.flat[x.size // 2] = bad
    y = case.forward(spoilt, W, b)[0]
    np.testing.assert_array_equal(np.isfinite(y), ~seen)
    np.testing.assert_allclose(y[~seen], case.forward(x, W, b)[0][~seen], rtol=1e-12, atol=1e-13)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_a_gradient_that_is_not_finite_reaches_its_own_window_and_no_more(mode: dict) -> None:
    case = conv(**mode)
    y, cache = case.forward(*case.arrays)
    one = np.zeros(y.shape)
    one.flat[y.size // 2] = 1
    seen = case.gradients(one, cache)[0] != 0
    one.flat[y.size // 2] = np.inf
    np.testing.assert_array_equal(~np.isfinite(case.gradients(one, cache)[0]), seen)


# ---- what a cache keeps


@pytest.mark.parametrize("make", [conv, transposed])
@pytest.mark.parametrize("changed", [0, 1])
def test_what_was_changed_in_place_after_the_forward_pass_is_refused(make, changed: int) -> None:
    case = make(N=7)
    arrays = tuple(laid_out(a, "batch last") if i == 0 else a for i, a in enumerate(case.arrays))
    y, cache = case.forward(*arrays)
    y -= 5  # no part of the cache
    case.backward(y, cache)
    arrays[changed][...] *= 2
    with pytest.raises(ValueError, match=f"{'xW'[changed]} was changed in place after the forward"):
        case.backward(y, cache)


def test_an_empty_batch_gives_gradients_of_zero() -> None:
    for case in (conv(N=0), conv(N=0, padding=1, S=3), transposed(N=0)):
        y, _, (dx, dW, db) = case.run(case.arrays)
        assert (len(y), len(dx)) == (0, 0)
        assert not dW.any()
        assert not db.any()


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
    with pytest.raises(TypeError, match=r"must hold numbers of float32 or float64, got float16"):
        op(np.ones((2, 1, 4, 4), "float16"))
    for shape in ((1, 4, 4), (1, 0, 4, 4), (1, 1, 0, 4)):
        with pytest.raises(
            ValueError, match=rf"of shape \(N, C, H, W\), .*got {re.escape(str(shape))}"
        ):
            op(np.ones(shape))
