"""Batch norm and layer norm."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, normal

from course_nn import ops
from course_nn.backend import array_module
from course_nn.gradcheck import check_vjp


def batch_norm(*shape: int, eps: float = 1e-5, scale: float = 1.0, shift: float = 0.0) -> Case:
    C = shape[1]
    arrays = (scale * normal(1, *shape) + shift, 1 + 0.3 * normal(2, C), normal(3, C))

    def forward(x, gamma, beta):
        return ops.batch_norm_forward(x, gamma, beta, eps)

    return Case(forward, ops.batch_norm_backward, arrays)


def given_moments(*shape: int, count: float) -> Case:
    """Batch norm by statistics that are constants, whatever their count."""
    C, x = shape[1], normal(1, *shape)
    given = ops.Moments(normal(4, C), 0.5 + normal(5, C) ** 2, np.inf)

    def forward(x, gamma, beta):
        dtype = np.float32 if getattr(x, "dtype", None) == np.float32 else np.float64
        mean, var = (array_module(x).asarray(v.astype(dtype)) for v in given[:2])
        return ops.batch_norm_forward(x, gamma, beta, 1e-3, ops.Moments(mean, var, count))

    return Case(forward, ops.batch_norm_backward, (x, 1 + 0.3 * normal(2, C), normal(3, C)))


def layer_norm(*shape: int, eps: float = 1e-5) -> Case:
    arrays = (normal(1, *shape), 1 + 0.3 * normal(2, *shape[1:]), normal(3, *shape[1:]))

    def forward(x, gamma, beta):
        return ops.layer_norm_forward(x, gamma, beta, eps)

    return Case(forward, ops.layer_norm_backward, arrays)


class TestBatchNorm(DoorContract, OpContract):
    cases: ClassVar = {
        "rows": batch_norm(5, 3),
        "one feature": batch_norm(5, 1),
        "images": batch_norm(3, 2, 3, 4),
        "one channel": batch_norm(3, 1, 2, 3),
        "batch of one image": batch_norm(1, 2, 3, 3),
        "large eps": batch_norm(5, 3, eps=0.1),
        "no eps": batch_norm(5, 3, eps=0.0),
        "shifted": batch_norm(5, 3, shift=3.0, scale=0.5),
        "moments given": given_moments(5, 3, count=np.inf),
        "moments given, images": given_moments(2, 3, 2, 4, count=np.inf),
        "moments given, one sample": given_moments(1, 3, count=np.inf),
    }


class TestLayerNorm(DoorContract, OpContract):
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
    mean, var, count = ops.moments(x)
    assert count == x.size // 3
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
def test_batch_norm_takes_the_statistics_given(shape: tuple[int, ...]) -> None:
    x, mean, var = normal(1, *shape), normal(2, 3), np.abs(normal(3, 3)) + 0.5
    gamma, beta = normal(4, 3), normal(5, 3)
    y, _ = ops.batch_norm_forward(x, gamma, beta, 1e-3, ops.Moments(mean, var, np.inf))
    by_channel = np.moveaxis(x, 1, -1)
    expected = gamma * (by_channel - mean) / np.sqrt(var + 1e-3) + beta
    np.testing.assert_allclose(np.moveaxis(y, 1, -1), expected, rtol=1e-12)


def test_batch_norm_in_slices_is_batch_norm_at_once() -> None:
    x, gamma, beta = batch_norm(6, 2, 3, 3).arrays
    dy = normal(8, *x.shape)
    dx, dgamma, dbeta = ops.batch_norm_backward(dy, ops.batch_norm_forward(x, gamma, beta)[1])
    halves = (slice(0, 4), slice(4, 6))
    merged = ops.merge_moments([ops.moments(x[h]) for h in halves])
    caches = [ops.batch_norm_forward(x[h], gamma, beta, moments=merged)[1] for h in halves]
    parts = [ops.batch_norm_sums(dy[h], c) for h, c in zip(halves, caches, strict=True)]
    sums = tuple(sum(part) for part in zip(*parts, strict=True))
    np.testing.assert_allclose(sums, [dgamma, dbeta], rtol=1e-12)
    pieces = [
        ops.batch_norm_backward(dy[h], c, sums)[0] for h, c in zip(halves, caches, strict=True)
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


@pytest.mark.parametrize("shape", [(1, 3), (1, 2, 1, 1)])
def test_one_number_alone_in_its_channel_is_refused(shape: tuple[int, ...]) -> None:
    """Its mean is itself: every y would be β, whatever x."""
    C = shape[1]
    with pytest.raises(ValueError, match="batch norm needs more than one number in a channel"):
        ops.batch_norm_forward(normal(1, *shape), np.ones(C), np.zeros(C))
    assert ops.moments(normal(1, *shape)).count == 1  # a slice may be so small


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (2, 3, 4, 5, 6), (0, 3), (2, 3, 0, 4)])
def test_batch_norm_is_for_features_and_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"features \(N, D\) or images \(N, C, H, W\), got"):
        ops.moments(np.zeros(shape))


@pytest.mark.parametrize("argument", ["gamma", "beta", "mean", "var"])
@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_vector_of_another_length_does_not_stretch(argument: str, length: int) -> None:
    vectors = {name: np.ones(3) for name in ("gamma", "beta", "mean", "var")}
    vectors[argument] = np.ones(length)
    mean, var = vectors.pop("mean"), vectors.pop("var")
    message = rf"batch_norm_forward: {argument} has shape \({length},\), expected \(3,\)"
    with pytest.raises(ValueError, match=message):
        ops.batch_norm_forward(normal(1, 5, 3), **vectors, moments=ops.Moments(mean, var, 5))


@pytest.mark.parametrize("argument", ["gamma", "beta"])
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 1), (1, 3), (2, 2, 3)])
def test_layer_norm_s_parameters_do_not_stretch(argument: str, shape: tuple[int, ...]) -> None:
    parameters = {"gamma": np.ones((2, 3)), "beta": np.ones((2, 3))} | {argument: np.ones(shape)}
    with pytest.raises(ValueError, match=rf"layer_norm_forward: {argument} has shape .*\(2, 3\)"):
        ops.layer_norm_forward(normal(1, 4, 2, 3), **parameters)


def test_running_statistics_may_move_between_the_passes() -> None:
    x, gamma, beta = batch_norm(5, 3).arrays
    running = ops.Moments(normal(4, 3), np.ones(3), np.inf)
    _, cache = ops.batch_norm_forward(x, gamma, beta, moments=running)
    expected = ops.batch_norm_backward(x, cache)
    running.mean[:] = 7
    running.var[:] = 7
    for found, right in zip(ops.batch_norm_backward(x, cache), expected, strict=True):
        np.testing.assert_array_equal(found, right)
