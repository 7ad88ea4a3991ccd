"""Jacobians written out whole, ∂y/∂x and ∂y/∂parameter, and what they would cost in memory.

A backward pass needs Jᵀ dy, never J. Here J is formed all the same, entry by entry, to check the
product against and to show why nobody can afford it. Samples do not meet in these layers, so each
has a Jacobian of its own: J[n, …, …], axes of the output first, then those of the argument.
"""

import math
from typing import Any

import numpy as np

from .loops import largest, max_pool2d_forward
from .windows import Pair, Sides, Windows

Shape = tuple[int, ...]


def jacobian_bytes(
    output: Shape, argument: Shape, *, batch: int = 1, itemsize: int = 4
) -> int:
    """N · |output| · |argument| · itemsize: the memory of a Jacobian, without forming it.

    Parameters
    ----------
    output, argument : shapes of one sample's output and of one sample's input or of a parameter.
    batch : N, samples.
    itemsize : bytes a number; 4 in float32.

    Returns
    -------
    size : bytes.

    Notes
    -----
    Book: The dense layer, "Why nobody forms the Jacobian".

    Examples
    --------
    >>> jacobian_bytes((32, 28, 28), (32, 28, 28), batch=16) // 2**30  # GiB, one 3×3 layer
    37
    """
    return batch * math.prod(output) * math.prod(argument) * itemsize


def layer_jacobian_bytes(
    layer: Any, *, batch: int = 1, itemsize: int = 4
) -> dict[str, int]:
    """`jacobian_bytes` of a built layer by its input, "x", and by each of its parameters.

    Parameters
    ----------
    layer : anything with `input_shape`, `output_shape` and `params`, built.
    batch, itemsize : as in `jacobian_bytes`.

    Returns
    -------
    sizes : {"x": bytes, "W": bytes, …}.

    Raises
    ------
    ValueError : if the layer is not built.

    Examples
    --------
    >>> import course_nn as nn
    >>> layer = nn.Dense(10)
    >>> _ = layer.build((784,), rng=np.random.default_rng(0))
    >>> layer_jacobian_bytes(layer, batch=16)
    {'x': 501760, 'W': 5017600, 'b': 6400}
    """
    if not layer.output_shape:
        raise ValueError(
            f"{layer!r} has no shapes yet; build it, or its model, first"
        )
    arguments = {
        "x": layer.input_shape,
        **{k: a.shape for k, a in layer.params.items()},
    }
    return {
        name: jacobian_bytes(
            layer.output_shape, shape, batch=batch, itemsize=itemsize
        )
        for name, shape in arguments.items()
    }


def input_product(J: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dx[n] = J[n]ᵀ dy[n], for a Jacobian by the input.

    Parameters
    ----------
    J : (N, *output, *input) float.
    dy : (N, *output) float, ∂L/∂y.

    Returns
    -------
    dx : (N, *input) float.

    Notes
    -----
    Book: The chain rule on arrays, "The product with the upstream gradient", eq-chain-vjp.

    Examples
    --------
    >>> input_product(np.array([[[1.0, 2.0]]]), np.array([[10.0]]))
    array([[10., 20.]])
    """
    argument = J.shape[dy.ndim :]
    rows = J.reshape(len(dy), dy[0].size, -1)
    return np.einsum("nk,nkd->nd", dy.reshape(len(dy), -1), rows).reshape(
        len(dy), *argument
    )


def parameter_product(J: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw = Σ_n J[n]ᵀ dy[n], for a Jacobian by a parameter, which all samples share.

    Parameters
    ----------
    J : (N, *output, *parameter) float.
    dy : (N, *output) float, ∂L/∂y.

    Returns
    -------
    dw : (*parameter) float.

    Notes
    -----
    Book: The chain rule on arrays, "What is copied forward is added up backward", eq-chain-copy.

    Examples
    --------
    >>> parameter_product(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]), np.array([[10.0], [1.0]]))
    array([13., 24.])
    """
    return np.tensordot(dy, J, axes=dy.ndim)


def dense_jacobians(
    x: np.ndarray, W: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """∂y[m]/∂x[d] = W[d,m]; ∂y[m]/∂W[d,k] = x[d] where k = m, else 0; ∂y[m]/∂b[k] = 1 where k = m.

    Parameters
    ----------
    x : (N, D), W : (D, M), b : (M,) float.

    Returns
    -------
    J_x : (N, M, D), J_W : (N, M, D, M), J_b : (N, M, M) float.

    Notes
    -----
    Book: The dense layer, "Why nobody forms the Jacobian".

    Examples
    --------
    >>> J_x, J_W, J_b = dense_jacobians(np.array([[1.0, 2.0]]), np.eye(2), np.zeros(2))
    >>> J_W[0, 1]
    array([[0., 1.],
           [0., 2.]])
    """
    (N, D), M = x.shape, len(b)
    J_x = np.empty((N, M, D), x.dtype)
    J_W, J_b = np.zeros((N, M, D, M), x.dtype), np.zeros((N, M, M), x.dtype)
    for n, m in np.ndindex(N, M):
        J_x[n, m] = W[:, m]
        J_W[n, m, :, m] = x[n]
        J_b[n, m, m] = 1
    return J_x, J_W, J_b


def relu_jacobian(x: np.ndarray) -> np.ndarray:
    """∂y[d]/∂x[e] = 1 where e = d and x[d] > 0, else 0.

    Parameters
    ----------
    x : (N, …) float.

    Returns
    -------
    J : (N, …, …) float: nothing but a diagonal.

    Examples
    --------
    >>> relu_jacobian(np.array([[-1.0, 2.0]]))[0]
    array([[0., 0.],
           [0., 1.]])
    """
    J = np.zeros((*x.shape, *x.shape[1:]), x.dtype)
    for n, *at in np.ndindex(x.shape):
        J[(n, *at, *at)] = x[(n, *at)] > 0
    return J


def softmax_jacobian(x: np.ndarray) -> np.ndarray:
    """∂p[k]/∂x[j] = p[k] (1 − p[k]) where j = k, else −p[k] p[j].

    Parameters
    ----------
    x : (N, K) float, scores.

    Returns
    -------
    J : (N, K, K) float: diag(p) − p pᵀ, whose rows and columns sum to zero.

    Examples
    --------
    >>> softmax_jacobian(np.array([[0.0, 0.0]]))[0]
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return np.stack([np.diag(row) - np.outer(row, row) for row in p])


def conv2d_jacobians(
    x: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """∂y[f,i,j]/∂x[c,h,w] = W[f,c,r,s] where window (i, j) has (h, w) at (r, s), else 0;
    ∂y[f,i,j]/∂W[f,c,r,s] = x at that pixel; ∂y[f,i,j]/∂b[f] = 1.

    Parameters
    ----------
    x : (N, C, H, W), W : (F, C, R, S), b : (F,) float.
    stride, padding, dilation : pixels, as in `conv2d_forward`.

    Returns
    -------
    J_x : (N, F, OH, OW, C, H, W), J_W : (N, F, OH, OW, F, C, R, S), J_b : (N, F, OH, OW, F) float.

    Notes
    -----
    Book: The dense layer, "Why nobody forms the Jacobian".

    Examples
    --------
    >>> J_x, J_W, J_b = conv2d_jacobians(np.zeros((1, 1, 1, 3)), np.ones((1, 1, 1, 2)), np.zeros(1))
    >>> J_x.reshape(2, 3)
    array([[1., 1., 0.],
           [0., 1., 1.]])
    """
    windows = Windows.of(W.shape[2:], stride, padding, dilation)
    x = windows.pad(x)
    output = (len(x), len(W), *windows.grid(x))
    J_x, J_W, J_b = (
        np.zeros(output + shape, x.dtype)
        for shape in (x.shape[1:], W.shape, b.shape)
    )
    for n, f, i, j in np.ndindex(output):
        here = (slice(None), *windows.window(i, j))
        J_x[n, f, i, j][here] = W[f]
        J_W[n, f, i, j, f] = x[n][here]
        J_b[n, f, i, j, f] = 1
    (top, bottom), (left, right) = windows.padding
    rows, columns = (
        slice(top, x.shape[2] - bottom),
        slice(left, x.shape[3] - right),
    )
    return J_x[..., rows, columns], J_W, J_b


def max_pool2d_jacobian(
    x: np.ndarray,
    window: Pair = 2,
    stride: Pair | None = None,
    padding: Pair | Sides = 0,
) -> np.ndarray:
    """∂y[c,i,j]/∂x[c,h,w] = 1 where (h, w) is the first largest pixel of window (i, j), else 0.

    Parameters
    ----------
    x : (N, C, H, W) float.
    window, stride, padding : pixels, as in `max_pool2d_forward`.

    Returns
    -------
    J : (N, C, OH, OW, C, H, W) float.

    Examples
    --------
    >>> max_pool2d_jacobian(np.array([[[[1.0, 3.0], [3.0, 2.0]]]])).reshape(2, 2)
    array([[0., 1.],
           [0., 0.]])
    """
    y, (padded, windows) = max_pool2d_forward(x, window, stride, padding)
    J = np.zeros(y.shape + x.shape[1:], x.dtype)
    (top, _), (left, _) = windows.padding
    for n, c, i, j in np.ndindex(y.shape):
        _, _, row, column = largest(padded, windows, n, c, i, j)
        J[n, c, i, j, c, row - top, column - left] = 1
    return J
