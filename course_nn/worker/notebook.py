"""The student's notebook in the worker: its cells run into one name space, and calls are answered.

Cells run as IPython runs them, but statement by statement: one that fails is noted, and the rest go
on. What was lost with it is kept in mind, so that whoever misses it later is told the first cause.
"""

import __future__

import ast
import contextlib
import inspect
import linecache
import re
import sys
import time
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import shell, standins, statements
from .answer import answer
from .budget import TooLong, limited
from .drivers import Driver, same
from .moments import Moment, remade
from .standins import NotAvailable, StandIn

MAX_ERRORS, MAX_SAID = 50, 100
SHARE = 0.8  # of the seconds that are left: what one statement may take
NO_ROOM = "No usable temporary directory found"  # as tempfile says, and in which folders
ELSEWHERE = (ImportError, OSError, MemoryError, NotAvailable, TooLong)  # may pass in Jupyter
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
CHEAP = (*DEFINES, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


@dataclass(frozen=True)
class Cause:
    """Why a name is not there: what failed first, and whether it may pass in Jupyter."""

    source: str
    reason: str
    elsewhere: bool


@dataclass(frozen=True)
class Waiting:
    """A statement that missed a name, and the error that it left."""

    node: ast.stmt
    missed: str
    error: dict[str, Any]


class Notebook:
    """The student's name space: cells run into it, calls are answered from it.

    Parameters
    ----------
    cells : their texts, as Python.
    allowed : packages that are really here.
    seconds : of processor time for all cells together, should that be limited.
    given : the released text of functions by name, which stands for whatever a cell makes of them.
    """

    def __init__(
        self,
        cells: list[str],
        allowed: Collection[str] = (),
        seconds: float = 0.0,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.sources = {f"<cell {i}>": cell for i, cell in enumerate(cells, 1)}
        self.allowed, self.seconds, self.left = frozenset(allowed), seconds, seconds
        self.drivers = {name: Driver(name, text) for name, text in (given or {}).items()}
        self.main = types.ModuleType("__main__")
        self.space: dict[str, Any] = vars(self.main)
        self.shell = shell.Shell(self._run_text, self.space)
        self.built_in = shell.built_in(self.shell)
        self.space.update(__builtins__=self.built_in, np=np)  # some delete the cell that imports it
        standins.offered.clear()
        standins.checked.clear()
        standins.written.clear()
        standins.here["get_ipython"] = self.built_in["get_ipython"]
        self.lost: dict[str, Cause] = {}
        self.stars: Cause | None = None  # an `import *` that failed
        self.bound: set[str] = set()  # names that a cell gave, of those:
        self.stubs: set[str] = set()  # what is as the notebook gave it
        self.kept: dict[str, Any] = {}  # functions whose names were taken for values
        self.moments: dict[str, Moment] = {}  # what a task's function saw at its check
        self.around: dict[str, dict[str, Any]] = {}  # what it sees in place of that now
        self.waiting: dict[int, list[Waiting]] = {}
        self.errors: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.flags, self.number, self.stopped, self.again = statements.FLAGS, 0, False, False
        for file, text in self.sources.items():  # so that a message can show a line of them
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)

    def order(self, skip: Collection[int] = (), again: bool = True) -> Iterator[int]:
        """The cells to run: each once, and then those again that missed what was given later."""
        yield from (n for n in range(1, len(self.sources) + 1) if n not in skip)
        self.again = True
        for number in sorted(self.waiting) if again else []:
            self.waiting[number] = [one for one in self.waiting[number] if self._found(one)]
            if self.waiting[number]:
                yield number
        self._conclude()

    def run(self, number: int) -> dict[str, Any] | None:
        """Run one cell; return what was raised in it first, or None."""
        self.number, self.stopped, before = number, False, len(self.errors)
        with self._as_main():
            if self.again:
                self._second_try()
            else:
                self._first_try(f"<cell {number}>")
        return self.errors[before] if len(self.errors) > before else None

    def _first_try(self, file: str) -> None:
        start = time.process_time()
        if self._out_of_time() and not statements.DEFINES.search(self.sources[file]):
            self._say(self._used_up())
            return
        cell = statements.read(self.sources[file], file)
        self.left -= time.process_time() - start
        for broken in cell.broken:
            self._failed(broken.error, set(broken.names))
        for node in cell.body:
            self._step(node, file, node is cell.body[-1])

    def _second_try(self) -> None:
        for one in self.waiting.pop(self.number):
            if self._step(one.node, f"<cell {self.number}>", False):
                self.errors.remove(one.error)
                line = self.line(f"<cell {self.number}>", one.node.lineno)
                self._say(
                    f"code cell {self.number}: `{line}` needs {one.missed}, which is defined "
                    "further down: it was run after the other cells"
                )

    def _found(self, one: Waiting) -> bool:
        """Whether there is now what a statement missed, and nothing else gave what it gives."""
        mine = statements.names(one.node)
        return one.missed in self.space and all(name in self.lost for name in mine)

    @contextlib.contextmanager
    def _as_main(self) -> Iterator[None]:
        """The cells' names are those of `__main__`, where dataclasses and doctests look."""
        before = sys.modules["__main__"]
        sys.modules["__main__"] = self.main
        try:
            yield
        finally:
            sys.modules["__main__"] = before

    # -- one statement -----------------------------------------------------------------------------

    def _step(self, node: ast.stmt, file: str, last: bool) -> bool:
        """Run a statement; return whether it came to its end."""
        names = statements.names(node)
        if self._passed_over(node):
            return True
        functions = {name: self.space[name] for name in names if self._written(name)}
        start, before = time.process_time(), len(self.errors)
        try:
            with limited(self._share(node)):
                self._execute(node, file, last)
        except BaseException as error:
            if not self._bare(error, node, file):
                self._failed(error, names, node)
        else:
            self._gave(node, names, functions)
        for name in standins.checked:
            self.moments[name] = Moment(standins.offered[name], self.space, self.stubs)
        standins.checked.clear()
        self.left -= time.process_time() - start
        return len(self.errors) == before

    def _bare(self, error: BaseException, node: ast.stmt, file: str) -> bool:
        """Define a function by its body alone, where what is written around it is not here."""
        bare, cause = statements.bare(node), self._cause(error)
        elsewhere = cause.elsewhere if cause else isinstance(error, ELSEWHERE)
        if not elsewhere or bare is None:
            return False
        with contextlib.suppress(BaseException):
            self._execute(bare, file, False)
            self._gave(bare, statements.names(bare), {})
            return self._say(
                f"code cell {self.number}: {self.line(file, node.lineno)[:80]} … is taken without "
                "its decorators and annotations, which need what is not here"
            )
        return False

    def _execute(self, node: ast.stmt, file: str, last: bool) -> Any:
        """Run a statement; return the value of the last of a cell, should that be an expression."""
        if isinstance(node, ast.If):
            test = self._value(ast.Expression(node.test), file, "eval")
            for inner in statements.apart(node.body if test else node.orelse):
                self._step(inner, file, False)
        elif last and isinstance(node, ast.Expr):
            value = self._value(ast.Expression(node.value), file, "eval")
            shell.show(self.built_in, self.number, value)
            return value
        else:
            self._value(ast.Module([node], []), file, "exec")
        return None

    def _value(self, tree: ast.Module | ast.Expression, file: str, mode: str) -> Any:
        code: types.CodeType = compile(tree, file, mode, self.flags, dont_inherit=True)
        self.flags |= code.co_flags & FUTURE
        found = eval(code, self.space)
        if not code.co_flags & inspect.CO_COROUTINE:
            return found
        from .awaiting import awaited  # asyncio is large, and few notebooks await

        return awaited(found)

    def _run_text(self, text: str) -> Any:
        """Run what a magic was given; return the value of its last line."""
        value = None
        for node in statements.read(text, "<magic>").body:
            value = self._execute(node, "<magic>", True)
            self._gave(node, statements.names(node), {})
        return value

    def _share(self, node: ast.stmt) -> float:
        """The seconds that a statement may take; 0 where nothing is limited."""
        return max(self.left * SHARE, self.seconds / 20)

    # -- what came of it ---------------------------------------------------------------------------

    def _passed_over(self, node: ast.stmt) -> bool:
        """Whether a statement is left out: it would take what is better, or there is no time."""
        cell = f"code cell {self.number}"
        if isinstance(node, DEFINES) and self._written(node.name):
            if statements.is_stub(node):
                return self._say(
                    f"{cell} holds {node.name} as the notebook gives it, below a written one: "
                    "the written one counts"
                )
            if self.stopped:
                return self._say(
                    f"{cell} fails before it defines {node.name} anew: the earlier {node.name} "
                    "counts"
                )
        if self._out_of_time() and not isinstance(node, CHEAP):
            return self._say(self._used_up())
        return False

    def _out_of_time(self) -> bool:
        return self.seconds > 0 >= self.left

    def _used_up(self) -> str:
        return (
            f"the cells used up their {self.seconds:g} s of processor time: from code cell "
            f"{self.number} on, imports, definitions and assignments alone were run"
        )

    def _say(self, sentence: str) -> bool:
        about = sentence.partition(": from code cell")[0]
        if len(self.said) < MAX_SAID and about not in "\n".join(self.said):
            self.said.append(sentence)
        return True

    def _written(self, name: str) -> bool:
        """Whether a cell gave this name a function, or a class, that is no stub."""
        found = self.space.get(name)
        is_one = isinstance(found, types.FunctionType | type)
        return is_one and name in self.bound and name not in self.stubs

    def _gave(self, node: ast.stmt, names: set[str], functions: dict[str, Any]) -> None:
        """Keep in mind what a statement that came to its end gave."""
        self.bound |= names
        self.stubs = self.stubs | names if statements.is_stub(node) else self.stubs - names
        for name in names:
            self.lost.pop(name, None)
            self.kept.pop(name, None)
        for name, function in functions.items():
            if not callable(self.space.get(name)):
                self.kept[name] = function

    def _failed(self, error: BaseException, names: set[str], node: ast.stmt | None = None) -> None:
        """Note what a statement raised, and which names are lost by it."""
        told = {"cell": self.number, **self.tell(error), "names": sorted(names)[:20]}
        cause = self._cause(error) or Cause(
            told["source"], f"{told['type']}: {told['message'][:160]}", isinstance(error, ELSEWHERE)
        )
        self.stopped = self.stopped or not cause.elsewhere
        self.lost.update(dict.fromkeys(names, cause))
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            self.stars = cause
        if isinstance(error, NameError) and error.name and node is not None:
            one = Waiting(node, error.name, told)
            self.waiting.setdefault(self.number, []).append(one)
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(told)

    def _cause(self, error: BaseException) -> Cause | None:
        """Why the name is lost that an error misses, should that be known."""
        if not isinstance(error, NameError):
            return None
        return self.lost.get(str(error.name), self.stars)

    def _conclude(self) -> None:
        """Say which functions stand for the tasks, where that is not plain."""
        text = "\n".join(self.sources.values())
        if "np." in text and not re.search(r"\bimport\b[^\n]{0,200}\bnp\b|pylab|\bnp *=", text):
            self._say("no cell imports NumPy as np: it is there all the same")
        for error in self.errors:
            for name in filter(self._written, error["names"]):
                self._say(
                    f"code cell {error['cell']} fails where it defines {name} anew: "
                    f"the earlier {name} counts"
                )
        for name, driver in self.drivers.items():
            theirs = self._theirs(name)
            if callable(theirs) and not same(driver.bound(self.space, None), theirs):
                self._say(f"the given {name} was used in place of yours")
        self._look_back()
        for name in [*standins.offered, *self.kept]:
            function = self._theirs(name)
            if name not in self.drivers and function is not self.space.get(name):
                called = getattr(function, "__name__", "a function")
                what = "is a value in the end" if name in self.kept else "is not written"
                given = "its check was given" if name in standins.offered else "was there before"
                self._say(f"{name} {what}: {called}, which {given}, counts")

    def _look_back(self) -> None:
        """Keep for each task what its function saw at its check, where that is another now."""
        for name, moment in self.moments.items():
            theirs = self._theirs(name)
            if theirs is not moment.function:
                if getattr(moment.function, "__name__", "") == name and theirs is not None:
                    self._say(f"{name} is defined anew after its check: the new one counts")
            elif changed := moment.changed(self.space):
                self.around[name] = moment.bound(self.space)
                self._say(
                    f"{', '.join(sorted(changed)[:5])} got another meaning after the check of "
                    f"{name}, which is run with what stood there then"
                )

    # -- calls -------------------------------------------------------------------------------------

    def answer(self, name: str, inputs: list) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Call one function; return the reply and its arrays."""
        function = self.chosen(name)
        return answer(_honest(function) if callable(function) else None, inputs, self.tell)

    def chosen(self, name: str) -> Any:
        """The function that stands for a task: the student's, or what was given to run theirs."""
        theirs, driver = self._theirs(name), self.drivers.get(name)
        space = self.around.get(name, self.space)
        if driver and (callable(theirs) or driver.stands(space)):
            return driver.bound(space, theirs)
        return remade(theirs, space) if name in self.around else theirs

    def _theirs(self, name: str) -> Any:
        """The last function that was written under a name; else what its check was given, or what
        its name meant before it was taken for a value."""
        found = self.space.get(name)
        if callable(found) and name not in self.stubs:
            return found
        return self.kept.get(name) or standins.offered.get(name) or found

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
        return {"type": kind[:80], "message": self._why(error), "line": line, "source": source}

    def _why(self, error: BaseException) -> str:
        """What an error says; where it misses something, why that is not there."""
        message = message_of(error)
        if cause := self._cause(error):
            name = str(error.name) if isinstance(error, NameError) else ""
            return f"{name} is not defined, because `{cause.source}` failed before: {cause.reason}"
        if isinstance(error, ModuleNotFoundError) and error.name:
            return standins.absent(error.name)
        if isinstance(error, SyntaxError):
            return str(error.msg)[:500]
        if isinstance(error, FileNotFoundError | PermissionError) and error.filename:
            return f"{message}: there are no files while grading"[-500:]
        if isinstance(error, FileNotFoundError) and NO_ROOM in message:
            return f"{NO_ROOM}: there are no files while grading"
        return message

    def line(self, name: str, number: int) -> str:
        """Return one line of a cell."""
        lines = self.sources[name].split("\n")
        return lines[number - 1].strip()[:200] if 1 <= number <= len(lines) else ""


def _honest(function: Callable) -> Callable:
    """The function, which raises where it returns what only stands in for numbers."""

    def called(*inputs: Any) -> Any:
        found = function(*inputs)
        parts = found if type(found) in (tuple, list) else [found]
        for part in parts[:20]:
            if isinstance(part, StandIn):
                raise NotAvailable(standins.numberless(part))
        return found

    return called


def message_of(error: BaseException) -> str:
    """What an error says, or nothing where it cannot be printed."""
    try:
        return str(error)[:500]
    except BaseException:
        return ""
