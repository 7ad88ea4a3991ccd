"""Runs a formula on letters: every entry of its output becomes a sum of products of input entries.

`entries` runs plain NumPy source, loops included, on arrays of `Sum`; `equation` writes one of them
with its sum sign: "Σₙ x[n,1]·dy[n,0]".
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from .regions import letter_of

Leaf = tuple[str, tuple[int, ...], float]  # an entry of an input: its name, index and value
Term = tuple[float, tuple[Leaf, ...], float]  # a factor, the entries multiplied, and their value
MOST = 64  # terms in a sum
BUDGET = 150_000  # terms made in a run
SUBSCRIPTS = dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


class Untraceable(Exception):
    """Raised where a formula is more than sums and products."""


class Sum:
    """A sum of terms, which adds and multiplies as its value does."""

    __slots__ = ("count", "terms", "value")

    def __init__(self, terms: tuple[Term, ...], count: list[int]) -> None:
        count[0] += len(terms)
        if len(terms) > MOST or count[0] > BUDGET:
            raise Untraceable("too many terms")
        self.terms, self.count = terms, count
        self.value = sum(value for *_, value in terms)

    def __add__(self, other: Any) -> "Sum":
        if isinstance(other, np.ndarray):
            return NotImplemented  # the array adds to each of its entries
        return Sum(self.terms + _terms(other), self.count)

    def __radd__(self, other: Any) -> "Sum":
        return Sum(_terms(other) + self.terms, self.count)

    def __sub__(self, other: Any) -> "Sum":
        return self + -1 * other

    def __rsub__(self, other: Any) -> "Sum":
        return Sum(_terms(other) + (-1 * self).terms, self.count)

    def __neg__(self) -> "Sum":
        return -1 * self

    def __mul__(self, other: Any) -> "Sum":
        if isinstance(other, np.ndarray):
            return NotImplemented
        pairs = [(a, b) for a in self.terms for b in _terms(other)]
        return Sum(tuple(_product(a, b) for a, b in pairs), self.count)

    def __rmul__(self, other: Any) -> "Sum":
        pairs = [(a, b) for a in _terms(other) for b in self.terms]
        return Sum(tuple(_product(a, b) for a, b in pairs), self.count)

    def __truediv__(self, other: Any) -> "Sum":
        if isinstance(other, Sum) or not other:
            raise Untraceable("a division by what is computed")
        return self * (1 / other)

    def __lt__(self, other: Any) -> bool:
        return self.value < _value(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= _value(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > _value(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= _value(other)

    def conjugate(self) -> "Sum":
        """Itself: its numbers are real (asked by NumPy)."""
        return self


def _value(number: Any) -> float:
    return number.value if isinstance(number, Sum) else number


def _terms(number: Any) -> tuple[Term, ...]:
    """A number as terms: no term where it is 0, else one without letters."""
    if isinstance(number, Sum):
        return number.terms
    number = float(number)
    return ((number, (), number),) if number else ()


def _product(a: Term, b: Term) -> Term:
    return a[0] * b[0], a[1] + b[1], a[2] * b[2]


# -- running a formula -----------------------------------------------------------------------------


class _Letters:
    """NumPy for a formula that runs on letters: what it makes can hold them."""

    MAKERS = ("zeros", "ones", "full", "zeros_like", "ones_like", "full_like")

    def __getattr__(self, name: str) -> Any:
        make = getattr(np, name.replace("empty", "zeros"))
        return partial(make, dtype=object) if make.__name__ in self.MAKERS else make


def entries(source: str, inputs: Mapping[str, Any], output: str) -> np.ndarray:
    """Return an output of a formula as an array of Sum and of numbers.

    `output` is a name in the formula, or what it returns, as code. Where its line alone gives sums,
    the names in that line are the letters, inputs or not; they give way to the inputs where these
    make sums of as many terms. Else the whole formula is run on letters.

    Raises
    ------
    Untraceable : where the formula is more than sums and products, or cannot be run.

    Examples
    --------
    >>> dy = np.array([[1.0], [2.0]])
    >>> entries("def f(dy):\\n    db = dy.sum(axis=0)\\n    return db", {"dy": dy}, "db")[0].terms
    ((1.0, (('dy', (0, 0), 1.0),), 1.0), (1.0, (('dy', (1, 0), 2.0),), 2.0))
    """
    function = _function(source)
    line, whole = (_run(way, function, inputs, output) for way in (_line, _whole))
    if whole is not None and (line is None or _counts(line) == _counts(whole)):
        return whole
    if line is None:
        raise Untraceable(f"{output} is no sum of products")
    return line


def _run(
    way: Callable, function: ast.FunctionDef, inputs: Mapping[str, Any], output: str
) -> np.ndarray | None:
    """Run a formula in one way; None where that gives no sum."""
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(way(function, inputs, output), dtype=object)
    except Exception:  # letters are no numbers to most of NumPy, and a formula may be anything
        return None
    return found if max(_counts(found), default=0) > 1 else None


def _counts(found: np.ndarray) -> list[int]:
    return [len(entry.terms) if isinstance(entry, Sum) else 0 for entry in found.flat]


def _function(source: str) -> ast.FunctionDef:
    """Return the function in the source, without its decorators."""
    lines = source.splitlines()
    indent = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    try:
        body = ast.parse("\n".join(line[indent:] for line in lines)).body
    except (SyntaxError, ValueError) as error:  # older Pythons take a null byte for a bad value
        raise Untraceable("no source") from error
    function = next((node for node in body if isinstance(node, ast.FunctionDef)), None)
    if function is None:
        raise Untraceable("no function")
    function.decorator_list = []
    return function


def _line(function: ast.FunctionDef, inputs: Mapping[str, Any], output: str) -> Any:
    """Evaluate the one line that gives the output, on the values that it finds there."""
    place, value = _given(function, output)
    known = _locals(function, inputs, np, place)
    names = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & set(known)
    letters = _lettered({name: known[name] for name in names})
    code = compile(ast.Expression(value), "<formula>", "eval")
    return eval(code, {"np": _Letters(), **letters})


def _given(function: ast.FunctionDef, output: str) -> tuple[int, ast.expr]:
    """Return the number of the one statement that gives an output, and its value."""
    found: list[tuple[int, ast.stmt | None]] = []
    for place, node in enumerate(function.body):
        if isinstance(node, ast.Return) and not output.isidentifier():
            return place, ast.parse(output, mode="eval").body
        stored = [n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Subscript)]
        if any(isinstance(n.ctx, ast.Store) and _name(n) == output for n in stored):
            found.append((place, node))
    at, line = found[0] if len(found) == 1 else (0, None)
    if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
        return at, line.value
    raise Untraceable("not one line")


def _name(node: ast.Name | ast.Subscript) -> str:
    """The name that is set: of `dW[i] = …` dW."""
    inner: ast.expr = node
    while isinstance(inner, ast.Subscript):
        inner = inner.value
    return inner.id if isinstance(inner, ast.Name) else ""


def _whole(function: ast.FunctionDef, inputs: Mapping[str, Any], output: str) -> Any:
    """Run the whole formula on the letters of its inputs."""
    letters = _Letters()
    known = _locals(function, _lettered(inputs), letters)
    return eval(output, {"np": letters, **known})


def _locals(
    function: ast.FunctionDef, inputs: Mapping[str, Any], numpy: Any, until: int | None = None
) -> dict[str, Any]:
    """Run a function, or its first statements, and return what its names then stand for."""
    made = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(made, ast.FunctionDef)
    if until is not None:
        made.body = [*made.body[:until], ast.Return()]
    tree = ast.Module([_Returning().visit(made)], [])
    space: dict[str, Any] = {"np": numpy}
    exec(compile(ast.fix_missing_locations(tree), "<formula>", "exec"), space)
    names = [argument.arg for argument in function.args.args + function.args.kwonlyargs]
    return space[function.name](**{name: inputs[name] for name in names if name in inputs})


class _Returning(ast.NodeTransformer):
    """Makes a function return all its names."""

    def visit_Return(self, node: ast.Return) -> ast.Return:
        """Return `locals()` in place of the value."""
        return ast.Return(ast.parse("locals()", mode="eval").body)


def _lettered(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put letters in place of real numbers; whole ones and truth values stay what they are."""
    count = [0]
    found = dict(values)
    for name, value in values.items():
        array = np.asarray(value)
        if array.dtype.kind != "f":
            continue
        letters = np.empty(array.shape, dtype=object)
        for at in np.ndindex(array.shape):
            entry = float(array[at])
            letters[at] = Sum(((1.0, ((name, at, entry),), entry),), count)
        found[name] = letters if array.ndim else letters[()]
    return found


# -- writing a sum ---------------------------------------------------------------------------------


def equation(
    terms: Sequence[Term],
    axes: Mapping[str, Sequence[str]],
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> str:
    """Write a sum of terms with its letters; terms whose indices follow no rule are written out.

    `axes` gives the letters of inputs by name, `shapes` their shapes: the letter of an axis that
    the sum runs through as a whole is preferred.

    Examples
    --------
    >>> terms = [(1.0, (("x", (n, 1), 2.0), ("dy", (n, 0), 3.0)), 6.0) for n in range(4)]
    >>> equation(terms, {"x": ("N", "D"), "dy": ("N", "M")})
    'Σₙ x[n,1]·dy[n,0]'
    """
    parts = []
    for group in grouped(terms):
        plain = _gathered(group, axes, shapes or {}) if len(group) > 1 else ""
        parts += [plain] if plain else _few([product(term) for term in group])
    return _added(parts)


def values(terms: Sequence[Term]) -> str:
    """Write a sum of terms with its numbers, of many the first two and the last.

    Examples
    --------
    >>> values([(1.0, (("x", (i,), 2.0), ("y", (i,), -i)), -2.0 * i) for i in range(3)])
    '2·0 + 2·(−1) + 2·(−2)'
    """
    return _added(_few([_numbers(factor, [v for *_, v in at]) for factor, at, _ in terms]))


def _numbers(factor: float, entries: Sequence[float]) -> str:
    """Write one term in numbers; a negative one stands alone or in brackets."""
    if factor == 1.0 and len(entries) == 1:
        return number(entries[0])
    return _scaled(factor, [f"({number(v)})" if v < 0 else number(v) for v in entries])


def _added(parts: Sequence[str]) -> str:
    return " + ".join(parts).replace("+ −", "− ")


def _few(parts: list[str]) -> list[str]:
    return parts if len(parts) < 6 else [*parts[:2], "…", parts[-1]]


def grouped(terms: Sequence[Term]) -> list[list[Term]]:
    """Put terms together that multiply the same names by the same factor."""
    groups: dict[tuple, list[Term]] = {}
    for term in terms:
        groups.setdefault((term[0], tuple(name for name, *_ in term[1])), []).append(term)
    return list(groups.values())


def product(term: Term) -> str:
    """Write one term in letters: "2·x[0,1]·dy[0,0]"."""
    factor, leaves, _ = term
    return _scaled(factor, [indexed(name, at) for name, at, _ in leaves])


def _scaled(factor: float, texts: list[str]) -> str:
    if factor in (1.0, -1.0) and texts:
        return ("−" if factor < 0 else "") + "·".join(texts)
    return "·".join([number(factor), *texts])


def number(value: float) -> str:
    """Write a number as a formula does: whole where it is, four digits else, a true minus."""
    return f"{value + 0.0:.4g}".replace("-", "−")


def indexed(name: str, at: Sequence[Any]) -> str:
    """Write an entry: "x[0,1]", and a number without axes as its name."""
    return f"{name}[{','.join(str(i) for i in at)}]" if len(at) else name


def _gathered(
    group: Sequence[Term],
    axes: Mapping[str, Sequence[str]],
    shapes: Mapping[str, tuple[int, ...]],
) -> str:
    """Write terms with one sum sign, or "" where their indices follow no rule."""
    names = [name for name, *_ in group[0][1]]
    letters = counters(group, axes, shapes)
    if not letters:
        return ""
    texts = [list(map(str, at)) for _, at, _ in group[0][1]]
    for k, i, line in _moving(group):
        texts[k][i] = _said(line, letters)
        if not texts[k][i]:
            return ""
    sign = "−" if group[0][0] < 0 else ""
    sign += "".join(f"Σ{SUBSCRIPTS.get(letter, '_' + letter)} " for letter in letters)
    factors = [indexed(name, text) for name, text in zip(names, texts, strict=True)]
    return sign.replace(" Σ", "Σ") + _scaled(abs(group[0][0]), factors)


def counters(
    group: Sequence[Term],
    axes: Mapping[str, Sequence[str]],
    shapes: Mapping[str, tuple[int, ...]],
) -> dict[str, tuple[int, ...]]:
    """Return the letters that count the terms of a group, with their values; {} where none do."""
    names = [name for name, *_ in group[0][1]]
    whole = {(name, i, n) for name, shape in shapes.items() for i, n in enumerate(shape)}
    moving = sorted(_moving(group), key=lambda c: (names[c[0]], c[1], max(c[2]) + 1) not in whole)
    letters = _letters(moving, names, axes)
    return letters if letters and _complete(letters, group) else {}


def _moving(group: Sequence[Term]) -> list[tuple[int, int, tuple[int, ...]]]:
    """The indices that change from term to term: of which factor, which axis, and their values."""
    columns = [
        (k, i, tuple(term[1][k][1][i] for term in group))
        for k, (_, at, _) in enumerate(group[0][1])
        for i in range(len(at))
    ]
    return [column for column in columns if len(set(column[2])) > 1]


def _letters(
    moving: Sequence[tuple], names: Sequence[str], axes: Mapping[str, Sequence[str]]
) -> dict[str, tuple[int, ...]]:
    """Give a letter to each index that counts from 0; indices that move alike share it."""
    letters: dict[str, tuple[int, ...]] = {}
    spare = iter("ijklpq")
    for k, i, line in moving:
        if min(line) or _said(line, letters):
            continue
        known = axes.get(names[k], ())
        letter = letter_of(known[i], "") if i < len(known) else ""
        if not letter or letter in letters:
            letter = next((s for s in spare if s not in letters), "")
        if not letter:
            return {}
        letters[letter] = line
    return letters


def _said(line: tuple[int, ...], letters: Mapping[str, tuple[int, ...]]) -> str:
    """Write an index as a letter, or as a letter and a distance: "n", "1+r", "2−r"."""
    for letter, counted in letters.items():
        far = {a - b for a, b in zip(line, counted, strict=True)}
        if far == {0}:
            return letter
        if len(far) == 1:
            step = far.pop()
            return f"{step}+{letter}" if step > 0 else f"{letter}−{-step}"
        back = {a + b for a, b in zip(line, counted, strict=True)}
        if len(back) == 1:
            return f"{back.pop()}−{letter}"
    return ""


def _complete(letters: Mapping[str, tuple[int, ...]], group: Sequence[Term]) -> bool:
    """Whether the letters run over all pairs of their values, and no term comes twice."""
    met = set(zip(*letters.values(), strict=True))
    sizes = [max(line) + 1 for line in letters.values()]
    return len(met) == len(group) == int(np.prod(sizes))
