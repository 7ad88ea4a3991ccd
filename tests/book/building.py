"""Small books that tests build, with the settings of the real one."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
# A kernel that ends while it is listened to: jupyter_client's own affair, on a busy machine.
LATE = re.compile(r"^ERROR:tornado\.general:.*?^zmq\.error\.ZMQError: [^\n]*\n", re.M | re.S)
HEAD = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""


def lay_out(folder: Path, pages: dict[str, str], lab: bool = False, **settings: Any) -> None:
    """Write a book of these pages, the first of them its root, beside the real settings."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config |= settings
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = {n: str(ROOT / p) for n, p in extensions.items()}
    config["sphinx"]["config"]["live_lab"] = lab
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    root, *rest = pages
    toc = {"format": "jb-book", "root": root, "chapters": [{"file": name} for name in rest]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc))
    for name, text in pages.items():
        page = folder / "book" / f"{name}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        write(page, text)
    for shared in ("_static", "_templates", "references.bib"):
        if not (folder / "book" / shared).exists():
            (folder / "book" / shared).symlink_to(ROOT / "book" / shared)


def write(page: Path, text: str) -> None:
    """Write a page, under the usual front matter if it brings none."""
    page.write_text(text if text.startswith("---\n") else HEAD + text, encoding="utf-8")


def build(folder: Path) -> tuple[Path, str]:
    """Build the book laid out in a folder: where its pages are, and what Sphinx complained of."""
    program = Path(sys.executable).parent / "jupyter-book"
    paths = ["--config", folder / "_config.yml", "--toc", folder / "_toc.yml"]
    command = [program, "build", folder / "book", *paths, "--path-output", folder, "--quiet"]
    environment = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "_build" / "html", LATE.sub("", done.stderr)
