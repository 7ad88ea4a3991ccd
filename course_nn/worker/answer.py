"""Calls one of the student's functions: the same way in the sandbox and in their own notebook."""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from .protocol import describe

Tell = Callable[[BaseException], dict[str, Any]]
NUMPY: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # as it comes
Caught = type[BaseException] | tuple[type[BaseException], ...]


def answer(
    function: Any,
    inputs: list,
    tell: Tell,
    caught: Caught = BaseException,
    limited: Callable[[], AbstractContextManager] = nullcontext,
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Call a function once; return the reply as it crosses the pipe, and its arrays.

    Of its arguments it says which were given another form; whether their numbers were changed, who
    laid them out sees.

    `tell` puts into fields what the function raised, should it be one of `caught`; `limited()` is
    entered around the call, and may end it.
    """
    if not callable(function):
        return {"status": "missing"}, []
    before = [_form(value) for value in inputs]
    arrays: list[np.ndarray] = []
    try:
        with limited(), np.errstate(**NUMPY), warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always", RuntimeWarning)
            found = function(*inputs)
        tree = describe(found, arrays)
    except NotImplementedError:
        return {"status": "stub"}, []
    except caught as error:
        return {"status": "raised", **tell(error)}, []
    changed = [i for i, form in enumerate(before) if _form(inputs[i]) != form]
    return {"status": "ok", "value": tree, "changed": changed, "warned": _warned(heard)}, arrays


def _warned(heard: list[warnings.WarningMessage]) -> str:
    """What NumPy warned of first, such as an overflow; "" where it was silent."""
    numerical = (str(one.message) for one in heard if one.category is RuntimeWarning)
    return next(numerical, "")


def _form(value: Any) -> Any:
    """Shape, steps and dtype of an array, which a call may change as it may the numbers."""
    return (value.shape, value.strides, value.dtype) if isinstance(value, np.ndarray) else None
