"""From Keras: the model predicts what theirs does; what cannot cross is named."""

import functools

import numpy as np
import pytest
from crossing import images, keras_predicts, same

from course_nn import interop
from course_nn.interop import InteropError


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
        (seq(k.Conv2DTranspose(4, 3, dilation_rate=2)), "it has a dilation or an output_padding"),
        (seq(k.Cropping2D(1)), "layer 0, Cropping2D .*it cuts an image; only behind"),
        (seq(k.SeparableConv2D(4, 3)), "layer 0, SeparableConv2D .*no counterpart"),
        (seq(k.Conv2D(4, 3, activation="elu")), "its activation elu has no counterpart"),
        (seq(k.Conv2D(4, 3, activation=k.PReLU())), "its activation PReLU is unknown"),
        (seq(k.Conv2D(4, 3, activation="softmax")), "only the softmax of features"),
        (seq(k.Softmax()), "layer 0, Softmax .*only the softmax of features"),
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


# -- what their options and habits do ------------------------------------------------------------

FLAT, IMAGE = (6,), (8, 7, 2)
THEIR_HABITS = {
    "batch norm without parameters": lambda k: (
        [k.BatchNormalization(center=False, scale=False)],
        FLAT,
    ),
    "batch norm of images without parameters": lambda k: (
        [k.BatchNormalization(center=False, scale=False)],
        IMAGE,
    ),
    "batch norm without a bias": lambda k: ([k.BatchNormalization(center=False)], IMAGE),
    "batch norm without a scale": lambda k: ([k.BatchNormalization(scale=False)], FLAT),
    "batch norm that forgets": lambda k: ([k.BatchNormalization(momentum=0.0)], FLAT),
    "batch norm that never moves": lambda k: ([k.BatchNormalization(momentum=1.0)], FLAT),
    "batch norm with a large eps": lambda k: ([k.BatchNormalization(epsilon=0.5)], FLAT),
    "layer norm without parameters": lambda k: (
        [k.LayerNormalization(axis=[1, 2, 3], center=False, scale=False)],
        IMAGE,
    ),
    "layer norm of axes out of order": lambda k: ([k.LayerNormalization(axis=[3, 1, 2])], IMAGE),
    "layer norm of axes from the end": lambda k: ([k.LayerNormalization(axis=[-1, -2, -3])], IMAGE),
    "dense without a bias": lambda k: ([k.Dense(3, use_bias=False)], FLAT),
    "convolution without a bias": lambda k: ([k.Conv2D(3, 3, use_bias=False)], IMAGE),
    "groups": lambda k: ([k.Conv2D(4, 3, groups=2, activation="gelu")], IMAGE),
    "depthwise": lambda k: ([k.DepthwiseConv2D(3, depth_multiplier=3, padding="same")], IMAGE),
    "depthwise without a bias": lambda k: (
        [k.DepthwiseConv2D((2, 3), strides=2, use_bias=False, activation="tanh")],
        IMAGE,
    ),
    "transposed": lambda k: ([k.Conv2DTranspose(3, (4, 3), strides=(2, 1))], IMAGE),
    "transposed, same": lambda k: ([k.Conv2DTranspose(3, 3, strides=2, padding="same")], IMAGE),
    "transposed, same, even": lambda k: ([k.Conv2DTranspose(3, 4, padding="same")], IMAGE),
    "transposed beyond its kernel": lambda k: ([k.Conv2DTranspose(3, 2, strides=3)], IMAGE),
    "transposed beyond its kernel, same": lambda k: (
        [k.Conv2DTranspose(3, 2, strides=3, padding="same", use_bias=False)],
        IMAGE,
    ),
    "transposed and cut": lambda k: (
        [k.Conv2DTranspose(3, 4, strides=2), k.Cropping2D(((1, 2), (0, 3)))],
        IMAGE,
    ),
    "transposed beyond its kernel and cut": lambda k: (
        [k.Conv2DTranspose(3, 2, strides=4), k.Cropping2D(((0, 1), (1, 3)))],
        IMAGE,
    ),
    "same mean": lambda k: ([k.AveragePooling2D(3, strides=2, padding="same")], IMAGE),
    "mean with other strides": lambda k: ([k.AveragePooling2D((3, 2), strides=(1, 2))], IMAGE),
    "exact GELU": lambda k: ([k.Dense(3, activation="gelu")], FLAT),
    "SiLU": lambda k: ([k.Dense(3, activation="swish")], FLAT),
    "log-softmax": lambda k: ([k.Dense(3, activation="log_softmax")], FLAT),
    "dropout of channels": lambda k: ([k.Conv2D(3, 3), k.SpatialDropout2D(0.5)], IMAGE),
    "dropout of nothing": lambda k: ([k.Dense(3), k.Dropout(0.0)], FLAT),
    "padding twice": lambda k: (
        [k.ZeroPadding2D(((1, 0), (2, 1))), k.ZeroPadding2D(1), k.Conv2D(3, 3)],
        IMAGE,
    ),
    "same with a stride": lambda k: ([k.Conv2D(3, 3, strides=2, padding="same")], IMAGE),
    "same with a larger stride than kernel": lambda k: (
        [k.Conv2D(3, 2, strides=3, padding="same")],
        IMAGE,
    ),
    "same with dilation": lambda k: ([k.Conv2D(3, 3, dilation_rate=2, padding="same")], IMAGE),
    "same maximum": lambda k: ([k.MaxPooling2D(3, strides=2, padding="same")], IMAGE),
    "same maximum of all": lambda k: ([k.MaxPooling2D(8, strides=8, padding="same")], IMAGE),
}  # fmt: skip


def scrambled_weights(model):
    rng = np.random.default_rng(0)
    model.set_weights([a + rng.uniform(0.1, 0.6, a.shape) for a in model.get_weights()])
    return model


@pytest.mark.parametrize("habit", THEIR_HABITS)
def test_kerass_habits_cross(keras, habit):
    layers, shape = THEIR_HABITS[habit](keras.layers)
    theirs = scrambled_weights(keras.Sequential([keras.Input(shape), *layers]))
    x = images((shape[2], *shape[:2]) if len(shape) == 3 else shape)
    same(interop.from_keras(theirs).predict(x), keras_predicts(keras, theirs, x))


def test_what_is_frozen_stays_frozen(keras):
    k = keras.layers
    theirs = keras.Sequential([keras.Input(FLAT), k.Dense(4), k.ReLU(), k.Dense(3)])
    theirs.layers[0].trainable = False
    model = interop.from_keras(theirs)
    assert [layer.trainable for layer in model.layers] == [False, True, True]
    same(model.predict(images(FLAT)), keras_predicts(keras, theirs, images(FLAT)))


def shared_dense(keras):
    dense = keras.layers.Dense(6)
    return [keras.Sequential([dense]), keras.Sequential([dense])]


REFUSED = {
    "drops everything": (lambda k: [k.layers.Dropout(1.0)], FLAT, "it drops everything"),
    "drops rows": (
        lambda k: [k.layers.Dropout(0.5, noise_shape=(1, 8, 7, 2))],
        IMAGE,
        "layer 0, Dropout .*use a rate below 1 and no noise_shape",
    ),
    "one layer twice": (shared_dense, FLAT, "layer 1.0, .*shares its weights with layer 0.0"),
    "mixed precision": (
        lambda k: [k.layers.Dense(3, dtype="mixed_float16")],
        FLAT,
        "it computes in float16 with weights of float32",
    ),
    "pads a maximum": (
        lambda k: [k.layers.ZeroPadding2D(1), k.layers.MaxPooling2D(2)],
        IMAGE,
        "the padding layer before it, filled with 0, cannot be its own",
    ),
    "nothing": (lambda k: [], FLAT, "it holds no layer"),
    "pads, and stops": (lambda k: [k.layers.ZeroPadding2D(1)], IMAGE, "it pads, and no layer"),
    "of rows": (lambda k: [k.layers.Dense(3)], IMAGE, "layer 0, Dense .*expects an input"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_come_out_otherwise_is_refused(keras, case):
    make, shape, message = REFUSED[case]
    with pytest.raises(InteropError, match=message) as caught:
        interop.from_keras(keras.Sequential([keras.Input(shape), *make(keras)]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("thing", [None, {}, "model.keras"])
def test_what_is_no_model_is_refused(keras, thing):
    with pytest.raises(InteropError, match="cannot be read"):
        interop.from_keras(thing)
