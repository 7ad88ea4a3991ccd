"""A page's cells hold whatever kernel BLAS computes with: each rounds in its own way.

`COURSE_NN_PAGES=all python -m pytest tests/book/test_kernels.py` executes every page; without it
one that once held by chance.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = os.environ.get("COURSE_NN_PAGES", "learning/initialisation").split()
KERNELS = ("Prescott", "Haswell")  # OpenBLAS's; the built book used the machine's own
EXECUTE = """
import sys
from pathlib import Path
from press import execute

if __name__ == "__main__":
    book, cache, *names = sys.argv[1:]
    sys.exit(not execute.run(Path(book), names, Path(cache)))
"""


def pages() -> list[str]:
    if PAGES != ["all"]:
        return PAGES
    book = ROOT / "book"
    return sorted(path.relative_to(book).with_suffix("").as_posix() for path in book.rglob("*.md"))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_cells_hold_with_another_kernel(kernel: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(EXECUTE)
    done = subprocess.run(
        [sys.executable, str(program), str(ROOT / "book"), str(tmp_path / "cache"), *pages()],
        env={**os.environ, "OPENBLAS_CORETYPE": kernel, "PYTHONPATH": str(ROOT / "tools")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert "book: executing" in done.stdout
