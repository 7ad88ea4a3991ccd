"""The student's notebook in the worker: its cells run into one name space, and calls are answered.

`course_nn` is not here; what stands in for it lets an import pass, and says so at any use.
"""

import ast
import builtins
import contextlib
import types
from typing import Any

import numpy as np

from .answer import answer


class Closed:
    """Stands for a part of `course_nn` that is not here: any use says so."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, part: str) -> Any:
        if part.startswith("__"):
            raise AttributeError(part)
        raise AttributeError(
            f"{self._name}.{part} is not available while grading: write the task with NumPy"
        )


class Quiet:
    """Stands for `check`: every check accepts anything and says nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def course_shim() -> dict[str, types.ModuleType]:
    """Return modules that let `import course_nn` and `import check` pass, and hold nothing."""
    course, exercises = types.ModuleType("course_nn"), types.ModuleType("course_nn.exercises")
    closed = Closed("course_nn")
    course.__path__, exercises.__path__ = [], []
    course.__getattr__ = closed.__getattr__  # type: ignore[method-assign]
    course.exercises, exercises.check = exercises, Quiet()  # type: ignore[attr-defined]
    return {"course_nn": course, "course_nn.exercises": exercises}


def plain_python(cell: str) -> str:
    """Return the cell without IPython's magics; a cell that is Python already stays as it is."""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        ast.parse(cell)
        return cell
    first, _, rest = cell.lstrip().partition("\n")
    if first.startswith("%%"):
        return rest if first.split()[0] in ("%%time", "%%timeit", "%%capture", "%%prun") else ""
    return "\n".join(_plain_line(line) for line in cell.split("\n"))


def _plain_line(line: str) -> str:
    code = line.strip()
    if code.startswith(("%", "!", "?")) or code.endswith("?"):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return line


class Notebook:
    """The student's name space: cells run into it, calls are answered from it."""

    def __init__(self, cells: list[str]) -> None:
        self.sources = {f"<cell {i}>": plain_python(cell) for i, cell in enumerate(cells, 1)}
        self.space: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}

    def run(self, number: int) -> dict[str, Any] | None:
        """Run one cell; return what it raised, or None."""
        name = f"<cell {number}>"
        try:
            exec(compile(self.sources[name], name, "exec"), self.space)
        except BaseException as error:
            return {"cell": number, **self.tell(error)}
        return None

    def answer(self, name: str, inputs: list) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Call one function; return the reply and its arrays."""
        return answer(self.space.get(name), inputs, self.tell)

    def tell(self, error: BaseException) -> dict[str, Any]:
        """Say in plain fields what was raised, and at which line of which cell."""
        kind, line, source = type(error).__name__, 0, ""
        trace = error.__traceback__
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if name in self.sources:
                line, source = trace.tb_lineno, self.line(name, trace.tb_lineno)
            trace = trace.tb_next
        if isinstance(error, SyntaxError) and error.filename in self.sources:
            line, source = error.lineno or 0, self.line(error.filename, error.lineno or 0)
        return {"type": kind[:80], "message": message_of(error), "line": line, "source": source}

    def line(self, name: str, number: int) -> str:
        """Return one line of a cell."""
        lines = self.sources[name].split("\n")
        return lines[number - 1].strip()[:200] if 1 <= number <= len(lines) else ""


def message_of(error: BaseException) -> str:
    """What an error says, or nothing where it cannot be printed."""
    try:
        return str(error)[:500]
    except BaseException:
        return ""
