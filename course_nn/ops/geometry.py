"""How windows lie on an image: kernel, stride, padding, dilation; output sizes.

Convolution and pooling share it. Pixels are counted (vertical, horizontal).
"""

import math
from operator import index
from typing import NamedTuple

from ..checks import whole

Pair = int | tuple[int, int]
# ((top, bottom), (left, right))
Sides = tuple[tuple[int, int], tuple[int, int]]
UNPADDED: Sides = ((0, 0), (0, 0))
MOST = 1 << 20  # pixels; more are a mistake, and no memory holds their squares


class Geometry(NamedTuple):
    """How the windows of a kernel lie on an image; made by `geometry`.

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
        """OH = ⌊(H + top + bottom − dh (R − 1) − 1) / sh⌋ + 1, and OW.

        So many windows fit on an image of H × W pixels, padding not counted;
        if none does, ValueError. Book: Convolution, "How large is the output?",
        eq-conv-size. Dumoulin and Visin (2016), relationship 15.

        >>> geometry(3, stride=2).output_size(7, 8)
        (3, 3)
        """
        size = zip((H, W), self.reach(), self.stride, self.padding, strict=True)
        OH, OW = ((n + sum(p) - k) // s + 1 for n, k, s, p in size)
        if OH < 1 or OW < 1:
            raise ValueError(
                "a {}×{} window (dilation {}) does not fit into an image of "
                "{}×{} pixels (padding {}): use a smaller one or "
                "more padding".format(
                    *self.kernel, self.dilation, H, W, self.padding
                )
            )
        return OH, OW

    def span(self, OH: int, OW: int) -> tuple[int, int]:
        """(OH − 1) sh + dh (R − 1) + 1, and across: pixels under the windows.

        >>> geometry(3, stride=2).span(3, 3)
        (7, 7)
        """
        axes = zip((OH, OW), self.stride, self.reach(), strict=True)
        height, width = ((n - 1) * s + k for n, s, k in axes)
        return height, width

    def unpadded(self) -> "Geometry":
        """The same windows on an image that has its padding already.

        >>> geometry(3, padding=1).unpadded().padding
        ((0, 0), (0, 0))
        """
        return self._replace(padding=UNPADDED)

    def across(self) -> "Geometry":
        """The windows' single rows: they lie on every row of the image.

        >>> geometry(3, stride=2).across()[:2]
        ((1, 3), (1, 2))
        """
        (_, S), (_, sw), (_, dw) = self.kernel, self.stride, self.dilation
        return Geometry((1, S), (1, sw), UNPADDED, (1, dw))

    def reach(self) -> tuple[int, int]:
        """dh (R − 1) + 1, dw (S − 1) + 1: a window's pixels, first to last.

        >>> geometry(3, dilation=(1, 2)).reach()
        (3, 5)
        """
        (R, S), (dh, dw) = self.kernel, self.dilation
        return dh * (R - 1) + 1, dw * (S - 1) + 1


def pair(value: Pair) -> tuple[int, int]:
    """One number for both directions, or two; anything else raises TypeError.

    >>> pair(3), pair((1, 2))
    ((3, 3), (1, 2))
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    try:
        if any(isinstance(v, bool) for v in both):
            raise TypeError
        vertical, horizontal = map(index, both)
    except (TypeError, ValueError):
        raise TypeError(
            "sizes in pixels are a whole number or a pair "
            f"(vertical, horizontal), got {value!r}"
        ) from None
    return vertical, horizontal


def geometry(
    kernel: Pair,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
) -> Geometry:
    """A `Geometry` from numbers or pairs, checked.

    Each is one number or (vertical, horizontal), the padding also ((top,
    bottom), (left, right)), in pixels. TypeError for what is no whole number,
    ValueError for one that is too small. Book: Convolution, "How large is the
    output?", eq-conv-size.

    >>> geometry(3, stride=(1, 2), padding=1).stride
    (1, 2)
    >>> geometry(3, stride=(1, 2), padding=1).padding
    ((1, 1), (1, 1))
    """
    g = Geometry(pair(kernel), pair(stride), sides(padding), pair(dilation))
    counts, around = g.kernel + g.stride + g.dilation, sum(g.padding, ())
    if min(counts) < 1 or min(around) < 0 or max(counts + around) > MOST:
        raise ValueError(
            "kernel, stride and dilation must be at least 1 and padding at "
            f"least 0, and all at most {MOST}, got {g}"
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


def transposed_size(
    g: Geometry, output_padding: Pair, H: int, W: int
) -> tuple[int, int]:
    """OH = (H − 1) sh − 2 p + dh (R − 1) + 1 + output_padding, and OW.

    The size of an image that a convolution maps to H × W. ValueError if nothing
    is left, or for an output padding as large as the stride and the dilation.
    Book: Convolution, "The transposed convolution", eq-conv-transpose-size.

    >>> transposed_size(geometry(3, stride=2, padding=1), (1, 0), 4, 4)
    (8, 7)
    """
    if not isinstance(g, Geometry):
        raise TypeError(f"g must be made by ops.geometry, got {g!r}")
    extra, size = pair(output_padding), (whole("H", H, 1), whole("W", W, 1))
    axes = zip(g.span(*size), g.padding, extra, strict=True)
    OH, OW = (n - sum(p) + more for n, p, more in axes)
    most = [max(axis) for axis in zip(g.stride, g.dilation, strict=True)]
    if not all(0 <= e < m for e, m in zip(extra, most, strict=True)):
        raise ValueError(
            f"output_padding {extra} must be at least 0 and less than the "
            f"stride {g.stride} or the dilation {g.dilation}"
        )
    if OH < 1 or OW < 1:
        raise ValueError(
            f"padding {g.padding} leaves nothing of an output of "
            f"{g.span(*size)[0] + extra[0]}×{g.span(*size)[1] + extra[1]} "
            "pixels: use less"
        )
    return OH, OW


def pool_geometry(
    window: Pair,
    stride: Pair | None = None,
    padding: Pair | Sides | str = 0,
    *,
    ceil_mode: bool = False,
    size: tuple[int, int] | None = None,
) -> Geometry:
    """The geometry of a pooling; the stride is the window unless given.

    Parameters
    ----------
    window, stride : pixels, one number or (vertical, horizontal).
    padding : pixels, likewise, or ((top, bottom), (left, right)); or "same",
        after Keras: as many windows as strides begin in the image.
    ceil_mode : a window more where pixels are left over, if it begins on the
        image or the padding before it, as in PyTorch.
    size : (H, W) of the image; "same" and `ceil_mode` become padding once it is
        known.

    >>> pool_geometry(3, padding=1).stride
    (3, 3)
    >>> pool_geometry(2, ceil_mode=True, size=(5, 6)).padding
    ((0, 1), (0, 0))
    """
    _check_options(padding, ceil_mode)
    stride = window if stride is None else stride
    g = geometry(window, stride, 0 if isinstance(padding, str) else padding)
    if any(2 * max(p) > k for p, k in zip(g.padding, g.kernel, strict=True)):
        raise ValueError(
            f"padding {g.padding} is more than half the window {g.kernel}: "
            "some windows would see no pixel"
        )
    if size is None or not (ceil_mode or isinstance(padding, str)):
        return g
    axes = [*zip(size, g.kernel, g.stride, g.padding, strict=True)]
    if isinstance(padding, str):
        vertical, horizontal = (same_padding(n, k, s) for n, k, s, _ in axes)
    else:
        vertical, horizontal = (ceil_padding(*axis) for axis in axes)
    return g._replace(padding=(vertical, horizontal))


def _check_options(padding: Pair | Sides | str, ceil_mode: bool) -> None:
    """Refuses words and kinds that are no options of a pooling."""
    if isinstance(padding, str) and padding != "same":
        raise ValueError(
            f'padding must be "same" or in pixels, got {padding!r}'
        )
    if not isinstance(ceil_mode, bool):
        raise TypeError(f"ceil_mode must be True or False, got {ceil_mode!r}")


def pool_output_size(
    H: int,
    W: int,
    window: Pair,
    stride: Pair | None = None,
    padding: Pair | Sides | str = 0,
    ceil_mode: bool = False,
) -> tuple[int, int]:
    """How many windows of a pooling fit, OH and OW.

    Raises the errors of its geometry. Book: Pooling, "Windows, strides and
    padding", eq-pool-size, eq-pool-ceil.

    >>> pool_output_size(5, 5, 2), pool_output_size(5, 5, 2, padding="same")
    ((2, 2), (3, 3))
    """
    size = whole("H", H, 1), whole("W", W, 1)
    g = pool_geometry(window, stride, padding, ceil_mode=ceil_mode, size=size)
    return g.output_size(*size)


def ceil_padding(
    size: int, kernel: int, stride: int, padding: tuple[int, int]
) -> tuple[int, int]:
    """The padding, with what a last window needs that ends outside.

    >>> ceil_padding(5, kernel=2, stride=2, padding=(0, 0))
    (0, 1)
    """
    before, after = padding
    last = math.ceil((before + size + after - kernel) / stride)
    last = min(last, (before + size - 1) // stride)
    return before, max(after, last * stride + kernel - before - size)


def same_padding(
    size: int, kernel: int, stride: int, dilation: int = 1
) -> tuple[int, int]:
    """Zeros before and after, for ⌈size / stride⌉ windows.

    An odd one goes after: this is the rule of Keras and TensorFlow.

    >>> same_padding(28, kernel=5, stride=1, dilation=1)
    (2, 2)
    >>> same_padding(28, kernel=3, stride=2, dilation=1)
    (0, 1)
    """
    windows = math.ceil(size / stride)
    missing = max(
        (windows - 1) * stride + dilation * (kernel - 1) + 1 - size, 0
    )
    return missing // 2, missing - missing // 2
