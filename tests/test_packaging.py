"""The house's own machinery: what is installed, what is shipped, and how the set-up fails."""

import ast
import importlib
import os
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / "tools"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKED_EXTRAS = ("book", "test", "grade", "dev")


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """The modules of `tools` by name, loaded anew, whose paths a test may change."""
    monkeypatch.syspath_prepend(TOOLS)
    for path in TOOLS.glob("*.py"):
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
    return importlib.import_module


@pytest.fixture
def environment(tools) -> ModuleType:
    """The set-up."""
    return tools("environment")


@pytest.fixture
def book(tools) -> ModuleType:
    """The book's build."""
    return tools("book")


def pins() -> dict[str, str]:
    """Return the version that requirements.txt pins for each name."""
    lines = re.findall(r"^([\w.-]+)==([^ ;\n]+)", (ROOT / "requirements.txt").read_text(), re.M)
    return {name.lower().replace("_", "-"): version for name, version in lines}


def asked_for() -> list[Requirement]:
    """Return what pyproject.toml asks for in the core and in the locked extras."""
    extras = PROJECT["optional-dependencies"]
    texts = PROJECT["dependencies"] + [text for name in LOCKED_EXTRAS for text in extras[name]]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("wanted", asked_for(), ids=str)
def test_the_lock_satisfies_pyproject(wanted: Requirement) -> None:
    assert wanted.specifier.contains(pins()[wanted.name.lower()])


def test_every_extra_is_there() -> None:
    promised = {"book", "test", "grade", "dev", "cuda12", "cuda13", "bench", "parity"}
    assert promised <= set(PROJECT["optional-dependencies"])


def test_the_wheel_holds_the_package_and_no_test(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(tmp_path), str(ROOT)], check=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert {"course_nn/data/digits.npz", "course_nn/data/bench.json"} <= set(names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"course_nn"}
    assert not [name for name in names if "test" in name.lower() or "benchmark" in name.lower()]
    assert any(name.endswith("entry_points.txt") for name in names)


def test_importing_the_package_needs_only_the_core() -> None:
    program = "import sys, course_nn; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    extra = {"matplotlib", "typer", "rich", "nbclient", "nbformat", "cupy", "torch", "IPython"}
    assert not extra & set(done.stdout.split())


def test_every_make_command_in_the_readme_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    named = re.findall(r"^make ([a-z]+)|`make ([a-z]+)", (ROOT / "README.md").read_text(), re.M)
    assert {"book", "test"} <= {a or b for a, b in named} <= set(targets)


# ---------------------------------------------------------------- how the set-up fails


SCRIPTS = sorted(TOOLS.glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_old_python_can_read_the_scripts_far_enough_to_be_told(script: Path) -> None:
    ast.parse(script.read_text(), feature_version=(3, 7))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_old_python_gets_one_clear_line(script: Path, tools, monkeypatch) -> None:
    version = namedtuple("version", "major minor micro releaselevel serial")
    monkeypatch.setattr(sys, "version_info", version(3, 9, 2, "final", 0))
    with pytest.raises(SystemExit, match=r"this is Python 3\.9, and the course needs 3\.11"):
        runpy.run_path(str(script))


def test_no_venv_module_is_one_clear_line(environment, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(environment, "VENV_PYTHON", tmp_path / "nothing")
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match="has no venv module: install it first"):
        environment.make_venv()


def test_too_little_disk_is_one_clear_line(environment, tmp_path, monkeypatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(environment, "SETUP_STAMP", tmp_path / "none")
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(SystemExit, match=r"needs 1\.5 GB of free disk .* there are 0\.0 GB"):
        environment.set_up()
    assert not list(tmp_path.iterdir())


def test_a_pip_that_fails_is_one_clear_line(environment, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(environment, "SETUP_STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "make_venv", lambda: None)
    monkeypatch.setattr(environment, "pip_install", lambda *_: False)
    with pytest.raises(SystemExit, match=r"pip could not install requirements\.txt"):
        environment.set_up()
    assert not environment.SETUP_STAMP.exists()


# ---------------------------------------------------------------- what the set-up does


@pytest.mark.parametrize(
    ("shown", "extra"),
    [
        ("| Driver Version: 550.54   CUDA Version: 12.4 |", "cuda12"),
        ("| Driver Version: 580.65   CUDA Version: 13.0 |", "cuda13"),
        ("| Driver Version: 470.10   CUDA Version: 11.4 |", ""),
        ("NVIDIA-SMI has failed because it could not talk to the driver", ""),
    ],
)
def test_the_extra_fits_the_driver(
    environment, tmp_path, monkeypatch, shown: str, extra: str
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho '{shown}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert environment.gpu_extra() == extra


def test_without_a_gpu_nothing_is_added(environment, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.gpu_extra() == ""


@pytest.mark.parametrize("works", [True, False])
def test_the_set_up_is_done_once(environment, tmp_path, monkeypatch, works: bool) -> None:
    calls = []
    monkeypatch.setattr(environment, "SETUP_STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "VENV_PYTHON", Path(sys.executable))
    monkeypatch.setattr(environment, "make_venv", lambda: None)
    monkeypatch.setattr(environment, "gpu_extra", lambda: "cuda12")
    monkeypatch.setattr(
        environment, "pip_install", lambda *words: calls.append(words) or works or "-c" not in words
    )
    environment.set_up()
    environment.set_up()
    assert len(calls) == (3 if works else 6)  # where CuPy failed, the next run tries again
    assert ".[cuda12]" in calls[2]


def book_in(folder: Path, book: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lay out a tiny house in a folder, and record the runs of Jupyter Book in place of them."""
    runs: list[str] = []
    for name in ("book/intro.md", "course_nn/ops.py", "tools/press.py", "_config.yml", "_toc.yml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    build = folder / "_build"
    paths = {"ROOT": folder, "BUILD": build, "HTML": build / "html", "SETUP_STAMP": folder / "no"}
    paths |= {"INDEX": build / "html" / "index.html", "BOOK_STAMP": build / ".book"}
    paths |= {f"{name.upper()}_STAMP": build / f".{name}" for name in ("code", "press", "looks")}
    for name, path in paths.items():
        monkeypatch.setattr(book, name, path)
    monkeypatch.setattr(book, "VENV_PYTHON", Path(sys.executable))
    for name in ("ROOT", "BUILD"):
        monkeypatch.setattr(sys.modules["common"], name, paths[name])

    def run() -> int:
        kept = [name for name in ("cache", "read", "html") if (build / MADE[name]).is_dir()]
        runs.append(" ".join(kept))
        for made in MADE.values():
            (build / made).mkdir(parents=True, exist_ok=True)
        (build / "html" / "index.html").write_text("built")
        return 0

    monkeypatch.setattr(book, "run_press", run)
    return runs


MADE = {"cache": ".jupyter_cache", "read": ".doctrees", "html": "html"}


def test_the_book_is_built_when_something_it_reads_has_changed(book, tmp_path, monkeypatch) -> None:
    runs = book_in(tmp_path, book, monkeypatch)
    book.build_book()
    book.build_book()
    assert runs == [""]
    (tmp_path / "book/intro.md").write_text("another text")
    book.build_book()
    assert runs[1:] == ["cache read html"]  # what ran, was read and was written is kept
    (tmp_path / "_toc.yml").write_text("another order")
    book.build_book()
    assert runs[2:] == ["cache read"]  # all pages are written again
    (tmp_path / "tools/press.py").write_text("another press")
    book.build_book()
    assert runs[3:] == ["cache"]  # all pages are read again
    (tmp_path / "course_nn/ops.py").write_text("another program")
    book.build_book()
    assert runs[4:] == [""]  # and all cells run again when the code they import changes


def test_a_book_that_failed_is_built_again(book, tmp_path, monkeypatch) -> None:
    runs = book_in(tmp_path, book, monkeypatch)
    run = book.run_press
    monkeypatch.setattr(book, "run_press", lambda: run() or 1)
    for _ in range(2):
        with pytest.raises(SystemExit, match="the book did not build"):
            book.build_book()
    assert runs == ["", "cache"]  # a warning is told again: every page is read


# ---------------------------------------------------------------- the law on skips


def test_the_tests_are_shared_out_but_for_what_must_run_alone(tools, monkeypatch) -> None:
    suite, runs = tools("suite"), []
    monkeypatch.setattr(suite, "pytest", lambda arguments: runs.append(arguments) or 0)
    assert suite.main(["-q"]) == 0
    shared, alone = runs
    assert {f"--ignore={path}" for path in suite.ALONE} < set(shared)
    assert "-n" in shared
    assert alone == [*suite.ALONE, "-q"]
    assert all((ROOT / path).is_dir() for path in suite.ALONE)


def test_what_takes_long_comes_first_and_every_module_once(tools) -> None:
    """No argument may lie inside another: pytest drops it, and with it the order."""
    suite = tools("suite")
    assert suite.in_turn()[: len(suite.FIRST)] == [*suite.FIRST]
    turn = [ROOT / path for path in suite.in_turn()]
    for module in (ROOT / "tests").rglob("test_*.py"):
        held = sum(path == module or path in module.parents for path in turn)
        alone = any(ROOT / path in module.parents for path in suite.ALONE)
        assert held == (not alone), module
    assert turn[-1] == ROOT / "course_nn"


def test_what_is_named_is_tested_alone(tools, monkeypatch) -> None:
    suite, runs = tools("suite"), []
    monkeypatch.setattr(suite, "pytest", lambda arguments: runs.append(arguments) or 1)
    assert suite.main(["-q", "tests/test_packaging.py::test_one"]) == 1
    assert runs == [["-q", "tests/test_packaging.py::test_one"]]


def test_a_failure_of_those_that_are_shared_out_is_the_answer(tools, monkeypatch) -> None:
    suite = tools("suite")
    monkeypatch.setattr(suite, "pytest", lambda arguments: int("-n" in arguments))
    assert suite.main([]) == 1


@pytest.mark.parametrize(
    ("shared", "alone", "code"), [(0, 5, 0), (1, 5, 1), (5, 0, 0), (5, 5, 5), (0, -9, 9)]
)
def test_a_part_without_a_selected_test_is_no_failure(tools, monkeypatch, shared, alone, code):
    suite = tools("suite")
    monkeypatch.setattr(suite, "pytest", lambda given: shared if "-n" in given else alone)
    assert suite.main(["-k", "something"]) == code


@pytest.mark.parametrize(
    ("ci", "mark", "code"),
    [("true", "", 1), ("true", "@pytest.mark.gpu", 0), ("", "", 0)],
    ids=["under CI", "under CI without a GPU", "on a reader's machine"],
)
def test_a_skip_under_ci_is_a_failure(tmp_path, ci: str, mark: str, code: int) -> None:
    for name in ("conftest.py", "stand_in.py"):
        (tmp_path / name).write_text((ROOT / "tests" / name).read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = gpu\n")
    test = f"import pytest\n{mark}\ndef test_it():\n    pytest.skip('no such thing here')\n"
    (tmp_path / "test_it.py").write_text(test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout
    assert ("no such thing here" in done.stdout) == bool(code)
