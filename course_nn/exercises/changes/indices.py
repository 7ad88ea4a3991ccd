"""Indices and comparisons: off by one, swapped, one short; `>` for `>=`."""

from __future__ import annotations

import ast
from typing import Any

from .build import Found, Scope, attribute, binary, called, code, named, number


def indices(node: ast.expr, scope: Scope, place: Any) -> Found:
    """An index off by one, two of them swapped, a slice one short or missing."""
    if not isinstance(node, ast.Subscript):
        return
    index = node.slice
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    yield node.value, f"the index of {code(node)} is missing{_around(place)}"
    for i in range(len(parts) - 1):
        swapped = [*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]]
        words = f"{code(parts[i])} and {code(parts[i + 1])} are swapped in {code(node)}"
        yield _indexed(node, swapped), words
    if len(parts) > 1 and called(parts[0]) == "arange":
        every = ast.Slice(None, None, None)
        words = f"`:` takes all rows where {code(parts[0])} takes one for each, in {code(node)}"
        yield _indexed(node, [every, *parts[1:]]), words
    for i, part in enumerate(parts):
        for new, words in _other_index(part, node):
            yield _indexed(node, [*parts[:i], new, *parts[i + 1 :]]), words


def _around(place: Any) -> str:
    """In which expression, if it is no whole line."""
    return f" in {code(place.parent)}" if isinstance(place.parent, ast.expr) else ""


def _indexed(node: ast.Subscript, parts: list[ast.expr]) -> ast.expr:
    index = ast.Tuple(parts, ast.Load()) if len(parts) > 1 else parts[0]
    return ast.Subscript(node.value, index, ast.Load())


def _other_index(part: ast.expr, node: ast.Subscript) -> Found:
    if isinstance(part, ast.Slice):
        yield from _other_slice(part, node)
    elif not isinstance(part, ast.Constant | ast.UnaryOp):
        for step, said in ((1, "large"), (-1, "small")):
            words = f"the index {code(part)} of {code(node)} is one too {said}"
            yield binary(part, ast.Add(), number(step)), words


def _other_slice(part: ast.Slice, node: ast.Subscript) -> Found:
    if part.lower is not None or part.upper is not None or part.step is not None:
        every = ast.Slice(None, None, None)
        yield every, f"the slice {code(part)} of {code(node)} is missing"
    for step, said in ((1, "late"), (-1, "early")):
        if part.lower is not None:
            moved = binary(part.lower, ast.Add(), number(step))
            words = f"the start of the slice in {code(node)} is one too {said}"
            yield ast.Slice(moved, part.upper, part.step), words
        if part.upper is not None:
            moved = binary(part.upper, ast.Add(), number(step))
            words = f"the end of the slice in {code(node)} is one too {said}"
            yield ast.Slice(part.lower, moved, part.step), words
    if part.step is not None:
        words = f"the step of the slice in {code(node)} is missing"
        yield ast.Slice(part.lower, part.upper, None), words


def comparisons(node: ast.expr, scope: Scope, place: Any) -> Found:
    """`>` for `>=` and all others; the opposite."""
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
        return
    signs_of: dict[type[ast.cmpop], str] = {
        ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=",
    }  # fmt: skip
    here = signs_of.get(type(node.ops[0]))
    for op, sign in signs_of.items():
        alike = here and (here in ("==", "!=")) == (sign in ("==", "!="))
        if alike and sign != here:
            new = ast.Compare(node.left, [op()], node.comparators)
            yield new, f"`{sign}` stands where `{here}` belongs in {code(node)}"


def masks(node: ast.expr, scope: Scope, place: Any) -> Found:
    """One decision for a whole row where each number has its own; a sign for a mask."""
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
        return
    if not isinstance(node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE):
        return
    for name, said in (("all", "all numbers"), ("any", "one number")):
        whole = ast.Call(attribute(named("np"), name), [node], _by_row())
        yield whole, f"{said} of a row decide for the whole row in {code(node)}"
    total = ast.Call(attribute(named("np"), "sum"), [node.left], _by_row())
    new = ast.Compare(total, node.ops, node.comparators)
    yield new, f"the sum of a row decides for the whole row in {code(node)}"
    sign = ast.Call(attribute(named("np"), "sign"), [node.left], [])
    yield sign, f"the sign of {code(node.left)}, which may be -1, stands where {code(node)} belongs"


def _by_row() -> list[ast.keyword]:
    return [ast.keyword("axis", number(-1)), ast.keyword("keepdims", ast.Constant(True))]
