"""Interchange: equal predictions after every crossing, both ways; what cannot cross is named."""

import functools
import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

import course_nn as nn
from course_nn import interop
from course_nn.interop import InteropError

os.environ.setdefault("KERAS_BACKEND", "jax" if importlib.util.find_spec("jax") else "torch")


@pytest.fixture(scope="session")
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: nothing to cross to")


@pytest.fixture(scope="session")
def keras():
    return pytest.importorskip("keras", reason="Keras is not installed: nothing to cross to")


def scrambled(model: nn.Sequential, shape, dtype=np.float32, seed: int = 0) -> nn.Sequential:
    """Built, with nothing left at its trivial first value: biases, γ, β and running statistics."""
    rng = np.random.default_rng(seed)
    model.build(shape, rng=rng, dtype=dtype)
    model.params.flat[:] += 0.3 * rng.standard_normal(model.params.flat.size)
    for layer in model.layers:
        for name, a in layer.state.items():
            a[...] = (
                rng.uniform(0.5, 2, a.shape) if name.endswith("var") else rng.normal(size=a.shape)
            )
    return model


def images(shape, count: int = 5, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, *shape)).astype(np.float32)


def torch_predicts(torch, module, x: np.ndarray) -> np.ndarray:
    dtype = next(module.parameters()).dtype
    with torch.no_grad():
        return module.eval()(torch.from_numpy(x).to(dtype)).numpy()


def keras_predicts(keras, model, x: np.ndarray) -> np.ndarray:
    """The model's output for our images, given to it in its own order."""
    last = x.ndim == 4 and tuple(model.input_shape[1:]) != x.shape[1:]
    x = np.moveaxis(x, 1, -1) if last else x
    y = np.asarray(keras.ops.convert_to_numpy(model(x, training=False)))
    return np.moveaxis(y, -1, 1) if last and y.ndim == 4 else y


def same(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-5) -> None:
    assert a.shape == b.shape
    assert np.abs(b).max() > 1e-3  # not equal because both are nothing
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * np.abs(b).max())


LENET = [
    lambda: nn.Conv2D(6, 5, padding=2),
    nn.BatchNorm,
    nn.ReLU,
    lambda: nn.MaxPool2D(2),
    lambda: nn.Conv2D(8, 3, stride=2),
    nn.Tanh,
    lambda: nn.AvgPool2D(2, stride=1),
    nn.Flatten,
    lambda: nn.Dropout(0.3),
    lambda: nn.Dense(12),
    lambda: nn.BatchNorm(0.3, 1e-3),
    nn.GELU,
    lambda: nn.Dense(4),
    nn.Softmax,
]

OURS = {
    "lenet": (LENET, (2, 14, 14)),
    "dense": ([lambda: nn.Dense(7), nn.Sigmoid, nn.LayerNorm, lambda: nn.Dense(3)], (5,)),
    "norm after flatten": (
        [nn.Flatten, nn.BatchNorm, nn.LayerNorm, nn.ReLU, lambda: nn.Dense(3), nn.Softmax],
        (3, 4, 5),
    ),
    "same": (
        [
            lambda: nn.Input((3, 9, 8)),
            lambda: nn.Conv2D(4, (3, 2), stride=2, padding="same"),
            lambda: nn.LeakyReLU(0.2),
            lambda: nn.Conv2D(5, 2, padding="same", dilation=2),
            nn.GlobalAvgPool2D,
            lambda: nn.Dense(3),
        ],
        (3, 9, 8),
    ),
    "sides": (
        [
            lambda: nn.Conv2D(4, 3, padding=((2, 0), (1, 3)), stride=(2, 1)),
            lambda: nn.AvgPool2D(3, stride=2, padding=1),
            lambda: nn.LayerNorm(1e-3),
            nn.Flatten,
            lambda: nn.Dense(3),
        ],
        (2, 9, 9),
    ),
    "odd pool": (
        [lambda: nn.MaxPool2D(2, padding=((0, 1), (0, 1))), nn.Flatten, lambda: nn.Dense(3)],
        (2, 7, 7),
    ),
    "images out": ([lambda: nn.Conv2D(4, 3), nn.ReLU], (2, 6, 5)),
}


def ours(name: str, dtype=np.float32) -> nn.Sequential:
    makers, shape = OURS[name]
    return scrambled(nn.Sequential([make() for make in makers]), shape, dtype)


# -- PyTorch -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OURS)
def test_to_torch_and_back(torch, name, dtype):
    model = ours(name, dtype)
    x, tolerance = images(model.input_shape), 1e-4 if dtype == np.float32 else 1e-10
    x = x.astype(dtype)
    module = interop.to_torch(model)
    same(torch_predicts(torch, module, x), model.predict(x), tolerance)
    again = interop.from_torch(module, model.input_shape)
    assert again.dtype == dtype
    same(again.predict(x), model.predict(x), 1e-12)
    for mine, theirs in zip(again.params.values(), model.params.values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_residual_block_crosses(torch):
    block = [nn.Conv2D(4, 3, padding=1, stride=2), nn.BatchNorm(), nn.ReLU()]
    inner = nn.Residual([nn.Conv2D(4, 3, padding=1), nn.BatchNorm()])
    layers = [nn.Residual([*block, inner], [nn.Conv2D(4, 1, stride=2)]), nn.GlobalAvgPool2D()]
    model = scrambled(nn.Sequential([*layers, nn.Dense(3)]), (3, 8, 8))
    module = interop.to_torch(model)
    x = images((3, 8, 8))
    same(torch_predicts(torch, module, x), model.predict(x), 1e-4)
    again = interop.from_torch(module, (3, 8, 8))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_training_goes_on_alike_in_pytorch(torch):
    """Running statistics and momentum mean the same on both sides."""
    model = ours("lenet", np.float64)
    model.layers = [layer for layer in model.layers if not isinstance(layer, nn.Dropout)]
    model.layers.pop()  # the softmax is in the loss
    model = scrambled(nn.Sequential(model.layers), (2, 14, 14), np.float64)
    module = interop.to_torch(model).train()
    optimizer, loss = torch.optim.SGD(module.parameters(), 0.1), torch.nn.CrossEntropyLoss()
    x, labels = images((2, 14, 14), 12).astype(np.float64), np.arange(12) % 4
    for _ in range(3):
        model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
        optimizer.zero_grad()
        loss(module(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        optimizer.step()
    same(torch_predicts(torch, module, x), model.predict(x), 1e-8)


def test_a_pytorch_model_of_its_own_making(torch):
    t = torch.nn
    torch.manual_seed(0)
    features = t.Sequential(
        t.Conv2d(1, 6, 5, padding="same", bias=False),
        t.BatchNorm2d(6, eps=1e-3, momentum=0.2),
        t.ReLU(inplace=True),
        t.MaxPool2d(3, stride=2, padding=1),
        t.ZeroPad2d((1, 0, 2, 1)),
        t.Conv2d(6, 4, (3, 2), stride=(2, 1), dilation=(1, 2)),
        t.LeakyReLU(0.3),
    )
    head = [
        t.Flatten(),
        t.Dropout(0.1),
        t.LazyLinear(9),
        t.LayerNorm(9),
        t.GELU("tanh"),
        t.Identity(),
    ]
    module = t.Sequential(
        features, *head, t.Identity(), t.Linear(9, 5, bias=False), t.Softmax(dim=1)
    )
    x = images((1, 12, 11))
    for _ in range(3):
        module.train()(torch.from_numpy(x))
    model = interop.from_torch(module, (1, 12, 11))
    assert model.layers[1].momentum == 0.2
    same(model.predict(x), torch_predicts(torch, module, x))


def test_the_copies_are_independent(torch):
    model = ours("dense")
    module = interop.to_torch(model)
    again = interop.from_torch(module)
    before, x = model.predict(images((5,))), images((5,))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(model.predict(x), before)
    np.testing.assert_array_equal(again.predict(x), before)


def test_the_module_comes_in_evaluation_mode(torch):
    assert not interop.to_torch(ours("lenet")).training


def torch_errors(t):
    lin, conv = t.Linear(4, 4), functools.partial(t.Conv2d, 2, 4, 3)
    image, seq = (2, 8, 8), t.Sequential
    return [
        (seq(lin, seq(t.ReLU(), t.LSTM(4, 4))), None, "layer 1.1, LSTM: course_nn has no counter"),
        (t.TransformerEncoderLayer(4, 1), (4,), "layer 0, TransformerEncoderLayer: .*nn"),
        (seq(conv()), None, r"does not say how large an image is; give from_torch\(module, input_"),
        (seq(conv()), (3, 8, 8), None),
        (seq(conv(groups=2)), image, "layer 0, Conv2d: it has groups=2"),
        (seq(conv(padding_mode="circular", padding=1)), image, "padding_mode='circular'"),
        (seq(lin, t.GELU()), None, r'layer 1, GELU: course_nn\'s GELU is the tanh form; use GELU'),
        (seq(conv(), t.Softmax(dim=1)), image, "layer 1, Softmax: it runs along axis 1"),
        (seq(t.MaxPool2d(3, ceil_mode=True)), image, "it has ceil_mode or a dilation"),
        (seq(t.MaxPool2d(3, dilation=2)), image, "it has ceil_mode or a dilation"),
        (seq(t.MaxPool2d(3, return_indices=True)), image, "it returns indices"),
        (seq(t.AvgPool2d(3, padding=1, count_include_pad=False)), image, "does not count"),
        (seq(t.AvgPool2d(3, divisor_override=2)), image, "or has a divisor"),
        (seq(t.BatchNorm2d(2, momentum=None)), image, "layer 0, BatchNorm2d: it keeps no running"),
        (seq(t.BatchNorm1d(2)), (2, 9), r"its samples have shape \(2, 9\)"),
        (seq(t.LayerNorm(8)), image, r"it normalises over \(8,\) of a sample of shape \(2, 8, 8\)"),
        (seq(t.AdaptiveAvgPool2d(2)), image, "its output is 2; only AdaptiveAvgPool2d"),
        (seq(t.AdaptiveAvgPool2d(1), t.Conv2d(2, 2, 1)), image, r"\(C, 1, 1\) is used as an image"),
        (seq(t.Flatten(2), t.Linear(64, 2)), image, "it keeps some of the axes"),
        (seq(conv(), t.Linear(6, 2)), image, r"layer 1, Linear: Dense\(units=2\) expects an input"),
        (seq(t.ZeroPad2d(1), t.MaxPool2d(2)), image, "the padding layer before it, filled with 0,"),
        (seq(t.ZeroPad2d(1), t.ReLU()), image, "layer 1, ReLU: the padding layer before it"),
        (seq(conv(), t.ZeroPad2d(1)), image, "it pads, and no layer follows"),
        (seq(lin.half()), None, "its weights are float16; call module.float"),
        (seq(), None, "the model"),
    ]  # fmt: skip


def test_what_pytorch_has_and_we_have_not_is_named(torch):
    for module, shape, message in torch_errors(torch.nn):
        if message is None:  # the wrong number of channels shows in the weights' shape
            with pytest.raises(ValueError, match=r"weight|shape|reshape|broadcast"):
                interop.from_torch(module, shape)
            continue
        with pytest.raises(InteropError, match=message) as caught:
            interop.from_torch(module, shape)
        assert "\n" not in str(caught.value)


class Square(nn.Layer):
    def compute(self, x, train, *noise):
        return x * x, None


def test_a_layer_of_ones_own_is_named(torch, keras):
    model = nn.Sequential([nn.Flatten(), Square()])
    model.build((1, 2, 2), rng=np.random.default_rng(0))
    for give in (interop.to_torch, interop.to_keras):
        with pytest.raises(InteropError, match=r"layer 1, Square: .* counterpart is not known"):
            give(model)


# -- Keras ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OURS)
def test_to_keras_and_back(keras, name):
    model = ours(name)
    x = images(model.input_shape)
    theirs = interop.to_keras(model)
    same(keras_predicts(keras, theirs, x), model.predict(x), 1e-4)
    again = interop.from_keras(theirs)
    assert again.input_shape == model.input_shape
    for mine, before in zip(again.params.values(), model.params.values(), strict=True):
        np.testing.assert_array_equal(mine, before)
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)


def keras_model(keras, data_format: str, flatten_format: str):
    """A chain with a little of everything, as Keras's users write it: fused activations."""
    k = keras.layers
    f = {"data_format": data_format}
    axis = -1 if data_format == "channels_last" else 1
    shape = (13, 12, 3) if data_format == "channels_last" else (3, 13, 12)
    gelu = functools.partial(keras.activations.gelu, approximate=True)
    inner = keras.Sequential([k.Dense(9, activation="tanh"), k.Dropout(0.2)])
    return keras.Sequential(
        [
            keras.Input(shape),
            k.Conv2D(5, (3, 2), strides=2, padding="same", activation="relu", **f),
            k.BatchNormalization(axis=axis, momentum=0.8),
            k.LayerNormalization(axis=[1, 2, 3]),
            k.ZeroPadding2D(((1, 0), (2, 1)), **f),
            k.Conv2D(4, 3, dilation_rate=2, use_bias=False, activation=gelu, **f),
            k.MaxPooling2D(2, padding="same", **f),
            k.AveragePooling2D(2, strides=1, **f),
            k.LeakyReLU(negative_slope=0.15),
            k.Flatten(data_format=flatten_format),
            k.BatchNormalization(scale=False),
            k.LayerNormalization(center=False),
            inner,
            k.Dense(8, activation=k.LeakyReLU(negative_slope=0.3)),
            k.ReLU(negative_slope=0.1),
            k.Dense(7, activation="leaky_relu"),
            k.Activation("sigmoid"),
            k.Dense(4, activation="softmax"),
        ]
    )


def scramble_keras(keras, model, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            scramble_keras(keras, layer, seed + 1)
            continue
        old = layer.get_weights()
        layer.set_weights([a + rng.uniform(0.1, 0.6, a.shape) for a in old])


@pytest.mark.parametrize("flatten_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_keras_model_of_its_own_making(keras, data_format, flatten_format):
    theirs = keras_model(keras, data_format, flatten_format)
    scramble_keras(keras, theirs)
    model = interop.from_keras(theirs)
    x = images((3, 13, 12))
    expected = keras_predicts(keras, theirs, x)
    assert np.ptp(expected, axis=0).max() > 1e-3  # the images tell
    same(model.predict(x), expected)
    assert model.layers[2].momentum == pytest.approx(0.2)


def test_global_pooling_and_a_functional_chain(keras):
    k = keras.layers
    start = keras.Input((9, 9, 2))
    y = k.Conv2D(4, 3)(start)
    y = keras.Sequential([k.GlobalAveragePooling2D(), k.Dense(6, activation="relu")])(y)
    theirs = keras.Model(start, k.Dense(3)(y))
    model = interop.from_keras(theirs)
    x = images((2, 9, 9))
    same(model.predict(x), keras_predicts(keras, theirs, x))


def test_samples_without_channels(keras):
    k = keras.layers
    theirs = keras.Sequential([keras.Input((4, 6)), k.Flatten(), k.Dense(3)])
    x = images((4, 6))
    expected = np.asarray(keras.ops.convert_to_numpy(theirs(x)))
    same(interop.from_keras(theirs).predict(x), expected)


def keras_errors(keras):
    k, image = keras.layers, keras.Input((8, 8, 2))
    seq = lambda *layers, start=image: keras.Sequential([start, *layers])  # noqa: E731
    start, series = keras.Input((4,)), keras.Input((5, 4))
    one, two = k.Dense(3, name="one")(start), k.Dense(3, name="two")(start)
    shared = k.Dense(4)
    return [
        (seq(k.Dense(4), start=series), "layer 0, Dense 'dense.*expects an input"),
        (seq(k.LSTM(3, name="memory"), start=series), "layer 0, LSTM 'memory': course_nn"),
        (keras.Model(start, k.Add()([one, two])), "it branches; only a chain"),
        (keras.Model(start, [one, two]), "branches; only a chain|several outputs"),
        (keras.Model(start, shared(shared(start))), "several outputs, or uses a layer twice"),
        (keras.Sequential([k.Dense(3)]), "samples is not known; begin it with keras.Input"),
        (seq(k.Dense(3), start=keras.Input((None, 4))), "the shape of its samples is not known"),
        (seq(k.Conv2D(4, 3, groups=2)), "it has groups=2"),
        (seq(k.Conv2D(4, 3, activation="gelu")), "its GELU is the exact one"),
        (seq(k.Conv2D(4, 3, activation="elu")), "its activation elu has no counterpart"),
        (seq(k.Conv2D(4, 3, activation=k.PReLU())), "its activation PReLU is unknown"),
        (seq(k.Conv2D(4, 3, activation="softmax")), "only the softmax of features"),
        (seq(k.Softmax()), "layer 0, Softmax .*only the softmax of features"),
        (seq(k.AveragePooling2D(3, padding="same")), "its mean does not count the padding"),
        (seq(k.BatchNormalization(axis=1)), "along axis 1; only the channels' axis, 3"),
        (seq(k.LayerNormalization()), "only the whole sample has a counterpart"),
        (seq(k.ReLU(max_value=6)), "it has a max_value or a threshold"),
        (seq(k.GlobalAveragePooling2D(keepdims=True)), "use keepdims=False"),
        (seq(k.Flatten()), "it ends in a Flatten, whose features Keras has in another order"),
        (
            seq(k.MaxPooling2D(2), k.MaxPooling2D(2, data_format="channels_first")),
            "mix channels_first and channels_last",
        ),
        (seq(k.Dense(3, dtype="float16"), start=start), "its weights are float16"),
    ]  # fmt: skip


def test_what_keras_has_and_we_have_not_is_named(keras):
    for theirs, message in keras_errors(keras):
        with pytest.raises(InteropError, match=message) as caught:
            interop.from_keras(theirs)
        assert "\n" not in str(caught.value)


def test_a_keras_model_with_a_call_of_its_own(keras):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, x):
            return self.dense(x) * 2

    own = Own()
    own(np.ones((1, 4), np.float32))
    with pytest.raises(InteropError, match=r"shape of its samples is not known|cannot be read"):
        interop.from_keras(own)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.MaxPool2D(3, padding=1), nn.Flatten(), nn.Dense(2)], "Keras cannot pad a maximum by"),
        ([nn.Softmax()], "on images it runs along their width"),
        ([nn.Flatten()], "it ends in a Flatten, whose features Keras has in another order"),
        ([nn.Residual([nn.ReLU()])], "layer 0, Residual: Keras's counterpart is not known"),
        ([nn.Conv2D(2, 3, stride=2, dilation=2)], "layer 0, Conv2D: Keras has no such layer"),
    ],
)
def test_what_we_have_and_keras_has_not_is_named(keras, layers, message):
    model = nn.Sequential(layers)
    model.build((2, 8, 8), rng=np.random.default_rng(0))
    with pytest.raises(InteropError, match=message):
        interop.to_keras(model)


# -- the package itself --------------------------------------------------------------------------


def test_the_frameworks_are_not_imported_until_asked_for():
    program = "import sys, course_nn.interop; print(*{'torch', 'keras', 'jax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_model_without_shapes_is_refused(torch, keras):
    for give in (interop.to_torch, interop.to_keras):
        with pytest.raises(RuntimeError, match="has no shapes yet"):
            give(nn.Sequential([nn.Dense(3)]))
