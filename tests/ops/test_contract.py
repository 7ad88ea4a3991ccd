"""The contract itself, judged: each of its tests fails on an op that breaks it."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, normal, ours

from course_nn import ops

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


def open_forward(x):
    """ReLU without a door: it keeps what it gives away, and takes what comes."""
    y = np.maximum(x, 0)
    return y, y


def open_backward(dy, cache):
    return dy * (cache > 0)


@pytest.mark.parametrize("test", [name for name in dir(DoorContract) if name.startswith("test_")])
def test_an_op_without_a_door_is_found(test: str) -> None:
    case = Case(open_forward, open_backward, (X,))
    if test == "test_an_argument_may_be_changed_in_place_or_that_is_noticed":
        case = Case(lambda x: (x * x, x), doubled, (X,))
    if test == "test_float32_beside_float64_is_float64":
        case = Case(lambda x, W: (x @ W.astype(x.dtype), 0), lambda dy, _: (dy, dy), (X, X.T))
    with pytest.raises((AssertionError, TypeError, ValueError, pytest.fail.Exception)):
        getattr(DoorContract(), test)(case)
    getattr(DoorContract(), test)(Case(ops.relu_forward, ops.relu_backward, (X,)))


# ---- no public op answers in NumPy's own words


N34 = normal(2, 3, 4)
RIGHT: dict[str, dict[str, Any]] = {
    **{
        name: {"x": N34}
        for name in (
            *("relu_forward", "leaky_relu_forward", "sigmoid", "sigmoid_forward", "tanh_forward"),
            *("silu_forward", "gelu_forward", "softmax_forward", "log_softmax_forward"),
            *("flatten_forward", "moments"),
        )
    },
    "leaky_relu_forward": {"x": N34, "slope": 0.1},
    "gelu_forward": {"x": N34, "approximate": "tanh"},
    "dense_forward": {"x": N34, "W": normal(3, 4, 2), "b": normal(4, 2)},
    "batch_norm_forward": {
        "x": N34,
        "gamma": normal(3, 4),
        "beta": normal(4, 4),
        "eps": 1e-5,
        "moments": ops.Moments(normal(5, 4), normal(6, 4) ** 2, 3),
    },
    "layer_norm_forward": {"x": N34, "gamma": normal(3, 4), "beta": normal(4, 4), "eps": 1e-5},
    "merge_moments": {"slices": [ops.moments(N34), ops.moments(2 * N34)]},
    "dropout_forward": {"x": N34, "rate": 0.5, "mask": N34 > 0},
    "dropout_mask": {"shape": (3, 4), "rate": 0.5, "rng": np.random.default_rng(0)},
    "one_hot": {"labels": np.array([1, 0]), "classes": 3},
    "targets_like": {"output": N34, "labels": np.array([1, 0, 3]), "ignore_index": 1},
    "softmax_cross_entropy_forward": {
        "z": N34,
        "labels": np.array([1, 0, 3]),
        "smoothing": 0.1,
        "ignore_index": 1,
        "class_weights": np.ones(4),
        "sample_weights": np.ones(3),
    },
    "cross_entropy_forward": {
        "p": abs(N34).clip(0, 1),
        "labels": np.array([1, 0, 3]),
        "ignore_index": 1,
        "class_weights": np.ones(4),
        "sample_weights": np.ones(3),
    },
    "negative_log_likelihood_forward": {
        "log_p": -abs(N34),
        "labels": np.array([1, 0, 3]),
        "ignore_index": 1,
        "class_weights": np.ones(4),
        "sample_weights": np.ones(3),
    },
    "binary_cross_entropy_forward": {"z": N34, "targets": N34 > 0, "sample_weights": np.ones(3)},
    "mean_squared_error_forward": {"y": N34, "targets": N34, "sample_weights": np.ones(3)},
}
WRONG: dict[str, Any] = {
    "None": None,
    "text": "text",
    "a number": 2.5,
    "a negative number": -3,
    "not a number": math.nan,
    "a list of text": ["a", "b", "c"],
    "a ragged list": [[1.0, 2.0], [3.0]],
    "an empty list": [],
    "a dict": {"a": 1},
    "a function": len,
    "objects": np.array([None, 1, "a"]),
    "complex numbers": N34 + 1j,
    "float16": N34.astype(np.float16),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "NaN": np.full((3, 4), np.nan),
    "infinity": np.full((3, 4), -np.inf),
    **{
        f"shape {shape}": np.ones(shape)
        for shape in (
            *[(), (0,), (1,), (3,), (4,), (5,), (3, 0), (0, 4), (1, 4), (3, 1), (4, 3)],
            *[(3, 4, 1), (1, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (1, 1, 1, 1, 1)],
        )
    },
}


def test_the_table_of_right_arguments_holds_every_op_of_these_modules() -> None:
    modules = ("dense", "activation", "softmax", "norm", "dropout", "labels", "loss")
    public = {n for n in ops.__all__ if getattr(ops, n).__module__.split(".")[-1] in modules}
    backward = {n for n in public if n.endswith("_backward")} | {"batch_norm_sums", "Moments"}
    assert set(RIGHT) == public - backward
    for name, arguments in RIGHT.items():
        getattr(ops, name)(**arguments)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", RIGHT)
def test_no_public_op_answers_in_numpy_s_own_words(name: str, wrong: str) -> None:
    """It computes, or it refuses in a sentence; a warning of NumPy's is no sentence either."""
    for argument in RIGHT[name]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if wrong in ("NaN", "infinity", "not a number"):  # the numbers of a broken training
                warnings.simplefilter("ignore", RuntimeWarning)
            said = ""
            try:
                getattr(ops, name)(**RIGHT[name] | {argument: WRONG[wrong]})
            except (TypeError, ValueError) as refused:
                said = f"{argument}: {refused}"
            assert not said or ours(ValueError(said)), said


@pytest.mark.parametrize(
    "error",
    [
        "operands could not be broadcast together with shapes (2,) (3,) ",
        "ufunc 'add' did not contain a loop with signature matching types",
        "matmul: Input operand 1 has a mismatch in its core dimension 0",
        "can't multiply sequence by non-int of type 'list'",
        "x",
    ],
)
def test_numpy_s_words_are_known(error: str) -> None:
    assert not ours(ValueError(error))
