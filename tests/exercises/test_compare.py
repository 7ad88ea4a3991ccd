"""The comparison: it stops at the first fault, in a fixed order, and says it in one sentence."""

import numpy as np
import pytest

from course_nn.exercises.compare import TOLERANCE, Wrong, close, compare, unwrap
from course_nn.exercises.student import Answer


@pytest.fixture
def fault(question, student):
    """`fault(function)` is the first fault of `mix`, or None."""

    def fault(function, only="", **sizes):
        inputs = question.draw(np.random.default_rng(1), **sizes)
        try:
            compare(student(mix=function), question, inputs, only)
        except Wrong as wrong:
            return wrong.fault
        return None

    return fault


def right(a, b, r):
    return a + r * b, a * b


@pytest.mark.parametrize("sizes", [{}, {"N": 1}, {"N": 0}, {"D": 1}, {"dtype": np.float32}])
def test_a_right_answer_has_no_fault(fault, sizes):
    # a Python float times float32 stays float32: the inputs say what is right
    assert fault(right, **sizes) is None
    assert fault(lambda *a: list(right(*a)), **sizes) is None


def test_faults_come_in_order(fault):
    """An answer that is wrong in all ways is told of them one after the other."""

    def spoil(answer):
        def mix(a, b, r):
            s, p = right(a, b, r)
            a += 1
            return answer(s, p)

        return mix

    found = [
        fault(spoil(answer))
        for answer in (
            lambda s, p: None,
            lambda s, p: (s,),
            lambda s, p: (s[0].astype(np.float32), p),
            lambda s, p: (2 * s.astype(np.float32), p),
            lambda s, p: (2 * s, p),
            lambda s, p: (s, 2 * p),
            lambda s, p: (s, p),
        )
    ]
    assert [f.kind for f in found] == ["shape"] * 3 + ["dtype", "value", "value", "purity"]
    assert [f.output for f in found] == ["", "", "s", "s", "s", "p", ""]


def test_a_wrong_gradient_is_called_one(single, student):
    inputs = single.draw(np.random.default_rng(1))
    with pytest.raises(Wrong) as wrong:
        compare(student(double=lambda a, b, r: 3 * a), single, inputs)
    assert wrong.value.fault.kind == "gradient"


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda a, b, r: None, r"it returned None; expected 2 arrays, s, p: is the `return` miss"),
        (lambda a, b, r: a, r"it returned 1 value\(s\); expected 2 arrays, s, p"),
        (lambda a, b, r: (a, "x"), "p is of type str; expected a plain NumPy array"),
        (lambda a, b, r: (a, None), "p is of type None; expected"),
        (lambda a, b, r: (a.T, b), r"s has shape \(3, 4\); expected \(4, 3\) = \(N, D\)"),
        (lambda a, b, r: (np.float32(a), b), r"s is float32 where the arguments are float64"),
        (lambda a, b, r: (a * np.nan, b), r"s\[0, 0\] is nan, not a number that can be compared"),
        (lambda a, b, r: (a * np.inf, b), r"s\[0, 0\] is -?inf, not a number"),
        (lambda a, b, r: 1 / 0, "mix raised ZeroDivisionError"),
    ],
)
def test_a_fault_is_one_sentence(fault, function, says):
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(fault(function).says)


def test_the_worst_number_is_named_and_the_error_kept(fault):
    def mix(a, b, r):
        s, p = right(a, b, r)
        s[2, 1] += 5
        s[0, 0] += 1
        return s, p

    found = fault(mix)
    assert "s[2, 1] is" in found.says
    assert np.argwhere(found.error > 1e-9).tolist() == [[0, 0], [2, 1]]
    assert found.error[2, 1] == pytest.approx(5)


def test_numpys_own_default_is_told_where_float32_was_given(fault):
    found = fault(lambda a, b, r: (a.astype(float), b), dtype=np.float32)
    assert "np.zeros makes float64 unless told" in found.says


def test_credit_for_one_output_alone(fault):
    assert fault(lambda a, b, r: ("?", a * b), "p") is None
    assert fault(lambda a, b, r: (a + r * b, 0), "p").output == "p"
    assert fault(lambda a, b, r: (a, a + b), "p").output == "p"

    def spoils(a, b, r):
        p = a * b
        a += 1
        return None, p

    assert fault(spoils, "p") is None


def test_every_changed_argument_is_named(fault):
    def spoils(a, b, r):
        answer = right(a, b, r)
        a += 1
        b += 1
        return answer

    assert "it changed its argument a and b:" in fault(spoils).says


def test_one_array_may_come_bare_but_not_in_a_list(single):
    x = np.ones((4, 3))
    assert unwrap(single, Answer(x)) == (x,)
    assert unwrap(single, Answer((x,))) == (x,)
    with pytest.raises(Wrong, match="y is of type list"):
        unwrap(single, Answer([x]))


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_the_tolerance_is_relative_to_the_largest_number(dtype):
    right = np.array([1000.0, 1e-3])
    off = TOLERANCE[dtype] * 1000
    assert close(right + 0.9 * off, right, np.dtype(dtype))
    assert not close(right + np.array([1.1 * off, 0]), right, np.dtype(dtype))
    assert not close(right - np.array([0, 1.1 * off]), right, np.dtype(dtype))


def test_what_cannot_be_compared_is_not_close():
    one = np.ones(2)
    assert not close(one * np.nan, one, one.dtype)
    assert not close(one * np.inf, one, one.dtype)
    assert not close(one[:1], one, one.dtype)
    assert close(one[:0], one[:0], one.dtype)
    assert close(0 * one, 0 * one, one.dtype)
    assert not close(0 * one + 1e-9, 0 * one, one.dtype)
