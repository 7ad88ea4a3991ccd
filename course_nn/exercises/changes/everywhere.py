"""One mistake made at every place: all reductions over another axis, a factor missing in all."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

from .build import binary, called, keyword, renamed, with_keywords
from .calls import DOING, SWAPPED, axes_said, other_axes

Changed = tuple[tuple[int, ...], str, ast.FunctionDef]
Edit = Callable[[ast.Call], ast.Call]
KINDS = {ast.Mult: "factor", ast.Add: "term", ast.Sub: "term -", ast.Div: "division by"}


def everywhere(tree: ast.FunctionDef) -> Iterator[Changed]:
    """(the statements, words, the changed tree), for what two or more reductions share.

    >>> line = "def f(x):\\n    y = (x - x.mean(axis=0)) / x.std(axis=0)\\n    return y"
    >>> [words for _, words, _ in everywhere(ast.parse(line).body[0])][1:2]
    ['all is reduced over axis 1, not over axis 0']
    """
    given = [keyword(node, "axis") for node in _reductions(tree)]
    axes = [ast.unparse(axis) for axis in given if axis is not None]
    for axis in dict.fromkeys(axes):
        if axes.count(axis) > 1:
            yield from _over_other_axes(tree, axis)
        if (start := _last_two(tree, axis)) > 0:
            yield from _over_other_axes(tree, axis, start)
    kept = [keyword(node, "keepdims") for node in _reductions(tree)]
    if sum(keep is not None for keep in kept) > 1:
        yield _edited(tree, "`keepdims=True` is missing everywhere", _without_keepdims)
    names = [called(node) for node in _reductions(tree)]
    for name, other in (("sum", "mean"), ("mean", "sum"), ("var", "std")):
        if names.count(name) > 1:
            words = f"{DOING[other]} stands where {DOING[name]} belongs, at every place"

            def edit(node: ast.Call, name: str = name, other: str = other) -> ast.Call:
                return renamed(node, other) if called(node) == name else node

            yield _edited(tree, words, edit)
    yield from _left_out(tree)
    yield from _other_functions(tree)
    yield from _other_numbers(tree)


def _left_out(tree: ast.FunctionDef) -> Iterator[Changed]:
    """A factor or a term that stands at several places missing at all of them."""
    found: dict[tuple[str, str], int] = {}
    for node in _nodes(tree, ast.BinOp):
        kind = KINDS.get(type(node.op))
        for part in (node.left, node.right) if kind in ("factor", "term") else (node.right,):
            if kind and isinstance(part, ast.Name | ast.Constant):
                key = (kind, ast.unparse(part))
                found[key] = found.get(key, 0) + 1
    for (kind, part), count in found.items():
        if count > 1:

            def edit(node: ast.expr, kind: str = kind, part: str = part) -> ast.expr:
                if not isinstance(node, ast.BinOp) or KINDS.get(type(node.op)) != kind:
                    return node
                if ast.unparse(node.right) == part:
                    return node.left
                swaps = isinstance(node.op, ast.Add | ast.Mult)
                return node.right if swaps and ast.unparse(node.left) == part else node

            yield _edited(tree, f"the {kind} {part} is missing at every place", edit, ast.expr)


def _other_functions(tree: ast.FunctionDef) -> Iterator[Changed]:
    """Another function of the same kind at every place."""
    names = [called(node) for node in _nodes(tree, ast.Call)]
    for name in dict.fromkeys(names):
        if names.count(name) > 1 and name in SWAPPED:

            def edit(node: ast.expr, name: str = name) -> ast.expr:
                same = isinstance(node, ast.Call) and called(node) == name
                return renamed(node, SWAPPED[name]) if same else node  # type: ignore[arg-type]

            words = f"{SWAPPED[name]} stands where {name} belongs, at every place"
            yield _edited(tree, words, edit, ast.expr)


def _other_numbers(tree: ast.FunctionDef) -> Iterator[Changed]:
    """A power one higher or lower at every place."""
    raised = [node.right for node in _nodes(tree, ast.BinOp) if isinstance(node.op, ast.Pow)]
    powers = [int(p.value) for p in raised if isinstance(p, ast.Constant) and type(p.value) is int]
    for power in dict.fromkeys(powers):
        for step in (1, -1) if powers.count(power) > 1 else ():

            def edit(node: ast.expr, power: int = power, step: int = step) -> ast.expr:
                power_of = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
                if power_of and ast.unparse(node.right) == str(power):  # type: ignore[attr-defined]
                    return binary(node.left, ast.Pow(), ast.Constant(power + step))  # type: ignore[attr-defined]
                return node

            words = f"the power is {power + step}, not {power}, at every place"
            yield _edited(tree, words, edit, ast.expr)


def _nodes(tree: ast.AST, kind: type) -> list[Any]:
    return [node for node in ast.walk(tree) if isinstance(node, kind)]


def _reductions(tree: ast.AST) -> list[ast.Call]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and called(n) in DOING]


def _last_two(tree: ast.FunctionDef, axis: str) -> int:
    """The statement from which on two reductions, and not all, go over an axis; else 0."""
    found: list[int] = []
    for k, statement in enumerate(tree.body):
        over = (keyword(node, "axis") for node in _reductions(statement))
        found += [k for given in over if given is not None and ast.unparse(given) == axis]
    return found[-2] if len(found) > 2 and found[-3] < found[-2] else 0


def _over_other_axes(tree: ast.FunctionDef, given: str, start: int = 0) -> Iterator[Changed]:
    since = f", from `{ast.unparse(tree.body[start])}` on" if start else ""
    for other in other_axes(given):
        value = None if other is None else ast.parse(repr(other), mode="eval").body
        over = "all axes" if other is None else axes_said(repr(other))
        words = f"all is reduced over {over}, not over {axes_said(given)}{since}"

        def edit(node: ast.Call, value: ast.expr | None = value) -> ast.Call:
            axis = keyword(node, "axis")
            same = axis is not None and ast.unparse(axis) == given
            return with_keywords(node, axis=value) if same else node

        yield _edited(tree, words, edit, start=start)
        if isinstance(other, int):

            def kept(node: ast.Call, edit: Edit = edit) -> ast.Call:
                new = edit(node)
                return new if new is node else with_keywords(new, keepdims=ast.Constant(True))

            yield _edited(tree, words, kept, start=start)


def _without_keepdims(node: ast.Call) -> ast.Call:
    return with_keywords(node, keepdims=None)


def _edited(
    tree: ast.FunctionDef, words: str, edit: Callable, kind: type = ast.Call, start: int = 0
) -> Changed:
    """A copy of the tree with every reduction edited, or every expression, from a statement on."""
    changed = copy.deepcopy(tree)
    editor = _Editor(edit) if kind is ast.Call else _Everything(edit)
    changed.body[start:] = [editor.visit(statement) for statement in changed.body[start:]]
    pairs = zip(tree.body, changed.body, strict=True)
    lines = tuple(k for k, (one, two) in enumerate(pairs) if ast.dump(one) != ast.dump(two))
    return lines, words, ast.fix_missing_locations(changed)


class _Everything(ast.NodeTransformer):
    """Edits every expression, the inner ones first."""

    def __init__(self, edit: Callable) -> None:
        self.edit = edit

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """The node with its parts edited, and itself."""
        super().generic_visit(node)
        return self.edit(node) if isinstance(node, ast.expr) else node


class _Editor(ast.NodeTransformer):
    def __init__(self, edit: Edit) -> None:
        self.edit = edit

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return self.edit(node) if called(node) in DOING else node
