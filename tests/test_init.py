"""Initial weights: their spread, their shape, their generator."""

import math

import numpy as np
import pytest

import course_nn as nn
from course_nn import init

SPREAD = {  # initialiser: the variance it promises for (fan_in, fan_out)
    init.he_normal: lambda fan_in, fan_out: 2 / fan_in,
    init.glorot_normal: lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    init.glorot_uniform: lambda fan_in, fan_out: 2 / (fan_in + fan_out),
}


@pytest.mark.parametrize("initialiser", SPREAD, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("shape", "fans"), [((400, 300), (400, 300)), ((60, 20, 7, 5), (700, 2100))]
)
def test_the_spread_is_the_promised_one(initialiser, shape, fans) -> None:
    W = initialiser(shape, rng=np.random.default_rng(0))
    assert W.shape == shape
    assert W.dtype == np.float64
    assert W.var() == pytest.approx(SPREAD[initialiser](*fans), rel=0.03)
    assert abs(W.mean()) < 4 * W.std() / math.sqrt(W.size)


def test_fans() -> None:
    assert init.fans((784, 10)) == (784, 10)
    assert init.fans((16, 6, 5, 3)) == (90, 240)


def test_the_uniform_ones_stay_within_their_limit_and_reach_it() -> None:
    W = init.glorot_uniform((200, 100), rng=np.random.default_rng(0))
    limit = math.sqrt(6 / 300)
    assert 0.99 * limit < abs(W).max() <= limit


def test_the_normal_ones_are_normal() -> None:
    """A normal distribution has a kurtosis of 3, a uniform one of 1.8."""
    for initialiser in (init.he_normal, init.glorot_normal):
        W = initialiser((300, 300), rng=np.random.default_rng(0))
        assert ((W / W.std()) ** 4).mean() == pytest.approx(3, abs=0.1)


def test_zeros() -> None:
    assert not init.zeros((2, 3), rng=np.random.default_rng(0)).any()


@pytest.mark.parametrize("initialiser", SPREAD, ids=lambda f: f.__name__)
def test_the_same_seed_gives_the_same_bits(initialiser) -> None:
    first, again, other = (
        initialiser((5, 4), rng=np.random.default_rng(s)).tobytes() for s in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize("initialiser", [*SPREAD, init.zeros], ids=lambda f: f.__name__)
def test_a_layer_draws_its_weights_by_the_initialiser_given(initialiser) -> None:
    expected = initialiser((6, 4), rng=np.random.default_rng(3))
    dense = nn.Dense(4, init=initialiser)
    dense.build((6,), rng=np.random.default_rng(3), dtype=np.float64)
    np.testing.assert_array_equal(dense.params["W"], expected)
    assert not dense.params["b"].any()
    conv = nn.Conv2D(4, (3, 2), init=initialiser)
    conv.build((2, 5, 5), rng=np.random.default_rng(3), dtype=np.float64)
    expected = initialiser((4, 2, 3, 2), rng=np.random.default_rng(3))
    np.testing.assert_array_equal(conv.params["W"], expected)
    assert not conv.params["b"].any()
