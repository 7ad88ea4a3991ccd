"""What cannot be right is refused in our words: no op of windows answers with NumPy's or Python's.

Every argument of every function is replaced, one at a time, by what people hand over by mistake.
"""

import inspect
import linecache
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from contract import normal

from course_nn import ops

IMAGES = normal(1, 2, 3, 6, 5)
KERNELS = normal(2, 4, 3, 3, 2)
ARRAYS = {
    "None": None,
    "text": "an array",
    "a list of text": ["a", "b"],
    "a ragged list": [[1.0], [1.0, 2.0]],
    "a number": 3.0,
    "float16": IMAGES.astype(np.float16),
    "complex": IMAGES.astype(complex),
    "an array of text": np.full((2, 3, 6, 5), "a"),
    "an array of objects": np.full((2, 3, 6, 5), None),
    "no axes": np.array(1.0),
    "one axis": np.ones(7),
    "three axes": np.ones((3, 6, 5)),
    "five axes": np.ones((1, 2, 3, 6, 5)),
    "other channels": np.ones((2, 7, 6, 5)),
    "an empty axis": np.ones((2, 3, 0, 5)),
    "one of each": np.ones((1, 1, 1, 1)),
    "a set": {1.0},
}
PIXELS = {
    "nothing": None,
    "a fraction": 1.5,
    "text": "valid",
    "three numbers": (1, 2, 3),
    "less than nothing": -1,
    "less than nothing on one side": (1, -2),
    "a bool": True,
    "an array": np.array([1, 2]),
    "complex": 1j,
    "more than there is": 10**30,
    "not a number": float("nan"),
    "a dict": {"top": 1},
    "pairs and numbers": ((1, 2), 3.5),
}
SHAPED = {"other channels", "one of each"}  # images, though not those that were meant
ANY_DTYPE = SHAPED | {"float16", "complex", "an array of text", "an array of objects"}
TAKEN: dict[tuple[str, str], set[str]] = {
    ("conv2d_forward", "b"): {"None"},
    ("conv_transpose2d_forward", "b"): {"None"},
    ("max_pool2d_forward", "x"): {"other channels"},
    ("avg_pool2d_forward", "x"): {"other channels"},
    ("max_pool2d_forward", "stride"): {"nothing"},
    ("avg_pool2d_forward", "stride"): {"nothing"},
    ("pool_output_size", "stride"): {"nothing"},
    ("global_avg_pool2d_forward", "x"): SHAPED,
    ("batch_last", "x"): ANY_DTYPE | {"an empty axis"},
    ("batch_first", "x"): ANY_DTYPE | {"an empty axis"},
    ("extract_patches", "x"): ANY_DTYPE - {"one of each"},
} | {
    (op, size): {"more than there is"}
    for op in ("pool_output_size", "transposed_size")
    for size in "HW"
}


def backward(op: str, *arrays: Any, **options: Any) -> tuple[Callable, dict[str, Any]]:
    y, cache = getattr(ops, f"{op}_forward")(*arrays, **options)
    return getattr(ops, f"{op}_backward"), {"dy": y, "cache": cache}


CONV = {"x": IMAGES, "W": KERNELS, "b": normal(3, 4), "stride": 1, "padding": 1, "dilation": 1}
POOL = {"x": IMAGES, "window": 2, "stride": 2, "padding": 0}
CALLS: dict[str, tuple[Callable, dict[str, Any]]] = {
    "conv2d_forward": (ops.conv2d_forward, CONV | {"groups": 1}),
    "conv2d_backward": backward("conv2d", IMAGES, KERNELS),
    "conv_transpose2d_forward": (
        ops.conv_transpose2d_forward,
        CONV | {"W": KERNELS.swapaxes(0, 1), "output_padding": 0, "groups": 1},
    ),
    "conv_transpose2d_backward": backward("conv_transpose2d", IMAGES, KERNELS.swapaxes(0, 1)),
    "max_pool2d_forward": (ops.max_pool2d_forward, POOL),
    "max_pool2d_backward": backward("max_pool2d", IMAGES),
    "avg_pool2d_forward": (ops.avg_pool2d_forward, POOL),
    "avg_pool2d_backward": backward("avg_pool2d", IMAGES),
    "global_avg_pool2d_forward": (ops.global_avg_pool2d_forward, {"x": IMAGES}),
    "global_avg_pool2d_backward": backward("global_avg_pool2d", IMAGES),
    "geometry": (ops.geometry, {"kernel": 2, "stride": 1, "padding": 1, "dilation": 1}),
    "pool_output_size": (
        ops.pool_output_size,
        {"H": 5, "W": 6, "window": 2, "stride": 1, "padding": 0},
    ),
    "transposed_size": (
        ops.transposed_size,
        {"g": ops.geometry(2, 2), "output_padding": 0, "H": 5, "W": 6},
    ),
    "batch_last": (ops.batch_last, {"x": IMAGES, "padding": 1}),
    "batch_first": (ops.batch_first, {"x": IMAGES, "padding": 1}),
    "extract_patches": (ops.extract_patches, {"x": IMAGES, "g": ops.geometry(2)}),
    "fold_patches": (
        ops.fold_patches,
        {"columns": np.ones((3, 2, 2, 5, 4, 2)), "shape": (3, 6, 5, 2), "g": ops.geometry(2)},
    ),
}
BAD = [
    (name, argument, kind)
    for name, (_, arguments) in CALLS.items()
    for argument, good in arguments.items()
    if argument != "cache"
    for kind in (ARRAYS if isinstance(good, np.ndarray) else PIXELS)
]


def answer(name: str, argument: str, kind: str) -> BaseException | None:
    """What a call with one wrong argument raises."""
    function, arguments = CALLS[name]
    wrong = (ARRAYS if isinstance(arguments[argument], np.ndarray) else PIXELS)[kind]
    try:
        function(**arguments | {argument: wrong})
    except Exception as error:  # the kind of error is what is judged
        return error
    return None


def is_ours(error: BaseException) -> bool:
    """Whether it comes from a `raise` of this package."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename
    return "course_nn" in file and linecache.getline(file, trace.tb_lineno).strip().startswith(
        "raise"
    )


@pytest.mark.parametrize(("name", "argument", "kind"), BAD)
def test_a_wrong_argument_is_refused_in_our_words(name: str, argument: str, kind: str) -> None:
    error = answer(name, argument, kind)
    if error is None:
        assert kind in TAKEN.get((name, argument), ())
        return
    assert isinstance(error, ValueError | TypeError)
    assert is_ours(error), f"{type(error).__name__}: {error}"


NUMBERS = {
    name: (function, arguments)
    for name, (function, arguments) in CALLS.items()
    if name.endswith(("_forward", "_backward"))
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "convert", [lambda a: a.tolist(), lambda a: a.astype(int), lambda a: a > 0]
)
def test_lists_whole_numbers_and_bools_count_as_float64(name: str, convert: Callable) -> None:
    function, arguments = NUMBERS[name]
    arrays = {k: np.round(3 * a) for k, a in arguments.items() if isinstance(a, np.ndarray)}
    given = {k: convert(a) for k, a in arrays.items()}
    meant = {k: np.asarray(a, float) for k, a in given.items()}
    for one, two in zip(
        *(np.atleast_1d(first(function(**arguments | some))) for some in (given, meant)),
        strict=True,
    ):
        assert one.dtype == np.float64
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", NUMBERS)
def test_where_two_float_dtypes_meet_the_wider_is_taken(name: str) -> None:
    function, arguments = NUMBERS[name]
    narrow = {k: a.astype(np.float32) for k, a in arguments.items() if isinstance(a, np.ndarray)}
    for wide in narrow:
        result = first(function(**arguments | narrow | {wide: arguments[wide]}))
        assert result.dtype == np.float64


def first(result: Any) -> np.ndarray:
    """y of a forward op, dx of a backward op."""
    return result[0] if isinstance(result, tuple) else result


def test_words_that_are_not_ours_are_found() -> None:
    with pytest.raises(ValueError, match="matmul") as numpys:
        np.ones(2) @ np.ones(3)
    with pytest.raises(TypeError, match="whole number") as ours:
        ops.geometry("3")
    assert [is_ours(numpys.value), is_ours(ours.value)] == [False, True]


def test_every_public_function_of_windows_is_tried() -> None:
    modules = {"conv", "pool", "geometry", "patches"}
    public = {
        name
        for name in ops.__all__
        if inspect.isfunction(f := getattr(ops, name)) and f.__module__.split(".")[-1] in modules
    }
    assert public == set(CALLS)
