"""Stands in for IPython, which the page has not: what cells import of it, and show with it."""

import base64
import builtins
import html
import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_later import matplotlib_later

if TYPE_CHECKING:
    from live_kernel import Kernel

IMAGES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}
FORMS = {"HTML": "_repr_html_", "Markdown": "_repr_markdown_", "SVG": "_repr_svg_",
         "Latex": "_repr_latex_", "Code": "__repr__", "Pretty": "__repr__"}  # fmt: skip


def stand_in(kernel: "Kernel", handle: type) -> None:
    """Let be imported what cells import of IPython and matplotlib_inline."""
    display = {
        "display": kernel.display,
        "update_display": kernel.update_display,
        "clear_output": kernel.clear_output,
        "DisplayHandle": handle,
        "Image": Image,
        "Math": Math,
        **{name: shown_as(name, how) for name, how in FORMS.items()},
    }
    shell = {"get_ipython": lambda: kernel.shell, "version_info": (9, 0, 0, "")}
    modules = {
        "IPython": shell,
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
    put_in_place(modules)
    kernel.space |= {"display": kernel.display, "get_ipython": shell["get_ipython"]}
    builtins.input = nobody_types
    warnings.filterwarnings("ignore", message="tqdm:disabling monitor")  # it would be a thread
    os.environ["MPLBACKEND"] = "module://live_drawing"
    if "matplotlib" not in sys.modules:
        matplotlib_later(kernel.fetch_figures)


def put_in_place(modules: Mapping[str, Mapping[str, Any]]) -> None:
    """Let modules be imported, by name, those above their parts first."""
    for name, holds in modules.items():
        module = types.ModuleType(name)
        module.__path__ = []
        module.__dict__.update({k: v for k, v in holds.items() if not k.startswith("__")})
        sys.modules[name] = module
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, module)


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


def nothing(*_: Any, **__: Any) -> None:
    """Stands for what a page need not do."""


def shown_as(name: str, how: str) -> type:
    """A class that holds a text and shows it in one form."""

    def __init__(self: Any, data: str, **_: Any) -> None:
        self.data = str(data)

    return type(name, (), {"__init__": __init__, how: lambda self: self.data})


class Math:
    """A formula."""

    def __init__(self, data: str) -> None:
        self.data = data.strip("$")

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.data}$"


class Image:
    """A picture: its bytes, or where they are."""

    def __init__(
        self, data: bytes | str | None = None, url: str | None = None,
        filename: str | None = None, width: int | None = None, **_: Any,
    ) -> None:  # fmt: skip
        named = data if isinstance(data, str) else None
        if named and named.startswith(("http:", "https:", "data:")):
            url = named
        elif path := filename or named:
            data = Path(path).read_bytes()
        self.source = url or as_address(data if isinstance(data, bytes) else b"")
        self.width = width

    def _repr_html_(self) -> str:
        size = f' width="{self.width}"' if self.width else ""
        return f'<img alt="" src="{html.escape(self.source)}"{size}>'


def as_address(picture: bytes) -> str:
    """An address that is a picture itself.

    Raises
    ------
    ValueError : for what is no picture.
    """
    kind = next((kind for head, kind in IMAGES.items() if picture.startswith(head)), None)
    if kind is None:
        raise ValueError("this is no picture: a PNG, JPEG, GIF or WebP is one")
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
