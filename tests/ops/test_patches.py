"""Images in memory and their patches: each map and its adjoint."""

import numpy as np
import pytest
from contract import normal, seeds, windows
from hypothesis import given
from hypothesis import strategies as st

from course_nn import ops
from course_nn.ops.patches import ROW_GAP, block_size, columns_of, fold_columns


@given(windows(), seeds)
def test_patches_and_fold_are_adjoint(window, seed: int) -> None:
    g, (N, C, H, W) = window
    g, shape = g.unpadded(), (C, H + sum(g.padding[0]), W + sum(g.padding[1]), N)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    columns = ops.extract_patches(x, g)
    u = rng.standard_normal(columns.shape)
    back = ops.fold_patches(u, shape, g)
    assert back.shape == shape
    assert (columns * u).sum() == pytest.approx((x * back).sum(), rel=1e-10, abs=1e-10)


@given(windows(), seeds)
def test_batch_last_and_batch_first_are_adjoint(window, seed: int) -> None:
    g, shape = window
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    padded = ops.batch_last(x, g.padding)
    u = rng.standard_normal(padded.shape)
    back = ops.batch_first(u, g.padding)
    assert back.shape == shape
    assert (padded * u).sum() == pytest.approx((x * back).sum(), rel=1e-10, abs=1e-10)
    np.testing.assert_array_equal(ops.batch_first(padded, g.padding), x)


# -- rows of patches


@given(windows(), seeds, st.integers(1, 2))
def test_columns_are_the_patches_row_by_row(window, seed: int, groups: int) -> None:
    g, (N, C, H, W) = window
    x = np.random.default_rng(seed).standard_normal(
        (C * groups, H + sum(g.padding[0]), W + sum(g.padding[1]), N)
    )
    patches = ops.extract_patches(x, g)  # (GC, R, S, OH, OW, N)
    _, R, S, OH, OW, _ = patches.shape
    expected = patches.reshape(groups, C, R, S, OH, OW * N).transpose(0, 4, 2, 1, 3, 5)
    for block in (N * b for b in range(1, OW + 1) if OW % b == 0):
        columns = columns_of(x, g, groups, block)
        assert columns.shape == (groups, OH, OW * N // block, R * C * S, block)
        whole = columns.swapaxes(2, 3).reshape(groups, OH, R * C * S, OW * N)
        np.testing.assert_array_equal(whole, expected.reshape(whole.shape))


@given(windows(), seeds, st.integers(1, 2))
def test_columns_and_their_fold_are_adjoint(window, seed: int, groups: int) -> None:
    g, (N, C, H, W) = window
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((C * groups, H + sum(g.padding[0]), W + sum(g.padding[1]), N))
    _, OW = g.unpadded().output_size(*x.shape[1:3])
    columns, back = columns_of(x, g, groups, OW * N), np.zeros_like(x)
    u = rng.standard_normal(columns.shape)
    fold_columns(back, u, g, groups, OW)
    assert (columns * u).sum() == pytest.approx((x * back).sum(), rel=1e-10, abs=1e-10)


def test_without_dilation_rows_are_copied_once() -> None:
    x = normal(1, 2, 9, 8, 3)
    for dilation, copies in ((1, 1), (2, 3)):
        g = ops.geometry((3, 2), dilation=(dilation, 1))
        columns = columns_of(x, g, 1, 7 * 3)
        owner = columns
        while owner.base is not None:
            owner = owner.base
        rows, gap = (9, ROW_GAP) if copies == 1 else (g.output_size(9, 8)[0] * 3, 0)
        assert owner.size == rows * 2 * 2 * (7 * 3 + gap)


@pytest.mark.parametrize(
    ("filters", "weights", "OW", "N", "size"),
    [(16, 144, 32, 32, 256), (64, 576, 32, 16, 512), (6, 25, 28, 64, 28 * 64), (16, 144, 7, 0, 0)],
    ids=["few filters", "many filters", "a small product", "an empty batch"],
)
def test_few_filters_get_small_products(filters, weights, OW, N, size) -> None:
    assert block_size(filters, weights, OW, N) == size
