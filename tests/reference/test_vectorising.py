"""Every version on the way to one matrix product computes the same layer and the same gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_nn import ops
from course_nn.gradcheck import assert_vjp, check_vjp
from course_nn.reference import vectorising
from course_nn.reference.windows import Windows

MODES = [(1, 0, 1), (2, 1, 1), ((1, 2), ((0, 1), (2, 0)), (2, 1)), (3, 0, 2)]


def normal(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def assert_same(found: Any, expected: Any) -> None:
    for f, e in zip(found, expected, strict=True):
        assert np.shape(f) == e.shape
        np.testing.assert_allclose(f, e, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("version", vectorising.DENSE, ids=lambda version: version.name)
@pytest.mark.parametrize("count", [1, 5])
def test_dense(version: vectorising.Version, count: int) -> None:
    x, W, b, dy = normal(count, (count, 4), (4, 3), (3,), (count, 3))
    y, fast = ops.dense_forward(x, W, b)
    found, cache = version.forward(*map(version.convert, (x, W, b)))
    assert_same([found], [y])
    assert_same(version.backward(version.convert(dy), cache), ops.dense_backward(dy, fast))


@pytest.mark.parametrize("version", vectorising.CONV, ids=lambda version: version.name)
@pytest.mark.parametrize("mode", MODES)
def test_convolution(version: vectorising.Version, mode: tuple) -> None:
    x, W, b = normal(1, (2, 3, 7, 8), (4, 3, 3, 2), (4,))
    y, fast = ops.conv2d_forward(x, W, b, *mode)
    (dy,) = normal(2, y.shape)
    found, cache = version.forward(*map(version.convert, (x, W, b)), *mode)
    assert_same([found], [y])
    assert_same(version.backward(version.convert(dy), cache), ops.conv2d_backward(dy, fast))


@pytest.mark.parametrize("version", vectorising.CONV[1:], ids=lambda version: version.name)
def test_the_judge(version: vectorising.Version) -> None:
    arrays = normal(3, (2, 2, 5, 4), (2, 2, 2, 2), (2,))
    assert_vjp(lambda x, W, b: version.forward(x, W, b, 2, 1), version.backward, *arrays)

    def wrong(dy: np.ndarray, cache: Any) -> tuple:
        dx, dW, db = version.backward(dy, cache)
        return dx, dW[..., ::-1], db

    assert not check_vjp(lambda x, W, b: version.forward(x, W, b, 2, 1), wrong, *arrays).passed


@pytest.mark.parametrize(
    "version", vectorising.DENSE + vectorising.CONV, ids=lambda version: version.name
)
def test_dtype_is_kept_and_arguments_are_left(version: vectorising.Version) -> None:
    shapes = (
        ((2, 4), (4, 3), (3,))
        if version in vectorising.DENSE
        else ((2, 1, 4, 4), (2, 1, 3, 3), (2,))
    )
    arrays = [a.astype(np.float32) for a in normal(4, *shapes)]
    before = [a.copy() for a in arrays]
    y, cache = version.forward(*map(version.convert, arrays))
    results = (y, *version.backward(y, cache))
    assert all((a == kept).all() for a, kept in zip(arrays, before, strict=True))
    if version.convert is np.asarray:
        assert {a.dtype for a in results} == {np.dtype(np.float32)}


@pytest.mark.parametrize("mode", MODES)
def test_fold_is_the_adjoint_of_patches(mode: tuple) -> None:
    windows = Windows.of((3, 2), *mode)._replace(padding=((0, 0), (0, 0)))
    (x,) = normal(5, (2, 3, 7, 8))
    rows = vectorising.patches(x, windows)
    (u,) = normal(6, rows.shape)
    assert (rows * u).sum() == pytest.approx(
        (x * vectorising.fold(u, x.shape, windows)).sum(), rel=1e-12
    )


def test_names_stand_once() -> None:
    names = [version.name for version in vectorising.DENSE + vectorising.CONV]
    assert len(set(names)) == len(names)
