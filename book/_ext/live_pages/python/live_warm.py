"""A Python that is kept for the next page: what it has imported, and what it must draw anew."""

import gc
import importlib
import os
import pkgutil
import random
import sys
from contextlib import suppress


def warm() -> None:
    """Import all that a page may ask for, and draw a figure: each is slow only the first time."""
    sys.dont_write_bytecode = True
    os.environ["MPLBACKEND"] = "module://live_drawing"
    import course_nn

    for found in pkgutil.walk_packages(course_nn.__path__, "course_nn."):
        if not found.name.endswith("__main__"):
            with suppress(ImportError):  # some need a system that a browser has not
                importlib.import_module(found.name)
    for name in ("live_kernel", "markdown_it", "matplotlib.pyplot", "tqdm"):
        importlib.import_module(name)
    draw()
    gc.collect()


def draw() -> None:
    """Draw what no one sees, and close the fonts: a file that is open cannot be kept."""
    from matplotlib import font_manager, mathtext, rc_context
    from matplotlib.figure import Figure

    from course_nn import page

    with rc_context(page.STYLE):
        figure = Figure()
        axes = figure.subplots()
        axes.plot([0, 1], label="$x_1$")
        axes.legend()
        page.drawn(figure)
    font_manager._get_font.cache_clear()
    mathtext.MathTextParser._parse_cached.cache_clear()


def wake() -> None:
    """Draw randomness anew, and see that the compiled parts answer as they must."""
    import numpy as np

    random.seed()
    np.random.seed()  # noqa: NPY002  a reader's cell may still draw from it
    whole = np.linalg.inv(np.eye(2)) @ np.fft.ifft(np.fft.fft([1.0, 2.0])).real
    if whole.tolist() != [1.0, 2.0] or np.random.default_rng().random() == random.random():
        raise RuntimeError("what was kept does not answer as it did")
