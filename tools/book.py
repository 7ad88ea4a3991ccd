"""Execute and build the book: `make book`, in the standard library alone.

`python tools/book.py` compares a fingerprint of what the book reads with that of the last run that
worked, and does nothing twice.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from common import (
    BUILD,
    CHROMIUM,
    ROOT,
    SETUP_STAMP,
    VENV_PYTHON,
    fail,
    fingerprint,
    matches,
    require_space,
    run_alone,
    say,
)

HTML = BUILD / "html"
INDEX = HTML / "index.html"
BOOK_STAMP = BUILD / ".book"
CODE_STAMP = BUILD / ".code"
PRESS_STAMP = BUILD / ".press"
LOOKS_STAMP = BUILD / ".looks"
BOOK_BYTES = 200_000_000


def data_seen() -> list[str]:
    """Return the data files that a chapter may find: with MNIST there, the pages differ."""
    named = os.environ.get("COURSE_NN_DATA")
    folder = Path(named) if named else None
    return sorted(f.name for f in folder.iterdir()) if folder and folder.is_dir() else []


def runtime_seen() -> str:
    """Return what the browser's runtime is named as: with another one the book differs."""
    return os.environ.get("COURSE_NN_PYODIDE", "the user's own")


def build_book() -> None:
    """Execute and build the book with warnings as errors, unless nothing it reads has changed."""
    if not VENV_PYTHON.exists():
        fail("there is no .venv: run `make setup` first.")
    setup = SETUP_STAMP.read_text() if SETUP_STAMP.is_file() else sys.version
    records = sorted((ROOT / "book").rglob("*.json"))  # measurements that a chapter reads
    code = fingerprint(ROOT / "course_nn", *records, setup, data_seen())
    press = fingerprint(ROOT / "tools", ROOT / "book" / "_ext", code)
    around = [ROOT / "book" / name for name in ("_static", "_templates", "references.bib")]
    looks = fingerprint(*around, ROOT / "_config.yml", ROOT / "_toc.yml", press, runtime_seen())
    chromium = any(map(shutil.which, CHROMIUM))  # it makes a part of the book (press/kept.py)
    wanted = fingerprint(ROOT / "book", looks, chromium)
    if INDEX.is_file() and matches(BOOK_STAMP, wanted):
        say(f"book: up to date: {INDEX}")
        return
    require_space(BOOK_BYTES, "the book")
    start = time.monotonic()
    clear_stale(code, press, looks)
    say("book: executing the cells that changed and building the pages")
    if run_press():
        fail("the book did not build: the cell or the warning that stopped it is named above.")
    BOOK_STAMP.write_text(wanted)
    say(f"book: built in {time.monotonic() - start:.0f} s: open {INDEX}")


def clear_stale(code: str, press: str, looks: str) -> None:
    """Remove what is left of the last run where it cannot be trusted.

    Executed cells stay until the code they import changes, for jupyter-cache compares the cells of
    a notebook, not the package and the records that they read. What Sphinx has read and written
    stays if that run ended well: it repeats no warning of a page that it does not read again. All
    pages are written when what stands around them changes.
    """
    clean = BOOK_STAMP.is_file()
    BOOK_STAMP.unlink(missing_ok=True)
    stale = []
    if not clean or not matches(PRESS_STAMP, press):
        stale += [BUILD / ".doctrees", BUILD / "jupyter_execute"]
    if stale or not matches(LOOKS_STAMP, looks):
        stale.append(HTML)
    if not matches(CODE_STAMP, code):
        stale.append(BUILD / ".jupyter_cache")
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    CODE_STAMP.write_text(code)
    PRESS_STAMP.write_text(press)
    LOOKS_STAMP.write_text(looks)


def run_press() -> int:
    """Build book/ into _build/, and return the exit status."""
    # A plotting backend named from outside would keep figures out of the pages.
    environment = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    command = [str(VENV_PYTHON), "-m", "press.build", str(ROOT), str(BUILD)]
    return subprocess.run(command, cwd=ROOT / "tools", env=environment, check=False).returncode


if __name__ == "__main__":
    run_alone(build_book, BOOK_BYTES, "the book")
