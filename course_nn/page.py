"""What a notebook hands to its page: one style, numbers for the text, figures that move.

A figure is drawn as SVG, in the colours of `plot.PALETTE`. On a page each of them becomes a
variable of the page's style sheet, so that one drawing is read on white paper and on a dark screen.
"""

import hashlib
import io
import json
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from .plot import GREY, INK, LINES, PALETTE
from .threads import BROWSER

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
CLOCK = 5e-3 if BROWSER else 1e-6  # seconds that a clock surely tells from none
GLUED = "application/papermill.record/"  # where a page looks for a number that it was handed

# How every figure looks, but for the colours of its lines.
STYLE: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
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


def style() -> None:
    """Draw every figure of this notebook as SVG, in the book's sizes and colours."""
    import matplotlib.pyplot as plt
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg")
    plt.rcParams.update(STYLE | {"axes.prop_cycle": plt.cycler(color=LINES)})


def glue(name: str, value: object) -> None:
    """Hand a value to the page: its text writes {glue:text}`name`.

    Parameters
    ----------
    name : of the value, the only one on its page.
    value : what str() makes of it is what the reader sees.
    """
    from IPython.display import display

    record = {"scrapbook": {"name": name, "mime_prefix": GLUED}}
    text = repr(str(value))  # in quotes: a page would take 4,319 for a pair of numbers
    display({f"{GLUED}text/plain": text}, raw=True, metadata=record)


def timed(run: Callable[[], object], repeats: int = 1) -> float:
    """The seconds that a call takes: of so many the least, for noise only adds.

    A browser's clock stands still for up to a millisecond. There a call is the mean of as many as
    it takes to see it move.

    Parameters
    ----------
    run : is called.
    repeats : how many times it is timed.

    Examples
    --------
    >>> timed(lambda: sum(range(1000)), repeats=3) > 0
    True
    """
    return min(_timed(run) for _ in range(repeats))


def _timed(run: Callable[[], object]) -> float:
    calls, passed, start = 0, 0.0, time.perf_counter()
    while passed < CLOCK:
        run()
        calls, passed = calls + 1, time.perf_counter() - start
    return passed / calls


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
    ['earlier', 'gradcheck', 'layers']
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
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    text = file.getvalue()
    return themed(text[text.index("<svg") :])


def shared(drawings: Sequence[str]) -> tuple[str, list[str]]:
    """What SVG drawings define, once for all of them, and the drawings without it.

    Each drawing of matplotlib brings its letters, markers, clips and images, under names that are
    the next drawing's too; a page that hides one drawing would so take the clips of another. Here
    equal parts become one part, whose name no other figure has.

    Parameters
    ----------
    drawings : `<svg>` elements, as `drawn` makes them.

    Returns
    -------
    definitions : the children of a `<defs>` element.
    drawings : the same, smaller: they refer to the definitions, and hold no other names.

    Examples
    --------
    >>> circle = '<svg xmlns="http://www.w3.org/2000/svg"><defs><circle id="a"/></defs></svg>'
    >>> definitions, drawings = shared([circle, circle])
    >>> definitions.count("<circle"), drawings[0]
    (1, '<svg xmlns="http://www.w3.org/2000/svg" />')
    """
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    figure = hashlib.sha1("".join(drawings).encode()).hexdigest()[:6]
    shelf: dict[str, str] = {}  # the name of each definition
    bare = []
    for drawing in drawings:
        root = ET.fromstring(drawing)
        names = _taken(root, shelf, figure)
        for element in root.iter():
            element.attrib.pop("id", None)
        text = ET.tostring(root, encoding="unicode")
        for old, new in names.items():
            text = re.sub(rf"(?<=#){re.escape(old)}(?=[\")])", new, text)
        bare.append(_short(text))
    named = (part.replace(" ", f' id="{name}" ', 1) for part, name in shelf.items())
    return _short("".join(named).replace(f' xmlns="{SVG}"', "")), bare


def _taken(root: ET.Element, shelf: dict[str, str], figure: str) -> dict[str, str]:
    """Take a drawing's definitions and images out of it; each one's new name, by that it had."""
    names: dict[str, str] = {}
    for parent in [*root.iter()]:
        for k, child in enumerate([*parent]):
            if child.tag == f"{{{SVG}}}image":
                parent[k] = ET.Element(f"{{{SVG}}}use", {f"{{{XLINK}}}href": f"#{id(child)}"})
                child.set("id", str(id(child)))
                names.update(_shelve(child, shelf, figure))
        for defs in parent.findall(f"{{{SVG}}}defs"):
            parent.remove(defs)
            for child in defs:
                names.update(_shelve(child, shelf, figure))
    return names


def _shelve(element: ET.Element, shelf: dict[str, str], figure: str) -> dict[str, str]:
    """Put a definition on the shelf, unless it is there; its name on the page, by that it had."""
    old = element.attrib.pop("id", None)
    if old is None:  # the one style sheet of a drawing: for each <svg> a line, see Moving
        return {}
    element.tail = None
    content = ET.tostring(element, encoding="unicode")
    return {old: shelf.setdefault(content, f"n{figure}{len(shelf)}")}


def _short(svg: str) -> str:
    """A drawing without its line breaks, in hundredths of a point."""

    def rounded(path: re.Match[str]) -> str:
        return re.sub(r"(\.\d\d)\d+", r"\1", path[0])

    return re.sub(r'(?<= d=")[^"]+|(?<=translate\()[^)]+', rounded, re.sub(r"\s*\n\s*", " ", svg))


# What the slider of a moving figure does: show frame k and its caption, and say the caption.
TURN = (
    "const f=this.closest('.nn-moving'),k=+this.value,c=f.querySelectorAll('output span');"
    "f.querySelectorAll('.nn-frame').forEach((e,i)=>{e.hidden=i!==k});"
    "c.forEach((e,i)=>{e.style.visibility=i===k?'visible':'hidden'});"
    "this.setAttribute('aria-valuetext',c[k].textContent)"
)
# Lines end as in matplotlib's own style sheet, which would rule the whole page.
ENDS = "stroke-linejoin:round;stroke-linecap:butt"


class Moving:
    """A figure in frames, turned by a slider; the first stands where nothing can move."""

    def __init__(
        self, frames: Sequence[str], captions: Sequence[str], alt: str, label: str = "step"
    ) -> None:
        self.frames, self.captions = list(frames), list(captions)
        self.alt, self.label = alt, label

    def __repr__(self) -> str:
        return f"a figure in {len(self.frames)} frames: {self.alt}"

    def _repr_html_(self) -> str:
        definitions, drawings = shared(self.frames)
        words = "".join([self.alt, *self.captions, *drawings])
        name = f"nn-{hashlib.sha1(words.encode()).hexdigest()[:8]}"
        frames = "".join(
            f'<div class="nn-frame"{" hidden" if k else ""} style="{ENDS}">{drawing}</div>'
            for k, drawing in enumerate(drawings)
        )
        # All captions lie in one place, so that the page below does not move with them.
        captions = "".join(
            f'<span style="grid-area:1/1;visibility:{"hidden" if k else "visible"}">'
            f"{escape(caption)}</span>"
            for k, caption in enumerate(self.captions)
        )
        # The slider's value is the caption, and is read aloud when it moves: nothing else needs to.
        return (
            '<div class="nn-moving"><svg width="0" height="0" style="position:absolute"'
            f' aria-hidden="true"><defs>{definitions}</defs></svg>'
            f'<div role="img" aria-label="{escape(self.alt)}">{frames}</div>'
            f'<div class="nn-slider"><label for="{name}">{escape(self.label)}</label>'
            f'<input id="{name}" type="range" min="0" max="{len(drawings) - 1}" value="0" step="1"'
            f' autocomplete="off" aria-valuetext="{escape(self.captions[0])}" oninput="{TURN}">'
            f'<output for="{name}" aria-live="off"'
            f' style="display:grid;text-align:left">{captions}</output>'
            "</div></div>"
        )


def moving(
    draw: Callable[[Any, int], object],
    captions: Sequence[str],
    *,
    alt: str,
    size: tuple[float, float] = (5.2, 3.0),
    label: str = "step",
) -> Moving:
    """A figure that a reader moves: frame k is what draw(figure, k) draws.

    Parameters
    ----------
    draw : takes an empty figure of matplotlib and the number of the frame.
    captions : a line for each frame, shown beside the slider and read aloud.
    alt : what is seen, for who does not see it.
    size : of a frame, inches.
    label : what the slider changes, a word or two before it.

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
    return Moving(frames, captions, alt, label)


def minutes(source: str) -> int:
    """How long a chapter takes to read, from its source, to five minutes.

    A minute is 200 words, 3 displayed formulas, 40 lines of code, or 2 functions that are printed
    from the package. Exercises and what is folded away are for another day.

    >>> minutes("word " * 2000)
    10
    """
    source = re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.DOTALL)
    source = re.sub(r"(?ms)^## Exercises$.*?(?=^## |\Z)", "", source)
    fence, formula = r"(?ms)^(`{3,})\{?([\w-]+).*?^\1\s*?$", r"(?ms)^\$\$.*?^\$\$"
    blocks = [(m[2], m[0]) for m in re.finditer(fence, source)]
    prose = re.sub(fence, "", source)
    lines = sum(
        block.count("\n") - 1
        for kind, block in blocks
        if kind in {"code-cell", "python", "sh"} and "hide-input" not in block
    )
    printed = sum(kind == "literalinclude" for kind, _ in blocks)
    formulas = len(re.findall(formula, prose))
    text = re.sub(r"\$[^$\n]+\$", " formula ", re.sub(formula, "", prose))
    words = len(re.findall(r"\S*[A-Za-z]\S*", text))
    return max(5, 5 * round((words / 200 + formulas / 3 + lines / 40 + printed / 2) / 5))


def contents(toc: str | Path = "../_toc.yml") -> Any:
    """The chapters of the book, each with its question and its time, read from their sources.

    Parameters
    ----------
    toc : the table of contents; its pages lie in the folder of the notebook.

    Returns
    -------
    list : Markdown for IPython; without the sources, a line that says so.
    """
    from IPython.display import Markdown

    if not Path(toc).is_file():
        return Markdown("The chapters are listed on the page of the book.")
    lines: list[str] = []
    chapters: int | None = None
    for line in Path(toc).read_text(encoding="utf-8").splitlines():
        kind, _, value = line.strip("- ").partition(": ")
        source = Path(f"{value}.md")
        if kind == "caption":
            lines.append(f"\n**{value}**\n")
            chapters = None  # how far they are indented; what is further is a part of one
        elif kind == "file":
            indent = len(line) - len(line.lstrip())
            chapters = indent if chapters is None else chapters
            if indent == chapters and source.is_file():
                lines.append(_chapter(source))
    return Markdown("\n".join(lines))


def _chapter(source: Path) -> str:
    """A line of the contents: a page's title, and where it opens with a question, that and time."""
    text = source.read_text(encoding="utf-8")
    title = re.search(r"(?m)^# (.+)$", text)
    link = f"- [{title[1] if title else source.stem}]({source.as_posix()})"
    question = re.search(r"(?m)^# .+\n\n\*\*((?:[^*]|\n)+?)\*\*$", text)
    if not question:
        return link
    return f"{link}, {minutes(text)} min\\\n  {' '.join(question[1].split())}"
