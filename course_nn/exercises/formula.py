"""A right formula as a syntax tree: which line gives which output, and its values when called."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import Any

import numpy as np


class Formula:
    """A function of a few lines of NumPy, kept as a tree that can be changed.

    Parameters
    ----------
    tree : its definition, without decorators and docstring.
    space : the names that it uses beside its own, such as `np`.

    Examples
    --------
    >>> formula = Formula.read("def f(x):\\n    y = 2 * x\\n    return y", {"np": np})
    >>> formula.outputs, formula(x=3.0)
    (('y',), (6.0,))
    """

    def __init__(self, tree: ast.FunctionDef, space: Mapping[str, Any]) -> None:
        self.tree, self.space = ast.fix_missing_locations(tree), dict(space)

    @classmethod
    def read(cls, source: str, space: Mapping[str, Any]) -> Formula:
        """The first function in a text."""
        module = ast.parse(textwrap.dedent(source))
        tree = next(node for node in module.body if isinstance(node, ast.FunctionDef))
        tree.decorator_list = []
        if len(tree.body) > 1 and ast.get_docstring(tree) is not None:
            tree.body = tree.body[1:]
        return cls(tree, space)

    @classmethod
    def of(cls, function: Callable) -> Formula:
        """A function whose source can be read."""
        code = inspect.unwrap(function)
        return cls.read(inspect.getsource(code), code.__globals__)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its arguments."""
        return tuple(argument.arg for argument in self.tree.args.args)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The names of what it returns; of an expression its code."""
        returned = next(n for n in reversed(self.tree.body) if isinstance(n, ast.Return)).value
        parts = returned.elts if isinstance(returned, ast.Tuple) else [returned]
        return tuple(ast.unparse(part) for part in parts if part is not None)

    @cached_property
    def reaches(self) -> dict[int, frozenset[str]]:
        """The outputs that each statement of the body can change, by its place in the body."""
        needed = {name: _names(ast.parse(name, mode="eval")) for name in self.outputs}
        found = {}
        for k in reversed(range(len(self.tree.body))):
            statement = self.tree.body[k]
            if isinstance(statement, ast.Return):
                found[k] = frozenset(self.outputs)
                continue
            given, used = _given(statement), _names(statement)
            found[k] = frozenset(name for name, needs in needed.items() if given & needs)
            for name in found[k]:
                needed[name] = needed[name] | used
        return found

    def made_at(self, output: str) -> int:
        """The place in the body of the statement that is the last to give an output.

        >>> source = "def f(x):\\n    a = 2 * x\\n    b = a + 1\\n    return b, a"
        >>> formula = Formula.read(source, {})
        >>> formula.made_at("b"), formula.made_at("a")
        (1, 0)
        """
        names = _names(ast.parse(output, mode="eval"))
        found = [k for k, statement in enumerate(self.tree.body) if _given(statement) & names]
        return found[-1] if found else len(self.tree.body)

    @cached_property
    def meanings(self) -> dict[str, str]:
        """Names that are neither argument nor output, and the short expressions they stand for."""
        found: dict[str, str] = {}
        for statement in self.tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name, meaning = statement.targets[0].id, ast.unparse(statement.value)
                found[name] = "" if name in found or len(meaning) > 60 else meaning
        known = (*self.arguments, *self.outputs)
        return {name: text for name, text in found.items() if text and name not in known}

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The compiled function."""
        return compiled(self.tree, self.space)

    def build(self, tree: ast.FunctionDef, k: int, name: Hashable = None) -> Callable[..., Any]:
        """The function of a tree that differs from this formula's in statement k.

        name : of the change; unless None, no other of this statement has the same.
        """
        return compiled(tree, self.space)

    def known(self, k: int, name: Hashable) -> Callable[..., Any] | None:
        """The function with a change of statement k that was built before, where it is kept."""
        return None

    def __call__(self, **inputs: Any) -> tuple:
        """One value for each output."""
        with np.errstate(all="ignore"):
            found = self.function(**inputs)
        return found if isinstance(found, tuple) else (found,)


def compiled(tree: ast.FunctionDef, space: dict[str, Any]) -> Callable[..., Any]:
    """The function that a tree defines, all of whose nodes have a place in a text."""
    module = ast.Module([tree], [])
    local: dict[str, Any] = {}
    exec(compile(module, "<formula>", "exec"), space, local)
    return local[tree.name]


def _names(node: ast.AST) -> set[str]:
    """The names that are read anywhere in a tree."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _given(statement: ast.stmt) -> set[str]:
    """The names that a statement assigns, loops and branches included; arrays changed in place."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {_root(target) for target in targets}
    return found - {""}


def _root(target: ast.expr) -> str:
    """The name of the array that `a[i, j] = …` writes to."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""
