"""Names and numbers: another one in the place of the right one."""

from __future__ import annotations

import ast
from typing import Any

from .build import Found, Scope, attribute, binary, code, named, number


def other_names(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Another name in its place; the arguments first."""
    if not (isinstance(node, ast.Name) and node.id in scope.names):
        return
    for name in dict.fromkeys((*scope.arguments, *scope.names)):
        if name != node.id and name != "_":
            yield named(name), f"{name} stands where {node.id} belongs"
    if node.id in scope.arguments and not isinstance(place.parent, ast.Attribute):
        ones = ast.Call(attribute(named("np"), "ones_like"), [node], [])
        yield ones, f"{node.id} is left out, as if it were all ones"


def parts(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The real part for the imaginary one, and the reverse."""
    other = {"imag": "real", "real": "imag"}
    if isinstance(node, ast.Attribute) and node.attr in other:
        name = other[node.attr]
        yield attribute(node.value, name), f"`.{name}` stands where `.{node.attr}` belongs"


def complements(node: ast.expr, scope: Scope, place: Any) -> Found:
    """β for 1 − β, and the reverse; a mask for its opposite."""
    one_minus = (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and isinstance(node.left, ast.Constant)
        and node.left.value == 1
    )
    if one_minus:
        yield node.right, f"{code(node.right)} stands where {code(node)} belongs"  # type: ignore[attr-defined]
    elif isinstance(node, ast.Name) and node.id in scope.names:
        yield binary(number(1), ast.Sub(), node), f"1 - {node.id} stands where {node.id} belongs"


def constants(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Another number."""
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return
    value: Any = node.value
    keyword_of = place.parent.arg if isinstance(place.parent, ast.keyword) else ""
    if keyword_of in ("axis", "keepdims", "ddof"):
        return  # `reductions` says it better
    others = [value + 1, value - 1, -value, 2 * value, value / 2, 0, 1]
    if 0 < value < 1e-3:
        others = [1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 0, 1]
    for other in dict.fromkeys(others):
        if other != value and not (isinstance(value, int) and other != int(other) and value != 1):
            said = int(other) if other == int(other) else other
            yield number(said), f"{said} stands where {value} belongs in {_around(place, node)}"


def _around(place: Any, node: ast.AST) -> str:
    """The expression that a number stands in."""
    parent = place.parent
    return f"`{code(parent)}`" if isinstance(parent, ast.AST) else f"`{code(node)}`"
