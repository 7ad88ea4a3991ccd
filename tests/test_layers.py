"""Layers: shapes at build, caches in training only, gradients through the judge, their state."""

import re

import numpy as np
import pytest

import course_nn as nn
from course_nn import ops
from course_nn.gradcheck import check_vjp
from course_nn.ops.geometry import same_padding
from course_nn.parameters import InPlace

RNG = np.random.default_rng


def normal(seed: int, *shape: int) -> np.ndarray:
    return RNG(seed).standard_normal(shape)


def built(layer: nn.Layer, shape: tuple[int, ...], dtype: type = np.float64) -> nn.Layer:
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


# layer, input shape, output shape
LAYERS = {
    "Input": (lambda: nn.Input((3, 4, 4)), (3, 4, 4), (3, 4, 4)),
    "Dense": (lambda: nn.Dense(3), (5,), (3,)),
    "Dense of one unit": (lambda: nn.Dense(1), (5,), (1,)),
    "Conv2D": (lambda: nn.Conv2D(3, 3), (2, 5, 6), (3, 3, 4)),
    "Conv2D, kernel pair": (lambda: nn.Conv2D(3, (2, 3)), (2, 5, 6), (3, 4, 4)),
    "Conv2D, stride": (lambda: nn.Conv2D(2, 3, stride=2), (1, 6, 6), (2, 2, 2)),
    "Conv2D, valid": (lambda: nn.Conv2D(2, 3, padding="valid"), (1, 5, 5), (2, 3, 3)),
    "Conv2D, same": (lambda: nn.Conv2D(2, 3, padding="same"), (1, 5, 4), (2, 5, 4)),
    "Conv2D, same, even": (lambda: nn.Conv2D(2, 2, padding="same"), (1, 3, 4), (2, 3, 4)),
    "Conv2D, same, stride": (
        lambda: nn.Conv2D(2, 3, stride=2, padding="same"),
        (1, 5, 4),
        (2, 3, 2),
    ),
    "Conv2D, padding pair": (lambda: nn.Conv2D(2, 3, padding=(1, 0)), (1, 3, 4), (2, 3, 2)),
    "Conv2D, sides": (
        lambda: nn.Conv2D(2, 3, padding=((0, 1), (2, 0))),
        (1, 3, 3),
        (2, 2, 3),
    ),
    "Conv2D, dilation": (lambda: nn.Conv2D(2, 2, dilation=(2, 1)), (1, 4, 4), (2, 2, 3)),
    "Conv2D, groups": (lambda: nn.Conv2D(4, 2, groups=2), (2, 3, 4), (4, 2, 3)),
    "Conv2D, no bias": (lambda: nn.Conv2D(2, 2, bias=False), (1, 3, 4), (2, 2, 3)),
    "ConvTranspose2D": (
        lambda: nn.ConvTranspose2D(2, 3, stride=2, padding=1),
        (2, 3, 2),
        (2, 5, 3),
    ),
    "ConvTranspose2D, groups": (
        lambda: nn.ConvTranspose2D(4, 2, stride=2, output_padding=(0, 1), groups=2, bias=False),
        (2, 2, 2),
        (4, 4, 5),
    ),
    "Dense, no bias": (lambda: nn.Dense(3, bias=False), (4,), (3,)),
    "MaxPool2D, same": (lambda: nn.MaxPool2D(3, stride=2, padding="same"), (2, 5, 4), (2, 3, 2)),
    "MaxPool2D, ceil mode": (lambda: nn.MaxPool2D(2, ceil_mode=True), (2, 5, 4), (2, 3, 2)),
    "AvgPool2D, same": (lambda: nn.AvgPool2D(3, stride=2, padding="same"), (2, 5, 4), (2, 3, 2)),
    "AvgPool2D, ceil mode": (lambda: nn.AvgPool2D(2, ceil_mode=True), (2, 5, 4), (2, 3, 2)),
    "AvgPool2D, the image alone": (
        lambda: nn.AvgPool2D(3, stride=2, padding=1, count_include_pad=False),
        (2, 5, 4),
        (2, 3, 2),
    ),
    "MaxPool2D": (lambda: nn.MaxPool2D(2), (2, 5, 4), (2, 2, 2)),
    "MaxPool2D, overlapping": (lambda: nn.MaxPool2D(3, stride=2, padding=1), (2, 5, 5), (2, 3, 3)),
    "AvgPool2D": (lambda: nn.AvgPool2D((2, 1)), (2, 4, 3), (2, 2, 3)),
    "GlobalAvgPool2D": (nn.GlobalAvgPool2D, (3, 4, 2), (3,)),
    "Flatten": (nn.Flatten, (2, 3, 2), (12,)),
    "ReLU": (nn.ReLU, (2, 3, 3), (2, 3, 3)),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), (5,), (5,)),
    "Sigmoid": (nn.Sigmoid, (5,), (5,)),
    "Tanh": (nn.Tanh, (5,), (5,)),
    "GELU": (nn.GELU, (5,), (5,)),
    "GELU, exact": (lambda: nn.GELU(approximate="none"), (5,), (5,)),
    "SiLU": (nn.SiLU, (5,), (5,)),
    "Softmax": (nn.Softmax, (5,), (5,)),
    "LogSoftmax": (nn.LogSoftmax, (5,), (5,)),
    "BatchNorm of features": (nn.BatchNorm, (4,), (4,)),
    "BatchNorm of images": (lambda: nn.BatchNorm(momentum=0.3, eps=1e-3), (2, 3, 3), (2, 3, 3)),
    "LayerNorm": (nn.LayerNorm, (2, 3), (2, 3)),
    "Dropout": (lambda: nn.Dropout(0.4), (6,), (6,)),
    "Dropout of channels": (lambda: nn.Dropout(0.4, channels=True), (3, 2, 2), (3, 2, 2)),
    "Residual": (
        lambda: nn.Residual([nn.Conv2D(2, 3, padding=1), nn.Tanh()]),
        (2, 4, 4),
        (2, 4, 4),
    ),
    "Residual with a shortcut": (
        lambda: nn.Residual(
            [nn.Conv2D(3, 3, stride=2, padding=1), nn.BatchNorm(), nn.Tanh()],
            [nn.Conv2D(3, 1, stride=2), nn.BatchNorm()],
        ),
        (2, 4, 4),
        (3, 2, 2),
    ),
    "Residual in a residual": (
        lambda: nn.Residual(
            [nn.Dense(4), nn.Residual([nn.Tanh(), nn.Dropout(0.3), nn.Dense(4)]), nn.GELU()]
        ),
        (4,),
        (4,),
    ),
}
ALL = pytest.mark.parametrize("name", LAYERS)


def make(name: str, dtype: type = np.float64) -> tuple[nn.Layer, np.ndarray]:
    """A built layer with parameters that differ from their first values, and a batch for it."""
    maker, shape, _ = LAYERS[name]
    layer = fixed(built(maker(), shape, dtype))
    for i, p in enumerate(layer.params.values()):
        p += 0.1 * normal(i, *p.shape).astype(dtype)
    spread = 0.1 * (RNG(3).permutation(int(np.prod((3, *shape)))) + 0.5)  # no ties, no kinks
    return layer, (spread - spread.mean() + 0.03).reshape(3, *shape).astype(dtype)


@ALL
def test_the_output_shape_is_inferred(name: str) -> None:
    maker, shape, expected = LAYERS[name]
    layer = maker()
    assert layer.build(shape, rng=RNG(0)) == expected
    assert (layer.input_shape, layer.output_shape) == (shape, expected)
    layer, x = make(name)
    assert layer.forward(x).shape == (3, *expected)


def as_function(layer: nn.Layer, train: bool):
    """(x, *params) → (y, cache) and its backward pass, for the judge."""

    def forward(x, *params):
        for key, value in zip(layer.params.copy(), params, strict=True):
            layer.bind(key, value)
        return layer.compute(x, train)

    def backward(dy, cache):
        dx, grads = layer.gradients(dy, cache)
        return (dx, *(grads[key] for key in layer.params))

    return forward, backward


@ALL
@pytest.mark.parametrize("train", [True, False], ids=["training", "prediction"])
def test_gradients_pass_the_judge(name: str, train: bool) -> None:
    layer, x = make(name)
    for key, value in layer.state.items():  # running statistics that are not the ones at the start
        value += np.abs(normal(len(key), *value.shape))
    report = check_vjp(*as_function(layer, train), x, *layer.params.values())
    assert report.passed, report


@ALL
def test_backward_gives_dx_and_leaves_the_gradients(name: str) -> None:
    layer, x = make(name)
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


@ALL
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(name: str, dtype: type) -> None:
    layer, x = make(name, dtype)
    arrays = [*layer.params.values(), *layer.state.values()]
    y = layer.forward(x, train=True)
    arrays += [y, layer.backward(np.ones_like(y)), *layer.grads.values(), *layer.state.values()]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@ALL
def test_neither_input_nor_upstream_gradient_is_written(name: str) -> None:
    layer, x = make(name)
    x.flags.writeable = False
    y = layer.forward(x, train=True)
    dy = normal(8, *y.shape)
    dy.flags.writeable = False
    layer.backward(dy)
    layer.forward(x)


# ---- seed A's list: legal shapes at build


SEED_A_SHAPES = {  # layer, input shape, what the message must hold
    "Input": (nn.Input((1, 28, 28)), (784,), ["(1, 28, 28)", "(784,)", "reshape the data"]),
    "Dense": (nn.Dense(10), (16, 5, 5), ["(D,)", "(16, 5, 5)", "Flatten()"]),
    "Conv2D on features": (nn.Conv2D(6, 5), (784,), ["(C, H, W)", "(784,)", "channel axis"]),
    "Conv2D on two axes": (nn.Conv2D(6, 5), (28, 28), ["(C, H, W)", "(28, 28)"]),
    "Conv2D too large": (nn.Conv2D(6, 5), (1, 4, 9), ["5×5", "4×9", "(1, 4, 9)", "padding"]),
    "Conv2D dilated too large": (nn.Conv2D(6, 3, dilation=3), (1, 6, 6), ["3×3", "6×6"]),
    "MaxPool2D on features": (nn.MaxPool2D(2), (10,), ["(C, H, W)", "(10,)"]),
    "MaxPool2D too large": (nn.MaxPool2D(4), (6, 3, 3), ["4×4", "3×3", "(6, 3, 3)"]),
    "AvgPool2D too large": (nn.AvgPool2D(4), (6, 3, 3), ["4×4", "3×3"]),
    "GlobalAvgPool2D": (nn.GlobalAvgPool2D(), (10,), ["(C, H, W)", "(10,)", "Flatten"]),
    "BatchNorm": (nn.BatchNorm(), (2, 3), ["(D,) or (C, H, W)", "(2, 3)"]),
    "Residual": (
        nn.Residual([nn.Conv2D(8, 3, padding=1)]),
        (4, 6, 6),
        ["(8, 6, 6)", "(4, 6, 6)", "shortcut"],
    ),
    "inside a Residual": (nn.Residual([nn.Dense(8)]), (4, 6, 6), ["Dense(units=8)", "Flatten()"]),
}


@pytest.mark.parametrize("name", SEED_A_SHAPES)
def test_seed_a_an_illegal_shape_is_found_at_build(name: str) -> None:
    layer, shape, parts = SEED_A_SHAPES[name]
    with pytest.raises(nn.ShapeError) as caught:
        layer.build(shape, rng=RNG(0))
    message = str(caught.value)
    for part in [name.split()[0], *parts] if name[0].isupper() else parts:
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("name", SEED_A_SHAPES)
def test_seed_a_the_model_says_at_which_layer(name: str) -> None:
    layer, shape, parts = SEED_A_SHAPES[name]
    model = nn.Sequential([nn.LeakyReLU(), nn.Tanh(), layer])
    with pytest.raises(nn.ShapeError, match=r"^layer 2: ") as caught:
        model.build(shape, rng=RNG(0))
    assert parts[0] in str(caught.value)


def test_seed_a_legal_shapes_build() -> None:
    model = nn.Sequential([nn.Input((1, 6, 6)), nn.Conv2D(2, 3), nn.Flatten(), nn.Dense(3)])
    assert model.build((1, 6, 6), rng=RNG(0)) == (3,)
    assert [layer.output_shape for layer in model.layers] == [(1, 6, 6), (2, 4, 4), (32,), (3,)]


WITH_PARAMETERS = {
    "Dense": (lambda: nn.Dense(3), (2, 5)),
    "Conv2D": (lambda: nn.Conv2D(3, 3, padding="same"), (2, 1, 5, 5)),
    "BatchNorm": (nn.BatchNorm, (2, 5)),
    "LayerNorm": (nn.LayerNorm, (2, 5)),
    "Residual": (lambda: nn.Residual([nn.ReLU(), nn.Dense(5)]), (2, 5)),
}


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_a_layer_without_its_parameters_says_how_to_get_them(name: str, train: bool) -> None:
    make_layer, shape = WITH_PARAMETERS[name]
    layer = make_layer()
    said = f"{layer!r} has no parameters yet; call build(input_shape, rng=rng)"
    for asked in (layer, nn.Sequential([layer])):
        with pytest.raises(RuntimeError, match=re.escape(said)):
            asked.forward(normal(0, *shape), train)
    layer.build(shape[1:], rng=RNG(0))
    assert layer.forward(normal(0, *shape), train).shape == (2, *layer.output_shape)


def test_a_key_error_of_a_built_layer_is_not_taken_for_a_missing_build() -> None:
    layer = built(nn.Dense(3), (5,))
    del layer.params["W"]
    with pytest.raises(KeyError, match="W"):
        layer.forward(normal(0, 2, 5))


# ---- seed A's list: caching only in training


@ALL
def test_seed_a_the_cache_is_kept_only_in_training(name: str) -> None:
    layer, x = make(name)
    layer.forward(x)
    assert layer.cache is None
    with pytest.raises(RuntimeError, match=r"backward needs a forward\(x, train=True\) before it"):
        layer.backward(layer.forward(x))
    layer.forward(x, train=True)
    assert layer.cache is not None
    layer.forward(x)
    assert layer.cache is None


@ALL
def test_a_gradient_of_another_shape_is_refused_and_not_stretched(name: str) -> None:
    layer, x = make(name)
    y = layer.forward(x, train=True)
    for axis in range(y.ndim):
        shorter = y.take(range(y.shape[axis] - 1), axis=axis)
        with pytest.raises(nn.ShapeError, match=r"got dy of shape .* forward returned y of shape"):
            layer.backward(shorter)
    with pytest.raises(nn.ShapeError, match="got dy of shape"):
        layer.backward(np.ones((1,) * y.ndim, y.dtype))
    assert layer.backward(y).shape == x.shape


# ---- seed A's list: a 3×3 kernel on 6×6, and strides that leave pixels unused


def test_seed_a_a_3x3_kernel_on_a_6x6_image() -> None:
    layer = built(nn.Conv2D(1, 3), (1, 6, 6))
    x = np.arange(36.0).reshape(1, 1, 6, 6)
    layer.params["W"][0, 0] = [[1, 0, -1]] * 3  # an edge: three times what the columns differ by
    layer.params["b"][:] = 0.5
    y = layer.forward(x, train=True)
    np.testing.assert_array_equal(y, np.full((1, 1, 4, 4), -6 + 0.5))
    dx = layer.backward(np.ones_like(y))
    columns = np.convolve([1, 1, 1, 1], [1, 0, -1])
    rows = np.convolve([1, 1, 1, 1], [1, 1, 1])
    np.testing.assert_array_equal(dx[0, 0], np.outer(rows, columns))
    windows = [[x[0, 0, r : r + 4, s : s + 4].sum() for s in range(3)] for r in range(3)]
    np.testing.assert_array_equal(layer.grads["W"][0, 0], windows)
    assert layer.grads["b"].tolist() == [16]


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2D(2, 3, stride=2), nn.MaxPool2D(3, stride=2), nn.AvgPool2D(3, stride=2)],
    ids=["Conv2D", "MaxPool2D", "AvgPool2D"],
)
def test_seed_a_strides_that_leave_pixels_unused(layer: nn.Layer) -> None:
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


# ---- one layer after the other


def test_dense_and_conv_are_their_ops() -> None:
    dense, x = make("Dense")
    expected = ops.dense_forward(x, dense.params["W"], dense.params["b"])[0]
    np.testing.assert_array_equal(dense.forward(x), expected)
    conv, x = make("Conv2D, stride")
    expected = ops.conv2d_forward(x, conv.params["W"], conv.params["b"], stride=2)[0]
    np.testing.assert_array_equal(conv.forward(x), expected)


def test_parameters_have_the_names_and_shapes_that_are_promised() -> None:
    shapes = {k: p.shape for k, p in built(nn.Conv2D(6, (5, 3)), (2, 9, 9)).params.items()}
    assert shapes == {"W": (6, 2, 5, 3), "b": (6,)}
    shapes = {k: p.shape for k, p in built(nn.Dense(7), (4,)).params.items()}
    assert shapes == {"W": (4, 7), "b": (7,)}
    for shape in ((3,), (3, 4, 5)):
        norm = built(nn.BatchNorm(), shape)
        assert {k: p.shape for k, p in norm.params.items()} == {"gamma": (3,), "beta": (3,)}


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("size", [7, 8])
def test_same_padding_gives_size_over_stride_rounded_up(kernel, stride, dilation, size) -> None:
    before, after = same_padding(size, kernel, stride, dilation)
    assert 0 <= after - before <= 1
    layer = nn.Conv2D(1, kernel, stride=stride, padding="same", dilation=dilation)
    assert layer.build((1, size, size), rng=RNG(0))[1:] == (-(-size // stride),) * 2


def test_batch_norm_moves_its_running_statistics() -> None:
    layer = built(nn.BatchNorm(momentum=0.25), (2,))
    x = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    layer.forward(x, train=True)
    np.testing.assert_allclose(layer.state["running_mean"], [0.75, 5.0])
    np.testing.assert_allclose(layer.state["running_var"], [0.75 + 1, 0.75 + 75])
    layer.forward(x, train=True)
    np.testing.assert_allclose(layer.state["running_mean"], [0.75 * 0.75 + 0.75, 0.75 * 5 + 5])
    before = {k: v.copy() for k, v in layer.state.items()}
    layer.forward(x + 100)
    for key, value in before.items():
        np.testing.assert_array_equal(layer.state[key], value)


def test_batch_norm_predicts_with_its_running_statistics() -> None:
    layer = built(nn.BatchNorm(eps=0.0), (1,))
    layer.state["running_mean"][:], layer.state["running_var"][:] = 3, 4
    layer.params["gamma"][:], layer.params["beta"][:] = 10, 1
    assert layer.forward(np.array([[5.0], [3.0]])).ravel().tolist() == [11, 1]


def test_batch_norm_of_a_single_number_is_refused_and_nothing_moves() -> None:
    layer = built(nn.BatchNorm(), (2,))
    before = {name: a.copy() for name, a in layer.state.items()}
    with pytest.raises(ValueError, match="a batch of one sample, whose spread is nothing"):
        layer.forward(np.array([[5.0, -3.0]]), train=True)
    assert all((layer.state[name] == a).all() for name, a in before.items())


def test_dropout_drops_in_training_only_and_repeats_by_its_generator() -> None:
    x = np.ones((40, 50))
    masks = []
    for seed in (0, 0, 1):
        layer = nn.Dropout(0.3)
        layer.build((50,), rng=RNG(seed))
        np.testing.assert_array_equal(layer.forward(x), x)
        masks.append(layer.forward(x, train=True))
        assert (layer.forward(x, train=True) != masks[-1]).any()
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()
    assert np.unique(masks[0]).round(6).tolist() == [0, round(1 / 0.7, 6)]


def test_dropout_passes_the_gradient_where_it_passed_the_number() -> None:
    layer = built(nn.Dropout(0.5), (50,))
    y = layer.forward(np.ones((4, 50)), train=True)
    np.testing.assert_array_equal(layer.backward(np.ones((4, 50))), y)


# ---- residual blocks


def test_a_residual_adds_its_paths() -> None:
    block = built(nn.Residual([nn.Dense(3)]), (3,))
    x = normal(1, 2, 3)
    W, b = block.params["main.0.W"], block.params["main.0.b"]
    np.testing.assert_allclose(block.forward(x), x @ W + b + x)


def test_a_gradient_flows_past_a_dead_main_path_unchanged() -> None:
    block = built(nn.Residual([nn.Dense(3, init=nn.init.zeros)]), (3,))
    x, dy = normal(1, 2, 3), normal(2, 2, 3)
    block.forward(x, train=True)
    np.testing.assert_array_equal(block.backward(dy), dy)


def test_the_names_in_a_nested_residual() -> None:
    block, _ = make("Residual in a residual")
    assert sorted(block.params) == [
        "main.0.W",
        "main.0.b",
        "main.1.main.2.W",
        "main.1.main.2.b",
    ]
    inner = block.paths["main"][1]
    assert block.params["main.1.main.2.W"] is inner.params["main.2.W"]
    assert inner.params["main.2.W"] is inner.paths["main"][2].params["W"]


def test_bind_reaches_the_innermost_layer() -> None:
    block, x = make("Residual in a residual")
    before = block.forward(x)
    mine = np.zeros((4, 4))
    block.bind("main.1.main.2.W", mine)
    innermost = block.paths["main"][1].paths["main"][2]
    assert innermost.params["W"] is mine
    after = block.forward(x)
    assert not np.array_equal(before, after)
    mine += 1.0
    assert not np.array_equal(after, block.forward(x))


def test_batch_norm_in_a_residual_observes() -> None:
    block, x = make("Residual with a shortcut")
    assert set(block.state) == {
        f"{path}.1.running_{what}" for path in ("main", "shortcut") for what in ("mean", "var")
    }
    before = {k: v.copy() for k, v in block.state.items()}
    block.forward(x, train=True)
    for key, value in before.items():
        assert not np.array_equal(block.state[key], value)
    path, index, name = "main", 1, "running_mean"
    assert block.state[f"{path}.{index}.{name}"] is block.paths[path][index].state[name]


# ---- options that cannot be, and layers without a formula


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dense(0), "units must be at least 1, got 0"),
        (lambda: nn.Conv2D(0, 3), "filters must be at least 1, got 0"),
        (lambda: nn.Conv2D(2, 0), "must be at least 1"),
        (lambda: nn.Conv2D(2, 3, stride=0), "must be at least 1"),
        (lambda: nn.Conv2D(2, 3, padding=-1), "padding at least 0"),
        (
            lambda: nn.Conv2D(2, 3, padding="full"),
            '"same", "valid" or a number of pixels, got \'full\'',
        ),
        (lambda: nn.MaxPool2D(0), "must be at least 1"),
        (lambda: nn.MaxPool2D(2, padding=2), "more than half the window"),
        (lambda: nn.AvgPool2D(2, stride=0), "must be at least 1"),
        (lambda: nn.BatchNorm(momentum=1.5), "momentum must be in [0, 1], got 1.5"),
        (lambda: nn.Dropout(1.0), "rate must be in [0, 1), got 1.0"),
        (lambda: nn.BatchNorm(eps=-1e-5), "eps must not be negative, got -1e-05"),
        (lambda: nn.LayerNorm(eps=-1e-5), "eps must not be negative, got -1e-05"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dense(2.5), "units must be a whole number, got 2.5"),
        (lambda: nn.Dense("10"), "units must be a whole number, got '10'"),
        (lambda: nn.Conv2D(2.5, 3), "filters must be a whole number, got 2.5"),
        (lambda: nn.Conv2D(2, (3, 3, 3)), "(vertical, horizontal), got (3, 3, 3)"),
        (lambda: nn.Conv2D(2, 3, stride=1.5), "(vertical, horizontal), got 1.5"),
        (lambda: nn.MaxPool2D(2, padding=0.5), "(vertical, horizontal), got 0.5"),
    ],
)
def test_options_of_a_wrong_kind_are_refused(make, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


def test_the_batch_axis_in_a_shape_is_named() -> None:
    with pytest.raises(nn.ShapeError, match=r"gets \(100, 1, 8, 8\): .*without the batch axis"):
        nn.Conv2D(2, 3).build((100, 1, 8, 8), rng=RNG(0))


def test_a_layer_without_formula_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Layer defines no compute"):
        nn.Layer().forward(np.ones(1))
    with pytest.raises(NotImplementedError, match="Layer defines no gradients"):
        nn.Layer().gradients(np.ones(1), ())


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Dense(10), "Dense(units=10)"),
        (nn.Conv2D(6, 5), "Conv2D(filters=6, kernel=(5, 5))"),
        (
            nn.Conv2D(6, 5, stride=2, padding="same", dilation=3),
            "Conv2D(filters=6, kernel=(5, 5), stride=(2, 2), padding='same', dilation=(3, 3))",
        ),
        (nn.MaxPool2D(2), "MaxPool2D(window=(2, 2))"),
        (nn.MaxPool2D(3, 2, padding=1), "MaxPool2D(window=(3, 3), stride=(2, 2), padding=1)"),
        (nn.LeakyReLU(0.2), "LeakyReLU(slope=0.2)"),
        (nn.Residual([nn.ReLU()]), "Residual(main=[ReLU()])"),
    ],
)
def test_a_layer_prints_how_it_was_made(layer: nn.Layer, text: str) -> None:
    assert repr(layer) == text


# ---- libraries and seeds


@ALL
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    maker, shape, _ = LAYERS[name]

    def weights(seed: int, dtype: type = np.float32) -> list[bytes]:
        layer = maker()
        layer.build(shape, rng=RNG(seed), dtype=dtype)
        return [p.astype(np.float32).tobytes() for p in layer.params.values()]

    assert weights(0) == weights(0) == weights(0, np.float64)
    if any("W" in key.split(".") for key in make(name)[0].params):
        assert weights(0) != weights(1)


def test_every_layer_in_any_library(xp) -> None:
    for name, (maker, shape, _) in LAYERS.items():
        layer, x = make(name)
        twin = fixed(maker())
        twin.build(shape, rng=RNG(0), dtype=np.float64, xp=xp)
        for key, p in layer.params.items():
            twin.params[key][...] = xp.asarray(p)
        y, there = layer.forward(x, train=True), twin.forward(xp.asarray(x), train=True)
        assert isinstance(there, xp.ndarray)
        np.testing.assert_allclose(nn.backend.to_numpy(there), y, rtol=1e-10, atol=1e-12)
        dy = normal(4, *y.shape)
        dx = nn.backend.to_numpy(twin.backward(xp.asarray(dy)))
        np.testing.assert_allclose(dx, layer.backward(dy), rtol=1e-9, atol=1e-11)


# -- what is set on a layer


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, complex, int, "half"])
def test_only_two_dtypes_are_built(dtype):
    with pytest.raises(TypeError, match=r"dtype must be np.float32 or np.float64, got"):
        nn.Dense(3).build((2,), rng=np.random.default_rng(0), dtype=dtype)


@pytest.mark.parametrize("value", ["no", 0, None])
def test_trainable_is_true_or_false(value):
    with pytest.raises(TypeError, match=f"trainable must be True or False, got {value!r}"):
        nn.Dense(3).trainable = value


def test_a_word_that_would_freeze_nothing_is_refused():
    with pytest.raises(AttributeError, match="Dense has no requires_grad: it is trainable"):
        nn.Dense(3).requires_grad = False


@pytest.mark.parametrize("block", [False, True], ids=["a layer", "a block"])
def test_all_parameters_may_be_set_at_once(block):
    layer = nn.Residual([nn.Dense(2)]) if block else nn.Dense(2)
    model = nn.Sequential([layer])
    model.build((2,), rng=np.random.default_rng(0))
    before = model.params.flat.copy()
    with pytest.raises(ValueError, match=r"has the parameters .*W, .*b, got W"):
        layer.params = {"W": np.ones((2, 2))}
    np.testing.assert_array_equal(before, model.params.flat)
    layer.params = {name: np.full(a.shape, 7) for name, a in layer.params.items()}
    assert (model.params.flat == 7).all()
    assert model.predict(np.ones((1, 2))).tolist() == [[22.0, 22.0] if block else [21.0, 21.0]]


def test_a_layer_of_ones_own_may_bring_its_parameters():
    class Shift(nn.Layer):
        def __init__(self):
            self.params = {"b": np.ones(2)}

    assert isinstance(Shift().params, InPlace)
