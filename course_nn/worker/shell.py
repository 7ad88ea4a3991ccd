"""What IPython gives to cells beside Python: `get_ipython()`, magics, `display`, `_`."""

import builtins
from collections.abc import Callable
from typing import Any

from . import standins
from .standins import NotAvailable, StandIn

RUNS = ("time", "timeit", "prun", "memit", "mprun", "lprun", "debug", "pylab", "capture", "run")


class Output(list):
    """The lines that a command printed: none, for no command is run."""

    n = s = l = nlstr = spstr = ""  # noqa: E741  -- as IPython names them


class Shell:
    """What `get_ipython()` returns: magics that time run what they time, all others do nothing."""

    def __init__(self, run: Callable[[str], Any], space: dict[str, Any]) -> None:
        self.run, self.user_ns = run, space

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"get_ipython().{name}")

    def run_line_magic(self, name: str, line: str, *more: Any) -> Any:
        """`%name line`."""
        return getattr(self, f"_{name}")(line) if name in RUNS else None

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        """`%%name line` over a cell in another language, or one to be written to a file."""
        if name in ("writefile", "file"):
            path = _last(line)
            standins.written[path] = standins.written.get(path, "") * ("-a" in line.split()) + cell

    def magic(self, text: str) -> Any:
        """The old way to write `run_line_magic`."""
        name, _, line = text.strip().lstrip("%").partition(" ")
        return self.run_line_magic(name, line.strip())

    def system(self, command: str) -> None:
        """`!command`, which is not run."""

    def getoutput(self, command: str, *more: Any, **options: Any) -> Output:
        """`x = !command`, which is not run."""
        return Output()

    def run_cell(self, text: str, *more: Any, **options: Any) -> None:
        """Run a cell's text."""
        self.run(text)

    def _time(self, line: str) -> Any:
        return self.run(line)

    def _timeit(self, line: str) -> None:
        self.run(_after_options(line, "nrp"))

    def _prun(self, line: str) -> Any:
        return self.run(_after_options(line, "lsTDq"))

    def _memit(self, line: str) -> None:
        self.run(_after_options(line, "rt"))

    def _mprun(self, line: str) -> Any:
        return self.run(_after_options(line, "fTDmu"))

    _lprun = _mprun

    def _debug(self, line: str) -> Any:
        return self.run(line)

    def _pylab(self, line: str) -> None:
        self.run("from pylab import *\nimport numpy as np")

    def _capture(self, line: str) -> None:
        for name in line.split()[:1]:
            if name.isidentifier():
                self.user_ns[name] = StandIn(name)

    def _run(self, line: str) -> Any:
        path = _last(line)
        if path not in standins.written:
            raise NotAvailable(f"there are no files while grading, so %run finds no {path}")
        return self.run(standins.written[path])


def _last(line: str) -> str:
    """The file that a magic names, without folders: there are none."""
    return line.split()[-1].strip("'\"").rpartition("/")[2] if line.strip() else ""


def _after_options(line: str, valued: str) -> str:
    """A magic's statement behind its options, those of `valued` with their values.

    >>> _after_options("-n 10 -r3 -q f(x)", "nr")
    'f(x)'
    """
    words = line.split(" ")
    while words and (words[0] == "" or (words[0].startswith("-") and len(words[0]) > 1)):
        word = words.pop(0)
        if len(word) == 2 and word[1] in valued and words:
            words.pop(0)
    return " ".join(words)


def built_in(shell: Shell) -> dict[str, Any]:
    """Python's own names, and those that IPython puts beside them."""

    def quiet(*args: Any, **kwargs: Any) -> None: ...

    def ask(*args: Any) -> str:
        raise NotAvailable(
            "input() has nobody to ask while grading: write the value into the cell instead"
        )

    added = {
        "get_ipython": lambda: shell, "display": quiet, "help": quiet, "exit": quiet,
        "quit": quiet, "breakpoint": quiet, "input": ask, "raw_input": ask, "profile": _as_it_is,
        "_": "", "__": "", "___": "", "Out": {}, "In": [""], "_oh": {}, "_ih": [""], "_dh": [""],
    }  # fmt: skip
    return {**vars(builtins), **added}


def _as_it_is(function: Any) -> Any:
    return function


def show(names: dict[str, Any], number: int, value: Any) -> None:
    """Keep what a cell's last line gave, as `_`, `Out[number]` and so on."""
    if value is not None:
        names.update({"___": names["__"], "__": names["_"], "_": value, f"_{number}": value})
        names["Out"][number] = value
