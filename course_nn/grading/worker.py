"""The worker: runs a student's cells, then answers calls of the student's functions over a pipe.

It is started by path, with no site packages but NumPy; it holds no tests, no right answers and
no `course_nn`. What it says is never trusted: the grader compares, and the grader scores.
"""

import ast
import builtins
import contextlib
import os
import resource
import sys
import types
from typing import Any

if __name__ == "__main__":  # started by path: `protocol` lies beside this file
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import lockdown  # type: ignore[import-not-found]
    import protocol  # type: ignore[import-not-found]

    sys.path.pop(0)
else:
    from . import lockdown, protocol

MAX_ERRORS = 50


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

    def run(self, number: int) -> dict | None:
        """Run one cell; return what it raised, or None."""
        name = f"<cell {number}>"
        try:
            exec(compile(self.sources[name], name, "exec"), self.space)
        except BaseException as error:
            return {"cell": number, **self.tell(error)}
        return None

    def tell(self, error: BaseException) -> dict:
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
        return {"type": kind[:80], "message": _message(error), "line": line, "source": source}

    def line(self, name: str, number: int) -> str:
        """Return one line of a cell."""
        lines = self.sources[name].split("\n")
        return lines[number - 1].strip()[:200] if 1 <= number <= len(lines) else ""

    def answer(self, name: str, inputs: list) -> tuple[dict, list]:
        """Call one function; return the reply and its arrays."""
        function = self.space.get(name)
        if not callable(function):
            return {"status": "missing"}, []
        before = [protocol.np.array(value) for value in inputs]
        arrays: list = []
        try:
            tree = protocol.describe(function(*inputs), arrays)
        except NotImplementedError:
            return {"status": "stub"}, []
        except BaseException as error:
            return {"status": "raised", **self.tell(error)}, []
        changed = [
            i
            for i, (value, old) in enumerate(zip(inputs, before, strict=True))
            if not protocol.np.array_equal(value, old, equal_nan=True)
        ]
        return {"status": "ok", "value": tree, "changed": changed}, arrays


def _message(error: BaseException) -> str:
    try:
        return str(error)[:500]
    except BaseException:
        return ""


def limit(memory: int, cpu_seconds: int) -> None:
    """Bound memory, processor time, file size and processes, for good."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 1 << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
            resource.setrlimit(what, (most, most))


def silence() -> None:
    """Point stdin, stdout and stderr at nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)


def serve(channel: protocol.Channel) -> None:
    """Run the cells that the first message brings, then answer calls until the pipe closes."""
    start, _ = channel.receive()
    ticket = start["ticket"]
    limit(start["memory"], start["cpu_seconds"])
    sealed = lockdown.seal(start["readable"], start["listable"])
    sys.modules.update(course_shim())
    notebook = Notebook(start["cells"])
    errors: list[dict] = []
    channel.send({"ticket": ticket, "op": "up"}, [])
    for number in range(1, len(start["cells"]) + 1):
        if number in start["skip"]:
            continue
        channel.send({"ticket": ticket, "op": "cell", "cell": number}, [])
        error = notebook.run(number)
        if error and len(errors) < MAX_ERRORS:
            errors.append(error)
    channel.send({"ticket": ticket, "op": "ready", "errors": errors, "sealed": sealed}, [])
    while True:
        header, arrays = channel.receive()
        inputs = [protocol.restore(tree, arrays) for tree in header["inputs"]]
        inputs = [a.item() if a.ndim == 0 else a for a in inputs]
        reply, results = notebook.answer(header["name"], inputs)
        channel.send({"ticket": header["ticket"], **reply}, results)


def main() -> None:
    """Serve on the two file descriptors that the command line names."""
    silence()
    with contextlib.suppress(EOFError):
        serve(protocol.Channel(int(sys.argv[1]), int(sys.argv[2])))
    os._exit(0)


if __name__ == "__main__":
    main()
