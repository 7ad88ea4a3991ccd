"""The verdict of a check: one sentence, what the mistake looks like, and where the error lies.

In a terminal it is text; in a notebook it is the same text with a heat map of the error.
"""

import base64
import html
import io
from dataclasses import dataclass, field

import numpy as np

PASSED = "public checks passed; hidden checks remain"
MARKS = {"passed": "✔", "stub": "○"}


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check of one task."""

    task: str
    kind: str  # "passed", "stub", "call", "shape", "dtype", "value", "gradient", "purity"
    wrong: str = ""  # what is wrong
    looks: str = ""  # what it looks like, where a known mistake gives the same answer
    output: str = ""  # the name of the output that is wrong
    error: np.ndarray | None = field(default=None, compare=False, repr=False)

    @property
    def passed(self) -> bool:
        """Whether nothing was found wrong."""
        return self.kind == "passed"

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        mark = MARKS.get(self.kind, "✘")
        lines = [f"{mark} {self.task}: {self.wrong or PASSED}"]
        if self.looks:
            lines.append(f"  What it looks like: {self.looks}.")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the text, and below it the heat map of the error."""
        color = {"passed": "#1a7f37", "stub": "#57606a"}.get(self.kind, "#b35900")
        text = html.escape(str(self)).replace("\n", "<br>")
        block = f'<div style="border-left:4px solid {color};padding:.3em .8em">{text}</div>'
        return block + self._heat_map()

    def _heat_map(self) -> str:
        if self.error is None or self.error.size < 2:
            return ""
        try:
            png = draw_error(self.error, self.output)
        except ImportError:
            return ""
        code = base64.b64encode(png).decode()
        return (
            f'<img alt="heat map of the error of {self.output}" src="data:image/png;base64,{code}">'
        )


def draw_error(error: np.ndarray, name: str) -> bytes:
    """Draw |yours − right| as a heat map and return it as PNG bytes; needs matplotlib.

    Parameters
    ----------
    error : float array of 1 or more axes; more than 2 are laid out as rows of the first axis.
    name : the output that it belongs to.
    """
    from matplotlib.figure import Figure

    rows = np.atleast_2d(error) if error.ndim < 3 else error.reshape(len(error), -1)
    height = min(4.0, 1.2 + 0.3 * rows.shape[0])
    figure = Figure(figsize=(min(7.0, 2.2 + 0.45 * rows.shape[1]), height), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(np.abs(rows), cmap="magma_r", vmin=0, aspect="auto")
    axes.set(title=f"error of {name}: |yours − right|", xticks=[], yticks=[])
    figure.colorbar(image, ax=axes)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()
