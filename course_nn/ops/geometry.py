"""How windows lie on an image: kernel, stride, padding, dilation; and output sizes.

Convolution and pooling share it. Pixels are counted (vertical, horizontal).
"""

import math
from operator import index
from typing import NamedTuple

Pair = int | tuple[int, int]
Sides = tuple[tuple[int, int], tuple[int, int]]  # ((top, bottom), (left, right))
UNPADDED: Sides = ((0, 0), (0, 0))


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
    g = Geometry(pair(kernel), pair(stride), sides(padding), pair(dilation))
    if min(g.kernel + g.stride + g.dilation) < 1 or min(sum(g.padding, ())) < 0:
        raise ValueError(
            "kernel, stride and dilation must be at least 1 and padding at least 0, "
            f"got {g}"
        )
    return g


def sides(padding: Pair | Sides) -> Sides:
    """Padding in its full form: ((top, bottom), (left, right)).

    >>> sides(1), sides((1, 2))
    (((1, 1), (1, 1)), ((1, 1), (2, 2)))
    """
    if isinstance(padding, tuple | list) and len(padding) == 2:
        return pair(padding[0]), pair(padding[1])
    vertical, horizontal = pair(padding)
    return (vertical, vertical), (horizontal, horizontal)


def pool_geometry(
    window: Pair, stride: Pair | None = None, padding: Pair | Sides = 0
) -> Geometry:
    """The geometry of a pooling, checked; the stride is the window unless given.

    >>> pool_geometry(3, padding=1).stride
    (3, 3)
    """
    g = geometry(window, window if stride is None else stride, padding)
    if any(2 * max(p) > k for p, k in zip(g.padding, g.kernel, strict=True)):
        raise ValueError(
            f"padding {g.padding} is more than half the window {g.kernel}: "
            "some windows would see no pixel"
        )
    return g


def same_padding(
    size: int, kernel: int, stride: int, dilation: int = 1
) -> tuple[int, int]:
    """Zeros before and after, for ⌈size / stride⌉ windows; an odd one goes after.

    This is the rule of Keras and TensorFlow.

    >>> same_padding(28, kernel=5, stride=1, dilation=1)
    (2, 2)
    >>> same_padding(28, kernel=3, stride=2, dilation=1)
    (0, 1)
    """
    windows = math.ceil(size / stride)
    missing = max((windows - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return missing // 2, missing - missing // 2
