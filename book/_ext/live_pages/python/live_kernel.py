"""Runs the cells of a page in the reader's browser, as a notebook would: names stay, outputs show.

It runs inside Pyodide, where no IPython is: a few names of its own stand in for what the book's
cells ask of it. What a cell shows goes, piece by piece, to the page through `emit(kind, text)`.
"""

import ast
import base64
import builtins
import importlib
import importlib.util
import inspect
import linecache
import os
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.machinery import ModuleSpec
from typing import Any

Emit = Callable[[str, str], None]
FORMS = {
    "html": "_repr_html_",
    "markdown": "_repr_markdown_",
    "svg": "_repr_svg_",
    "png": "_repr_png_",
}
SHOWN = {"HTML": "_repr_html_", "Markdown": "_repr_markdown_", "SVG": "_repr_svg_"}
MOST_TEXT, MOST_LINES = 200_000, 2_000  # of a cell's plain output, in characters and lines
MOST_FORM = 20_000_000  # of its tables and drawings, in characters
MOST_PIECES = 1_000  # that stand below a cell, each of its own
BURST, RATE, DEBT = 200, 50, 150  # pieces posted at once, in a second, and ahead of their time
PIECE, LINE = 20_000, 0.1  # the text that counts as one more piece, and what a line counts
MOST_WAITING = 5_000  # messages that are not posted yet
UP = "\x1b[A"  # a line up again, as bars within bars write
A_WHILE = 0.05  # seconds between two states of a line that is written over, as a progress bar is
STREAMS, ORDERS = ("stdout", "stderr"), ("place", "renew")
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Stream:
    """A text file whose text is shown as it is written; `\\r` stays for the page to obey."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, kind: str, screen: "Screen") -> None:
        self.kind, self.screen = kind, screen

    def write(self, text: str) -> int:
        """Show a text."""
        if text:
            self.screen.stream(self.kind, str(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Show several."""
        self.write("".join(lines))

    def flush(self) -> None:
        """All is shown already."""

    def isatty(self) -> bool:
        """Nobody types here."""
        return False


class Flow:
    """Hands messages to the page as fast as it can show them; what is cleared unseen is left out.

    Nothing can wait here for the page, which is another thread, so that the clock says what it
    bears. Up to a burst all is posted at once, for what comes next may take long.
    """

    def __init__(self, send: Emit) -> None:
        self.send = send
        self.waiting: list[tuple[str, str]] = []
        self.cleared = False  # by the last of what waits, when something comes
        self.room, self.at = float(BURST), time.monotonic()

    def add(self, kind: str, text: str) -> None:
        """Post a message, now or with what comes next."""
        if kind == "renew":
            self.forget(text)
        if kind == "clear":
            self.cleared = True
        elif self.cleared and kind not in ORDERS:
            self.prune()
        self.join(kind, text)
        del self.waiting[:-MOST_WAITING]
        now = time.monotonic()
        self.room, self.at = min(BURST, self.room + RATE * (now - self.at)), now
        if self.room > 0:
            self.flush()

    def join(self, kind: str, text: str) -> None:
        """Let it wait: with the last message, if that is one with it."""
        last = self.waiting[-1] if self.waiting else ("", "")
        if kind == last[0] and kind in STREAMS:
            self.waiting[-1] = (kind, (last[1] + text)[-MOST_TEXT:])
        elif kind == last[0] == "clear":
            self.waiting[-1] = (kind, text and last[1])  # at once, if either was
        else:
            self.waiting.append((kind, text))

    def forget(self, name: str) -> None:
        """Leave out what was to stand in a place that is filled anew."""
        if ("renew", name) in self.waiting:
            k = self.waiting.index(("renew", name))
            del self.waiting[k : k + 2]

    def prune(self) -> None:
        """Leave out what the last clear takes away; a place may lie below another cell."""
        kinds = [kind for kind, _ in self.waiting]
        if "clear" in kinds:
            end = len(kinds) - kinds[::-1].index("clear") - 1
            stays = [k for k in range(end) if "renew" in kinds[max(0, k - 1) : k + 1]]
            self.waiting[:end] = [self.waiting[k] for k in stays]
        self.cleared = False

    def flush(self) -> None:
        """Post what waits."""
        waiting, self.waiting = self.waiting, []
        for kind, text in waiting:
            self.room -= (LINE if kind in STREAMS or kind in ORDERS else 1) + len(text) / PIECE
            self.send(kind, text)
        self.room = max(self.room, -DEBT)


class Screen:
    """What the cell that runs has shown: it grows to a limit, beyond which is only counted."""

    def __init__(self, emit: Emit) -> None:
        self.flow = Flow(emit)
        self.emit = self.flow.add
        self.about: tuple[str, str] | None = None  # the place of the next piece
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.text, self.lines = MOST_TEXT, MOST_LINES  # what may still come
        self.pieces, self.forms = MOST_PIECES, MOST_FORM
        self.left_out, self.torn = 0, False  # lines that were left out, and a last one without end
        self.late: tuple[str, str] | None = None  # a state of a progress bar that is not shown yet
        self.shown_at, self.over = 0.0, False  # the line is being written over

    def stream(self, kind: str, text: str) -> None:
        """A piece of a stream; a line that is written over and over is shown now and then."""
        self.over = "\n" not in text and (self.over or "\r" in text)
        if not self.over:
            self.settle()
            self.put(kind, text)
            return
        if self.late and self.late[0] == kind and not text.startswith("\r"):
            text = self.late[1] + text
        self.late = (kind, text)
        if time.monotonic() - self.shown_at >= A_WHILE:
            self.settle()

    def settle(self) -> None:
        """Show what waits."""
        late, self.late = self.late, None
        if late:
            self.shown_at = time.monotonic()
            self.put(*late)

    def put(self, kind: str, text: str) -> None:
        """Show of a text what may be shown; what begins a line again takes no room."""
        again = text.startswith("\r") and "\n" not in text
        if shown := text if again else self.within(text):
            self.emit(kind, shown)

    def within(self, text: str) -> str:
        """What may be shown of a text."""
        whole = text
        if len(text) > self.text or text.count("\n") > self.lines:
            text = "".join(text[: self.text].splitlines(keepends=True)[: self.lines])
            self.left_out += whole.count("\n", len(text))
            self.torn = not whole.endswith("\n")
            self.text = self.lines = 0
        else:
            self.text -= len(text)
            self.lines -= text.count("\n") - text.count(UP)
        return text

    def show(self, kind: str, text: str) -> None:
        """A piece of its own, or one in the place of another, which takes no more room."""
        self.settle()
        about, self.about = self.about, None
        if len(text) > MOST_FORM and kind != "text":
            kind, text = "text", f"An output of {len(text) / 1e6:.0f} MB is not shown."
        if about and about[0] == "renew":
            text = text[:MOST_TEXT] if kind == "text" else text
        elif not self.fits(len(text)):
            return
        elif kind == "text":
            text = self.within(text)
        if text and about:
            self.emit(*about)
        if text:
            self.emit(kind, text)

    def fits(self, size: int) -> bool:
        """Whether one more piece may be shown; the first that may not is told of at once."""
        self.pieces -= 1
        self.forms -= min(size, MOST_FORM)
        fit = self.pieces >= 0 and self.forms >= 0
        if not fit and self.pieces > -2 * MOST_PIECES:
            self.emit("note", "The page shows no more pieces of this output: there are too many.")
            self.pieces = -2 * MOST_PIECES
        return fit

    def end(self) -> None:
        """The cell has ended: show what waits, and say what was left out."""
        self.settle()
        if lines := self.left_out + self.torn:
            told = "1 more line" if lines == 1 else f"{lines:,} more lines"
            self.emit("note", f"The page shows no more of this output; {told} came after this.")
        self.flow.flush()


class Kernel:
    """One page's name space, and what runs in it."""

    def __init__(self, emit: Emit, figures: Callable[[], None] = lambda: None) -> None:
        self.screen = Screen(emit)
        self.handles = 0
        self.fetch_figures = figures  # brings matplotlib, where it is not here yet
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
                self.space["_"] = value
                self.display(value)

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
    """Markdown as HTML."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").render(markdown)


def as_page(kind: str, what: Any) -> tuple[str, str]:
    """A form that the page knows, and what it shows in it."""
    if kind == "markdown":
        return "html", rendered(what)
    if kind == "png":
        return "html", f'<img alt="" src="data:image/png;base64,{base64.b64encode(what).decode()}">'
    return kind, what


def told(error: BaseException, code: str) -> str:
    """What was raised, from the cell's own line on: the frames above it are the kernel's."""
    if isinstance(error, SyntaxError) and (line := of_ipython(code)):
        return (
            f"SyntaxError: {line!r} is written for IPython, and this page runs plain Python: "
            "leave the line out here. In Jupyter it works."
        )
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<cell"):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).strip()


def of_ipython(code: str) -> str:
    """The first line of a cell that is a command to IPython or the shell, if there is one."""
    lines = (line.strip() for line in code.splitlines())
    return next((line for line in lines if line.startswith(("%", "!"))), "")


def nobody_types(*_: object) -> str:
    """Stands for `input`.

    Raises
    ------
    RuntimeError : always, for a page cannot wait for an answer.
    """
    raise RuntimeError(
        "input() waits for somebody who types, and a cell of this page cannot: "
        "write the value into the code instead, for example name = 'Ada'"
    )


def stand_in(kernel: Kernel) -> None:
    """Let be imported what the book's cells import of IPython and matplotlib_inline."""
    forms = {name: shown_as(name, how) for name, how in SHOWN.items()}
    display = {
        "display": kernel.display,
        "update_display": kernel.update_display,
        "clear_output": kernel.clear_output,
        "DisplayHandle": Handle,
        **forms,
    }
    modules = {
        "IPython": {"get_ipython": lambda: kernel.shell, "version_info": (9, 0, 0, "")},
        "IPython.display": display,
        "IPython.utils": {},
        "IPython.utils.capture": {"capture_output": kernel.capture},
        "matplotlib_inline": {},
        "matplotlib_inline.backend_inline": {"set_matplotlib_formats": nothing},
    }
    if importlib.util.find_spec("safetensors") is None:
        import live_tensors

        modules["safetensors"] = vars(live_tensors)
        modules["safetensors.numpy"] = {"save": live_tensors.save}
    for name, holds in modules.items():
        module = types.ModuleType(name)
        module.__path__ = []
        module.__dict__.update({k: v for k, v in holds.items() if not k.startswith("__")})
        sys.modules[name] = module
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, module)
    builtins.input = nobody_types
    warnings.filterwarnings("ignore", message="tqdm:disabling monitor")  # it would be a thread
    os.environ["MPLBACKEND"] = "module://live_drawing"
    if "matplotlib" not in sys.modules:
        matplotlib_later(kernel.fetch_figures)


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


class Parts:
    """Finds the parts of a module that stands for another: the whole is loaded for the first."""

    def __init__(self, whole: Later, load: Callable[[], None]) -> None:
        self.whole, self.load = whole, load

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """Where a part is, which may have come with the whole."""
        if not name.startswith(f"{self.whole.__name__}."):
            return None
        if sys.modules.get(self.whole.__name__) is not self.whole:
            return None
        self.load()
        self.part = sys.modules.pop(name, None)  # left there, it would be loaded a second time
        if self.part is None:
            return importlib.util.find_spec(name)
        self.spec = self.part.__spec__
        return importlib.util.spec_from_loader(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        """The part as it came."""
        return self.part

    def exec_module(self, module: types.ModuleType) -> None:
        """It has run; it keeps its own origin."""
        module.__spec__ = self.spec


def matplotlib_later(fetch: Callable[[], None]) -> None:
    """Import matplotlib when the first figure is drawn: it takes longer than all the rest."""
    waiting: list[Callable] = []

    def load() -> None:
        for name in names:
            sys.modules.pop(name, None)
        fetch()
        importlib.invalidate_caches()
        importlib.import_module("matplotlib.pyplot")
        page = sys.modules.get("course_nn.page")
        if waiting and page:
            page.style = waiting[0]
            page.style()

    names = ("matplotlib", "matplotlib.pyplot")
    whole, pyplot = (Later(name, load) for name in names)
    whole.pyplot = pyplot  # type: ignore[attr-defined]
    sys.modules.update(zip(names, (whole, pyplot), strict=True))
    sys.meta_path.insert(0, Parts(whole, load))

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
