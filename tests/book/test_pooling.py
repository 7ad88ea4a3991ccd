"""The equations of the chapter on pooling: each as it is printed, against the ops or SymPy."""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import sympy as sp

from course_nn import ops, plain
from course_nn.gradcheck import assert_vjp, numerical_gradient

from .proving import proves

N, C, H, W, R, S = 2, 3, 6, 7, 3, 2
GRIDS = [((3, 2), 0), ((2, 1), 1), ((1, 2), 1), ((1, 1), 0)]  # stride, padding
Pooled = tuple[np.ndarray, np.ndarray]


def image(seed: int = 0) -> np.ndarray:
    """Numbers that all differ."""
    return np.random.default_rng(seed).permutation(N * C * H * W).reshape(N, C, H, W) / 7.0


def size(stride: tuple[int, int], p: int) -> tuple[int, int]:
    """eq-pool-size, in both directions."""
    return (H + 2 * p - R) // stride[0] + 1, (W + 2 * p - S) // stride[1] + 1


def window(u: int, v: int, stride: tuple[int, int], p: int) -> Iterator[tuple[int, int, int, int]]:
    """r, s and the pixel i, j under them, in reading order; those outside are left out."""
    for r, s in product(range(R), range(S)):
        i, j = u * stride[0] + r - p, v * stride[1] + s - p
        if 0 <= i < H and 0 <= j < W:
            yield r, s, i, j


def maximum(x: np.ndarray, stride: tuple[int, int], p: int) -> np.ndarray:
    """eq-pool-max, padding being −∞."""
    y = np.empty((N, C, *size(stride, p)))
    for n, c, u, v in np.ndindex(y.shape):
        y[n, c, u, v] = max(x[n, c, i, j] for _, _, i, j in window(u, v, stride, p))
    return y


def winner(x: np.ndarray, at: tuple[int, ...], stride: tuple[int, int], p: int) -> tuple[int, int]:
    """eq-pool-winner: the pixel under the first (r, s) that holds the maximum."""
    n, c, u, v = at
    under = [(i, j) for _, _, i, j in window(u, v, stride, p)]
    best = max(x[n, c, i, j] for i, j in under)
    return next((i, j) for i, j in under if x[n, c, i, j] == best)


def max_dx(
    dy: np.ndarray, x: np.ndarray, stride: tuple[int, int], p: int, add: bool = True
) -> np.ndarray:
    """eq-pool-max-dx; without `add` the sum is forgotten."""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        i, j = winner(x, (n, c, u, v), stride, p)
        dx[n, c, i, j] = add * dx[n, c, i, j] + dy[n, c, u, v]
    return dx


def mean(x: np.ndarray, stride: tuple[int, int], p: int, counted: bool) -> np.ndarray:
    """eq-pool-count."""
    y = np.empty((N, C, *size(stride, p)))
    for n, c, u, v in np.ndindex(y.shape):
        under = [x[n, c, i, j] for _, _, i, j in window(u, v, stride, p)]
        y[n, c, u, v] = sum(under) / (R * S if counted else len(under))
    return y


def mean_dx(dy: np.ndarray, stride: tuple[int, int], p: int, counted: bool) -> np.ndarray:
    """eq-pool-avg-dx."""
    dx = np.zeros((N, C, H, W))
    for n, c, u, v in np.ndindex(dy.shape):
        under = list(window(u, v, stride, p))
        for _, _, i, j in under:
            dx[n, c, i, j] += dy[n, c, u, v] / (R * S if counted else len(under))
    return dx


def random_like(y: np.ndarray) -> np.ndarray:
    return np.random.default_rng(9).standard_normal(y.shape)


@proves("eq-pool-size", "eq-pool-same", "eq-pool-ceil")
def test_the_formulas_count_the_windows_that_fit_as_they_say() -> None:
    for h, r, s in product(range(1, 12), range(1, 5), range(1, 5)):
        for p in range(r // 2 + 1):
            inside = [u for u in range(h + 2 * p) if u * s + r <= h + 2 * p]
            if not inside:
                continue
            printed = (h + 2 * p - r) // s + 1
            assert len(inside) == printed == ops.pool_output_size(h, h, r, s, p)[0]
            last = min(math.ceil((h + 2 * p - r) / s), math.floor((h + p - 1) / s))
            # a window more, where one begins on the image and pixels are left over
            more = printed * s < h + p and inside[-1] * s + r < h + 2 * p
            assert last + 1 == printed + more
            assert last + 1 == ops.pool_output_size(h, h, r, s, p, ceil_mode=True)[0]
        begin = [i for i in range(h) if i % s == 0]
        assert len(begin) == math.ceil(h / s)
        assert len(begin) == ops.pool_output_size(h, h, r, s, "same")[0]


@pytest.mark.parametrize(("stride", "p"), GRIDS)
@proves("eq-pool-max", "eq-pool-rows")
def test_the_maximum_of_a_window_is_that_of_its_rows_maxima(
    stride: tuple[int, int], p: int
) -> None:
    x = image()
    y = maximum(x, stride, p)
    assert (y == ops.max_pool2d_forward(x, (R, S), stride, p)[0]).all()
    for n, c, u, v in np.ndindex(y.shape):
        rows: dict[int, list[float]] = {}
        for r, _, i, j in window(u, v, stride, p):
            rows.setdefault(r, []).append(x[n, c, i, j])
        assert max(max(row) for row in rows.values()) == y[n, c, u, v]


@pytest.mark.parametrize(("stride", "p"), GRIDS)
@proves("eq-pool-winner", "eq-pool-max-dx")
def test_a_maximum_sends_its_gradient_to_the_first_winner_and_overlaps_add(
    stride: tuple[int, int], p: int
) -> None:
    x = image()
    y, cache = ops.max_pool2d_forward(x, (R, S), stride, p)
    dy = random_like(y)
    assert np.allclose(max_dx(dy, x, stride, p), ops.max_pool2d_backward(dy, cache))
    numerical = numerical_gradient(lambda x: maximum(x, stride, p), x, dy)
    assert np.allclose(max_dx(dy, x, stride, p), numerical, atol=1e-6)


def test_the_first_of_equals_wins() -> None:
    x = np.random.default_rng(1).integers(0, 2, (N, C, H, W)).astype(float)
    for stride, p in GRIDS:
        y, cache = ops.max_pool2d_forward(x, (R, S), stride, p)
        dy = random_like(y)
        assert np.allclose(max_dx(dy, x, stride, p), ops.max_pool2d_backward(dy, cache))


def test_a_sum_that_is_forgotten_is_found() -> None:
    x, stride = image(), (1, 1)
    y, cache = ops.max_pool2d_forward(x, (R, S), stride)
    dy = random_like(y)
    with pytest.raises(AssertionError):
        assert np.allclose(max_dx(dy, x, stride, 0, add=False), ops.max_pool2d_backward(dy, cache))
    with pytest.raises(AssertionError):
        assert_vjp(
            lambda x: (maximum(x, stride, 0), x), lambda dy, x: max_dx(dy, x, stride, 0, False), x
        )


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize(("stride", "p"), GRIDS)
@proves("eq-pool-count", "eq-pool-avg-dx")
def test_a_mean_divides_by_what_counts_and_shares_its_gradient_evenly(
    stride: tuple[int, int], p: int, counted: bool
) -> None:
    x = image()
    y, cache = ops.avg_pool2d_forward(x, (R, S), stride, p, count_include_pad=counted)
    assert np.allclose(mean(x, stride, p, counted), y)
    dy = random_like(y)
    dx = mean_dx(dy, stride, p, counted)
    assert np.allclose(dx, ops.avg_pool2d_backward(dy, cache))
    assert np.allclose(
        dx, numerical_gradient(lambda x: mean(x, stride, p, counted), x, dy), atol=1e-6
    )


@proves("eq-pool-avg", "eq-pool-avg-conv")
def test_a_mean_is_a_depthwise_convolution_with_equal_weights() -> None:
    x, stride = image(), (2, 1)
    y = np.zeros((N, C, *size(stride, 0)))
    for n, c, u, v in np.ndindex(y.shape):
        y[n, c, u, v] = 1 / (R * S) * sum(x[n, c, i, j] for _, _, i, j in window(u, v, stride, 0))
    kernels = np.full((C, 1, R, S), 1 / (R * S))
    assert np.allclose(y, ops.avg_pool2d_forward(x, (R, S), stride)[0])
    assert np.allclose(y, ops.conv2d_forward(x, kernels, stride=stride, groups=C)[0])


@proves("eq-pool-global", "eq-pool-global-dx")
def test_the_global_mean_and_its_even_shares() -> None:
    x = image()
    y, cache = ops.global_avg_pool2d_forward(x)
    printed = np.array(
        [[sum(x[n, c, i, j] for i, j in np.ndindex(H, W)) / (H * W) for c in range(C)]
         for n in range(N)]
    )  # fmt: skip
    assert np.allclose(y, printed)
    dy = random_like(y)
    shares = np.empty_like(x)
    for n, c, i, j in np.ndindex(x.shape):
        shares[n, c, i, j] = dy[n, c] / (H * W)
    assert np.allclose(shares, ops.global_avg_pool2d_backward(dy, cache))
    assert np.allclose(shares, numerical_gradient(lambda x: x.mean(axis=(2, 3)), x, dy), atol=1e-6)


def matrix(x: np.ndarray, stride: tuple[int, int], largest: bool) -> np.ndarray:
    """A of eq-pool-matrix, for one channel."""
    rows = []
    for u, v in np.ndindex(size(stride, 0)):
        row = np.zeros((H, W))
        if largest:
            row[winner(x, (0, 0, u, v), stride, 0)] = 1
        else:
            for _, _, i, j in window(u, v, stride, 0):
                row[i, j] = 1 / (R * S)
        rows.append(row.ravel())
    return np.array(rows)


@pytest.mark.parametrize("largest", [True, False])
@proves("eq-pool-matrix", "eq-pool-matrix-dx")
def test_either_pooling_is_a_matrix_and_its_gradient_the_transpose(largest: bool) -> None:
    x, stride = image(3)[:1, :1], (2, 1)
    A = matrix(x, stride, largest)
    name = "max" if largest else "avg"
    y, cache = getattr(ops, f"{name}_pool2d_forward")(x, (R, S), stride)
    assert np.allclose(A @ x.ravel(), y.ravel())
    dy = random_like(y)
    dx = getattr(ops, f"{name}_pool2d_backward")(dy, cache)
    assert np.allclose(A.T @ dy.ravel(), dx.ravel())


@proves("eq-pool-d-scalar", "eq-pool-kink")
def test_the_derivative_of_a_maximum_of_two_and_its_kink() -> None:
    a, b, above = sp.symbols("a b h", positive=True)
    larger = sp.Max(b + above, b).diff(above)  # a = b + h
    smaller = sp.Max(b - above, b).diff(above)
    assert sp.simplify(larger.rewrite(sp.Piecewise)) == 1
    assert sp.simplify(smaller.rewrite(sp.Piecewise)) == 0
    quotient = (sp.Max(a + above, a) - sp.Max(a - above, a)) / (2 * above)
    assert sp.simplify(quotient.rewrite(sp.Piecewise)) == sp.Rational(1, 2)


def test_the_twins_follow_the_same_formulas() -> None:
    x, twin = image(), plain.max_pool2d_forward
    for stride, p in GRIDS:
        assert (twin(x, (R, S), stride, p)[0] == maximum(x, stride, p)).all()
