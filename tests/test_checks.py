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


# -- kinds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_float_array_comes_back_as_it_is(dtype):
    x = np.ones((2, 3), dtype)[:, ::2]
    assert checks.as_float(x) is x


@pytest.mark.parametrize("x", [3, True, [1, 2], [[True], [False]], (1.5, 2), np.ones(2, np.uint8)])
def test_lists_and_whole_numbers_become_float64(x):
    found = checks.as_float(x)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, x)


def test_numbers_in_the_other_byte_order_are_turned():
    found = checks.as_float(np.array([1.5, -2.0], ">f4"))
    assert found.dtype == np.float32
    assert found.dtype.isnative
    assert found.tolist() == [1.5, -2.0]


def test_arguments_meet_in_the_widest_dtype_and_only_b_may_be_none():
    x, W, b = checks.floats(x=np.ones(2, "f4"), W=np.ones(2, "f4"), b=None)
    assert (x.dtype, W.dtype, b) == (np.float32, np.float32, None)
    x, W, b = checks.floats(x=np.ones(2, "f4"), W=[1, 2], b=np.ones(2, "f4"))
    assert {a.dtype for a in (x, W, b)} == {np.dtype(np.float64)}
    with pytest.raises(TypeError, match=r"W must hold numbers of float32 or float64, got None"):
        checks.floats(x=[1.0], W=None)


@pytest.mark.parametrize("dtype", [np.float32, "float64", float, np.dtype("f4")])
def test_parameters_have_one_of_two_dtypes(dtype):
    assert checks.float_type(dtype) == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, "half", int, complex, "no dtype", None])
def test_parameters_have_no_other_dtype(dtype):
    with pytest.raises(TypeError, match=r"dtype must be np.float32 or np.float64, got "):
        checks.float_type(dtype)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (3, 2), (2, 3, 1), ()])
def test_a_gradient_that_would_be_stretched_is_refused(shape):
    said = f"relu_backward: dy, which is ∂L/∂y, has shape {shape}, expected (2, 3)"
    with pytest.raises(ValueError, match=re.escape(said)):
        checks.upstream("relu_backward", np.ones(shape), (2, 3))
    assert checks.upstream("relu_backward", np.ones((2, 3)), (2, 3)).shape == (2, 3)
    with pytest.raises(TypeError, match=r"relu_backward: dy must hold numbers"):
        checks.upstream("relu_backward", "dy", (2, 3))


@pytest.mark.parametrize("shape", [(), (0,), (3, -1), (2.5,), 7, None, "34", (None, 3)])
def test_what_is_no_sample_s_shape_is_refused(shape):
    with pytest.raises(checks.ShapeError, match=re.escape(f"(1, 28, 28), got {shape!r}")):
        checks.sample_shape(shape)


def test_a_sample_s_shape_is_a_tuple_of_ints():
    found = checks.sample_shape(np.array([1, 28, 28]))
    assert found == (1, 28, 28)
    assert {type(n) for n in found} == {int}


@pytest.mark.parametrize(
    ("shape", "last"),
    [
        ((28, 28, 1), True),
        ((32, 32, 4), True),
        ((1, 28, 28), False),
        ((28, 28, 2), False),  # no image has two colours
        ((3, 3, 3), False),  # small: either way round
        ((4, 4, 1), False),
        ((28, 27, 1), False),
        ((784,), False),
        ((2, 28, 28, 1), False),
    ],
)
def test_channels_that_come_last_are_suspected(shape, last):
    assert checks.channels_last(shape) is last


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_a_whole_number_of_any_kind_is_an_int(value):
    found = checks.whole("units", value, least=3)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize("value", [3.0, "3", None, True, np.True_, [3], np.array([3, 4])])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(TypeError, match=re.escape(f"units must be a whole number, got {value!r}")):
        checks.whole("units", value)


def test_too_few_are_refused():
    with pytest.raises(ValueError, match="units must be at least 1, got 0"):
        checks.whole("units", 0, least=1)
    assert checks.whole("units", -5) == -5


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_a_number_between_its_bounds_is_a_float(value):
    found = checks.number("rate", value, 0, 1)
    assert found == value
    assert type(found) is float


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (1.5, {"high": 1}, "rate must be in [0, 1], got 1.5"),
        (-0.5, {"high": 1}, "rate must be in [0, 1], got -0.5"),
        (1, {"high": 1, "open_end": True}, "rate must be in [0, 1), got 1"),
        (-1, {}, "rate must not be negative, got -1"),
        (math.nan, {"high": 1}, "nan"),
        (math.inf, {"high": 1}, "rate must be in [0, 1], got inf"),
    ],
)
def test_a_number_beyond_its_bounds_is_refused(value, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        checks.number("rate", value, 0, **options)


@pytest.mark.parametrize("value", ["0.5", None, True, 1j, [0.5]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=re.escape(f"rate must be a number, got {value!r}")):
        checks.number("rate", value, 0)


@pytest.mark.parametrize("value", ["yes", 1, None, np.ones(1)])
def test_a_switch_has_two_positions(value):
    with pytest.raises(TypeError, match=re.escape(f"bias must be True or False, got {value!r}")):
        checks.flag("bias", value)
    assert checks.flag("bias", np.True_) is True


@pytest.mark.parametrize("rng", [0, None, np.random, np.random.RandomState(0), np.random.PCG64(0)])
def test_only_a_generator_draws(rng):
    with pytest.raises(TypeError, match=r"rng must be a generator such as np.random.default_rng"):
        checks.generator(rng)
    right = np.random.default_rng(0)
    assert checks.generator(right) is right


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 3, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_number_that_is_not_finite_is_found_with_its_sample(bad, at, dtype):
    x = np.random.default_rng(0).standard_normal((6, 2, 2)).astype(dtype)
    assert checks.finite(x)
    x[at:, 1, 0] = bad
    assert not checks.finite(x)
    assert checks.first_not_finite(x) == at


def test_the_largest_numbers_are_finite():
    assert checks.finite(np.full(9, np.finfo(np.float32).max, np.float32))
    assert checks.finite(np.zeros((0, 3)))


# -- what a cache keeps ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 60, 61, 62, 1000, 100_003])
@pytest.mark.parametrize("change", [np.negative, lambda x: x - 5, lambda x: 0 * x])
def test_a_change_in_place_is_noticed_and_named(size, change):
    x, W = np.random.default_rng(0).standard_normal((2, size))
    seen = checks.glimpse(x, W)
    checks.check_unchanged("dense_backward", seen, x=x, W=W)
    W[size // 2 :] = change(W[size // 2 :])  # half of it
    with pytest.raises(ValueError, match=r"dense_backward: W was changed in place .*W = W - 5"):
        checks.check_unchanged("dense_backward", seen, x=x, W=W)


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


# -- cutting a batch -------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 7, 64, 100])
@pytest.mark.parametrize("size", [1, 3, 64, 1000])
def test_slices_are_the_batch_in_order(count, size):
    rows = checks.cut(count, size)
    assert [n for r in rows for n in range(count)[r]] == list(range(count))
    assert sum(r.stop - r.start for r in rows) == count
    assert all(r.stop - r.start == size for r in rows[:-1])
    assert all(0 < r.stop - r.start <= size for r in rows)


@pytest.mark.parametrize("count", [1, 16, 100, 256, 1000])
@pytest.mark.parametrize("limit", [16, 50, 112])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("multiple", [1, 16])
def test_every_thread_gets_as_many_slices_as_the_others(count, limit, threads, multiple):
    size = checks.even_size(count, limit, threads, multiple)
    assert size % multiple == 0
    assert 0 < size < limit + multiple
    if multiple == 1 and limit > 16 and count >= limit * threads:
        assert len(checks.cut(count, size)) % threads == 0


def test_no_thread_waits_for_the_others() -> None:
    assert checks.even_size(256, limit=112, threads=2, multiple=16) == 64  # not 112, 112 and 32
    assert checks.even_size(100, limit=50, threads=3, multiple=1) == 34
    assert checks.even_size(1000, limit=112, threads=3, multiple=16) == 112


def test_slices_are_joined_and_one_alone_is_not_copied():
    x = np.random.default_rng(0).standard_normal((7, 2))
    assert checks.joined([x]) is x
    np.testing.assert_array_equal(checks.joined([x[r] for r in checks.cut(7, 3)]), x)
