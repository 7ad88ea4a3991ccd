"""The verdict of a check: each output right or wrong, the smallest example of it, and what it is.

In a terminal it is text; in a notebook the same text with a heat map of the error.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from . import heatmap
from .compare import Comparison, Output
from .diagnose import Finding
from .regions import listed
from .task import Broken, Inputs, Task, argument_of

PASSED = "public checks passed; hidden checks remain"
PLURAL = {"is": "are", "has": "have"}
MARKS = {"": "✔", "stub": "○"}
SAID_IN_FULL = ("structure", "type", "dtype", "purity", "warning")  # numbers would add nothing


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check of one task.

    Attributes
    ----------
    task : what was asked.
    comparison : the call that was wrong; None where all were right.
    example : the smallest call that is wrong in the same way, where one was found.
    finding : what the mistake looks like.
    case : in which case it was seen, such as "float32".
    note : something beside, such as what the function printed.
    key : the same for all who answered the same, where that is known.
    """

    task: Task
    comparison: Comparison | None = None
    example: Comparison | None = field(default=None, repr=False)
    finding: Finding = field(default_factory=Finding)
    case: str = ""
    note: str = ""
    key: bytes | None = field(default=None, compare=False, repr=False)
    told: list[int] = field(default_factory=list, compare=False, repr=False)

    @property
    def passed(self) -> bool:
        """Whether nothing was found wrong."""
        return self.comparison is None

    def __bool__(self) -> bool:
        return self.passed

    @property
    def kind(self) -> str:
        """What is wrong: "passed", "stub", "misuse", "call", "endless", "structure", "property",
        "told" (of a property whose sentence names the mistake), "purity", "warning", or of the
        first wrong output "type", "shape", "dtype", "value" or "gradient"."""
        if self.comparison is None:
            return "passed"
        wrong, says = self.comparison.wrong, self.comparison.says
        if isinstance(says, Broken):
            return says.kind
        return wrong[0].fault if wrong else self.comparison.fault

    @property
    def wrong(self) -> str:
        """What is wrong, in a sentence; "" where nothing is."""
        if self.comparison is None:
            return ""
        said = self.comparison.says or "; ".join(together(self.comparison.wrong))
        return said.rstrip(".")

    @property
    def sentence(self) -> str:
        """Which outputs are right and what is wrong, with its full stop."""
        return ended(f"{self.marks()}{self.wrong}")

    @property
    def looks(self) -> str:
        """What it looks like, where a mistake was found that gives the same answer."""
        says = self.comparison.says if self.comparison else ""
        return says.looks if isinstance(says, Broken) else str(self.finding)

    @property
    def inputs(self) -> Inputs:
        """The inputs of the smallest wrong call, by name."""
        shown = self.example or self.comparison
        return dict(shown.inputs) if shown else {}

    def replay(self, function: Callable[..., Any]) -> Any:
        """What a function gives for these inputs."""
        return function(
            *(np.copy(v) if isinstance(v, np.ndarray) else v for v in self.inputs.values())
        )

    # -- as text ----------------------------------------------------------------------------------

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def lines(self, named: bool = True) -> list[str]:
        """The verdict line by line; without its name unless `named`."""
        mark = MARKS.get(self.kind if not self.passed else "", "✘")
        if self.passed:
            return [f"{mark} {self.task.title}: {PASSED}", *self._beside()]
        lines = [f"{mark} {self.task.title}: {self.sentence}"]
        if self.case not in ("", "the usual sizes") and self.kind != "dtype":
            lines.append(f"  It was seen with this case: {self.case}.")
        lines += self.smallest()
        if named and self.looks:
            lines.append(f"  What it looks like: {ended(self.looks)}")
        return lines + self._beside()

    def _beside(self) -> list[str]:
        return [f"  By the way, {ended(self.note)}"] if self.note else []

    def marks(self) -> str:
        """`dx ✔ dW ✘ db ✔: `, where there are several outputs."""
        outputs = self.comparison.outputs if self.comparison else ()
        if len(outputs) < 2:
            return ""
        return " ".join(f"{o.name} {'✘' if o.fault else '✔'}" for o in outputs) + ": "

    def smallest(self) -> list[str]:
        """The smallest failing example, as lines: inputs, yours, right; none where it says less
        than the sentence."""
        if self.example is None or self.kind in SAID_IN_FULL:
            return []
        if "raised NameError" in self.wrong:  # whatever the arguments are
            return []
        rows = list(self.example.inputs.items())
        for output in self.example.wrong:
            both = (("your", output.value), ("right", output.right))
            rows += [(f"{whose} {output.name}", v) for whose, v in both if v is not None]
        lines = [_aligned(f"    {name} = ", shown(value)) for name, value in rows]
        return ["  The smallest example that is wrong:", *lines]

    # -- in a notebook ----------------------------------------------------------------------------

    def tell(self) -> None:
        """Shows itself where it is made, so that two checks in one cell both show."""
        if here := shell():
            self.told.append(here.execution_count)
            _display(self.in_notebook(), self._repr_html_())

    def _ipython_display_(self) -> None:
        """As the last line of a cell it is shown, unless it has been in this cell already."""
        here = shell()
        if here is None or here.execution_count not in self.told:
            _display(self.in_notebook(), self._repr_html_())

    def in_notebook(self) -> str:
        """The text of a notebook: the name of the mistake only on request."""
        lines = self.lines(named=False)
        if not self.passed and self.kind not in ("stub", "misuse"):
            lines.append(f'  More, a step at a time: check.hint("{self.task.number}")')
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The text, and below it the heat map of the error."""
        color = {"passed": "#1a7f37", "stub": "#57606a"}.get(self.kind, "#b35900")
        text = html.escape(self.in_notebook())
        block = (
            f'<pre style="border-left:4px solid {color};padding:.3em .8em;'
            f'white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere">{text}</pre>'
        )
        return block + heatmap.of(self.comparison, partial(argument_of, self.task))


def together(outputs: Iterable[Output]) -> list[str]:
    """What is wrong with outputs; of several that are wrong in the same words once.

    >>> together([Output("dx", "dtype", "dx is float64"), Output("dW", "dtype", "dW is float64")])
    ['dx and dW are float64']
    """
    alike: dict[str, list[str]] = {}
    for output in outputs:
        alike.setdefault(output.says.removeprefix(output.name), []).append(output.name)
    said = []
    for rest, names in alike.items():
        verb, _, more = rest.strip().partition(" ")
        if len(names) > 1 and verb in PLURAL:
            said.append(f"{listed(names)} {PLURAL[verb]} {more}")
        else:
            said += [f"{name}{rest}" for name in names]
    return said


def ended(text: str) -> str:
    """A sentence with its full stop, unless it is a question.

    >>> ended("b is missing"), ended("is there an overflow?")
    ('b is missing.', 'is there an overflow?')
    """
    return text if text.endswith((".", "?", "!")) else f"{text}."


def shell() -> Any:
    """IPython's shell, where this runs in one; else None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _display(text: str, page: str) -> None:
    from IPython.display import display

    display({"text/plain": text, "text/html": page}, raw=True)


def shown(value: Any) -> str:
    """A value in as few characters as say all of it: rounded to four digits, without minus zeros.

    >>> shown(np.array([[1.0, 2.0]]))
    '[[1, 2]]'
    """
    if not isinstance(value, np.ndarray):
        return f"{value + 0.0:.4g}" if isinstance(value, float) else str(value)
    return np.array2string(
        value, separator=", ", threshold=60, edgeitems=2,
        formatter={"float_kind": lambda v: f"{v + 0.0:.4g}"},
    )  # fmt: skip


def _aligned(before: str, text: str) -> str:
    """A text of several lines behind another, each line below the first."""
    return before + text.replace("\n", "\n" + " " * len(before))
