"""Names and numbers: another one in the place of the right one."""

from __future__ import annotations

import ast
from typing import Any

from .build import Found, Scope, attribute, binary, code, length, named, number


def other_names(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Another name in its place; the arguments first."""
    if not (isinstance(node, ast.Name) and node.id in scope.names):
        return
    for name in dict.fromkeys((*scope.arguments, *scope.names)):
        if name not in (node.id, "_") and not _decides(place):
            yield named(name), f"{name} stands where {node.id} belongs{_where(place)}"
    if len(node.id) == 1 and node.id.isupper():  # a letter is mostly a size
        for name in scope.arguments:
            words = f"the length of {name} stands where {node.id} belongs{_where(place)}"
            yield length(name), words
    if node.id in scope.arguments and not isinstance(place.parent, ast.Attribute):
        ones = ast.Call(attribute(named("np"), "ones_like"), [node], [])
        yield ones, f"{node.id} is left out, as if it were all ones"


def _decides(place: Any) -> bool:
    """Whether an expression is the condition of a `where`: another array there means nothing."""
    parent = place.parent
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("any", "all")
    return isinstance(parent, ast.Call) and code(parent.func) == "np.where" and place.index == 0


def _where(place: Any) -> str:
    """In which expression, if it is no whole line."""
    return f" in {code(place.parent)}" if isinstance(place.parent, ast.expr) else ""


def sizes_of_names(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Only the sign or the size of an argument, its square, where it stands."""
    if not (isinstance(node, ast.Name) and node.id in scope.names):
        return
    if isinstance(place.parent, ast.Call | ast.Attribute | ast.Subscript | ast.Return):
        return
    for function, said in (("sign", "only the sign"), ("abs", "the absolute value")):
        new = ast.Call(attribute(named("np"), function), [node], [])
        yield new, f"{said} of {node.id} is taken{_where(place)}"
    yield binary(node, ast.Pow(), number(2)), f"{node.id} is squared{_where(place)}"
    words = f"{node.id} @ {node.id}, one number, stands where {node.id} belongs{_where(place)}"
    yield binary(node, ast.MatMult(), node), words
    if isinstance(place.parent, ast.BinOp) and isinstance(place.parent.op, ast.MatMult):
        for other in scope.arguments:
            if other != node.id:
                for sign, said in ((ast.Add(), "added to"), (ast.Sub(), "taken off")):
                    words = f"{other} is {said} {node.id}{_where(place)}, and should not be"
                    yield binary(node, sign, named(other)), words


def parts(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The real part for the imaginary one, and the reverse."""
    other = {"imag": "real", "real": "imag"}
    if isinstance(node, ast.Attribute) and node.attr == "pi":
        words = "the angle is in degrees: 180 stands where pi belongs"
        yield number(180), f"{words}{_where(place)}"
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
    elif isinstance(node, ast.Name) and node.id in scope.names and not _decides(place):
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
        others = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 0, 1]
    for other in dict.fromkeys(others):
        if other != value and not (isinstance(value, int) and other != int(other) and value != 1):
            said = int(other) if other == int(other) else other
            yield number(said), f"{said} stands where {value} belongs in {_around(place, node)}"


def _around(place: Any, node: ast.AST) -> str:
    """The expression that a number stands in."""
    parent = place.parent
    return f"`{code(parent)}`" if isinstance(parent, ast.AST) else f"`{code(node)}`"
