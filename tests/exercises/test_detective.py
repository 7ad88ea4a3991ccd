"""One output is tried at many inputs, until a candidate stands alone or two say the same."""

import time

import numpy as np
import pytest

from course_nn.exercises.compare import ask
from course_nn.exercises.detective import APART, Detective, alike, said
from course_nn.exercises.diagnose import diagnose
from course_nn.exercises.task import Task, task


def looks(student, task: Task, function, case: int = 0) -> str:
    chosen = task.public()[case]
    one = student(**{task.name: function})
    comparison = ask(one, task, task.draw(chosen, np.random.default_rng(0)))
    return str(diagnose(one, task, comparison, chosen))


@task("9.1", "x:N,D t:N,D lr -> w:N,D", points=1)
def step(x, t, lr):
    """Return x moved towards t."""
    dx = x - t
    w = x - lr * dx
    return w  # noqa: RET504


def test_two_places_where_the_same_mistake_gives_the_same_are_both_said(student) -> None:
    found = looks(student, step, lambda x, t, lr: x + lr * (x - t))
    assert "the difference x - t is taken the other way round" in found
    assert "; or lr * dx is added, not subtracted" in found


@task("9.2", "x:N,D y:N,M -> loss:", points=1)
def mean_product(x, y):
    """Return a mean over N and M."""
    loss = (y**2).sum() * x[0, 0] / y.size
    return loss  # noqa: RET504


def test_sizes_that_lie_far_apart_tell_letters_from_each_other(student) -> None:
    """D is M + 1 at the task's own sizes, so that (D - 1) / D could be M / D."""
    found = looks(student, mean_product, lambda x, y: (y**2).sum() * x[0, 0] / x.size)
    assert "(D - 1)" not in found
    assert "x stands where y belongs in y.size" in found
    assert len(set(APART)) == len(APART)


@task("9.4", "m:P g:P -> w:P m:P", points=1)
def follow(m, g):
    """Return a step along a running mean, and the mean."""
    m = 0.9 * m + 0.1 * g
    w = -m
    return w, m


def test_the_output_that_is_made_first_is_looked_at_first(student) -> None:
    def wrong(m, g):
        m = 0.9 * m - 0.1 * g
        return -m, m

    assert looks(student, follow, wrong).startswith("in m, ")


@task("9.3", "q:N gamma -> y:N", points=1)
def power(q, gamma):
    """Return q times 2 to the power gamma."""
    y = q * 2.0**gamma
    return y  # noqa: RET504


def test_rates_are_tried_above_1_too(student) -> None:
    found = looks(student, power, lambda q, gamma: q * 2.0 ** int(gamma))
    assert "gamma is cut to a whole number" in found


def test_a_change_and_a_factor_are_found_together(student, mixing: Task) -> None:
    found = looks(student, mixing, lambda a, b, r: ((a - r * b) * len(a), a * b))
    assert "r * b is subtracted, not added; and s is N times that" in found


@pytest.mark.parametrize(
    ("s", "words"),
    [
        (lambda a, b, r: (a - r * b) + 1, "r * b is subtracted, not added; and s is 1 more"),
        (lambda a, b, r: (a - r * b).T, "r * b is subtracted, not added; and s is transposed"),
    ],
)
def test_a_change_and_what_was_done_to_it(student, mixing: Task, s, words) -> None:
    assert words in looks(student, mixing, lambda a, b, r: (s(a, b, r), a * b))


def test_what_is_nothing_but_rounding_is_said_to_be_0(student, mixing: Task) -> None:
    tiny = looks(student, mixing, lambda a, b, r: (1e-20 * np.cos(a + b), a * b))
    assert "s is 0 but for rounding" in tiny


def test_a_changed_argument_is_said_beside_the_mistake(student, mixing: Task) -> None:
    def spoil(a, b, r):
        b *= r
        return a - b, a * b / r

    assert looks(student, mixing, spoil).endswith("; and it changes its argument b")

    def feedback(a, b, r):
        for k in range(2):
            a += np.cos(b) * (k + 1)
        return a + r * b, a * b

    assert "it changes its argument a while it computes" in looks(student, mixing, feedback)


def test_no_number_is_like_no_number_at_the_same_place() -> None:
    nan = np.array([1.0, np.nan, np.inf])
    assert alike(nan, nan.copy(), np.float64)
    assert not alike(nan, np.array([1.0, np.inf, np.nan]), np.float64)
    assert not alike(nan, np.array([2.0, np.nan, np.inf]), np.float64)


def test_lengths_are_said_in_the_letters_of_the_task(mixing: Task) -> None:
    words = said("s is divided by the length of a", mixing)
    assert words == "s is divided by the number of samples, N"


def test_nothing_is_asked_when_the_time_is_up(student, mixing: Task) -> None:
    one = student(mix=lambda a, b, r: (a, b))
    detective = Detective(one, mixing, "s", time.thread_time() - 1)
    detective.ask_more(mixing.public()[0])
    assert detective.late
    assert one.calls == 0


@pytest.mark.parametrize("case", [0, 2])
def test_constants_are_said_before_any_change(student, mixing: Task, case: int) -> None:
    zeros = looks(student, mixing, lambda a, b, r: (np.zeros_like(a), a * b), case)
    assert "s is all zeros" in zeros
