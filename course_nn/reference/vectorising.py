"""The way from plain Python to one matrix product, version by version, for a chapter of the book.

Every version computes the same dense layer or the same convolution, with fewer and larger calls of
NumPy. The real ops go on from here: another memory order, in place, on threads, on the GPU.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import plain
from . import loops, pure_python
from .windows import Pair, Sides, Windows

Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]  # dx, dW, db


class Version(NamedTuple):
    """A way to compute a layer: `forward(x, W, b) → y, cache`, `backward(dy, cache) → dx, dW, db`.

    `name` is for tables and figures; `convert` makes of an array what the two functions take.
    """

    name: str
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], tuple[Any, Any, Any]]
    convert: Callable[[np.ndarray], Any] = np.asarray


# -- the dense layer ---------------------------------------------------------------------------


def dense_rows_forward(
    x: np.ndarray, W: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, tuple]:
    """y[n] = x[n] W + b: a product of a row and a matrix for every sample.

    Parameters
    ----------
    x : (N, D), W : (D, M), b : (M,) float.

    Returns
    -------
    y : (N, M) float.
    cache : x and W.

    Notes
    -----
    Book: From nested lists to the real thing, "Version 3: a row a sample", eq-lists-rows.

    Examples
    --------
    >>> dense_rows_forward(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0]))[0]
    array([[16.]])
    """
    return np.stack([row @ W + b for row in x]), (x, W)


def dense_rows_backward(dy: np.ndarray, cache: tuple) -> Gradients:
    """dx[n] = W dy[n]; dW += x[n] dy[n]ᵀ; db += dy[n]: sample by sample.

    Parameters
    ----------
    dy : (N, M) float, ∂L/∂y.
    cache : from `dense_rows_forward`.

    Returns
    -------
    dx : (N, D), dW : (D, M), db : (M,) float.

    Notes
    -----
    Book: From nested lists to the real thing, "Version 3: a row a sample", eq-lists-outer.

    Examples
    --------
    >>> cache = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    >>> dense_rows_backward(np.array([[10.0]]), cache)[0]
    array([[30., 40.]])
    """
    x, W = cache
    dx, dW, db = np.empty_like(x), np.zeros_like(W), np.zeros_like(W[0])
    for n, d in enumerate(dy):
        dx[n] = W @ d
        dW += np.outer(x[n], d)
        db += d
    return dx, dW, db


# -- the convolution ---------------------------------------------------------------------------


def patches(x: np.ndarray, windows: Windows) -> np.ndarray:
    """rows[n, i, j] = the pixels of window (i, j) of image n, in one row.

    Parameters
    ----------
    x : (N, C, H, W), padded.
    windows : where they lie.

    Returns
    -------
    rows : (N·OH·OW, C·R·S), batch outermost.

    Notes
    -----
    The fast op keeps the batch innermost instead, and says why.

    Examples
    --------
    >>> patches(np.arange(6.0).reshape(1, 1, 2, 3), Windows.of(2))
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.]])
    """
    (N, C), (OH, OW) = x.shape[:2], windows.grid(x)
    rows = np.empty((N, OH, OW, C, *windows.kernel), x.dtype)
    for r, s in np.ndindex(windows.kernel):
        rows[..., r, s] = x[taken(windows, r, s, OH, OW)].transpose(0, 2, 3, 1)
    return rows.reshape(N * OH * OW, -1)


def fold(
    rows: np.ndarray, shape: tuple[int, ...], windows: Windows
) -> np.ndarray:
    """x[pixel] += rows[n, i, j] wherever a window has it: the adjoint of patches.

    Parameters
    ----------
    rows : (N·OH·OW, C·R·S) float.
    shape : (N, C, H, W) of the padded image.
    windows : where they lie.

    Returns
    -------
    x : (N, C, H, W) float.

    Examples
    --------
    >>> fold(np.ones((2, 4)), (1, 1, 2, 3), Windows.of(2)).reshape(2, 3)
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    x = np.zeros(shape, rows.dtype)
    OH, OW = windows.grid(x)
    rows = rows.reshape(shape[0], OH, OW, shape[1], *windows.kernel)
    for r, s in np.ndindex(windows.kernel):
        x[taken(windows, r, s, OH, OW)] += rows[..., r, s].transpose(0, 3, 1, 2)
    return x


def taken(windows: Windows, r: int, s: int, OH: int, OW: int) -> tuple:
    """Index of pixel (r, s) of every window, image and channel: (N, C, OH, OW).

    >>> np.arange(6.0).reshape(1, 1, 2, 3)[taken(Windows.of(2), 0, 1, 1, 2)]
    array([[[[1., 2.]]]])
    """
    (top, left), (down, across) = windows.pixel(0, 0, r, s), windows.stride
    rows = slice(top, top + (OH - 1) * down + 1, down)
    return ..., rows, slice(left, left + (OW - 1) * across + 1, across)


def conv2d_images_forward(
    x: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
) -> tuple[np.ndarray, list]:
    """y[n] = W patches(x[n])ᵀ + b: one product for every image.

    Parameters, result: as `plain.conv2d_forward`.

    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> conv2d_images_forward(x, np.ones((1, 1, 3, 3)), np.zeros(1))[0].ravel()
    array([45.])
    """
    parts = [
        conv2d_gemm_forward(x[n : n + 1], W, b, stride, padding, dilation)
        for n in range(len(x))
    ]
    return np.concatenate([y for y, _ in parts]), [cache for _, cache in parts]


def conv2d_images_backward(dy: np.ndarray, cache: list) -> Gradients:
    """The three gradients image by image, those of W and b added up.

    Parameters, result: as `plain.conv2d_backward`.

    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> _, cache = conv2d_images_forward(x, np.ones((1, 1, 3, 3)), np.zeros(1))
    >>> bool((conv2d_images_backward(np.ones((1, 1, 1, 1)), cache)[1] == x).all())
    True
    """
    parts = [
        conv2d_gemm_backward(dy[n : n + 1], each)
        for n, each in enumerate(cache)
    ]
    dx, dW, db = zip(*parts, strict=True)
    return np.concatenate(dx), np.sum(dW, axis=0), np.sum(db, axis=0)


def conv2d_gemm_forward(
    x: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
) -> tuple[np.ndarray, tuple]:
    """y = patches(x) Wᵀ + b, one product; a copy brings back (N, F, OH, OW).

    Parameters, result: as `plain.conv2d_forward`.

    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> conv2d_gemm_forward(x, np.ones((1, 1, 3, 3)), np.zeros(1))[0].ravel()
    array([45.])
    """
    windows = Windows.of(W.shape[2:], stride, padding, dilation)
    x = windows.pad(x)
    rows = patches(x, windows)
    y = (rows @ W.reshape(len(W), -1).T + b).reshape(
        len(x), *windows.grid(x), len(W)
    )
    return np.ascontiguousarray(y.transpose(0, 3, 1, 2)), (
        rows,
        x.shape,
        W,
        windows,
    )


def conv2d_gemm_backward(dy: np.ndarray, cache: tuple) -> Gradients:
    """dx = fold(dy W), dW = dyᵀ patches(x), db = Σ dy: one product each.

    Parameters, result: as `plain.conv2d_backward`.

    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> _, cache = conv2d_gemm_forward(x, np.ones((1, 1, 3, 3)), np.zeros(1))
    >>> bool((conv2d_gemm_backward(np.ones((1, 1, 1, 1)), cache)[1] == x).all())
    True
    """
    rows, shape, W, windows = cache
    dy = dy.transpose(0, 2, 3, 1).reshape(-1, len(W))
    dx = fold(dy @ W.reshape(len(W), -1), shape, windows)
    return windows.crop(dx), (dy.T @ rows).reshape(W.shape), dy.sum(axis=0)


DENSE = (
    Version(
        "pure Python",
        pure_python.dense_forward,
        pure_python.dense_backward,
        np.ndarray.tolist,
    ),
    Version("a NumPy row a sample", dense_rows_forward, dense_rows_backward),
    Version("one GEMM", plain.dense_forward, plain.dense_backward),
)
CONV = (
    Version("Python loops", loops.conv2d_forward, loops.conv2d_backward),
    Version("a product a window", plain.conv2d_forward, plain.conv2d_backward),
    Version("a GEMM an image", conv2d_images_forward, conv2d_images_backward),
    Version(
        "one GEMM, batch outermost", conv2d_gemm_forward, conv2d_gemm_backward
    ),
)
