"""What is public in the package: each object by its shortest name, its docstring in parts."""

import importlib
import inspect
import re
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any

PACKAGE = "course_nn"
# Modules that a reader imports by their own name, beside those that the package names.
EXTRA = ("zoo", "reference.jacobian", "reference.loops", "reference.pure_python")
EXTRA += ("reference.vectorising", "reference.windows")
HOMES = {"course_nn.ShapeError": "course_nn.checks"}  # it says itself that it is the package's own
SECTIONS = ("Parameters", "Attributes", "Returns", "Yields", "Raises", "Notes", "Examples")


@dataclass(frozen=True)
class Public:
    """A public object: the object, its shortest path, and its other names."""

    value: Any = field(repr=False)
    path: str
    others: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The module that defines it."""
        return getattr(self.value, "__module__", "") or ""

    @property
    def home(self) -> str:
        """The module under which it is listed: that of its path, or the one that defines it."""
        owner = self.path.rpartition(".")[0]
        return HOMES.get(self.path, self.module) if owner == PACKAGE else owner

    @property
    def kind(self) -> str:
        """What it is, in the words of Sphinx's Python domain."""
        if inspect.isclass(self.value):
            return "class"
        return "function" if callable(self.value) else "data"

    @property
    def short(self) -> str:
        """Its name as the book writes it: nn.ops.relu_forward."""
        return self.path.replace(PACKAGE, "nn", 1)


def names(module: ModuleType) -> list[str]:
    """The public names of a module: those it lists, or the functions and classes it defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    defined = inspect.getmembers(module, lambda v: inspect.isfunction(v) or inspect.isclass(v))
    return [n for n, v in defined if not n.startswith("_") and v.__module__ == module.__name__]


def paths() -> dict[str, Any]:
    """Every public path with its object, the shortest paths first."""
    top = importlib.import_module(PACKAGE)
    found, modules = {}, [f"{PACKAGE}.{name}" for name in EXTRA]
    for name in names(top):
        value = getattr(top, name)
        if isinstance(value, ModuleType):
            modules.append(value.__name__)
        else:
            found[f"{PACKAGE}.{name}"] = value
    for module in sorted(modules):
        loaded = importlib.import_module(module)
        found |= {f"{module}.{name}": getattr(loaded, name) for name in names(loaded)}
    return found


@lru_cache(maxsize=1)
def objects() -> dict[str, Public]:
    """Every public object, by each of its paths."""
    same: dict[Any, list[str]] = {}
    known = paths()
    for path, value in known.items():
        plain = not (inspect.isclass(value) or inspect.isroutine(value))
        same.setdefault(path if plain else id(value), []).append(path)
    found = {}
    for found_at in same.values():
        path, *others = sorted(found_at, key=lambda p: (p.count("."), not _defined_at(p, known[p])))
        public = Public(known[path], path, tuple(others))
        found |= dict.fromkeys((path, *others), public)
    return found


def _defined_at(path: str, value: Any) -> bool:
    """Whether a path names the module, or its package, that defines the object."""
    return f"{getattr(value, '__module__', '')}.".startswith(f"{path.rpartition('.')[0]}.")


def of_module(module: str) -> list[Public]:
    """The public objects that are at home in a module or in one inside of it."""
    everything = {id(p): p for p in objects().values()}.values()
    return [p for p in everything if f"{p.home}.".startswith(f"{module}.")]


def signature(value: Any) -> str:
    """The arguments, less their types, which the docstring tells in words."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return "()"
    empty = inspect.Parameter.empty
    parameters = []
    for parameter in found.parameters.values():
        if parameter.name == "self":
            continue
        default = parameter.default
        if default is not empty and callable(default):
            default = _Named(getattr(default, "__name__", "..."))
        elif "<" in repr(default) and default is not empty:
            default = _Named("...")
        parameters.append(parameter.replace(annotation=empty, default=default))
    return str(found.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


class _Named:
    """A default that is written as a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def parts(docstring: str) -> dict[str, str]:
    """A docstring by its sections; "" is what stands before the first."""
    text = inspect.cleandoc(docstring or "")
    found, current = {"": []}, ""
    lines = text.split("\n")
    for k, line in enumerate(lines):
        following = lines[k + 1] if k + 1 < len(lines) else ""
        if line in SECTIONS and re.fullmatch("-{3,}", following):
            current = line
            found[current] = []
        elif not (re.fullmatch("-{3,}", line) and k and lines[k - 1] == current):
            found[current].append(line)
    return {name: "\n".join(body).strip("\n") for name, body in found.items()}


def items(body: str) -> list[tuple[str, str]]:
    """The entries of a list of parameters: (name, text)."""
    found: list[tuple[str, str]] = []
    for line in body.split("\n"):
        entry = re.match(r"(\*{0,2}\w[^:]*?) : (.*)", line)
        if entry and not line.startswith(" "):
            found.append((entry[1], entry[2]))
        elif found:
            name, text = found[-1]
            found[-1] = (name, f"{text} {line.strip()}".strip())
        elif line.strip():
            found.append(("", line.strip()))
    return found


def blocks(text: str) -> list[tuple[str, str]]:
    """Paragraphs and examples: ("text" or "code", what it says)."""
    found = []
    for part in re.split(r"\n\s*\n", text):
        if not part.strip():
            continue
        lines = part.split("\n")
        first = next((k for k, line in enumerate(lines) if line.lstrip().startswith(">>>")), None)
        before = lines if first is None else lines[:first]
        if before:
            found.append(("text", " ".join(line.strip() for line in before)))
        if first is not None:
            found.append(("code", inspect.cleandoc("\n".join(lines[first:]))))
    return found


def methods(value: type) -> dict[str, Any]:
    """What a class defines itself for those who use it: methods and properties with a docstring."""
    found = {}
    for name, member in vars(value).items():
        plain = getattr(member, "__func__", member)
        known = inspect.isfunction(plain) or isinstance(member, property)
        if known and not name.startswith("_") and inspect.getdoc(plain):
            found[name] = plain
    return found
