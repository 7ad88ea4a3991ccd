"""Augmentation: each image turned, moved, zoomed and bent a little, anew every time it is seen.

All four are one map of positions, so each image is interpolated once, not four times, and stays
sharp. The whole batch is one bilinear gather: on a CPU about seven times as fast as
`scipy.ndimage.map_coordinates`, which gives the same numbers and is the oracle in the tests; the
same lines run on a GPU. Random numbers are always drawn on the CPU, so that both see the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from ..backend import Array, array_module
from ..checks import generator
from ..words import answers
from .arrays import as_array, doubt_channels_last


@answers
def augment(
    images: Array,
    *,
    rng: np.random.Generator,
    rotation: float = 10.0,
    shift: float = 2.0,
    zoom: float = 0.1,
    elastic: float = 1.0,
    smoothness: float = 4.0,
    fill: float = 0.0,
) -> Array:
    """Warp every image at random: y(p) = x(c + R(-θ) (p - c - t) / s + d(p)), c the centre.

    θ, t and s are uniform and drawn for each image; d is Gaussian noise, the same for all
    channels of an image, smoothed by a Gaussian. Values between pixels are interpolated
    linearly (order 1). The defaults suit 28x28 digits; an amplitude of 0 leaves its part out.

    Parameters
    ----------
    images : float array (N, C, H, W)
        Not written to; dtype kept.
    rng : numpy.random.Generator
        The same state of the generator gives the same images. (`np.random.seed` has no effect.)
    rotation : float, degrees
        θ is uniform in ±rotation; positive turns counter-clockwise.
    shift : float, pixels
        Both components of t (down, right) are uniform in ±shift.
    zoom : float, fraction, below 1
        s is uniform in 1 ± zoom; above 1 the image grows.
    elastic : float, pixels
        Root mean square of each component of d.
    smoothness : float, pixels
        The σ of the Gaussian: positions much closer than σ move together.
    fill : float
        The value outside the image: the background's.

    Returns
    -------
    array (N, C, H, W), a new one

    Raises
    ------
    TypeError
        The images are not floating point or `rng` is not a generator.
    ValueError
        The images are not (N, C, H, W), or an amplitude is negative, not finite or too large.

    Warns
    -----
    UserWarning
        Where the channels of the images seem to come last.

    Notes
    -----
    Book: Training, "The map", eq-train-warp, eq-train-bilinear.

    References
    ----------
    P. Simard, D. Steinkraus and J. Platt, "Best practices for convolutional neural networks
    applied to visual document analysis", ICDAR 2003, section 2. Their α = 34 and σ = 4,
    with uniform noise and a Gaussian of sum 1, is `elastic` = 1.4 and `smoothness` = 4.

    Examples
    --------
    >>> import numpy as np
    >>> from course_nn import data
    >>> x = data.digits().x_train
    >>> y = data.augment(x, rng=np.random.default_rng(0), shift=1, elastic=0.3, smoothness=2)
    >>> y.shape == x.shape, y.dtype, bool((y == x).all())
    (True, dtype('float32'), False)
    """
    images, rng = _checked(images), generator(rng)
    _check_amplitudes(rotation, shift, zoom, elastic, smoothness)
    xp, n = array_module(images), len(images)
    angle = rng.uniform(-rotation, rotation, n)
    offset = rng.uniform(-shift, shift, (n, 2))
    scale = rng.uniform(1 - zoom, 1 + zoom, n)
    out = xp.empty_like(images)
    for part in _parts(images):
        bend = None
        if elastic:
            size = (len(angle[part]), *images.shape[2:])
            bend = xp.asarray(_smooth_noise(rng, size, elastic, smoothness))
        out[part] = _warp(images[part], angle[part], offset[part], scale[part], bend, fill)
    return out


def warp(
    images: Array,
    *,
    angle: ArrayLike = 0.0,
    shift: ArrayLike = (0.0, 0.0),
    scale: ArrayLike = 1.0,
    displacement: Array | None = None,
    fill: float = 0.0,
) -> Array:
    """The warp that `augment` draws, with given numbers: turn, then zoom, then move, then bend.

    y(p) = x(c + R(-θ) (p - c - t) / s + d(p)), by linear interpolation between pixels.

    Parameters
    ----------
    images : float array (N, C, H, W)
        Not written to; dtype kept.
    angle : float or array (N,), degrees
        θ, counter-clockwise.
    shift : pair of floats or array (N, 2), pixels
        t, down and to the right.
    scale : float or array (N,)
        s, above 1 the image grows.
    displacement : array (N, 2, H, W), pixels, optional
        d(p), rows and columns: how far from its place each pixel looks for its value.
    fill : float
        The value outside the image.

    Returns
    -------
    array (N, C, H, W), a new one

    Raises
    ------
    TypeError
        The images are not floating point.
    ValueError
        The images or the displacement have the wrong shape, or a scale is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(1.0, 5.0).reshape(1, 1, 2, 2)
    >>> warp(x, angle=90)[0, 0].round(12)
    array([[2., 4.],
           [1., 3.]])
    >>> warp(x, shift=(0, 0.5))[0, 0]
    array([[0.5, 1.5],
           [1.5, 3.5]])
    """
    images = _checked(images)
    n, _, height, width = images.shape
    angle, scale = (np.broadcast_to(np.asarray(value, float), n) for value in (angle, scale))
    offset = np.broadcast_to(np.asarray(shift, float), (n, 2))
    if not (scale > 0).all():
        raise ValueError(f"the smallest scale is {scale.min()}: expected all above 0.")
    if displacement is not None and displacement.shape != (n, 2, height, width):
        raise ValueError(
            f"displacement has shape {displacement.shape}: expected {(n, 2, height, width)}, "
            f"rows and columns for each pixel of images {images.shape}."
        )
    xp = array_module(images)
    out = xp.empty_like(images)
    for part in _parts(images):
        bend = None if displacement is None else xp.asarray(displacement[part])
        out[part] = _warp(images[part], angle[part], offset[part], scale[part], bend, fill)
    return out


def _warp(
    images: Array,
    angle: Array,
    shift: Array,
    scale: Array,
    bend: Array | None,
    fill: float,
) -> Array:
    """Where each pixel looks (rows, columns), then the values there."""
    xp = array_module(images)
    dtype = np.result_type(images.dtype, np.float32)
    theta = np.deg2rad(angle)
    cos, sin = np.cos(theta) / scale, np.sin(theta) / scale
    centre = (np.array(images.shape[2:]) - 1) / 2
    numbers = np.stack([cos, sin, *(shift + centre).T]).astype(dtype)
    cos, sin, row, column = xp.asarray(numbers)[:, :, None, None]
    r = xp.arange(images.shape[2], dtype=dtype)[:, None] - row
    k = xp.arange(images.shape[3], dtype=dtype) - column
    rows = cos * r + (sin * k + dtype.type(centre[0]))
    columns = (dtype.type(centre[1]) - sin * r) + cos * k
    if bend is not None:
        rows += bend[:, 0]
        columns += bend[:, 1]
    return _sample(images, rows, columns, fill)


def _sample(images: Array, rows: Array, columns: Array, fill: float) -> Array:
    """(1-v) [(1-u) x00 + u x01] + v [(1-u) x10 + u x11], bilinearly."""
    xp = array_module(images)
    n, channels, height, width = images.shape
    framed = xp.full((n, channels, height + 3, width + 3), fill, images.dtype)
    framed[:, :, 1:-2, 1:-2] = images  # from -1 to H all is inside the frame
    r = xp.clip(rows + 1, 0, height + 1)
    k = xp.clip(columns + 1, 0, width + 1)
    top, left, line = xp.floor(r), xp.floor(k), width + 3
    u, v = (k - left)[:, None], (r - top)[:, None]
    image = xp.arange(n * channels).reshape(n, channels, 1, 1)
    top, left = top.astype(np.intp), left.astype(np.intp)
    corner = image * ((height + 3) * line) + (top * line + left)[:, None]
    flat, steps = framed.ravel(), (0, 1, line, line + 1)
    x00, x01, x10, x11 = (flat[step:].take(corner) for step in steps)
    upper = x00 + u * (x01 - x00)
    lower = x10 + u * (x11 - x10)
    return upper + v * (lower - upper)


def _smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int, int], rms: float, sigma: float
) -> np.ndarray:
    """Noise (n, 2, H, W) of the given strength: d = rms · A g Bᵀ, g normal, drawn at knots σ apart.

    That is white noise smoothed by a Gaussian filter, but for a fraction of its random numbers,
    and as strong at the rim as in the middle.
    """
    n, height, width = shape
    down, across = _gaussians(height, sigma), _gaussians(width, sigma)
    knots = rng.standard_normal((n, 2, down.shape[1], across.shape[1]), dtype=np.float32)
    return (np.float32(rms) * down) @ (knots @ across.T)


def _gaussians(length: int, sigma: float) -> np.ndarray:
    """A[p, j] ∝ exp(-(p - σj)² / 2σ²) as (length, knots), rows of length 1, knots to 3σ outside."""
    knots = np.arange(-3, math.ceil((length - 1) / sigma) + 4) * sigma
    weights = np.exp(-((np.arange(length)[:, None] - knots) ** 2) / (2 * sigma**2))
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)


def _parts(images: Array) -> Iterator[slice]:
    """The batch in pieces: on a CPU such that fit its cache, on a GPU such that fill it."""
    values = 2**15 if array_module(images) is np else 2**23
    step = max(1, values // max(1, math.prod(images.shape[1:])))
    return (slice(start, start + step) for start in range(0, len(images), step))


def _checked(images: Array) -> Array:
    """The images as an array, if they are (N, C, H, W) floats."""
    images = as_array(images, "images")
    if images.ndim != 4:
        raise ValueError(
            f"images have shape {images.shape}: expected (N, C, H, W); one image of H by W is "
            "image[None, None]."
        )
    if not np.issubdtype(images.dtype, np.floating):
        raise TypeError(f"images have dtype {images.dtype}: expected floating point.")
    doubt_channels_last(images, "images", level=4)
    return images


def _check_amplitudes(
    rotation: float, shift: float, zoom: float, elastic: float, smoothness: float
) -> None:
    amplitudes = {"rotation": rotation, "shift": shift, "zoom": zoom, "elastic": elastic}
    for name, value in amplitudes.items():
        if not 0 <= value < (1 if name == "zoom" else math.inf):
            limit = "and below 1" if name == "zoom" else "and finite"
            raise ValueError(f"{name} is {value}: expected an amplitude of at least 0 {limit}.")
    if not 0 < smoothness < math.inf:
        raise ValueError(f"smoothness is {smoothness}: expected pixels, above 0 and finite.")
