"""The contract itself, judged: each of its tests fails on an op that breaks it."""

import numpy as np
import pytest
from contract import Case, OpContract, normal

X = normal(1, 3, 4)


def doubled(dy, x):
    return 2 * x * dy


def square(x):
    return x * x, x


def writes_into_x(x):
    x *= 1.0
    return x * x, x.copy()


def writes_into_dy(dy, x):
    dy *= 2 * x
    return dy


def spoils_its_cache(dy, x):
    dx = 2 * x * dy
    x[0] = 0
    return dx


def reads_memory(x):
    """Takes the numbers in the order in which they lie."""
    return x * x, x.ravel(order="K").reshape(x.shape)


PROMISES = {
    "the judge": (
        "test_passes_the_judge_which_would_see_one_part_in_100_000",
        (),
        Case(square, lambda dy, x: 2.00001 * x * dy, (X,)),
    ),
    "a backward pass of zeros": (
        "test_passes_the_judge_which_would_see_one_part_in_100_000",
        (),
        Case(square, lambda dy, x: 0 * dy, (X,)),
    ),
    "float64 from float32": (
        "test_keeps_the_dtype",
        (np.float32,),
        Case(lambda x: (x.astype(np.float64) ** 2, x), doubled, (X,)),
    ),
    "float64 gradients from float32": (
        "test_keeps_the_dtype",
        (np.float32,),
        Case(square, lambda dy, x: 2 * x * dy.astype(np.float64), (X,)),
    ),
    "shapes": (
        "test_gradients_have_the_shapes_of_their_arguments",
        (),
        Case(square, lambda dy, x: (2 * x * dy)[:1], (X,)),
    ),
    "writing into x": (
        "test_never_writes_into_an_argument",
        (),
        Case(writes_into_x, doubled, (X,)),
    ),
    "writing into dy": (
        "test_never_writes_into_an_argument",
        (),
        Case(square, writes_into_dy, (X,)),
    ),
    "a spoilt cache": (
        "test_a_backward_pass_can_be_repeated",
        (),
        Case(lambda x: (x * x, x.copy()), spoils_its_cache, (X,)),
    ),
    "memory order": (
        "test_gives_the_same_in_any_memory_order",
        ("batch last",),
        Case(reads_memory, doubled, (X,)),
    ),
}


@pytest.mark.parametrize("promise", PROMISES)
def test_a_broken_promise_is_found(promise: str) -> None:
    test, arguments, case = PROMISES[promise]
    with pytest.raises((AssertionError, ValueError)):
        getattr(OpContract(), test)(case, *arguments)


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_that_is_kept_passes(promise: str) -> None:
    test, arguments, _ = PROMISES[promise]
    getattr(OpContract(), test)(Case(square, doubled, (X,)), *arguments)
