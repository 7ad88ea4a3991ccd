"""The equations of the chapter on convolution: as they are printed, against the ops or SymPy."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp

from course_nn import ops, plain
from course_nn.gradcheck import numerical_gradient

from .proving import proves

N, C, F, H, W, R, S = 2, 4, 6, 7, 8, 3, 2


@dataclass(frozen=True)
class Case:
    """A geometry, in both directions alike but for the stride."""

    sh: int = 1
    sw: int = 1
    p: int = 0
    d: int = 1
    groups: int = 1

    @property
    def options(self) -> tuple:
        return (self.sh, self.sw), self.p, self.d, self.groups

    def size(self, height: int = H, width: int = W) -> tuple[int, int]:
        """eq-conv-size."""
        rows = (height + 2 * self.p - self.d * (R - 1) - 1) // self.sh + 1
        return rows, (width + 2 * self.p - self.d * (S - 1) - 1) // self.sw + 1

    def pixel(self, u: int, v: int, r: int, s: int) -> tuple[int, int]:
        """eq-conv-pixel."""
        return u * self.sh + r * self.d - self.p, v * self.sw + s * self.d - self.p


CASES = [
    Case(),
    Case(sh=2, sw=3),
    Case(p=1),
    Case(sh=3, sw=2, p=2, d=2),
    Case(sh=2, d=3, p=1),
    Case(p=3),  # more than R − 1: rows of D are cut off
    Case(sh=2, p=1, groups=2),
    Case(groups=4),
]
PLAIN = [case for case in CASES if case.groups == 1]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


def operands(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    filters = 8 if case.groups == 4 else F
    return normal(N, C, H, W), normal(filters, C // case.groups, R, S), normal(filters)


def at(x: np.ndarray, n: int, c: int, i: int, j: int) -> float:
    """x is zero outside the image."""
    inside = 0 <= i < x.shape[2] and 0 <= j < x.shape[3]
    return float(x[n, c, i, j]) if inside else 0.0


def forward(x: np.ndarray, K: np.ndarray, b: np.ndarray, case: Case) -> np.ndarray:
    """eq-conv-groups, which is eq-conv-forward with one group."""
    G, filters, per = case.groups, len(K), K.shape[1]
    y = np.empty((N, filters, *case.size()))
    for n, f, u, v in np.ndindex(y.shape):
        k = f * G // filters
        y[n, f, u, v] = b[f] + sum(
            at(x, n, k * per + c, *case.pixel(u, v, r, s)) * K[f, c, r, s]
            for c, r, s in np.ndindex(per, R, S)
        )
    return y


def weights_gradient(x: np.ndarray, dy: np.ndarray, K: np.ndarray, case: Case) -> np.ndarray:
    """eq-conv-groups-gradients, the first; eq-conv-dw with one group."""
    dW, per = np.empty(K.shape), K.shape[1]
    for f, c, r, s in np.ndindex(K.shape):
        k = f * case.groups // len(K)
        dW[f, c, r, s] = sum(
            at(x, n, k * per + c, *case.pixel(u, v, r, s)) * dy[n, f, u, v]
            for n, u, v in np.ndindex(N, *dy.shape[2:])
        )
    return dW


def image_gradient(dy: np.ndarray, K: np.ndarray, case: Case, turned: bool = False) -> np.ndarray:
    """eq-conv-groups-gradients, the second; eq-conv-dx with one group. `turned` is a mistake."""
    dx, per, G = np.zeros((N, C, H, W)), K.shape[1], case.groups
    for n, channel, i, j in np.ndindex(dx.shape):
        k, c = divmod(channel, per)
        for f in range(k * len(K) // G, (k + 1) * len(K) // G):
            for u, v, r, s in np.ndindex(*dy.shape[2:], R, S):
                if case.pixel(u, v, r, s) == (i, j):
                    weight = K[f, c, R - 1 - r, S - 1 - s] if turned else K[f, c, r, s]
                    dx[n, channel, i, j] += dy[n, f, u, v] * weight
    return dx


@pytest.mark.parametrize("case", CASES, ids=str)
@proves("eq-conv-forward", "eq-conv-pixel", "eq-conv-groups")
def test_every_output_is_the_printed_sum(case: Case) -> None:
    x, K, b = operands(case)
    y = forward(x, K, b, case)
    assert np.allclose(y, ops.conv2d_forward(x, K, b, *case.options)[0])
    assert np.allclose(y, plain.conv2d_forward(x, K, b, *case.options)[0])


@pytest.mark.parametrize("case", CASES, ids=str)
@proves("eq-conv-dw", "eq-conv-db", "eq-conv-dx", "eq-conv-groups-gradients")
def test_the_gradients_are_the_printed_sums(case: Case) -> None:
    x, K, b = operands(case)
    y, cache = ops.conv2d_forward(x, K, b, *case.options)
    dy = normal(*y.shape, seed=1)
    dx, dW, db = ops.conv2d_backward(dy, cache)
    assert np.allclose(weights_gradient(x, dy, K, case), dW)
    assert np.allclose([sum(dy[:, f].ravel()) for f in range(len(K))], db)
    assert np.allclose(image_gradient(dy, K, case), dx)


@pytest.mark.parametrize("case", [Case(sh=2, sw=3, p=1), Case(d=2, groups=2)], ids=str)
def test_the_printed_gradients_are_derivatives_of_the_printed_sum(case: Case) -> None:
    x, K, b = operands(case)
    dy = normal(N, len(K), *case.size(), seed=1)
    numerical = numerical_gradient(lambda K: forward(x, K, b, case), K, dy)
    assert np.allclose(weights_gradient(x, dy, K, case), numerical, atol=1e-6)
    one = np.zeros_like(x)
    one[1, 2, 3, 4] = 1e-3
    slope = (forward(x + one, K, b, case) - forward(x - one, K, b, case)) / 2e-3
    assert np.isclose((slope * dy).sum(), image_gradient(dy, K, case)[1, 2, 3, 4])


def test_a_kernel_turned_in_the_gradient_is_found() -> None:
    case = Case(sh=2, p=1)
    x, K, b = operands(case)
    y, cache = ops.conv2d_forward(x, K, b, *case.options)
    dy = normal(*y.shape, seed=1)
    with pytest.raises(AssertionError):
        assert np.allclose(
            image_gradient(dy, K, case, turned=True), ops.conv2d_backward(dy, cache)[0]
        )


@proves("eq-conv-size")
def test_the_formula_counts_the_places_where_the_kernel_fits() -> None:
    for h, r, s, d, p in itertools.product(range(1, 9), (1, 2, 3), (1, 2, 3), (1, 2), (0, 1, 2)):
        places = [u for u in range(0, h + 2 * p, s) if u + d * (r - 1) <= h + 2 * p - 1]
        if places:
            assert len(places) == (h + 2 * p - d * (r - 1) - 1) // s + 1
            assert ops.geometry(r, s, p, d).output_size(h, h)[0] == len(places)


def patches(x: np.ndarray, case: Case) -> np.ndarray:
    """P of eq-conv-patches."""
    U, V = case.size()
    P = np.empty((N, U, V, C, R, S))
    for n, u, v, c, r, s in np.ndindex(P.shape):
        P[n, u, v, c, r, s] = at(x, n, c, *case.pixel(u, v, r, s))
    return P.reshape(N * U * V, C * R * S)


@pytest.mark.parametrize("case", PLAIN, ids=str)
@proves("eq-conv-patches", "eq-conv-matrix", "eq-conv-matrix-gradients", "eq-conv-fold")
def test_a_convolution_is_a_dense_layer_in_its_patches(case: Case) -> None:
    x, K, b = operands(case)
    y, cache = ops.conv2d_forward(x, K, b, *case.options)
    dy = normal(*y.shape, seed=1)
    dx, dW, db = ops.conv2d_backward(dy, cache)
    P, columns = patches(x, case), K.reshape(F, -1).T
    dY = dy.transpose(0, 2, 3, 1).reshape(-1, F)
    assert np.allclose(P @ columns + b, y.transpose(0, 2, 3, 1).reshape(-1, F))
    assert np.allclose(P.T @ dY, dW.reshape(F, -1).T)  # a filter a column
    assert np.allclose(sum(dY), db)
    dP = (dY @ columns.T).reshape(N, *y.shape[2:], C, R, S)
    folded = np.zeros_like(x)
    for n, u, v, c, r, s in np.ndindex(dP.shape):
        i, j = case.pixel(u, v, r, s)
        if 0 <= i < H and 0 <= j < W:
            folded[n, c, i, j] += dP[n, u, v, c, r, s]
    assert np.allclose(folded, dx)
    g = ops.geometry((R, S), (case.sh, case.sw), case.p, case.d)
    taken = ops.extract_patches(ops.batch_last(x, g.padding), g)  # (C, R, S, U, V, N)
    assert (taken.transpose(5, 3, 4, 0, 1, 2).reshape(P.shape) == P).all()


@proves("eq-conv-adjoint")
def test_fold_is_the_transpose_of_extraction() -> None:
    for case in PLAIN:
        g = ops.geometry((R, S), (case.sh, case.sw), 0, case.d)
        x = normal(C, H, W, N)
        a = normal(*ops.extract_patches(x, g).shape)
        left, right = (ops.extract_patches(x, g) * a).sum(), (x * ops.fold_patches(a, x.shape, g))
        assert np.isclose(left, right.sum(), rtol=1e-12)
        E = np.array([ops.extract_patches(e.reshape(x.shape), g).ravel() for e in np.eye(x.size)])
        assert np.allclose(E @ a.ravel(), ops.fold_patches(a, x.shape, g).ravel())


def spread(dy: np.ndarray, zeros: tuple[int, int]) -> np.ndarray:
    """eq-conv-spread: D, with so many zeros between, which is 0 elsewhere (see `at`)."""
    (rows, columns), (U, V) = zeros, dy.shape[2:]
    D = np.zeros((*dy.shape[:2], (U - 1) * (rows + 1) + 1, (V - 1) * (columns + 1) + 1))
    for n, f, u, v in np.ndindex(dy.shape):
        D[n, f, u * (rows + 1), v * (columns + 1)] = dy[n, f, u, v]
    return D


def dx_as_convolution(
    dy: np.ndarray, K: np.ndarray, case: Case, zeros: tuple[int, int]
) -> np.ndarray:
    """eq-conv-turned and eq-conv-dx-conv."""
    D, dx = spread(dy, zeros), np.zeros((N, C, H, W))
    turned = np.empty((C, len(K), R, S))
    for c, f, r, s in np.ndindex(turned.shape):
        turned[c, f, r, s] = K[f, c, R - 1 - r, S - 1 - s]
    for n, c, i, j in np.ndindex(dx.shape):
        for f, r, s in np.ndindex(len(K), R, S):
            i2 = i + r * case.d - ((R - 1) * case.d - case.p)
            j2 = j + s * case.d - ((S - 1) * case.d - case.p)
            dx[n, c, i, j] += at(D, n, f, i2, j2) * turned[c, f, r, s]
    return dx


@pytest.mark.parametrize("case", PLAIN, ids=str)
@proves("eq-conv-spread", "eq-conv-turned", "eq-conv-dx-conv")
def test_dx_is_a_convolution_of_dy_with_padding_stride_and_dilation(case: Case) -> None:
    x, K, b = operands(case)
    y, cache = ops.conv2d_forward(x, K, b, *case.options)
    dy = normal(*y.shape, seed=1)
    dx = ops.conv2d_backward(dy, cache)[0]
    assert np.allclose(dx_as_convolution(dy, K, case, (case.sh - 1, case.sw - 1)), dx)


def test_zeros_by_the_kernel_instead_of_the_stride_are_found() -> None:
    for case in PLAIN:
        if (case.sh, case.sw) == (R, S):
            continue
        x, K, b = operands(case)
        y, cache = ops.conv2d_forward(x, K, b, *case.options)
        dy = normal(*y.shape, seed=1)
        with pytest.raises(AssertionError):
            assert np.allclose(
                dx_as_convolution(dy, K, case, (R - 1, S - 1)), ops.conv2d_backward(dy, cache)[0]
            )


@proves("eq-conv-unused")
def test_the_unused_rows_are_those_that_no_window_reads() -> None:
    for h, r, s, d, p in itertools.product(range(1, 10), (1, 2, 3), (1, 2, 3, 4), (1, 2), (0, 1)):
        if h + 2 * p < d * (r - 1) + 1:
            continue
        last = (ops.geometry(r, s, p, d).output_size(h, h)[0] - 1) * s + d * (r - 1)
        assert h + 2 * p - 1 - last == (h + 2 * p - d * (r - 1) - 1) % s
        # with these rows below D, the convolution has the size of the padded image
        rows = (last - d * (r - 1)) + 1 + (h + 2 * p - 1 - last) + 2 * d * (r - 1)
        assert rows - d * (r - 1) == h + 2 * p


@proves("eq-conv-scalar", "eq-conv-scalar-dw", "eq-conv-scalar-dx")
def test_two_outputs_of_two_weights_derived_by_sympy() -> None:
    x, w, d = sp.symbols("x:3"), sp.symbols("w:2"), sp.symbols("dy:2")
    y = x[0] * w[0] + x[1] * w[1], x[1] * w[0] + x[2] * w[1]
    loss = d[0] * y[0] + d[1] * y[1]  # its derivative by y is dy
    assert sp.expand(loss.diff(w[0]) - (x[0] * d[0] + x[1] * d[1])) == 0
    assert sp.expand(loss.diff(x[1]) - (d[0] * w[1] + d[1] * w[0])) == 0
    assert sp.expand(loss.diff(x[1]) - (d[0] * w[0] + d[1] * w[1])) != 0  # not the other way
    image, kernel = np.array([3.0, 5, 7]), np.array([2.0, -1])
    found = ops.conv2d_forward(image.reshape(1, 1, 1, 3), kernel.reshape(1, 1, 1, 2))[0].ravel()
    values = dict(zip(x + w, [*image, *kernel], strict=True))
    assert [float(one.subs(values)) for one in y] == found.tolist()


@proves("eq-conv-hand-dx")
def test_four_boxes_add_up_to_the_gradient_by_hand() -> None:
    K, dy, total = np.array([[1.0, 2], [3, -1]]), [1, -1, 2, 1], np.zeros((3, 3))
    for (u, v), factor in zip(np.ndindex(2, 2), dy, strict=True):
        total[u : u + 2, v : v + 2] += factor * K
    assert (total == [[1, 1, -2], [5, 1, 3], [6, 1, -1]]).all()
    x = np.array([[1.0, 0, 2], [3, 1, 0], [0, 2, 1]])[None, None]
    _, cache = ops.conv2d_forward(x, K[None, None])
    given = np.array(dy, dtype=float).reshape(1, 1, 2, 2)
    assert (ops.conv2d_backward(given, cache)[0] == total).all()


@proves("eq-conv-sobel")
def test_sobel_is_a_mean_times_a_difference() -> None:
    column, row = sp.Matrix([1, 2, 1]), sp.Matrix([[-1, 0, 1]])
    printed = sp.Matrix([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    assert column * row == printed
    i, j = np.mgrid[:6, :6].astype(float)
    kernels = np.array([[printed.tolist()], [printed.T.tolist()]], dtype=float)
    across, down = ops.conv2d_forward(j[None, None], kernels)[0][0]
    assert (across == 8).all()
    assert (down == 0).all()
    across, down = ops.conv2d_forward(i[None, None], kernels)[0][0]
    assert (across == 0).all()
    assert (down == 8).all()


@pytest.mark.parametrize("case", PLAIN, ids=str)
@pytest.mark.parametrize(("a", "b"), [(1, 0), (0, 1), (1, 2)])
@proves("eq-conv-equivariance")
def test_an_image_that_moves_takes_its_answer_along(case: Case, a: int, b: int) -> None:
    x, K, bias = normal(N, C, 14, 15), normal(F, C, R, S), normal(F)
    down, right = a * case.sh, b * case.sw
    moved = np.zeros_like(x)
    moved[:, :, down:, right:] = x[:, :, : 14 - down, : 15 - right]
    y, z = (ops.conv2d_forward(image, K, bias, *case.options)[0] for image in (x, moved))
    holds = 0
    for u, v in itertools.product(range(a, y.shape[2]), range(b, y.shape[3])):
        i, j = case.pixel(u, v, R - 1, S - 1)
        if i < 14 and j < 15:  # the window does not reach into the padding below or right
            assert np.allclose(z[:, :, u, v], y[:, :, u - a, v - b])
            holds += 1
    assert holds > 4


def test_a_move_by_less_than_the_stride_is_none_of_the_output() -> None:
    x, K = normal(1, 1, 9, 9), normal(1, 1, 3, 3)
    moved = np.zeros_like(x)
    moved[..., 1:, :] = x[..., :-1, :]
    y, z = (ops.conv2d_forward(image, K, stride=2)[0] for image in (x, moved))
    with pytest.raises(AssertionError):
        assert np.allclose(z[..., 1:, :], y[..., :-1, :])


@pytest.mark.parametrize(
    "layers",
    [[(3, 1, 1)] * 3, [(3, 2, 1), (3, 1, 1), (3, 2, 2)], [(2, 2, 1), (3, 1, 3)], [(5, 3, 1)]],
)
@proves("eq-conv-receptive")
def test_the_recursion_counts_the_pixels_that_a_gradient_reaches(
    layers: list[tuple[int, int, int]],
) -> None:
    y, caches, field, jump = np.zeros((1, 1, 1, 60)), [], 1, 1
    for kernel, stride, dilation in layers:
        K = np.ones((1, 1, 1, kernel))
        y, cache = ops.conv2d_forward(y, K, None, (1, stride), 0, (1, dilation))
        caches.append(cache)
        field, jump = field + (kernel - 1) * dilation * jump, jump * stride
    two = []
    for place in (3, 4):
        dx = np.zeros_like(y)
        dx[..., place] = 1
        for cache in reversed(caches):
            dx = ops.conv2d_backward(dx, cache)[0]
        two.append(dx.ravel().nonzero()[0])
    assert np.ptp(two[0]) + 1 == field
    assert two[1][0] - two[0][0] == jump


@proves("eq-conv-pointwise")
def test_a_kernel_of_one_pixel_is_a_dense_layer_on_the_channels() -> None:
    x, K, b = normal(N, C, 3, 4), normal(F, C, 1, 1), normal(F)
    y = np.empty((N, F, 3, 4))
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = b[f] + sum(x[n, c, i, j] * K[f, c, 0, 0] for c in range(C))
    assert np.allclose(y, ops.conv2d_forward(x, K, b)[0])


TRANSPOSED = [Case(), Case(sh=2, sw=3), Case(sh=2, sw=2, p=1), Case(sh=3, d=2, p=1)]


@pytest.mark.parametrize("case", TRANSPOSED, ids=str)
@proves(
    "eq-conv-transpose",
    "eq-conv-transpose-size",
    "eq-conv-transpose-dx",
    "eq-conv-transpose-dw",
    "eq-conv-transpose-adjoint",
)
def test_the_transposed_convolution_its_size_and_its_gradients(case: Case) -> None:
    U, V, extra = 4, 3, (case.sh - 1, case.sw - 1)
    x, K, b = normal(N, C, U, V), normal(C, F, R, S), normal(F)
    y, cache = ops.conv_transpose2d_forward(x, K, b, (case.sh, case.sw), case.p, case.d, extra)
    height = (U - 1) * case.sh + case.d * (R - 1) + 1 - 2 * case.p + extra[0]
    width = (V - 1) * case.sw + case.d * (S - 1) + 1 - 2 * case.p + extra[1]
    assert y.shape == (N, F, height, width)
    assert case.size(height, width) == (U, V)  # of an image this large it is the transpose

    dy, expected = normal(*y.shape, seed=1), np.zeros_like(y)
    dx, dW = np.zeros_like(x), np.zeros_like(K)
    expected += b[:, None, None]
    for n, c, u, v, f, r, s in np.ndindex(N, C, U, V, F, R, S):
        i, j = case.pixel(u, v, r, s)
        if 0 <= i < height and 0 <= j < width:
            expected[n, f, i, j] += x[n, c, u, v] * K[c, f, r, s]
            dx[n, c, u, v] += dy[n, f, i, j] * K[c, f, r, s]
            dW[c, f, r, s] += x[n, c, u, v] * dy[n, f, i, j]
    found = ops.conv_transpose2d_backward(dy, cache)
    assert np.allclose(expected, y)
    for printed, one in zip((dx, dW, dy.sum(axis=(0, 2, 3))), found, strict=True):
        assert np.allclose(printed, one)

    a, back = normal(*y.shape, seed=2), y - b[:, None, None]
    there = ops.conv2d_forward(a, K, None, (case.sh, case.sw), case.p, case.d)[0]
    assert np.isclose((there * x).sum(), (a * back).sum())


@proves("eq-conv-memory")
def test_the_batch_lies_innermost() -> None:
    x = np.arange(N * C * H * W).reshape(N, C, H, W)
    memory = ops.batch_last(x).ravel()
    for n, c, i, j in np.ndindex(x.shape):
        assert memory[((c * H + i) * W + j) * N + n] == x[n, c, i, j]
    assert (ops.batch_first(ops.batch_last(x)) == x).all()


@proves("eq-conv-true")
def test_the_convolution_of_mathematics_turns_the_kernel_and_ours_does_not() -> None:
    x, w = normal(7), normal(3)
    true = [sum(x[u - r] * w[r] for r in range(3)) for u in range(2, 7)]
    cross = [sum(x[u + r] * w[r] for r in range(3)) for u in range(5)]
    assert np.allclose(true, np.convolve(x, w, mode="valid"))
    ours = ops.conv2d_forward(x.reshape(1, 1, 1, 7), w.reshape(1, 1, 1, 3))[0].ravel()
    assert np.allclose(cross, ours)
    assert not np.allclose(true, ours)
