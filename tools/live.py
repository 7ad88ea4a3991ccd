"""Fetch what runs the book's cells in a browser: `make live`; `make book` lays it in the book."""

import sys

from common import ROOT, fail, say

sys.path.insert(0, str(ROOT / "book" / "_ext"))

from live_pages import runtime


def main() -> None:
    """Fetch Pyodide's files into the user's cache, or say what could not be had."""
    told = runtime.known()
    say(f"live: {len(told['files'])} files of Pyodide {told['version']}")
    try:
        say(f"live: they are in {runtime.fetched()}; `make book` lays them in the book")
    except (OSError, ValueError) as error:
        fail(
            f"Pyodide could not be fetched ({error}): put its files into a folder, and name it by "
            f"{runtime.FOLDER}."
        )


if __name__ == "__main__":
    main()
