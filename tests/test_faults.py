"""Where numbers stopped being finite: the layer is named, also inside of residual blocks."""

import re

import numpy as np
import pytest

import course_nn as nn
from course_nn.faults import where_it_began
from course_nn.objective import BatchLoss

CROSS_ENTROPY = nn.CrossEntropy()


def built(*layers: nn.Layer) -> nn.Sequential:
    model = nn.Sequential(list(layers))
    model.build((3,), rng=np.random.default_rng(0))
    return model


def report(model: nn.Sequential, x=None, loss=CROSS_ENTROPY) -> str:
    x = np.ones((4, 3), np.float32) if x is None else x
    with np.errstate(all="ignore"):
        return where_it_began(model.layers, x, np.array([0, 1, 1, 0]), BatchLoss(loss))


def two_blocks() -> nn.Sequential:
    inner = nn.Residual([nn.Dense(4), nn.Tanh(), nn.Dense(3)])
    return built(nn.Residual([nn.Tanh(), inner, nn.Dense(2)], [nn.Dense(2)]), nn.Softmax())


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("0.main.1.main.0.W", "0.main.1.main.0, Dense(units=4)"),
        ("0.main.1.main.2.b", "0.main.1.main.2, Dense(units=3)"),
        ("0.main.2.W", "0.main.2, Dense(units=2)"),
        ("0.shortcut.0.b", "0.shortcut.0, Dense(units=2)"),
    ],
)
def test_a_layer_inside_a_block_inside_a_block_is_named(name: str, layer: str) -> None:
    model = two_blocks()
    model.params[name][..., 0] = np.nan
    what = f"its parameters {name[-1]} are not finite in layer {layer}"
    assert report(model) == f"{what}; try a smaller learning rate"


class BadBack(nn.Tanh):
    """A layer whose gradient overflows."""

    def gradients(self, dy, cache, need_dx=True):
        return dy * np.inf, {}


def test_a_gradient_inside_a_block_is_named() -> None:
    model = built(nn.Residual([nn.Dense(3), BadBack()], [nn.Dense(3)]), nn.Dense(2))
    found = report(model, loss=nn.SoftmaxCrossEntropy())
    assert re.match(r"the gradients of layer 0.main.1, BadBack\(\), are not finite", found)


def test_activations_that_overflow_are_named() -> None:
    model = two_blocks()
    model.params["0.main.1.main.2.W"][...] = 1e38
    model.params["0.main.2.W"][...] = 1e38
    assert report(model).startswith("its activations are not finite in layer 0.main.2")


def test_the_input_comes_first() -> None:
    assert report(two_blocks(), np.full((4, 3), np.nan)).startswith("the input holds NaN or ±∞")


def test_the_loss_is_named_with_its_largest_input() -> None:
    class Bad(nn.SoftmaxCrossEntropy):
        def compute(self, output, labels, **options):
            return np.inf, None

    found = report(built(nn.ReLU()), loss=Bad())
    assert found == "the activations are finite, but Bad gives inf; its input goes up to 1"


def test_what_is_finite_when_computed_again_is_said_so() -> None:
    found = report(built(nn.Dense(2)), loss=nn.SoftmaxCrossEntropy())
    assert found == "a number was not finite, but not when computed again (dropout draws anew)"
