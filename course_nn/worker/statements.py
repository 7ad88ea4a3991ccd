"""A cell's statements: each by itself, so that one that fails costs no other.

A cell that is no Python as a whole is read piece by piece; what parses alone is kept.
"""

import ast
import contextlib
import copy
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import fstrings

FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
CONTINUES = re.compile(r"[\s#)\]}]|(else|elif|except|finally)\b")
MAGIC = re.compile(  # and the words that a console, or IPython alone in a cell, takes as commands
    r"\s*([%!?]|(pip3?|conda|mamba|apt|apt-get)\s+\w"
    r"|(ls|cd|pwd|clear|cat|mkdir|rm|who|whos)\b(?!\s*[=(.\[]))|.*\?$"
)
ODD = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u2060\x00"), None) | {
    ord(c): " " for c in "\u00a0\u2007\u202f\u3000\u2003\u2002"
}
DEFINES = re.compile(
    r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)|^import[ \t]+(?:[\w.]+[ \t]+as"
    r"[ \t]+)?(\w+)",
    re.M,
)
LONGEST, MOST = 40, 2000  # pieces to join before giving up on one, pieces to try in a cell
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Broken:
    """A piece that is no Python: why, and which names it would have given."""

    error: SyntaxError
    names: tuple[str, ...]


@dataclass
class Statements:
    """What a cell holds; `broken` are the pieces that cannot be run."""

    body: list[ast.stmt] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def read(text: str, file: str) -> Statements:
    """The statements of a cell.

    >>> [type(node).__name__ for node in read("x = 1\\nprint(x", "<cell 1>").body]
    ['Assign']
    """
    for change in (str, _plain, _older):
        text = change(text)
        with contextlib.suppress(*UNREADABLE):
            return Statements(apart(_parsed(text, file).body), _refused(text, file))
    return _in_pieces(text, file)


def _plain(text: str) -> str:
    """A text without the signs that nobody sees."""
    return text.translate(ODD)


def _older(text: str) -> str:
    """A text as this Python reads it."""
    return text if sys.version_info >= (3, 12) else fstrings.older(text)


def _parsed(text: str, file: str) -> ast.Module:
    return ast.parse(text, file)


def _refused(text: str, file: str) -> list[Broken]:
    """What is refused only when it is compiled, such as a `return` outside of any function."""
    try:
        compile(text, file, "exec", FLAGS, dont_inherit=True)
    except SyntaxError as error:
        return [Broken(error, ())]
    return []


def apart(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements, with `import a, b` as two, so that one that fails does not cost the other."""
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.Import):
            found += [ast.copy_location(ast.Import(names=[name]), node) for name in node.names]
        else:
            found.append(node)
    return found


def _in_pieces(text: str, file: str) -> Statements:
    """The pieces that parse, each as short as can be; a piece begins at a line's first column."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line and not CONTINUES.match(line)]
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    starts = sorted({first, *starts})
    found, at, tries = Statements(), 0, 0
    while at < len(starts):
        ends = [*starts, len(lines)][at + 1 : at + 1 + (LONGEST if tries < MOST else 1)]
        tree, joined = _piece(lines, starts[at], ends, file)
        tries += len(ends)
        found.body += apart(tree.body) if tree else []
        if tree is None:
            found.broken += _broken(lines, starts[at], starts[at + 1 : at + 2], file)
        at += joined
    return found


def _piece(
    lines: list[str], start: int, ends: list[int], file: str
) -> tuple[ast.Module | None, int]:
    """The shortest piece that parses, and how many beginnings it joins."""
    for joined, end in enumerate(ends, 1):
        with contextlib.suppress(*UNREADABLE):
            tree = _parsed("\n".join(lines[start:end]), file)
            return ast.increment_lineno(tree, start), joined
    return None, 1


def _broken(lines: list[str], start: int, after: list[int], file: str) -> Iterator[Broken]:
    """The piece that cannot be run, unless it is a magic, which may be left out."""
    piece = "\n".join(lines[start : after[0] if after else len(lines)])
    if MAGIC.match(piece.rstrip()):
        return
    names = tuple(name for groups in DEFINES.findall(piece) for name in groups if name)
    try:
        _parsed(piece, file)
    except SyntaxError as error:
        error.lineno = start + (error.lineno or 1)
        yield Broken(error, names)
    except UNREADABLE as error:
        yield Broken(SyntaxError(str(error), (file, start + 1, 0, lines[start])), names)


# -- what a statement gives ------------------------------------------------------------------------


def names(node: ast.stmt) -> set[str]:
    """The names that a statement binds.

    >>> sorted(names(ast.parse("for i in x:\\n    a, b = i").body[0]))
    ['a', 'b', 'i']
    """
    found, left = set[str](), list[ast.AST]([node])
    while left:
        part = left.pop()
        if isinstance(part, ast.alias) and part.name != "*":
            found.add((part.asname or part.name).partition(".")[0])
        elif isinstance(part, Function | ast.ClassDef):
            found.add(part.name)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        if not isinstance(part, Function | ast.ClassDef | ast.Lambda | ast.ListComp | ast.SetComp):
            left += ast.iter_child_nodes(part)
    return found


def bare(node: ast.stmt) -> ast.stmt | None:
    """A function without decorators and annotations; None where it has none."""
    if not isinstance(node, Function):
        return None
    made = copy.deepcopy(node)
    made.decorator_list, made.returns = [], None
    for one in ast.walk(made.args):
        if isinstance(one, ast.arg):
            one.annotation = None
    return made if ast.dump(made) != ast.dump(node) else None


def is_stub(node: ast.stmt) -> bool:
    """Whether this is a function, or a class, as the notebook gave it.

    >>> is_stub(ast.parse('def f(x):\\n    "Return x."\\n    raise NotImplementedError').body[0])
    True
    """
    if isinstance(node, ast.ClassDef):
        own = [part for part in node.body if isinstance(part, Function)]
        written = [part for part in own if not part.name.startswith("__")]
        return bool(written) and all(is_stub(part) for part in written)
    if not isinstance(node, Function):
        return False
    body = [part for part in node.body if not _says_nothing(part)]
    return not body or (len(body) == 1 and _not_implemented(body[0]))


def _says_nothing(node: ast.stmt) -> bool:
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass)


def _not_implemented(node: ast.stmt) -> bool:
    raised = node.exc if isinstance(node, ast.Raise) else None
    if isinstance(raised, ast.Call):
        raised = raised.func
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
