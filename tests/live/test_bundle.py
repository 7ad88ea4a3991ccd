"""What a page imports lies in one zip: all that it needs, nothing that a student must not see."""

import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from live_pages import bundle  # noqa: E402


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("live") / "course_nn.zip"
    bundle.write(path)
    with zipfile.ZipFile(path) as packed:
        return packed.namelist()


def test_it_holds_the_package_the_kernel_and_what_they_lean_on(names: list[str]) -> None:
    wanted = {
        "course_nn/ops/conv.py",
        "course_nn/exercises/released/ex02_dense.py",
        "live_kernel.py",
    }
    assert wanted | {"markdown_it/__init__.py", "tqdm/__init__.py"} <= set(names)
    assert any(name.endswith("bench.json") for name in names)


def test_it_holds_no_grader_and_no_test(names: list[str]) -> None:
    assert not [n for n in names if n.startswith(("tests", "course_nn/grading", "course_nn/cli"))]
    assert not [n for n in names if "__pycache__" in n]


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    bundle.write(tmp_path / "a.zip")
    bundle.write(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_page_loads_less_than_a_megabyte_of_ours(tmp_path: Path) -> None:
    bundle.write(tmp_path / "a.zip")
    assert (tmp_path / "a.zip").stat().st_size < 1_000_000
