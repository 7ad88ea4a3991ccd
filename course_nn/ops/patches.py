"""Images in memory, and their patches.

The caller sees images as (N, C, H, W). In memory the batch lies innermost, as
(C, H, W, N): then a shift of the image by a pixel is a shift by whole runs of N
numbers, patches are copied in runs of W·N, and the product of the filters with
the patches writes its result in the very order that the next layer reads. No
copy is made to go back to (N, C, H, W): the result is a transposed view.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ..backend import Array, array_module, as_strided
from ..checks import as_float, same_shape, whole
from .geometry import MOST, UNPADDED, Geometry, Pair, Sides, sides

# Bytes of patches at a time: they are used while they lie in the cache.
PATCH_BYTES = 1 << 21
ROW_GAP = 16  # numbers between two rows of patches
# Multiplications of a product that BLAS makes without copies.
SMALL_PRODUCT = 1_000_000


def images(x: Array, name: str = "x") -> Array:
    """x as an array of float32 or float64, if it is (N, C, H, W).

    >>> images([[[[1, 2]]]]).shape
    (1, 1, 1, 2)
    """
    x = as_float(x, name)
    if x.ndim != 4 or 0 in x.shape[1:]:
        raise ValueError(
            f"{name} must be images of shape (N, C, H, W), with a pixel or "
            f"more, got {x.shape}"
        )
    return x


def _expect_axes(where: str, x: Array, axes: Sequence[str]) -> None:
    """Raises TypeError or ValueError unless x is an array with so many axes."""
    if not hasattr(x, "ndim"):
        raise TypeError(f"{where}: expected an array, got {type(x).__name__}")
    if x.ndim != len(axes):
        raise ValueError(
            f"{where}: expected the axes ({', '.join(axes)}), "
            f"got shape {x.shape}"
        )


def _around(padding: Pair | Sides) -> Sides:
    """Padding in its full form, if it can be."""
    full = sides(padding)
    if min(full[0] + full[1]) < 0 or max(full[0] + full[1]) > MOST:
        raise ValueError(
            f"padding must be at least 0 and at most {MOST}, got {full}"
        )
    return full


def batch_last(
    x: Array, padding: Pair | Sides = UNPADDED, fill: float = 0
) -> Array:
    """(N, C, H, W) → (C, H + padding, W + padding, N); no copy if x lies so.

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
    Book: Convolution, "Memory", eq-conv-memory.

    Examples
    --------
    >>> import numpy as np
    >>> batch_last(np.ones((5, 3, 4, 4)), padding=((1, 1), (0, 2))).shape
    (3, 6, 6, 5)
    """
    _expect_axes("batch_last", x, "NCHW")
    xp, x = array_module(x), x.transpose(1, 2, 3, 0)
    if padding is UNPADDED:
        return xp.ascontiguousarray(x)
    (C, H, W, N), ((top, bottom), (left, right)) = x.shape, _around(padding)
    if top == bottom == left == right == 0:
        return xp.ascontiguousarray(x)
    padded = xp.empty((C, H + top + bottom, W + left + right, N), dtype=x.dtype)
    # the frame alone is filled: all of it would be a pass more
    padded[:, :top] = padded[:, top + H :] = fill
    padded[:, :, :left] = padded[:, :, left + W :] = fill
    padded[:, top : top + H, left : left + W] = x
    return padded


def batch_first(x: Array, padding: Pair | Sides = UNPADDED) -> Array:
    """Undoes `batch_last`: the (N, C, H, W) view of what the padding frames.

    Book: Convolution, "Memory", eq-conv-memory.

    >>> import numpy as np
    >>> batch_first(np.ones((3, 6, 6, 5)), padding=((1, 1), (0, 2))).shape
    (5, 3, 4, 4)
    """
    _expect_axes("batch_first", x, "CHWN")
    (top, bottom), (left, right) = _around(padding)
    inside = x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]
    return inside.transpose(3, 0, 1, 2)


def extract_patches(x: Array, g: Geometry) -> Array:
    """columns[c,r,s,u,v,n] = x[c, u·sh + r·dh, v·sw + s·dw, n].

    Every weight (c, r, s) meets, at the place (u, v) of sample n, this pixel;
    sh, sw are the stride, dh, dw the dilation.

    Parameters
    ----------
    x : (C, H, W, N), any dtype, padded already.
    g : the geometry; its padding is not applied again.

    Returns
    -------
    columns : (C, R, S, OH, OW, N), contiguous, dtype of x.

    Notes
    -----
    Book: Convolution, "Patches", eq-conv-patches. Chellapilla, Puri and Simard
    (2006), section 3.

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
    """The patches as a view, (C, R, S, OH, OW, N): a pixel shows many times."""
    _expect_axes("patches", x, "CHWN")
    if not isinstance(g, Geometry):
        raise TypeError(f"patches lie as ops.geometry says, got {g!r}")
    (sh, sw), (dh, dw), (c, h, w, n) = g.stride, g.dilation, x.strides
    size = (*g.kernel, *g.unpadded().output_size(*x.shape[1:3]))
    strides = (c, dh * h, dw * w, sh * h, sw * w, n)
    return as_strided(x, (x.shape[0], *size, x.shape[3]), strides)


def fold_patches(columns: Array, shape: tuple[int, ...], g: Geometry) -> Array:
    """x[c, u·sh + r·dh, v·sw + s·dw, n] += columns[c,r,s,u,v,n].

    `shape` is (C, H, W, N), of the padded image; a pixel that no patch covers
    is zero. ⟨extract(x), a⟩ = ⟨x, fold(a)⟩ for all x and a. Book: Convolution,
    "The gradient of the input", eq-conv-fold, eq-conv-adjoint.

    >>> import numpy as np
    >>> from course_nn.ops import geometry
    >>> ones = np.ones((1, 2, 2, 2, 2, 1))
    >>> fold_patches(ones, (1, 3, 3, 1), geometry(2)).reshape(3, 3)
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    _expect_axes("fold_patches", columns, ("C", "R", "S", "OH", "OW", "N"))
    if not isinstance(shape, tuple | list) or len(shape) != 4:
        raise ValueError(
            f"fold_patches: shape must be (C, H, W, N), got {shape!r}"
        )
    shape = tuple(whole("fold_patches: shape", n, 0) for n in shape)
    x = array_module(columns).zeros(shape, dtype=columns.dtype)
    seen = windows(x, g)
    same_shape("fold_patches", "columns", columns, seen.shape)
    (_, R, S, OH, OW, _), (dh, dw), (sh, sw) = seen.shape, g.dilation, g.stride
    for r in apart(R, OH, sh, dh):
        for s in apart(S, OW, sw, dw):
            pixels = seen[:, r, s]
            pixels += columns[:, r, s]
    return x


def apart(
    size: int, count: int, stride: int, dilation: int
) -> list[int | slice]:
    """A kernel's pixels on one axis, in groups that never meet at a pixel."""
    together = size if count == 1 else math.ceil(stride / dilation)
    if together == 1:
        return [*range(size)]
    return [slice(k, k + together) for k in range(0, size, together)]


# -- rows of patches: what the convolution copies ------------------------------


def strips(
    x: Array, g: Geometry, OH: int, OW: int
) -> Iterator[tuple[slice, slice]]:
    """Strips of output rows, and the image rows under them: so much at a time.

    The patches of a strip fit into the cache.
    """
    C, _, _, N = x.shape
    rows = PATCH_BYTES // max(C * g.kernel[1] * OW * N * x.itemsize, 1)
    height = max((rows - g.reach()[0]) // g.stride[0] + 1, 2)
    if (
        array_module(x) is not np
    ):  # a GPU has no such cache, and wants few calls
        height = max(OH, 1)
    for top in range(0, OH, height):
        bottom = min(top + height, OH)
        last = (bottom - 1) * g.stride[0] + g.reach()[0]
        yield slice(top, bottom), slice(top * g.stride[0], last)


def row_windows(x: Array, g: Geometry, groups: int = 1) -> Array:
    """The view [k,i,c,s,v,n] of x[k·C/G + c, i, v·sw + s·dw, n]: single rows.

    A row of pixels lies in up to R patches, one below the other; here it is
    once.
    """
    seen = windows(x, g.across())[:, 0]  # (C, S, H, OW, N)
    seen = seen.reshape(groups, len(x) // groups, *seen.shape[1:])
    return seen.transpose(0, 3, 1, 2, 4, 5)


def piled(rows: Array, g: Geometry, block: int) -> Array:
    """The view [k,u,q,r,c,s,b] of rows[k, u·sh + r·dh, c, s]: patches in piles.

    A row's OW·N places are cut into blocks: place (v, n) is b in block q.
    """
    G, H, C, S, OW, N = rows.shape
    OH = (H - g.reach()[0]) // g.stride[0] + 1
    (k, h, c, s, _, n), sh, dh = rows.strides, g.stride[0], g.dilation[0]
    shape = (G, OH, blocks(OW * N, block), g.kernel[0], C, S, block)
    return as_strided(rows, shape, (k, sh * h, n * block, dh * h, c, s, n))


def columns_of(x: Array, g: Geometry, groups: int, block: int) -> Array:
    """columns[k,u,q,(r,c,s),b]: patches; each row of pixels was copied once."""
    piles = piled(_copied(row_windows(x, g, groups)), g, block)
    return piles.reshape(*piles.shape[:3], math.prod(piles.shape[3:6]), block)


def _copied(rows: Array) -> Array:
    """Rows in new memory, with gaps between them.

    Rows that lie 4096 bytes apart share a place in the cache.
    """
    *axes, OW, N = rows.shape
    shape = (*axes, OW * N + ROW_GAP)
    wide = array_module(rows).empty(shape, dtype=rows.dtype)
    copy = wide[..., : OW * N].reshape(rows.shape)
    copy[...] = rows
    return copy


def fold_columns(
    x: Array, columns: Array, g: Geometry, groups: int, OW: int
) -> None:
    """Undoes `columns_of` by adding: a pile's rows, then a row's pixels."""
    seen, block = row_windows(x, g, groups), columns.shape[-1]
    rows = array_module(x).zeros(seen.shape, dtype=x.dtype)
    piles = piled(rows, g, block)
    columns = columns.reshape(piles.shape)
    for r in apart(g.kernel[0], piles.shape[1], g.stride[0], g.dilation[0]):
        target = piles[:, :, :, r]
        target += columns[:, :, :, r]
    for s in apart(g.kernel[1], OW, g.stride[1], g.dilation[1]):
        target = seen[:, :, :, s]
        target += rows[:, :, :, s]


def places(y: Array, groups: int, block: int) -> Array:
    """The view [k,u,q,f,b] of y (F, OH, OW, N): results as matrices."""
    F, OH, OW, N = y.shape
    shape = (groups, F // groups, OH, blocks(OW * N, block), block)
    return y.reshape(shape).transpose(0, 2, 3, 1, 4)


def blocks(count: int, size: int) -> int:
    """How many blocks there are; of an empty batch none."""
    return count // size if size else 0


def block_size(filters: int, weights: int, OW: int, N: int) -> int:
    """How many places of a row one product computes: few, if filters are few.

    BLAS spares small products the copies that it makes of large ones.
    """
    sizes = [OW // q * N for q in range(1, OW + 1) if OW % q == 0]
    small = [
        n for n in sizes if n >= 64 and n * filters * weights <= SMALL_PRODUCT
    ]
    return max(small, default=OW * N)
