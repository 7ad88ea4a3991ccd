"""The network in nested lists against the fast ops: every value, every gradient, every update."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import numpy as np
import pytest

import course_nn as nn
from course_nn.reference import pure_python


def model_of(network: pure_python.Network) -> nn.Sequential:
    """The package's own model with the same weights, in float64."""
    layers: list[nn.Layer] = []
    for i, params in enumerate(network.params):
        layers += [nn.ReLU()] * (i > 0) + [nn.Dense(len(params["b"]))]
    model = nn.Sequential(layers)
    features = len(network.params[0]["W"])
    model.build((features,), rng=np.random.default_rng(0), dtype=np.float64)
    dense = [layer for layer in model.layers if isinstance(layer, nn.Dense)]
    for layer, params in zip(dense, network.params, strict=True):
        for name, values in params.items():
            layer.params[name][...] = values
    return model


def draw(sizes: list[int], count: int, seed: int) -> tuple:
    """A network, the package's model, a batch and labels."""
    rng = np.random.default_rng(seed)
    network = pure_python.Network(sizes, random.Random(seed))
    for params in network.params:
        params["b"] = rng.standard_normal(len(params["b"])).tolist()
    x, labels = rng.standard_normal((count, sizes[0])), rng.integers(0, sizes[-1], count)
    return network, model_of(network), x, labels


def assert_same(model: nn.Sequential, values: list[dict], arrays: str) -> None:
    """`values` of the slow network equal the fast one's `params` or `grads`, under every name."""
    dense = [layer for layer in model.layers if layer.params]
    assert len(dense) == len(values)
    for layer, expected in zip(dense, values, strict=True):
        assert sorted(expected) == ["W", "b"]
        for name, value in expected.items():
            np.testing.assert_allclose(getattr(layer, arrays)[name], value, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("sizes", [[3, 2], [5, 4, 3], [7, 6, 5, 4], [1, 1, 2]])
@pytest.mark.parametrize("count", [1, 6])
def test_scores_and_every_gradient(sizes: list[int], count: int) -> None:
    network, model, x, _ = draw(sizes, count, seed=len(sizes) + count)
    dy = np.random.default_rng(9).standard_normal((count, sizes[-1]))
    scores = network.forward(x.tolist())
    np.testing.assert_allclose(scores, model.forward(x, train=True), rtol=1e-12)
    dx = network.backward(dy.tolist())
    np.testing.assert_allclose(dx, model.backward(dy), rtol=1e-12, atol=1e-14)
    assert_same(model, network.grads, "grads")


def test_training_steps_are_the_same() -> None:
    network, model, x, labels = draw([6, 8, 5, 3], 10, seed=1)
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.1)
    for _ in range(5):
        slow = network.train_step(x.tolist(), labels.tolist(), lr=0.1)
        assert slow == pytest.approx(model.train_step(x, labels, loss, optimizer), rel=1e-12)
    assert_same(model, network.params, "params")


def test_seed_bs_network_takes_one_step() -> None:
    network, model, x, labels = draw([784, 100, 50, 10], 20, seed=2)
    assert sum(len(p["W"]) * len(p["b"]) for p in network.params) == 83_900
    slow = network.train_step(x.tolist(), labels.tolist(), lr=0.1)
    fast = model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    assert slow == pytest.approx(fast, rel=1e-10)
    assert_same(model, network.params, "params")


def test_softmax_cross_entropy_in_value_and_gradient() -> None:
    rng = np.random.default_rng(3)
    z, labels = 5 * rng.standard_normal((7, 4)), rng.integers(0, 4, 7)
    loss, cache = pure_python.softmax_cross_entropy_forward(z.tolist(), labels.tolist())
    value, fast = nn.ops.softmax_cross_entropy_forward(z, labels)
    assert loss == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(
        pure_python.softmax_cross_entropy_backward(0.7, cache),
        nn.ops.softmax_cross_entropy_backward(0.7, fast),
        rtol=1e-12,
    )


def test_scores_of_ten_thousand_stay_finite() -> None:
    loss, cache = pure_python.softmax_cross_entropy_forward([[1e4, -1e4]], [1])
    assert loss == pytest.approx(2e4)
    assert pure_python.softmax_cross_entropy_backward(1.0, cache) == [[1.0, -1.0]]


def test_the_judge_passes_dense_and_finds_a_missing_transpose() -> None:
    def forward(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple:
        y, cache = pure_python.dense_forward(x.tolist(), W.tolist(), b.tolist())
        return np.array(y), cache

    def backward(dy: np.ndarray, cache: tuple) -> tuple:
        return tuple(np.array(g) for g in pure_python.dense_backward(dy.tolist(), cache))

    def wrong(dy: np.ndarray, cache: tuple) -> tuple:
        dx, dW, db = backward(dy, cache)
        return dx, dW.T, db

    rng = np.random.default_rng(4)
    arrays = [rng.standard_normal(shape) for shape in ((4, 3), (3, 3), (3,))]
    nn.gradcheck.assert_vjp(forward, backward, *arrays)
    assert not nn.gradcheck.check_vjp(forward, wrong, *arrays).passed


def test_arguments_are_left_as_they_were() -> None:
    x, W, b = [[1.0, -2.0]], [[3.0], [4.0]], [5.0]
    _, cache = pure_python.dense_forward(x, W, b)
    pure_python.dense_backward([[1.0]], cache)
    pure_python.relu_forward(x)
    assert (x, W, b) == ([[1.0, -2.0]], [[3.0], [4.0]], [5.0])


def test_backward_may_leave_out_the_first_gradient() -> None:
    network, _, x, _ = draw([4, 3, 2], 5, seed=5)
    network.forward(x.tolist())
    dy = [[1.0, -1.0]] * 5
    assert network.backward(dy) is not None
    whole = network.grads
    assert network.backward(dy, need_dx=False) is None
    assert network.grads == whole


@pytest.mark.parametrize("sizes", [[], [3], [3, 0]])
def test_sizes_that_make_no_network(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="at least two positive"):
        pure_python.Network(sizes, random.Random(0))


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        pure_python.dense_forward([[1.0, 2.0, 3.0]], [[1.0], [1.0]], [0.0])


def test_it_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(pure_python.__file__).read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert names == {"math", "random", "itertools", "typing"}
