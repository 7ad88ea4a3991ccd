"""A wheel is made of what is installed: the same each time, and it runs anywhere."""

import zipfile
from pathlib import Path

from live_lab import wheels

from . import ROOT  # sets the path


def test_what_a_package_leans_on_in_a_browser_is_found_and_no_more() -> None:
    needed = wheels.closure(["ipython"], "3.14.0", set())
    assert {"traitlets", "decorator", "pygments"} & set(needed) >= {"traitlets", "pygments"}
    assert not {"pexpect", "psutil", "colorama", "typing-extensions"} & set(needed)
    assert needed["matplotlib-inline"] == ["traitlets"]
    assert "pygments" not in wheels.closure(["ipython"], "3.14.0", {"pygments"})


def test_a_wheel_holds_the_package_and_its_licence_and_nothing_compiled(tmp_path: Path) -> None:
    names = zipfile.ZipFile(wheels.write("wcwidth", tmp_path)).namelist()
    assert "wcwidth/__init__.py" in names
    assert any(name.endswith("METADATA") for name in names)
    assert not [n for n in names if n.endswith((".so", ".pyc")) or ".." in n]


def test_the_same_files_make_the_same_wheel(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    assert wheels.total(wheels.write("comm", first)) == wheels.total(wheels.write("comm", second))


def test_the_course_s_wheel_holds_the_package_and_no_grader(tmp_path: Path) -> None:
    wheel = wheels.write(wheels.OWN, tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    assert "course_nn/exercises/released/ex02_dense.py" in names
    assert not [n for n in names if n.startswith(("tests", "course_nn/grading", "course_nn/cli"))]
    stem = wheel.name.removesuffix("-py3-none-any.whl")
    assert f"{stem}.dist-info/METADATA" in names
    assert not [n for n in names if not n.startswith(("course_nn/", "safetensors/", stem))]
    assert ROOT.joinpath("course_nn").is_dir()
