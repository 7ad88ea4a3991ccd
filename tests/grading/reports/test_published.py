"""The code that everybody has, or could have."""

from course_nn.grading.assignment import TESTS
from course_nn.grading.reports.published import given, published


def test_the_notebook_as_it_was_given_holds_no_answers():
    text = "\n".join(given("ex02_dense", TESTS))
    assert "def dense_forward(x, W, b):" in text
    assert "raise NotImplementedError" in text
    assert "SOLUTION" not in text


def test_published_are_package_chapters_and_solutions():
    places = published("ex02_dense", TESTS)
    assert "def dense_forward" in places["course_nn/plain/dense.py"]
    assert "course_nn/ops/dense.py" in places
    assert "dense_forward" in places["the book, layers/dense"]
    assert "x @ W + b" in places["the solutions"]
    assert not [place for place in places if "__init__" in place]


def test_an_exercise_that_is_not_known_has_the_package_alone(tmp_path):
    assert given("mine", tmp_path) == ()
    assert all(place.startswith("course_nn/") for place in published("mine", tmp_path))
