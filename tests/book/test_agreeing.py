"""Agreeing with PyTorch and Keras: what the chapter says of the order, the names, the rounding."""

import numpy as np
import pytest
import sympy as sp

from course_nn import layers, ops, page, plain

from .proving import proves

C, H, W_IN, M = 3, 4, 5, 2  # all different, so that no two axes can be taken for each other


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@proves("eq-agree-linear")
def test_a_dense_layer_of_rows_is_ours_transposed() -> None:
    x, W, b = normal(0, 4, 3), normal(1, 3, 2), normal(2, 2)
    A = np.array([[W[d, m] for d in range(3)] for m in range(2)])
    ours, _ = ops.dense_forward(x, W, b)
    np.testing.assert_allclose(x @ A.T + b, ours)
    with pytest.raises(AssertionError):  # the numbers in the order of memory
        np.testing.assert_allclose(x @ W.reshape(2, 3).T + b, ours)


@proves("eq-agree-kernel")
def test_a_convolution_channels_last_takes_the_kernel_filters_last() -> None:
    x, W = normal(0, 2, C, 6, 7), normal(1, 4, C, 2, 3)
    K = np.empty((2, 3, C, 4))
    for f, c, r, s in np.ndindex(W.shape):
        K[r, s, c, f] = W[f, c, r, s]
    images, (R, S) = np.moveaxis(x, 1, -1), K.shape[:2]
    y = np.zeros((2, 5, 5, 4))
    for i, j in np.ndindex(5, 5):
        y[:, i, j] = np.einsum("nrsc,rscf->nf", images[:, i : i + R, j : j + S], K)
    ours, _ = ops.conv2d_forward(x, W)
    np.testing.assert_allclose(np.moveaxis(y, -1, 1), ours)


@proves("eq-agree-places", "eq-agree-rows")
def test_rows_that_move_with_their_places_give_the_same_scores() -> None:
    maps, W = normal(0, 6, C, H, W_IN), normal(1, C * H * W_IN, M)
    first, _ = ops.flatten_forward(maps)
    last = np.moveaxis(maps, 1, -1).reshape(6, -1)
    moved = np.empty_like(W)
    for c, i, j in np.ndindex(C, H, W_IN):
        d, d_last = (c * H + i) * W_IN + j, (i * W_IN + j) * C + c
        assert (first[:, d] == maps[:, c, i, j]).all()
        assert (last[:, d_last] == maps[:, c, i, j]).all()
        moved[d_last] = W[d]
    np.testing.assert_allclose(last @ moved, first @ W)
    with pytest.raises(AssertionError):  # rows left where they were
        np.testing.assert_allclose(last @ W, first @ W)


@proves("eq-agree-momentum", "eq-agree-variance")
def test_a_batch_norm_moves_its_statistics_as_printed() -> None:
    layer, x = layers.BatchNorm(momentum=0.3), normal(0, 8, 2)
    layer.build((2,), rng=np.random.default_rng(0), dtype="float64")
    before = {name: array.copy() for name, array in layer.state.items()}
    layer.forward(x, train=True)
    m, alpha = len(x), 0.3
    statistics = {"running_mean": x.mean(axis=0), "running_var": m / (m - 1) * x.var(axis=0)}
    for name, s in statistics.items():
        np.testing.assert_allclose(layer.state[name], (1 - alpha) * before[name] + alpha * s)
    with pytest.raises(AssertionError):  # Keras's momentum taken over unchanged
        np.testing.assert_allclose(layer.state["running_mean"], (1 - alpha) * x.mean(axis=0))


def test_a_running_statistic_forgets_its_start_geometrically() -> None:
    rho, s, alpha = sp.symbols("rho s alpha")
    after = rho
    for _ in range(4):
        after = (1 - alpha) * after + alpha * s
    assert sp.expand(after - (s + (1 - alpha) ** 4 * (rho - s))) == 0


@proves("eq-agree-same")
@pytest.mark.parametrize("size", [5, 6, 7, 8])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_same_pads_by_the_printed_formula(size: int, stride: int, kernel: int) -> None:
    x, W = normal(0, 1, 1, 1, size), normal(1, 1, 1, 1, kernel)
    P = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    padding = ((0, 0), (P // 2, P - P // 2))
    layer = layers.Conv2D(1, (1, kernel), stride=(1, stride), padding="same", bias=False)
    layer.build((1, 1, size), rng=np.random.default_rng(0), dtype="float64")
    layer.params["W"][...] = W
    found = layer.forward(x)
    expected, _ = plain.conv2d_forward(x, W, stride=(1, stride), padding=padding)
    np.testing.assert_allclose(found, expected)
    if P % 2:  # the odd zero in front
        turned, _ = plain.conv2d_forward(
            x, W, stride=(1, stride), padding=((0, 0), (P - P // 2, P // 2))
        )
        assert not np.allclose(found, turned)


@proves("eq-agree-rounding")
def test_a_sum_in_any_order_is_within_the_bound() -> None:
    rng, u = np.random.default_rng(0), np.finfo(np.float32).eps / 2
    for D in (2, 30, 1000):
        for _ in range(20):
            a = rng.permutation(rng.standard_normal(D) * 10.0 ** rng.integers(-3, 4, D))
            a = a.astype(np.float32)
            error = abs(float(np.add.accumulate(a)[-1]) - float(a.astype(float).sum()))
            bound = (D - 1) * u * float(np.abs(a.astype(float)).sum())
            assert error <= 1.01 * bound
    tight = np.float32(1) + np.float32(u)  # half of the last place is lost: the bound is reached
    assert abs(float(tight) - (1 + float(u))) == pytest.approx(float(u))


def test_the_record_shows_agreement_up_to_rounding() -> None:
    record = page.record("agreement")
    for row in record["predictions"]:
        assert row["classes"] == 0
        assert row["theirs_from_exact"] < 10 * row["ours_from_exact"]
        assert row["ours_from_exact"] < 10 * row["theirs_from_exact"]
    assert all(row["double"] < 1e-11 for row in record["gradients"] if row["size"] > 1e-10)
