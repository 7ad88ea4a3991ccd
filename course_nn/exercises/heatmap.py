"""Where an answer is wrong, as a picture: yours − right, with its sign, its axes named."""

from __future__ import annotations

import base64
import io

import numpy as np

from .compare import Comparison, Output


def of(comparison: Comparison | None) -> str:
    """An `<img>` of the first wrong output's error; "" where a picture would show nothing."""
    output = comparison.wrong[0] if comparison and comparison.wrong else None
    if output is None or output.error is None or output.error.size < 4:
        return ""
    try:
        png = drawn(output)
    except ImportError:
        return ""
    code = base64.b64encode(png).decode()
    return f'<img alt="heat map of the error of {output.name}" src="data:image/png;base64,{code}">'


def drawn(output: Output) -> bytes:
    """yours − right as a map, PNG bytes; needs matplotlib."""
    from matplotlib.figure import Figure

    assert output.error is not None
    error = np.nan_to_num(output.error, posinf=0.0, neginf=0.0)
    rows = np.atleast_2d(error) if error.ndim < 3 else error.reshape(len(error), -1)
    height = min(4.0, 1.2 + 0.3 * rows.shape[0])
    figure = Figure(figsize=(min(7.0, 2.2 + 0.45 * rows.shape[1]), height), layout="constrained")
    axes = figure.subplots()
    limit = float(np.abs(rows).max()) or 1.0
    image = axes.imshow(rows, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto")
    axes.set(title=f"{output.name}: yours − right")
    figure.colorbar(image, ax=axes)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()
