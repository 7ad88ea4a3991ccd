"""The API reference: every public name is in it, once, and says where the book derives it."""

import importlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import course_nn as nn

from . import building
from .sources import BOOK, pages

TOOLS = Path(__file__).parents[2] / "tools"
LISTED = [
    (page.name, block.argument)
    for page in pages()
    for block in page.blocks
    if block.kind == "api" and page.name.startswith("back/api")
]


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """The modules of tools/press by name."""
    monkeypatch.syspath_prepend(TOOLS)
    return lambda name: importlib.import_module(f"press.{name}")


def public_names() -> set[str]:
    """Every name that the package promises, found without the press."""
    found = set()
    for name in nn.__all__:
        value = getattr(nn, name)
        if isinstance(value, ModuleType):
            own = getattr(value, "__all__", None) or [
                n
                for n, v in vars(value).items()
                if not n.startswith("_") and getattr(v, "__module__", "") == value.__name__
                if callable(v) and hasattr(v, "__qualname__")
            ]
            found |= {f"course_nn.{name}.{n}" for n in own}
        else:
            found.add(f"course_nn.{name}")
    return found


def missing(public: ModuleType, modules: list[str]) -> set[str]:
    """The public names that these modules' entries leave out."""
    entries = [entry for module in modules for entry in public.of_module(module)]
    written = {path for entry in entries for path in (entry.path, *entry.others)}
    return public_names() - written


def test_no_public_name_is_missing(press) -> None:
    assert missing(press("public"), [module for _, module in LISTED]) == set()
    assert len(public_names()) > 200


def test_a_name_that_is_missing_is_found(press) -> None:
    fewer = [module for _, module in LISTED if module != "course_nn.optim"]
    assert "course_nn.Adam" in missing(press("public"), fewer)


def test_no_name_is_written_twice(press) -> None:
    public = press("public")
    entries = [entry.path for _, module in LISTED for entry in public.of_module(module)]
    assert [path for path, times in Counter(entries).items() if times > 1] == []


def test_the_overview_names_every_module_that_has_entries() -> None:
    text = (BOOK / "back" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"course_nn\.\w+", text))
    assert named == {module for _, module in LISTED}


DOCSTRING = """y = |x|: not *markup*, and a_b_ neither; see `relu_forward`.

A second paragraph with `an open end.

Parameters
----------
x : (N, D) float,
    on two lines.
*rest : others.

Notes
-----
Book: The dense layer, "The derivative", eq-dense-dx. Someone (1986).

Examples
--------
>>> 1 + 1
2
"""


def test_a_docstring_is_taken_apart(press) -> None:
    public = press("public")
    parts = public.parts(DOCSTRING)
    assert list(parts) == ["", "Parameters", "Notes", "Examples"]
    assert public.items(parts["Parameters"]) == [
        ("x", "(N, D) float, on two lines."),
        ("*rest", "others."),
    ]
    assert public.blocks(parts["Examples"]) == [("code", ">>> 1 + 1\n2")]
    assert len(public.blocks(parts[""])) == 2


NAMELESS = object()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (lambda x, *, y=2: 0, "(x, *, y=2)"),
        (lambda x=max: 0, "(x=max)"),
        (lambda x=NAMELESS: 0, "(x=...)"),
    ],
)
def test_a_signature_is_written_without_types(press, value, written: str) -> None:
    assert press("public").signature(value) == written


CHAPTER = """(dense-layer)=
# The dense layer

## The derivative

$$
a = b
$$ (eq-dense-dx)

$$
a = b
$$ (eq-dense-dw)
"""


def test_an_entry_leads_to_its_chapter_its_section_and_its_equations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the book is built by another process, which finds the docstring in a package of its own
    source = (
        f"__all__ = ['planted_forward', 'relu_forward']\n"
        f"from course_nn.ops import relu_forward\n"
        f"def planted_forward(x):\n    '''{DOCSTRING}'''\n"
    )
    (tmp_path / "planted.py").write_text(source)
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, types, course_nn, planted\n"
        "course_nn.planted = planted\n"
        "sys.modules['course_nn.planted'] = planted\n"
        "planted.__name__ = planted.planted_forward.__module__ = 'course_nn.planted'\n"
        "course_nn.__all__.append('planted')\n"
    )
    paths = f"{tmp_path}:{Path(__file__).parents[2]}"
    monkeypatch.setenv("PYTHONPATH", paths)
    api = "# API\n\n```{api} course_nn.planted\n```\n\n```{api} course_nn.ops\n```\n"
    building.lay_out(tmp_path, {"index": "# Book\n", "dense": CHAPTER, "api": api})
    html, complaints = building.build(tmp_path)
    assert not complaints
    page = (html / "api.html").read_text(encoding="utf-8")
    start = page.index('id="course_nn.planted.planted_forward"')
    entry = page[start : page.index("course_nn.ops.", start + 1)]
    for wanted in (
        "y = |x|: not *markup*, and a_b_ neither; see",
        "A second paragraph with `an open end.",
        'href="dense.html"',
        'href="dense.html#the-derivative"',
        'href="dense.html#equation-eq-dense-dx"',
        "*rest",
    ):
        assert wanted in page, (wanted, entry[:2000])
    index = (html / "genindex.html").read_text(encoding="utf-8")
    assert "relu_forward() (in" in index or "relu_forward() (nn.ops)" in index
