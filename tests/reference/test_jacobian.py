"""Whole Jacobians: Jᵀ dy is what the fast backward passes return, and differences agree with J."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import course_nn as nn
from course_nn import ops
from course_nn.reference import jacobian, loops

CONVOLUTIONS = [(1, 0, 1), (2, 1, 1), ((2, 1), ((0, 1), (1, 0)), (1, 2)), (1, 0, 2)]
POOLINGS = [(2, None, 0), (3, 1, 1), ((2, 3), (2, 1), (1, 0)), (2, 3, 0)]


def normal(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def numerical(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """∂f/∂x by central differences, (*output, *argument)."""
    J = np.empty((*f(x).shape, *x.shape))
    for at in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[at] = 1e-6
        J[(..., *at)] = (f(x + step) - f(x - step)) / 2e-6
    return J


def by_sample(J: np.ndarray, ndim: int) -> np.ndarray:
    """(N, *output, N, *input) → (N, *output, *input): the blocks where the sample is the same."""
    samples = len(J)
    blocks = np.stack([np.take(J[n], n, axis=ndim - 1) for n in range(samples)])
    others = [
        np.take(J[n], m, axis=ndim - 1) for n in range(samples) for m in range(samples) if m != n
    ]
    assert not np.any(others), "samples meet"
    return blocks


def test_dense_by_differences() -> None:
    x, W, b = normal(1, (2, 3), (3, 4), (4,))
    J_x, J_W, J_b = jacobian.dense_jacobians(x, W, b)
    expected = by_sample(numerical(lambda x: x @ W + b, x), 2)
    np.testing.assert_allclose(J_x, expected, atol=1e-8)
    np.testing.assert_allclose(J_W, numerical(lambda W: x @ W + b, W), atol=1e-8)
    np.testing.assert_allclose(J_b, numerical(lambda b: x @ W + b, b), atol=1e-8)


def test_dense_product_is_the_backward_pass() -> None:
    x, W, b, dy = normal(2, (5, 3), (3, 4), (4,), (5, 4))
    J_x, J_W, J_b = jacobian.dense_jacobians(x, W, b)
    dx, dW, db = ops.dense_backward(dy, ops.dense_forward(x, W, b)[1])
    np.testing.assert_allclose(jacobian.input_product(J_x, dy), dx, rtol=1e-12)
    np.testing.assert_allclose(jacobian.parameter_product(J_W, dy), dW, rtol=1e-12)
    np.testing.assert_allclose(jacobian.parameter_product(J_b, dy), db, rtol=1e-12)


@pytest.mark.parametrize("shape", [(3, 4), (2, 2, 3, 2)])
def test_relu(shape: tuple[int, ...]) -> None:
    x, dy = normal(3, shape, shape)
    J = jacobian.relu_jacobian(x)
    expected = by_sample(numerical(lambda x: np.maximum(x, 0), x), x.ndim)
    np.testing.assert_allclose(J, expected, atol=1e-8)
    dx = ops.relu_backward(dy, ops.relu_forward(x)[1])
    np.testing.assert_array_equal(jacobian.input_product(J, dy), dx)


def test_softmax() -> None:
    x, dp = normal(4, (3, 5), (3, 5))
    J = jacobian.softmax_jacobian(x)
    expected = by_sample(numerical(lambda x: ops.softmax_forward(x)[0], x), 2)
    np.testing.assert_allclose(J, expected, atol=1e-8)
    dx = ops.softmax_backward(dp, ops.softmax_forward(x)[1])
    np.testing.assert_allclose(jacobian.input_product(J, dp), dx, rtol=1e-10)
    np.testing.assert_allclose(J.sum(axis=1), 0, atol=1e-15)
    assert np.isfinite(jacobian.softmax_jacobian(1e4 * x)).all()


@pytest.mark.parametrize("mode", CONVOLUTIONS)
def test_convolution_by_differences(mode: tuple) -> None:
    x, W, b = normal(5, (2, 2, 5, 4), (2, 2, 2, 2), (2,))

    def y(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        return loops.conv2d_forward(x, W, b, *mode)[0]

    J_x, J_W, J_b = jacobian.conv2d_jacobians(x, W, b, *mode)
    expected = by_sample(numerical(lambda x: y(x, W, b), x), 4)
    np.testing.assert_allclose(J_x, expected, atol=1e-8)
    np.testing.assert_allclose(J_W, numerical(lambda W: y(x, W, b), W), atol=1e-8)
    np.testing.assert_allclose(J_b, numerical(lambda b: y(x, W, b), b), atol=1e-8)


@pytest.mark.parametrize("mode", CONVOLUTIONS)
def test_convolution_product_is_the_backward_pass(mode: tuple) -> None:
    x, W, b = normal(6, (3, 2, 6, 5), (4, 2, 3, 2), (4,))
    y, fast = ops.conv2d_forward(x, W, b, *mode)
    (dy,) = normal(7, y.shape)
    J_x, J_W, J_b = jacobian.conv2d_jacobians(x, W, b, *mode)
    for gradients in (ops.conv2d_backward(dy, fast), _slow_backward(dy, x, W, b, mode)):
        dx, dW, db = gradients
        np.testing.assert_allclose(jacobian.input_product(J_x, dy), dx, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(jacobian.parameter_product(J_W, dy), dW, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(jacobian.parameter_product(J_b, dy), db, rtol=1e-10, atol=1e-12)


def _slow_backward(dy: np.ndarray, *arguments: Any) -> tuple:
    *arrays, mode = arguments
    return loops.conv2d_backward(dy, loops.conv2d_forward(*arrays, *mode)[1])


@pytest.mark.parametrize("mode", POOLINGS)
def test_max_pooling(mode: tuple) -> None:
    x = np.random.default_rng(8).permutation(120).reshape(2, 2, 5, 6) / 10
    J = jacobian.max_pool2d_jacobian(x, *mode)
    y, fast = ops.max_pool2d_forward(x, *mode)
    expected = by_sample(numerical(lambda x: loops.max_pool2d_forward(x, *mode)[0], x), 4)
    np.testing.assert_allclose(J, expected, atol=1e-7)
    (dy,) = normal(9, y.shape)
    dx = ops.max_pool2d_backward(dy, fast)
    np.testing.assert_allclose(jacobian.input_product(J, dy), dx, rtol=1e-12)


def test_the_size_is_known_without_forming_it() -> None:
    x, W, b = (a.astype(np.float32) for a in normal(10, (3, 2, 6, 5), (4, 2, 3, 2), (4,)))
    formed = jacobian.conv2d_jacobians(x, W, b)
    output = formed[0].shape[1:4]
    for J, shape in zip(formed, (x.shape[1:], W.shape, b.shape), strict=True):
        assert jacobian.jacobian_bytes(output, shape, batch=3) == J.nbytes
    layer = nn.Conv2D(4, (3, 2))
    layer.build(x.shape[1:], rng=np.random.default_rng(0))
    sizes = jacobian.layer_jacobian_bytes(layer, batch=3)
    assert sizes == dict(zip(("x", "W", "b"), (J.nbytes for J in formed), strict=True))


def test_the_size_of_what_could_never_be_formed() -> None:
    vast = (10_000, 1000, 1000)
    assert jacobian.jacobian_bytes(vast, vast, itemsize=8) == 8 * 10**20


def test_a_layer_that_is_not_built() -> None:
    with pytest.raises(ValueError, match="build it"):
        jacobian.layer_jacobian_bytes(nn.Dense(3))


def test_the_models_own_jacobian_is_the_product_of_its_layers() -> None:
    x, W, b = normal(11, (2, 4), (4, 3), (3,))
    model = nn.Sequential([nn.Dense(3), nn.Softmax()])
    model.build((4,), rng=np.random.default_rng(0), dtype=np.float64)
    model.layers[0].params["W"][...], model.layers[0].params["b"][...] = W, b
    J_dense, J_softmax = jacobian.dense_jacobians(x, W, b)[0], jacobian.softmax_jacobian(x @ W + b)
    np.testing.assert_allclose(model.jacobian(x), J_softmax @ J_dense, rtol=1e-10, atol=1e-14)
