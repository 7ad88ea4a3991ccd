"""The figures that chapters and checks share; matplotlib is imported when something is drawn."""

from collections.abc import Sequence
from functools import cache
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
DARK, LIGHT = "#1A1A1A", "#FFFFFF"  # on a picture, whose colours follow no page
FEW = 400  # signs that a picture holds and is still light
WIDTH = 5.2  # of the widest figure, inches: its letters are still read on a phone


def __getattr__(name: str) -> Any:
    """SIGNED, the map of numbers that have a sign: blue below zero, paper at it, orange above.

    It is made when it is first asked for, because matplotlib is needed to make it.
    """
    if name == "SIGNED":
        return _map("signed", "#00395C", BLUE, "#7FB8DC", PAPER, "#EFAE7A", ORANGE, "#6B2A00")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _map(name: str, *colours: str) -> Any:
    """A map of matplotlib that runs through these colours, evenly spaced."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(f"course_nn_{name}", colours)


def _verdict_map() -> Any:
    """The map of an error: pale blue where it passes, and with a step, orange to brown above."""
    from matplotlib.colors import ListedColormap

    right = _map("right", WASH, PAPER)(np.linspace(0, 1, 128))
    wrong = _map("wrong", "#B84E00", "#6B2A00")(np.linspace(0, 1, 128))
    return ListedColormap(np.concatenate([right, wrong]), "course_nn_verdict")


def signs(ax: Any, values: np.ndarray, *, least: float = 0.1) -> None:
    """Write + or − into each cell of a picture by `imshow`: the colour alone says nothing to some.

    Parameters
    ----------
    ax : axes of matplotlib that show the matrix `values`.
    values : (rows, columns).
    least : a number below this share of the largest one gets no sign.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = plt.figure().subplots()
    >>> signs(ax, np.array([[-2.0, 0.0, 1.0]]))
    >>> len(ax.collections)  # the pluses and the minuses
    2
    >>> plt.close()
    """
    largest = max(float(np.abs(values).max(initial=0)), 1e-300)
    for marker, share in ("+", values / largest), ("_", -values / largest):
        i, j = np.nonzero(share > least)
        colours = [LIGHT if strong else DARK for strong in share[i, j] > 0.55]
        if len(i):
            ax.scatter(j, i, _area(ax, values.shape), colours, marker=marker, linewidths=1)


def _area(ax: Any, shape: tuple[int, ...]) -> float:
    """Of a sign that fills half of a cell, in square points; at most 8 by 8."""
    box = ax.get_position()
    width, height = ax.figure.get_size_inches() * (box.width, box.height) * 72
    return float(min(8, 0.5 * width / shape[1], 0.5 * height / shape[0]) ** 2)


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
    size = (WIDTH, 1.7 * rows)
    figure, axes = plt.subplots(rows, 3, figsize=size, squeeze=False, layout="constrained")
    for row, c in zip(axes, shown, strict=False):
        limit = max(float(np.abs(c.numerical).max(initial=0)), 1e-300)
        gradients = {"analytic": c.analytic, "numerical": c.numerical}
        for ax, (title, values) in zip(row, gradients.items(), strict=False):
            matrix = as_picture(values)
            style = {"vmin": -limit, "vmax": limit, "interpolation": "none"}
            picture = ax.imshow(matrix, _signed(), aspect="auto", **style)
            ax.set_title(f"d{c.name}, {title}", fontsize=9)
            if matrix.size <= FEW:
                signs(ax, matrix)
        _bar(figure, picture, row[:2])
        _error_map(figure, row[2], c.name, c.relative_error, report.tolerance)
    for ax in axes.flat:
        ax.tick_params(labelsize=9)
        ax.locator_params(nbins=3, integer=True, min_n_ticks=1)
    return figure


def _signed() -> Any:
    return __getattr__("SIGNED")


def _bar(figure: Any, picture: Any, ax: Any, ticks: Sequence[float] | None = None) -> None:
    """The scale of a picture, narrow."""
    bar = figure.colorbar(picture, ax=ax, fraction=0.08, pad=0.02, ticks=ticks)
    bar.ax.tick_params(labelsize=9)
    bar.outline.set_visible(False)


def _error_map(figure: Any, ax: Any, name: str, error: np.ndarray, tolerance: float) -> None:
    """The relative error, on a logarithmic scale whose middle is the tolerance: × is wrong."""
    error = as_picture(error)
    exponent = np.log10(np.clip(error, tolerance * 1e-6, tolerance * 1e6))
    middle = np.log10(tolerance)
    limits = {"vmin": middle - 6, "vmax": middle + 6, "interpolation": "none"}
    picture = ax.imshow(exponent, _verdict_map(), aspect="auto", **limits)
    i, j = np.nonzero(~(error <= tolerance))
    if 0 < len(i) <= FEW:
        ax.scatter(j, i, _area(ax, error.shape), LIGHT, marker="x", linewidths=1)
    ax.set_title(f"log₁₀ error of d{name}", fontsize=9)
    _bar(figure, picture, ax, [middle - 6, middle, middle + 6])


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
    wrong : True sets a picture's title in orange and bold.
    signed : False draws ink on paper, 0 as white; True draws orange above zero and blue below it,
        with a sign in each pixel where the pixels are few.
    size : of a picture, inches; smaller where the row would be wider than a page.

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
    size = min(size, WIDTH / columns)
    figsize = (columns * size, rows * (size + (0.25 if len(titles) else 0)))
    figure, axes = plt.subplots(rows, columns, figsize=figsize, squeeze=False, layout="constrained")
    limit = max(float(np.abs(images).max(initial=0)), 1e-300)
    low = -limit if signed else min(0.0, float(images.min(initial=0)))
    style = {"cmap": _signed() if signed else "gray_r", "vmin": low, "vmax": limit}
    style["interpolation"] = "none"  # a pixel is a pixel, however large it is shown
    for i, ax in enumerate(axes.flat):
        ax.axis("off")
        if i < len(images):
            ax.imshow(images[i], **style)
            if signed and images[i].size <= 100:
                signs(ax, images[i] / limit, least=0.15)
        if i < len(titles):
            marked = i < len(wrong) and wrong[i]
            title = ax.set_title(titles[i], fontsize=9, pad=3, color=ORANGE if marked else INK)
            title.set_weight("bold" if marked else "normal")
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
    size = (min(WIDTH, 0.55 * classes + 0.6), 0.45 * classes + 0.6)
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    ax.imshow(mistakes, _map("mistakes", PAPER, "#F0A05A"), vmin=0, vmax=most, aspect="auto")
    for (k, guess), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if k == guess else "normal"
            label = ax.text(guess, k, f"{count:,}", fontsize=9, weight=weight, color=DARK)
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
    chance : the loss of a guess, drawn as a line; for K classes log K.

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
    figure, ax = plt.subplots(figsize=(WIDTH, 3), layout="constrained")
    ax.plot(losses, ".", markersize=3, color=GREY, label="each step")
    means = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    steps = np.arange(window - 1, len(losses))
    ax.plot(steps, means, color=BLUE, label=f"mean of the last {window} steps")
    if chance is not None:
        ax.axhline(chance, color=ORANGE, linestyle=":", label="a blind guess")
    ax.set(yscale="log", xlabel="step", ylabel="loss")
    ax.legend(frameon=False, fontsize=9, loc="lower left")
    return figure
