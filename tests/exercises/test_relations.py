"""How wrong numbers relate to right ones: named factors, one for each row, another order."""

import numpy as np
import pytest

from course_nn.exercises.relations import by_rows, factor, numbers_of, order, ratio

X = np.arange(1.0, 13).reshape(3, 4)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (lambda n: n["N"], "N"),
        (lambda n: -2 * n["N"], "-2 · N"),
        (lambda n: n["N"] / n["D"], "N / D"),
        (lambda n: 1 / (n["N"] * n["D"]), "1 / (N · D)"),
        (lambda n: n["N"] / (n["N"] - 1), "N / (N - 1)"),
        (lambda n: 1 / (1 - n["r"]), "1 / (1 - r)"),
        (lambda n: 0.25, "1/4"),
        (lambda n: 1.0, ""),
        (lambda n: 0.7123 * n["N"] ** 0.3, ""),
    ],
)
def test_a_factor_is_named_in_the_letters_of_the_task(times, said) -> None:
    numbers = [{"N": 4.0, "D": 3.0, "r": 0.3}, {"N": 7.0, "D": 2.0, "r": 0.8}]
    assert factor([(X * times(n), X) for n in numbers], numbers) == said


def test_a_size_that_was_tried_once_is_no_name() -> None:
    """At one size three could be D as well as the number 3: the number is said."""
    assert factor([(3 * X, X), (3 * X, X)], [{"D": 3.0}, {"D": 3.0}]) == "3"
    assert factor([(5 * X, X), (5 * X, X)], [{"D": 5.0}, {"D": 5.0}]) == ""


def test_there_is_no_factor_between_other_numbers() -> None:
    assert ratio(X + 1, X) is None
    assert ratio(X[0], X) is None
    assert ratio(X * np.nan, X) is None
    assert factor([], []) == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (X * [[2], [3], [1]], "the numbers of each sample are right but for a factor of their own"),
        (X * [2, 3, 1, 4], "the numbers of each feature are right but for a factor of their own"),
        (X + np.array([[2], [3], [1]]),
         "the numbers of each sample are right but for a number added of their own"),
        (X**2, ""),
        (X + 3, "every number is off by the same amount"),
    ],
)  # fmt: skip
def test_each_row_or_column_has_a_factor_or_term(given, says) -> None:
    assert by_rows([(given, X)], ("N", "D")) == says


def test_the_order_of_places_is_the_same_at_every_try() -> None:
    swapped = [0, 1, 3, 2]
    assert order([(X[:, swapped], X), (X[:2, swapped], X[:2])]).endswith("0, 1, 3, 2")
    assert order([(X[:, swapped], X), (X[:, ::-1], X)]) == ""
    assert order([(X, X)]) == ""


def test_numbers_are_sizes_and_arguments_without_axes() -> None:
    found = numbers_of({"x": X, "r": 0.5, "on": True}, {"N": 3})
    assert found == {"N": 3.0, "r": 0.5}
