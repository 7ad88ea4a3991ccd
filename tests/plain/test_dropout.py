"""Dropout: the same draw as the fast op, and the judge on a mask that is given."""

import numpy as np
import pytest

from course_nn import ops, plain

from .agreement import assert_agrees, assert_right, assert_same, normal


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9])
def test_the_draw_is_the_fast_ones(rate: float) -> None:
    (x,) = normal(1, (20, 5))
    results = []
    for module in (plain, ops):
        y, cache = module.dropout_forward(x, rate, rng=np.random.default_rng(4))
        results.append((y, module.dropout_backward(np.ones_like(x), cache)))
    for found, expected in zip(*results, strict=True):
        assert_same(found, expected)
    assert np.mean(results[0][0] == 0) == pytest.approx(rate, abs=0.15)


def test_a_mask_that_is_given() -> None:
    (x,) = normal(2, (4, 6))
    mask = plain.dropout_mask(x.shape, 0.5, rng=np.random.default_rng(0))
    assert_right("dropout", x, rate=0.5, mask=mask)
    assert_agrees("dropout", x, 0.5, mask=mask)


@pytest.mark.parametrize("channels", [False, True])
def test_the_mask(channels: bool) -> None:
    masks = [
        module.dropout_mask((5, 4, 3, 2), 0.5, rng=np.random.default_rng(1), channels=channels)
        for module in (plain, ops)
    ]
    assert masks[0].shape == ((5, 4, 1, 1) if channels else (5, 4, 3, 2))
    assert masks[0].dtype == masks[1].dtype == bool
    assert set(masks[0].ravel().tolist()) == {False, True}
    assert_same(*masks)
