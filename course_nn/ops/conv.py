"""Convolution as one matrix product: every patch of the image becomes a column.

The caller sees images as (N, C, H, W). In memory the batch lies innermost, as
(C, H, W, N): then a shift of the image by a pixel is a shift by whole runs of N
numbers, patches are copied in runs of W·N, and the product of the filters with the
patches writes its result in the very order that the next layer reads. No copy is made
to go back to (N, C, H, W): the result is a transposed view.

As in every deep-learning library "convolution" means cross-correlation: the kernel is
not flipped.
"""

import math
from collections.abc import Iterator
from operator import index
from typing import NamedTuple

import numpy as np

from ..backend import Array, array_module, as_strided

Pair = int | tuple[int, int]
Sides = tuple[tuple[int, int], tuple[int, int]]  # ((top, bottom), (left, right))
UNPADDED: Sides = ((0, 0), (0, 0))
PATCH_BYTES = 1 << 21  # of patches at a time: they are used while they lie in the cache
COPY_COST = 20  # multiplications in the time in which a pixel is copied into a patch


class Geometry(NamedTuple):
    """How the windows of a kernel lie on an image; made and checked by `geometry`.

    Attributes
    ----------
    kernel, stride, dilation : pixels, (vertical, horizontal).
    padding : pixels, ((top, bottom), (left, right)).

    Examples
    --------
    >>> geometry(3, stride=2).stride
    (2, 2)
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Sides
    dilation: tuple[int, int]

    def output_size(self, H: int, W: int) -> tuple[int, int]:
        """OH = ⌊(H + top + bottom − d (R − 1) − 1) / t⌋ + 1; OW likewise, with W and S.

        Parameters
        ----------
        H, W : pixels of the image, without the padding.

        Returns
        -------
        OH, OW : how many windows fit below and beside each other.

        Raises
        ------
        ValueError : if none fits.

        Notes
        -----
        Book: Convolution, "How large is the output?". Dumoulin and Visin (2016),
        relationship 15.

        Examples
        --------
        >>> geometry(3, stride=2).output_size(7, 8)
        (3, 3)
        """
        size = zip((H, W), *self, strict=True)
        oh, ow = ((n + sum(p) - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in size)
        if oh < 1 or ow < 1:
            raise ValueError(
                "a {}×{} window (dilation {}) does not fit into an image of "
                "{}×{} pixels (padding {}): use a smaller one or more padding".format(
                    *self.kernel, self.dilation, H, W, self.padding
                )
            )
        return oh, ow

    def unpadded(self) -> "Geometry":
        """The same windows on an image that has its padding already.

        >>> geometry(3, padding=1).unpadded().padding
        ((0, 0), (0, 0))
        """
        return self._replace(padding=UNPADDED)


def pair(value: Pair) -> tuple[int, int]:
    """One number for both directions, or two; anything else raises TypeError.

    >>> pair(3), pair((1, 2))
    ((3, 3), (1, 2))
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    try:
        vertical, horizontal = map(index, both)
    except (TypeError, ValueError):
        raise TypeError(
            "sizes in pixels are a whole number or a pair (vertical, horizontal), "
            f"got {value!r}"
        ) from None
    return vertical, horizontal


def geometry(
    kernel: Pair, stride: Pair = 1, padding: Pair | Sides = 0, dilation: Pair = 1
) -> Geometry:
    """A `Geometry` from numbers or pairs, checked.

    Parameters
    ----------
    kernel, stride, dilation : pixels, one number or (vertical, horizontal).
    padding : pixels, likewise, or ((top, bottom), (left, right)).

    Returns
    -------
    g : every field in its full form.

    Raises
    ------
    ValueError : if a number is too small.
    TypeError : for what is neither a whole number nor a pair of them.

    Examples
    --------
    >>> geometry(3, stride=(1, 2), padding=1)
    Geometry(kernel=(3, 3), stride=(1, 2), padding=((1, 1), (1, 1)), dilation=(1, 1))
    """
    sides = _sides(padding)
    g = Geometry(pair(kernel), pair(stride), sides, pair(dilation))
    if min(g.kernel + g.stride + g.dilation) < 1 or min(sides[0] + sides[1]) < 0:
        raise ValueError(
            "kernel, stride and dilation must be at least 1 and padding at least 0, "
            f"got {g}"
        )
    return g


def _sides(padding: Pair | Sides) -> Sides:
    """Padding in its full form: ((top, bottom), (left, right))."""
    if isinstance(padding, tuple | list) and len(padding) == 2:
        return pair(padding[0]), pair(padding[1])
    vertical, horizontal = pair(padding)
    return (vertical, vertical), (horizontal, horizontal)


def check_images(x: Array) -> None:
    """Raises ValueError or TypeError unless x is (N, C, H, W), floating-point.

    >>> import numpy as np
    >>> check_images(np.zeros((1, 3, 8, 8)))
    """
    if x.ndim != 4:
        raise ValueError(f"images must be of shape (N, C, H, W), got {x.shape}")
    if x.dtype.kind != "f":
        raise TypeError(
            f"images must be floating-point, got {x.dtype}; use x.astype(np.float32)"
        )


def batch_last(x: Array, padding: Sides = UNPADDED, fill: float = 0) -> Array:
    """(N, C, H, W) → (C, H + padding, W + padding, N); no copy where x lies so.

    Parameters
    ----------
    x : (N, C, H, W), any memory order.
    padding : pixels, ((top, bottom), (left, right)).
    fill : what the padding holds, in x's unit.

    Returns
    -------
    x : (C, H + top + bottom, W + left + right, N), contiguous, dtype of x.

    Notes
    -----
    Book: Convolution, "Patches".

    Examples
    --------
    >>> import numpy as np
    >>> batch_last(np.ones((5, 3, 4, 4)), padding=((1, 1), (0, 2))).shape
    (3, 6, 6, 5)
    """
    xp, x = array_module(x), x.transpose(1, 2, 3, 0)
    if padding == UNPADDED:
        return xp.ascontiguousarray(x)
    C, H, W, N = x.shape
    (top, bottom), (left, right) = padding
    padded = xp.full((C, H + top + bottom, W + left + right, N), fill, dtype=x.dtype)
    padded[:, top : top + H, left : left + W] = x
    return padded


def batch_first(x: Array, padding: Sides = UNPADDED) -> Array:
    """Undoes `batch_last`: the (N, C, H, W) view of what lies inside the padding.

    Parameters
    ----------
    x : (C, H + top + bottom, W + left + right, N).
    padding : pixels, ((top, bottom), (left, right)).

    Returns
    -------
    x : (N, C, H, W), a view of the same memory.

    Examples
    --------
    >>> import numpy as np
    >>> batch_first(np.ones((3, 6, 6, 5)), padding=((1, 1), (0, 2))).shape
    (5, 3, 4, 4)
    """
    (top, bottom), (left, right) = padding
    inside = x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]
    return inside.transpose(3, 0, 1, 2)


def extract_patches(x: Array, g: Geometry) -> Array:
    """columns[c,r,s,i,j,n] = x[c, i·t + r·d, j·t + s·d, n]: stride t, dilation d.

    Parameters
    ----------
    x : (C, H, W, N), any dtype, padded already.
    g : the geometry; its padding is not applied again.

    Returns
    -------
    columns : (C, R, S, OH, OW, N), contiguous, dtype of x.

    Notes
    -----
    Book: Convolution, "Patches". Chellapilla, Puri and Simard (2006), section 3.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> extract_patches(image, geometry(2)).reshape(4, 4)
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])
    """
    return array_module(x).ascontiguousarray(_windows(x, g))


def _windows(x: Array, g: Geometry) -> Array:
    """The patches as a view, (C, R, S, OH, OW, N): all windows see the same pixels."""
    (sh, sw), (dh, dw), (c, h, w, n) = g.stride, g.dilation, x.strides
    size = (*g.kernel, *g.unpadded().output_size(*x.shape[1:3]))
    strides = (c, dh * h, dw * w, sh * h, sw * w, n)
    return as_strided(x, (x.shape[0], *size, x.shape[3]), strides)


def fold_patches(columns: Array, shape: tuple[int, ...], g: Geometry) -> Array:
    """x[c, i·t + r·d, j·t + s·d, n] += columns[c,r,s,i,j,n]: undoes patches by adding.

    Parameters
    ----------
    columns : (C, R, S, OH, OW, N), any dtype.
    shape : (C, H, W, N) of the padded image.
    g : the geometry.

    Returns
    -------
    x : (C, H, W, N), dtype of columns; a pixel that no patch covers is zero.

    Notes
    -----
    Book: Convolution, "The gradient of the input": ⟨extract(x), u⟩ = ⟨x, fold(u)⟩ for
    all x and u.

    Examples
    --------
    >>> import numpy as np
    >>> ones = np.ones((1, 2, 2, 2, 2, 1))
    >>> fold_patches(ones, (1, 3, 3, 1), geometry(2)).reshape(3, 3)
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    x = array_module(columns).zeros(shape, dtype=columns.dtype)
    _fold_into(x, columns, g)
    return x


def _fold_into(x: Array, columns: Array, g: Geometry) -> None:
    """Adds the patches to an image, those together that never meet at a pixel."""
    _, R, S, OH, OW, _ = columns.shape
    windows, cols = _windows(x, g), _apart(S, OW, g.stride[1], g.dilation[1])
    for r in _apart(R, OH, g.stride[0], g.dilation[0]):
        for s in cols:
            places = windows[:, r, s]
            places += columns[:, r, s]


def _apart(size: int, count: int, stride: int, dilation: int) -> list[int | slice]:
    """A kernel's pixels, along one axis, in groups that do not meet in the windows."""
    together = size if count == 1 else math.ceil(stride / dilation)
    if together == 1:
        return [*range(size)]
    return [slice(k, k + together) for k in range(0, size, together)]


def _strips(x: Array, g: Geometry, OH: int, OW: int) -> Iterator[tuple[slice, slice]]:
    """Strips of output rows and the image rows under them; patches fit the cache."""
    row_bytes = x.shape[0] * math.prod(g.kernel) * OW * x.shape[3] * x.itemsize
    height = max(PATCH_BYTES // row_bytes, 1) if array_module(x) is np else OH
    for top in range(0, OH, height):
        bottom = min(top + height, OH)
        last = (bottom - 1) * g.stride[0] + (g.kernel[0] - 1) * g.dilation[0] + 1
        yield slice(top, bottom), slice(top * g.stride[0], last)


def _rows_at_once(shape: tuple[int, ...], g: Geometry, OH: int) -> int:
    """How many rows of the output one patch serves, at the least cost of a row."""
    F, C, R, S = shape

    def cost(rows: int) -> float:
        """Multiplications; a number that is copied counts as COPY_COST of them."""
        height = (rows - 1) * g.stride[0] + R
        results = F * COPY_COST if rows > 1 else 0  # of one row they lie in order
        return C * S * height * (F + COPY_COST / rows) + results

    if g.dilation[0] > 1:  # most of a taller kernel would be zeros
        return 1
    return min((rows for rows in range(1, OH + 1) if OH % rows == 0), key=cost)


def _taller(W: Array, g: Geometry, rows: int) -> tuple[Array, Geometry]:
    """V[f, k, c, k·t + r, s] = W[f,c,r,s]: of each filter `rows`, each lower by t.

    Moved by rows·t at a time, such filters of height R + (rows − 1)·t compute the same
    output: filter (f, k) every row i·rows + k of filter f's. Only a pixel that is not
    finite reaches more: all rows that share its patch, since 0·∞ is no number.
    """
    (F, C, R, S), t = W.shape, g.stride[0]
    if rows == 1:
        return W[:, None], g
    height = (rows - 1) * t + R
    V = array_module(W).zeros((F, rows, C, height, S), dtype=W.dtype)
    _shifted(V, R, t)[...] = W[:, None]
    return V, g._replace(kernel=(height, S), stride=(rows * t, g.stride[1]))


def _shifted(V: Array, R: int, t: int) -> Array:
    """The view [f, k, c, r, s] of V[f, k, c, k·t + r, s]: where `_taller` put W."""
    f, k, c, h, s = V.strides
    shape = (*V.shape[:3], R, V.shape[4])
    return as_strided(V, shape, (f, k + t * h, c, h, s))


def _by_turns(y: Array, rows: int) -> Array:
    """The view (F, rows, OH / rows, OW, N) of y: row i·rows + k is [:, k, i]."""
    F, OH, OW, N = y.shape
    return y.reshape(F, OH // rows, rows, OW, N).swapaxes(1, 2)


def conv2d_forward(
    x: Array,
    W: Array,
    b: Array,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
) -> tuple[Array, tuple]:
    """y[n,f,i,j] = b[f] + Σ_{c,r,s} W[f,c,r,s] · x[n, c, i·t + r·d − p, j·t + s·d − p].

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    W : (F, C, R, S) float, one kernel a filter and channel.
    b : (F,) float.
    stride, padding, dilation : t, p and d, in pixels, one number or (vertical,
        horizontal); padding, with zeros, also as ((top, bottom), (left, right)).

    Returns
    -------
    y : (N, F, OH, OW) float, a view of memory ordered (F, OH, OW, N).
    cache : what `conv2d_backward` needs: the padded image, kernels and geometry;
        patches are made again, not stored.

    Raises
    ------
    ValueError : if the channels of x and W differ, or the kernel does not fit into the
        padded image. TypeError : if x holds integers.

    Notes
    -----
    Book: Convolution. LeCun et al. (1998), section II; Dumoulin and Visin (2016),
    relationship 15 for the sizes. Where filters are few, one patch serves several rows:
    Book: Fast without leaving NumPy, "Several rows from one patch".

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> conv2d_forward(x, W, np.zeros(1))[0].reshape(2, 2)
    array([[-4., -4.],
           [-4., -4.]])
    """
    check_images(x)
    if x.shape[1] != W.shape[1]:
        raise ValueError(
            f"x {x.shape} has {x.shape[1]} channels, "
            f"but the kernels W {W.shape} expect {W.shape[1]}"
        )
    g = geometry(W.shape[2:], stride, padding, dilation)
    F, N, (OH, OW) = len(W), len(x), g.output_size(*x.shape[2:])
    xp, x = array_module(x), batch_last(x, g.padding)
    rows = _rows_at_once(W.shape, g, OH) if xp is np else 1
    V, tall = _taller(W, g, rows)
    y = xp.empty((F, OH, OW, N), dtype=xp.result_type(x, W))
    turns, kernels = _by_turns(y, rows), V.reshape(F * rows, -1)
    for out, under in _strips(x, tall, OH // rows, OW):
        columns = extract_patches(x[:, under], tall).reshape(kernels.shape[1], -1)
        strip = turns[:, :, out]
        if rows == 1:
            xp.matmul(kernels, columns, out=strip.reshape(F, -1))
        else:
            strip[...] = (kernels @ columns).reshape(strip.shape)
    y += b[:, None, None, None]
    return batch_first(y), (x, W.shape, V, tall, g.padding)


def conv2d_backward(dy: Array, cache: tuple, *, need_dx: bool = True) -> tuple:
    """dW = dy · columnsᵀ, db = Σ_{n,i,j} dy, dx = fold(Wᵀ dy).

    Parameters
    ----------
    dy : (N, F, OH, OW) float, ∂L/∂y.
    cache : from `conv2d_forward`.
    need_dx : False leaves out the gradient of the input (dx is then None).

    Returns
    -------
    dx : (N, C, H, W), dW : (F, C, R, S), db : (F,) float.

    Notes
    -----
    Book: Convolution, "The derivative". Written as sums, dW[f,c,r,s] is
    Σ_{n,i,j} dy[n,f,i,j] x[n, c, i·t + r·d − p, j·t + s·d − p], and dx a convolution of
    dy, t − 1 zeros put between its pixels, with the kernel turned by 180°.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> _, cache = conv2d_forward(x, W, np.zeros(1))
    >>> dx, dW, db = conv2d_backward(np.ones((1, 1, 2, 2)), cache)
    >>> dW.reshape(2, 2), db
    (array([[12., 16.],
           [24., 28.]]), array([4.]))
    """
    x, shape, V, tall, padding = cache
    xp, dy, rows = array_module(x), batch_last(dy), V.shape[1]
    turns, kernels = _by_turns(dy, rows), V.reshape(len(V) * rows, -1)
    dx: Array = xp.zeros_like(x) if need_dx else None
    dV = xp.zeros_like(kernels)
    for out, under in _strips(x, tall, *turns.shape[2:4]):
        columns = extract_patches(x[:, under], tall)
        strip = turns[:, :, out].reshape(len(kernels), -1)
        dV += strip @ columns.reshape(kernels.shape[1], -1).T
        if need_dx:
            _fold_into(dx[:, under], (kernels.T @ strip).reshape(columns.shape), tall)
    dW = _shifted(dV.reshape(V.shape), shape[2], tall.stride[0] // rows).sum(axis=1)
    return (
        batch_first(dx, padding) if need_dx else None,
        dW,
        dy.sum(axis=(1, 2, 3)),
    )
