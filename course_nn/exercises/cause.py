"""Why an answer is float64 or None, where the source of the function shows it.

The function is run once more, line by line: which line makes the first float64 is then a fact. What
in that line does so is said only where it is one of a few things that always do.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np

from .compare import MISSING, Comparison, dtype_of
from .patience import TooSlow, limited
from .task import Inputs

MAKERS = ("zeros", "ones", "empty", "full", "eye", "identity", "linspace")
OF_NUMBERS = ("sqrt", "exp", "log", "where")
Place = tuple[int, dict[str, Any]]  # the number of a line, and the names that it saw


def told(comparison: Comparison, function: Callable) -> Comparison:
    """The same comparison; its wrong outputs say the cause too, where it is seen."""
    outputs = []
    single = dtype_of(comparison.inputs) == np.float32
    doubles = {o.name for o in comparison.wrong if o.fault == "dtype" and _is_double(o.value)}
    doubled = _doubled(comparison.inputs, function) if single and doubles else ""
    for place, output in enumerate(comparison.outputs):
        says = _with_its_place(output.says, function, place)
        says += doubled if output.name in doubles else ""
        outputs.append(replace(output, says=says))
    says = _with_its_place(comparison.says, function, 0)
    return replace(comparison, says=says, outputs=tuple(outputs))


def _tree(function: Callable) -> ast.Module | None:
    """The file or cell that a function stands in."""
    file = getattr(getattr(function, "__code__", None), "co_filename", "")
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):  # a cell with magic commands, or no Python at all
        return None


# -- None ------------------------------------------------------------------------------------------


def _with_its_place(says: str, function: Callable, place: int) -> str:
    """A sentence; where it misses a `return`, in which function, if that is seen."""
    if not says.endswith(MISSING) or not (called := _gave_none(function, place)):
        return says
    return says.replace(MISSING, f"{called} gives None, so probably its `return` is missing")


def _gave_none(function: Callable, place: int) -> str:
    """Which function made the output at a place of what is returned, where one did."""
    tree, name = _tree(function), getattr(function, "__name__", "")
    nodes = list(ast.walk(tree)) if tree else []
    defined = [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == name]
    within = list(ast.walk(defined[-1])) if defined else []
    returned = [n.value for n in within if isinstance(n, ast.Return)][-1:]
    for value in returned:
        given = value.elts[place] if isinstance(value, ast.Tuple) else value
        if isinstance(given, ast.Name):
            made = (n for n in within if isinstance(n, ast.Assign) and _gives(n, given.id))
            given = next((n.value for n in made), None)
        if isinstance(given, ast.Call):
            return ast.unparse(given.func).split(".")[-1]
    return ""


def _gives(statement: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)


# -- float64 ---------------------------------------------------------------------------------------


def _doubled(inputs: Inputs, function: Callable) -> str:
    """Which line makes the first float64, and what in it does so."""
    found, tree = first_double(function, inputs), _tree(function)
    statement = _statement_at(tree, found[0]) if tree and found else None
    if found is None or statement is None:
        return ""
    text = ast.unparse(statement).splitlines()[0]
    text = text if len(text) <= 70 else f"{text[:69]}…"
    why = "".join(f" ({reason})" for reason in list(_reasons(statement, found[1]))[:1])
    return f": the first float64 is made at line {found[0]} of its cell, `{text}`{why}"


def first_double(function: Callable, inputs: Inputs) -> Place | None:
    """The line of the function's file after which a name holds float64, or which returns it."""
    file, before = getattr(getattr(function, "__code__", None), "co_filename", ""), sys.gettrace()
    found: list[Place] = []
    last: dict[FrameType, int] = {}

    def look(frame: FrameType, event: str, value: Any) -> Any:
        if found or frame.f_code.co_filename != file:
            return None
        held = list(frame.f_locals.values())
        if event == "return":
            held += value if isinstance(value, tuple | list) else [value]
        if event in ("line", "return") and any(map(_is_double, held)):
            found.append((last[frame], dict(frame.f_locals)))
        last[frame] = frame.f_lineno
        return look

    given = [np.copy(v) if isinstance(v, np.ndarray) else v for v in inputs.values()]
    try:
        with limited():
            sys.settrace(look)
            function(*given)
    except (Exception, SystemExit, TooSlow):
        return None
    finally:
        sys.settrace(before)
    return found[0] if found else None


def _is_double(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype == np.float64


def _statement_at(tree: ast.Module, line: int) -> ast.stmt | None:
    """The innermost statement that a line belongs to."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
    found = [s for s in statements if s.lineno <= line <= (s.end_lineno or 0)]
    return max(found, key=lambda s: (s.lineno, s.col_offset), default=None)


def _reasons(statement: ast.stmt, names: dict[str, Any]) -> Iterator[str]:
    """What in a statement makes float64 of anything."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _called(node, node.func, names)
        if isinstance(node, ast.BinOp):
            sides = ((node.left, node.right), (node.right, node.left))
            if any(isinstance(a, ast.Compare) and _is_plain(b, names) for a, b in sides):
                yield "True and False with a plain number make float64"


def _called(call: ast.Call, function: ast.Attribute, names: dict[str, Any]) -> Iterator[str]:
    """What a call of NumPy, or of a method, makes float64 of."""
    name, whose = function.attr, ast.unparse(function.value)
    if name == "astype" and [ast.unparse(a) for a in call.args] in (["float"], ["np.float64"]):
        yield f"astype({ast.unparse(call.args[0])}) makes float64"
    if whose not in ("np", "numpy"):
        return
    of_list = name == "array" and bool(call.args) and isinstance(call.args[0], ast.List)
    if (name in MAKERS or of_list) and not any(w in ast.unparse(call) for w in ("dtype", "float")):
        yield f"np.{name} makes float64 unless it is given a dtype"
    given = call.args[1:] if name == "where" else call.args
    if name in OF_NUMBERS and given and all(_is_plain(a, names) for a in given):
        yield f"np.{name} of plain numbers makes float64"


def _is_plain(node: ast.expr, names: dict[str, Any]) -> bool:
    """Whether an expression is a Python number: no array, and nothing of NumPy."""
    if isinstance(node, ast.Name):
        return type(names.get(node.id)) in (int, float)
    if isinstance(node, ast.BinOp):
        return _is_plain(node.left, names) and _is_plain(node.right, names)
    if isinstance(node, ast.UnaryOp):
        return _is_plain(node.operand, names)
    return isinstance(node, ast.Constant) or ast.unparse(node).startswith("len(")
