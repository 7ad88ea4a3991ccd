"""Exercise 2, the dense layer: the questions, the known mistakes, and the public tests.

Right gradients are numerical, so the check knows no backward pass.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import ops
from ..gradcheck import numerical_gradient
from .compare import compare
from .student import Student
from .task import Arrays, Mistake, Output, Question


def _normal(rng: np.random.Generator, dtype: DTypeLike, *shapes: tuple[int, ...]) -> Arrays:
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


def _float64(*arrays: np.ndarray) -> Arrays:
    return tuple(np.array(a, np.float64, order="C") for a in arrays)


def draw_forward(
    rng: np.random.Generator, N: int = 4, D: int = 3, M: int = 2, dtype: DTypeLike = np.float64
) -> Arrays:
    """Draw x (N, D), W (D, M), b (M,)."""
    return _normal(rng, dtype, (N, D), (D, M), (M,))


def draw_backward(
    rng: np.random.Generator, N: int = 4, D: int = 3, M: int = 2, dtype: DTypeLike = np.float64
) -> Arrays:
    """Draw dy (N, M), never ones, x (N, D), W (D, M)."""
    return _normal(rng, dtype, (N, M), (N, D), (D, M))


def draw_images(
    rng: np.random.Generator,
    N: int = 2,
    C: int = 3,
    H: int = 4,
    W: int = 5,
    dtype: DTypeLike = np.float64,
) -> Arrays:
    """Draw x (N, C, H, W)."""
    return _normal(rng, dtype, (N, C, H, W))


def draw_flat(
    rng: np.random.Generator,
    N: int = 2,
    C: int = 3,
    H: int = 4,
    W: int = 5,
    dtype: DTypeLike = np.float64,
) -> Arrays:
    """Draw dy (N, C·H·W) and x (N, C, H, W)."""
    return _normal(rng, dtype, (N, C * H * W), (N, C, H, W))


def draw_step(
    rng: np.random.Generator, D: int = 3, M: int = 2, dtype: DTypeLike = np.float64
) -> tuple:
    """Draw W (D, M), dW (D, M) and a learning rate."""
    return (*_normal(rng, dtype, (D, M), (D, M)), float(rng.uniform(0.05, 0.4)))


def right_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> Arrays:
    """Return (y,)."""
    return (ops.dense_forward(*_float64(x, W, b))[0],)


def right_backward(dy: np.ndarray, x: np.ndarray, W: np.ndarray) -> Arrays:
    """Return (dx, dW, db), numerically."""
    dy, x, W = _float64(dy, x, W)
    b = np.zeros(W.shape[1])
    return (
        numerical_gradient(lambda x: ops.dense_forward(x, W, b)[0], x, dy),
        numerical_gradient(lambda W: ops.dense_forward(x, W, b)[0], W, dy),
        numerical_gradient(lambda b: ops.dense_forward(x, W, b)[0], b, dy),
    )


def right_flat(x: np.ndarray) -> Arrays:
    """Return (y,)."""
    return (ops.flatten_forward(*_float64(x))[0],)


def right_flat_backward(dy: np.ndarray, x: np.ndarray) -> Arrays:
    """Return (dx,), numerically."""
    dy, x = _float64(dy, x)
    return (numerical_gradient(lambda x: ops.flatten_forward(x)[0].copy(), x, dy),)


def right_step(W: np.ndarray, dW: np.ndarray, learning_rate: float) -> Arrays:
    """Return (W − learning_rate · dW,)."""
    W, dW = _float64(W, dW)
    return (W - learning_rate * dW,)


def _memory_order(a: np.ndarray) -> np.ndarray:
    return a.ravel("K").reshape(a.shape)


FORWARD = (
    Mistake("the bias b is missing", lambda y, x, W, b: x @ W),
    Mistake("the bias is subtracted", lambda y, x, W, b: x @ W - b),
    Mistake("the bias is added twice", lambda y, x, W, b: y + b),
    Mistake("b is added before the product, as (x + b) W", lambda y, x, W, b: (x + b) @ W),
    Mistake("b is added to the rows instead of the columns", lambda y, x, W, b: x @ W + b[:, None]),
    Mistake("b multiplies instead of being added", lambda y, x, W, b: x @ W * b),
    Mistake("W is transposed", lambda y, x, W, b: x @ W.T + b),
    Mistake("the factors are in the other order, W x", lambda y, x, W, b: W @ x + b),
    Mistake("x * W multiplies number by number; a matrix product is x @ W",
            lambda y, x, W, b: x * W + b),
    Mistake("x is read in the order of memory, which here is not the order of its axes",
            lambda y, x, W, b: _memory_order(x) @ W + b),
)  # fmt: skip
BACKWARD_X = (
    Mistake("W is not transposed", lambda dx, dy, x, W: dy @ W),
    Mistake("x stands where dy belongs", lambda dx, dy, x, W: x @ W.T),
    Mistake("dy is left out, as if it were all ones",
            lambda dx, dy, x, W: np.ones_like(dy) @ W.T),
    Mistake("it is dy itself", lambda dx, dy, x, W: dy),
    Mistake("it is W times dy in the other order", lambda dx, dy, x, W: W @ dy),
)  # fmt: skip
BACKWARD_W = (
    Mistake("x is not transposed", lambda dW, dy, x, W: x @ dy),
    Mistake("x stands where dy belongs", lambda dW, dy, x, W: x.T @ x),
    Mistake("dy stands where x belongs", lambda dW, dy, x, W: dy.T @ dy),
    Mistake("dy is left out, as if it were all ones",
            lambda dW, dy, x, W: x.T @ np.ones_like(dy)),
    Mistake("only the first sample counts, where all must be summed",
            lambda dW, dy, x, W: x[:1].T @ dy[:1]),
)  # fmt: skip
BACKWARD_B = (
    Mistake("the bias gradient is summed over the wrong axis", lambda db, dy, x, W: dy.sum(axis=1)),
    Mistake("the bias gradient is summed over both axes", lambda db, dy, x, W: dy.sum()),
    Mistake("dy is not summed over the samples", lambda db, dy, x, W: dy),
    Mistake("dy is left out, as if it were all ones",
            lambda db, dy, x, W: np.ones_like(dy).sum(axis=0)),
    Mistake("x is summed instead of dy", lambda db, dy, x, W: x.sum(axis=0)),
    Mistake("only the first sample counts, where all must be summed", lambda db, dy, x, W: dy[0]),
)  # fmt: skip
FLATTEN = (
    Mistake("the samples are flattened too: keep axis 0", lambda y, x: x.reshape(-1)),
    Mistake("all samples are put in one row", lambda y, x: x.reshape(1, -1)),
    Mistake("the numbers are read column by column (order='F')",
            lambda y, x: x.reshape(len(x), -1, order="F")),
    Mistake("the numbers are read with the channels last",
            lambda y, x: x.transpose(0, 2, 3, 1).reshape(len(x), -1)),
    Mistake("x is read in the order of memory, which here is not the order of its axes",
            lambda y, x: _memory_order(x).reshape(len(x), -1)),
    Mistake("only the first channel is kept", lambda y, x: x[:, 0].reshape(len(x), -1)),
)  # fmt: skip
FLATTEN_BACKWARD = (
    Mistake("dy comes back unchanged, without the shape of x", lambda dx, dy, x: dy),
    Mistake("it is x itself", lambda dx, dy, x: x),
    Mistake("the numbers are put back column by column (order='F')",
            lambda dx, dy, x: dy.reshape(x.shape, order="F")),
    Mistake("dy is multiplied by x: flattening only moves numbers",
            lambda dx, dy, x: dy.reshape(x.shape) * x),
    Mistake("dy is left out, as if it were all ones", lambda dx, dy, x: np.ones_like(x)),
)  # fmt: skip
STEP = (
    Mistake("the step goes uphill: the gradient is added", lambda W1, W, dW, r: W + r * dW),
    Mistake("the learning rate is fixed at 0.1, not the argument",
            lambda W1, W, dW, r: W - 0.1 * dW),
    Mistake("the learning rate is fixed at 0.01, not the argument",
            lambda W1, W, dW, r: W - 0.01 * dW),
    Mistake("the learning rate is missing", lambda W1, W, dW, r: W - dW),
    Mistake("only the change is returned, not the new W", lambda W1, W, dW, r: -r * dW),
    Mistake("only the size of the step is returned, not the new W", lambda W1, W, dW, r: r * dW),
    Mistake("the step is divided by the learning rate", lambda W1, W, dW, r: W - dW / r),
    Mistake("the learning rate multiplies W too", lambda W1, W, dW, r: r * (W - dW)),
    Mistake("W comes back unchanged", lambda W1, W, dW, r: W),
)  # fmt: skip

QUESTIONS = {
    q.name: q
    for q in (
        Question("2.1", "dense_forward", ("x", "W", "b"), draw_forward, right_forward,
                 {"y": Output("(N, M)", FORWARD)}, {"N": 3, "D": 3, "M": 3}),
        Question("2.2", "dense_backward", ("dy", "x", "W"), draw_backward, right_backward,
                 {"dx": Output("(N, D)", BACKWARD_X), "dW": Output("(D, M)", BACKWARD_W),
                  "db": Output("(M,)", BACKWARD_B)}, {"N": 3, "D": 3, "M": 3}, "gradient"),
        Question("2.3", "flatten_forward", ("x",), draw_images, right_flat,
                 {"y": Output("(N, C·H·W)", FLATTEN)}, {"N": 3, "C": 3, "H": 3, "W": 3}),
        Question("2.4", "flatten_backward", ("dy", "x"), draw_flat, right_flat_backward,
                 {"dx": Output("(N, C, H, W)", FLATTEN_BACKWARD)},
                 {"N": 3, "C": 3, "H": 3, "W": 3}, "gradient"),
        Question("2.5", "sgd_step", ("W", "dW", "learning_rate"), draw_step, right_step,
                 {"W": Output("(D, M)", STEP)}, {"D": 3, "M": 3}),
    )
}  # fmt: skip


def ask(
    student: Student, name: str, only: str = "", lay: Callable = np.array, **sizes: Any
) -> None:
    """Draw inputs of these sizes, laid out in memory by `lay`, and compare the student's answer."""
    question = QUESTIONS[name]
    inputs = question.draw(student.rng, **sizes)
    compare(student, question, tuple(lay(a) if np.ndim(a) else a for a in inputs), only)


def test_dense_forward__public(student: Student) -> None:
    """Four samples, three features, two outputs."""
    ask(student, "dense_forward")


def test_dense_backward__public(student: Student) -> None:
    """Four samples, three features, two outputs."""
    ask(student, "dense_backward")


def test_flatten_forward__public(student: Student) -> None:
    """Two images of three channels."""
    ask(student, "flatten_forward")


def test_flatten_backward__public(student: Student) -> None:
    """Two images of three channels."""
    ask(student, "flatten_backward")


def test_sgd_step__public(student: Student) -> None:
    """A 3 × 2 weight matrix."""
    ask(student, "sgd_step")
