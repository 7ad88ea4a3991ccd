"""Matrix products: a transposition too few, factors in the other order, one of them left out."""

from __future__ import annotations

import ast
from typing import Any

from .build import Found, Scope, attribute, binary, code, named, number


def missing_transposes(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A transposition too few."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        inner = code(node.value)
        yield (
            node.value,
            f"the transpose of {inner} is missing: {inner} stands where {inner}.T belongs",
        )
        turned = ast.Slice(None, None, number(-1))
        shape = ast.Subscript(attribute(node.value, "shape"), turned, ast.Load())
        other = ast.Call(attribute(node.value, "reshape"), [shape], [])
        yield other, f"{inner} is reshaped where it must be transposed, {inner}.T"


def extra_transposes(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A transposition too many, or both the other way."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        for side in ("left", "right"):
            operand = getattr(node, side)
            if isinstance(operand, ast.Attribute) and operand.attr == "T":
                continue
            other = {"left": node.left, "right": node.right} | {side: attribute(operand, "T")}
            words = f"{code(operand)} is transposed where it must not be"
            yield binary(other["left"], ast.MatMult(), other["right"]), words
        turned = binary(_turned(node.left), ast.MatMult(), _turned(node.right))
        yield turned, f"both factors of {code(node)} are transposed the other way"
        back = binary(_turned(node.right), ast.MatMult(), _turned(node.left))
        yield back, f"the product {code(node)} is transposed"


def _turned(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return attribute(node, "T")


def means(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A mean in the place of the sum that a product is; or what is added, once for each of it."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        inner = ast.Subscript(attribute(node.left, "shape"), number(-1), ast.Load())
        words = f"the product {code(node)} is a mean where it must be a sum"
        yield binary(node, ast.Div(), inner), words
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        product = node.left
        if isinstance(product, ast.BinOp) and isinstance(product.op, ast.MatMult):
            inner = ast.Subscript(attribute(product.left, "shape"), number(-1), ast.Load())
            often = binary(node.right, ast.Mult(), inner)
            words = f"{code(node.right)} is added once for every number that is summed over"
            yield binary(product, ast.Add(), often), words


def matrix_products(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The factors in the other order, `*` for `@`, one of them left out."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)):
        return
    left, right = node.left, node.right
    yield (
        binary(right, ast.MatMult(), left),
        f"the factors stand in the other order, {code(right)} @ {code(left)}",
    )
    yield (
        binary(left, ast.Mult(), right),
        f"`*` multiplies number by number where the matrix product {code(node)} belongs",
    )
    yield left, f"the product with {code(right)} is missing"
    yield right, f"the product with {code(left)} is missing"
    yield (
        binary(left, ast.Add(), right),
        f"{code(left)} and {code(right)} are added, not multiplied",
    )
    for side, operand in (("left", left), ("right", right)):
        ones = ast.Call(attribute(named("np"), "ones_like"), [operand], [])
        parts = (ones, right) if side == "left" else (left, ones)
        words = f"{code(operand)} is left out, as if it were all ones"
        yield binary(parts[0], ast.MatMult(), parts[1]), words
