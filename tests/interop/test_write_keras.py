"""To Keras: the model predicts the same, and comes back the same; what cannot cross is named."""

import functools

import numpy as np
import pytest
from crossing import OURS, images, keras_predicts, ours, same, scrambled

import course_nn as nn
from course_nn import interop
from course_nn.interop import InteropError


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


def pooled(kind, **options):
    return functools.partial(getattr(nn, f"{kind}Pool2D"), **options)


OURS_ALONE = {
    "max in ceil mode, as same": pooled("Max", window=2, ceil_mode=True),
    "mean without what ceil mode adds": pooled(
        "Avg", window=2, ceil_mode=True, count_include_pad=False
    ),
    "mean in ceil mode": pooled("Avg", window=3, stride=2, ceil_mode=True),
    "mean with the padding of same": pooled(
        "Avg", window=3, stride=2, padding="same", count_include_pad=True
    ),
    "a stride larger than the kernel": functools.partial(nn.ConvTranspose2D, 3, 2, stride=3),
    "cut on one side": functools.partial(
        nn.ConvTranspose2D, 3, 4, stride=2, padding=((2, 0), (0, 1))
    ),
}


@pytest.mark.parametrize("name", OURS_ALONE)
def test_a_layer_alone_crosses(keras, name):
    model = scrambled(nn.Sequential([OURS_ALONE[name]()]), (2, 9, 7))
    x = images((2, 9, 7))
    same(keras_predicts(keras, interop.to_keras(model), x), model.predict(x))


def test_what_is_frozen_stays_frozen(keras):
    model = ours("lenet")
    model.layers[0].trainable = model.layers[1].trainable = False
    theirs = interop.to_keras(model)
    frozen = [layer.name for layer in theirs.layers if layer.weights and not layer.trainable]
    assert len(frozen) == 2
    again = interop.from_keras(theirs)
    assert [a.trainable for a in again.layers] == [a.trainable for a in model.layers]
    x = images(model.input_shape)
    same(again.predict(x), model.predict(x))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.MaxPool2D(3, padding=1), nn.Flatten(), nn.Dense(2)], "Keras cannot pad a maximum by"),
        ([nn.Softmax()], "on images it runs along their width"),
        ([nn.Flatten()], "it ends in a Flatten, whose features Keras has in another order"),
        ([nn.Residual([nn.ReLU()])], "layer 0, Residual: Keras's counterpart is not known"),
        ([nn.AvgPool2D(3, stride=2, padding=1, ceil_mode=True)], "Keras has no mean that pads by"),
        (
            [nn.AvgPool2D(3, stride=2, padding=((1, 0), (0, 0)), count_include_pad=False)],
            "leaves some of it out",
        ),
        ([nn.ConvTranspose2D(2, 3, dilation=2)], "layer 0, ConvTranspose2D: .* dilated otherwise"),
        (
            [nn.ConvTranspose2D(2, 3, stride=2, output_padding=1)],
            "its output_padding reaches beyond",
        ),
        ([nn.Conv2D(2, 3, stride=2, dilation=2)], "layer 0, Conv2D: Keras has no such layer"),
    ],
)
def test_what_we_have_and_keras_has_not_is_named(keras, layers, message):
    model = nn.Sequential(layers)
    model.build((2, 8, 8), rng=np.random.default_rng(0))
    with pytest.raises(InteropError, match=message):
        interop.to_keras(model)


@pytest.fixture
def channels_first(keras):
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


@pytest.mark.usefixtures("channels_first")
@pytest.mark.parametrize("name", [name for name in OURS if name != "images out"])
def test_a_setting_of_keras_does_not_turn_the_axes(keras, name):
    model = ours(name)
    x = images(model.input_shape)
    same(keras_predicts(keras, interop.to_keras(model), x), model.predict(x), 1e-4)


def test_float64_that_the_backend_would_round_is_refused(keras):
    model = ours("dense", np.float64)
    if keras.backend.backend() != "jax":  # only JAX has it switched off
        assert interop.from_keras(interop.to_keras(model)).dtype == np.float64
        return
    with pytest.raises(InteropError, match="it is float64, which this backend keeps as float32"):
        interop.to_keras(model)
