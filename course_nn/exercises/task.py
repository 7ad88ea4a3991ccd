"""A task of an exercise: what is asked, what is right, and at which inputs it is tried.

A task is declared as its right formula, a few lines of NumPy under the decorator `task`. Names,
shapes, draws, sizes, public and hidden cases all follow from its signature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from ..gradcheck import numerical_gradient
from . import draw
from .signature import Argument, Signature, Sizes

Inputs = dict[str, Any]  # arrays and numbers by name, in the order of the signature
Ask = Callable[..., Any]  # the student's function by keywords, outputs by name: `compare.Asker`
SQUARE = 3  # every size, where a mistake that breaks the shapes shall give numbers


@dataclass(frozen=True)
class Mistake:
    """A mistake that no change of the formula gives: words, and `wrong(right, inputs)` by name."""

    words: str
    wrong: Callable[[dict[str, np.ndarray], Inputs], Mapping[str, Any]]


class Broken(str):
    """How a property does not hold; `looks` is what the mistake looks like, where that is seen.

    kind : "told" where the sentence itself names the mistake, such as a shape; else "property".
    """

    looks: str
    kind: str

    def __new__(cls, says: str, looks: str = "", kind: str = "property") -> Broken:
        found = super().__new__(cls, says)
        found.looks, found.kind = looks, kind
        return found


def told(says: str) -> Broken:
    """A sentence of a property that names the mistake itself.

    >>> told("theta has 4810 numbers, and the budget is 3000").kind
    'told'
    """
    return Broken(says, kind="told")


@dataclass(frozen=True)
class Property:
    """What must hold of every right answer: `broken(ask, rng)` says how it does not, or "".

    What it says may be `Broken`, which can name the mistake.
    """

    name: str
    broken: Callable[[Ask, np.random.Generator], str]


@dataclass(frozen=True)
class Case:
    """Inputs to try: sizes, options, precision, memory order, and whether the numbers are few and
    whole, so that there are ties and zeros."""

    label: str
    sizes: Sizes
    options: Sizes = field(default_factory=dict)
    dtype: str = "float64"
    layout: str = "rows"
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Task:
    """One function to write. See `task`, which declares it."""

    number: str
    name: str
    signature: Signature
    points: float
    function: Callable[..., Any] | None  # the right formula; None where students must not see it
    says: str = ""  # what is asked, in one line: the docstring's first
    gradient: bool = False
    gradient_of: Callable[..., Any] | None = None
    section: tuple[str, str] = ("", "")
    hint: str = ""
    example: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] | None = None
    properties: tuple[Property, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    own: Mapping[str, Callable] = field(default_factory=dict)
    fixed: Sizes = field(default_factory=dict)
    never_one: str = ""
    transfer: bool = False
    given: bool = False  # the notebook defines the function in a cell of its own
    open: bool = False  # there is no one right answer: it is judged by its properties alone
    quiet: bool = False  # a right answer makes NumPy warn of nothing
    many: Sizes = field(default_factory=dict)  # sizes at which few and whole numbers show more
    others: list[Callable[..., Any]] = field(default_factory=list)  # other ways to write it

    def also(self, function: Callable[..., Any]) -> Task:
        """Decorates another way to write the right formula: mistakes are looked for in it too.

        >>> double = Task("1.1", "double", Signature.parse("x:N -> y:N"), 1, lambda x: 2 * x)
        >>> @double.also
        ... def double(x):
        ...     return x + x
        >>> double.title, len(double.others)
        ('Task 1.1, double', 1)
        """
        self.others.append(function)
        return self

    @property
    def title(self) -> str:
        """The task as it is called in messages."""
        return f"Task {self.number}, {self.name}"

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what it returns."""
        return tuple(argument.name for argument in self.signature.outputs)

    @property
    def derives(self) -> bool:
        """Whether it asks for a gradient's formula, and gives no step to take it numerically."""
        return self.gradient and "h" not in (a.name for a in self.signature.inputs)

    @property
    def kind(self) -> str:
        """What its outputs are, "value" or "gradient"."""
        return "gradient" if self.gradient else "value"

    # -- the inputs -------------------------------------------------------------------------------

    def draw(self, case: Case, rng: np.random.Generator, whole: bool = False) -> Inputs:
        """Inputs for a case, laid out in memory as it says."""
        inputs = draw.draw(
            self.signature, case.sizes, rng, options=case.options, dtype=np.dtype(case.dtype),
            whole=whole or case.whole, own=self.own,
        )  # fmt: skip
        return draw.laid_out(inputs, case.layout)

    def printed(self) -> Inputs:
        """The example's inputs as arrays, as the notebook prints them."""
        given = self.example or {}
        return {a.name: _as_array(given[a.name], a) for a in self.signature.inputs}

    def square(self) -> Case:
        """All sizes alike: shapes hide nothing there."""
        return Case("all sizes alike", dict.fromkeys(self.signature.letters, SQUARE))

    def public(self) -> tuple[Case, ...]:
        """What a student is shown: two sizes, ties and zeros, single precision, columns, every
        option."""
        if self.open:
            return ()
        sizes = self.signature.sizes(self.fixed)
        first, *others = _combinations(self.signature.options)
        return (
            Case("the usual sizes", sizes, first),
            Case("other sizes", self.signature.sizes(self.fixed, more=1), first),
            *self._ties(sizes, first),
            Case("float32", sizes, first, "float32"),
            Case("stored column by column", sizes, first, "float64", "columns"),
            *(Case(_chosen(options), sizes, options) for options in others),
        )

    def _ties(self, sizes: Sizes, options: Sizes) -> tuple[Case, ...]:
        """Few and whole numbers; not where a numerical gradient is right, which fails at kinks."""
        case = Case("few and whole numbers", {**sizes, **self.many}, options, whole=True)
        return () if self.function is None and self.gradient_of else (case,)

    def hidden(self) -> tuple[Case, ...]:
        """What only the grader tries: every size at 1, gaps in memory, larger sizes."""
        if self.open:
            return ()
        sizes = self.signature.sizes(self.fixed, more=2)
        combinations = _combinations(self.signature.options)
        many = {**sizes, **self.many}
        letters = [letter for letter in self.signature.letters if letter not in self.never_one]
        return (
            *(Case(f"larger, {_chosen(o)}".strip(", "), sizes, o) for o in combinations),
            *(Case(f"whole, {_chosen(o)}".strip(", "), many, o, whole=True) for o in combinations),
            *(Case(f"{a} = 1", {**sizes, a: 1}, combinations[0]) for a in letters),
            Case("gaps in memory", sizes, combinations[0], "float64", "gaps"),
            Case("float32, column by column", sizes, combinations[0], "float32", "columns"),
        )

    # -- what is right ----------------------------------------------------------------------------

    @property
    def knows(self) -> bool:
        """Whether the right answer can be computed here."""
        return self.function is not None or self.gradient_of is not None

    def right(self, inputs: Inputs) -> dict[str, np.ndarray]:
        """The right outputs by name, in double precision.

        >>> double = Task("1.1", "double", Signature.parse("x:N -> y:N"), 1, lambda x: 2 * x)
        >>> double.right({"x": np.ones(2)})
        {'y': array([2., 2.])}
        """
        inputs = {name: _double(value) for name, value in inputs.items()}
        if self.function is None:
            return self._numerical(inputs)
        found = self.function(**inputs)
        found = found if isinstance(found, tuple) else (found,)
        return {n: np.asarray(v) for n, v in zip(self.outputs, found, strict=True)}

    def _numerical(self, inputs: Inputs) -> dict[str, np.ndarray]:
        """Numerical gradients of `gradient_of`, for the upstream gradient among the inputs."""
        if self.gradient_of is None:
            raise ValueError(f"{self.title}: what is right is not known here")
        forward, first = self.gradient_of, next(iter(inputs))
        upstream = first if f"d{first[1:]}" == first and first[1:] not in inputs else None
        rest = {name: value for name, value in inputs.items() if name != upstream}
        dy = inputs[upstream] if upstream else np.ones(())
        found = {}
        for output in self.outputs:
            at = output.removeprefix("d")

            def of(value: np.ndarray, at: str = at) -> np.ndarray:
                return np.asarray(forward(**{**rest, at: value}))

            found[output] = numerical_gradient(of, rest[at], dy)
        return found


def task(
    number: str,
    signature: str,
    *,
    points: float,
    mistakes: Iterable[tuple[str, Callable]] = (),
    properties: Iterable[Callable] = (),
    sizes: Sizes | None = None,
    transfer: bool = False,
    **options: Any,
) -> Callable[[Callable], Task]:
    """Declare a task; the function below it is its right formula.

    Parameters
    ----------
    number : for example "2.2".
    signature : see `signature`.
    points : that it brings.
    mistakes : (words, wrong(right, inputs)) that no change of the formula gives.
    properties : functions (ask, rng) → what is broken, or ""; for tasks whose formula students
        must not see.
    sizes : of letters, where the usual ones do not suit.
    transfer : the book prints no answer; the function's body is `...` and the right formula stands
        in a hidden block.
    **options : gradient, gradient_of, section, hint, example, answer, own, never_one, given,
        open, quiet, many of `Task`.

    Examples
    --------
    >>> @task("1.1", "x:N -> y:N", points=2)
    ... def double(x):
    ...     '''Return twice x.'''
    ...     return 2 * x
    >>> double.title, double.says
    ('Task 1.1, double', 'Return twice x.')
    """
    parsed = Signature.parse(signature)
    made = tuple(Mistake(words, wrong) for words, wrong in mistakes)
    kept = tuple(Property((f.__doc__ or f.__name__).split("\n")[0], f) for f in properties)

    def declare(function: Callable) -> Task:
        names = tuple(argument.name for argument in parsed.inputs)
        given = function.__code__.co_varnames[: function.__code__.co_argcount]
        if names != given:
            raise ValueError(f"task {number}: {function.__name__} takes {given}, its line {names}")
        return Task(
            number, function.__name__, parsed, points,
            None if transfer or options.get("open") else function,
            (function.__doc__ or "").strip().split("\n")[0], mistakes=made, properties=kept,
            fixed=sizes or {}, transfer=transfer, **options,
        )  # fmt: skip

    return declare


def _as_array(value: Any, argument: Argument) -> Any:
    """An example's value as a function gets it."""
    dtype = {"class": np.int64, "bool": np.bool_}.get(argument.kind, np.float64)
    return value if argument.axes is None else np.asarray(value, dtype)


def _double(value: Any) -> Any:
    """Floats in double precision, row by row; all else as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.array(value, np.float64, order="C")
    return np.array(value, order="C") if isinstance(value, np.ndarray) else value


def _combinations(options: Mapping[str, tuple[int, ...]]) -> list[dict[str, int]]:
    """Every choice of every option; the plain one first."""
    return [dict(zip(options, chosen, strict=True)) for chosen in product(*options.values())]


def _chosen(options: Sizes) -> str:
    return ", ".join(f"{name} = {value}" for name, value in options.items())


def argument_of(task: Task, name: str) -> Argument:
    """The input or output of that name."""
    both = (*task.signature.outputs, *task.signature.inputs)
    return next(argument for argument in both if argument.name == name)
