"""Every change of a formula that students make, with the words that say it.

A mistake is seldom a foreign formula: it is the right one with a transposition too few, a factor
left out, another axis, a sign. So the right formula's syntax tree is changed in each of these ways,
one place at a time, and the words are made from the place. The commonest come first. Nothing is
compiled before it is asked for.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from types import CodeType
from typing import Any

from ..formula import Formula
from . import calls, indices, lines, names, products, terms
from .build import Rule, Scope
from .everywhere import everywhere
from .statements import statement_changes
from .stepwise import Step, Stepwise, located

RULES: tuple[Rule, ...] = (
    products.missing_transposes,
    products.extra_transposes,
    products.matrix_products,
    products.means,
    terms.missing,
    calls.cases,
    calls.reductions,
    terms.early_terms,
    terms.brackets,
    terms.bare_lines,
    terms.wide_brackets,
    terms.factors,
    terms.sums,
    calls.inside_out,
    terms.means_of_differences,
    calls.outer_products,
    calls.one_hot,
    terms.scaled_terms,
    terms.column_factors,
    lines.signs,
    calls.shapes,
    names.other_names,
    names.complements,
    names.parts,
    terms.powers,
    terms.roots,
    terms.whole_quotients,
    terms.conditions,
    calls.functions,
    calls.early_brackets,
    calls.bounds,
    calls.axes,
    calls.lengths,
    calls.letters,
    calls.keywords,
    indices.comparisons,
    indices.masks,
    indices.indices,
    names.constants,
    lines.swapped_names,
    names.sizes_of_names,
    terms.small_numbers,
)
LATE: tuple[Rule, ...] = (lines.extra_factors,)  # after what is done to whole statements
PAIRED = 40  # changes that are tried two at a time


@dataclass(frozen=True)
class Change:
    """A formula that differs from the right one in one place (or two), and how it does in words.

    `outputs` are those that it can reach; `lines` the statements that were changed.
    """

    words: str
    function: Callable[..., Any]
    outputs: frozenset[str]
    lines: tuple[int, ...]
    rule: str = ""  # which kind of change it is

    def __call__(self, **inputs: Any) -> tuple:
        """One value for each output; whatever a changed formula raises is raised."""
        found = self.function(**inputs)
        return found if isinstance(found, tuple) else (found,)


@dataclass
class Place:
    """Where a node hangs in a tree: in a field of its parent, or in a list there."""

    parent: ast.AST
    field: str
    index: int | None
    statement: int

    def put(self, node: Any) -> Any:
        """Hangs another node there; returns the one that hung there."""
        if self.index is None:
            before = getattr(self.parent, self.field)
            setattr(self.parent, self.field, node)
        else:
            children = getattr(self.parent, self.field)
            before, children[self.index] = children[self.index], node
        return before


def changes(formula: Formula, output: str | None = None) -> Iterator[Change]:
    """Every single change; of an output, if one is given, those that can reach it.

    >>> import numpy as np
    >>> source = "def f(x, W):\\n    y = x @ W.T\\n    return y"
    >>> next(changes(Formula.read(source, {"np": np}))).words
    'the transpose of W is missing: W stands where W.T belongs'
    """
    seen = {_key(formula.function.__code__)}
    for change in _all(formula, output):
        key = _key(change.function.__code__)
        if key not in seen:
            seen.add(key)
            yield change


def pairs(formula: Formula, output: str | None = None) -> Iterator[Change]:
    """Two changes at once: each of the commonest, and the commonest of a line not before it."""
    formula = Formula(copy.deepcopy(formula.tree), formula.space)
    codes: dict[Step, CodeType] = {}
    for _, place, new, words in islice(_replacements(formula, output), PAIRED):
        before = place.put(new)
        located(new, before)
        half = Stepwise(formula.tree, formula.space, place.statement, codes)
        for change in islice(_all(half, output), 2 * PAIRED):
            if change.lines[0] >= place.statement:
                both, lines = f"{words}; and {change.words}", (place.statement, *change.lines)
                yield Change(both, change.function, change.outputs, lines, change.rule)
        place.put(before)


def _all(formula: Formula, output: str | None) -> Iterator[Change]:
    """The changes of expressions, rule by rule, those of many at once, those of statements; and
    what is put into a line that has no place in it."""
    yield from _of_expressions(formula, output, RULES)
    for where, words, edited in everywhere(formula.tree):
        reached = frozenset[str]().union(*(formula.reaches[k] for k in where))
        if (output is None or output in reached) and (
            made := _compiled(edited, formula, words, where[0])
        ):
            yield replace(made, outputs=reached, lines=where)
    for k, words, body in statement_changes(formula.tree):
        if output is None or output in formula.reaches[k]:
            changed = copy.copy(formula.tree)
            changed.body = body
            ast.fix_missing_locations(changed)
            if made := _compiled(changed, formula, words, k):
                yield made
    yield from _of_expressions(formula, output, LATE)


def _of_expressions(
    formula: Formula, output: str | None, rules: tuple[Rule, ...]
) -> Iterator[Change]:
    """The changes that some rules make of expressions; each is known by its rule, and by how many
    of that rule came before it in its statement."""
    before: Counter[tuple[int, str]] = Counter()
    for rule, place, new, words in _replacements(formula, output, rules):
        k = place.statement
        name, before[k, rule] = (rule, before[k, rule]), before[k, rule] + 1
        if known := formula.known(k, name):
            yield Change(words, known, formula.reaches[k], (k,), rule)
        elif made := _made(formula, place, new, words, name):
            yield made


def _replacements(
    formula: Formula, output: str | None, rules: tuple[Rule, ...] = RULES
) -> Iterator[tuple[str, Place, ast.expr, str]]:
    """The rule, where another expression may stand, which, and the words."""
    scopes = _scopes(formula)
    sites = [
        (place, node)
        for place, node in _places(formula.tree)
        if output is None or output in formula.reaches[place.statement]
    ]
    late = sorted(sites, key=lambda site: -site[0].statement)
    for rule in rules:
        for place, node in late if rule is terms.missing else sites:
            for new, words in rule(node, scopes[place.statement], place):
                yield rule.__name__, place, new, words


def _made(
    formula: Formula, place: Place, new: ast.expr, words: str, name: tuple[str, int]
) -> Change | None:
    """The tree changed in place, compiled, and put back as it was."""
    before = place.put(new)
    located(new, before)
    try:
        return _compiled(formula.tree, formula, words, place.statement, name)
    finally:
        place.put(before)


def _compiled(
    tree: ast.FunctionDef,
    formula: Formula,
    words: str,
    k: int,
    name: tuple[str, int] | None = None,
) -> Change | None:
    try:
        function = formula.build(tree, k, name)
    except (SyntaxError, ValueError, TypeError):  # a tree that is no Python
        return None
    return Change(words, function, formula.reaches[k], (k,), name[0] if name else "")


def _key(code: CodeType) -> tuple:
    """What two codes that do the same share."""
    consts = tuple(
        _key(c) if isinstance(c, CodeType) else (type(c), repr(c)) for c in code.co_consts
    )
    return code.co_code, consts, code.co_names, code.co_varnames


# -- the places ------------------------------------------------------------------------------------


def _places(tree: ast.FunctionDef) -> list[tuple[Place, ast.expr]]:
    """Every expression of the body with its place, the outermost of a line first."""
    found: list[tuple[Place, ast.expr]] = []
    for k, statement in enumerate(tree.body):
        found += _inside(statement, k)
    return found


def _inside(node: ast.AST, k: int) -> Iterator[tuple[Place, ast.expr]]:
    for field, value in ast.iter_fields(node):
        children: Iterable = value if isinstance(value, list) else [value]
        for i, child in enumerate(children):
            if not isinstance(child, ast.AST):
                continue
            stored = ast.Store in (type(getattr(n, "ctx", None)) for n in (child, node))
            written = stored and (field == "value" or not isinstance(node, ast.Subscript))
            if isinstance(child, ast.expr) and not written:
                yield Place(node, field, i if isinstance(value, list) else None, k), child
            yield from _inside(child, k)


def _scopes(formula: Formula) -> list[Scope]:
    """What each statement can read: the arguments and what earlier ones have made."""
    made, found = list(formula.arguments), []
    for statement in formula.tree.body:
        given = [
            n.id
            for n in ast.walk(statement)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        ]
        loops = {
            n.target.id: ast.unparse(n.iter)
            for n in ast.walk(statement)
            if isinstance(n, ast.For) and isinstance(n.target, ast.Name)
        }
        inner = [name for name in given if isinstance(statement, ast.For) and name not in made]
        found.append(Scope(formula.arguments, tuple(dict.fromkeys([*made, *inner])), loops))
        made += [name for name in given if name not in made]
    return found
