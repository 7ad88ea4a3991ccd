"""The benchmark's figures for the book, drawn from its record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    """Bars of a step's time by network, ours and PyTorch's, with the floor drawn across ours."""
    figure, axes = _axes(1, len(results), figsize=(4.5 * len(results), 3.6))
    for ax, result in zip(axes, results, strict=True):
        rows = result["networks"]
        top = max(max(row["ours_s"][2], row["theirs_s"][2]) for row in rows)
        for i, row in enumerate(rows):
            for side, shift, colour in (("ours_s", -0.2, OURS), ("theirs_s", 0.2, THEIRS)):
                low, median, high = (1e3 * t for t in row[side])
                bars = [[median - low], [high - median]]
                ax.bar(i + shift, median, 0.38, yerr=bars, color=colour, ecolor="#888888")
            ax.hlines(1e3 * row["floor_s"], i - 0.42, i + 0.42, color=FLOOR, linestyle="--")
            height = 1e3 * max(row["ours_s"][2], row["theirs_s"][2]) + 15 * top
            ax.text(i, height, f"{row['ratio'][1]:.2f}", ha="center", va="bottom")
        ax.set_xticks(range(len(rows)), [row["network"] for row in rows])
        ax.set_ylim(0, 1150 * top)
        ax.set_ylabel("a training step, ms")
        threads = result["threads"]
        ax.set_title(f"{threads} thread{'s' if threads > 1 else ''}")
    _legend(axes[0], floor=True)
    return figure


def _legend(ax: Any, floor: bool = False) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [Patch(color=OURS, label="course_nn"), Patch(color=THEIRS, label="PyTorch, eager")]
    if floor:
        marks.append(Line2D([], [], color=FLOOR, linestyle="--", label="the machine's floor"))
    ax.legend(handles=marks, frameon=False, loc="upper left")


def layers(result: dict[str, Any]) -> Any:
    """Bars of every layer's forward and backward pass, a panel for each network."""
    networks = result["networks"]
    figure, axes = _axes(1, len(networks), figsize=(3.6 * len(networks), 4.2))
    for ax, (network, rows) in zip(axes, networks.items(), strict=True):
        for i, row in enumerate(rows):
            for side, shift, colour in (("ours_s", -0.2, OURS), ("theirs_s", 0.2, THEIRS)):
                forward = 1e3 * row["forward"][side]
                backward = 1e3 * row["backward"][side] if "backward" in row else 0.0
                ax.barh(i + shift, forward, 0.38, color=colour)
                ax.barh(i + shift, backward, 0.38, left=forward, color=colour, alpha=0.55)
        ax.set_yticks(range(len(rows)), [row["name"].split("(")[0] for row in rows])
        ax.invert_yaxis()
        ax.set_xlabel("ms: forward, backward paler")
        ax.set_title(network)
    _legend(axes[0])
    axes[0].legend_.set_loc("lower right")
    return figure


def way(rows: list[dict[str, Any]]) -> Any:
    """How many times as fast as plain Python every stage is, on a logarithmic axis."""
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
