"""The package's order: imports run one way, and one file names CuPy."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "course_nn"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}
# what a module stands on: it imports nothing of the package but this (at run time)
MAY_IMPORT = {
    "course_nn.backend": set(),
    "course_nn.ops": {"backend", "checks", "ops"},
    "course_nn.plain": {"plain"},
    "course_nn.gradcheck": {"backend", "gradcheck", "plot"},
    "course_nn.layers": {"backend", "checks", "ops", "init", "layers", "parameters", "words"},
    "course_nn.layercheck": {"backend", "checks", "gradcheck", "layercheck"},
    "course_nn.learncheck": {"backend", "checks", "layers", "losses", "model", "optim"},
    "course_nn.losses": {"backend", "checks", "ops", "words"},
    "course_nn.optim": {"backend", "checks", "parameters", "schedule", "threads", "words"},
    "course_nn.schedule": {"checks", "words"},
    "course_nn.reference": {"plain", "reference"},
}


def imported(path: Path) -> set[str]:
    """The modules of the package that a file imports when it runs, by their first name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = path.relative_to(PACKAGE.parent).parts
            base = ".".join(parts[: len(parts) - node.level]) if node.level else ""
            whole = ".".join(filter(None, (base, node.module)))
            found |= {f"{whole}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("course_nn.")}


@pytest.mark.parametrize("module", MAY_IMPORT)
def test_imports_run_one_way(module: str) -> None:
    files = [p for name, p in MODULES.items() if name == module or name.startswith(f"{module}.")]
    assert files
    for path in files:
        assert imported(path) <= MAY_IMPORT[module], path


def test_nothing_imports_the_command() -> None:
    assert [name for name, path in MODULES.items() if "cli" in imported(path)] == []


def test_one_file_names_cupy() -> None:
    texts = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    naming = [name for name, text in texts.items() if re.search(r"\bcupyx?\b", text)]
    assert naming == ["course_nn.backend"]


def test_an_import_the_wrong_way_is_found() -> None:
    assert {"layers", "backend", "training"} <= imported(PACKAGE / "model.py")
    assert "model" not in imported(PACKAGE / "training.py")  # only for types
