"""Images in memory and their patches: each map and its adjoint."""

import numpy as np
import pytest
from contract import seeds, windows
from hypothesis import given

from course_nn import ops
from course_nn.ops.patches import rows_at_once


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


@pytest.mark.parametrize(
    ("shape", "OH", "rows"),
    [((6, 1, 5, 5), 28, 4), ((16, 6, 5, 5), 10, 2), ((64, 32, 3, 3), 24, 1), ((6, 1, 5, 5), 29, 1)],
    ids=["few filters", "more filters", "many filters", "rows that nothing divides"],
)
def test_few_filters_read_patches_for_several_rows(shape, OH: int, rows: int) -> None:
    assert rows_at_once(shape, ops.geometry(shape[2:]), OH) == rows


def test_a_dilated_kernel_is_not_made_taller() -> None:
    assert rows_at_once((6, 1, 5, 5), ops.geometry(5, dilation=(2, 1)), 28) == 1
