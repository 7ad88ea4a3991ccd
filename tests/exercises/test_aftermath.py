"""What was done to the right answer, or was not reached of it, in words that hold for any data."""

import numpy as np
import pytest

from course_nn.exercises.aftermath import afterwards, ignored, parts

RNG = np.random.default_rng(0)
Y, X = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 5))
INPUTS, NAMED = {"x": X, "lr": 0.3}, {"x": ("N", "K")}


def found(right=Y, axes=("N", "D")) -> dict:
    return dict(reversed(list(afterwards(right, axes, INPUTS, NAMED))))


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("the sign of {name} is flipped", -Y),
        ("{name} is right but divided by the number of samples, N", Y / 4),
        ("{name} is right but multiplied by the number of classes, K", Y * 5),
        ("{name} is right but multiplied by lr", Y * 0.3),
        ("{name} is twice the right one", 2 * Y),
        ("it is the right {name} transposed", Y.T),
        ("{name} is rounded to 2 digits", Y.round(2)),
        ("negative numbers of {name} are cut to 0, as ReLU does", np.maximum(Y, 0)),
        ("a tanh is applied to the right {name}", np.tanh(Y)),
        ("the mean is taken off {name} along axis 0, N", Y - Y.mean(axis=0)),
        ("the right {name} is divided by its sum as a whole", Y / Y.sum()),
        ("{name} is reversed along axis 1, D", Y[:, ::-1]),
        ("the right {name} is summed along axis 0, N", Y.sum(axis=0)),
        ("all of the right {name} is averaged", np.asarray(Y.mean())),
        ("{name} is x itself", X),
        ("only the diagonal of {name} is returned", Y.diagonal()),
        ("the numbers of {name} are read as if its axes stood in the order (1, 0)",
         Y.reshape(3, 4).T),
        ("{name} is reshaped where its axes must be transposed, from the order (1, 0)",
         Y.T.reshape(4, 3)),
        ("{name} is 1 at the largest of each row and 0 elsewhere",
         Y.max(axis=1, keepdims=True) == Y),
        ("{name} has an axis of length 1 too many, the first", Y[None]),
    ],
)  # fmt: skip
def test_what_was_done_afterwards(words, right) -> None:
    np.testing.assert_allclose(found()[words], right)


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("{name} is the sigmoid of x, number by number", 1 / (1 + np.exp(-X))),
        ("{name} is the tanh of x", np.tanh(X)),
        ("{name} is x squared", X**2),
        ("{name} is the ReLU of x", np.maximum(X, 0)),
    ],
)
def test_a_well_known_function_of_an_argument_of_the_same_shape(words, right) -> None:
    np.testing.assert_allclose(found(X + 1, ("N", "K"))[words], right)
    assert words not in found()


def test_the_first_of_two_axes_stands_for_all() -> None:
    right = RNG.normal(size=(2, 3, 4))
    words = "the first of the first two axes of {name} stands for all of them"
    expected = np.broadcast_to(right[0, 0], right.shape)
    np.testing.assert_array_equal(dict(parts(right, ("N", "C", "W")))[words], expected)


def test_the_words_stay_for_other_data_and_sizes() -> None:
    one = [words for words, _ in afterwards(Y, ("N", "D"), INPUTS, NAMED)]
    other = {"x": RNG.normal(size=(7, 2)), "lr": 0.9}
    two = [words for words, _ in afterwards(RNG.normal(size=(7, 6)), ("N", "D"), other, NAMED)]
    assert set(one) - set(two) == set()
    assert not any(character.isdigit() and character not in "0123456789" for character in one[0])


@pytest.mark.parametrize("right", [np.ones(()), np.zeros(0), np.ones((1, 1)), np.eye(3) > 0,
                                   np.full((2, 2), np.nan), np.arange(4)])  # fmt: skip
def test_nothing_breaks_it(right) -> None:
    axes = tuple("ABCD"[: right.ndim])
    list(afterwards(right.astype(float), axes, INPUTS, NAMED))
    list(parts(right.astype(float), axes))


@pytest.mark.parametrize(
    ("words", "reached"),
    [
        ("the last sample is not reached: it stays 0", np.s_[:-1, :]),
        ("only the first feature is filled in, the rest stays 0", np.s_[:, :1]),
        ("only every second sample is filled in", np.s_[::2, :]),
    ],
)
def test_parts_that_were_not_reached(words, reached) -> None:
    expected = np.zeros_like(Y)
    expected[reached] = Y[reached]
    np.testing.assert_array_equal(dict(parts(Y, ("N", "D")))[words], expected)


def test_an_argument_that_makes_no_difference() -> None:
    one, two = {"x": np.ones(3), "b": 1.0}, {"x": np.zeros(3), "b": 2.0}

    def right(i):
        return i["x"] + i["b"]

    assert ignored(right, one, [two], right) == ""
    assert "x makes no difference" in ignored(lambda i: np.full(3, i["b"]), one, [two], right)
    assert "stays the same whatever" in ignored(lambda i: np.ones(3), one, [two], right)
    assert ignored(lambda i: None, one, [two], right) == ""
    state = iter(range(100))
    says = ignored(lambda i: np.full(3, next(state)), one, [two], right)
    assert says == "the same question gets another answer when it is asked again"


def test_rounding_is_no_difference_and_one_other_argument_is_no_proof() -> None:
    one, two, three = ({"x": np.full(3, value)} for value in (1.0, 2.0, 3.0))
    noisy = lambda i: np.full(3, 7.0) * (1 + 1e-13 * i["x"])  # noqa: E731
    assert "stays the same" in ignored(noisy, one, [two, three], lambda i: i["x"])
    late = lambda i: np.maximum(i["x"], 2.5)  # noqa: E731
    assert ignored(late, one, [two], lambda i: i["x"]) != ""
    assert ignored(late, one, [two, three], lambda i: i["x"]) == ""


def test_an_argument_that_may_be_ignored_is_not_told() -> None:
    one, two = {"dy": np.ones(3), "x": np.zeros(3)}, {"dy": np.zeros(3), "x": np.ones(3)}
    assert ignored(lambda i: 2 * i["dy"], one, [two], lambda i: i["dy"]) == ""
