"""The figures that chapters and checks share; matplotlib is imported when something is drawn."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

# Okabe and Ito's colours, which all eyes tell apart; in `page`, each follows a light or dark page.
INK, GREY, FAINT = "#333333", "#767676", "#D0D4D9"  # text and axes; what matters less; grids
PAPER, MARK, WASH = "#F3F5F7", "#FCE5CD", "#DCEBF7"  # areas under text: plain, marked, cool
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#AA4499"
LINES = (BLUE, ORANGE, GREEN, PURPLE, GREY)
PALETTE = {
    "ink": INK,
    "grey": GREY,
    "faint": FAINT,
    "paper": PAPER,
    "mark": MARK,
    "wash": WASH,
    "blue": BLUE,
    "orange": ORANGE,
    "green": GREEN,
    "purple": PURPLE,
}


class Report(Protocol):
    """What a gradient check found: all of it that is drawn."""

    @property
    def comparisons(self) -> Sequence[Any]:
        """An argument's name, analytic and numerical gradient, relative error and problem each."""

    @property
    def tolerance(self) -> float:
        """The largest relative error that passes."""


def as_picture(x: np.ndarray) -> np.ndarray:
    """Any array as a matrix: a vector becomes a row, more axes are laid out as blocks of rows.

    >>> as_picture(np.zeros((2, 3, 4))).shape
    (6, 4)
    """
    x = np.atleast_2d(x)
    return x.reshape(-1, x.shape[-1])


def gradient_report(report: Report) -> Any:
    """Heat maps of a gradient check: a row for each argument.

    A row shows the analytic gradient, the numerical one and their relative error.

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
    rows = max(len(shown), 1)
    size = (9, 2.2 * rows)
    figure, axes = plt.subplots(rows, 3, figsize=size, squeeze=False, layout="constrained")
    for row, c in zip(axes, shown, strict=False):
        limit = max(float(np.abs(c.numerical).max(initial=0)), 1e-300)
        style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit, "aspect": "auto"}
        gradients = {"analytic": c.analytic, "numerical": c.numerical}
        for ax, (title, values) in zip(row, gradients.items(), strict=False):
            picture = ax.imshow(as_picture(values), **style)
            ax.set_title(f"d{c.name}, {title}", fontsize=10)
            figure.colorbar(picture, ax=ax)
        _error_map(figure, row[2], c.name, c.relative_error, report.tolerance)
    return figure


def _error_map(figure: Any, ax: Any, name: str, error: np.ndarray, tolerance: float) -> None:
    """The relative error, on a logarithmic scale whose middle is the tolerance: red is wrong."""
    exponent = np.log10(np.clip(as_picture(error), tolerance * 1e-6, tolerance * 1e6))
    middle = np.log10(tolerance)
    picture = ax.imshow(exponent, cmap="RdYlGn_r", vmin=middle - 6, vmax=middle + 6, aspect="auto")
    ax.set_title(f"d{name}, log₁₀ relative error", fontsize=10)
    figure.colorbar(picture, ax=ax)


def image_grid(
    images: np.ndarray,
    titles: Sequence[str] = (),
    *,
    columns: int = 10,
    wrong: Sequence[bool] = (),
    signed: bool = False,
    size: float = 0.9,
) -> Any:
    """Small pictures in rows: digits, filters, or what filters answer.

    Parameters
    ----------
    images : (N, H, W) or (N, 1, H, W), numbers of any range; all share one scale.
    titles : a few letters above each, or none.
    columns : pictures in a row.
    wrong : True sets a picture's title in red.
    signed : False draws ink on paper, 0 as white; True draws red above zero and blue below it.
    size : of a picture, inches.

    Returns
    -------
    figure : of matplotlib.

    Examples
    --------
    >>> len(image_grid(np.zeros((3, 1, 8, 8)), titles=["a", "b", "c"], columns=2).axes)
    4
    """
    import matplotlib.pyplot as plt

    images = np.asarray(images).reshape(len(images), *np.shape(images)[-2:])
    rows = max(1, -(-len(images) // columns))
    figsize = (columns * size, rows * (size + (0.25 if len(titles) else 0)))
    figure, axes = plt.subplots(rows, columns, figsize=figsize, squeeze=False, layout="constrained")
    limit = max(float(np.abs(images).max(initial=0)), 1e-300)
    low = -limit if signed else min(0.0, float(images.min(initial=0)))
    style = {"cmap": "RdBu_r" if signed else "gray_r", "vmin": low, "vmax": limit}
    for i, ax in enumerate(axes.flat):
        ax.axis("off")
        if i < len(images):
            ax.imshow(images[i], **style)
        if i < len(titles):
            colour = "crimson" if i < len(wrong) and wrong[i] else "black"
            ax.set_title(titles[i], fontsize=9, pad=3, color=colour)
    return figure


def confusion_matrix(counts: np.ndarray) -> Any:
    """counts[k, l], how often class k was taken for class l, as a table with coloured mistakes.

    Parameters
    ----------
    counts : (K, K) int; the diagonal is what was right.

    Returns
    -------
    figure : of matplotlib.

    Examples
    --------
    >>> len(confusion_matrix(np.array([[5, 1], [0, 4]])).axes[0].texts)
    3
    """
    import matplotlib.pyplot as plt

    classes = len(counts)
    mistakes = np.where(np.eye(classes, dtype=bool), 0, counts)
    most = max(1, int(mistakes.max()))
    size = (0.55 * classes + 0.6, 0.5 * classes + 0.6)
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    ax.imshow(mistakes, cmap="Reds", vmin=0, vmax=most, aspect="auto")
    for (k, guess), count in np.ndenumerate(counts):
        if count:
            colour = "white" if mistakes[k, guess] > 0.6 * most else "black"
            weight = "bold" if k == guess else "normal"
            label = ax.text(guess, k, f"{count:,}", fontsize=9, weight=weight, color=colour)
            label.set(ha="center", va="center")
    ax.set(xticks=range(classes), yticks=range(classes))
    ax.set(xlabel="what the network said", ylabel="what is true")
    return figure


def loss_curve(step_loss: Sequence[float], *, window: int = 20, chance: float | None = None) -> Any:
    """Each step's loss, and its mean over the last `window` steps, on a logarithmic scale.

    Parameters
    ----------
    step_loss : a number a step, for instance `history["step_loss"]`.
    window : steps in the running mean.
    chance : the loss of a guess, drawn as a line; for K classes ln K.

    Returns
    -------
    figure : of matplotlib.

    Raises
    ------
    ValueError : if there is no step, or the window is shorter than one.

    Examples
    --------
    >>> len(loss_curve([2.0, 1.0, 0.5], window=2, chance=2.3).axes[0].lines)
    3
    """
    import matplotlib.pyplot as plt

    losses = np.asarray(step_loss, dtype=float)
    if not losses.size or window < 1:
        raise ValueError(
            f"a curve of {losses.size} steps with a window of {window} cannot be drawn: "
            "train for at least one step, and take the mean over at least one"
        )
    window = min(window, len(losses))
    figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    ax.plot(losses, ".", markersize=3, color="0.6", label="each step")
    means = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    steps = np.arange(window - 1, len(losses))
    ax.plot(steps, means, color="C0", label=f"mean of the last {window} steps")
    if chance is not None:
        ax.axhline(chance, color="C3", linestyle=":", label="a blind guess")
    ax.set(yscale="log", xlabel="step", ylabel="loss")
    ax.legend(frameon=False, fontsize=9, loc="lower left")
    return figure
