"""The whole of a line with a sign, a factor or a term too many."""

import numpy as np
import pytest
from rules import value

X, B = np.array([1.0, 4.0]), np.array([2.0, 16.0])


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x * b", "the sign of y is flipped", -X * B),
        ("-x * b", "the minus sign of -x is missing", X * B),
        ("x * b", "y is twice what it should be", 2 * X * B),
        ("x * b", "y is divided by the length of x", X * B / 2),
        ("x * b", "y has a factor r too many", 3 * X * B),
        ("x * b", "y has a term r too many", 3 + X * B),
        ("x * b", "y is divided by r, and should not be", X * B / 3),
        ("x * b", "r is subtracted from y, and should not be", X * B - 3),
    ],
)
def test_a_line_that_is_wrong(line, words, right) -> None:
    np.testing.assert_allclose(value(line, words, x=X, b=B, r=3.0), right)


def test_two_names_in_each_other_s_place() -> None:
    words = "x and b have changed places in x - r * b"
    np.testing.assert_allclose(value("x - r * b", words, x=X, b=B, r=3.0), B - 3 * X)
