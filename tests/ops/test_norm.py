"""Batch norm and layer norm."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, OpContract, normal

from course_nn import ops
from course_nn.gradcheck import check_vjp


def batch_norm(*shape: int, eps: float = 1e-5, scale: float = 1.0, shift: float = 0.0) -> Case:
    C = shape[1]
    arrays = (scale * normal(1, *shape) + shift, 1 + 0.3 * normal(2, C), normal(3, C))

    def forward(x, gamma, beta):
        return ops.batch_norm_forward(x, gamma, beta, eps)

    return Case(forward, ops.batch_norm_backward, arrays)


def layer_norm(*shape: int, eps: float = 1e-5) -> Case:
    arrays = (normal(1, *shape), 1 + 0.3 * normal(2, *shape[1:]), normal(3, *shape[1:]))

    def forward(x, gamma, beta):
        return ops.layer_norm_forward(x, gamma, beta, eps)

    return Case(forward, ops.layer_norm_backward, arrays)


class TestBatchNorm(OpContract):
    cases: ClassVar = {
        "rows": batch_norm(5, 3),
        "one feature": batch_norm(5, 1),
        "images": batch_norm(3, 2, 3, 4),
        "one channel": batch_norm(3, 1, 2, 3),
        "batch of one image": batch_norm(1, 2, 3, 3),
        "large eps": batch_norm(5, 3, eps=0.1),
        "no eps": batch_norm(5, 3, eps=0.0),
        "shifted": batch_norm(5, 3, shift=3.0, scale=0.5),
    }


class TestLayerNorm(OpContract):
    cases: ClassVar = {
        "rows": layer_norm(3, 5),
        "one row": layer_norm(1, 5),
        "images": layer_norm(2, 2, 3, 2),
        "large eps": layer_norm(3, 5, eps=0.1),
    }


def reference(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(var + eps)


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 2, 5)])
def test_batch_norm_values(shape: tuple[int, ...]) -> None:
    x, gamma, beta = batch_norm(*shape).arrays
    axes = (0, *range(2, len(shape)))
    per_channel = (1, -1, *(1,) * (len(shape) - 2))
    expected = gamma.reshape(per_channel) * reference(x, axes, 1e-5) + beta.reshape(per_channel)
    np.testing.assert_allclose(ops.batch_norm_forward(x, gamma, beta)[0], expected, atol=1e-13)
    mean, var = ops.moments(x)
    np.testing.assert_allclose(mean, x.mean(axis=axes), atol=1e-15)
    np.testing.assert_allclose(var, x.var(axis=axes), rtol=1e-13)


def test_layer_norm_values() -> None:
    x, gamma, beta = layer_norm(3, 2, 4, 5).arrays
    expected = gamma * reference(x, (1, 2, 3), 1e-5) + beta
    np.testing.assert_allclose(ops.layer_norm_forward(x, gamma, beta)[0], expected, atol=1e-13)


def test_batch_norm_keeps_its_variance_far_from_zero() -> None:
    x = (1000 + normal(1, 64, 2)).astype(np.float32)
    y, _ = ops.batch_norm_forward(x, np.ones(2, np.float32), np.zeros(2, np.float32))
    np.testing.assert_allclose(y, reference(x.astype(np.float64), (0,), 1e-5), atol=2e-3)


def test_the_gradient_of_batch_norm_is_blind_to_shift_and_stretch() -> None:
    x, gamma, beta = batch_norm(6, 3, eps=0.0).arrays
    _, cache = ops.batch_norm_forward(x, gamma, beta, 0.0)
    dx, _, _ = ops.batch_norm_backward(normal(9, 6, 3), cache)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((dx * reference(x, (0,), 0.0)).sum(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 2, 2)])
def test_batch_norm_apply_takes_the_statistics_given(shape: tuple[int, ...]) -> None:
    x, mean, var = normal(1, *shape), normal(2, 3), np.abs(normal(3, 3)) + 0.5
    gamma, beta = normal(4, 3), normal(5, 3)
    y, _ = ops.batch_norm_apply(x, mean, var, gamma, beta, 1e-3)
    by_channel = np.moveaxis(x, 1, -1)
    expected = gamma * (by_channel - mean) / np.sqrt(var + 1e-3) + beta
    np.testing.assert_allclose(np.moveaxis(y, 1, -1), expected, rtol=1e-12)


def test_batch_norm_in_slices_is_batch_norm_at_once() -> None:
    x, gamma, beta = batch_norm(6, 2, 3, 3).arrays
    dy = normal(8, *x.shape)
    dx, dgamma, dbeta = ops.batch_norm_backward(dy, ops.batch_norm_forward(x, gamma, beta)[1])
    statistics, halves = ops.moments(x), (slice(0, 4), slice(4, 6))
    caches = [ops.batch_norm_apply(x[h], *statistics, gamma, beta)[1] for h in halves]
    parts = [ops.batch_norm_sums(dy[h], c) for h, c in zip(halves, caches, strict=True)]
    sums = [sum(part) for part in zip(*parts, strict=True)]
    np.testing.assert_allclose(sums, [dgamma, dbeta], rtol=1e-12)
    pieces = [
        ops.batch_norm_input_gradient(dy[h], c, *sums, x.size // 2)
        for h, c in zip(halves, caches, strict=True)
    ]
    np.testing.assert_allclose(np.concatenate(pieces), dx, rtol=1e-10, atol=1e-13)


def test_a_bias_before_batch_norm_has_a_gradient_of_zero_and_passes() -> None:
    x, gamma, beta = batch_norm(6, 3).arrays

    def forward(b):
        return ops.batch_norm_forward(x + b, gamma, beta)

    def backward(dy, cache):
        return ops.batch_norm_backward(dy, cache)[0].sum(axis=0)

    report = check_vjp(forward, backward, normal(4, 3))
    assert report.passed, report
    assert np.abs(report.comparisons[0].analytic).max() < 1e-13


def test_a_constant_channel_stays_finite() -> None:
    y, cache = ops.batch_norm_forward(np.full((4, 1), 7.0), np.ones(1), np.zeros(1))
    np.testing.assert_array_equal(y, 0)
    assert np.isfinite(ops.batch_norm_backward(normal(1, 4, 1), cache)[0]).all()
