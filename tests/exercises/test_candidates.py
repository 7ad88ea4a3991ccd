"""Candidates come in order, from every way that the formula was written, and are kept."""

import numpy as np

from course_nn.exercises.candidates import candidates, formula_of, of_memory, once, tabled
from course_nn.exercises.task import Mistake, Task, task


def test_they_come_by_their_source(mixing: Task) -> None:
    sources = list(dict.fromkeys(one.source for one in candidates(mixing, "s")))
    assert sources == ["structure", "constant", "change", "rounding", "afterwards", "beforehand"]


def test_they_are_made_once_for_whoever_comes_next(mixing: Task) -> None:
    kept = once(candidates, mixing, "s")
    assert next(iter(kept)) is next(iter(once(candidates, mixing, "s")))
    assert [one.words for one in kept] == [one.words for one in kept]


@task("9.1", "x:N -> y:N", points=1, mistakes=[("it is odd", lambda r, i: {"y": r["y"] + 1})])
def double(x):
    """Return 2 x."""
    y = 2 * x
    return y  # noqa: RET504


@double.also
def double(x):
    y = x + x
    return y  # noqa: RET504


def test_every_way_to_write_it_is_changed() -> None:
    words = [one.words for one in candidates(double, "y")]
    assert "the factor 2 is missing" in words
    assert "the term + x is missing" in words


def test_what_is_in_the_table_and_in_memory() -> None:
    assert [one.words for one in tabled(double, "y")] == ["it is odd"]
    assert "order of memory" not in "".join(one.words for one in of_memory(double, "y"))
    assert isinstance(double.mistakes[0], Mistake)
    assert formula_of(double).outputs == ("y",)


def test_counts_in_a_byte_begin_at_0_again() -> None:
    (one,) = (c for c in candidates(double, "y") if "uint8" in c.words)
    np.testing.assert_array_equal(one.answer({}, {"y": np.array([3, 300])}), [3, 44])


def test_all_zeros_of_small_numbers_may_be_an_array_of_whole_numbers() -> None:
    (one,) = (c for c in candidates(double, "y") if "array of whole numbers" in c.words)
    np.testing.assert_array_equal(one.answer({}, {"y": np.array([0.5, 0.2])}), [0, 0])
    assert one.answer({}, {"y": np.array([1.5, 0.2])}) is None
