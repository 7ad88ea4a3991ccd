"""Images in memory, and their patches.

The caller sees images as (N, C, H, W). In memory the batch lies innermost, as
(C, H, W, N): then a shift of the image by a pixel is a shift by whole runs of N
numbers, patches are copied in runs of W·N, and the product of the filters with the
patches writes its result in the very order that the next layer reads. No copy is made
to go back to (N, C, H, W): the result is a transposed view.
"""

import math
from collections.abc import Iterator

import numpy as np

from ..backend import Array, array_module, as_strided
from .geometry import UNPADDED, Geometry, Sides

PATCH_BYTES = 1 << 21  # of patches at a time: they are used while they lie in the cache
COPY_COST = 20  # multiplications in the time in which a pixel is copied into a patch


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
    >>> from course_nn.ops import geometry
    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> extract_patches(image, geometry(2)).reshape(4, 4)
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])
    """
    return array_module(x).ascontiguousarray(windows(x, g))


def windows(x: Array, g: Geometry) -> Array:
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
    >>> from course_nn.ops import geometry
    >>> ones = np.ones((1, 2, 2, 2, 2, 1))
    >>> fold_patches(ones, (1, 3, 3, 1), geometry(2)).reshape(3, 3)
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    x = array_module(columns).zeros(shape, dtype=columns.dtype)
    fold_into(x, columns, g)
    return x


def fold_into(x: Array, columns: Array, g: Geometry) -> None:
    """Adds the patches to an image, those together that never meet at a pixel."""
    _, R, S, OH, OW, _ = columns.shape
    seen, cols = windows(x, g), _apart(S, OW, g.stride[1], g.dilation[1])
    for r in _apart(R, OH, g.stride[0], g.dilation[0]):
        for s in cols:
            places = seen[:, r, s]
            places += columns[:, r, s]


def _apart(size: int, count: int, stride: int, dilation: int) -> list[int | slice]:
    """A kernel's pixels, along one axis, in groups that do not meet in the windows."""
    together = size if count == 1 else math.ceil(stride / dilation)
    if together == 1:
        return [*range(size)]
    return [slice(k, k + together) for k in range(0, size, together)]


def strips(x: Array, g: Geometry, OH: int, OW: int) -> Iterator[tuple[slice, slice]]:
    """Strips of output rows and the image rows under them; patches fit the cache."""
    row_bytes = x.shape[0] * math.prod(g.kernel) * OW * x.shape[3] * x.itemsize
    height = max(PATCH_BYTES // row_bytes, 1) if array_module(x) is np else OH
    for top in range(0, OH, height):
        bottom = min(top + height, OH)
        last = (bottom - 1) * g.stride[0] + (g.kernel[0] - 1) * g.dilation[0] + 1
        yield slice(top, bottom), slice(top * g.stride[0], last)


def rows_at_once(shape: tuple[int, ...], g: Geometry, OH: int) -> int:
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


def taller(W: Array, g: Geometry, rows: int) -> tuple[Array, Geometry]:
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
    shifted(V, R, t)[...] = W[:, None]
    return V, g._replace(kernel=(height, S), stride=(rows * t, g.stride[1]))


def shifted(V: Array, R: int, t: int) -> Array:
    """The view [f, k, c, r, s] of V[f, k, c, k·t + r, s]: where `taller` put W."""
    f, k, c, h, s = V.strides
    shape = (*V.shape[:3], R, V.shape[4])
    return as_strided(V, shape, (f, k + t * h, c, h, s))


def by_turns(y: Array, rows: int) -> Array:
    """The view (F, rows, OH / rows, OW, N) of y: row i·rows + k is [:, k, i]."""
    F, OH, OW, N = y.shape
    return y.reshape(F, OH // rows, rows, OW, N).swapaxes(1, 2)
