"""A formula that is compiled statement by statement: a change of one compiles that one alone.

Two changes at once are thousands of formulas, and to compile one takes longer than to try it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from types import CodeType
from typing import Any

from ..formula import Formula, compiled

Step = tuple[int, Hashable]  # a statement, and the name of its change; None for none


class Steps:
    """A function that runs statements one after another, and returns the value of the last.

    >>> one = compile("y = 2 * x", "", "exec")
    >>> Steps([one], compile("y + 1", "", "eval"), {})(x=3)
    7
    """

    __slots__ = ("codes", "last", "space")

    def __init__(self, codes: list[CodeType], last: CodeType, space: dict[str, Any]) -> None:
        self.codes, self.last, self.space = codes, last, space

    def __call__(self, **inputs: Any) -> Any:
        space = {**self.space, **inputs}
        for code in self.codes:
            exec(code, space)
        return eval(self.last, space)


class Stepwise(Formula):
    """A formula whose tree is changed in place, one statement at a time.

    Parameters
    ----------
    tree, space : see `Formula`.
    first : the statement that was changed already.
    codes : what the other statements compile to, changed or not, by the number of each and the name
        of its change; the same for every `first`.
    """

    def __init__(
        self,
        tree: ast.FunctionDef,
        space: dict[str, Any],
        first: int | None = None,
        codes: dict[Step, CodeType] | None = None,
    ) -> None:
        super().__init__(tree, space)
        self.first, self.others = first, {} if codes is None else codes
        self.own: dict[Step, CodeType] = {}
        self.straight = _is_straight(tree)

    def build(self, tree: ast.FunctionDef, k: int, name: Hashable = None) -> Callable[..., Any]:
        """The function of the tree, of which statement k is changed just now; another tree is
        compiled as a whole."""
        if tree is not self.tree or not self.straight:
            return compiled(tree, self.space)
        changed = _code(tree.body[k])
        if name is not None:
            self._codes(k)[k, name] = changed
        return self._with(k, changed)

    def known(self, k: int, name: Hashable) -> Callable[..., Any] | None:
        """See `Formula`."""
        changed = self._codes(k).get((k, name))
        return None if changed is None else self._with(k, changed)

    def _with(self, k: int, changed: CodeType) -> Steps:
        body = enumerate(self.tree.body)
        codes = [changed if j == k else self._kept(j, statement) for j, statement in body]
        return Steps(codes[:-1], codes[-1], self.space)

    def _kept(self, j: int, statement: ast.stmt) -> CodeType:
        codes = self._codes(j)
        if (j, None) not in codes:
            codes[j, None] = _code(statement)
        return codes[j, None]

    def _codes(self, j: int) -> dict[Step, CodeType]:
        return self.own if j == self.first else self.others


def _code(statement: ast.stmt) -> CodeType:
    """A statement compiled; of a `return` its value."""
    if isinstance(statement, ast.Return) and statement.value is not None:
        return compile(ast.Expression(statement.value), "<formula>", "eval")
    return compile(ast.Module([statement], []), "<formula>", "exec")


def _is_straight(tree: ast.FunctionDef) -> bool:
    """Whether it returns a value at its end and nowhere else, and every argument must be given."""
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return returns == [tree.body[-1]] and returns[0].value is not None and not tree.args.defaults


def located(new: Any, before: Any) -> None:
    """Give a place in a text to all of a new tree that has none: that of what it replaces.

    >>> new = ast.Name("x", ast.Load())
    >>> located(new, ast.parse("1 + y").body[0].value.right)
    >>> new.col_offset
    4
    """
    line, column = before.lineno, before.col_offset
    left: list[Any] = [new]
    while left:
        node = left.pop()
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            node.lineno, node.col_offset = line, column
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                left.append(part)
            elif isinstance(part, list):
                left += [one for one in part if isinstance(one, ast.AST)]
