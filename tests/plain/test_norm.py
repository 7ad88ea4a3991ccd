"""Batch norm and layer norm: the judge, the fast op, given moments and slices of a batch."""

import numpy as np
import pytest

from course_nn import ops, plain

from .agreement import assert_agrees, assert_judged, assert_right, assert_same, normal

SHAPES = [(5, 3), (3, 2, 4, 3)]


@pytest.mark.parametrize("eps", [1e-5, 0.1])
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm(shape: tuple[int, ...], eps: float) -> None:
    assert_right("batch_norm", *normal(1, shape, shape[1:2], shape[1:2]), eps=eps)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
@pytest.mark.parametrize("shape", SHAPES)
def test_layer_norm(shape: tuple[int, ...], eps: float) -> None:
    assert_right("layer_norm", *normal(2, shape, shape[1:], shape[1:]), eps=eps)


@pytest.mark.parametrize("shape", SHAPES)
def test_statistics_that_are_constants(shape: tuple[int, ...]) -> None:
    x, gamma, beta, mean, var = normal(3, shape, *4 * [shape[1:2]])
    constants = mean, var**2, np.inf
    assert_judged("batch_norm", x, gamma, beta, moments=constants)
    assert_agrees("batch_norm", x, gamma, beta, moments=ops.Moments(*constants))


def test_a_batch_in_slices_is_the_whole_batch() -> None:
    x, gamma, beta, dy = normal(4, (7, 3), (3,), (3,), (7, 3))
    y, cache = plain.batch_norm_forward(x, gamma, beta)
    whole = plain.batch_norm_backward(dy, cache)
    found = []
    for part in (slice(0, 4), slice(4, 7)):
        moments = x.mean(axis=0), x.var(axis=0), len(x)
        some, cache = plain.batch_norm_forward(x[part], gamma, beta, moments=moments)
        assert_same(some, y[part])
        found.append(plain.batch_norm_backward(dy[part], cache, sums=whole[1:])[0])
    assert_same(np.concatenate(found), whole[0])


def test_a_normalised_batch_has_mean_zero_and_variance_one() -> None:
    (x,) = normal(5, (50, 4))
    y, _ = plain.batch_norm_forward(3 * x + 7, np.ones(4), np.zeros(4), eps=0)
    assert_same(y.mean(axis=0), np.zeros(4))
    assert_same(y.var(axis=0), np.ones(4))
