"""Where the windows of a kernel lie on an image: for `conv` and `pool`.

Sizes in pixels are one number or a pair, (vertical, horizontal).
"""

import numpy as np


def pair(value):
    """One value for both directions, or two.

    >>> pair(3), pair((1, 2))
    ((3, 3), (1, 2))
    """
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def sides(padding):
    """((top, bottom), (left, right)) of a number, of a pair, or of itself.

    >>> sides((1, 2)), sides(((0, 1), (2, 3)))
    (((1, 1), (2, 2)), ((0, 1), (2, 3)))
    """
    vertical, horizontal = pair(padding)
    return pair(vertical), pair(horizontal)


def pad(x, padding, fill=0):
    """x (N, C, H, W) in a frame of `fill`."""
    frame = (0, 0), (0, 0), *sides(padding)
    return np.pad(x, frame, constant_values=fill)


def crop(x, padding):
    """The image inside the frame: undoes `pad`."""
    (top, bottom), (left, right) = sides(padding)
    H, W = x.shape[2:]
    return x[:, :, top : H - bottom, left : W - right]


def grid(x, kernel, stride, dilation=(1, 1)):
    """OH, OW = ⌊(H − dh (R − 1) − 1) / sh⌋ + 1: how many windows fit into x.

    >>> grid(np.zeros((1, 1, 7, 8)), (3, 3), (2, 2))
    (3, 3)
    """
    sizes = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    OH, OW = ((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in sizes)
    if OH < 1 or OW < 1:
        raise ValueError(f"a window of {kernel} does not fit into {x.shape}")
    return OH, OW


def covered(x, kernel, stride, dilation):
    """H, W = (OH − 1) sh + dh (R − 1) + 1: the image under a grid of windows.

    >>> covered(np.zeros((1, 1, 3, 3)), (3, 3), (2, 2), (1, 1))
    [7, 7]
    """
    sizes = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    return [(n - 1) * s + d * (k - 1) + 1 for n, k, s, d in sizes]


def pixels(u, v, kernel, stride, dilation=(1, 1)):
    """The index of window (u, v)'s pixels: [:, :, u sh + r dh, v sw + s dw].

    >>> image = np.arange(12).reshape(1, 1, 3, 4)
    >>> image[pixels(1, 0, kernel=(2, 3), stride=(1, 1))]
    array([[[[ 4,  5,  6],
             [ 8,  9, 10]]]])
    """
    at = zip((u, v), kernel, stride, dilation, strict=True)
    rows, columns = (slice(n * s, n * s + k * d, d) for n, k, s, d in at)
    return ..., rows, columns
