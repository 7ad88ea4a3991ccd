"""A Python that has started, in the built book: from it a reader's first page begins.

Chromium makes it, as a reader's browser makes one for the next page (live_pages/page/keep.js), once
for each build of what the pages load. Without Chromium the book is whole; its first page takes
longer.
"""

import gzip
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from .chromium import browser, program, served

PARTS = ("files", "memory")
PATIENCE = 240_000  # milliseconds
BLANK = "_static/live/pyodide/build.json"  # of the book's origin, without its scripts
KEEP = """async () => {
  const base = new URL("/_static/live/", location).href;
  const keeper = new Worker(`${base}keep.js`, { type: "module" });
  const { kept, why } = await new Promise((heard, failed) => {
    keeper.onmessage = ({ data }) => heard(data);
    keeper.onerror = () => failed(new Error("its program could not be loaded"));
    setTimeout(() => failed(new Error("it took too long")), PATIENCE);
    keeper.postMessage({ base });
  });
  if (!kept) throw new Error(why);
}""".replace("PATIENCE", str(PATIENCE))
SAVE = """async (name) => {
  const shelf = await caches.open((await caches.keys())[0]);
  const [asked] = (await shelf.keys()).filter(({ url }) => url.endsWith(`/${name}`));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await (await shelf.match(asked)).blob());
  link.download = name;
  link.click();
}"""


def place(html: Path, shelf: Path) -> str:
    """Lay it where the pages look for it, made first where none is on the shelf; why there is none.

    `html` is the built book, `shelf` a folder that outlasts a build.
    """
    live = html / "_static" / "live"
    told = live / "pyodide" / "build.json"
    shutil.rmtree(live / "kept", ignore_errors=True)
    if not told.is_file():
        return "the book has no runtime"
    known = json.loads(told.read_text(encoding="utf-8"))
    if known.pop("brings", None):
        told.write_text(json.dumps(known), encoding="utf-8")
    source = shelf / known["build"]
    why = "" if source.is_dir() else make(html, source)
    if why:
        return why
    total = hashlib.sha256((source / "memory.bin").read_bytes()).hexdigest()[:16]
    try:
        shutil.copytree(source, live / "kept" / total, copy_function=link)
    except OSError as error:
        return str(error)
    sizes = {name: (source / f"{name}.bin").stat().st_size for name in PARTS}
    known["brings"] = {"folder": total, "bytes": sizes}  # made again, it differs: no address twice
    told.write_text(json.dumps(known), encoding="utf-8")
    return ""


def make(html: Path, target: Path) -> str:
    """Let a browser make it, in the place of another build's; why it could not."""
    if program() is None:
        return "there is no Chromium on PATH"
    try:
        from playwright.sync_api import Error
    except ImportError:
        return "there is no Playwright"
    made = target.with_name(f"{target.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    try:
        made.mkdir(parents=True)
        with served(html) as base, browser() as opened:
            export(opened, f"{base}/{BLANK}", made)
        for old in target.parent.glob("*/told.json"):
            if old.parent != made:
                shutil.rmtree(old.parent)
        made.rename(target)
    except (Error, OSError) as error:
        return (str(error) or type(error).__name__).splitlines()[0]
    return ""


def export(opened: Any, address: str, target: Path) -> None:
    """Keep a Python in the browser, and write what it keeps."""
    page = opened.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.evaluate(KEEP)
    for name in ("told", *PARTS):
        with page.expect_download() as saved:
            page.evaluate(SAVE, name)
        whole = Path(saved.value.path()).read_bytes()
        if name in PARTS:  # .bin: what is named .gz some servers send as what is in it
            (target / f"{name}.bin").write_bytes(gzip.compress(whole, 6, mtime=0))
        else:
            (target / f"{name}.json").write_bytes(whole)


def link(source: str, target: str) -> None:
    """A file in a second place, without a second copy where that can be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


if __name__ == "__main__":
    sys.exit(place(Path(sys.argv[1]), Path(sys.argv[2])) or None)
