"""Runs the cells of a page in the reader's browser, as a notebook would: names stay, outputs show.

It runs inside Pyodide, where no IPython is: a few names of its own stand in for what the book's
cells ask of it. What a cell shows goes, piece by piece, to the page through `emit(kind, text)`.
"""

import ast
import builtins
import importlib
import inspect
import linecache
import os
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

Emit = Callable[[str, str], None]
FORMS = {"html": "_repr_html_", "markdown": "_repr_markdown_", "svg": "_repr_svg_"}
SHOWN = {"HTML": "_repr_html_", "Markdown": "_repr_markdown_", "SVG": "_repr_svg_"}
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Stream:
    """A text file whose lines are shown as they are written; `\\r` stays for the page to obey."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, kind: str, kernel: "Kernel") -> None:
        self.kind, self.kernel = kind, kernel

    def write(self, text: str) -> int:
        """Show a text."""
        if text:
            self.kernel.emit(self.kind, str(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Show several."""
        self.write("".join(lines))

    def flush(self) -> None:
        """All is shown already."""

    def isatty(self) -> bool:
        """Nobody types here."""
        return False


class Kernel:
    """One page's name space, and what runs in it."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.space: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins, "In": [""]}
        events = types.SimpleNamespace(register=nothing, unregister=nothing)
        self.shell = types.SimpleNamespace(
            user_ns=self.space, execution_count=0, kernel=self, events=events, enable_gui=nothing
        )
        self.space["display"] = self.display
        stand_in(self)

    async def run(self, code: str, name: str) -> bool:
        """Run one cell; whether it came to its end. The value of its last line is shown."""
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        self.space["In"].append(code)
        self.shell.execution_count += 1
        with (
            redirect_stdout(Stream("stdout", self)),  # type: ignore[type-var]
            redirect_stderr(Stream("stderr", self)),  # type: ignore[type-var]
        ):
            try:
                await self._run(code, name)
                self.figures()
            except BaseException as error:
                self.emit("error", told(error))
                return False
        return True

    async def _run(self, code: str, name: str) -> None:
        tree = ast.parse(code, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
            last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        await self._evaluate(compile(tree, name, "exec", FLAGS))
        if last is not None:
            value = await self._evaluate(compile(last, name, "eval", FLAGS))
            if value is not None:
                self.space["_"] = value
                self.display(value)

    async def _evaluate(self, code: types.CodeType) -> Any:
        value = eval(code, self.space)
        return await value if inspect.iscoroutine(value) else value

    def display(self, *values: Any, raw: bool = False, **_: Any) -> None:
        """Show values as a notebook does: as HTML, Markdown or a drawing where they can be."""
        for value in values:
            if raw:  # a number for the page's text is raw too: the text stays as it was printed
                self._raw(value)
            elif own := method(value, "_ipython_display_"):
                own()
            else:
                self._show(value)

    def _raw(self, forms: dict[str, str]) -> None:
        for form in ("text/html", "text/plain"):
            if form in forms:
                self.emit(form.removeprefix("text/").replace("plain", "text"), forms[form])
                return

    def _show(self, value: Any) -> None:
        if type(value).__name__ == "Figure" and hasattr(value, "savefig"):
            self._draw(value)
            return
        for kind, name in FORMS.items():
            make = method(value, name)
            text = make() if make else None
            if text is not None:
                self.emit(*(("html", rendered(text)) if kind == "markdown" else (kind, text)))
                return
        self.emit("text", repr(value))

    def figures(self) -> None:
        """Show and close the figures that a cell has left open."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in [] if pyplot is None or isinstance(pyplot, Later) else pyplot.get_fignums():
            self._draw(pyplot.figure(number))
            pyplot.close(number)

    def _draw(self, figure: Any) -> None:
        from course_nn import page

        self.emit("svg", page.drawn(figure))

    @contextmanager
    def capture(self, *_: Any, **__: Any) -> Iterator[None]:
        """Show nothing of what is shown meanwhile."""
        emit, self.emit = self.emit, lambda kind, text: None
        try:
            yield
        finally:
            self.emit = emit


def method(value: Any, name: str) -> Callable | None:
    """A method of an object, unless the object is a class."""
    found = None if inspect.isclass(value) else getattr(value, name, None)
    return found if callable(found) else None


def rendered(markdown: str) -> str:
    """Markdown as HTML."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").render(markdown)


def told(error: BaseException) -> str:
    """What was raised, from the cell's own line on: the frames above it are the kernel's."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<cell"):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).strip()


def stand_in(kernel: Kernel) -> None:
    """Let be imported what the book's cells import of IPython and matplotlib_inline."""
    forms = {name: shown_as(name, how) for name, how in SHOWN.items()}
    display = {"display": kernel.display, "clear_output": nothing, **forms}
    modules = {
        "IPython": {"get_ipython": lambda: kernel.shell, "version_info": (9, 0, 0, "")},
        "IPython.display": display,
        "IPython.utils": {},
        "IPython.utils.capture": {"capture_output": kernel.capture},
        "matplotlib_inline": {},
        "matplotlib_inline.backend_inline": {"set_matplotlib_formats": nothing},
    }
    for name, holds in modules.items():
        module = types.ModuleType(name)
        module.__path__ = []
        module.__dict__.update(holds)
        sys.modules[name] = module
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, module)
    os.environ["MPLBACKEND"] = "module://live_drawing"
    matplotlib_later()


class Later(types.ModuleType):
    """Stands for a module that takes long to import, until something of it is asked for."""

    def __init__(self, name: str, load: Callable[[], None]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__load = load

    def __getattr__(self, part: str) -> Any:
        if part.startswith("__"):
            raise AttributeError(part)
        if sys.modules.get(self.__name__) is self:
            self.__load()
        return getattr(sys.modules[self.__name__], part)


def matplotlib_later() -> None:
    """Import matplotlib when the first figure is drawn: it takes longer than all the rest."""
    waiting: list[Callable] = []

    def load() -> None:
        for name in names:
            sys.modules.pop(name, None)
        importlib.import_module("matplotlib.pyplot")
        page = sys.modules.get("course_nn.page")
        if waiting and page:
            page.style = waiting[0]
            page.style()

    names = ("matplotlib", "matplotlib.pyplot")
    whole, pyplot = (Later(name, load) for name in names)
    whole.pyplot = pyplot  # type: ignore[attr-defined]
    sys.modules.update(zip(names, (whole, pyplot), strict=True))

    def style() -> None:
        """As the page asks for it, as soon as there is something to style."""

    from course_nn import page

    waiting.append(page.style)
    page.style = style


def nothing(*_: Any, **__: Any) -> None:
    """Stands for what a page need not do."""


def shown_as(name: str, how: str) -> type:
    """A class that holds a text and shows it in one form."""

    def __init__(self: Any, data: str) -> None:
        self.data = str(data)

    return type(name, (), {"__init__": __init__, how: lambda self: self.data})
