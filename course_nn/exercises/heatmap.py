"""Where an answer is wrong, as a picture: yours − right, with its sign, its axes named."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np

from .compare import Comparison, Output
from .regions import axis_words, listed, plural
from .signature import Argument

HUGE = 1e300  # what is larger is drawn as this: between the two ends must lie a number
NUMBERS = ("value", "gradient")  # the faults of which a picture says more than the sentence


def of(comparison: Comparison | None, argument: Callable[[str], Argument]) -> str:
    """An `<img>` of the first wrong output's error; "" where a picture would show nothing.

    argument : gives an output's entry in the signature by its name.
    """
    output = comparison.wrong[0] if comparison and comparison.wrong else None
    if output is None or output.fault not in NUMBERS or not _telling(output.error):
        return ""
    try:
        png = drawn(output, argument(output.name).axes or ())
    except ImportError:
        return ""
    code = base64.b64encode(png).decode()
    source = f'src="data:image/png;base64,{code}" style="border-radius:4px"'
    return f'<img alt="heat map of the error of {output.name}" {source}>'


def _telling(error: np.ndarray | None) -> bool:
    """Whether a map of these errors has a pattern: four numbers at least, not all alike."""
    if error is None or error.size < 4:
        return False
    finite = error[np.isfinite(error)]
    if 0 < finite.size < error.size:
        return True
    return finite.size > 0 and bool(np.ptp(finite) > 1e-6 * np.abs(finite).max())


def drawn(output: Output, axes: tuple[str, ...] = ()) -> bytes:
    """yours − right as a map, PNG bytes; needs matplotlib."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    assert output.error is not None
    known = np.isfinite(output.error)
    error = np.ma.array(np.where(known, output.error, 0.0).clip(-HUGE, HUGE), mask=~known)
    rows = np.atleast_2d(error) if error.ndim < 3 else error.reshape(len(error), -1)
    height = min(4.0, 1.4 + 0.3 * rows.shape[0])
    figure = Figure(figsize=(min(7.0, 2.6 + 0.45 * rows.shape[1]), height), layout="constrained")
    plot = figure.subplots()
    limit = float(abs(rows).max()) or 1.0
    colors = colormaps["PuOr_r"].with_extremes(bad="#888888")
    image = plot.imshow(rows, cmap=colors, vmin=-limit, vmax=limit, aspect="auto")
    below, beside = _labels(error.ndim, axes)
    grey = "; grey: no number" if np.ma.is_masked(rows) else ""
    plot.set(title=f"{output.name}: yours − right{grey}", xlabel=below, ylabel=beside)
    plot.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    plot.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if error.ndim < 2:
        plot.set_yticks([])
    figure.colorbar(image, ax=plot)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def _labels(ndim: int, axes: tuple[str, ...]) -> tuple[str, str]:
    """What the columns of the map are called, and its rows.

    >>> _labels(2, ("N", "D")), _labels(1, ("N",)), _labels(3, ("N", "H", "W"))
    (('feature', 'sample'), ('sample', ''), ('rows and columns, one after the other', 'sample'))
    """
    words = axis_words(axes) if len(axes) == ndim else [f"axis {k}" for k in range(ndim)]
    if ndim < 3:
        return words[-1] if words else "", words[0] if ndim == 2 else ""
    return f"{listed([plural(word) for word in words[1:]])}, one after the other", words[0]
