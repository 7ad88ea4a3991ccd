"""Indices off by one, swapped, slices one short, other comparisons."""

import numpy as np
import pytest
from rules import said, value

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


M = np.array([[1.0, -2.0], [3.0, 1.0]])


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("all numbers of a row decide for the whole row in x > 0", [[0, 0], [3, 1]]),
        ("one number of a row decide for the whole row in x > 0", M),
        ("the sum of a row decides for the whole row in x > 0", [[0, 0], [3, 1]]),
        ("the sign of x, which may be -1, stands where x > 0 belongs", np.abs(M)),
    ],
)
def test_what_decides(words, right) -> None:
    np.testing.assert_allclose(value("x * (x > 0)", words, x=M), right)


def test_equal_is_no_mistake_for_larger() -> None:
    assert not any(words.startswith("`==`") for words in said("x > 3"))
    assert any(words.startswith("`!=`") for words in said("x == 3"))
