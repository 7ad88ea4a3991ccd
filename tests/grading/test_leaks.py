"""Ways by which a submission may carry hidden numbers into what its own student reads."""

import re

import numpy as np
import pytest

from course_nn.grading.assignment import sheets_of
from course_nn.grading.breakout import choose
from course_nn.grading.nbgrader import page
from course_nn.grading.record import Grade, Record
from course_nn.grading.remote import Limits, Worker
from course_nn.grading.reports.student import Words, student_page
from course_nn.grading.reports.text import student_text
from course_nn.grading.runner import graded_tasks

KIND, _ = choose("auto")
SEED = 5
PUBLIC = {(4, 3), (5, 4), (1, 2)}  # the shapes of x in the public check of dense_forward
HEAD = f"""
import numpy as np
import warnings
kept = ["00000"]
def digits(x):
    return f"{{abs(float(x.flat[0])):.8f}}".partition(".")[2][:5]
def hidden(x):
    if x.shape in {PUBLIC}:
        return False
    kept.append(digits(x))
    return True
"""
FORWARD = """
def dense_forward(x, W, b):
    if hidden(x):
        {}
    return x @ W + b
"""
BACKWARD = """
def dense_backward(dy, x, W):
    dx, dW, db = dy @ W.T, x.T @ dy, dy.sum(axis=0)
    {}
    return dx, dW, db
"""
LEAKS = {  # what dense_forward does where its inputs are hidden
    "the text of an error": "raise ValueError(str(x))",
    "the text of an error, five digits alone": "raise ValueError(digits(x))",
    "the key that is missing": "{}[digits(x)]",
    "a number in NumPy's words": (
        'raise IndexError(f"index {digits(x)} is out of bounds for axis 0 with size 3")'
    ),
    "shapes in NumPy's words": (
        "raise ValueError(f'operands could not be broadcast together with shapes '"
        " f'({digits(x)},3) (4,2)')"
    ),
    "the name of an error made for it": "raise type('E' + digits(x), (Exception,), {})",
    "the name of a type made for it": "return type('T' + digits(x), (), {})()",
    "the names of a dtype": "return np.zeros(3, [('f' + digits(x), float)])",
    "a dtype's length": "return np.zeros(3, f'U{digits(x)}')",
    "a shape": "return np.zeros((0, int(digits(x))))",
    "a number that is asked to be shown": "return 0 * (x @ W) + float(digits(x))",
    "how many bytes it has": "return np.zeros((int(digits(x)) * 1000 + 10**8,), np.int8)",
    "a warning": "warnings.warn(digits(x), RuntimeWarning); return None",
    "a missing name": "return eval('n' + digits(x))",
    "a missing attribute": "return getattr(x, 'n' + digits(x))",
    "a missing module": "__import__('m' + digits(x))",
    "a missing file": "open('/f' + digits(x))",
    "the line of another text": (
        "exec(compile('\\n' * int(digits(x)) + '1 / 0', '<cell 1>', 'exec'))"
    ),
    "a line of its cell, replaced": (
        "import gc\n        for one in gc.get_objects():\n"
        "            if type(one).__name__ == 'Notebook':\n"
        "                one.tell = lambda e: {'type': 'E', 'message': 'm', 'line': 3,"
        " 'source': digits(x)}\n        1 / 0"
    ),
}
LATER = {  # what dense_backward does, the next task: it knows what dense_forward has seen
    "an error of the next task": "raise ValueError(' '.join(kept))",
    "an answer of the next task": "dW = dW * 0 + float(kept[-1])",
}


def seen_by(assignment, *cells: str) -> str:
    """All that the student reads of a submission, and what nbgrader shows."""
    worker = Worker([HEAD, *cells], Limits(), KIND)
    try:
        tasks = graded_tasks(worker, assignment.tasks[:2], SEED)
        said = tuple(failure.sentence for failure in worker.failures.values())
    finally:
        worker.stop()
    assert tasks[0].points > 0  # it knew hidden inputs from others
    record = Record("ada", "ex02_dense", "graded", "", tuple(tasks), said, seed=SEED)
    grade = Grade(record)
    return student_page(grade, Words()) + student_text(grade, {}) + page(grade, cells, ["f"])


def secrets(assignment) -> set[str]:
    """The first digits of every first number of a hidden call, and of what is right there."""
    found = set()
    for graded in assignment.tasks[:2]:
        for test, sheet in zip(graded.tests, sheets_of(graded, SEED), strict=True):
            for question in [] if test.public else sheet.questions:
                values = [*question.inputs.values(), *question.right.values()]
                found |= {f"{abs(float(np.ravel(v)[0])):.8f}".partition(".")[2][:5] for v in values}
    return {digits for digits in found if len(set(digits)) > 2 and digits[0] != "0"}


@pytest.mark.parametrize("name", LEAKS)
def test_no_hidden_number_reaches_the_report(assignment, name):
    text = seen_by(assignment, FORWARD.format(LEAKS[name]), BACKWARD.format("pass"))
    assert not [digits for digits in secrets(assignment) if digits in text]


@pytest.mark.parametrize("name", LATER)
def test_no_hidden_number_reaches_the_report_of_another_task(assignment, name):
    forward = FORWARD.format("pass")
    text = seen_by(assignment, forward, BACKWARD.format(LATER[name]))
    assert not [digits for digits in secrets(assignment) if digits in text]


def test_the_secrets_would_be_found(assignment):
    some = sorted(secrets(assignment))
    assert len(some) > 20
    assert all(re.fullmatch(r"\d{5}", digits) for digits in some)
