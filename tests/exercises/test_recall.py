"""Explanations are found once for the same answers, and are true of whoever gets them."""

import tracemalloc

import numpy as np
import pytest

from course_nn.exercises.compare import Comparison, Output
from course_nn.exercises.diagnose import Finding
from course_nn.exercises.recall import LARGE, VAST, Recall, agree, digest
from course_nn.exercises.student import Answer, OneByOne, StudentError
from course_nn.worker.protocol import Foreign

X = np.array([1.0, -3.0, 0.25])


def wrong(value, fault="value"):
    return Comparison({"x": X}, "outputs", "", (Output("y", fault, "", value),))


@pytest.mark.parametrize(
    "other",
    [
        Answer(X + 1e-4),
        Answer(X.astype(np.float32)),
        Answer(X[None]),
        Answer(2 * X),
        Answer((X,)),
        Answer([X]),
        Answer(None),
        Answer(Foreign("dict")),
        Answer(X, (0,)),
        Answer(X, (), "overflow"),
        Answer(np.array([1.0, -3.0, np.nan])),
        StudentError("no answer"),
    ],
)
def test_answers_that_differ_have_another_digest(other):
    assert digest([other]) != digest([Answer(X)])
    assert digest([other]) == digest([other])
    assert digest([Answer(X), other]) != digest([other, Answer(X)])


def test_where_a_number_is_none_counts_and_which():
    def odd(*numbers):
        return digest([Answer(np.array(numbers))])

    assert odd(np.nan, 1.0) != odd(1.0, np.nan)
    assert odd(np.inf, 1.0) != odd(-np.inf, 1.0)
    assert odd(np.nan, 1.0) == odd(np.nan, 1.0)
    assert odd() == odd()
    assert digest([StudentError("a", "stub")]) != digest([StudentError("a", "call")])


def test_a_vast_answer_is_told_apart_without_copies():
    vast = np.ones(8 * VAST, np.float32)
    tracemalloc.start()
    try:
        before = digest([Answer(vast)])
        vast[-1] = 2
        assert digest([Answer(vast)]) != before
        assert tracemalloc.get_traced_memory()[1] < vast.nbytes / 2
    finally:
        tracemalloc.stop()


def test_the_order_of_a_sum_changes_nothing():
    values = np.random.default_rng(0).normal(size=(4, 3, 50))
    there, back = values.sum(-1), values[..., ::-1].sum(-1)
    assert not np.array_equal(there, back)
    assert digest([Answer(there)]) == digest([Answer(back)])


class Says(OneByOne):
    """A student whose function is known."""

    rng = np.random.default_rng(0)

    def __init__(self, function=lambda x: 2 * x) -> None:
        self.function, self.asked = function, 0

    def call(self, name, *inputs):
        self.asked += 1
        return Answer(self.function(*inputs))


class Looked:
    """An explanation that counts how often it was looked for, and asks for some numbers."""

    def __init__(self, *found, asks=()) -> None:
        self.found, self.asks, self.times = found, asks, 0

    def __call__(self, student):
        self.times += 1
        for x in self.asks:
            student.call("f", x)
        return self.found


def test_the_same_key_is_explained_once_with_the_students_own_numbers():
    recall, looked, own = Recall(3), Looked(wrong(2 * X), Finding("a sign")), wrong(2 * X + 1e-12)
    assert recall(b"k", Says(), "f", lambda inputs: own, looked) == looked.found
    example, finding = recall(b"k", Says(), "f", lambda inputs: own, looked)
    assert example is own
    assert finding.words == "a sign"
    assert looked.times == 1


@pytest.mark.parametrize(
    "own",
    [
        wrong(3 * X),
        wrong(2 * X, "shape"),
        wrong(None),
        Comparison({"x": X}),
        Comparison({"x": X}, "call", "it raised"),
    ],
)
def test_an_example_that_is_not_true_here_is_not_taken(own):
    recall, looked = Recall(3), Looked(wrong(2 * X), Finding("a sign"))
    recall(b"k", Says(), "f", lambda inputs: own, looked)
    recall(b"k", Says(), "f", lambda inputs: own, looked)
    assert looked.times == 2


def test_an_explanation_without_an_example_is_kept_too():
    recall, looked = Recall(3), Looked(None, Finding())
    for _ in range(2):
        assert recall(b"k", Says(), "f", lambda inputs: 1 / 0, looked) == (None, Finding())
    assert looked.times == 1


def test_whoever_answers_the_searchs_questions_otherwise_is_explained_anew():
    recall, looked = Recall(3), Looked(None, Finding("a sign"), asks=[X, X + 1])
    other = Looked(None, Finding("another"), asks=[X])

    def told(looked, function):
        return recall(b"k", Says(function), "f", None, looked)[1].words

    assert told(looked, lambda x: 2 * x) == "a sign"
    assert told(other, lambda x: 2 * x + 1e-13) == "a sign"
    assert told(other, lambda x: x + np.abs(x)) == "another"
    assert told(other, lambda x: x + np.abs(x)) == "another"  # the latest is kept
    assert (looked.times, other.times) == (1, 1)
    assert told(looked, lambda x: 2 * x) == "a sign"


def test_what_was_asked_much_for_is_not_kept():
    recall, looked = Recall(3), Looked(None, Finding(), asks=[np.ones(LARGE // 8 + 1)])
    for _ in range(2):
        recall(b"k", Says(), "f", None, looked)
    assert looked.times == 2


def test_an_error_is_kept_in_mind_too():
    def raises(x):
        raise StudentError("no answer")

    class Tries(Looked):
        def __call__(self, student):
            with pytest.raises(StudentError):
                return super().__call__(student)
            return self.found

    recall, looked = Recall(3), Tries(None, Finding("it raises"), asks=[X])
    other = Looked(None, Finding("another"))
    assert recall(b"k", Says(raises), "f", None, looked)[1].words == "it raises"
    assert recall(b"k", Says(raises), "f", None, other)[1].words == "it raises"
    assert recall(b"k", Says(), "f", None, other)[1].words == "another"


def test_the_oldest_are_forgotten():
    recall, looked = Recall(2), Looked(None, Finding())
    for key in (b"a", b"b", b"c", b"a"):
        recall(key, Says(), "f", lambda inputs: wrong(X), looked)
    assert looked.times == 4
    assert len(recall.kept) == 2


def test_two_that_are_alike_agree():
    assert agree(wrong(X), wrong(X + 1e-12))
    assert agree(wrong(None), wrong(None))


def test_what_one_grader_explains_all_of_its_run_know(tmp_path):
    one, other, elsewhere = Recall(3), Recall(3), Recall(3)
    one.folder = other.folder = tmp_path
    looked = Looked(wrong(2 * X), Finding("a sign"))
    for recall in (one, other, elsewhere):
        _, finding = recall(b"k", Says(), "f", lambda inputs: wrong(2 * X), looked)
        assert finding.words == "a sign"
    assert looked.times == 2  # elsewhere nobody told
    assert [path.name for path in tmp_path.iterdir()] == [b"k".hex()]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x05"])
def test_what_cannot_be_read_is_looked_for(tmp_path, content):
    recall, looked = Recall(3), Looked(None, Finding("a sign"))
    recall.folder = tmp_path
    (tmp_path / b"k".hex()).write_bytes(content)
    assert recall(b"k", Says(), "f", lambda inputs: wrong(X), looked)[1].words == "a sign"
    recall.folder = tmp_path / "not there"
    assert recall(b"l", Says(), "f", lambda inputs: wrong(X), looked)[1].words == "a sign"
    assert looked.times == 2
