"""Changes of whole statements: one left out, two in the other order, `=` for `+=`, short loops."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

Body = list[ast.stmt]


def statement_changes(tree: ast.FunctionDef) -> Iterator[tuple[int, str, Body]]:
    """(place in the body, words, the changed body), for every such change.

    >>> tree = ast.parse("def f(x):\\n    y = 0\\n    for n in x:\\n        y += n\\n    return y")
    >>> [words for _, words, _ in statement_changes(tree.body[0])][1]
    'the loop over n is left out'
    """
    for k, statement in enumerate(tree.body):
        for words, new in _of(statement, ""):
            yield k, words, [*tree.body[:k], *new, *tree.body[k + 1 :]]
    yield from _at_another_depth(tree.body)
    for k in range(len(tree.body) - 2):  # the last is the return
        first, second = tree.body[k], tree.body[k + 1]
        words = f"`{_code(second)}` comes before `{_code(first)}`, not after it"
        yield k, words, [*tree.body[:k], second, first, *tree.body[k + 2 :]]
    yield from _too_late(tree.body)


def _at_another_depth(body: Body) -> Iterator[tuple[int, str, Body]]:
    """A line beside a loop that stands in it; the first line of a loop that stands before it."""
    for k, loop in enumerate(body):
        if not isinstance(loop, ast.For):
            continue
        name = ast.unparse(loop.target)
        after, before = body[k + 1 : k + 2], body[k - 1 : k] if k else []
        if after and isinstance(after[0], ast.Assign | ast.AugAssign):
            longer = _with_body(loop, [*loop.body, *after])
            words = f"`{_code(after[0])}` stands in the loop over {name}, not after it"
            yield k, words, [*body[:k], longer, *body[k + 2 :]]
        if before and isinstance(before[0], ast.Assign):
            longer = _with_body(loop, [*before, *loop.body])
            words = f"`{_code(before[0])}` stands in the loop over {name}, not before it"
            yield k, words, [*body[: k - 1], longer, *body[k + 1 :]]
        for words, new in _out_of(loop):
            yield k, words, [*body[:k], *new, *body[k + 1 :]]


def _too_late(body: Body) -> Iterator[tuple[int, str, Body]]:
    """A line that comes after all others: it sees what they have changed."""
    for k in range(len(body) - 2):
        if isinstance(body[k], ast.Assign):
            others = body[k + 1 : -1]
            yield k, f"`{_code(body[k])}` comes last", [*body[:k], *others, body[k], body[-1]]


def _out_of(loop: ast.For) -> Iterator[tuple[str, Body]]:
    """The first lines of a loop, or of one inside it, stand before it."""
    name = ast.unparse(loop.target)
    for many in range(1, min(len(loop.body), 5)):
        first, rest = loop.body[:many], loop.body[many:]
        if not all(isinstance(one, ast.Assign | ast.AugAssign) for one in first):
            break
        if many > 1 and not any(isinstance(one, ast.Assign) for one in first):
            break
        said = _code(first[0]) + ("` … `" + _code(first[-1]) if many > 1 else "")
        yield (
            f"`{said}` stands before the loop over {name}, not in it",
            [*first, _with_body(loop, rest)],
        )
    for i, inner in enumerate(loop.body):
        if not isinstance(inner, ast.For):
            continue
        for words, new in _out_of(inner):
            yield words, [_with_body(loop, [*loop.body[:i], *new, *loop.body[i + 1 :]])]
            if i == 0 and len(new) > 1:  # before both loops
                whole = [*new[:-1], _with_body(loop, [new[-1], *loop.body[1:]])]
                inside = f"before the loop over {ast.unparse(inner.target)}"
                yield words.replace(inside, f"before the loop over {name}"), whole


def _with_body(statement: ast.For, body: Body) -> ast.For:
    changed = copy.copy(statement)
    changed.body = body
    return changed


def _of(statement: ast.stmt, loop: str) -> Iterator[tuple[str, Body]]:
    """The changes of one statement, and of those inside it."""
    if isinstance(statement, ast.AugAssign):
        yield from _augmented(statement, loop)
    if isinstance(statement, ast.Assign | ast.AugAssign):
        yield f"the line `{_code(statement)}` is missing, or comes too late", []
    if (
        isinstance(statement, ast.Assign)
        and loop
        and not isinstance(statement.targets[0], ast.Name | ast.Tuple)
    ):
        target: Any = statement.targets[0]
        new: ast.stmt = ast.AugAssign(target, ast.Add(), statement.value)
        yield "`+=` stands where `=` belongs", [new]
    yield from _everywhere_written(statement)
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
        yield from _swapped(statement, statement.targets[0])
    if isinstance(statement, ast.For):
        yield f"the loop over {ast.unparse(statement.target)} is left out", []
        yield from _short(statement)
        inner = ast.unparse(statement.target)
        yield from _nested(statement, f"{loop} {inner}".strip())
    if isinstance(statement, ast.If):
        yield f"the lines under `if {_code(statement.test)}` always run", statement.body
        yield f"the case `{_code(statement.test)}` is left out", statement.orelse
        yield from _nested(statement, loop)


def _everywhere_written(statement: ast.stmt) -> Iterator[tuple[str, Body]]:
    """`a[:, labels] = …` for `a[rows, labels] = …`."""
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    if not (isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Tuple)):
        return
    rows, *rest = target.slice.elts
    if not isinstance(rows, ast.Name | ast.Call) or any(isinstance(r, ast.Slice) for r in rest):
        return
    changed = copy.deepcopy(statement)
    index = ast.Tuple([ast.Slice(None, None, None), *rest], ast.Load())
    new = ast.Subscript(target.value, index, ast.Store())
    if isinstance(changed, ast.Assign):
        changed.targets = [new]
    elif isinstance(changed, ast.AugAssign):
        changed.target = new
    words = f"`:` takes all rows where {ast.unparse(rows)} takes one for each, in {_code(target)}"
    yield words, [changed]


def _swapped(statement: ast.Assign, target: ast.Tuple) -> Iterator[tuple[str, Body]]:
    """Two neighbours of what is unpacked in each other's place."""
    for i in range(len(target.elts) - 1):
        one, two = target.elts[i], target.elts[i + 1]
        names = [*target.elts[:i], two, one, *target.elts[i + 2 :]]
        new = ast.Assign([ast.Tuple(names, ast.Store())], statement.value)
        words = f"{ast.unparse(one)} and {ast.unparse(two)} are swapped"
        yield f"{words} where {_code(statement.value)} is unpacked", [new]


def _nested(statement: ast.For | ast.If, loop: str) -> Iterator[tuple[str, Body]]:
    """The same statement with one of its inner ones changed, or two in the other order."""
    body = statement.body
    for i, inner in enumerate(body):
        for words, new in _of(inner, loop):
            changed = copy.copy(statement)
            changed.body = [*body[:i], *new, *body[i + 1 :]] or [ast.Pass()]
            yield words, [changed]
    for i in range(len(body) - 1):
        changed = copy.copy(statement)
        changed.body = [*body[:i], body[i + 1], body[i], *body[i + 2 :]]
        words = f"`{_code(body[i + 1])}` comes before `{_code(body[i])}`, not after it"
        yield words, [changed]
    if isinstance(statement, ast.For) and len(body) > 0:
        changed = copy.copy(statement)
        last = copy.deepcopy(body)
        changed.body = [*last, ast.Break()]
        first = ast.unparse(statement.target)
        yield f"only the first {first} is reached: it returns or ends inside the loop", [changed]


def _augmented(statement: ast.AugAssign, loop: str) -> Iterator[tuple[str, Body]]:
    """`=` for `+=`, and the other sign."""
    sign = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*="}.get(type(statement.op), "+=")
    index = statement.target.slice if isinstance(statement.target, ast.Subscript) else None
    read = {n.id for n in ast.walk(index) if isinstance(n, ast.Name)} if index else set()
    summed = [name for name in loop.split() if name not in read] or loop.split()[-1:]
    only = f": only the last {summed[-1]} counts" if summed else ""
    if index and any(isinstance(node, ast.Subscript) for node in ast.walk(index)):
        only = ": what comes twice counts once, as it does where `+=` has an index array"
    plain = ast.Assign([_stored(statement.target)], statement.value)
    yield f"`=` stands where `{sign}` belongs{only}", [plain]
    other = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(statement.op))
    if other:
        new = ast.AugAssign(statement.target, other(), statement.value)
        yield f"`{'-=' if other is ast.Sub else '+='}` stands where `{sign}` belongs", [new]
    if isinstance(statement.op, ast.Add):
        largest = ast.Call(
            ast.Attribute(ast.Name("np", ast.Load()), "maximum", ast.Load()),
            [_loaded(statement.target), statement.value],
            [],
        )
        yield (
            "the largest is kept where all must be added",
            [ast.Assign([_stored(statement.target)], largest)],
        )


def _short(statement: ast.For) -> Iterator[tuple[str, Body]]:
    """The loop one short at either end."""
    call, name = statement.iter, ast.unparse(statement.target)
    if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "range"):
        return
    stop = call.args[0] if len(call.args) == 1 else call.args[1]
    start = ast.Constant(0) if len(call.args) == 1 else call.args[0]
    rest = call.args[2:]
    less = ast.BinOp(stop, ast.Sub(), ast.Constant(1))
    more = ast.BinOp(start, ast.Add(), ast.Constant(1))
    yield from _both_short(statement)
    for words, args in (
        (f"the loop over {name} ends one too early", [start, less, *rest]),
        (f"the loop over {name} starts one too late", [start and more, stop, *rest]),
        (f"only the first {name} is looked at", [start, more, *rest]),
        (f"the loop over {name} takes every second only", [start, stop, ast.Constant(2)]),
    ):
        changed = copy.copy(statement)
        changed.iter = ast.Call(call.func, args, [])
        yield words, [changed]


def _both_short(statement: ast.For) -> Iterator[tuple[str, Body]]:
    """A loop and the one inside it both end one too early."""
    inner = statement.body[-1]
    loops = [statement, inner]
    if not all(isinstance(one, ast.For) and _is_range(one.iter) for one in loops):
        return
    changed = copy.deepcopy(statement)
    for loop in (changed, changed.body[-1]):
        call: Any = loop.iter  # type: ignore[attr-defined]
        stop = 0 if len(call.args) == 1 else 1
        call.args[stop] = ast.BinOp(call.args[stop], ast.Sub(), ast.Constant(1))
    names = f"{ast.unparse(statement.target)} and {ast.unparse(inner.target)}"  # type: ignore[attr-defined]
    yield f"the loops over {names} both end one too early", [changed]


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "range"


def _stored(target: ast.expr) -> ast.expr:
    target = copy.deepcopy(target)
    target.ctx = ast.Store()  # type: ignore[attr-defined]
    return target


def _loaded(target: ast.expr) -> ast.expr:
    target = copy.deepcopy(target)
    target.ctx = ast.Load()  # type: ignore[attr-defined]
    return target


def _code(node: ast.AST) -> str:
    """A piece of code, cut where it is long."""
    text = ast.unparse(node).split("\n")[0]
    return text if len(text) <= 48 else text[:45] + "…"
