"""Sums for means, other axes, functions left out, other shapes."""

import numpy as np
import pytest
from rules import value

X = np.array([[1.0, -4.0, 2.0], [3.0, 5.0, 0.5]])
IMAGE = np.arange(16.0).reshape(2, 2, 2, 2)


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x.sum(axis=0)", "a mean of x stands where a sum belongs", X.mean(axis=0)),
        ("x.sum(axis=0)", "x is summed over axis 1, not over axis 0", X.sum(axis=1)),
        ("x.sum(axis=0)", "x is summed over all axes, not over axis 0", X.sum()),
        ("np.sum(x, axis=0)", "x is not summed", X),
        ("x.sum(axis=0)", "there is an axis of length 1 too many (`keepdims=True`)",
         X.sum(axis=0, keepdims=True)),
        ("x.max(axis=1, keepdims=True)", "`keepdims=True` is missing where x is maximised",
         X.max(axis=1)),
        ("x.var(axis=0)", "it is divided by one less (`ddof=1`)", X.var(axis=0, ddof=1)),
        ("np.exp(x)", "the exponential is missing in np.exp(x)", X),
        ("np.exp(x)", "the exponent of np.exp(x) has the other sign", np.exp(-X)),
        ("np.maximum(x, 0)", "minimum stands where maximum belongs in np.maximum(x, 0)",
         np.minimum(X, 0)),
        ("np.maximum(x, 0)", "maximum is left out: x stands for np.maximum(x, 0)", X),
        ("np.maximum(x, 0)", "maximum is left out: 0 stands for np.maximum(x, 0)", 0),
        ("np.sin(x - 2)",
         "the brackets of np.sin(x - 2) close too early, as in np.sin(x) - 2", np.sin(X) - 2),
        ("np.sin(x) - 2",
         "the brackets of np.sin(x) close too late, as in np.sin(x - 2)", np.sin(X - 2)),
        ("np.clip(x, -1, 2)", "only the bound 2 of np.clip(x, -1, 2) is kept", np.minimum(X, 2)),
        ("np.clip(x, -1, 2)", "only the bound -1 of np.clip(x, -1, 2) is kept", np.maximum(X, -1)),
        ("np.abs(x)", "the square is taken where np.abs(x) belongs", X**2),
        ("np.sin(x)", "the sine is missing in np.sin(x)", X),
        ("np.log1p(x**2)", "log stands where log1p belongs in np.log1p(x ** 2)", np.log(X**2)),
        ("x.argmax(axis=0)", "argmax goes along axis 1, not along axis 0, in x.argmax(axis=0)",
         X.argmax(axis=1)),
        ("x.argmax(axis=0)", "`axis=0` is missing in x.argmax(axis=0)", X.argmax()),
        ("np.repeat(x, 2, axis=1)",
         "the whole of x is repeated (`np.tile`), not each of its entries", np.tile(X, (1, 2))),
        ("x.reshape(3, 2)", "3 and 2 are swapped in x.reshape(3, 2)", X),
        ("np.where(x > 0, x, 0)", "the two cases of np.where(x > 0, x, 0) are swapped",
         np.where(X > 0, 0, X)),
        ("x.reshape(3, 2)", "the numbers are read column by column (order='F')",
         X.reshape(3, 2, order="F")),
        ("x.reshape(3, 2)", "x is not reshaped", X),
        ("x.transpose(1, 0)", "`.transpose(…)` is missing at x", X),
    ],
)  # fmt: skip
def test_a_call_that_is_wrong(line, words, right) -> None:
    np.testing.assert_allclose(value(line, words, x=X), right)


def test_axes_of_images_in_another_order() -> None:
    words = "the axes of x are in the order (0, 2, 3, 1) when it is reshaped"
    found = value("x.reshape(2, -1)", words, x=IMAGE)
    np.testing.assert_array_equal(found, IMAGE.transpose(0, 2, 3, 1).reshape(2, -1))


def test_the_letters_of_einsum() -> None:
    words = '"ji,jk->ik" stands where "ij,jk->ik" belongs in einsum'
    square, other = X[:, :2], np.array([[1.0, 2.0], [3.0, 5.0]])
    found = value('np.einsum("ij,jk->ik", x, b)', words, x=square, b=other)
    np.testing.assert_allclose(found, square.T @ other)
    words = "the two arrays of einsum, x and b, are swapped"
    found = value('np.einsum("ij,jk->ik", x, b)', words, x=square, b=other)
    np.testing.assert_allclose(found, other @ square)
    words = 'the letter j of "ij,jk->ik" is another one in the second array'
    found = value('np.einsum("ij,jk->ik", x, b)', words, x=square, b=other)
    np.testing.assert_allclose(found, np.outer(square.sum(axis=1), other.sum(axis=0)))


R = np.array([[1.0, 2.0, 3.0], [4.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("(x**2).sum(axis=1)",
         "the sum is raised to the power, not each number, in (x ** 2).sum(axis=1)", [36, 36]),
        ("(x * x).mean()", "the means are multiplied, not the numbers, in (x * x).mean()", 4),
        ("np.log(x).mean()", "the log is taken of the mean, in np.log(x).mean()", np.log(2)),
        ("np.log(x.sum(axis=1))", "the log is taken of each number, not of the sum",
         np.log(R).sum(axis=1)),
        ("(x**2).mean()", "a variance stands where the mean of squares belongs, in "
         "(x ** 2).mean(): no mean is taken off there", R.var()),
        ("x.mean(axis=1)", "a median of x stands where a mean belongs", [2, 1]),
        ("np.clip(x, 0, 2)", "the two bounds of np.clip(x, 0, 2) are swapped",
         np.clip(R, 2, 0)),
        ("np.argsort(-x, kind='stable')",
         "`kind='stable'` is missing in np.argsort(-x, kind='stable')", np.argsort(-R)),
        ("np.outer(x[0], x[1])", "x[0] @ x[1], one number, is no table of all products, as "
         "np.outer(x[0], x[1]) is", 9),
        ("np.outer(x[0], x[1])", "x[0] * x[1], number by number, is no table of all products, as "
         "np.outer(x[0], x[1]) is", [4, 2, 3]),
        ("np.where(x > 2, x, 0)", "0 is taken everywhere, whatever x > 2 says", 0),
    ],
)  # fmt: skip
def test_what_is_done_in_another_order(line, words, right) -> None:
    np.testing.assert_allclose(value(line, words, x=R), right)


def test_labels_themselves_for_their_one_hot_rows() -> None:
    words = "labels itself stands where its one-hot rows belong"
    found = value("x - np.eye(3)[labels]", words, x=R, labels=np.array([0, 2]))
    np.testing.assert_allclose(found, R - [[0], [2]])
