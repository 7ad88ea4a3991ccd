"""The equations of the chapter on speed: each as it is printed, against the code or SymPy."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
import sympy as sp

from course_nn import gradcheck, ops, page
from course_nn.ops import patches
from course_nn.ops.geometry import Geometry

from .proving import proves

N, C, H, W, R, S = 2, 3, 9, 10, 3, 2
GEOMETRIES = [
    ops.geometry((R, S), stride=stride, dilation=dilation)
    for stride, dilation in product([(1, 1), (2, 1), (1, 3)], [1, 2])
]


def image() -> np.ndarray:
    """(N, C, H, W), numbers that all differ."""
    return np.random.default_rng(0).permutation(N * C * H * W).reshape(N, C, H, W) / 7.0


def output_size(g: Geometry) -> tuple[int, int]:
    (s_h, s_w), (d, _) = g.stride, g.dilation
    return (H - (R - 1) * d - 1) // s_h + 1, (W - (S - 1) * d - 1) // s_w + 1


def rows_of(x: np.ndarray, g: Geometry) -> np.ndarray:
    """eq-speed-rows."""
    V, s_w, d = output_size(g)[1], g.stride[1], g.dilation[1]
    P = np.empty((H, C, S, V, N))
    for h, c, s, v, n in np.ndindex(P.shape):
        P[h, c, s, v, n] = x[n, c, h, v * s_w + s * d]
    return P


def pile(P: np.ndarray, u: int, g: Geometry, step: int | None = None) -> np.ndarray:
    """eq-speed-piles, the matrix of output row u; `step` in the place of the stride breaks it."""
    s_h, d = g.stride[0] if step is None else step, g.dilation[0]
    V = P.shape[3]
    X = np.empty((R * C * S, V * N))
    for r, c, s, v, n in np.ndindex(R, C, S, V, N):
        X[(r * C + c) * S + s, v * N + n] = P[u * s_h + r * d, c, s, v, n]
    return X


@pytest.mark.parametrize("g", GEOMETRIES)
@proves("eq-speed-rows", "eq-speed-piles")
def test_rows_copied_once_are_the_patches_of_every_output_row(g: Geometry) -> None:
    x = image()
    P, (U, V) = rows_of(x, g), output_size(g)
    assert (patches.row_windows(patches.batch_last(x), g)[0] == P).all()
    columns = patches.columns_of(patches.batch_last(x), g, 1, V * N)
    X = ops.extract_patches(patches.batch_last(x), g)  # (C, R, S, U, V, N)
    assert columns.shape[1] == U
    for u in range(U):
        printed = pile(P, u, g)
        assert (printed == columns[0, u, 0]).all()
        assert (printed == X[:, :, :, u].swapaxes(0, 1).reshape(R * C * S, V * N)).all()


def test_piles_a_row_further_on_than_the_stride_are_found_wrong() -> None:
    g = GEOMETRIES[2]
    assert g.stride[0] == 2
    columns = patches.columns_of(patches.batch_last(image()), g, 1, output_size(g)[1] * N)
    with pytest.raises(AssertionError):
        assert (pile(rows_of(image(), g), 1, g, step=1) == columns[0, 1, 0]).all()


@pytest.mark.parametrize("g", GEOMETRIES)
def test_folding_is_the_adjoint_of_making_columns(g: Geometry) -> None:
    x, V = patches.batch_last(image()), output_size(g)[1]
    there = patches.columns_of(x, g, 1, V * N)
    u = np.random.default_rng(1).standard_normal(there.shape)
    back = np.zeros_like(x)
    patches.fold_columns(back, u, g, 1, V)
    assert np.isclose((there * u).sum(), (x * back).sum())


@pytest.mark.parametrize("g", GEOMETRIES)
@proves("eq-speed-strip")
def test_a_strip_has_as_many_rows_as_its_bytes_hold(
    g: Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, (U, V) = patches.batch_last(image().astype(np.float32)), output_size(g)
    row = 4 * C * S * V * N
    for B in (row * k + k for k in range(1, 12)):
        monkeypatch.setattr(patches, "PATCH_BYTES", B)
        R_hat = (R - 1) * g.dilation[0] + 1
        printed = (B // (4 * C * S * V * N) - R_hat) // g.stride[0] + 1
        found = list(patches.strips(x, g, U, V))
        assert found[0][0].stop == min(max(printed, 2), U)
        for _, under in found:  # the copied rows fit, unless two output rows do not
            assert (under.stop - under.start) * row <= B or printed < 2
        assert [u for out, _ in found for u in range(out.start, out.stop)] == list(range(U))


@proves("eq-speed-operations")
def test_the_operations_are_those_of_the_products_that_a_step_makes() -> None:
    def product_of(n: int, d: int, m: int) -> int:
        """The multiplications of an (n, d) and a (d, m) matrix, counted one by one."""
        return sum(1 for _ in product(range(n), range(m), range(d)))

    n, sizes = 5, [4, 3, 2, 6]
    counted = 0
    for layer, (d, m) in enumerate(pairwise(sizes)):
        counted += product_of(n, d, m)  # y = x W
        counted += product_of(d, n, m)  # dW = xᵀ dy
        counted += product_of(n, m, d) if layer else 0  # dx = dy Wᵀ, not for the first
    P = [n * d * m for d, m in pairwise(sizes)]
    assert 2 * counted == 2 * (3 * sum(P) - P[0])


@proves("eq-speed-floor")
def test_the_floor_of_the_record_is_products_plus_bytes() -> None:
    for result in page.record("bench")["step"]:
        rates = result["rates"]
        for row in result["networks"]:
            products = row["operations"] / rates["sgemm"]

            moved = row["bytes"] / rates["copy"]
            assert math.isclose(row["floor_s"], products + moved, rel_tol=1e-9)


def merged(parts: list[np.ndarray], between: bool = True) -> tuple[float, float]:
    """eq-speed-merge-mean and eq-speed-merge; without `between` the second term is forgotten."""
    w = [len(part) / sum(map(len, parts)) for part in parts]
    mu = sum(w[k] * parts[k].mean() for k in range(len(parts)))
    var = sum(
        w[k] * (parts[k].var() + between * (parts[k].mean() - mu) ** 2) for k in range(len(parts))
    )
    return mu, var


@proves("eq-speed-merge-mean", "eq-speed-merge")
def test_the_moments_of_slices_merge_to_those_of_the_batch() -> None:
    rng = np.random.default_rng(3)
    parts = [rng.standard_normal(m) + m for m in (5, 1, 3)]
    whole = np.concatenate(parts)
    assert np.allclose(merged(parts), (whole.mean(), whole.var()))
    mean, var, count = ops.merge_moments([ops.moments(part[:, None]) for part in parts])
    assert np.allclose(merged(parts), (mean.item(), var.item()))
    assert count == 9
    with pytest.raises(AssertionError):
        assert np.allclose(merged(parts, between=False), (whole.mean(), whole.var()))


@proves("eq-speed-between")
def test_the_square_about_another_mean_splits_as_printed() -> None:
    x, mu = sp.symbols("x:4"), sp.Symbol("mu")
    m = len(x)
    mu_k = sum(x) / m
    left = sum((x_i - mu) ** 2 for x_i in x) / m
    middle = sum(x_i - mu_k for x_i in x) / m
    var_k = sum((x_i - mu_k) ** 2 for x_i in x) / m
    assert sp.expand(left - (var_k + 2 * (mu_k - mu) * middle + (mu_k - mu) ** 2)) == 0
    assert sp.expand(middle) == 0


def winograd(d: tuple, g: tuple, sign: int = 1) -> tuple:
    """eq-speed-winograd; with the sign −1 one of its products is wrong."""
    half = sp.Rational(1, 2)
    m = (
        (d[0] - d[2]) * g[0],
        (d[1] + d[2]) * half * (g[0] + g[1] + g[2]),
        (d[2] - d[1]) * half * (g[0] - sign * g[1] + g[2]),
        (d[1] - d[3]) * g[2],
    )
    return m[0] + m[1] + m[2], m[1] - m[2] - m[3]


@proves("eq-speed-winograd")
def test_four_products_give_two_outputs_of_a_kernel_of_three() -> None:
    d, g = sp.symbols("d:4"), sp.symbols("g:3")
    direct = [sum(d[i + k] * g[k] for k in range(3)) for i in range(2)]
    for y, right in zip(winograd(d, g), direct, strict=True):
        assert sp.expand(y - right) == 0
    with pytest.raises(AssertionError):
        assert sp.expand(winograd(d, g, sign=-1)[0] - direct[0]) == 0


def test_adding_rows_that_meet_in_one_call_is_found_by_the_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patches, "apart", lambda size, *rest: [slice(0, size)])
    with pytest.raises(AssertionError):
        test_folding_is_the_adjoint_of_making_columns(GEOMETRIES[0])
    x, w, b = image(), np.random.default_rng(4).standard_normal((2, C, R, S)), np.zeros(2)
    report = gradcheck.check_vjp(ops.conv2d_forward, ops.conv2d_backward, x, w, b)
    assert not report.passed
