"""What is heard by looking at every operation is what NumPy itself says, where it can."""

import itertools
import warnings

import numpy as np
import pytest

from course_nn.exercises import student
from course_nn.exercises.student import LocalStudent
from course_nn.exercises.watching import SILENT, Watched, unheard, watched

NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 710.0, -710.0, 1e308, -1e308, np.inf, -np.inf, np.nan)
# of these NumPy says more than can be seen of what comes out; never less
QUIETER = {*SILENT, "logaddexp", "logaddexp2", "floor_divide", "power", "pow", "float_power"}
UFUNCS = sorted(
    name
    for name, one in vars(np).items()
    if isinstance(one, np.ufunc) and one.nout == 1 and not one.signature
)


def heard(function, *inputs) -> list[str]:
    """What NumPy warns of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with np.errstate(all="warn", under="ignore"):
            try:
                function(*inputs)
            except TypeError:  # not of floats
                return []
    return [str(one.message) for one in found]


@pytest.mark.parametrize("name", UFUNCS)
def test_nothing_is_heard_that_numpy_does_not_say(name: str) -> None:
    function = getattr(np, name)
    for numbers in itertools.product(NUMBERS, repeat=function.nin):
        said = heard(function, *(np.array([number]) for number in numbers))
        found = heard(function, *(watched(np.array([number])) for number in numbers))
        assert found == said or (name in QUIETER and set(found) < set(said)), numbers


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "minimum"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_sums_and_products_are_heard(name: str, axis) -> None:
    function = getattr(np, name).reduce
    for numbers in itertools.product(NUMBERS, repeat=3):
        x = np.array([numbers, numbers[::-1]])
        said = heard(lambda x: function(x, axis=axis), x)
        found = heard(lambda x: function(x, axis=axis), watched(x.copy()))
        assert set(found) <= set(said), numbers
        assert bool(found) == bool(said) or not np.isfinite(numbers).all(), numbers


RATIO = (
    lambda x: 1 / (1 + np.exp(-x)),
    lambda x: np.where(x > 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x))),
    lambda x: np.array([1 / (1 + np.exp(-v)) for v in x]),
    lambda x: 1 / (1 + np.exp(-x.reshape(-1, 1).T)),
    lambda x: 1 / np.add(1, np.exp(-x.copy()), out=np.empty_like(x)),
    lambda x: np.stack([np.exp(-x), x]),
)


@pytest.mark.parametrize("function", RATIO)
def test_however_it_is_written_an_overflow_is_heard(function) -> None:
    x = np.array([-1e3, 2.0])
    assert unheard(function, [x]) == heard(function, x)[0] == "overflow encountered in exp"
    assert unheard(function, [np.array([-3.0, 2.0])]) == ""


def test_who_asks_numpy_for_silence_gets_it() -> None:
    def silent(x):
        with np.errstate(over="ignore"):
            return np.exp(x)

    def filtered(x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.exp(x)

    assert [unheard(one, [np.array([1e3])]) for one in (silent, filtered, np.exp)] == [
        "", "", "overflow encountered in exp",
    ]  # fmt: skip


def test_what_goes_wrong_in_the_second_call_is_of_no_account(capsys) -> None:
    def odd(x):
        print("twice")
        if isinstance(x, Watched):
            raise ZeroDivisionError
        return x

    assert unheard(odd, [np.ones(2)]) == ""
    assert capsys.readouterr().out == ""


def test_in_a_page_the_answer_says_what_would_have_been_said(monkeypatch) -> None:
    monkeypatch.setattr(student, "BROWSER", True)
    calls = []

    def overflows(x):
        calls.append(type(x))
        x += 0.0
        with np.errstate(all="ignore"):
            silent = np.exp(np.asarray(x))  # as a page's NumPy
        return np.exp(x) if isinstance(x, Watched) else silent

    one = LocalStudent({"f": overflows}, np.random.default_rng(0))
    assert one.call("f", np.array([1e3])).warned == one.warned == "overflow encountered in exp"
    assert (one.calls, calls) == (1, [np.ndarray, Watched])
    monkeypatch.setattr(student, "QUICK", 0.0)
    assert one.call("f", np.array([1e3])).warned == ""
