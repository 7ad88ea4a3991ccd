"""Runs the cells of a page in the reader's browser, as a notebook would: names stay, outputs show.

It runs inside Pyodide, where no IPython is: a few names of its own stand in for what the book's
cells ask of it. What a cell shows goes, piece by piece, to the page through `emit(kind, text)`.
"""

import ast
import base64
import builtins
import html
import inspect
import linecache
import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import count
from typing import Any

import live_ipython
from live_errors import told
from live_later import Later
from live_screen import Emit, Screen, Stream

FORMS = {
    "html": "_repr_html_",
    "markdown": "_repr_markdown_",
    "svg": "_repr_svg_",
    "png": "_repr_png_",
    "jpeg": "_repr_jpeg_",
    "latex": "_repr_latex_",
}
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)", re.DOTALL)
MARK = "\x02"  # around the number of a formula, while the text around it is read
PLACE = re.compile(f"{MARK}(\\d+){MARK}")
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Kernel:
    """One page's name space, and what runs in it."""

    def __init__(self, emit: Emit, figures: Callable[[], None] = lambda: None) -> None:
        self.screen = Screen(emit)
        self.handles, self.cells, self.values = 0, [""], dict[int, Any]()
        self.fetch_figures = figures  # brings matplotlib, where it is not here yet
        self.space: dict[str, Any] = {
            "__name__": "__main__", "__builtins__": builtins, "In": self.cells, "Out": self.values,
            "_": "", "__": "", "___": "",
        }  # fmt: skip
        nothing = live_ipython.nothing
        events = types.SimpleNamespace(register=nothing, unregister=nothing)
        self.shell = types.SimpleNamespace(
            user_ns=self.space, execution_count=0, kernel=self, events=events, enable_gui=nothing
        )
        live_ipython.stand_in(self, Handle)

    async def run(self, code: str, name: str) -> bool:
        """Run one cell; whether it came to its end. The value of its last line is shown."""
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        self.cells.append(code)
        self.space.pop("__warningregistry__", None)  # a cell warns each time that it runs
        self.shell.execution_count += 1
        self.screen.clear()
        with (
            redirect_stdout(Stream("stdout", self.screen)),  # type: ignore[type-var]
            redirect_stderr(Stream("stderr", self.screen)),  # type: ignore[type-var]
        ):
            try:
                await self._run(code, name)
                self.figures()
            except BaseException as error:
                self.screen.settle()
                self.screen.emit("error", told(error, code))
                return False
            finally:
                self.screen.end()
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
                self._keep(value)
                self.display(value)

    def _keep(self, value: Any) -> None:
        """The last values that were shown, by the names that a notebook has for them."""
        space, self.values[self.shell.execution_count] = self.space, value
        space |= {"_": value, "__": space.get("_"), "___": space.get("__")}

    async def _evaluate(self, code: types.CodeType) -> Any:
        value = eval(code, self.space)
        return await value if inspect.iscoroutine(value) else value

    def display(
        self, *values: Any, raw: bool = False, display_id: Any = None, clear: bool = False, **_: Any
    ) -> "Handle | None":
        """Show values as a notebook does: as HTML, Markdown or a drawing where they can be.

        Under a `display_id` (True asks for a new one) a value can be replaced later.
        """
        if clear:
            self.clear_output(wait=True)
        handle = None
        if display_id is not None:
            self.handles += 1
            handle = Handle(self, f"nn-{self.handles}" if display_id is True else str(display_id))
        for value in values:
            if handle:
                self.screen.about = ("place", handle.display_id)
            self._put(value, raw)
        return handle

    def update_display(self, value: Any, *, display_id: str, raw: bool = False, **_: Any) -> None:
        """Show a value in the place of the one that stands under its name."""
        self.screen.about = ("renew", display_id)
        self._put(value, raw)

    def clear_output(self, wait: bool = False) -> None:
        """Take away what the cell has shown; or, with `wait`, when it next shows something."""
        self.screen.clear()
        self.screen.emit("clear", "wait" if wait else "")

    def _put(self, value: Any, raw: bool) -> None:
        if raw:  # a number for the page's text is raw too: the text stays as it was printed
            self._raw(value)
        elif own := method(value, "_ipython_display_"):
            own()
        else:
            self._show(value)
        self.screen.about = None  # where nothing was shown

    def _raw(self, forms: dict[str, str]) -> None:
        for form in ("text/html", "text/plain"):
            if form in forms:
                self.screen.show(form.removeprefix("text/").replace("plain", "text"), forms[form])
                return

    def _show(self, value: Any) -> None:
        if type(value).__name__ == "Figure" and hasattr(value, "savefig"):
            self._draw(value)
            return
        for kind, name in FORMS.items():
            make = method(value, name)
            text = make() if make else None
            if text is not None:
                self.screen.show(*as_page(kind, text))
                return
        self.screen.show("text", repr(value))

    def figures(self) -> None:
        """Show and close the figures that a cell has left open."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in [] if pyplot is None or isinstance(pyplot, Later) else pyplot.get_fignums():
            self._draw(pyplot.figure(number))
            pyplot.close(number)

    def _draw(self, figure: Any) -> None:
        from course_nn import page

        self.screen.show("svg", page.drawn(figure))

    @contextmanager
    def capture(self, *_: Any, **__: Any) -> Iterator[None]:
        """Show nothing of what is shown meanwhile."""
        emit, self.screen.emit = self.screen.emit, lambda kind, text: None
        try:
            yield
        finally:
            self.screen.settle()
            self.screen.emit = emit


class Handle:
    """A place in a cell's output whose content can be replaced."""

    def __init__(self, kernel: Kernel, display_id: str) -> None:
        self.kernel, self.display_id = kernel, display_id

    def display(self, value: Any, **options: Any) -> None:
        """Show a value in one more such place."""
        self.kernel.display(value, display_id=self.display_id, **options)

    def update(self, value: Any, **options: Any) -> None:
        """Show a value in place of what stands there."""
        self.kernel.update_display(value, display_id=self.display_id, **options)


def method(value: Any, name: str) -> Callable | None:
    """A method of an object, unless the object is a class."""
    found = None if inspect.isclass(value) else getattr(value, name, None)
    return found if callable(found) else None


def rendered(markdown: str) -> str:
    """Markdown as HTML, whose formulas are the page's to typeset."""
    from markdown_it import MarkdownIt

    found, number = list(FORMULA.finditer(markdown)), count()
    marked = FORMULA.sub(lambda _: f"{MARK}{next(number)}{MARK}", markdown)
    page = MarkdownIt("commonmark").enable("table").render(marked)

    def back(piece: re.Match) -> str:
        """A formula as MathJax reads it; in code it stays as it was written."""
        if piece[1] is not None:
            return html.escape(typeset(found[int(piece[1])].group()))
        return PLACE.sub(lambda one: html.escape(found[int(one[1])].group()), piece.group())

    return re.sub(f"<code.*?</code>|{PLACE.pattern}", back, page, flags=re.DOTALL)


def typeset(text: str) -> str:
    r"""A text whose formulas stand between the signs that the page's MathJax looks for.

    >>> print(typeset("$x$ costs $3, and $$y = x^2$$"))
    \(x\) costs $3, and \[y = x^2\]
    """
    return FORMULA.sub(
        lambda found: rf"\({found[2]}\)" if found[1] is None else rf"\[{found[1]}\]", text
    )


def as_page(kind: str, what: Any) -> tuple[str, str]:
    """A form that the page knows, and what it shows in it."""
    if kind == "markdown":
        return "html", rendered(what)
    if kind == "latex":
        return "html", html.escape(typeset(what))
    if kind in ("png", "jpeg"):
        data = base64.b64encode(what).decode()
        return "html", f'<img alt="" src="data:image/{kind};base64,{data}">'
    return kind, what
