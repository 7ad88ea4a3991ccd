"""Indices off by one, swapped, slices one short, other comparisons."""

import numpy as np
import pytest
from rules import value

X = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x[1:3]", "the start of the slice in x[1:3] is one too late", X[2:3]),
        ("x[1:3]", "the end of the slice in x[1:3] is one too early", X[1:2]),
        ("x[1:3]", "the slice 1:3 of x[1:3] is missing", X),
        ("x[::2]", "the slice ::2 of x[::2] is missing", X),
        ("x[0:3:2]", "the step of the slice in x[0:3:2] is missing", X[0:3]),
        ("x[i, j]", "i and j are swapped in x[i, j]", X[2, 1]),
        ("x[i, j]", "the index i of x[i, j] is one too large", X[2, 2]),
        ("x[i, j]", "the index of x[i, j] is missing", X),
        ("x > 3", "`>=` stands where `>` belongs in x > 3", X >= 3),
        ("x > 3", "`<` stands where `>` belongs in x > 3", X < 3),
    ],
)
def test_an_index_that_is_wrong(line, words, right) -> None:
    np.testing.assert_array_equal(value(line, words, x=X, i=1, j=2), right)
