"""The figures that chapters and checks share. matplotlib is imported when something is drawn, not before."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .gradcheck import GradientReport


def as_picture(x: np.ndarray) -> np.ndarray:
    """Any array as a matrix: a vector becomes a row, more axes are laid out as blocks of rows.

    >>> as_picture(np.zeros((2, 3, 4))).shape
    (6, 4)
    """
    x = np.atleast_2d(x)
    return x.reshape(-1, x.shape[-1])


def gradient_report(report: "GradientReport") -> Any:
    """Heat maps of a gradient check: a row for each argument with its analytic and numerical gradient and their error.

    Parameters
    ----------
    report : from `gradcheck.check_vjp`.

    Returns
    -------
    figure : of matplotlib.

    Examples
    --------
    >>> from course_nn.gradcheck import check_vjp
    >>> report = check_vjp(lambda x: (x * x, x), lambda dy, x: 2 * x * dy, np.ones((2, 3)))
    >>> len(gradient_report(report).axes) >= 3
    True
    """
    import matplotlib.pyplot as plt

    shown = [c for c in report.comparisons if not c.problem]
    figure, axes = plt.subplots(
        len(shown) or 1, 3, figsize=(9, 2.2 * (len(shown) or 1)), squeeze=False, layout="constrained"
    )
    for row, c in zip(axes, shown, strict=False):
        limit = max(float(np.abs(c.numerical).max(initial=0)), 1e-300)
        for ax, title, values in ((row[0], "analytic", c.analytic), (row[1], "numerical", c.numerical)):
            picture = ax.imshow(as_picture(values), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
            ax.set_title(f"d{c.name}, {title}", fontsize=10)
            figure.colorbar(picture, ax=ax)
        _error_map(figure, row[2], c.name, c.relative_error, report.tolerance)
    return figure


def _error_map(figure: Any, ax: Any, name: str, error: np.ndarray, tolerance: float) -> None:
    """The relative error on a logarithmic scale whose middle is the tolerance: what is red is wrong."""
    exponent = np.log10(np.clip(as_picture(error), tolerance * 1e-6, tolerance * 1e6))
    middle = np.log10(tolerance)
    picture = ax.imshow(exponent, cmap="RdYlGn_r", vmin=middle - 6, vmax=middle + 6, aspect="auto")
    ax.set_title(f"d{name}, log₁₀ relative error", fontsize=10)
    figure.colorbar(picture, ax=ax)
