"""Calls: a sum for a mean, another axis, a function left out, another shape."""

from __future__ import annotations

import ast
from typing import Any

from .build import (
    Found,
    Scope,
    attribute,
    binary,
    called,
    code,
    keyword,
    named,
    number,
    renamed,
    subject,
    with_keywords,
)

SWAPPED = {
    "maximum": "minimum", "minimum": "maximum", "exp": "log", "log": "exp", "sin": "cos",
    "cos": "sin",
    "floor": "ceil", "ceil": "floor", "argmax": "argmin", "max": "min", "min": "max",
    "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "cumsum": "cumprod",
}  # fmt: skip
REDUCTIONS = {"sum": "summed", "mean": "averaged", "max": "maximised", "min": "minimised"}
DOING = {
    "sum": "a sum", "mean": "a mean", "max": "a maximum", "min": "a minimum", "prod": "a product",
    "var": "a variance", "std": "a standard deviation",
}  # fmt: skip
OTHERS = {
    "sum": ("mean",), "mean": ("sum",), "max": ("mean", "sum", "min"), "min": ("max", "mean"),
    "var": ("std",), "std": ("var",), "prod": ("sum",),
}  # fmt: skip
RELATED = {
    "log": ("log10", "log2", "log1p"), "exp": ("exp2", "expm1"), "sum": ("cumsum",),
    "sqrt": ("cbrt",), "log1p": ("log",),
}  # fmt: skip
ELEMENTWISE = ("exp", "log", "log1p", "sin", "cos", "tanh", "sqrt", "abs", "square", "sign")
LEFT_OUT = {
    "exp": "the exponential is missing", "log": "the logarithm is missing",
    "sqrt": "the square root is missing", "abs": "the absolute value is missing",
    "tanh": "the tanh is missing", "square": "the square is missing",
    "clip": "the clip is missing", "sin": "the sine is missing", "cos": "the cosine is missing",
    "log1p": "the logarithm is missing",
}  # fmt: skip


def reductions(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A sum for a mean, another axis, axes dropped or kept."""
    name = called(node)
    if name not in DOING or not isinstance(node, ast.Call):
        return
    array, axis = subject(node), keyword(node, "axis")
    of = code(array) if array is not None else "it"
    for other in OTHERS[name]:
        yield renamed(node, other), f"{DOING[other]} of {of} stands where {DOING[name]} belongs"
    yield from _other_axes(node, name, of, axis)
    if array is not None:
        yield from _other_reductions(node, name, of, array)
        yield array, f"{of} is not {REDUCTIONS.get(name, 'reduced to ' + DOING[name])}"
    if keyword(node, "keepdims") is not None:
        dropped = with_keywords(node, keepdims=None)
        yield dropped, f"`keepdims=True` is missing where {of} is {REDUCTIONS.get(name, 'reduced')}"
    elif axis is not None:
        kept = with_keywords(node, keepdims=ast.Constant(True))
        yield kept, "there is an axis of length 1 too many (`keepdims=True`)"
    if name in ("var", "std"):
        yield with_keywords(node, ddof=ast.Constant(1)), "it is divided by one less (`ddof=1`)"


def _other_reductions(node: ast.Call, name: str, of: str, array: ast.expr) -> Found:
    """A median for a mean; the last number alone."""
    if name in ("mean", "max", "sum"):
        middle = ast.Call(attribute(named("np"), "median"), [array], node.keywords)
        yield middle, f"a median of {of} stands where {DOING[name]} belongs"
    if keyword(node, "axis") is None and name in ("sum", "mean"):
        last: ast.expr = ast.Subscript(array, number(-1), ast.Load())
        yield last, f"only the last of {of} counts"
        if name == "mean":
            share = ast.BinOp(last, ast.Div(), ast.Call(named("len"), [array], []))
            yield share, f"only the last of {of} counts, divided by how many there are"


def _other_axes(node: ast.Call, name: str, of: str, axis: ast.expr | None) -> Found:
    done = REDUCTIONS.get(name, "reduced")
    if axis is None:
        for k in (0, 1, -1):
            yield with_keywords(node, axis=number(k)), f"{of} is {done} over axis {k} only"
        return
    given = ast.unparse(axis)
    for other in other_axes(given):
        if other is None:
            words = f"{of} is {done} over all axes, not over {axes_said(given)}"
            yield with_keywords(node, axis=None), words
            continue
        value = ast.parse(repr(other), mode="eval").body
        words = f"{of} is {done} over {axes_said(repr(other))}, not over {axes_said(given)}"
        yield with_keywords(node, axis=value), words


def other_axes(given: str) -> list[Any]:
    """The axes that are taken by mistake for these; None for all of them.

    >>> other_axes("(2, 3, 4)")[-4:]
    [(3, 4), (2, 4), (0, 2, 3, 4), (1, 2, 3, 4)]
    """
    usual: list[Any] = [0, 1, 2, 3, -1, (0, 1), (1, 2), (2, 3), (0, 2), (0, 2, 3), (1, 2, 3)]
    try:
        right: Any = ast.literal_eval(given)
    except ValueError:
        right = None
    if isinstance(right, tuple):
        usual += [tuple(a for a in right if a != one) for one in right]
        usual += [tuple(sorted({*right, one})) for one in (0, 1)]
    found = [None, *usual]
    return [axes for axes in dict.fromkeys(found) if axes != right]


def axes_said(text: str) -> str:
    """Axes in words: "axes 0, 1" of "(0, 1)"."""
    return f"axes {text.strip('()')}" if "," in text else f"axis {text}"


def functions(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A function left out, or another in its place; arguments swapped."""
    name = called(node)
    if not isinstance(node, ast.Call) or not name:
        return
    if name in LEFT_OUT and node.args:
        yield node.args[0], f"{LEFT_OUT[name]} in {code(node)}"
    if name in SWAPPED:
        words = f"{SWAPPED[name]} stands where {name} belongs in {code(node)}"
        yield renamed(node, SWAPPED[name]), words
    for other in RELATED.get(name, ()):
        yield renamed(node, other), f"{other} stands where {name} belongs in {code(node)}"
    if name in ("maximum", "minimum") and len(node.args) == 2:
        for one in node.args:
            yield one, f"{name} is left out: {code(one)} stands for {code(node)}"
        size = ast.Call(attribute(named("np"), "abs"), [node.args[0]], [])
        yield size, f"the absolute value is taken where {code(node)} belongs"
    if name == "exp":
        minus = ast.UnaryOp(ast.USub(), node.args[0])
        yield ast.Call(node.func, [minus], []), f"the exponent of {code(node)} has the other sign"
    if name == "outer" and len(node.args) == 2:
        one, two = node.args
        yield ast.Call(node.func, [two, one], []), f"the two of {code(node)} are swapped"


def cases(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The two cases of a `where` swapped, or one of them taken everywhere."""
    if called(node) == "where" and isinstance(node, ast.Call) and len(node.args) == 3:
        test, a, b = node.args
        yield ast.Call(node.func, [test, b, a], []), f"the two cases of {code(node)} are swapped"
        yield a, f"{code(a)} is taken everywhere, whatever {code(test)} says"
        yield b, f"{code(b)} is taken everywhere, whatever {code(test)} says"


def outer_products(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The product number by number, or one number, for all products."""
    if called(node) != "outer" or not isinstance(node, ast.Call) or len(node.args) != 2:
        return
    one, two = node.args
    words = f"is no table of all products, as {code(node)} is"
    yield binary(one, ast.Mult(), two), f"{code(one)} * {code(two)}, number by number, {words}"
    yield binary(one, ast.MatMult(), two), f"{code(one)} @ {code(two)}, one number, {words}"


def inside_out(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The square of a sum for the sum of squares; the product of two sums; a mean of logarithms."""
    if not isinstance(node, ast.Call):
        return
    name, inner = called(node), subject(node)
    if name in ("sum", "mean") and isinstance(inner, ast.BinOp):
        yield from _reduced_first(node, name, inner)
    if name in ("sum", "mean") and called(inner or node) in ELEMENTWISE:
        call: Any = inner
        late = ast.Call(call.func, [_reduced(node, one) for one in call.args], [])
        yield late, f"the {called(call)} is taken of the {name}, in {code(node)}"
    inner = node.args[0] if name in ELEMENTWISE and node.args else None
    if isinstance(inner, ast.Call) and called(inner) in ("sum", "mean"):
        array = subject(inner)
        if array is not None:
            early = _reduced(inner, ast.Call(node.func, [array], []))
            yield early, f"the {name} is taken of each number, not of the {called(inner)}"


def _reduced_first(node: ast.Call, name: str, inner: ast.BinOp) -> Found:
    """A reduction before the power or the product that it belongs after."""
    if name == "mean" and isinstance(inner.op, ast.Pow) and code(inner.right) == "2":
        spread = renamed(_reduced(node, inner.left), "var")
        words = f"a variance stands where the mean of squares belongs, in {code(node)}"
        yield spread, f"{words}: no mean is taken off there"
    if isinstance(inner.op, ast.Pow):
        late = binary(_reduced(node, inner.left), ast.Pow(), inner.right)
        yield late, f"the {name} is raised to the power, not each number, in {code(node)}"
    if isinstance(inner.op, ast.Mult):
        left, right = (_reduced(node, side) for side in (inner.left, inner.right))
        words = f"the {name}s are multiplied, not the numbers, in {code(node)}"
        yield binary(left, ast.Mult(), right), words


def _reduced(node: ast.Call, array: ast.expr) -> ast.Call:
    """The same reduction of another array."""
    return ast.Call(attribute(array, called(node)), [], node.keywords)


def one_hot(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The labels themselves for their one-hot rows."""
    if isinstance(node, ast.Subscript) and called(node.value) in ("eye", "identity"):
        column = ast.Call(attribute(node.slice, "reshape"), [number(-1), number(1)], [])
        yield column, f"{code(node.slice)} itself stands where its one-hot rows belong"


def keywords(node: ast.expr, scope: Scope, place: Any) -> Found:
    """A keyword left out that no other rule looks at."""
    if not isinstance(node, ast.Call):
        return
    for one in node.keywords:
        if one.arg not in (None, "axis", "keepdims", "dtype", "ddof"):
            less = with_keywords(node, **{str(one.arg): None})
            yield less, f"`{one.arg}={code(one.value)}` is missing in {code(node)}"


def early_brackets(node: ast.expr, scope: Scope, place: Any) -> Found:
    """f(a) + b for f(a + b), and the reverse."""
    if isinstance(node, ast.Call) and called(node) in ELEMENTWISE and len(node.args) == 1:
        inner = node.args[0]
        if isinstance(inner, ast.BinOp):
            less = ast.Call(node.func, [inner.left], node.keywords)
            new = binary(less, type(inner.op)(), inner.right)
            yield new, f"the brackets of {code(node)} close too early, as in {code(new)}"
    if isinstance(node, ast.BinOp) and called(node.left) in ELEMENTWISE:
        call: Any = node.left
        if len(call.args) == 1 and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            more = binary(call.args[0], type(node.op)(), node.right)
            wide = ast.Call(call.func, [more], call.keywords)
            yield wide, f"the brackets of {code(call)} close too late, as in {code(wide)}"


def bounds(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Only one bound of a clip; a square for an absolute value."""
    name = called(node)
    if not isinstance(node, ast.Call) or not node.args:
        return
    if name == "clip" and len(node.args) == 3:
        value, low, high = node.args
        turned = ast.Call(node.func, [value, high, low], node.keywords)
        yield turned, f"the two bounds of {code(node)} are swapped"
        for kept, other in (("minimum", high), ("maximum", low)):
            one = ast.Call(attribute(named("np"), kept), [value, other], [])
            yield one, f"only the bound {code(other)} of {code(node)} is kept"
    if name == "abs":
        square = binary(node.args[0], ast.Pow(), number(2))
        yield square, f"the square is taken where {code(node)} belongs"


def axes(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Another axis of what is no reduction: of `argmax`, `repeat`, `cumsum`; tiled for repeated."""
    name = called(node)
    if not isinstance(node, ast.Call) or name in DOING:
        return
    axis = keyword(node, "axis")
    if axis is None:
        return
    given = ast.unparse(axis)
    for other in (0, 1, 2, 3, -1):
        if str(other) != given:
            words = f"{name} goes along axis {other}, not along axis {given}, in {code(node)}"
            yield with_keywords(node, axis=number(other)), words
    yield with_keywords(node, axis=None), f"`axis={given}` is missing in {code(node)}"
    if name == "repeat" and len(node.args) == 2:
        often = binary(ast.List([node.args[0]], ast.Load()), ast.Mult(), node.args[1])
        join = ast.Call(attribute(named("np"), "concatenate"), [often], [ast.keyword("axis", axis)])
        whole = code(node.args[0])
        yield join, f"the whole of {whole} is repeated (`np.tile`), not each of its entries"


def lengths(node: ast.expr, scope: Scope, place: Any) -> Found:
    """How many columns, or numbers, in place of how many rows."""
    if called(node) == "len" and isinstance(node, ast.Call) and node.args:
        of, shape = code(node.args[0]), attribute(node.args[0], "shape")
        columns = ast.Subscript(shape, number(1), ast.Load())
        yield columns, f"the length of axis 1 of {of} stands where {code(node)} belongs"
        everything = attribute(node.args[0], "size")
        yield everything, f"the number of all entries of {of} stands where {code(node)} belongs"


def shapes(node: ast.expr, scope: Scope, place: Any) -> Found:
    """Reshaped in another order; transposed for reshaped; other axes."""
    name = called(node)
    if not isinstance(node, ast.Call):
        return
    array = subject(node)
    if name == "reshape" and array is not None:
        yield from _other_orders(node, array)
    if name in ("transpose", "swapaxes", "squeeze") and array is not None:
        yield array, f"`.{name}(…)` is missing at {code(array)}"
    if name == "transpose" and len(node.args) > 2:
        yield (
            ast.Call(node.func, [*node.args[:-2], node.args[-1], node.args[-2]], []),
            (f"the last two axes of {code(node)} are swapped"),
        )


def _other_orders(node: ast.Call, array: ast.expr) -> Found:
    """A reshape that reads the numbers in another order, or makes another shape."""
    by_column = [*node.keywords, ast.keyword("order", ast.Constant("F"))]
    words = "the numbers are read column by column (order='F')"
    yield ast.Call(node.func, node.args, by_column), words
    yield array, f"{code(array)} is not reshaped"
    flat = ast.Call(attribute(array, "reshape"), [number(-1)], [])
    yield flat, f"all of {code(array)} is put into one row: the samples too"
    for i in range(len(node.args) - 1):
        one, two = node.args[i], node.args[i + 1]
        swapped = [*node.args[:i], two, one, *node.args[i + 2 :]]
        words = f"{code(one)} and {code(two)} are swapped in {code(node)}"
        yield ast.Call(node.func, swapped, node.keywords), words
    if isinstance(node.func, ast.Attribute):
        for order in ((0, 2, 3, 1), (0, 1, 3, 2), (1, 0, 2, 3), (0, 2, 1, 3)):
            turned = ast.Call(attribute(array, "transpose"), [number(k) for k in order], [])
            words = f"the axes of {code(array)} are in the order {order} when it is reshaped"
            yield ast.Call(attribute(turned, "reshape"), node.args, node.keywords), words


def letters(node: ast.expr, scope: Scope, place: Any) -> Found:
    """The letters of an einsum: two of them swapped; its two arrays swapped."""
    if called(node) != "einsum" or not isinstance(node, ast.Call):
        return
    text, *arrays = node.args
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return
    for i in range(len(text.value) - 1):
        one, two = text.value[i], text.value[i + 1]
        if one.isalpha() and two.isalpha():
            other = text.value[:i] + two + one + text.value[i + 2 :]
            words = f'"{other}" stands where "{text.value}" belongs in einsum'
            yield ast.Call(node.func, [ast.Constant(other), *arrays], node.keywords), words
    yield from _apart(node, text.value, arrays)
    if len(arrays) == 2:
        words = f"the two arrays of einsum, {code(arrays[0])} and {code(arrays[1])}, are swapped"
        yield ast.Call(node.func, [text, *arrays[::-1]], node.keywords), words


def _apart(node: ast.Call, text: str, arrays: list[ast.expr]) -> Found:
    """An einsum whose second array has a letter of its own where it shares one with the first."""
    first, *second = text.split("->")[0].split(",")
    free = next(letter for letter in "zyxwv" if letter not in text)
    for letter in dict.fromkeys(first if len(second) == 1 else ""):
        if letter in second[0]:
            behind = text[len(first) + 1 :].replace(letter, free, 1)
            words = f'the letter {letter} of "{text}" is another one in the second array'
            other = ast.Constant(f"{first},{behind}")
            yield ast.Call(node.func, [other, *arrays], node.keywords), words
