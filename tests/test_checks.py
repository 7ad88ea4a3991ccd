"""Shared refusals: what no op, layer or option takes, each in one sentence."""

import math
import re

import numpy as np
import pytest

from course_nn import checks


class Tensor:
    """What PyTorch gives where it records a history: it will not become an array."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (None, "x must hold numbers of float32 or float64, got None: convert it first"),
        (np.array([None]), "got an array of objects: convert it first"),
        ({1.0}, "got a set of others: convert it first"),
        ([[1.0], [1.0, 2.0]], "got a list of others"),
        (Tensor(), "got a Tensor of others: convert it first"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "x is masked, and a mask would be lost: fill it"),
        (np.float16([1]), "got float16: use x.astype(np.float32)"),
    ],
)
def test_what_is_no_float_is_refused_in_one_sentence(x, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        checks.as_float(x)


def test_a_mask_that_hides_nothing_is_let_through():
    found = checks.as_float(np.ma.array([1.0, 2.0]))
    assert type(found) is np.ndarray


@pytest.mark.parametrize("value", [math.nan, np.float32("nan")])
def test_nan_is_not_called_negative(value):
    with pytest.raises(ValueError, match="lr must be a number, got nan"):
        checks.number("lr", value, 0)


@pytest.mark.parametrize("order", ["C", "F", "view"])
def test_any_change_of_a_small_array_is_seen(order):
    a = np.random.default_rng(0).standard_normal((24, 30))
    a = np.repeat(a, 2, axis=1)[:, ::2] if order == "view" else np.array(a, order=order)
    for i in range(a.size):
        before, number = checks.glimpse(a), a.flat[i]
        a.flat[i] += 1e-9
        assert checks.glimpse(a) != before
        a.flat[i] = number
        assert checks.glimpse(a) == before


def test_of_a_large_array_only_a_little_is_kept():
    (kept,) = checks.glimpse(np.ones(1_000_000))
    assert len(kept) < 100 * 8
