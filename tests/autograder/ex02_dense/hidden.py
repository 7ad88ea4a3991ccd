"""Hidden tests of exercise 2: other shapes, one sample, float32, arrays with gaps in memory.

Ordinary functions with a `student` argument, named test_TASK__CASE. Never shipped to students.
"""

import numpy as np

from course_nn.exercises.ex02_dense import ask
from course_nn.exercises.student import Student


def with_gaps(array: np.ndarray) -> np.ndarray:
    """Return the same numbers in every second place of memory."""
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def test_dense_forward__wide(student: Student) -> None:
    """More outputs than inputs."""
    ask(student, "dense_forward", N=3, D=2, M=7)


def test_dense_forward__one_sample(student: Student) -> None:
    """A single sample."""
    ask(student, "dense_forward", N=1, D=5, M=3)


def test_dense_forward__float32(student: Student) -> None:
    """float32 stays float32."""
    ask(student, "dense_forward", N=6, D=4, M=3, dtype=np.float32)


def test_dense_forward__columns(student: Student) -> None:
    """Arrays stored column by column."""
    ask(student, "dense_forward", lay=np.asfortranarray)


def ask_gradient(student: Student, only: str) -> None:
    """Ask for one of the three gradients, at sizes where mistakes hide."""
    ask(student, "dense_backward", only, N=5, D=2, M=6)
    ask(student, "dense_backward", only, N=1, D=5, M=3)
    ask(student, "dense_backward", only, N=4, D=3, M=1)
    ask(student, "dense_backward", only, lay=with_gaps)


def test_dense_backward__dx(student: Student) -> None:
    """dx alone: wide, one sample, one output, arrays with gaps in memory."""
    ask_gradient(student, "dx")


def test_dense_backward__dW(student: Student) -> None:
    """dW alone: wide, one sample, one output, arrays with gaps in memory."""
    ask_gradient(student, "dW")


def test_dense_backward__db(student: Student) -> None:
    """db alone: wide, one sample, one output, arrays with gaps in memory."""
    ask_gradient(student, "db")


def test_dense_backward__float32(student: Student) -> None:
    """float32 stays float32."""
    ask(student, "dense_backward", N=6, D=4, M=3, dtype=np.float32)


def test_flatten_forward__one_sample(student: Student) -> None:
    """A single image of one channel."""
    ask(student, "flatten_forward", N=1, C=1, H=3, W=2)


def test_flatten_forward__columns(student: Student) -> None:
    """Images stored column by column, in float32."""
    ask(student, "flatten_forward", lay=np.asfortranarray, N=3, dtype=np.float32)


def test_flatten_backward__one_sample(student: Student) -> None:
    """A single image of one channel."""
    ask(student, "flatten_backward", N=1, C=1, H=3, W=2)


def test_flatten_backward__gaps(student: Student) -> None:
    """Arrays with gaps in memory."""
    ask(student, "flatten_backward", lay=with_gaps)


def test_sgd_step__float32(student: Student) -> None:
    """float32 stays float32."""
    ask(student, "sgd_step", D=2, M=5, dtype=np.float32)


def test_sgd_step__gaps(student: Student) -> None:
    """Arrays with gaps in memory."""
    ask(student, "sgd_step", lay=with_gaps)


def test_sgd_step__one_weight(student: Student) -> None:
    """A single weight."""
    ask(student, "sgd_step", D=1, M=1)
