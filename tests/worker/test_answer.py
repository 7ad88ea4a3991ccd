"""One call of a student's function: what it returned, raised or changed, as a reply."""

import numpy as np
import pytest

from course_nn.worker.answer import answer
from course_nn.worker.protocol import Foreign, restore


def tell(error: BaseException) -> dict:
    return {"type": type(error).__name__}


def value(function, *inputs):
    reply, arrays = answer(function, list(inputs), tell)
    assert reply["status"] == "ok"
    return restore(reply["value"], arrays)


def test_what_is_returned_is_described_with_its_arrays():
    x = np.arange(3.0)
    one, two = value(lambda x: (2 * x, len(x)), x)
    np.testing.assert_array_equal(one, [0, 2, 4])
    assert two == 3
    assert value(lambda x: {"y": x}, x) == Foreign("dict")
    assert value(lambda x: None, x) is None


@pytest.mark.parametrize("function", [None, 3, "name"])
def test_what_is_no_function_is_missing(function):
    assert answer(function, [np.ones(2)], tell) == ({"status": "missing"}, [])


def test_a_stub_is_told_from_a_fault():
    def stub(x):
        raise NotImplementedError("Task 2.1")

    assert answer(stub, [1.0], tell) == ({"status": "stub"}, [])
    assert answer(lambda x: 1 / 0, [1.0], tell)[0]["status"] == "raised"


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_whatever_is_raised_is_told(error):
    def function(x):
        raise error

    reply, arrays = answer(function, [np.ones(2)], tell)
    assert (reply, arrays) == ({"status": "raised", "type": error.__name__}, [])


def test_an_interrupt_passes_where_it_is_not_to_be_caught():
    def function():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(function, [], tell, (Exception, SystemExit))


@pytest.mark.parametrize(
    ("spoil", "changed"),
    [
        (lambda a, b, c: None, []),
        (lambda a, b, c: a.fill(3), []),  # whoever laid it out looks at its numbers
        (lambda a, b, c: b.resize((2, 1)), [1]),
        (lambda a, b, c: (setattr(a, "shape", (3, 1)), setattr(b, "dtype", "i8")), [0, 1]),
    ],
)
def test_the_arguments_that_were_given_another_form_are_named(spoil, changed):
    inputs = [np.array([np.nan, 1, 2]), np.array([2.0, 1]), 0.1]
    assert answer(lambda *a: (spoil(*a), None)[1], inputs, tell)[0]["changed"] == changed


def test_numpy_warns_as_it_comes_whatever_it_was_told_and_is_left_as_it_was():
    def divide(x):
        np.seterr(all="raise")
        return x / np.zeros(2)

    with np.errstate(all="ignore"):
        before = np.geterr()
        reply, _ = answer(lambda x: x / np.zeros(2), [np.ones(2)], tell)
        assert "divide by zero" in reply["warned"]
        assert answer(divide, [np.ones(2)], tell)[0]["type"] == "FloatingPointError"
        assert np.geterr() == before
