"""The smallest failing inputs: few, whole, and still failing."""

import time

import numpy as np

from course_nn.exercises import shrink
from course_nn.exercises.shrink import smallest


def draw(sizes, rng):
    return {"x": rng.integers(-2, 4, (sizes["N"], sizes["D"])).astype(float), "lr": 0.5}


def test_sizes_go_down_as_far_as_it_fails() -> None:
    found = smallest(
        lambda i: i["x"].shape[1] > 1, draw, {"N": 4, "D": 3}, np.random.default_rng(0)
    )
    assert found["x"].shape == (1, 2)
    assert set(found["x"].ravel()) <= {0.0, 1.0}


def test_numbers_become_simple_where_they_may() -> None:
    found = smallest(lambda i: i["x"].max() >= 2, draw, {"N": 4, "D": 3}, np.random.default_rng(0))
    assert found["x"].shape == (1, 1)
    assert found["x"][0, 0] >= 2


def test_what_never_fails_has_no_example() -> None:
    assert smallest(lambda i: False, draw, {"N": 2, "D": 2}, np.random.default_rng(0)) is None


def test_sizes_that_the_shapes_do_not_allow_are_passed_over() -> None:
    def needs_three(sizes, rng):
        if sizes["N"] < 3:
            raise ValueError("too small")
        return draw(sizes, rng)

    found = smallest(lambda i: True, needs_three, {"N": 4, "D": 1}, np.random.default_rng(0))
    assert len(found["x"]) == 3


def test_the_same_seed_gives_the_same() -> None:
    one, two = (
        smallest(lambda i: i["x"].sum() > 0, draw, {"N": 3, "D": 2}, np.random.default_rng(1))
        for _ in range(2)
    )
    np.testing.assert_array_equal(one["x"], two["x"])


def test_a_slow_function_is_asked_for_half_a_second(monkeypatch) -> None:
    monkeypatch.setattr(shrink, "SECONDS", 0.05)
    calls = []

    def slow(inputs):
        calls.append(1)
        time.sleep(0.02)
        return True

    assert smallest(slow, draw, {"N": 9, "D": 9}, np.random.default_rng(0)) is not None
    assert len(calls) < 10
