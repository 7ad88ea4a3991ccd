"""What a report repeats of words that may be made of hidden numbers."""

import numpy as np
import pytest

from course_nn.exercises.student import Answer, StudentError
from course_nn.grading import quoted
from course_nn.worker.protocol import Foreign
from course_nn.worker.standins import absent

CELL = """def dense_forward(x, W, b):
    if x.ndim != 2:
        raise TooFlat("x must have two axes")
    import scipy
    return x @ W + b"""
NOTEBOOK = quoted.Notebook(["import numpy as np", CELL])
SIZES = quoted.sizes_of([(4, 15), (15, 2)])


def told(message: str = "", kind: str = "ValueError", line: int = 5, source: str = "") -> dict:
    fields = {"type": kind, "message": message, "line": line, "source": source}
    return quoted.error(fields, NOTEBOOK, SIZES)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "x must have two axes",
        "operands could not be broadcast together with shapes (4,15) (60,) ",
        "name 'W' is not defined",
        "'numpy.ndarray' object has no attribute 'ndim'",
        "dense_forward() missing 1 required positional argument: 'b'",
        "unsupported operand type(s) for @: 'float' and 'NoneType'",
        absent("scipy"),
    ],
)
def test_what_nobody_can_choose_is_repeated(message):
    assert told(message)["message"] == message.strip()


@pytest.mark.parametrize(
    "message",
    [
        "0.16910",
        "x must have two axes 16910",
        "name 'n16910' is not defined",
        "'ndarray' object has no attribute 'n16910'",
        "m16910 is not available while grading",
        "index 16910 is out of bounds for axis 1 with size 4",
        "operands could not be broadcast together with shapes (4,15) (16910,)",
        "division by zero\n16910",
    ],
)
def test_what_could_be_chosen_is_left_out(message):
    assert "16910" not in told(message)["message"]


@pytest.mark.parametrize("end", ["", " ", ", (", "x)"])
def test_a_shape_that_never_ends_is_read_once(end):
    # Digits that may be parted in every way would be tried in every way: 2 to the power of 400.
    message = f"operands could not be broadcast together with shapes ({'1' * 400}{end}"
    assert told(message)["message"] != message


def test_a_size_stays_where_it_stands_beside_another_number():
    said = told("index 16910 is out of bounds for axis 1 with size 15")["message"]
    assert said == "index … is out of bounds for axis 1 with size 15"


def test_an_error_is_called_by_a_name_of_the_notebook_or_of_python():
    assert told(kind="TooFlat")["type"] == "TooFlat"
    assert told(kind="LinAlgError")["type"] == "LinAlgError"
    assert told(kind="E16910")["type"] == "an error of a type of its own"


def test_a_line_is_one_of_the_notebook():
    line = {"line": 5, "source": "return x @ W + b"}
    assert {key: told(**line)[key] for key in line} == line
    for other in ({"line": 4, "source": "return x @ W + b"}, {"line": 5, "source": "16910"}):
        assert (told(**other)["line"], told(**other)["source"]) == (0, "")
    assert told(line=0, source="return x @ W + b")["source"] == ""


def test_an_answer_of_numbers_is_left_alone():
    answer = Answer((np.ones(2), None))
    assert quoted.plain(answer)
    assert quoted.answer(answer, NOTEBOOK) is answer
    assert not quoted.plain(StudentError("no"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("list", "list"),
        ("TooFlat", "TooFlat"),
        ("T16910", "its own making"),
        ("array of object", "array of object"),
        ("array of <U16910", "array of others"),
        ("array of 16910 bytes, too large to send", "array of many bytes, too large to send"),
    ],
)
def test_the_name_of_a_type_is_known_or_left_out(name, said):
    value = quoted.answer(Answer((np.ones(1), Foreign(name))), NOTEBOOK).value
    assert value[1].type_name == said


def test_a_warning_is_numpys_own():
    own = "overflow encountered in exp"
    assert quoted.answer(Answer(np.ones(1), (), own), NOTEBOOK).warned == own
    assert "16910" not in quoted.answer(Answer(np.ones(1), (), "16910"), NOTEBOOK).warned


def test_a_shape_is_told_as_far_as_it_is_made_of_sizes():
    said = quoted.shapes("y has shape (4, 30, 16910); expected (4, 2)", SIZES)
    assert said == "y has shape (4, 30, …); expected (4, 2)"
