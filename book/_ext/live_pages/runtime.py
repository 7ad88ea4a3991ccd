"""Pyodide's files: Python for the browser, from where they are to where the pages look for them.

They lie in the folder that `COURSE_NN_PYODIDE` names, or in the user's cache, where `make live`
(and `make book`, where there is a network) puts them once, each verified. A book built without
them is whole; its buttons say what is missing.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from sphinx.util import logging

FOLDER = "COURSE_NN_PYODIDE"  # set to nothing, it asks for a book without a runtime
KNOWN = Path(__file__).with_name("runtime.json")
STARTS_WITH = ("numpy", "threadpoolctl")
FIGURES = (
    "contourpy", "cycler", "fonttools", "kiwisolver", "matplotlib", "packaging", "pillow",
    "pyparsing", "python_dateutil", "pytz", "six",
)  # fmt: skip
TIMEOUT = (5, 30)  # seconds: to connect, and between two pieces of an answer


def known() -> dict[str, Any]:
    """The version, the address of Pyodide's own distribution, and the SHA-256 of every file."""
    return json.loads(KNOWN.read_text(encoding="utf-8"))


def fetched() -> Path:
    """The user's cache with every file in it; what is missing there is fetched, and verified.

    Raises
    ------
    OSError, ValueError : where a file cannot be had, or is not the published one.
    """
    import pooch

    told = known()
    folder = pooch.os_cache("course_nn") / f"pyodide-{told['version']}"
    files = {name: f"sha256:{total}" for name, total in told["files"].items()}
    shelf = pooch.create(folder, told["address"], registry=files)
    fetch = pooch.HTTPDownloader(timeout=TIMEOUT)
    for name in files:
        shelf.fetch(name, downloader=fetch)
    return Path(folder)


def found() -> tuple[Path | None, str]:
    """The folder of the runtime, or none and why."""
    named = os.environ.get(FOLDER)
    if named is None:
        try:
            return fetched(), ""
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            return None, f"it could not be fetched ({type(error).__name__})"
    if not named:
        return None, f"{FOLDER} is set to nothing"
    missing = [name for name in known()["files"] if not Path(named, name).is_file()]
    return (None, f"{named} has no {missing[0]}") if missing else (Path(named), "")


def place(target: Path) -> None:
    """Lay the runtime where the pages look for it, as links where that can be."""
    source, why = found()
    if source is None:
        logging.getLogger(__name__).info("live pages: the book has no runtime, for %s", why)
        shutil.rmtree(target, ignore_errors=True)
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in known()["files"]:
        there = target / name
        if there.is_file() and there.stat().st_size == (source / name).stat().st_size:
            continue
        there.unlink(missing_ok=True)
        try:
            os.link(source / name, there)
        except OSError:
            shutil.copyfile(source / name, there)


def tell(target: Path, *parts: Path) -> None:
    """Say beside the runtime which build it serves, and which wheels a page loads, and when.

    A page that keeps something for the next one keeps it for this build alone: `parts` are the
    files of ours from which it is made.
    """
    wheels = [name for name in known()["files"] if name.endswith(".whl")]
    figures = [name for name in wheels if name.split("-")[0] in FIGURES]
    starts = [name for name in wheels if name.split("-")[0] in STARTS_WITH]
    total = hashlib.sha256(KNOWN.read_bytes())
    for part in parts:
        total.update(part.read_bytes())
    told = {"build": total.hexdigest()[:16], "wheels": starts + figures, "figures": figures}
    (target / "build.json").write_text(json.dumps(told), encoding="utf-8")
