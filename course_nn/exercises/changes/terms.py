"""Sums, products and powers: a sign, a term, a factor, a root."""

from __future__ import annotations

import ast
import copy
from contextlib import suppress
from typing import Any

from .build import Found, Scope, attribute, binary, called, code, length, named, number


def missing(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A term or a factor left out."""
    if not isinstance(node, ast.BinOp):
        return
    left, right, op = node.left, node.right, node.op
    if isinstance(op, ast.Add | ast.Sub):
        sign = "+" if isinstance(op, ast.Add) else "-"
        tiny = isinstance(right, ast.Constant) and isinstance(right.value, float)
        less = " or far smaller" if tiny and 0 < right.value < 0.1 else ""  # type: ignore[attr-defined]
        yield left, f"the term {sign} {code(right)} is missing{less}"
    if isinstance(op, ast.Add):
        yield right, f"the term {code(left)} is missing"
    if isinstance(op, ast.Mult):
        yield left, f"the factor {code(right)} is missing{_inside(node, place)}"
        yield right, f"the factor {code(left)} is missing{_inside(node, place)}"
    if isinstance(op, ast.Div):
        yield left, f"the division by {code(right)} is missing"


def _inside(node: ast.expr, place: Any) -> str:
    """In which product, where it is not the whole of a line."""
    whole = place.field == "value" and isinstance(
        place.parent, ast.Assign | ast.AugAssign | ast.Return
    )
    return "" if whole else f" in {code(node)}"


def sums(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A sign, a difference the wrong way round."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)):
        return
    left, right = node.left, node.right
    plus = isinstance(node.op, ast.Add)
    yield (
        binary(left, ast.Sub() if plus else ast.Add(), right),
        f"{code(right)} is {'subtracted, not added' if plus else 'added, not subtracted'}",
    )
    if plus:
        yield binary(left, ast.Mult(), right), f"{code(right)} multiplies where it must be added"
    else:
        yield (
            binary(right, ast.Sub(), left),
            f"the difference {code(node)} is taken the other way round",
        )
        yield right, f"{code(right)} stands alone where {code(node)} belongs"
        minus = ast.UnaryOp(ast.USub(), right)
        yield minus, f"{code(left)} is left out of {code(node)}"
    if isinstance(right, ast.Constant):
        return
    twice = binary(left, type(node.op)(), binary(number(2), ast.Mult(), right))
    yield twice, f"{code(right)} is {'added' if plus else 'subtracted'} twice"


def means_of_differences(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The mean of a difference for each of its numbers."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        mean = ast.Call(attribute(named("np"), "mean"), [node], [])
        spread = ast.Call(attribute(named("np"), "full_like"), [node, mean], [])
        yield spread, f"the mean of {code(node)} stands for each of its numbers"


def early_terms(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A term added before the product, to its left factor."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return
    left, right = node.left, node.right
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.MatMult | ast.Mult):
        early = binary(left.left, ast.Add(), right)
        words = f"{code(right)} is added before the product, to {code(left.left)}"
        yield binary(early, type(left.op)(), left.right), words


def scaled_terms(node: ast.expr, scope: Scope, place: Any) -> Found:
    """One of two terms with a factor too many; one added as a column."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)):
        return
    left, right, op = node.left, node.right, type(node.op)
    for name in scope.names:
        if name not in scope.loops:
            more = binary(left, op(), binary(right, ast.Mult(), named(name)))
            yield more, f"{code(right)} has a factor {name} too many"
    for name in scope.arguments:
        count = length(name)
        words = f"{code(right)} is divided by the length of {name}"
        yield binary(left, op(), binary(right, ast.Div(), count)), words
        words = f"{code(left)} is divided by the length of {name}"
        yield binary(binary(left, ast.Div(), count), op(), right), words
    if isinstance(right, ast.Name):
        words = f"{right.id} is added as a column, a number for each row"
        yield binary(left, op(), _column(right)), words


def column_factors(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A factor for each row, where there is one for each column."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)):
        return
    left, right, op = node.left, node.right, type(node.op)
    said = "multiplies" if op is ast.Mult else "divides"
    words = f"{said} as a column, a number for each row, in {code(node)}"
    if isinstance(right, ast.Name):
        yield binary(left, op(), _column(right)), f"{right.id} {words}"
    if isinstance(left, ast.Name) and op is ast.Mult:
        yield binary(_column(left), op(), right), f"{left.id} {words}"


def _column(node: ast.expr) -> ast.expr:
    return ast.Call(attribute(node, "reshape"), [number(-1), number(1)], [])


def small_numbers(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A small number added where none belongs: to a denominator, inside a logarithm."""
    for small in (1e-8, 1e-12, 1e-7, 1e-6, 1e-5, 1e-3):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            more = binary(node.right, ast.Add(), number(small))
            words = f"a small number, {small:g}, is added to the denominator {code(node.right)}"
            yield binary(node.left, ast.Div(), more), words
        if isinstance(node, ast.Call) and called(node) == "log":
            more = binary(node.args[0], ast.Add(), number(small))
            words = f"a small number, {small:g}, is added inside {code(node)}"
            yield ast.Call(node.func, [more], []), words


def factors(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A product for a quotient, a quotient upside down."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)):
        return
    left, right = node.left, node.right
    if isinstance(node.op, ast.Mult):
        yield binary(left, ast.Div(), right), f"it is divided by {code(right)}, not multiplied"
        yield binary(right, ast.Div(), left), f"it is divided by {code(left)}, not multiplied"
        yield binary(left, ast.Add(), right), f"{code(right)} is added where it must multiply"
        less = f"{code(right)} is subtracted where it must multiply"
        yield binary(left, ast.Sub(), right), less
        square = binary(right, ast.Pow(), number(2))
        yield binary(left, ast.Mult(), square), f"the factor {code(right)} stands there twice"
    else:
        yield binary(left, ast.Mult(), right), f"it is multiplied by {code(right)}, not divided"
        yield binary(right, ast.Div(), left), f"the quotient {code(node)} is upside down"
        square = binary(right, ast.Pow(), number(2))
        twice = f"it is divided by {code(right)} twice"
        root = f"the square root is missing in {code(right)}"
        yield binary(left, ast.Div(), square), root if called(right) == "sqrt" else twice
        yield binary(left, ast.Sub(), right), f"{code(right)} is subtracted, it must divide"
        down = f"`//` rounds down where `/` belongs in {code(node)}"
        yield binary(left, ast.FloorDiv(), right), down


def brackets(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The brackets forgotten: of a sum in a product or quotient, of a denominator, of a base."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.Pow)):
        return
    op, left, right = type(node.op), node.left, node.right
    if op is ast.Pow:
        if isinstance(left, ast.BinOp) and not isinstance(left.op, ast.Pow):
            late = binary(left.left, type(left.op)(), binary(left.right, ast.Pow(), right))
            yield late, f"the brackets round {code(left)} are missing in {code(node)}"
        return
    if op is ast.Div and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult | ast.Div):
        flat = binary(binary(left, op(), right.left), type(right.op)(), right.right)
        yield flat, f"the brackets round {code(right)} are missing in {code(node)}"
    for inner in (left, right):
        if not (isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub)):
            continue
        sign = type(inner.op)
        near = inner is left
        new = (
            binary(inner.left, sign(), binary(inner.right, op(), right))
            if near
            else binary(binary(left, op(), inner.left), sign(), inner.right)
        )
        yield new, _out_of_brackets(node, inner, near)


def _out_of_brackets(node: ast.expr, inner: ast.BinOp, near: bool) -> str:
    """Which brackets are missing; or which of many terms stands outside of them."""
    many = isinstance(inner.left, ast.BinOp) and isinstance(inner.left.op, ast.Add | ast.Sub)
    if near or not many:
        return f"the brackets round {code(inner)} are missing in {code(node)}"
    sign = "+" if isinstance(inner.op, ast.Add) else "-"
    return f"the term {sign} {code(inner.right)} stands outside the brackets of {code(node)}"


def whole_quotients(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The remainder for the whole quotient, and the reverse: a column for a row."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv | ast.Mod):
        other = ast.Mod() if isinstance(node.op, ast.FloorDiv) else ast.FloorDiv()
        new = binary(node.left, other, node.right)
        yield new, f"{code(new)} stands where {code(node)} belongs"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
        quotient = binary(node.left, ast.Div(), node.right)
        yield quotient, f"`/` divides without rounding down in {code(node)}: `//` is needed"
        for name, said in (("rint", "to the nearest whole number"), ("ceil", "up")):
            rounded = ast.Call(attribute(named("np"), name), [quotient], [])
            yield rounded, f"it is rounded {said} in {code(node)}, not down"


def conditions(node: ast.expr, scope: Scope, place: Any) -> Found:
    """One of two conditions left out; either for both, and the reverse."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        left, right, both = node.left, node.right, isinstance(node.op, ast.BitAnd)
        other: ast.expr = binary(left, ast.BitOr() if both else ast.BitAnd(), right)
    elif isinstance(node, ast.BoolOp) and len(node.values) == 2:
        (left, right), both = node.values, isinstance(node.op, ast.And)
        other = ast.BoolOp(ast.Or() if both else ast.And(), node.values)
    else:
        return
    yield left, f"the condition {code(right)} is missing in {code(node)}"
    yield right, f"the condition {code(left)} is missing in {code(node)}"
    yield other, f"{'one of two is' if both else 'both are'} enough in {code(other)}"


def bare_lines(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A line as Python reads it without one pair of its brackets."""
    if place.field != "value" or not isinstance(
        place.parent, ast.Assign | ast.AugAssign | ast.Return
    ):
        return
    line = copy.deepcopy(node)
    right = ast.dump(line)
    for parent in ast.walk(line):
        for field in ("left", "right", "operand", "value"):
            inner = getattr(parent, field, None)
            if not isinstance(inner, ast.BinOp):
                continue
            setattr(parent, field, named("HOLE"))
            text = ast.unparse(line).replace("HOLE", ast.unparse(inner))
            setattr(parent, field, inner)
            with suppress(SyntaxError):  # 2.sum() is no Python
                new = ast.parse(text, mode="eval").body
                if ast.dump(new) != right:
                    yield new, f"the brackets round {code(inner)} are missing in {code(parent)}"


def wide_brackets(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Brackets too many, round a sum: (a + b) * c for a + b * c, a * (b + c) for a * b + c."""
    if not isinstance(node, ast.BinOp):
        return
    sign, left, right = type(node.op), node.left, node.right
    power = isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow)
    if power and isinstance(node.op, ast.Mult | ast.Div):
        inner = binary(left, sign(), right.left)  # type: ignore[attr-defined]
        words = f"there are brackets round {code(inner)} that must not be, in {code(node)}"
        yield binary(inner, ast.Pow(), right.right), words  # type: ignore[attr-defined]
    if not isinstance(node.op, ast.Add | ast.Sub):
        return
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult | ast.Div):
        inner = binary(left.right, sign(), right)
        words = f"there are brackets round {code(inner)} that must not be, in {code(node)}"
        yield binary(left.left, type(left.op)(), inner), words
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult | ast.Div):
        inner = binary(left, sign(), right.left)
        words = f"there are brackets round {code(inner)} that must not be, in {code(node)}"
        yield binary(inner, type(right.op)(), right.right), words


def powers(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A power left out, or taken as a product; base and exponent swapped."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield node.left, f"{code(node.left)} is not raised to the power {code(node.right)}"
        doubled = binary(number(2), ast.Mult(), node.left)
        yield doubled, f"{code(node.left)} is doubled where {code(node)} belongs"
        if not isinstance(node.right, ast.Constant):
            product = binary(node.left, ast.Mult(), node.right)
            words = f"{code(node.left)} is multiplied by {code(node.right)}, not raised to it"
            yield product, words
            turned = binary(node.right, ast.Pow(), node.left)
            yield turned, f"base and exponent of {code(node)} are swapped"
        minus = ast.UnaryOp(ast.USub(), node.right)
        yield (
            binary(node.left, ast.Pow(), minus),
            f"the exponent of {code(node)} has the other sign",
        )
        size = ast.Call(attribute(named("np"), "abs"), [node.left], [])
        yield size, f"the absolute value is taken where {code(node)} belongs"
        total = ast.Call(attribute(named("np"), "sum"), [node], [])
        yield total, f"all of {code(node)} is added up, where each number has its own"
        product = binary(node.right, ast.Mult(), node.left)
        exponential = ast.Call(attribute(named("np"), "exp"), [product], [])
        yield exponential, f"{code(exponential)} stands where {code(node)} belongs"


def roots(node: ast.expr, scope: Scope, place: Any) -> Found:
    """ε outside the root or inside it."""
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)
    if is_sum and called(node.left) == "sqrt":  # type: ignore[attr-defined]
        root: Any = node.left  # type: ignore[attr-defined]
        inside = binary(root.args[0], ast.Add(), node.right)  # type: ignore[attr-defined]
        words = f"{code(node.right)} is added inside the root, not outside"  # type: ignore[attr-defined]
        yield ast.Call(root.func, [inside], []), words
    if called(node) == "sqrt" and isinstance(node.args[0], ast.BinOp):  # type: ignore[attr-defined]
        inner: Any = node.args[0]  # type: ignore[attr-defined]
        if isinstance(inner.op, ast.Add):
            outer = ast.Call(node.func, [inner.left], [])  # type: ignore[attr-defined]
            words = f"{code(inner.right)} is added outside the root, not inside"
            yield binary(outer, ast.Add(), inner.right), words
