"""Another name or number in the place of the right one."""

import numpy as np
import pytest
from rules import said, value

X, B = np.array([1.0, 4.0]), np.array([2.0, 16.0])


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("x * b", "x stands where b belongs", X * X),
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


def test_a_name_never_stands_for_itself() -> None:
    assert not any(w.startswith("x stands where x") for w in said("x * b + r"))
