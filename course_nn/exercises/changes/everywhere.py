"""One mistake made at every place: all reductions over another axis, all of them sums or means."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

from .build import called, keyword, renamed, with_keywords
from .calls import DOING, axes_said, other_axes

Changed = tuple[tuple[int, ...], str, ast.FunctionDef]
Edit = Callable[[ast.Call], ast.Call]


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


def _reductions(tree: ast.AST) -> list[ast.Call]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and called(n) in DOING]


def _over_other_axes(tree: ast.FunctionDef, given: str) -> Iterator[Changed]:
    for other in other_axes(given):
        value = None if other is None else ast.parse(repr(other), mode="eval").body
        over = "all axes" if other is None else axes_said(repr(other))
        words = f"all is reduced over {over}, not over {axes_said(given)}"

        def edit(node: ast.Call, value: ast.expr | None = value) -> ast.Call:
            axis = keyword(node, "axis")
            same = axis is not None and ast.unparse(axis) == given
            return with_keywords(node, axis=value) if same else node

        yield _edited(tree, words, edit)
        if isinstance(other, int):

            def kept(node: ast.Call, edit: Edit = edit) -> ast.Call:
                new = edit(node)
                return new if new is node else with_keywords(new, keepdims=ast.Constant(True))

            yield _edited(tree, words, kept)


def _without_keepdims(node: ast.Call) -> ast.Call:
    return with_keywords(node, keepdims=None)


def _edited(tree: ast.FunctionDef, words: str, edit: Edit) -> Changed:
    """A copy of the tree with every reduction edited."""
    changed = copy.deepcopy(tree)
    editor = _Editor(edit)
    changed.body = [editor.visit(statement) for statement in changed.body]
    pairs = zip(tree.body, changed.body, strict=True)
    lines = tuple(k for k, (one, two) in enumerate(pairs) if ast.dump(one) != ast.dump(two))
    return lines, words, ast.fix_missing_locations(changed)


class _Editor(ast.NodeTransformer):
    def __init__(self, edit: Edit) -> None:
        self.edit = edit

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return self.edit(node) if called(node) in DOING else node
