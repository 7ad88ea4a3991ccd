"""What a layer is before it has a formula, and a chain of layers that are built."""

import numpy as np
import pytest

import course_nn as nn
from course_nn.parameters import InPlace

from .contract import RNG, built, normal


def test_legal_shapes_build() -> None:
    model = nn.Sequential([nn.Input((1, 6, 6)), nn.Conv2D(2, 3), nn.Flatten(), nn.Dense(3)])
    assert model.build((1, 6, 6), rng=RNG(0)) == (3,)
    assert [layer.output_shape for layer in model.layers] == [(1, 6, 6), (2, 4, 4), (32,), (3,)]


def test_a_key_error_of_a_built_layer_is_not_taken_for_a_missing_build() -> None:
    layer = built(nn.Dense(3), (5,))
    del layer.params["W"]
    with pytest.raises(KeyError, match="W"):
        layer.forward(normal(0, 2, 5))


def test_the_batch_axis_in_a_shape_is_named() -> None:
    with pytest.raises(nn.ShapeError, match=r"gets \(100, 1, 8, 8\): .*without the batch axis"):
        nn.Conv2D(2, 3).build((100, 1, 8, 8), rng=RNG(0))


def test_a_layer_without_formula_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Layer defines no compute"):
        nn.Layer().forward(np.ones(1))
    with pytest.raises(NotImplementedError, match="Layer defines no gradients"):
        nn.Layer().gradients(np.ones(1), ())


# -- what is set on a layer


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, complex, int, "half"])
def test_only_two_dtypes_are_built(dtype):
    with pytest.raises(TypeError, match=r"dtype must be np.float32 or np.float64, got"):
        nn.Dense(3).build((2,), rng=RNG(0), dtype=dtype)


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
    model.build((2,), rng=RNG(0))
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


@pytest.mark.parametrize(
    "layer",
    [
        lambda init: nn.Dense(3, init=init),
        lambda init: nn.Conv2D(3, 2, init=init),
        lambda init: nn.ConvTranspose2D(3, 2, init=init),
    ],
    ids=["Dense", "Conv2D", "ConvTranspose2D"],
)
def test_weights_of_another_shape_are_refused_and_not_stretched(layer):
    one = layer(lambda shape, *, rng: np.ones(shape[-1:]))
    shape = (4,) if isinstance(one, nn.Dense) else (2, 5, 5)
    with pytest.raises(ValueError, match=r"init: what it gives has shape \(\d,\), expected"):
        one.build(shape, rng=np.random.default_rng(0))
