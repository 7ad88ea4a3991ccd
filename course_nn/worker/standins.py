"""What stands in, while cells run, for packages that are not here.

What plots, displays or shows progress is imported and used quietly; whoever wants numbers of it is
told in one sentence what it is. What computes is not here at all, and its import fails as it would.
"""

import contextlib
import dis
import importlib.abc
import importlib.machinery
import operator
import sys
import types
import typing
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np

QUIET = {
    "matplotlib", "mpl_toolkits", "pylab", "seaborn", "plotly", "bokeh", "altair",
    "holoviews", "hvplot", "pyvista", "graphviz", "pydot", "IPython", "ipywidgets",
    "ipykernel", "ipympl", "google", "tqdm", "fastprogress", "alive_progress",
    "progressbar", "rich", "tabulate", "prettytable", "termcolor", "colorama", "PIL",
    "torchviz", "torchsummary", "torchinfo", "livelossplot", "wandb", "tensorboard",
    "tensorboardX", "mlflow", "nbgrader", "otter", "ipytest", "typeguard", "beartype",
    "jaxtyping", "nptyping", "numba", "line_profiler", "memory_profiler", "pyinstrument",
    "psutil", "kaggle_secrets", "gdown", "nest_asyncio", "watermark", "icecream", "snoop",
    "pysnooper", "ipdb", "pudb", "loguru", "pandas", "session_info", "jupyterthemes",
    "typing_extensions",
}  # fmt: skip
COMPUTES = {"pandas", "PIL"}  # of whose parts nobody may think that they are empty, or differ
ITERATES = [
    "tqdm", "tqdm_notebook", "tqdm_gui", "progress_bar", "master_bar", "alive_it", "track",
    "progressbar", "ProgressBar",
]  # fmt: skip
CHECKS = [
    "gradcheck", "layercheck", "learncheck", "page", "plot", "progress", "summary",
    "exercises",
]  # fmt: skip
DRAWS = [
    "plot", "figure", "show", "title", "xlabel", "ylabel", "legend", "subplot", "subplots",
    "hist", "imshow", "scatter", "grid", "savefig", "colorbar", "axis", "bar", "xlim",
    "ylim", "errorbar", "fill_between", "contour", "contourf", "text", "close",
    "tight_layout",
]  # fmt: skip
ALLOW = "whoever grades can allow it with --allow {package}"
OURS = "write the task with NumPy"
ONLY = "where there are NumPy, the standard library and no files of yours"

written: dict[str, str] = {}  # files that cells wrote, by their names
here: dict[str, Any] = {}  # what `from IPython import get_ipython` finds
offered: dict[str, Callable] = {}  # what a check was last given, by the name of its task
checked: list[str] = []  # the tasks whose checks were called since somebody looked


class NotAvailable(Exception):
    """Something that is not here while grading was needed; the message says what, and why."""


def absent(name: str) -> str:
    """Say that a module is not here.

    >>> absent("scipy.special")[:37]
    'scipy is not available while grading,'
    """
    package = name.partition(".")[0]
    return f"{package} is not available while grading, {ONLY}; {ALLOW.format(package=package)}"


class StandIn:
    """Stands for any part of a package that is not here: used quietly, it has no numbers to give.

    >>> plt = StandIn("matplotlib.pyplot")
    >>> fig, (left, right) = plt.subplots(1, 2)
    >>> float(left.get_ylim()[0])
    Traceback (most recent call last):
    course_nn.worker.standins.NotAvailable: matplotlib.Axes.get_ylim()[...] has no numbers ...
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, part: str) -> Any:
        if part.startswith("__"):
            raise AttributeError(part)
        return part_of(self._name, part)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        special = SPECIAL.get(self._name.rpartition(".")[2])
        if special:
            return special(*args, **kwargs)
        if len(args) == 1 and not kwargs and isinstance(args[0], type | types.FunctionType):
            return args[0]  # it decorates
        return StandIn(f"{self._name}()")

    def __getitem__(self, key: Any) -> "StandIn":
        return StandIn(f"{self._name}[...]")

    def __setitem__(self, key: Any, value: Any) -> None: ...
    def __delitem__(self, key: Any) -> None: ...

    def __iter__(self) -> Iterator["StandIn"]:
        """As many as the caller unpacks; none in a loop."""
        count = _unpacked(sys._getframe(1))
        if not count and self._computes:
            raise NotAvailable(numberless(self))
        return iter([StandIn(f"{self._name}[...]") for _ in range(count)])

    def __eq__(self, other: object) -> bool:
        if self._computes and self is not other:
            raise NotAvailable(numberless(self))
        return self is other

    __hash__ = object.__hash__

    @property
    def _computes(self) -> bool:
        return self._name.partition(".")[0] in COMPUTES

    def __enter__(self) -> "StandIn":
        return self

    def __exit__(self, *error: object) -> None: ...

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return 0

    def __contains__(self, item: Any) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<{self._name}, which is not here while grading>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __mro_entries__(self, bases: tuple) -> tuple:
        return ()

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> "StandIn":
        return self


def _unpacked(frame: types.FrameType) -> int:
    """How many values the instruction at hand takes: `a, b = …` takes two, a loop none."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return code[at + 1] if dis.opname[code[at]] in ("UNPACK_SEQUENCE", "UNPACK_EX") else 0


def _compute(self: StandIn, *args: Any, **kwargs: Any) -> Any:
    raise NotAvailable(numberless(self))


def _stay(self: StandIn, *args: Any) -> StandIn:
    return self


def numberless(found: StandIn) -> str:
    """Say of a stand-in that it was taken for a value."""
    package = found._name.partition(".")[0]
    why = f"{package} is not available while grading, and what stands in for it computes nothing"
    what = OURS if package == "course_nn" else ALLOW.format(package=package)
    return f"{found._name} has no numbers to give: {why}; {what}"


for _name in [
    "float", "int", "complex", "index", "array", "lt", "le", "gt", "ge", "round", "fspath",
]:  # fmt: skip
    setattr(StandIn, f"__{_name}__", _compute)
for _name in [
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor",
]:  # fmt: skip
    setattr(StandIn, f"__{_name}__", _stay)
    setattr(StandIn, f"__r{_name}__", _stay)
for _name in [
    "neg", "pos", "abs", "invert",
]:  # fmt: skip
    setattr(StandIn, f"__{_name}__", _stay)


class Closed(StandIn):
    """Stands for a part of `course_nn` that answers tasks: it can be imported, not called."""

    def __getattr__(self, part: str) -> Any:
        if part.startswith("__"):
            raise AttributeError(part)
        return Closed(f"{self._name}.{part}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotAvailable(f"{self._name} is not available while grading: {OURS}")


class _Bars(type):
    """All else that a kind of bars can do is done quietly: `tqdm.write`, `tqdm.pandas`."""

    def __getattr__(cls, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"tqdm.{name}")


class Progress(metaclass=_Bars):
    """Stands for a bar of progress: it loops as what it was given does.

    >>> list(Progress(range(3), desc="epoch"))
    [0, 1, 2]
    """

    def __init__(self, iterable: Any = None, *args: Any, total: Any = None, **kwargs: Any) -> None:
        self.iterable, self.total, self.n = iterable, total, 0

    def __iter__(self) -> Iterator[Any]:
        for item in self.iterable if self.iterable is not None else ():
            yield item
            self.n += 1

    def __call__(self, iterable: Any) -> "Progress":
        """A bar that was made before it has something to loop over."""
        return Progress(iterable)

    def __len__(self) -> int:
        return len(self.iterable) if self.iterable is not None else self.total or 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None: ...

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"tqdm.{name}")

    def update(self, n: int = 1) -> None:
        """Counts on."""
        self.n += n


class Check:
    """Stands for `check`: every check accepts anything, and keeps what it was given."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def check(*args: Any, **kwargs: Any) -> StandIn:
            if args and callable(args[0]) and not isinstance(args[0], StandIn):
                offered[name] = args[0]
                checked.append(name)
            return StandIn(f"course_nn.exercises.check.{name}()")

        return check


# -- parts that are not like the others ------------------------------------------------------------


def _subplots(
    nrows: int = 1, ncols: int = 1, *args: Any, squeeze: bool = True, **kwargs: Any
) -> Any:
    """A figure and its axes, in an array as matplotlib gives it."""
    axes = np.empty((operator.index(nrows), operator.index(ncols)), dtype=object)
    for place in np.ndindex(axes.shape):
        axes[place] = StandIn("matplotlib.Axes")
    if squeeze:
        axes = axes[0, 0] if axes.size == 1 else axes.squeeze()
    return StandIn("matplotlib.Figure"), axes


def _vectorize(*args: Any, **kwargs: Any) -> Any:
    """`numba.vectorize`, with or without types: NumPy's does the same, if slower."""
    return np.vectorize(args[0]) if args and callable(args[0]) else np.vectorize


class _Same(StandIn):
    """`icecream.ic` shows what it is given, and gives it back."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if len(args) == 1 else args or None


def _enumerate(iterable: Any, start: int = 0, *args: Any, **kwargs: Any) -> Any:
    """`tqdm.contrib.tenumerate`."""
    return enumerate(iterable, start)


def _zip(*iterables: Any, **kwargs: Any) -> Any:
    """`tqdm.contrib.tzip`."""
    return zip(*iterables, strict=False)


def _map(function: Callable, *iterables: Any, **kwargs: Any) -> Any:
    """`tqdm.contrib.tmap`."""
    return map(function, *iterables)


def _mapped(function: Callable, *iterables: Any, **kwargs: Any) -> list:
    """`tqdm.contrib.concurrent.thread_map`, one after another."""
    return list(map(function, *iterables))


LOOPS: dict[str, Callable] = {
    "tenumerate": _enumerate, "tzip": _zip, "tmap": _map,
    "thread_map": _mapped, "process_map": _mapped,
    "trange": lambda *args, **kwargs: Progress(range(*args)),
    "tnrange": lambda *args, **kwargs: Progress(range(*args)),
}  # fmt: skip
SPECIAL: dict[str, Callable] = {"subplots": _subplots}


def part_of(name: str, part: str) -> Any:
    """What a stand-in has under this name."""
    root = name.partition(".")[0]
    if root == "course_nn":
        inside = [*name.split(".")[1:], part]
        answers = inside[0] == "exercises" and inside[1:2] not in ([], ["check"])
        closed = answers or inside[0] not in CHECKS
        return (Closed if closed else StandIn)(f"{name}.{part}")
    if root == "typing_extensions" and hasattr(typing, part):
        return getattr(typing, part)
    if part in ITERATES:
        return Progress
    if part in LOOPS:
        return LOOPS[part]
    own = {
        "numba.prange": range, "numba.vectorize": _vectorize, "icecream.ic": _Same("icecream.ic"),
    }  # fmt: skip
    return own.get(f"{root}.{part}") or StandIn(f"{name}.{part}")


# -- importing -------------------------------------------------------------------------------------


class Module(types.ModuleType):
    """A package that is not here, or a module of it."""

    __version__ = "0"

    def __getattr__(self, part: str) -> Any:
        if part.startswith("__"):
            raise AttributeError(part)
        if part == "get_ipython" and self.__name__.startswith("IPython"):
            return here.get(part)
        return part_of(self.__name__, part)


class Written(importlib.abc.InspectLoader):
    """Loads a module from the file that a cell wrote (`%%writefile`)."""

    def get_source(self, fullname: str) -> str:
        """What the cell wrote."""
        return written[f"{fullname}.py"]


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a stand-in where nothing else was found: it is asked last."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self.roots = (QUIET | {"course_nn"}) - set(allowed)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """A stand-in for what plots, displays or shows progress, and for `course_nn`."""
        if f"{name}.py" in written:
            return importlib.machinery.ModuleSpec(name, Written())
        if name.partition(".")[0] not in self.roots:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """An empty module that has every part."""
        return Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Fills what `import *` shall find, and what is no stand-in."""
        name = module.__name__
        if name == "course_nn.exercises":
            vars(module)["check"] = Check()
        if name in ("pylab", "matplotlib.pylab"):
            vars(module).update({n: getattr(np, n) for n in np.__all__}, np=np, plt=module)
        if name in ("pylab", "matplotlib.pylab", "matplotlib.pyplot"):
            vars(module).update({draw: part_of(name, draw) for draw in DRAWS})
        if name == "course_nn.exercises.check":
            module.__class__ = type("CheckModule", (Module,), {"__getattr__": Check.__getattr__})


def install(allowed: Collection[str] = ()) -> None:
    """Let what is not here be imported quietly, for good: in a worker of its own.

    Parameters
    ----------
    allowed : packages that are really here, and are left as they are.
    """
    import pdb  # the server has loaded it

    sys.meta_path.append(Finder(allowed))
    sys.breakpointhook = pdb.set_trace = lambda *args, **kwargs: None


@contextlib.contextmanager
def standing_in() -> Iterator[None]:
    """Stand-ins within the block alone: in a process that has other work as well."""
    finder, hook = Finder(), sys.breakpointhook
    sys.meta_path.append(finder)
    sys.breakpointhook = lambda *args, **kwargs: None
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.breakpointhook = hook
        for name in [name for name, module in sys.modules.items() if isinstance(module, Module)]:
            del sys.modules[name]
