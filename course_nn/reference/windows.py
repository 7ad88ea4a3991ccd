"""Where a kernel's windows lie on an image, one window at a time, for the oracles.

Written anew rather than shared with the fast ops, so that an oracle cannot share their mistake.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Pair = int | tuple[int, int]
Sides = tuple[tuple[int, int], tuple[int, int]]


class Windows(NamedTuple):
    """Windows of R × S pixels; every field is (vertical, horizontal), in pixels.

    `padding` is ((top, bottom), (left, right)).

    Examples
    --------
    >>> windows = Windows.of(3, stride=2, padding=1)
    >>> windows.grid(windows.pad(np.zeros((1, 1, 7, 8))))
    (4, 4)
    >>> windows.pixel(1, 0, r=2, s=1)
    (4, 1)
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Sides
    dilation: tuple[int, int]

    @classmethod
    def of(
        cls,
        kernel: Pair,
        stride: Pair = 1,
        padding: Pair | Sides = 0,
        dilation: Pair = 1,
    ) -> Windows:
        """From numbers or pairs, in pixels.

        Raises
        ------
        ValueError : if kernel, stride or dilation is below 1, or the padding below 0.
        """
        vertical, horizontal = both(padding)
        made = cls(
            both(kernel),
            both(stride),
            (both(vertical), both(horizontal)),
            both(dilation),
        )
        if (
            min(made.kernel + made.stride + made.dilation) < 1
            or min(sum(made.padding, ())) < 0
        ):
            raise ValueError(
                f"kernel, stride and dilation must be at least 1 and padding at least 0, got {made}"
            )
        return made

    def pad(self, x: np.ndarray, fill: float = 0.0) -> np.ndarray:
        """x (N, C, H, W) in a frame of `fill`: (N, C, H + top + bottom, W + left + right)."""
        return np.pad(x, ((0, 0), (0, 0), *self.padding), constant_values=fill)

    def crop(self, x: np.ndarray) -> np.ndarray:
        """The image inside the frame: undoes `pad`."""
        (top, bottom), (left, right) = self.padding
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]

    def span(self) -> tuple[int, int]:
        """Pixels from a window's first row to its last, and column: d (R − 1) + 1."""
        vertical, horizontal = zip(self.kernel, self.dilation, strict=True)
        return (vertical[0] - 1) * vertical[1] + 1, (
            horizontal[0] - 1
        ) * horizontal[1] + 1

    def grid(self, padded: np.ndarray) -> tuple[int, int]:
        """OH, OW: how many windows fit into a padded image (N, C, H, W), down and across.

        Raises
        ------
        ValueError : if none fits.
        """
        sizes = zip(padded.shape[2:], self.span(), self.stride, strict=True)
        down, across = (
            len(range(0, size - span + 1, stride))
            for size, span, stride in sizes
        )
        if not (down and across):
            raise ValueError(
                f"a window spanning {self.span()} pixels does not fit into a padded image of "
                f"{padded.shape[2:]} pixels; use a smaller window or more padding"
            )
        return down, across

    def pixel(self, i: int, j: int, r: int, s: int) -> tuple[int, int]:
        """Row and column, in the padded image, of pixel (r, s) of window (i, j)."""
        (down, across), (dh, dw) = self.stride, self.dilation
        return i * down + r * dh, j * across + s * dw

    def window(self, i: int, j: int) -> tuple[slice, slice]:
        """Rows and columns, in the padded image, of all pixels of window (i, j)."""
        (top, left), (height, width), (dh, dw) = (
            self.pixel(i, j, 0, 0),
            self.span(),
            self.dilation,
        )
        return slice(top, top + height, dh), slice(left, left + width, dw)


def both(value: int | tuple) -> tuple:
    """One value for both directions, or two.

    >>> both(3), both((1, 2))
    ((3, 3), (1, 2))
    """
    return (value, value) if isinstance(value, int) else tuple(value)
