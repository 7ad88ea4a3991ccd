"""Sums, factors and powers in every wrong way."""

import numpy as np
import pytest
from rules import value

X, B = np.array([1.0, 4.0]), np.array([2.0, 16.0])


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x + b", "the term + b is missing", X),
        ("x + b", "the term x is missing", B),
        ("x + b", "b is subtracted, not added", X - B),
        ("x + b", "b multiplies where it must be added", X * B),
        ("x + b", "b is added twice", X + 2 * B),
        ("x - b", "b is added, not subtracted", X + B),
        ("x - b", "the difference x - b is taken the other way round", B - X),
        ("x - b", "x is left out of x - b", -B),
        ("x * r + b", "b is added before the product, to x", (X + B) * 3),
        ("x * b", "the factor b is missing", X),
        ("x * b", "it is divided by b, not multiplied", X / B),
        ("x * b", "b is subtracted where it must multiply", X - B),
        ("x * b", "the factor b stands there twice", X * B**2),
        ("x / b", "the division by b is missing", X),
        ("x / b", "the quotient x / b is upside down", B / X),
        ("x / b", "it is multiplied by b, not divided", X * B),
        ("(x - b) / 2", "the brackets round x - b are missing in (x - b) / 2", X - B / 2),
        ("b * (x + 1)", "the brackets round x + 1 are missing in b * (x + 1)", B * X + 1),
        ("x / (2 * b)", "the brackets round 2 * b are missing in x / (2 * b)", X / 2 * B),
        ("(x + b) ** 2", "the brackets round x + b are missing in (x + b) ** 2", X + B**2),
        ("b // 4", "b % 4 stands where b // 4 belongs", B % 4),
        ("b // 3", "it is rounded to the nearest whole number in b // 3, not down", [1, 5]),
        ("b // 3", "it is rounded up in b // 3, not down", [1, 6]),
        ("b // 4", "`/` divides without rounding down in b // 4: `//` is needed", B / 4),
        ("b % 4", "b // 4 stands where b % 4 belongs", B // 4),
        ("(x > 1) & (b > 3)", "the condition b > 3 is missing in (x > 1) & (b > 3)", X > 1),
        ("(x > 1) & (b > 3)", "the condition x > 1 is missing in (x > 1) & (b > 3)", B > 3),
        ("(x > 1) & (b > 30)", "one of two is enough in (x > 1) | (b > 30)", X > 1),
        ("1 if r > 2 and r > 4 else 0", "the condition r > 4 is missing in r > 2 and r > 4", 1),
        ("x * (b + 1) * r", "the brackets round b + 1 are missing in x * (b + 1)", X * B + 3),
        (
            "x * b**2",
            "there are brackets round x * b that must not be, in x * b ** 2",
            (X * B) ** 2,
        ),
        ("x * b + r", "there are brackets round b + r that must not be, in x * b + r", X * (B + 3)),
        ("x / b - r", "there are brackets round b - r that must not be, in x / b - r", X / (B - 3)),
        ("x + b * r", "there are brackets round x + b that must not be, in x + b * r", (X + B) * 3),
        ("x**b", "x is multiplied by b, not raised to it", X * B),
        ("x**b", "base and exponent of x ** b are swapped", B**X),
        ("x / np.sqrt(b)", "the square root is missing in np.sqrt(b)", X / B),
        ("x**2", "x is not raised to the power 2", X),
        ("x**2", "x is doubled where x ** 2 belongs", 2 * X),
        ("np.sqrt(x) + b", "b is added inside the root, not outside", np.sqrt(X + B)),
        ("np.sqrt(x + b)", "b is added outside the root, not inside", np.sqrt(X) + B),
    ],
)
def test_a_term_that_is_wrong(line, words, right) -> None:
    np.testing.assert_allclose(value(line, words, x=X, b=B, r=3.0), right)


def test_a_term_that_is_scaled_or_added_as_a_column() -> None:
    square = np.array([[1.0, 4.0], [2.0, 3.0]])
    words = "b is added as a column, a number for each row"
    np.testing.assert_array_equal(value("x + b", words, x=square, b=B), square + B[:, None])
    words = "r * b is divided by the length of x"
    np.testing.assert_allclose(value("x - r * b", words, x=X, b=B, r=3.0), X - 3 * B / 2)


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x / b", "`//` rounds down where `/` belongs in x / b", X // B),
        ("x / b", "b is subtracted, it must divide", X - B),
        (
            "b * (x - b - 2)",
            "the term - 2 stands outside the brackets of b * (x - b - 2)",
            B * (X - B) - 2,
        ),
        ("x * b", "b multiplies as a column, a number for each row, in x * b", X * B[:, None]),
        ("x * b", "x multiplies as a column, a number for each row, in x * b", X[:, None] * B),
        ("x / b", "b divides as a column, a number for each row, in x / b", X / B[:, None]),
        ("x + b * b", "b * b has a factor x too many", X + B * B * X),
        ("x - b", "the mean of x - b stands for each of its numbers", np.full(2, (X - B).mean())),
        ("x**2", "all of x ** 2 is added up, where each number has its own", (X**2).sum()),
        ("x**r", "np.exp(r * x) stands where x ** r belongs", np.exp(5 * X)),
        ("2 * (x + r * b)", "the factor r is missing in r * b", 2 * (X + B)),
        ("x + 1e-3", "the term + 0.001 is missing or far smaller", X),
    ],
)
def test_more_of_terms_and_factors(line, words, right) -> None:
    np.testing.assert_allclose(value(line, words, x=X, b=B, r=5.0), right)
