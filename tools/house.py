"""Set up .venv and build the book: the two steps behind `make`, in the standard library alone.

`python tools/house.py setup` makes .venv hold what requirements.txt pins; `... book` executes and
builds the book. Each compares a fingerprint of its inputs with that of the last run that worked,
and does nothing twice.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
if sys.version_info < OLDEST:
    sys.exit(
        "error: this is Python {}.{}, and the course needs 3.11 or newer: install one and name it, "
        "as in `make PYTHON=python3.12`.".format(*sys.version_info)
    )

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SETUP_STAMP = VENV / ".set-up"
BUILD = ROOT / "_build"
HTML = BUILD / "html"
INDEX = HTML / "index.html"
BOOK_STAMP = BUILD / ".book"
CODE_STAMP = BUILD / ".code"
SETUP_BYTES = 1_500_000_000
GPU_BYTES = 4_000_000_000
BOOK_BYTES = 200_000_000


def say(text: str) -> None:
    """Print one line at once, so that it stands before what a child process prints."""
    print(text, flush=True)


def fail(text: str) -> None:
    """End with one clear line."""
    sys.exit(f"error: {text}")


def fingerprint(*parts: object) -> str:
    """Return the SHA-256 of the parts: a path stands for what is in it."""
    digest = hashlib.sha256()
    for part in parts:
        for name, content in _read(part):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _read(part: object) -> list[tuple[str, bytes]]:
    """Return the (name, content) pairs of one part, in a fixed order, without caches."""
    if not isinstance(part, Path):
        return [("", repr(part).encode())]
    files = sorted(part.rglob("*")) if part.is_dir() else [part]
    skip = {"__pycache__", ".ipynb_checkpoints"}
    kept = [f for f in files if f.is_file() and not skip & set(f.parts)]
    return [(f.relative_to(ROOT).as_posix(), f.read_bytes()) for f in kept]


def matches(stamp: Path, value: str) -> bool:
    """Tell whether the last run that worked left this fingerprint."""
    return stamp.is_file() and stamp.read_text() == value


@contextlib.contextmanager
def one_at_a_time():
    """Hold the house's lock, so that two runs at once do not write over each other."""
    try:
        import fcntl
    except ImportError:  # Windows: no lock, and no make either
        yield
        return
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting: another run is at work in this folder")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def require_space(needed: int, what: str) -> None:
    """End with one line if the disk is too full for what comes."""
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        fail(
            f"{what} needs {needed / 1e9:.1f} GB of free disk under {ROOT}, "
            f"and there are {free / 1e9:.1f} GB: free some and run it again."
        )


# ------------------------------------------------------------------------------------- set-up


def gpu_extra() -> str:
    """Return the extra that fits the NVIDIA driver: "cuda12", "cuda13", or "" without a GPU."""
    program = shutil.which("nvidia-smi")
    if not program:
        return ""
    shown = subprocess.run([program], capture_output=True, text=True, check=False)
    version = re.search(r"CUDA(?: \w+)? Version: *(\d+)", shown.stdout)
    if shown.returncode or not version or int(version[1]) < 12:
        return ""
    return "cuda12" if version[1] == "12" else "cuda13"


def make_venv() -> None:
    """Create .venv, or keep the one that is there if it has this Python."""
    here = "{}.{}.{}".format(*sys.version_info)
    same = VENV_PYTHON.exists() and f"version = {here}" in (VENV / "pyvenv.cfg").read_text()
    if same and not subprocess.run([VENV_PYTHON, "-c", "import pip"], check=False).returncode:
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        fail(
            f"{sys.executable} has no venv module: install it first "
            "(Debian and Ubuntu: `sudo apt install python3-venv`)."
        )
    say(f"set-up: creating .venv with Python {here}")
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError as problem:
        fail(f"{sys.executable} could not put pip into .venv: {problem}")


def pip_install(*arguments: str) -> bool:
    """Run .venv's pip, errors shown and no more, and tell whether it worked."""
    command = [VENV_PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    command += ["--no-compile"]  # most modules are never imported: those that are compile then
    return subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode == 0


def install(extra: str) -> bool:
    """Install the pins, the course, and CuPy where there is a GPU; tell whether all went well."""
    pins = ROOT / "requirements.txt"
    count = len(re.findall(r"^[a-z0-9].*==", pins.read_text(), re.MULTILINE))
    say(f"set-up: installing the {count} packages that requirements.txt pins (a minute or two)")
    if not pip_install("-r", str(pins)):
        require_space(SETUP_BYTES // 10, "installing")
        fail("pip could not install requirements.txt: its own words are above; is there a network?")
    say("set-up: installing course-nn from this folder (editable)")
    if not pip_install("--no-deps", "--no-build-isolation", "--editable", "."):
        fail("pip could not install the course itself: its own words are above.")
    if not extra:
        return True
    say(f"set-up: nvidia-smi shows a GPU: adding CuPy (extra {extra})")
    added = pip_install("--no-build-isolation", "-c", str(pins), "--editable", f".[{extra}]")
    if not added:
        say("set-up: CuPy could not be installed: all works on the CPU; the next run tries again")
    return added


def set_up() -> None:
    """Make .venv hold what requirements.txt and pyproject.toml ask for."""
    extra = gpu_extra()
    inputs = (ROOT / "requirements.txt", ROOT / "pyproject.toml", extra, sys.version, str(ROOT))
    wanted = fingerprint(*inputs)
    if VENV_PYTHON.exists() and matches(SETUP_STAMP, wanted):
        say("set-up: .venv is up to date")
        return
    require_space(SETUP_BYTES + bool(extra) * GPU_BYTES, "the set-up")
    start = time.monotonic()
    SETUP_STAMP.unlink(missing_ok=True)
    make_venv()
    if install(extra):
        SETUP_STAMP.write_text(wanted)
    say(f"set-up: done in {time.monotonic() - start:.0f} s")


# --------------------------------------------------------------------------------------- book


def data_seen() -> list[str]:
    """Return the data files that a chapter may find: with MNIST there, the pages differ."""
    named = os.environ.get("COURSE_NN_DATA")
    folder = Path(named) if named else None
    return sorted(f.name for f in folder.iterdir()) if folder and folder.is_dir() else []


def build_book() -> None:
    """Execute and build the book with warnings as errors, unless nothing it reads has changed."""
    if not VENV_PYTHON.exists():
        fail("there is no .venv: run `make setup` first.")
    setup = SETUP_STAMP.read_text() if SETUP_STAMP.is_file() else sys.version
    records = sorted((ROOT / "book").rglob("*.json"))  # measurements that a chapter reads
    code = fingerprint(ROOT / "course_nn", *records, setup, data_seen())
    wanted = fingerprint(ROOT / "book", ROOT / "_config.yml", ROOT / "_toc.yml", code)
    if INDEX.is_file() and matches(BOOK_STAMP, wanted):
        say(f"book: up to date: {INDEX}")
        return
    require_space(BOOK_BYTES, "the book")
    start = time.monotonic()
    clear_stale(code)
    say("book: executing the chapters that changed and building the pages")
    if run_jupyter_book():
        fail("the book did not build: the cell or the warning that stopped it is named above.")
    BOOK_STAMP.write_text(wanted)
    say(f"book: built in {time.monotonic() - start:.0f} s: open {INDEX}")


def clear_stale(code: str) -> None:
    """Remove the last pages, and, where the code they import has changed, the executed notebooks.

    Sphinx repeats no warning of a page that it does not read again, and jupyter-cache compares the
    cells of a notebook, not the package and the records that they read: both would hide an error.
    """
    BOOK_STAMP.unlink(missing_ok=True)
    stale = [HTML, BUILD / ".doctrees", BUILD / "jupyter_execute"]
    if not matches(CODE_STAMP, code):
        stale.append(BUILD / ".jupyter_cache")
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    CODE_STAMP.write_text(code)


def run_jupyter_book() -> int:
    """Run Jupyter Book over book/ into _build/, and return its exit status."""
    program = VENV_PYTHON.parent / "jupyter-book"
    arguments = ["build", "book", "--config", "_config.yml", "--toc", str(ROOT / "_toc.yml")]
    strict = ["--path-output", ".", "--warningiserror", "--keep-going", "--quiet"]
    # A plotting backend named from outside would keep figures out of the pages.
    environment = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    command = [str(program), *arguments, *strict]
    quiet = subprocess.DEVNULL  # its chatter; warnings and failures come on standard error
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=quiet, check=False).returncode


def main() -> None:
    """Do the step that the command line names."""
    steps = {"setup": set_up, "book": build_book}
    if len(sys.argv) != 2 or sys.argv[1] not in steps:
        fail("usage: python tools/house.py setup|book")
    try:
        with one_at_a_time():
            steps[sys.argv[1]]()
    except OSError as problem:
        require_space(BOOK_BYTES, sys.argv[1])
        fail(f"{sys.argv[1]} stopped: {problem}.")


if __name__ == "__main__":
    main()
