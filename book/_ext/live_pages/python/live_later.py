"""Modules that take long to import, imported when something of them is first asked for."""

import importlib
import importlib.util
import sys
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any


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
