"""Another name or number in the place of the right one."""

import numpy as np
import pytest
from rules import said, value

X, B = np.array([1.0, 4.0]), np.array([2.0, 16.0])


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x * b", "x stands where b belongs in x * b", X * X),
        ("x * b", "b is left out, as if it were all ones", X),
        ("r * x", "1 - r stands where r belongs", -2 * X),
        ("(1 - r) * x", "r stands alone where 1 - r belongs", 3 * X),
        ("x + 1", "0 stands where 1 belongs in `x + 1`", X),
        ("x + 1", "2 stands where 1 belongs in `x + 1`", X + 2),
        ("x + 1e-12", "0.001 stands where 1e-12 belongs in `x + 1e-12`", X + 1e-3),
        ("x * 0.5", "1 stands where 0.5 belongs in `x * 0.5`", X),
    ],
)
def test_a_name_that_is_wrong(line, words, right) -> None:
    np.testing.assert_allclose(value(line, words, x=X, b=B, r=3.0), right)


def test_the_real_part_for_the_imaginary_one() -> None:
    words = "`.real` stands where `.imag` belongs"
    np.testing.assert_array_equal(value("(x + 1j * b).imag", words, x=X, b=B), X)


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("only the sign of x is taken in x * b", np.sign(X) * B),
        ("the absolute value of b is taken in x * b", X * np.abs(B)),
        ("x is squared in x * b", X**2 * B),
        ("x @ x, one number, stands where x belongs in x * b", 17 * B),
    ],
)
def test_an_argument_that_was_changed_where_it_stands(words, right) -> None:
    np.testing.assert_allclose(value("x * b", words, x=X, b=B), right)


def test_an_angle_in_degrees() -> None:
    words = "the angle is in degrees: 180 stands where pi belongs in np.pi * x"
    np.testing.assert_allclose(value("np.cos(np.pi * x)", words, x=X), np.cos(180 * X))


def test_the_length_of_an_argument_for_a_size() -> None:
    words = "the length of x stands where N belongs in b / N"
    np.testing.assert_allclose(value("b / N", words, x=X, b=B, N=7.0), B / 2)


def test_another_argument_is_added_before_a_product() -> None:
    words = "b is taken off x in x @ b, and should not be"
    assert value("x @ b", words, x=X, b=B) == (X - B) @ B


def test_no_other_array_decides_between_two_cases() -> None:
    words = said("np.where(x, b, W)")
    assert "b stands where x belongs in np.where(x, b, W)" not in words
    assert "x stands where b belongs in np.where(x, b, W)" in words


def test_a_name_never_stands_for_itself() -> None:
    assert not any(w.startswith("x stands where x") for w in said("x * b + r"))
