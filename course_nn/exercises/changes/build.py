"""Small pieces of syntax trees: what the rules are written with."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Found = Iterator[tuple[ast.expr, str]]
Rule = Callable[[ast.expr, "Scope", Any], Found]


@dataclass(frozen=True)
class Scope:
    """What a statement can read: arguments, all names made so far, and what loops run over."""

    arguments: tuple[str, ...]
    names: tuple[str, ...]
    loops: dict[str, str]


def code(node: ast.AST) -> str:
    """A piece of code as words show it, cut where it is long."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 48 else text[:45] + "…"


def number(value: float) -> ast.expr:
    """A constant; a negative one with its sign before it."""
    plain = ast.Constant(abs(value))
    return ast.UnaryOp(ast.USub(), plain) if value < 0 else plain


def binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    """left op right."""
    return ast.BinOp(left, op, right)


def attribute(node: ast.expr, name: str) -> ast.expr:
    """node.name."""
    return ast.Attribute(node, name, ast.Load())


def named(name: str) -> ast.expr:
    """A name that is read."""
    return ast.Name(name, ast.Load())


def length(name: str) -> ast.expr:
    """len(name)."""
    return ast.Call(named("len"), [named(name)], [])


def called(node: ast.AST) -> str:
    """The last name of what is called, `sum` of `np.sum(…)` and of `a.sum(…)`."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def subject(node: ast.Call) -> ast.expr | None:
    """The array that a call works on: `a` of `np.sum(a)` and of `a.sum()`."""
    function = node.func
    if isinstance(function, ast.Attribute) and ast.unparse(function.value) not in ("np", "math"):
        return function.value
    return node.args[0] if node.args else None


def with_keywords(node: ast.Call, **given: ast.expr | None) -> ast.Call:
    """The call with these keywords; one that is None is dropped."""
    kept = [k for k in node.keywords if k.arg not in given]
    new = [ast.keyword(name, value) for name, value in given.items() if value is not None]
    return ast.Call(node.func, node.args, kept + new)


def renamed(node: ast.Call, name: str) -> ast.Call:
    """The same call of another function of the same library, or another method."""
    function = node.func
    if isinstance(function, ast.Attribute):
        return ast.Call(ast.Attribute(function.value, name, ast.Load()), node.args, node.keywords)
    return ast.Call(named(name), node.args, node.keywords)


def keyword(node: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword, if it is given."""
    return next((k.value for k in node.keywords if k.arg == name), None)
