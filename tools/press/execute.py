"""The book's cells, executed: the pages that changed, as many at once as there are processors.

What a page's cells answer goes into the cache from which Sphinx then reads it. Each process keeps
to one processor, so that two pages at work do not fight over both.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig

ALONE = {"practice/speed", "practice/lists"}  # they measure time, with every processor
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def read(page: Path) -> Any:
    """The page as the notebook that Sphinx makes of it, or None for one without cells."""
    text = page.read_text(encoding="utf-8")
    if not is_myst_markdown_notebook(text):
        return None
    notebook = read_myst_markdown_notebook(text, config=MdParserConfig(), path=page)
    return notebook if any(cell.cell_type == "code" for cell in notebook.cells) else None


def waiting(book: Path, names: Iterable[str], cache: Any) -> dict[str, Any]:
    """The pages whose cells the cache does not know, as notebooks by their names."""
    found = {}
    for name in names:
        page = book / f"{name}.md"
        notebook = read(page) if page.is_file() else None
        if notebook is not None:
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                found[name] = notebook
    return found


def keep_to_one(numbers: Any) -> None:
    """Bind this process, and the kernels that it starts, to one processor."""
    if numbers is None:
        return
    number = numbers.get()
    with contextlib.suppress(AttributeError, OSError):  # not every system can
        os.sched_setaffinity(0, {number})
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))


def execute(notebook: Any, folder: str, seconds: int) -> tuple[Any, float, str]:
    """Run a page's cells where the page lies: the notebook, its time, and what went wrong."""
    done = single_nb_execution(notebook, cwd=folder, timeout=seconds, allow_errors=False)
    return done.nb, done.time, done.exc_string or ""


def processors() -> list[int]:
    """The processors that this process may use."""
    with contextlib.suppress(AttributeError):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def execute_all(book: Path, pages: dict[str, Any], cache: Any, seconds: int) -> dict[str, str]:
    """Execute pages into the cache: what went wrong, by page."""
    wrong: dict[str, str] = {}
    log = Path(cache.path) / "seconds.json"
    last = json.loads(log.read_text()) if log.is_file() else {}
    longest = sorted(pages, key=lambda name: -last.get(name, 0.0))

    def store(name: str, notebook: Any, time: float, error: str) -> None:
        last[name] = time
        if error:
            wrong[name] = error
            return
        path = str(book / f"{name}.md")
        bundle = CacheBundleIn(notebook, path, data={"execution_seconds": time})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)

    def folder(name: str) -> str:
        return str((book / name).parent)

    together = [name for name in longest if name not in ALONE]
    context, cores = get_context("spawn"), processors()[: len(together) or 1]
    numbers = context.Queue()
    for number in cores:
        numbers.put(number)
    with ProcessPoolExecutor(len(cores), context, keep_to_one, (numbers,)) as pool:
        jobs = {pool.submit(execute, pages[n], folder(n), seconds): n for n in together}
        for job in as_completed(jobs):
            store(jobs[job], *job.result())
    for name in longest:
        if name in ALONE:
            store(name, *execute(pages[name], folder(name), seconds))
    log.write_text(json.dumps(last))
    return wrong


def run(book: Path, names: list[str], cache_folder: Path, seconds: int = 300) -> bool:
    """Bring the cache up to date; tell whether every cell worked."""
    cache = get_cache(str(cache_folder))
    pages = waiting(book, names, cache)
    if not pages:
        return True
    print(f"book: executing {len(pages)} of {len(names)} pages", flush=True)
    wrong = execute_all(book, pages, cache, seconds)
    for name, error in wrong.items():
        print(f"{name}: a cell failed\n{error}", file=sys.stderr)
    return not wrong
