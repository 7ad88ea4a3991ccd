"""The house: floors that import downwards, one file for CuPy, no room too large to read."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "course_nn"
# every floor stands on those above it in this list, and on nothing else of the package: not for a
# type hint, and not by an import inside of a function
STOREYS = (
    "backend words threads checks files",
    "ops plain init reference",
    "plot page gradcheck layercheck",
    "schedule parameters losses optim data",
    "layers plan barrier engine summary",
    "door progress objective faults training callbacks",
    "description old_archive archive stack export model",
    "zoo learncheck storage interop",
    "worker exercises grading",
    "__init__ cli",
)
FLOORS = [floor for storey in STOREYS for floor in storey.split()]
LONGEST_MODULE, LONGEST_FUNCTION = 600, 25
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def floor(module: str) -> str:
    """The floor to which a module belongs: its first name."""
    return module.split(".")[0]


def imported(path: Path, text: str | None = None) -> set[str]:
    """The floors that a file imports from, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text or path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = path.relative_to(ROOT).parts
            base = ".".join(parts[: len(parts) - node.level]) if node.level else ""
            whole = ".".join(filter(None, (base, node.module)))
            found |= {f"{whole}.{alias.name}" for alias in node.names}
    inside = {name.split(".")[1] for name in found if name.startswith("course_nn.")}
    return inside & set(FLOORS)


def upward(module: str, floors: set[str]) -> set[str]:
    """Which of the floors a module may not import from."""
    own = floor(module)
    return {f for f in floors if f != own and FLOORS.index(f) > FLOORS.index(own)}


def test_every_module_stands_on_a_floor() -> None:
    standing = {floor(module) for module in MODULES}
    assert standing - set(FLOORS) == set()
    assert [f for f in FLOORS if f not in standing] == []


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    assert not upward(module, imported(MODULES[module])), f"{module} imports from above itself"


@pytest.mark.parametrize(
    "text",
    [
        "from . import model",
        "from .model import Sequential",
        "import course_nn.model",
        "def f():\n    from .model import Sequential",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .model import Sequential",
    ],
)
def test_an_import_the_wrong_way_is_found(text: str) -> None:
    assert upward("engine", imported(PACKAGE / "engine.py", text)) == {"model"}
    assert upward("zoo", imported(PACKAGE / "zoo.py", text)) == set()


def test_private_names_stay_in_their_module() -> None:
    private = re.compile(r"from \.+[\w.]* import .*?\b_[a-z]\w*")
    texts = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    found = {name: m.group() for name, text in texts.items() if (m := private.search(text))}
    assert found == {}
    assert private.search("from .model import Sequential, _layers")


def test_one_file_names_cupy() -> None:
    texts = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    naming = [name for name, text in texts.items() if re.search(r"\bcupyx?\b", text)]
    assert naming == ["backend"]


# -- sizes -----------------------------------------------------------------------------------------


def long_functions(text: str) -> dict[str, int]:
    """The functions of more lines of code than may be; docstrings and signatures do not count."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            if lines > LONGEST_FUNCTION:
                found[node.name] = lines
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    assert long_functions(text) == {}


def test_a_function_that_is_too_long_is_found() -> None:
    body = "".join(f"    x = {i}\n" for i in range(LONGEST_FUNCTION + 1))
    assert long_functions(f'def f():\n    """Doc."""\n{body}') == {"f": LONGEST_FUNCTION + 1}
    assert long_functions(f'def f():\n    """Doc."""\n{body[:-11]}') == {}


# -- tests mirror the package ----------------------------------------------------------------------


def test_every_module_has_a_test_module_of_its_name() -> None:
    tests = {path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    names = {str(path.with_name(path.name[5:-3])).replace("/", ".") for path in tests}
    tested = [m for m in MODULES if not m.endswith("__init__") and ".released." not in m]
    missing = [m for m in tested if m not in names]
    assert missing == [], "each module is tested under its own name"
