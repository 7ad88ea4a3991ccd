"""Dropout: the mask is drawn by the generator, and a gradient passes where a number did."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, normal

from course_nn import ops
from course_nn.backend import array_module


def dropout(rate: float, *shape: int) -> Case:
    def forward(x):  # the same generator anew, so that every call draws the same mask
        return ops.dropout_forward(x, rate, rng=np.random.default_rng(5))

    return Case(forward, ops.dropout_backward, (normal(1, *shape),))


def masked(rate: float, *shape: int, channels: bool = False) -> Case:
    mask = ops.dropout_mask(shape, rate, rng=np.random.default_rng(5), channels=channels)
    return Case(
        lambda x: ops.dropout_forward(x, rate, mask=array_module(x).asarray(mask)),
        ops.dropout_backward,
        (normal(1, *shape),),
    )


class TestDropout(DoorContract, OpContract):
    cases: ClassVar = {
        "matrix": dropout(0.5, 4, 5),
        "image": dropout(0.25, 2, 3, 3, 2),
        "nothing dropped": dropout(0.0, 3, 4),
        "nearly all dropped": dropout(0.9, 10, 10),
        "mask given": masked(0.5, 3, 4, 2),
        "whole channels": masked(0.5, 3, 4, 2, 2, channels=True),
    }


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_share_is_dropped_and_the_mean_stays(rate: float) -> None:
    y, _ = ops.dropout_forward(np.ones(200_000), rate, rng=np.random.default_rng(0))
    kept = y != 0
    assert 1 - kept.mean() == pytest.approx(rate, abs=0.005)  # five standard deviations
    np.testing.assert_allclose(y[kept], 1 / (1 - rate), rtol=1e-15)
    assert y.mean() == pytest.approx(1.0, abs=0.025)


def test_rate_zero_keeps_everything() -> None:
    x = normal(1, 3, 4)
    np.testing.assert_array_equal(ops.dropout_forward(x, 0.0, rng=np.random.default_rng(0))[0], x)


def test_the_generator_decides() -> None:
    x = np.ones(100)
    masks = [ops.dropout_forward(x, 0.5, rng=np.random.default_rng(s))[0] for s in (0, 0, 1)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_a_rate_outside_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"rate must be in \[0, 1\)"):
        ops.dropout_forward(np.ones(3), rate, rng=np.random.default_rng(0))


def test_a_mask_drawn_before_is_the_mask_drawn_within() -> None:
    x = normal(1, 20, 3)
    mask = ops.dropout_mask(x.shape, 0.5, rng=np.random.default_rng(3), like=x)
    given, _ = ops.dropout_forward(x, 0.5, mask=mask)
    np.testing.assert_array_equal(
        given, ops.dropout_forward(x, 0.5, rng=np.random.default_rng(3))[0]
    )
    np.testing.assert_array_equal(given, np.where(mask, 2 * x, 0))


def test_whole_channels_are_dropped() -> None:
    x = np.ones((50, 40, 3, 2))
    mask = ops.dropout_mask(x.shape, 0.3, rng=np.random.default_rng(0), channels=True)
    assert mask.shape == (50, 40, 1, 1)
    y, _ = ops.dropout_forward(x, 0.3, mask=mask)
    np.testing.assert_array_equal(y, np.broadcast_to(y[..., :1, :1], x.shape))
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_what_is_dropped_is_zero_whatever_it_was(bad: float) -> None:
    mask = np.array([False, True])
    y, cache = ops.dropout_forward(np.array([bad, bad]), 0.5, mask=mask)
    np.testing.assert_array_equal(y, [0, bad])
    np.testing.assert_array_equal(ops.dropout_backward(np.array([bad, bad]), cache), [0, bad])


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, ValueError, "dropout_forward needs rng="),
        ({"rng": 0}, TypeError, "rng must be a generator"),
        ({"mask": np.ones((2, 3))}, TypeError, "a mask is an array of booleans, see dropout_mask"),
        ({"mask": [[True] * 3] * 2}, TypeError, "a mask is an array of booleans"),
        ({"mask": np.ones(3, bool)}, ValueError, r"mask has shape \(3,\), expected \(2, 3\)"),
        ({"mask": np.ones((1, 3), bool)}, ValueError, r"mask has shape \(1, 3\), expected"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(options: dict, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        ops.dropout_forward(np.ones((2, 3)), 0.5, **options)


def test_features_have_no_channels_to_drop() -> None:
    with pytest.raises(ValueError, match=r"channels are dropped of images .*got shape \(5, 3\)"):
        ops.dropout_mask((5, 3), 0.5, rng=np.random.default_rng(0), channels=True)
