"""Inputs hold what the signature says, in the precision and the memory order asked for."""

import numpy as np
import pytest

from course_nn.exercises.draw import LAYOUTS, draw, laid_out
from course_nn.exercises.signature import Signature

EVERY = Signature.parse("x:N,D p:N,K~ v:D+ m:N? t:N,D# labels:N<K lr k=3|5 -> y:N")
SIZES = {"N": 6, "D": 4, "K": 3}


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_kind_holds_what_it_says(whole, dtype) -> None:
    inputs = draw(EVERY, SIZES, np.random.default_rng(0), dtype=dtype, whole=whole)
    assert list(inputs) == ["x", "p", "v", "m", "t", "labels", "lr", "k"]
    assert inputs["x"].shape == (6, 4)
    assert all(inputs[name].dtype == dtype for name in "xpvt")
    np.testing.assert_allclose(inputs["p"].sum(axis=1), 1, rtol=1e-6)
    assert (inputs["v"] > 0).all()
    assert inputs["m"].dtype == bool
    assert (inputs["t"] == np.round(inputs["t"])).all()
    assert inputs["labels"].dtype == np.int64
    assert set(inputs["labels"]) <= {0, 1, 2}
    assert 0 < inputs["lr"] < 1
    assert inputs["k"] == 3
    if whole:
        assert (inputs["x"] == np.round(inputs["x"])).all()


def test_an_option_and_a_draw_of_its_own() -> None:
    own = {"x": lambda rng, shape, whole: np.full(shape, 7.0)}
    inputs = draw(EVERY, SIZES, np.random.default_rng(0), options={"k": 5}, own=own)
    assert inputs["k"] == 5
    assert (inputs["x"] == 7).all()


def test_the_same_seed_gives_the_same() -> None:
    one, two = (draw(EVERY, SIZES, np.random.default_rng(4)) for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_numbers_stay_in_any_memory_order(layout) -> None:
    inputs = draw(EVERY, SIZES, np.random.default_rng(0))
    found = laid_out(inputs, layout)
    assert all(np.array_equal(found[name], inputs[name]) for name in inputs)
    flags = found["x"].flags
    assert (flags.c_contiguous, flags.f_contiguous) == {
        "rows": (True, False), "columns": (False, True), "gaps": (False, False),
    }[layout]  # fmt: skip
