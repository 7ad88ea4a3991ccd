"""Print the book: `make pdf`, in the standard library alone.

`python tools/pdf.py` builds the book where it is out of date, and prints its pages into one PDF.
"""

import os
import subprocess
import time

from common import BUILD, ROOT, VENV_PYTHON, fail, matches, run_alone, say

from book import BOOK_BYTES, BOOK_STAMP, build_book

PDF = BUILD / "book.pdf"
PDF_STAMP = BUILD / ".pdf"


def build_pdf() -> None:
    """Build the book, and print it unless that very book is printed already."""
    build_book()
    built = BOOK_STAMP.read_text()
    if PDF.is_file() and matches(PDF_STAMP, built):
        say(f"pdf: up to date: {PDF}")
        return
    start = time.monotonic()
    PDF_STAMP.unlink(missing_ok=True)
    say("pdf: printing the pages, a minute or two")
    if run_paper():
        fail("the PDF was not made: what stopped it is named above.")
    PDF_STAMP.write_text(built)
    say(f"pdf: printed in {time.monotonic() - start:.0f} s")


def run_paper() -> int:
    """Print the built book, and return the exit status."""
    command = [str(VENV_PYTHON), "-m", "press.paper", str(ROOT), str(BUILD)]
    environment = dict(os.environ)
    return subprocess.run(command, cwd=ROOT / "tools", env=environment, check=False).returncode


if __name__ == "__main__":
    run_alone(build_pdf, BOOK_BYTES, "the PDF")
