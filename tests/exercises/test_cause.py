"""The cause of a float64 and of a None is said where the function's source shows it."""

import sys

import numpy as np
import pytest

from course_nn.exercises.cause import first_double, told
from course_nn.exercises.check import check_task
from course_nn.exercises.task import Task

SLOPES = {  # how a float64 comes about, and what is said of it
    "np.zeros(a.shape)": "zeros(a.shape)` (np.zeros makes float64 unless it is given a dtype)",
    "np.eye(*a.shape)": "(np.eye makes float64 unless it is given a dtype)",
    "b * np.array([1.0])": "(np.array makes float64 unless it is given a dtype)",
    "np.zeros(a.shape, a.dtype) + np.arange(1)": "+ np.arange(1)`.",
    "np.where(a > 0, 1, r)": "(np.where of plain numbers makes float64)",
    "a * np.sqrt(len(a))": "(np.sqrt of plain numbers makes float64)",
    "(a > 0) * r": "(True and False with a plain number make float64)",
    "r * (a > 0) + a": "(True and False with a plain number make float64)",
    "a.astype(float)": "(astype(float) makes float64)",
    "np.add(a, b, dtype='f8')": "`q = np.add(a, b, dtype='f8')`.",
}


def single(source: str):
    """A function whose s is right, and float64 by these means in float32 alone."""
    text = f"def mix(a, b, r):\n    q = {source}\n    return a + r * b + 0 * q, a * b\n"
    return written(text)["mix"]


def written(text: str, file: str = "<cell of cause>") -> dict:
    import linecache

    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict = {"np": np}
    exec(compile(text, file, "exec"), space)
    return space


@pytest.mark.parametrize(("source", "says"), SLOPES.items())
def test_the_line_that_makes_float64_is_said_and_why(mixing: Task, source, says) -> None:
    said = str(check_task(mixing, single(source)))
    assert "s is float64 where the arguments are float32; keep the dtype that you are" in said
    assert "given: the first float64 is made at line 2 of its cell, `q = " in said
    assert says in said


def test_the_cause_of_several_is_said_once(mixing: Task) -> None:
    text = "def mix(a, b, r):\n    a = a.astype(float)\n    return a + r * b, a * b"
    said = str(check_task(mixing, written(text)["mix"]))
    assert "s and p are float64 where the arguments are float32; keep the dtype that you" in said
    assert said.count("the first float64 is made at line 2") == 1


def test_what_stays_float32_is_not_blamed(mixing: Task) -> None:
    function = written(
        "def mix(a, b, r):\n    n = np.zeros(3, dtype=a.dtype)\n    m = b * (a > 0) * r\n"
        "    s = a + r * b\n    s = s + 0 * np.ones(a.shape[1])\n    return s, a * b + 0 * m"
    )["mix"]
    said = str(check_task(mixing, function))
    assert "at line 5 of its cell" in said
    assert "(np.ones makes float64" in said


def test_without_a_source_no_cause_is_said(mixing: Task) -> None:
    said = str(check_task(mixing, eval("lambda a, b, r: (a.astype(float) + r * b, a * b)")))
    assert "keep the dtype that you are given." in said
    assert "np.zeros" not in said


def test_a_trace_leaves_the_one_before_and_survives_an_exception() -> None:
    def fails(a):
        raise ValueError

    before = sys.gettrace()
    assert first_double(fails, {"a": np.ones(2, "f4")}) is None
    assert first_double(lambda a: a * np.float64(1), {"a": np.ones(2, "f4")}) is not None
    assert sys.gettrace() is before


# -- None ------------------------------------------------------------------------------------------

LAYER = """
class Layer:
    def backward(self, a):
        self.a = a
def mix(a, b, r):
    layer = Layer()
    s = layer.backward(a)
    return {}, a * b
"""


@pytest.mark.parametrize("returned", ["s", "layer.backward(a)"])
def test_a_method_without_return_is_named(mixing: Task, returned) -> None:
    said = str(check_task(mixing, written(LAYER.format(returned))["mix"]))
    assert (
        "s is None, not a NumPy array: backward gives None, so probably its `return` is missing."
    ) in said
    assert "= None" not in said


def test_a_driver_that_hands_on_none_names_whose_it_is(picking: Task) -> None:
    text = LAYER.replace("mix(a, b, r)", "pick(a, labels, stride)").replace("{}, a * b", "s")
    said = str(check_task(picking, written(text)["pick"]))
    assert "it returned None; expected loss: backward gives None, so probably its `return`" in said


def test_a_none_of_no_known_source_is_said_too(mixing: Task) -> None:
    said = str(check_task(mixing, lambda a, b, r: (None, a * b)))
    assert "s is None, not a NumPy array: probably a `return` is missing." in said
    assert "The smallest" not in said


def test_a_right_output_beside_keeps_its_words(mixing: Task) -> None:
    verdict = check_task(mixing, lambda a, b, r: (None, a * b + 1))
    assert verdict.comparison is not None
    again = told(verdict.comparison, len)
    assert [output.says for output in again.outputs] == [o.says for o in verdict.comparison.outputs]
