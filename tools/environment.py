"""Make .venv hold what requirements.txt pins: `make setup`, in the standard library alone.

`python tools/environment.py` compares a fingerprint of its inputs with that of the last run that
worked, and does nothing twice.
"""

import os
import re
import shutil
import subprocess
import sys
import time

from common import (
    ROOT,
    SETUP_STAMP,
    VENV,
    VENV_PYTHON,
    fail,
    fingerprint,
    matches,
    require_space,
    run_alone,
    say,
)

SETUP_BYTES = 1_500_000_000
GPU_BYTES = 4_000_000_000


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


if __name__ == "__main__":
    run_alone(set_up, SETUP_BYTES, "the set-up")
