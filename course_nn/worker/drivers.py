"""The functions that a notebook gives for its tasks: their released text is what is run.

A task whose answer is a class has a driver, a short function that runs it. What the student's own
copy does earns nothing; and whoever has printed in it, or written it over, loses nothing.
"""

import ast
import builtins
import types
from typing import Any

import numpy as np

PARTS = (  # of a function's code; where it stands, and what it says of itself, do not count
    "co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_argcount",
    "co_kwonlyargcount", "co_posonlyargcount", "co_exceptiontable",
)  # fmt: skip


class Driver:
    """A function as it was released, and what is given beside it.

    >>> twice = Driver("twice", "def twice(x):\\n    return run(run(x))\\n")
    >>> twice.bound({"run": lambda x: 3 * x}, None)(1)
    9
    """

    def __init__(self, name: str, text: str) -> None:
        self.name, tree = name, ast.parse(text)
        self.code = compile(tree, f"<given {name}>", "exec", dont_inherit=True)
        self.needs = _needs(tree)

    def stands(self, space: dict[str, Any]) -> bool:
        """Whether all is there that it takes from the student."""
        return all(name in space for name in self.needs)

    def bound(self, space: dict[str, Any], theirs: Any) -> Any:
        """The function among the student's names, made anew: no call can change the next one's.

        It is told by the lines of the student's own cell, where that has it unchanged.
        """
        around = {**space, "np": np}
        exec(self.code, around)
        made = around[self.name]
        if same(made, theirs):
            return types.FunctionType(theirs.__code__, around, self.name, made.__defaults__)
        return made


def _needs(tree: ast.Module) -> set[str]:
    """The names that a text takes from elsewhere."""
    nodes = list(ast.walk(tree))
    loads = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    stores = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    defined = {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    arguments = {n.arg for n in nodes if isinstance(n, ast.arg)}
    return loads - stores - defined - arguments - set(vars(builtins)) - {"np"}


def same(given: Any, theirs: Any) -> bool:
    """Whether a function is as it was given, wherever it stands and however it is laid out."""
    if type(theirs) is not types.FunctionType:
        return False
    one, other = given.__code__, theirs.__code__
    alike = all(getattr(one, part) == getattr(other, part) for part in PARTS)
    return alike and _constants(given) == _constants(theirs)


def _constants(function: types.FunctionType) -> tuple[Any, ...]:
    """The constants in its code, without its docstring."""
    found = function.__code__.co_consts
    return found[1:] if found[:1] == (function.__doc__,) else found
