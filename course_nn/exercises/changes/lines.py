"""The whole of a line: its sign, a factor or a term too many."""

from __future__ import annotations

import ast
import copy
from itertools import combinations
from typing import Any

from .build import Found, Scope, attribute, binary, code, length, named, number


def signs(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A minus dropped; the whole of a line with the other sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand, f"the minus sign of {code(node)} is missing"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield node.operand, f"{code(node.operand)} is taken where its opposite belongs"
    elif isinstance(node, ast.Tuple | ast.Name) and isinstance(place.parent, ast.Return):
        return
    elif place.field == "value" and isinstance(
        place.parent, ast.Assign | ast.AugAssign | ast.Return
    ):
        yield ast.UnaryOp(ast.USub(), node), f"the sign of {_target(place)} is flipped"


def _target(place: Any) -> str:
    """What a line gives; of `a += b` what is added."""
    parent = place.parent
    if isinstance(parent, ast.AugAssign) and not isinstance(parent.value, ast.Tuple):
        doing = {ast.Add: "added to", ast.Sub: "taken off", ast.Mult: "multiplied into"}
        if type(parent.op) in doing:
            return f"what is {doing[type(parent.op)]} {code(parent.target)}"
    if isinstance(parent, ast.Assign):
        return code(parent.targets[0])
    return code(parent.target) if isinstance(parent, ast.AugAssign) else "what is returned"


def swapped_names(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Two names of a line in each other's place."""
    if place.field != "value" or not isinstance(place.parent, ast.Assign | ast.AugAssign):
        return
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in scope.names]
    for one, two in combinations(dict.fromkeys(names), 2):
        changed = _Swap(one, two).visit(copy.deepcopy(node))
        yield changed, f"{one} and {two} have changed places in {code(node)}"


class _Swap(ast.NodeTransformer):
    def __init__(self, one: str, two: str) -> None:
        self.to = {one: two, two: one}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.to.get(node.id, node.id), node.ctx)


def extra_factors(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The whole of a line, or what is added up in it, with something more."""
    parent = place.parent
    if place.field != "value" or not isinstance(parent, ast.Assign | ast.AugAssign | ast.Return):
        return
    if isinstance(node, ast.Tuple | ast.Name):
        return
    what = _target(place)
    yield binary(node, ast.Mult(), number(2)), f"{what} is twice what it should be"
    yield binary(node, ast.Div(), number(2)), f"{what} is half of what it should be"
    size = ast.Call(attribute(named("np"), "abs"), [node], [])
    yield size, f"the absolute value of {what} is taken"
    yield binary(node, ast.Mult(), node), f"{what} is squared"
    for name in scope.arguments:
        count = length(name)
        yield binary(node, ast.Div(), count), f"{what} is divided by the length of {name}"
        yield binary(node, ast.Mult(), count), f"{what} is multiplied by the length of {name}"
    own = code(parent.target).split("[")[0] if isinstance(parent, ast.AugAssign) else ""
    for name in scope.names:
        if name not in scope.loops and name != own:
            yield from _with_name(node, name, what)


def _with_name(node: ast.expr, name: str, what: str) -> Found:
    """The line with one name too many."""
    yield binary(node, ast.Mult(), named(name)), f"{what} has a factor {name} too many"
    yield binary(node, ast.Div(), named(name)), f"{what} is divided by {name}, and should not be"
    yield binary(node, ast.Add(), named(name)), f"{what} has a term {name} too many"
    words = f"{name} is subtracted from {what}, and should not be"
    yield binary(node, ast.Sub(), named(name)), words
