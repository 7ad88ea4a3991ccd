"""A mistake is named where a candidate gives the student's very numbers at two sizes; else not."""

import time
from dataclasses import replace

import numpy as np
import pytest

from course_nn.exercises import diagnose as module
from course_nn.exercises.compare import ask
from course_nn.exercises.diagnose import Finding, diagnose
from course_nn.exercises.draw import far_rows
from course_nn.exercises.task import Mistake, Task, task


def named(student, task: Task, function, case: int = 0) -> Finding:
    chosen = task.public()[case]
    one = student(**{task.name: function})
    comparison = ask(one, task, task.draw(chosen, np.random.default_rng(0)))
    return diagnose(one, task, comparison, chosen)


@pytest.mark.parametrize(
    ("s", "words", "source"),
    [
        (lambda a, b, r: a - r * b, "r * b is subtracted, not added", "change"),
        (lambda a, b, r: a + b, "the factor r is missing", "change"),
        (lambda a, b, r: a * b, "this is the right p: return s, p in this order", "structure"),
        (lambda a, b, r: (a + r * b).T, "it is the right s transposed", "afterwards"),
        (lambda a, b, r: np.maximum(a + r * b, 0), "numbers of s are cut to 0", "afterwards"),
        (lambda a, b, r: a + 0.1 * b, "r is fixed at 0.1, not taken from", "beforehand"),
        (lambda a, b, r: np.abs(a) + r * b, "absolute value of a is taken in a + r * b", "change"),
        (lambda a, b, r: np.vstack([(a + r * b)[:-1], 0 * a[:1]]),
         "the last sample is not reached", "afterwards"),
        (lambda a, b, r: np.full(a.shape, 3.0), "stays the same whatever", "ignored"),
        (lambda a, b, r: np.cos(a) + np.sin(b), "r makes no difference", "ignored"),
        (lambda a, b, r: 2 * (a - r * b), "; and ", "pair"),
    ],
)  # fmt: skip
def test_the_mistake_is_named(student, mixing: Task, s, words, source) -> None:
    found = named(student, mixing, lambda a, b, r: (s(a, b, r), a * b))
    assert words in str(found)
    assert (found.source, found.output, found.sure) == (source, "s", True)


def test_where_nothing_fits_nothing_is_said(student, mixing: Task) -> None:
    found = named(student, mixing, lambda a, b, r: (a + r * np.cos(3 * b) + r**3, a * b))
    assert not found
    assert str(found) == ""


def test_what_breaks_the_shapes_is_named_where_all_sizes_agree(student, mixing: Task) -> None:
    found = named(student, mixing, lambda a, b, r: (a + r * b, a @ b))
    assert not found  # `@` for `*` is no change of this formula, and no name is guessed
    assert "transposed" in str(named(student, mixing, lambda a, b, r: (a + r * b.T, a * b)))


def test_a_name_that_fits_by_chance_of_sizes_is_not_said(student, mixing: Task) -> None:
    """Twice the right s, which at a size of 2 is also "times N"."""
    found = named(student, mixing, lambda a, b, r: (2 * (a + r * b), a * b))
    assert "twice" in str(found)


def test_the_second_try_decides(student, mixing: Task, monkeypatch) -> None:
    """A candidate that fits the first inputs only is passed over."""
    calls = []

    def s(a, b, r):
        calls.append(1)
        return a - r * b if len(calls) == 1 else a + r * b + np.sin(a)

    assert "subtracted" not in str(named(student, mixing, lambda a, b, r: (s(a, b, r), a * b)))


def test_what_could_be_tried_once_only_is_said_so(student, mixing: Task) -> None:
    calls = []

    def once(a, b, r):
        calls.append(1)
        if len(calls) > 1:
            raise ValueError
        return a - r * b, a * b

    assert str(named(student, mixing, once)).startswith(
        "it could be that in s, r * b is subtracted"
    )


def test_a_task_s_own_table_is_read(student, mixing: Task) -> None:
    odd = Mistake("it is the seventh root", lambda right, i: {"s": np.cbrt(i["a"]) - 7, "p": 0})
    tabled = replace(mixing, mistakes=(odd,))
    found = named(student, tabled, lambda a, b, r: (np.cbrt(a) - 7, a * b))
    assert (str(found), found.source) == ("in s, it is the seventh root", "table")


def test_a_wrong_precision_alone_is_no_mistake_of_the_formula(student, mixing: Task) -> None:
    found = named(student, mixing, lambda a, b, r: ((a + r * b).astype("f8"), a * b), case=2)
    assert not found


def test_it_comes_to_an_end_in_time(student, mixing: Task, monkeypatch) -> None:
    monkeypatch.setattr(module, "BUDGET", 0.2)
    start = time.monotonic()
    assert not named(student, mixing, lambda a, b, r: (np.cos(3 * a) + r**5 * b, a * b))
    assert time.monotonic() - start < 5


@task("9.3", "x:N,D pad=0|1 -> y:N,D", points=1)
def padded(x, pad):
    """Return x times 1 + 2 pad."""
    wide = 1 + 2 * pad
    y = x * wide
    return y  # noqa: RET504


def test_what_fits_at_the_task_s_own_options_alone_is_not_said(student) -> None:
    """For pad = 1 both x (1 + pad) and x (0 + 2 pad) are 2 x; for pad = 2 they differ."""
    found = named(student, padded, lambda x, pad: x * (1 + pad), case=-1)
    assert "the factor 2 is missing" in str(found)
    found = named(student, padded, lambda x, pad: x * (1 + pad**3), case=-1)
    assert "is missing" not in str(found), str(found)


def test_a_name_of_the_formula_s_own_is_explained(student) -> None:
    found = named(student, padded, lambda x, pad: x - (1 + 2 * pad))
    assert str(found).endswith("(wide is 1 + 2 * pad)")


def test_a_difference_in_numbers_goes_before_one_in_what_is_no_number(student) -> None:
    @task("9.4", "x:N,D -> p:N,D", points=1, own={"x": far_rows})
    def softmax(x):
        """Return the softmax of each row."""
        shifted = x - x.max(axis=1, keepdims=True)
        p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        return p  # noqa: RET504

    def unshifted(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    with np.errstate(all="ignore"):
        assert "the term - x.max" in str(named(student, softmax, unshifted))
