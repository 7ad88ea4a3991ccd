"""The diagnosis: a wrong answer is named by the known mistake that gives it, or not at all."""

import numpy as np
import pytest

from course_nn.exercises.compare import compare
from course_nn.exercises.diagnose import GENERAL, recognise, run_test, wrong_answers
from course_nn.exercises.task import Mistake, Output, Question


@pytest.fixture
def verdict(question, student):
    """`verdict(function)` is the verdict on `mix`; `sizes` as in the question."""

    def verdict(function, only="", **sizes):
        def test(one):
            compare(one, question, question.draw(one.rng, **sizes), only)

        return run_test(test, student(mix=function), question)

    return verdict


def right(a, b, r):
    return a + r * b, a * b


def test_a_test_that_raises_nothing_is_passed(verdict):
    found = verdict(right)
    assert found.passed
    assert str(found) == "✔ Task 9.1, mix: public checks passed; hidden checks remain"


def test_what_is_no_fault_of_the_student_is_not_hidden(question, student):
    def broken(one):
        raise RuntimeError("a bug of ours")

    with pytest.raises(RuntimeError, match="a bug of ours"):
        run_test(broken, student(mix=right), question)


def test_a_verdict_keeps_the_fault(verdict):
    found = verdict(lambda a, b, r: (a + b, a * b))
    assert (found.task, found.kind, found.output) == ("Task 9.1, mix", "value", "s")
    assert found.looks == "r is missing"
    assert found.error.shape == (4, 3)


X = np.random.default_rng(3).normal(2, 3, size=(5, 3)) + 0.25  # five samples: none divides by 5
WRONG = {  # one answer for each general mistake, in their order, where x itself is right
    "the sign is flipped": -X,
    "transposed": X.T,
    "divided by the number of samples": X / 5,
    "times the number of samples": 5 * X,
    "twice": X + X,
    "half": X - X / 2,
    "all zeros": np.zeros((5, 3)),
    "all ones": np.ones((5, 3)),
    "an axis of length 1 was dropped": X[:1].reshape(3),
    "an axis of length 1 too many": X.reshape(1, 5, 3),
    "cut to 0, as ReLU does": np.where(X > 0, X, 0),
    "rounded to whole numbers": X.astype(int).astype(float),
    "the last sample is left out": np.vstack([X[:4], np.zeros(3)]),
}


@pytest.mark.parametrize(("index", "says"), list(enumerate(WRONG)))
def test_a_general_mistake_is_named(index, says):
    x = X[:1] if "dropped" in says else X
    question = Question("1", "f", ("x",), None, None, {"y": Output("", ())}, {})
    found = recognise(question, "y", WRONG[says], (x,), (x,))
    assert found == GENERAL[index].says.format(name="y")
    assert says in found
    assert recognise(question, "y", WRONG[says] + 0.1, (x,), (x,)) == ""


def test_there_is_an_answer_for_every_general_mistake():
    assert len(WRONG) == len(GENERAL)


def test_outputs_in_the_wrong_order_are_named(verdict):
    found = verdict(lambda a, b, r: right(a, b, r)[::-1])
    assert found.looks == "this is the right p: return s, p in this order"


def test_a_mistake_of_the_exercise_comes_before_a_general_one(question):
    inputs = question.draw(np.random.default_rng(0))
    answers = wrong_answers(question, "s", question.right(*inputs)[0], inputs)
    said = [mistake.says for mistake, _ in answers]
    assert said == ["r is missing", *(mistake.says for mistake in GENERAL)]


def test_a_mistake_that_does_not_fit_the_shapes_is_passed_over(question):
    broken = (
        Mistake("no shape", lambda s, *_: s @ np.ones(99)),
        Mistake("no index", lambda s, *_: s[99]),
        Mistake("zeros", lambda s, *_: 0 * s),
    )
    question.outputs["s"] = Output("(N, D)", broken)
    inputs = question.draw(np.random.default_rng(0))
    found = [m.says for m, _ in wrong_answers(question, "s", question.right(*inputs)[0], inputs)]
    assert found[0] == "zeros"


def test_a_mistake_that_breaks_the_shapes_is_named_where_all_sizes_agree(verdict):
    found = verdict(lambda a, b, r: ((a + r * b).T, a * b))
    assert found.kind == "shape"
    assert found.looks == "it is the right s transposed"


def test_a_mistake_that_fits_only_where_all_sizes_agree_is_named_there(question, verdict):
    mistakes = (Mistake("b is transposed", lambda s, a, b, r: a + r * b.T),)
    question.outputs["s"] = Output("(N, D)", mistakes)

    def mix(a, b, r):
        return (a + r * b.T if len(a) == len(a.T) else a[:1]), a * b

    found = verdict(mix)
    assert (found.kind, found.looks) == ("shape", "b is transposed")


def test_a_call_that_fails_on_these_sizes_is_named_where_it_does_not(verdict):
    found = verdict(lambda a, b, r: (-(a.T.reshape(3, 3) + r * b.T).T, a * b))
    assert found.kind == "call"
    assert found.looks == "the sign is flipped"


def test_an_answer_that_ignores_its_arguments_is_named(verdict):
    found = verdict(lambda a, b, r: (np.full_like(a, 0.3), a * b))
    assert found.looks == "s stays the same whatever the arguments are"


def test_an_answer_that_is_merely_wrong_is_not_named(verdict):
    assert verdict(lambda a, b, r: (a + np.sin(b), a * b)).looks == ""


def test_the_other_output_is_not_blamed(verdict):
    def mix(a, b, r):
        return -(a + r * b), np.tanh(a * b)

    assert verdict(mix, "p").looks == ""
    assert verdict(mix, "s").looks == "the sign is flipped"


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda a, b, r: None, "shape"),
        (lambda a, b, r: tuple(y.astype(np.float32) for y in right(a, b, r)), "dtype"),
        (lambda a, b, r: (*right(a, b, r), a.fill(0))[:2], "purity"),
    ],
)
def test_what_says_all_by_itself_is_not_asked_again(verdict, function, kind):
    calls = []
    found = verdict(lambda *a: calls.append(1) or function(*a))
    assert (found.kind, found.looks, len(calls)) == (kind, "", 1)


def test_a_stub_is_not_asked_again(verdict):
    calls = []

    def mix(a, b, r):
        calls.append(1)
        raise NotImplementedError

    assert (verdict(mix).kind, len(calls)) == ("stub", 1)


def test_a_function_that_answers_only_once_is_told_of_its_first_answer(verdict):
    calls = []

    def mix(a, b, r):
        if calls:
            raise ValueError
        calls.append(1)
        return a + np.sin(b), a * b

    found = verdict(mix)
    assert (found.kind, found.looks) == ("value", "")
