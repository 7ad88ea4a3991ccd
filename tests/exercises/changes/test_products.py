"""Matrix products in every wrong way."""

import numpy as np
import pytest
from rules import value

A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [5.0, 2.0]])


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x @ W.T", "the transpose of W is missing: W stands where W.T belongs", A @ B),
        ("x @ W", "x is transposed where it must not be", A.T @ B),
        ("x @ W", "W is transposed where it must not be", A @ B.T),
        ("x @ W", "the product x @ W is transposed", (A @ B).T),
        ("x @ W.T", "both factors of x @ W.T are transposed the other way", A.T @ B),
        ("x @ W", "the factors stand in the other order, W @ x", B @ A),
        ("x @ W", "`*` multiplies number by number where the matrix product x @ W belongs", A * B),
        ("x @ W", "the product with W is missing", A),
        ("x @ W", "the product with x is missing", B),
        ("x @ W", "x is left out, as if it were all ones", np.ones((2, 2)) @ B),
    ],
)
def test_a_product_that_is_wrong(line, words, right) -> None:
    np.testing.assert_array_equal(value(line, words, x=A, W=B), right)


def test_a_mean_for_the_sum_of_a_product_and_a_term_too_often() -> None:
    words = "the product x @ W is a mean where it must be a sum"
    np.testing.assert_allclose(value("x @ W", words, x=A, W=B), A @ B / 2)
    words = "r is added once for every number that is summed over"
    np.testing.assert_allclose(value("x @ W + r", words, x=A, W=B, r=3.0), A @ B + 6)


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x @ W.T", "W is reshaped where it must be transposed, W.T",
         lambda x, W: x @ W.reshape(3, 2)),
        ("W @ W", "W and W are added, not multiplied", lambda x, W: 2 * W),
    ],
)  # fmt: skip
def test_another_operation_for_a_product(line, words, right) -> None:
    x, W = np.arange(6.0).reshape(2, 3), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_allclose(value(line, words, x=x, W=W), right(x, W))
