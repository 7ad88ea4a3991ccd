"""What a notebook hands to its page: one style, numbers for the text, figures that move.

A figure is drawn as SVG, in the colours of `plot.PALETTE`. On a page each of them becomes a
variable of the page's style sheet, so that one drawing is read on white paper and on a dark screen.
"""

import io
import json
import re
import uuid
from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from .plot import GREY, INK, LINES, PALETTE

GLUED = "application/papermill.record/"  # where a page looks for a number that it was handed


def style() -> None:
    """Draw every figure of this notebook as SVG, in the book's sizes and colours."""
    import matplotlib.pyplot as plt
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg")
    plt.rcParams.update(
        {
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.prop_cycle": plt.cycler(color=LINES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 10,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "figure.figsize": (5.2, 3.2),
            "font.size": 10,
            "grid.color": GREY,
            "grid.linewidth": 0.4,
            "legend.frameon": False,
            "savefig.facecolor": "none",
            "svg.hashsalt": "course_nn",  # the same drawing is the same file
        }
    )


def glue(name: str, value: object) -> None:
    """Hand a value to the page: its text writes {glue:text}`name`.

    Parameters
    ----------
    name : of the value, the only one on its page.
    value : what str() makes of it is what the reader sees.
    """
    from IPython.display import display

    record = {"scrapbook": {"name": name, "mime_prefix": GLUED}}
    display({f"{GLUED}text/plain": str(value)}, raw=True, metadata=record)


def record(name: str) -> Any:
    """A measurement that travels with the package: what `course_nn/data/NAME.json` holds.

    A page that shows what another machine measured reads it here, and so does its notebook, which
    a reader runs in a folder of their own.

    Parameters
    ----------
    name : "bench" is what `make bench` wrote.

    Raises
    ------
    ValueError : for a name of which there is no record.

    Examples
    --------
    >>> sorted(record("bench"))[:3]
    ['gradcheck', 'layers', 'machine']
    """
    folder = files("course_nn.data")
    file = folder / f"{name}.json"
    if not file.is_file():
        known = sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json"))
        raise ValueError(f"there is no record {name!r}; there are: {', '.join(known)}")
    return json.loads(file.read_text(encoding="utf-8"))


def themed(svg: str) -> str:
    """A drawing whose colours follow the page: each of the palette's becomes a variable.

    >>> themed('<path style="fill: #0072b2"/>')
    '<path style="fill: var(--nn-blue, #0072b2)"/>'
    """
    for name, colour in PALETTE.items():
        variable = f"var(--nn-{name}, {colour.lower()})"
        svg = re.sub(rf"(?<=[: ]){colour}\b", variable, svg, flags=re.IGNORECASE)
    return svg


def drawn(figure: Any) -> str:
    """A figure of matplotlib as one `<svg>` element, themed, to stand inside a page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return themed(text[text.index("<svg") :])


class Moving:
    """A figure in frames, turned by a slider; the first stands where nothing can move."""

    def __init__(self, frames: Sequence[str], captions: Sequence[str], alt: str) -> None:
        self.frames, self.captions, self.alt = list(frames), list(captions), alt

    def __repr__(self) -> str:
        return f"a figure in {len(self.frames)} frames: {self.alt}"

    def _repr_html_(self) -> str:
        name = f"nn-{uuid.uuid4().hex[:8]}"
        frames = "".join(
            f'<div class="nn-frame"{" hidden" if k else ""}>{frame}</div>'
            for k, frame in enumerate(self.frames)
        )
        captions = "".join(f"<span hidden>{escape(c)}</span>" for c in self.captions)
        turn = (
            "const f=this.closest('.nn-moving'),k=+this.value,"
            "c=f.querySelectorAll('.nn-captions span');"
            "f.querySelectorAll('.nn-frame').forEach((e,i)=>{e.hidden=i!==k});"
            "f.querySelector('output').textContent=c[k].textContent;"
            "this.setAttribute('aria-valuetext',c[k].textContent)"
        )
        first = escape(self.captions[0])
        return (
            f'<div class="nn-moving"><div role="img" aria-label="{escape(self.alt)}">{frames}</div>'
            f'<div class="nn-slider"><label for="{name}">step</label>'
            f'<input id="{name}" type="range" min="0" max="{len(self.frames) - 1}" value="0"'
            f' step="1" aria-valuetext="{first}" oninput="{turn}">'
            f'<output for="{name}">{first}</output></div>'
            f'<div class="nn-captions" hidden>{captions}</div></div>'
        )


def moving(
    draw: Callable[[Any, int], object],
    captions: Sequence[str],
    *,
    alt: str,
    size: tuple[float, float] = (5.2, 3.0),
) -> Moving:
    """A figure that a reader moves: frame k is what draw(figure, k) draws.

    Parameters
    ----------
    draw : takes an empty figure of matplotlib and the number of the frame.
    captions : a line for each frame, shown beside the slider and read aloud.
    alt : what is seen, for who does not see it.
    size : of a frame, inches.

    Examples
    --------
    >>> moving(lambda figure, k: figure.text(0, 0, k), ["one", "two"], alt="a number")
    a figure in 2 frames: a number
    """
    import matplotlib.pyplot as plt

    frames = []
    for k in range(len(captions)):
        figure = plt.figure(figsize=size, layout="constrained")
        draw(figure, k)
        frames.append(drawn(figure))
        plt.close(figure)
    return Moving(frames, captions, alt)
