"""The module that draws for matplotlib: figures become SVG in the page where they are shown."""

from IPython import get_ipython
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas  # noqa: F401


def show(*_: object, **__: object) -> None:
    """Show the figures that are open, and close them."""
    get_ipython().kernel.figures()
