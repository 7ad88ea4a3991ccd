"""The benchmark's figures for the book, drawn from its record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .table import millis

OURS, THEIRS, FLOOR = "#1f6f8b", "#c46b3c", "#3a3a3a"


def draw(record: dict[str, Any], folder: Path) -> list[Path]:
    """Writes step.svg, layers.svg and way.svg, as far as the record holds them."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "course_nn"  # the same picture has the same bytes
    paths = []
    for name, figure in _figures(record):
        paths.append(folder / f"{name}.svg")
        figure.savefig(paths[-1], metadata={"Date": None})
        figure.savefig(paths[-1].with_suffix(".png"), dpi=150)
    return paths


def _figures(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if record.get("step"):
        yield "step", steps(record["step"])
    if record.get("layers"):
        yield "layers", layers(record["layers"][0])
    if record.get("seeds"):
        yield "way", way(record["seeds"][0]["A"])


def _axes(rows: int, columns: int, **size: Any) -> tuple[Any, list[Any]]:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, squeeze=False, layout="constrained", **size)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, list(axes.flat)


def steps(results: list[dict[str, Any]]) -> Any:
    """A step's time by network, in parts of PyTorch's, with the floor; milliseconds as text."""
    figure, axes = _axes(1, len(results), figsize=(4.8 * len(results), 3.6), sharey=True)
    for ax, result in zip(axes, results, strict=True):
        for i, row in enumerate(result["networks"]):
            _step(ax, i, row)
        ax.set_xticks(range(len(result["networks"])), [r["network"] for r in result["networks"]])
        threads = result["threads"]
        ax.set_title(f"{threads} thread{'s' if threads > 1 else ''}", pad=28)
    axes[0].set_ylabel("a training step, PyTorch's = 1")
    _legend(axes[0], floor=True, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    return figure


def _step(ax: Any, i: int, row: dict[str, Any]) -> None:
    low, median, high = row["ratio"]
    theirs = row["theirs_s"][1]
    quartiles = {"yerr": [[median - low], [high - median]], "ecolor": "#888888"}
    ax.bar(i - 0.2, median, 0.38, color=OURS, **quartiles)
    ax.bar(i + 0.2, 1, 0.38, color=THEIRS)
    floor = row["floor_s"] / theirs
    ax.hlines(floor, i - 0.39, i + 0.39, color=FLOOR, linestyle="--")
    for x, top, seconds in ((i - 0.2, high, row["ours_s"][1]), (i + 0.2, 1, theirs)):
        ax.text(x, top + 0.02, millis(seconds), ha="center", va="bottom", fontsize="small")


def _legend(ax: Any, floor: bool = False, **place: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [Patch(color=OURS, label="course_nn, ms"), Patch(color=THEIRS, label="PyTorch, ms")]
    if floor:
        marks.append(Line2D([], [], color=FLOOR, linestyle="--", label="the machine's floor"))
    ax.legend(handles=marks, frameon=False, fontsize="small", **place)


def layers(result: dict[str, Any]) -> Any:
    """Bars of every layer's forward and backward pass, a panel for each network."""
    networks = result["networks"]
    rows = -(-len(networks) // 2)
    figure, axes = _axes(rows, min(len(networks), 2), figsize=(9, 3.8 * rows))
    for ax, (network, result) in zip(axes, networks.items(), strict=False):
        measured = result["layers"]
        for i, row in enumerate(measured):
            _layer(ax, i, row)
        ax.set_yticks(range(len(measured)), [row["name"].split("(")[0] for row in measured])
        ax.invert_yaxis()
        ax.set_xlabel("ms: forward, and paler backward")
        ax.set_title(network)
    _legend(axes[0], loc="lower right")
    return figure


def _layer(ax: Any, i: int, row: dict[str, Any]) -> None:
    for side, shift, colour in (("ours_s", -0.2, OURS), ("theirs_s", 0.2, THEIRS)):
        forward = 1e3 * row["forward"][side]
        ax.barh(i + shift, forward, 0.38, color=colour)
        if "backward" in row:
            backward = 1e3 * row["backward"][side]
            ax.barh(i + shift, backward, 0.38, left=forward, color=colour, alpha=0.55)


def way(rows: list[dict[str, Any]]) -> Any:
    """How many times as fast as plain Python every version is, on a logarithmic axis."""
    rows = [row for row in rows if "skipped" not in row]
    figure, (ax,) = _axes(1, 1, figsize=(6.5, 0.45 * len(rows) + 1))
    ax.barh(range(len(rows)), [row["times_as_fast"] for row in rows], color=OURS)
    for i, row in enumerate(rows):
        ax.text(row["times_as_fast"] * 1.1, i, f"{row['times_as_fast']:,.0f}×", va="center")
    ax.set_xscale("log")
    ax.set_xlim(0.8, max(row["times_as_fast"] for row in rows) * 8)
    ax.set_yticks(range(len(rows)), [row["name"] for row in rows])
    ax.invert_yaxis()
    ax.set_xlabel("times as fast as plain Python, a training step of the conv network")
    return figure
