"""Execute what changed, then let Sphinx write the pages: run by tools/book.py, in .venv.

Pages whose text is the same are not read again, nor written, unless what they show of another page
changed (`changes` knows).
"""

import os
import sys
from pathlib import Path
from typing import Any

import yaml

from . import execute, kept, links


def pages(toc: Any) -> list[str]:
    """The pages that a table of contents names, in their order."""
    if isinstance(toc, list):
        return [name for item in toc for name in pages(item)]
    if not isinstance(toc, dict):
        return []
    here = [toc[key] for key in ("root", "file") if key in toc]
    return here + [name for value in toc.values() for name in pages(value)]


def build(root: Path, out: Path) -> bool:
    """Build the book of a folder; tell whether every cell worked and nothing was wrong with it.

    The addresses outside of the book are listed in links.txt; nobody here can visit them.
    """
    from jupyter_book.sphinx import build_sphinx  # not for the processes that run cells

    book, toc, config = root / "book", root / "_toc.yml", root / "_config.yml"
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    names = pages(yaml.safe_load(toc.read_text(encoding="utf-8")))
    seconds = settings.get("execute", {}).get("timeout", 300)
    if not execute.run(book, names, out / ".jupyter_cache", seconds):
        return False
    options = {"external_toc_path": toc.as_posix(), "latex_individualpages": False}
    status = build_sphinx(
        book,
        out / "html",
        noconfig=True,
        path_config=config,
        confoverrides=options | {"nitpicky": True},
        builder="html",
        warningiserror=True,
        keep_going=True,
        quiet=True,
        jobs=1 + min(4, os.cpu_count() or 1),  # one of them only hands out the pages
    )
    broken, outside = links.check(out / "html")
    (out / "links.txt").write_text("".join(f"{link}\n" for link in outside), encoding="utf-8")
    for link in broken:
        print(f"a link leads nowhere: {link}", file=sys.stderr)
    well = status == 0 and not broken
    if well and (why := kept.place(out / "html", out / "kept")):
        print(f"the book brings no Python that has started, for {why}: a first page starts it")
    return well


if __name__ == "__main__":
    sys.exit(0 if build(Path(sys.argv[1]), Path(sys.argv[2])) else 1)
