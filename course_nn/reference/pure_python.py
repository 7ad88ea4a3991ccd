"""A fully connected network in plain Python: nested lists and loops, no array library at all.

One number at a time, every formula can be read off; so it is the oracle of the dense layer, and
the first version in the chapter on nested lists. A matrix is a list of rows, all of one length.
"""

import math
import random
from itertools import pairwise
from typing import Any

Vector = list[float]
Matrix = list[Vector]


def dense_forward(
    x: Matrix, W: Matrix, b: Vector
) -> tuple[Matrix, tuple[Matrix, Matrix]]:
    """y[n][m] = b[m] + Σ_d x[n][d] W[d][m].

    Parameters
    ----------
    x : N rows of D numbers.
    W : D rows of M numbers.
    b : M numbers.

    Returns
    -------
    y : N rows of M numbers.
    cache : x and W.

    Raises
    ------
    ValueError : if the rows of x are not as long as W has rows.

    Notes
    -----
    Book: From nested lists to the real thing, "Version 1: nested lists", eq-lists-loops.

    Examples
    --------
    >>> dense_forward([[1.0, 2.0]], [[3.0], [4.0]], [5.0])[0]
    [[16.0]]
    """
    columns = list(zip(*W, strict=True))
    y = [
        [bm + dot(row, column) for column, bm in zip(columns, b, strict=True)]
        for row in x
    ]
    return y, (x, W)


def dense_backward(
    dy: Matrix, cache: tuple[Matrix, Matrix], *, need_dx: bool = True
) -> tuple[Any, Matrix, Vector]:
    """dx[n][d] = Σ_m dy[n][m] W[d][m]; dW[d][m] = Σ_n x[n][d] dy[n][m]; db.

    db[m] = Σ_n dy[n][m].

    Parameters
    ----------
    dy : N rows of M numbers, ∂L/∂y.
    cache : from `dense_forward`.
    need_dx : False leaves out the gradient of the input (dx is then None).

    Returns
    -------
    dx : N rows of D numbers; dW : D rows of M; db : M numbers.

    Notes
    -----
    Book: From nested lists to the real thing, "Version 1: nested lists".

    Examples
    --------
    >>> _, cache = dense_forward([[1.0, 2.0]], [[3.0], [4.0]], [5.0])
    >>> dense_backward([[10.0]], cache)
    ([[30.0, 40.0]], [[10.0], [20.0]], [10.0])
    """
    x, W = cache
    features, outputs = list(zip(*x, strict=True)), list(zip(*dy, strict=True))
    dx = [[dot(dy_n, W_d) for W_d in W] for dy_n in dy] if need_dx else None
    dW = [[dot(x_d, dy_m) for dy_m in outputs] for x_d in features]
    return dx, dW, [sum(dy_m) for dy_m in outputs]


def dot(u: Vector | tuple[float, ...], v: Vector | tuple[float, ...]) -> float:
    """Σ_i u[i] v[i].

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    return sum(a * b for a, b in zip(u, v, strict=True))


def relu_forward(x: Matrix) -> tuple[Matrix, Matrix]:
    """y[n][d] = x[n][d] where it is positive, else 0.

    >>> relu_forward([[-1.0, 2.0]])[0]
    [[0.0, 2.0]]
    """
    return [[value if value > 0 else 0.0 for value in row] for row in x], x


def relu_backward(dy: Matrix, cache: Matrix) -> Matrix:
    """dx[n][d] = dy[n][d] where x[n][d] is positive, else 0.

    >>> relu_backward([[5.0, 5.0]], [[-1.0, 2.0]])
    [[0.0, 5.0]]
    """
    return [
        [d if value > 0 else 0.0 for d, value in zip(dy_n, x_n, strict=True)]
        for dy_n, x_n in zip(dy, cache, strict=True)
    ]


def softmax(z: Vector) -> Vector:
    """p[k] = exp(z[k]) / Σ_j exp(z[j]), after subtracting the largest score.

    >>> softmax([1e4, 1e4])
    [0.5, 0.5]
    """
    top = max(z)
    e = [math.exp(value - top) for value in z]
    total = sum(e)
    return [value / total for value in e]


def softmax_cross_entropy_forward(
    z: Matrix, labels: list[int]
) -> tuple[float, tuple[Matrix, list[int]]]:
    """L = −(1/N) Σ_n log softmax(z[n])[labels[n]], with the logarithm taken of no small number.

    Parameters
    ----------
    z : N rows of K scores.
    labels : N classes, 0 … K−1.

    Returns
    -------
    loss : a number.
    cache : z and the labels.

    Examples
    --------
    >>> round(softmax_cross_entropy_forward([[7.0, 7.0]], [1])[0], 6)
    0.693147
    """
    losses = [
        log_sum_exp(row) - row[k] for row, k in zip(z, labels, strict=True)
    ]
    return sum(losses) / len(z), (z, labels)


def log_sum_exp(z: Vector) -> float:
    """log Σ_k exp(z[k]), which cannot overflow.

    >>> round(log_sum_exp([1e4, 1e4]) - 1e4, 6)
    0.693147
    """
    top = max(z)
    return top + math.log(sum(math.exp(value - top) for value in z))


def softmax_cross_entropy_backward(
    dloss: float, cache: tuple[Matrix, list[int]]
) -> Matrix:
    """dz[n][k] = dloss / N · (softmax(z[n])[k] − 1 if k is the label, − 0 elsewhere).

    >>> softmax_cross_entropy_backward(1.0, ([[7.0, 7.0]], [1]))
    [[0.5, -0.5]]
    """
    z, labels = cache
    scale = dloss / len(z)
    return [
        [scale * (p - (k == label)) for k, p in enumerate(softmax(row))]
        for row, label in zip(z, labels, strict=True)
    ]


class Network:
    """Dense layers with a ReLU between each two: sizes [784, 100, 50, 10] are three dense layers.

    Parameters
    ----------
    sizes : numbers of features, from the input's to the output's.
    rng : draws the weights from N(0, 2 / D), He's distribution; the biases begin at 0.

    Attributes
    ----------
    params, grads : one {"W": D rows of M numbers, "b": M numbers} for each dense layer.

    Notes
    -----
    With sizes [784, 100, 50, 10] it has 83,900 weights.

    Examples
    --------
    >>> network = Network([2, 3, 2], random.Random(0))
    >>> before = network.train_step([[1.0, 0.0], [0.0, 1.0]], [0, 1], lr=0.5)
    >>> network.train_step([[1.0, 0.0], [0.0, 1.0]], [0, 1], lr=0.5) < before
    True
    """

    def __init__(self, sizes: list[int], rng: random.Random) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(
                f"sizes must be at least two positive numbers, got {sizes}"
            )
        self.params: list[dict[str, Any]] = [
            {"W": _normal(D, M, rng), "b": [0.0] * M}
            for D, M in pairwise(sizes)
        ]
        self.grads: list[dict[str, Any]] = [{} for _ in self.params]
        self._caches: list = []

    def forward(self, x: Matrix) -> Matrix:
        """Scores, N rows of K numbers; keeps what `backward` needs."""
        self._caches = []
        for i, layer in enumerate(self.params):
            if i > 0:
                x, positive = relu_forward(x)
                self._caches.append(positive)
            x, cache = dense_forward(x, layer["W"], layer["b"])
            self._caches.append(cache)
        return x

    def backward(self, dy: Matrix, *, need_dx: bool = True) -> Matrix | None:
        """∂L/∂x (None if not needed) from ∂L/∂scores, last layer first; leaves `grads`."""
        caches = list(self._caches)
        for i in reversed(range(1, len(self.params))):
            dy, dW, db = dense_backward(dy, caches.pop())
            dy = relu_backward(dy, caches.pop())
            self.grads[i] = {"W": dW, "b": db}
        dx, dW, db = dense_backward(dy, caches.pop(), need_dx=need_dx)
        self.grads[0] = {"W": dW, "b": db}
        return dx

    def update(self, lr: float) -> None:
        """w ← w − lr · ∂L/∂w, for every weight and bias, in place."""
        for params, grads in zip(self.params, self.grads, strict=True):
            for row, d_row in zip(params["W"], grads["W"], strict=True):
                descend(row, d_row, lr)
            descend(params["b"], grads["b"], lr)

    def train_step(self, x: Matrix, labels: list[int], lr: float) -> float:
        """Forward, loss, backward, update; returns the loss before the update."""
        loss, cache = softmax_cross_entropy_forward(self.forward(x), labels)
        self.backward(softmax_cross_entropy_backward(1.0, cache), need_dx=False)
        self.update(lr)
        return loss


def descend(w: Vector, g: Vector, lr: float) -> None:
    """w[i] ← w[i] − lr · g[i], in place.

    >>> w = [1.0, 1.0]
    >>> descend(w, [1.0, -1.0], lr=0.5); w
    [0.5, 1.5]
    """
    for i, value in enumerate(g):
        w[i] -= lr * value


def _normal(D: int, M: int, rng: random.Random) -> Matrix:
    return [
        [rng.gauss(0, math.sqrt(2 / D)) for _ in range(M)] for _ in range(D)
    ]
