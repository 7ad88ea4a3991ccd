"""Parity with Keras on MNIST: with a Keras model's weights we give its predictions.

The measure is the sum of the absolute differences of all predictions, over the 10,000 images of the
test set and their 10 classes: below 0.01 altogether, so 10⁻⁷ a number on average.
"""

import importlib.util
import os

import numpy as np
import pytest

import course_nn as nn

os.environ.setdefault("KERAS_BACKEND", "jax" if importlib.util.find_spec("jax") else "torch")


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras", reason="Keras is not installed: nothing to compare with")


@pytest.fixture(scope="module")
def digits():
    try:
        return nn.data.mnist(download=False)
    except nn.data.DataNotFound:
        pytest.skip("MNIST is not here: put its files where $COURSE_NN_DATA points")


def pooled_dense(k) -> list:
    """Max pooling, then dense layers."""
    return [
        k.MaxPooling2D(2),
        k.Flatten(),
        k.Dense(80, activation="relu"),
        k.Dense(40, activation="relu"),
        k.Dense(20, activation="relu"),
        k.Dense(10, activation="softmax"),
    ]


def lenet(k) -> list:
    """LeNet with batch norm before each activation."""
    block = [k.BatchNormalization(momentum=0.9), k.ReLU(), k.MaxPooling2D(2)]
    again = [k.BatchNormalization(momentum=0.9), k.ReLU(), k.MaxPooling2D(2)]
    return [
        k.Conv2D(6, 5, padding="same"), *block,
        k.Conv2D(16, 5), *again,
        k.Flatten(),
        k.Dense(120), k.BatchNormalization(momentum=0.9), k.ReLU(),
        k.Dense(84, activation="relu"),
        k.Dropout(0.2),
        k.Dense(10, activation="softmax"),
    ]  # fmt: skip


@pytest.mark.parametrize("network", [pooled_dense, lenet])
def test_the_predictions_on_the_test_set_are_keras(keras, digits, network, record_property):
    """Trained for a while, so that predictions are sharp and running statistics not trivial."""
    keras.utils.set_random_seed(0)
    theirs = keras.Sequential([keras.Input((28, 28, 1)), *network(keras.layers)])
    adam = keras.optimizers.Adam(0.005)
    theirs.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    to_last = lambda x: np.ascontiguousarray(np.moveaxis(x, 1, -1))  # noqa: E731
    x, labels = to_last(digits.x_train[:4000]), digits.y_train[:4000]
    theirs.fit(x, labels, epochs=1, batch_size=50, verbose=0)

    expected = np.asarray(theirs.predict(to_last(digits.x_test), batch_size=500, verbose=0))
    assert (expected.argmax(axis=1) == digits.y_test).mean() > 0.8  # it has learned
    assert expected.shape == (10_000, 10)

    ours = nn.interop.from_keras(theirs).predict(digits.x_test)
    difference = np.abs(ours.astype(np.float64) - expected.astype(np.float64)).sum()
    record_property("sum_of_absolute_differences", difference)
    print(f"{network.__name__}: sum of absolute differences {difference:.6f}")
    assert difference < 0.01

    back = nn.interop.to_keras(nn.interop.from_keras(theirs))
    returned = np.asarray(back.predict(to_last(digits.x_test), batch_size=500, verbose=0))
    assert np.abs(returned.astype(np.float64) - expected).sum() < 0.01


@pytest.mark.parametrize("window", [2, 3, (1, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [(7, 8), (2, 1)])
def test_same_pooling_is_keras(keras, window, stride: int, size: tuple[int, int]) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, *size)).astype(np.float32)
    theirs = {"max": keras.layers.MaxPooling2D, "avg": keras.layers.AveragePooling2D}
    for kind, layer in theirs.items():
        y = layer(window, stride, padding="same")(x.transpose(0, 2, 3, 1))
        expected = keras.ops.convert_to_numpy(y).transpose(0, 3, 1, 2)
        found, _ = getattr(nn.ops, f"{kind}_pool2d_forward")(x, window, stride, "same")
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
