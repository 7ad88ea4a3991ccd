"""Matrix calculus on a page: every row of its table, as printed, against the judge."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from course_nn.gradcheck import check_vjp

from .proving import proves
from .sources import Page

Forward = Callable[..., np.ndarray]
Backward = Callable[..., Sequence[np.ndarray]]
rng = np.random.default_rng(0)
INDEX = np.array([2, 0, 2, 3, 2])
SHAPES = {"u": (3, 4), "v": (3, 4), "x": (3, 4), "W": (4, 2), "b": (4,), "z": (3, 4), "A": (3, 3)}
SHAPES |= {"row": (1, 3), "one": (5,)}
VALUES = {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}
VALUES["A"] += 2 * np.eye(3)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def scattered(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.array(
        [sum(dy[i] * (INDEX[i] == j) for i in range(len(INDEX))) for j in range(len(x))]
    )


def normalised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def normalised_dx(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    x_hat, sigma = normalised(x), x.std(axis=0)
    return (dy - dy.mean(axis=0) - x_hat * (dy * x_hat).mean(axis=0)) / sigma


def winner(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    return dy * (x == x.max(axis=0))


def logs(dy: np.ndarray, z: np.ndarray) -> np.ndarray:
    return dy - softmax(z) * dy.sum(axis=1, keepdims=True)


def softmax_dz(dp: np.ndarray, z: np.ndarray) -> np.ndarray:
    p = softmax(z)
    return p * (dp - (dp * p).sum(axis=1, keepdims=True))


inv = np.linalg.inv
ROWS: dict[str, tuple[str, Forward, Backward]] = {
    r"y = u + v": ("u v", lambda u, v: u + v, lambda dy, u, v: (dy, dy)),
    r"y = u \odot v": ("u v", lambda u, v: u * v, lambda dy, u, v: (dy * v, dy * u)),
    r"y_{nm} = \varphi(x_{nm})": (
        "x",
        lambda x: np.sin(x),
        lambda dy, x: (dy * np.cos(x),),
    ),
    r"y = xW": ("x W", lambda x, W: x @ W, lambda dy, x, W: (dy @ W.T, x.T @ dy)),
    r"y_n = x_n + b": ("x b", lambda x, b: x + b, lambda dy, x, b: (dy, dy.sum(axis=0))),
    r"y_n = x_n \odot \gamma": (
        "x b",
        lambda x, g: x * g,
        lambda dy, x, g: (dy * g, (dy * x).sum(axis=0)),
    ),
    r"y = x^{\top}": ("x", lambda x: x.T, lambda dy, x: (dy.T,)),
    r"y = x$ in another shape": (
        "x",
        lambda x: x.reshape(2, 6),
        lambda dy, x: (dy.reshape(x.shape),),
    ),
    r"y_i = x_{k(i)}": ("one", lambda x: x[INDEX], lambda dy, x: (scattered(dy, x),)),
    r"y = \sum_n x_n": ("x", lambda x: x.sum(axis=0), lambda dy, x: (np.stack([dy] * len(x)),)),
    r"y = \frac1N \sum_n x_n": (
        "x",
        lambda x: x.mean(axis=0),
        lambda dy, x: (np.stack([dy / len(x)] * len(x)),),
    ),
    r"y = \max_n x_n": ("x", lambda x: x.max(axis=0), lambda dy, x: (winner(dy, x),)),
    r"y = \lVert x\rVert^2": ("x", lambda x: np.sum(x**2), lambda dy, x: (2 * dy * x,)),
    r"y = \lVert x\rVert": (
        "x",
        lambda x: np.sqrt(np.sum(x**2)),
        lambda dy, x: (dy * x / np.linalg.norm(x),),
    ),
    r"y = \log \sum_k e^{z_k}": (
        "one",
        lambda z: np.log(np.exp(z).sum()),
        lambda dy, z: (dy * softmax(z),),
    ),
    r"p_n = \operatorname{softmax}(z_n)": ("z", softmax, lambda dp, z: (softmax_dz(dp, z),)),
    r"y_n = \log\operatorname{softmax}(z_n)": (
        "z",
        lambda z: np.log(softmax(z)),
        lambda dy, z: (logs(dy, z),),
    ),
    r"\hat x = (x - \mu)/\sigma": ("x", normalised, lambda dy, x: (normalised_dx(dy, x),)),
    r"y = \operatorname{tr}(A)": ("A", np.trace, lambda dy, A: (dy * np.eye(len(A)),)),
    r"y = x A x^{\top}$, $x$ a row": (
        "row A",
        lambda x, A: x @ A @ x.T,
        lambda dy, x, A: (dy * x @ (A + A.T), dy * x.T @ x),
    ),
    r"y = A^{-1}": ("A", inv, lambda dy, A: (-inv(A).T @ dy @ inv(A).T,)),
    r"y = \log\lvert\det A\rvert": (
        "A",
        lambda A: np.log(np.abs(np.linalg.det(A))),
        lambda dy, A: (dy * inv(A).T,),
    ),
}


def judged(names: str, forward: Forward, backward: Backward) -> bool:
    """Whether the judge agrees with a row of the table."""
    arrays = [VALUES[name] for name in names.split()]
    return check_vjp(
        lambda *given: (np.asarray(forward(*given)), given),
        lambda dy, given: backward(dy, *given),
        *arrays,
    ).passed


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_table_is_the_derivative(row: str) -> None:
    assert judged(*ROWS[row])


def test_every_row_of_the_table_is_tested() -> None:
    text = Page.read("back/matrix_calculus").text
    table = re.search(r"\| forward \|.*?\n\|[-|]+\n(.*?)\n\n", text, re.DOTALL)
    assert table
    printed = [line.split(" | ")[0].removeprefix("| ") for line in table[1].splitlines()]
    tested = [f"${row}" if row.count("$") % 2 else f"${row}$" for row in ROWS]
    tested = [row.replace("a row$", "a row") for row in tested]
    assert printed == tested


@pytest.mark.parametrize(
    "wrong",
    [
        ("x W", lambda x, W: x @ W, lambda dy, x, W: (dy @ W.T, -(x.T @ dy))),
        ("A", inv, lambda dy, A: (-inv(A) @ dy @ inv(A),)),
        ("z", softmax, lambda dp, z: (softmax(z) * dp,)),
        ("x b", lambda x, b: x + b, lambda dy, x, b: (dy, dy[0])),
    ],
)
def test_a_wrong_row_is_found(wrong: tuple[str, Forward, Backward]) -> None:
    assert not judged(*wrong)


def inner(A: np.ndarray, B: np.ndarray) -> float:
    """⟨A, B⟩ of eq-matrix-method."""
    assert np.sum(A * B) == pytest.approx(np.trace(A.T @ B))
    return float(np.sum(A * B))


@proves("eq-matrix-method", "eq-matrix-dense")
def test_the_change_of_the_loss_is_the_same_at_both_ends() -> None:
    x, W, dy = VALUES["x"], VALUES["W"], rng.standard_normal((3, 2))
    step_x, step_W = 1e-6 * rng.standard_normal(x.shape), 1e-6 * rng.standard_normal(W.shape)
    change = inner(dy, (x + step_x) @ (W + step_W) - x @ W)
    assert inner(dy, step_x @ W + x @ step_W) == pytest.approx(change, rel=1e-4)
    moved = inner(dy @ W.T, step_x) + inner(x.T @ dy, step_W)
    assert moved == pytest.approx(change, rel=1e-4)
    assert inner(dy @ W.T, step_x) != pytest.approx(change, rel=1e-4)


@proves("eq-matrix-move")
def test_factors_move_across_the_inner_product() -> None:
    B, C = rng.standard_normal((3, 4)), rng.standard_normal((4, 2))
    A, D, E = rng.standard_normal((3, 2)), rng.standard_normal((3, 2)), rng.standard_normal((2, 3))
    assert inner(A, B @ C) == pytest.approx(inner(B.T @ A, C))
    assert inner(A, B @ C) == pytest.approx(inner(A @ C.T, B))
    assert inner(A, A * D) == pytest.approx(inner(A * A, D))
    assert inner(A, E.T) == pytest.approx(inner(A.T, E))
