"""What every layer promises: the tests that the test module of each kind of layer inherits.

A module lists its layers, each with the shape that it takes and the one that it gives.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import course_nn as nn
from course_nn import ops
from course_nn.backend import to_numpy
from course_nn.gradcheck import check_vjp

RNG = np.random.default_rng
Shape = tuple[int, ...]


def normal(seed: int, *shape: int) -> np.ndarray:
    """Standard normal numbers."""
    return RNG(seed).standard_normal(shape)


def built(layer: nn.Layer, shape: Shape, dtype: type = np.float64) -> nn.Layer:
    """The layer, with its parameters."""
    layer.build(shape, rng=RNG(0), dtype=dtype)
    return layer


def fixed(layer: nn.Layer) -> nn.Layer:
    """Lets dropout draw the same mask at every call, so that the judge can difference it."""
    if isinstance(layer, nn.Dropout):
        rate = layer.rate
        layer.draw_noise = lambda shape, like: ops.dropout_mask(shape, rate, rng=RNG(5), like=like)
    for _, inner in layer.inner() if isinstance(layer, nn.Residual) else ():
        fixed(inner)
    return layer


def make(
    maker: Callable[[], nn.Layer], shape: Shape, dtype: type = np.float64
) -> tuple[nn.Layer, np.ndarray]:
    """A built layer with parameters that differ from their first values, and a batch for it."""
    layer = fixed(built(maker(), shape, dtype))
    for i, p in enumerate(layer.params.values()):
        p += 0.1 * normal(i, *p.shape).astype(dtype)
    spread = 0.1 * (RNG(3).permutation(int(np.prod((3, *shape)))) + 0.5)  # no ties, no kinks
    return layer, (spread - spread.mean() + 0.03).reshape(3, *shape).astype(dtype)


def as_function(layer: nn.Layer, train: bool) -> tuple[Callable, Callable]:
    """(x, *params) → (y, cache) and its backward pass, for the judge."""

    def forward(x, *params):
        for key, value in zip(layer.params.copy(), params, strict=True):
            layer.bind(key, value)
        return layer.compute(x, train)

    def backward(dy, cache):
        dx, grads = layer.gradients(dy, cache)
        return (dx, *(grads[key] for key in layer.params))

    return forward, backward


def expect_the_edge_unused(layer: nn.Layer) -> None:
    """On 6×6 a 3×3 window with stride 2 never sees the last row and column."""
    built(layer, (1, 6, 6))
    x = RNG(1).permutation(np.arange(36.0)).reshape(1, 1, 6, 6)
    y = layer.forward(x, train=True)
    assert y.shape[2:] == (2, 2)
    dx = layer.backward(normal(2, *y.shape))
    assert not dx[..., 5, :].any()
    assert not dx[..., :, 5].any()
    assert dx[..., :5, :5].any()
    changed = x.copy()
    changed[..., 5, :] = changed[..., :, 5] = 1e6
    np.testing.assert_array_equal(layer.forward(changed), y)


class Table:
    """Tests that run once for every row of a table that the class holds by the argument's name."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for argument, table in (("case", "layers"), ("illegal", "illegal"), ("drawn", "drawn")):
            if argument in metafunc.fixturenames:
                rows = getattr(self, table)
                metafunc.parametrize(argument, list(rows.values()), ids=list(rows))


class LayerContract(Table):
    """Inherited by the test class of a module, which sets `layers`.

    A row of `layers` is (a function that makes it, input shape, output shape).
    """

    layers: dict[str, tuple[Callable[[], nn.Layer], Shape, Shape]]

    def test_the_output_shape_is_inferred(self, case: tuple) -> None:
        maker, shape, expected = case
        layer = maker()
        assert layer.build(shape, rng=RNG(0)) == expected
        assert (layer.input_shape, layer.output_shape) == (shape, expected)
        layer, x = make(maker, shape)
        assert layer.forward(x).shape == (3, *expected)

    @pytest.mark.parametrize("train", [True, False], ids=["training", "prediction"])
    def test_gradients_pass_the_judge(self, case: tuple, train: bool) -> None:
        layer, x = make(*case[:2])
        for key, value in layer.state.items():  # running statistics that are not the first ones
            value += np.abs(normal(len(key), *value.shape))
        report = check_vjp(*as_function(layer, train), x, *layer.params.values())
        assert report.passed, report

    def test_backward_gives_dx_and_leaves_the_gradients(self, case: tuple) -> None:
        layer, x = make(*case[:2])
        y = layer.forward(x, train=True)
        dy = normal(8, *y.shape)
        dx = layer.backward(dy)
        assert dx.shape == x.shape
        assert set(layer.grads) == set(layer.params)
        assert {k: g.shape for k, g in layer.grads.items()} == {
            k: p.shape for k, p in layer.params.items()
        }
        pure_dx, pure = layer.gradients(dy, layer.compute(x, True)[1])
        np.testing.assert_array_equal(dx, pure_dx)
        for key, g in pure.items():
            np.testing.assert_array_equal(layer.grads[key], g)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_dtype_is_kept(self, case: tuple, dtype: type) -> None:
        layer, x = make(*case[:2], dtype)
        arrays = [*layer.params.values(), *layer.state.values()]
        y = layer.forward(x, train=True)
        arrays += [y, layer.backward(np.ones_like(y)), *layer.grads.values(), *layer.state.values()]
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}

    def test_neither_input_nor_upstream_gradient_is_written(self, case: tuple) -> None:
        layer, x = make(*case[:2])
        x.flags.writeable = False
        y = layer.forward(x, train=True)
        dy = normal(8, *y.shape)
        dy.flags.writeable = False
        layer.backward(dy)
        layer.forward(x)

    def test_the_cache_is_kept_only_in_training(self, case: tuple) -> None:
        layer, x = make(*case[:2])
        layer.forward(x)
        assert layer.cache is None
        with pytest.raises(
            RuntimeError, match=r"backward needs a forward\(x, train=True\) before it"
        ):
            layer.backward(layer.forward(x))
        layer.forward(x, train=True)
        assert layer.cache is not None
        layer.forward(x)
        assert layer.cache is None

    def test_a_gradient_of_another_shape_is_refused_and_not_stretched(self, case: tuple) -> None:
        layer, x = make(*case[:2])
        y = layer.forward(x, train=True)
        said = r"got dy of shape .* forward returned y of shape"
        for axis in range(y.ndim):
            shorter = y.take(range(y.shape[axis] - 1), axis=axis)
            with pytest.raises(nn.ShapeError, match=said):
                layer.backward(shorter)
        with pytest.raises(nn.ShapeError, match="got dy of shape"):
            layer.backward(np.ones((1,) * y.ndim, y.dtype))
        assert layer.backward(y).shape == x.shape

    def test_the_same_seed_gives_the_same_bits(self, case: tuple) -> None:
        maker, shape, _ = case

        def weights(seed: int, dtype: type = np.float32) -> list[bytes]:
            layer = maker()
            layer.build(shape, rng=RNG(seed), dtype=dtype)
            return [p.astype(np.float32).tobytes() for p in layer.params.values()]

        assert weights(0) == weights(0) == weights(0, np.float64)
        if any("W" in key.split(".") for key in make(maker, shape)[0].params):
            assert weights(0) != weights(1)

    def test_gives_the_same_in_any_library(self, xp: Any) -> None:
        for maker, shape, _ in self.layers.values():
            layer, x = make(maker, shape)
            twin = fixed(maker())
            twin.build(shape, rng=RNG(0), dtype=np.float64, xp=xp)
            for key, p in layer.params.items():
                twin.params[key][...] = xp.asarray(p)
            y, there = layer.forward(x, train=True), twin.forward(xp.asarray(x), train=True)
            assert isinstance(there, xp.ndarray)
            np.testing.assert_allclose(to_numpy(there), y, rtol=1e-10, atol=1e-12)
            dy = normal(4, *y.shape)
            dx = to_numpy(twin.backward(xp.asarray(dy)))
            np.testing.assert_allclose(dx, layer.backward(dy), rtol=1e-9, atol=1e-11)


class ShapeContract(Table):
    """An illegal shape is found at build; the class sets `illegal`.

    A row is (layer, input shape, what the message must hold).
    """

    illegal: dict[str, tuple[nn.Layer, Shape, list[str]]]

    def test_an_illegal_shape_is_found_at_build(self, illegal: tuple) -> None:
        layer, shape, parts = illegal
        with pytest.raises(nn.ShapeError) as caught:
            layer.build(shape, rng=RNG(0))
        message = str(caught.value)
        for part in parts:
            assert part in message
        assert "\n" not in message

    def test_the_model_says_at_which_layer(self, illegal: tuple) -> None:
        layer, shape, parts = illegal
        model = nn.Sequential([nn.LeakyReLU(), nn.Tanh(), layer])
        with pytest.raises(nn.ShapeError, match=r"^layer 2: ") as caught:
            model.build(shape, rng=RNG(0))
        assert parts[0] in str(caught.value)


class ParameterContract(Table):
    """A layer with parameters asks for its build; the class sets `drawn`.

    A row is (a function that makes it, the shape of a batch).
    """

    drawn: dict[str, tuple[Callable[[], nn.Layer], Shape]]

    @pytest.mark.parametrize("train", [False, True])
    def test_a_layer_without_its_parameters_says_how_to_get_them(
        self, drawn: tuple, train: bool
    ) -> None:
        make_layer, shape = drawn
        layer = make_layer()
        said = f"{layer!r} has no parameters yet; call build(input_shape, rng=rng)"
        for asked in (layer, nn.Sequential([layer])):
            with pytest.raises(RuntimeError, match=re.escape(said)):
                asked.forward(normal(0, *shape), train)
        layer.build(shape[1:], rng=RNG(0))
        assert layer.forward(normal(0, *shape), train).shape == (2, *layer.output_shape)
