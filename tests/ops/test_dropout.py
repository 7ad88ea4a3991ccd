"""Dropout: the mask is drawn by the generator, and a gradient passes where a number did."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, OpContract, normal

from course_nn import ops


def dropout(rate: float, *shape: int) -> Case:
    def forward(x):  # the same generator anew, so that every call draws the same mask
        return ops.dropout_forward(x, rate, rng=np.random.default_rng(5))

    return Case(forward, ops.dropout_backward, (normal(1, *shape),))


class TestDropout(OpContract):
    cases: ClassVar = {
        "matrix": dropout(0.5, 4, 5),
        "image": dropout(0.25, 2, 3, 3, 2),
        "nothing dropped": dropout(0.0, 3, 4),
        "nearly all dropped": dropout(0.9, 10, 10),
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
