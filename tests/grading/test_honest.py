"""Honest notebooks, awkward in every way that a class of five hundred knows: none loses a point.

Each is the solved notebook of one exercise, changed as its name says, and the points it must get.
"""

import copy
import json
import re
import textwrap
from collections.abc import Callable

import pytest

from course_nn.grading import source
from course_nn.grading.collect import Submission
from course_nn.grading.remote import Limits
from course_nn.grading.runner import Settings, grade_one

LIMITS = Limits(call_seconds=2.0, notebook_seconds=1, memory=600 << 20)
FULL = [1, 2, 1, 1, 1, 1, 2]
ANSWERS = {  # every one needs NumPy by its name, as students write them
    "dense_forward(x, W, b)": "np.dot(x, W) + b",
    "dense_backward(dy, x, W)": "np.dot(dy, W.T), np.dot(x.T, dy), np.sum(dy, axis=0)",
    "flatten_forward(x)": "np.reshape(x, (len(x), -1))",
    "flatten_backward(dy, x)": "np.reshape(dy, x.shape)",
    "sgd_step(W, dW, learning_rate)": "np.subtract(W, learning_rate * dW)",
    "merged(W1, b1, W2, b2)": "np.dot(W1, W2), np.dot(b1, W2) + b2",
    "low_rank_backward(dy, x, A, B, b)": (
        "(np.linalg.multi_dot([dy, B.T, A.T]), np.linalg.multi_dot([x.T, dy, B.T]), "
        "np.dot(np.dot(x, A).T, dy), np.sum(dy, axis=0))"
    ),
}
STUB = '''def {0}:
    """Return what is asked."""
    raise NotImplementedError("Task 2.1")'''
FORWARD = "def dense_forward(x, W, b):\n    return np.dot(x, W) + b"


HEAD = "def dense_forward(x, W, b):\n    return "


class Book:
    """A solved notebook to spoil. Its cells are looked up by the function that they define."""

    def __init__(self, content: dict) -> None:
        self.content = content
        for cell in self.cells:
            cell["source"] = "".join(cell["source"])
            for head, answer in ANSWERS.items():
                if cell["source"].startswith(f"def {head}:"):
                    stub = r"raise NotImplementedError.*"
                    cell["source"] = re.sub(stub, f"y = {answer}\n    return y", cell["source"])

    @property
    def cells(self) -> list[dict]:
        return self.content["cells"]

    @property
    def code(self) -> list[dict]:
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    def __getitem__(self, name: str) -> dict:
        return next(cell for cell in self.code if f"def {name}(" in cell["source"])

    @property
    def first(self) -> dict:
        """The cell that imports."""
        return self.code[0]

    @property
    def checks(self) -> list[dict]:
        return [cell for cell in self.code if cell["source"].startswith("check.")]

    def add(self, text: str, at: int | None = None, **fields) -> None:
        cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], **fields}
        self.cells.insert(len(self.cells) if at is None else at, cell)

    def after(self, name: str, text: str) -> None:
        self.add(text, self.cells.index(self[name]) + 1)

    def bytes(self) -> bytes:
        return json.dumps(self.content).encode()


Change = Callable[[Book], bytes | None]
CASES: dict[str, tuple[Change, list[int], str]] = {}


def case(name: str, change: Change, points: list[int] = FULL, said: str = "") -> None:
    """One notebook: how it is spoilt, its points, and what must be said of it."""
    assert name not in CASES
    CASES[name] = (change, points, said)


def case_of(function: Change) -> Change:
    """A case by a function, with its name."""
    case(function.__name__.replace("_", " "), function)
    return function


def above(line: str) -> Change:
    """A line above the imports, in their cell."""
    return lambda book: book.first.update(source=f"{line}\n{book.first['source']}")


def below(line: str) -> Change:
    return lambda book: book.first.update(source=f"{book.first['source']}\n{line}")


def last(*texts: str) -> Change:
    """Cells at the end."""
    return lambda book: [book.add(text) for text in texts] and None


def forward(text: str) -> Change:
    """Another way to write the first task."""
    return lambda book: book["dense_forward"].update(source=text)


def swap(old: str, new: str) -> Change:
    """Another text in every cell of code."""

    def change(book: Book) -> None:
        assert any(old in cell["source"] for cell in book.code)
        for cell in book.code:
            cell["source"] = cell["source"].replace(old, new)

    return change


# -- what stands above the imports -----------------------------------------------------------------

for name, line in {
    "matplotlib": "import matplotlib.pyplot as plt",
    "pandas": "import pandas as pd",
    "seaborn and plotly": "import seaborn as sns, plotly.express as px",
    "tqdm": "from tqdm.notebook import tqdm, trange",
    "colab": "from google.colab import drive\ndrive.mount('/content/drive')",
    "get_ipython": "get_ipython().run_line_magic('matplotlib', 'inline')",
    "from IPython import": "from IPython import get_ipython\nget_ipython().magic('autosave 0')",
    "the listing of a folder": "files = !ls\nprint(files)",
    "display": "display('hello')",
    "help": "help(len)",
    "await": "import asyncio\nawait asyncio.sleep(30)",
    "pip": "pip install numpy",
    "pip, a magic": "%pip install -q numpy",
    "pip, a command": "!pip install -q numpy && ls",
    "magics": "%matplotlib inline\n%config InlineBackend.x = 'svg'\n%load_ext autoreload",
    "a cell's magic": "%%capture --no-stderr",
    "a package in the same import": "import scipy, numpy as np",
    "a package": "from scipy.special import softmax",
    "a package tried": "try:\n    import cupy as np\nexcept Exception:\n    import numpy as np",
    "torch and tensorflow": "import torch\nimport torch.nn as nn\nimport tensorflow as tf",
    "a file of mine": "from helpers import *\nfrom mylib.utils import plot_all",
    "ours": "from course_nn import ops, page, plot\nimport course_nn as nn",
    "ours, judged": "from course_nn.gradcheck import check_vjp",
    "a folder": "import os\nos.chdir('/content/drive/MyDrive/course')\nos.makedirs('out')",
    "a file": "import numpy as np\ndata = np.load('mnist.npz')",
    "a question": "name = input('Your name? ')",
    "a version": "import sys\nassert sys.version_info >= (3, 99), 'please update'",
    "an exit": "import sys\nif 'google.colab' not in sys.modules:\n    sys.exit('not on Colab')",
    "old Python": "print 'hello'",
    "pylab": "%pylab inline",
    "the future": "from __future__ import annotations",
    "a prompt": ">>> import os",
    "a debugger": "breakpoint()\nimport ipdb",
    "extensions": "import line_profiler, memory_profiler\n%load_ext line_profiler",
    "strict NumPy": "import numpy as np\nnp.seterr(all='raise')\nnp.set_printoptions(precision=3)",
    "silent warnings": "import warnings\nwarnings.filterwarnings('error')",
    "a style": "import matplotlib as mpl\nmpl.rcParams['font.size'] = 9\nimport scienceplots",
    "a display's settings": "from IPython.core.interactiveshell import InteractiveShell\n"
    "InteractiveShell.ast_node_interactivity = 'all'",
    "an interface to a sheet": "import gspread\nfrom google.auth import default\ngspread.login()",
}.items():
    case(f"above the imports: {name}", above(line))

case("the package is named with how it is allowed", above("import scipy"), said="--allow scipy")
case("an import in one cell with a broken line", below("x = = 3"))


# -- cells of one's own ----------------------------------------------------------------------------

for name, text in {
    "plots": """
        import matplotlib.pyplot as plt
        fig, axes = plt.subplots(2, 3, figsize=(9, 6))
        for ax, k in zip(axes.flat, range(6)):
            ax.plot(np.arange(9) ** k, label=f"{k}")
        for i in range(3):
            axes[1, i].set_title("x")
        (line,) = plt.plot([1], [2])
        n, bins, patches = plt.hist(np.ones(9))
        with plt.style.context("ggplot"):
            plt.savefig("out.png")
        plt.show()
        assert len(axes) == 2""",
    "animates": """
        from matplotlib.animation import FuncAnimation
        from IPython.display import HTML
        anim = FuncAnimation(plt.figure(), lambda i: i, frames=9)
        HTML(anim.to_jshtml())""",
    "has a widget": """
        from ipywidgets import interact, FloatSlider
        @interact(rate=FloatSlider(min=0, max=1))
        def show(rate): print(rate)""",
    "shows a table": """
        import pandas as pd
        df = pd.DataFrame({"loss": [1, 2]})
        df.describe().style.background_gradient()""",
    "computes with a table": """
        import pandas as pd
        total = float(pd.Series([1, 2]).sum())""",
    "loads a picture": """
        from PIL import Image
        picture = np.array(Image.open("cat.png")) / 255""",
    "shows progress": """
        from tqdm import tqdm
        total = 0
        for i in tqdm(range(3), desc="epoch"):
            total += i
        assert total == 3""",
    "sleeps": "import time\ntime.sleep(0.5)",
    "is endless": "while True:\n    pass",
    "is slow": "for i in range(10**9):\n    i * i",
    "prints a lot": "for i in range(20_000):\n    print('x' * 99)",
    "needs much memory": "big = np.ones((1 << 32, 9))",
    "recurses": "def deep(n): return deep(n + 1)\ndeep(0)",
    "starts a thread": "import threading\nthreading.Thread(target=print).start()",
    "starts processes": "import multiprocessing as mp\nmp.Pool(4).map(abs, [1])",
    "calls a program": "import subprocess\nsubprocess.run(['nvidia-smi'], check=True)",
    "downloads": "import urllib.request\nurllib.request.urlretrieve('https://example.org/x', 'x')",
    "writes a file": "np.save('w.npy', np.ones(3))\nw = np.load('w.npy')",
    "quits": "exit()",
    "stops whoever runs all": "raise SystemExit('stop here')",
    "fails a test": "assert np.allclose(dense_forward(np.eye(2), np.eye(2), 1), 3)",
    "has doctests": "import doctest\ndoctest.testmod(verbose=True)",
    "has unit tests": "import unittest\nunittest.main(argv=[''], exit=False)",
    "resets": "%reset -f",
    "times": "%timeit -n 10 dense_forward(np.eye(2), np.eye(2), np.ones(2))",
    "times itself": "%%timeit -r 3\ndense_forward(np.eye(2), np.eye(2), np.ones(2))",
    "is Bash": "%%bash\nls -la | grep ipynb",
    "is HTML": "%%html\n<style>.cell {color: red}</style>",
    "asks for help": "np.dot?\n?np.einsum\nnp.dot??",
    "is no Python": "dW = x.T @ dy  <- why not x @ dy.T???",
    "is prose": "I think the gradient flows backwards, don't you?",
    "judges with ours": "import course_nn as nn\nnn.gradcheck.check_vjp(dense_forward, len, 3)",
    "shows a page of ours": "from course_nn import page, plot\npage.figure(plot.curve([1, 2]))",
    "uses a layer of ours": "import course_nn as nn\nmodel = nn.Sequential([nn.ReLU()])\nmodel.x",
    "awaits": "import asyncio\nasync def f(): return 3\nawait asyncio.gather(f(), f())",
    "uses what was shown": "3\n_ + 1\nOut[1]",
    "has a conflict of Git": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> origin/main",
    "is empty": "",
    "is a comment": "# TODO: is this right?",
    "uses names of mine": "W = x = b = y = dy = 3\nlist = [1]\nsum = 0\nN, D, M = 2, 3, 4",
    "lists the code": "import inspect\nprint(inspect.getsource(dense_forward))",
    "checks as a condition": "if not check.dense_forward(dense_forward):\n    raise ValueError",
    "checks all": "check.all()\ncheck.hint('2.1')\nresult = check.merged(merged)\nassert result",
    "sets the seed": "np.random.seed(0)\nimport random\nrandom.seed(0)",
}.items():
    text = textwrap.dedent(text).strip("\n")
    case(f"a cell that {name}", last(text))
    if not text.startswith("%%"):
        case(f"above the imports what {name}", above(text))


# -- the formula in other clothes ------------------------------------------------------------------

for name, text in {
    "a comment that asks": f"{FORWARD}  # is this right?",
    "a lambda": "dense_forward = lambda x, W, b: np.dot(x, W) + b",
    "types": "def dense_forward(x: np.ndarray, W: 'Array', b) -> np.ndarray:\n    return x @ W + b",
    "types of a package": "from jaxtyping import Float\nfrom typeguard import typechecked\n"
    "@typechecked\ndef dense_forward(x: Float[np.ndarray, 'n d'], W, b):\n    return x @ W + b",
    "JAX around it": "import jax\n@jax.jit\n"
    + FORWARD.replace("(x, W, b)", "(x: jax.Array, W, b)"),
    "an f-string of a newer Python": "def dense_forward(x, W, b):\n    d = {'k': 1}\n"
    '    print(f"{d["k"]:.3f}")\n    return np.dot(x, W) + b',
    "f-strings of a newer Python": "def dense_forward(x, W, b):\n"
    """    print(f"{", ".join(map(str, x.shape))} {'\\n'.join('ab')}")\n"""
    "    return np.dot(x, W) + b",
    "a debugger inside": "import pdb, ipdb\n"
    + FORWARD.replace("return", "pdb.set_trace(); ipdb.set_trace()\n    return"),
    "Cython around it": f"%%cython\n{FORWARD}",
    "numba": "from numba import njit\n@njit\n" + FORWARD,
    "a decorator of mine": "import functools, time\ndef timed(f):\n    @functools.wraps(f)\n"
    "    def g(*a):\n        t = time.time()\n        return f(*a)\n    return g\n@timed\n"
    + FORWARD,
    "a cell that is timed": f"%%time\n{FORWARD}",
    "a cell that is timed often": f"%%timeit\n{FORWARD}",
    "a cell that is captured": f"%%capture out\nimport pandas\n{FORWARD}",
    "help below": f"{FORWARD}\nnp.dot?",
    "a failing test below": f"{FORWARD}\nassert False",
    "a failing test above": f"assert False\n{FORWARD}",
    "an endless loop above": f"while True:\n    pass\n{FORWARD}",
    "an endless loop below": f"{FORWARD}\nwhile True:\n    pass",
    "a broken line above": f"x = = 3\n{FORWARD}",
    "a broken line below": f"{FORWARD}\ny = dense_forward(1, 2, 3",
    "an indented cell": textwrap.indent(FORWARD, "    "),
    "tabs": FORWARD.replace("    ", "\t"),
    "prompts": ">>> def dense_forward(x, W, b):\n...     return x @ W + b",
    "a class": "class T:\n    @staticmethod\n    def f(x, W, b):\n        return x @ W + b\n"
    "dense_forward = T.f",
    "a branch": f"if __name__ == '__main__':\n    import scipy\n{textwrap.indent(FORWARD, '    ')}",
    "the stub's last line left": f'{FORWARD}\n    raise NotImplementedError("Task 2.1")',
    "a plot inside": "import matplotlib.pyplot as plt\ndef dense_forward(x, W, b):\n"
    "    plt.plot(x); display(x); print(x)\n    return x @ W + b",
    "progress inside": "from tqdm import trange\ndef dense_forward(x, W, b):\n"
    "    return np.array([x[i] @ W + b for i in trange(len(x))])",
    "ice cream": "from icecream import ic\ndef dense_forward(x, W, b):\n    return ic(x @ W) + b",
    "its own import": "def dense_forward(x, W, b):\n    import numpy\n"
    "    return numpy.dot(x, W) + b",
    "a wrong one above": "def dense_forward(x, W, b):\n    return x @ W\n" + FORWARD,
    "spaces that were pasted": FORWARD.replace("    return", "\u00a0\u00a0\u00a0\u00a0return"),
}.items():
    case(f"the first task with {name}", forward(text))


# -- cells moved, lost, doubled --------------------------------------------------------------------


@case_of
def the_stub_is_left_below(book: Book) -> None:
    book.after("dense_forward", STUB.format("dense_forward(x, W, b)"))


@case_of
def all_stubs_are_left_below(book: Book) -> None:
    for cell in book.code[1:]:
        if head := re.match(r"def (\w+\([^)]*\)):", cell["source"]):
            book.add(STUB.format(head[1]))


@case_of
def solved_in_a_new_cell_below_the_stub(book: Book) -> None:
    text = book["dense_forward"]["source"]
    book["dense_forward"]["source"] = STUB.format("dense_forward(x, W, b)")
    book.add(text)


@case_of
def solved_in_a_new_cell_under_another_name_that_is_checked(book: Book) -> None:
    book["dense_forward"]["source"] = STUB.format("dense_forward(x, W, b)")
    book.after("dense_forward", FORWARD.replace("dense_forward", "my_forward"))
    swap("check.dense_forward(dense_forward)", "check.dense_forward(my_forward)")(book)


@case_of
def renamed_and_never_checked(book: Book) -> None:
    book["dense_forward"]["source"] = FORWARD.replace("dense_forward", "Dense_forward")


@case_of
def a_broken_attempt_below(book: Book) -> None:
    book.after("dense_forward", "def dense_forward(x, W, b):\n    return x @ W +")


@case_of
def a_wrong_attempt_below_a_line_that_stops(book: Book) -> None:
    book.add("raise Exception('drafts below')\ndef dense_forward(x, W, b):\n    return x @ W")


@case_of
def a_wrong_attempt_above(book: Book) -> None:
    book.add("def dense_forward(x, W, b):\n    return x @ W", 3)


@case_of
def a_value_takes_the_name_of_a_function(book: Book) -> None:
    book.add("merged = merged(np.eye(2), np.ones(2), np.eye(2), np.ones(2))\nmerged[0]")


@case_of
def everything_in_one_cell(book: Book) -> None:
    text = "\n\n".join(cell["source"] for cell in book.code)
    book.content["cells"] = []
    book.add("import pandas, scipy\n1 / 0\n" + text)


@case_of
def a_cell_a_line(book: Book) -> None:
    for cell in list(book.code):
        at = book.cells.index(cell)
        book.cells.remove(cell)
        for part in reversed(re.split(r"\n(?=\S)", cell["source"])):
            book.add(part, at)


@case_of
def split_inside_of_a_function(book: Book) -> None:
    head, _, tail = book["dense_backward"]["source"].rpartition("\n")
    book.after("dense_backward", tail)
    book["dense_backward"]["source"] = head


@case_of
def split_below_the_head(book: Book) -> None:
    head, _, tail = book["dense_backward"]["source"].partition("\n")
    book.after("dense_backward", tail)
    book["dense_backward"]["source"] = head


@case_of
def upside_down(book: Book) -> None:
    book.cells.reverse()


@case_of
def the_imports_are_deleted(book: Book) -> None:
    book.cells.remove(book.first)


@case_of
def the_imports_stand_last(book: Book) -> None:
    book.cells.append(book.cells.pop(book.cells.index(book.first)))


@case_of
def the_checks_are_deleted(book: Book) -> None:
    for cell in book.checks:
        book.cells.remove(cell)


@case_of
def the_text_is_deleted(book: Book) -> None:
    book.content["cells"] = book.code


@case_of
def a_helper_stands_below(book: Book) -> None:
    book["dense_forward"]["source"] = (
        "def dense_forward(x, W, b):\n    return times(x, W) + b * SCALE\nSCALE = unit()"
    )
    book.add("def times(x, W):\n    return x @ W\ndef unit():\n    return 1")


@case_of
def a_decorator_stands_below(book: Book) -> None:
    book["dense_forward"]["source"] = f"@same\n{FORWARD}"
    book.add("def same(f):\n    return f")


@case_of
def a_file_that_a_cell_writes_is_imported(book: Book) -> None:
    book.add("%%writefile mine.py\nimport numpy as np\ndef times(x, W):\n    return x @ W", 2)
    book.add("import mine\nfrom mine import times", 3)
    text = "def dense_forward(x, W, b):\n    return mine.times(x, W) + b + 0 * times(x, W)"
    book["dense_forward"]["source"] = text


@case_of
def a_file_that_a_cell_writes_is_run(book: Book) -> None:
    book.add("%%writefile mine.py\ndef times(x, W):\n    return x @ W", 2)
    book.add("%run mine.py", 3)
    book["dense_forward"]["source"] = "def dense_forward(x, W, b):\n    return times(x, W) + b"


@case_of
def doubled_cells(book: Book) -> None:
    book.content["cells"] = [copy.deepcopy(cell) for cell in book.cells for _ in range(2)]


@case_of
def checks_by_other_ways(book: Book) -> None:
    swap("from course_nn.exercises import check", "import course_nn.exercises.check as check")(book)
    book.add("from course_nn.exercises.check import dense_forward as look\nlook(dense_forward)")


for kind in ("raw", "markdown"):
    case(
        f"a task's cell is {kind} by accident",
        lambda book, kind=kind: book["dense_forward"].update(cell_type=kind),
        said=f"a {kind} cell holds the code of dense_forward",
    )


# -- files as they come ----------------------------------------------------------------------------


def colab(book: Book) -> None:
    """As Google Colab writes it: ids of its own, in the metadata."""
    for i, cell in enumerate(book.cells):
        cell.pop("id", None)
        cell["metadata"] = {"id": f"aB3_{i}", "colab": {"base_uri": "https://colab…/"}}
        cell["metadata"]["outputId"] = "x"
    book.content["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}
    book.content["nbformat_minor"] = 0


def third_format(book: Book) -> bytes:
    cells = [{**cell, "language": "python", "input": cell["source"]} for cell in book.cells]
    for cell in cells:
        cell.pop("id", None)
        cell.pop("source" if cell["cell_type"] == "code" else "input")
    return json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}).encode()


def in_conflict(book: Book) -> bytes:
    text = json.dumps(book.content, indent=1)
    count = ' "nbformat": 4'
    assert count in text
    both = f"<<<<<<< HEAD\n{count}\n=======\n{count.replace('4', '5')}\n>>>>>>> theirs"
    return text.replace(count, f"\n{both}").replace("theirs,", "theirs\n,").encode()


def each(**fields) -> Change:
    return lambda book: [cell.update(fields) for cell in book.code] and None


def to_windows(book: Book) -> bytes:
    return json.dumps(book.content, indent=1).replace("\n", "\r\n").encode()


def in_an_old_encoding(book: Book) -> bytes:
    book.add("# für")
    return json.dumps(book.content, ensure_ascii=False).encode("cp1252", "replace")


def each_cell(change: Callable[[dict], object]) -> Change:
    return lambda book: [change(cell) for cell in book.cells] and None


SHELL = {"metadata": {"vscode": {"languageId": "shellscript"}}}
LOST = "the ids of its cells are lost, as in Google Colab"
for name, (change, said) in {
    "from Google Colab": (colab, LOST),
    "in format 3": (third_format, ""),
    "with a merge that is not resolved": (in_conflict, "unresolved merge of Git"),
    "with a mark of its encoding": (lambda book: b"\xef\xbb\xbf" + book.bytes(), ""),
    "in UTF-16": (lambda book: book.bytes().decode().encode("utf-16"), ""),
    "with the line ends of Windows": (to_windows, ""),
    "with such ends in its cells": (swap("\n", "\r\n"), ""),
    "with such ends as a Mac had": (swap("\n", "\r"), ""),
    "of an old encoding": (in_an_old_encoding, "not UTF-8"),
    "packed once more": (lambda book: json.dumps(book.bytes().decode()).encode(), ""),
    "without metadata of cells": (each(metadata=None), ""),
    "without metadata": (lambda book: book.content.update(metadata=None), ""),
    "with outputs of 30 MB": (each(outputs=[{"image/png": "iVBORw0K\n" * 130_000}]), ""),
    "with outputs that are no numbers": (each(outputs=[{"data": {"x": [float("nan")]}}]), ""),
    "without outputs": (each_cell(lambda cell: cell.pop("outputs", 0)), ""),
    "with cells that are none": (lambda book: book.cells.extend([None, 3, {}, []]), ""),
    "with pasted pictures": (each_cell(lambda cell: cell.update(attachments={"a": "x" * 999})), ""),
    "with sources as lines": (
        each_cell(lambda cell: cell.update(source=cell["source"].splitlines(True))), ""
    ),
    "without ids": (each_cell(lambda cell: cell.pop("id")), ""),  # nbgrader's are there
    "with one id everywhere": (each_cell(lambda cell: cell.update(id="x", metadata={})), LOST),
    "with a cell in another language": (lambda book: book.add("ls -la", 0, **SHELL), ""),
}.items():  # fmt: skip
    case(f"a file {name}", change, said=said)


# -- what must cost, costs no more -----------------------------------------------------------------

NONE = [0, *FULL[1:]]
for name, (text, said) in {
    "is a stub": (STUB.format("dense_forward(x, W, b)"), "not written yet"),
    "asks": (f"{HEAD}x * float(input())", "input() has nobody to ask"),
    "reads a file": (f"{HEAD}np.load('y.npy')", "there are no files while grading"),
    "writes a file": (
        f"import tempfile\n{HEAD}tempfile.mkdtemp()",
        "No usable temporary directory found: there are no files while grading",
    ),
    "uses ours": (
        f"import course_nn as nn\n{HEAD}nn.ops.dense_forward(x, W, b)",
        "course_nn.ops.dense_forward is not available while grading: write the task with NumPy",
    ),
    "uses SciPy": (
        f"import scipy\n{HEAD}scipy.linalg.blas.dgemm(1, x, W) + b",
        "`import scipy` failed before: ModuleNotFoundError: scipy is not available",
    ),
    "uses pandas": (
        f"import pandas as pd\n{HEAD}pd.DataFrame(x).dot(W).to_numpy() + b",
        "pandas is not available while grading",
    ),
    "is broken": (f"{HEAD}x @ W +", "The reason: code cell 2 raised SyntaxError at line 2"),
}.items():
    case(f"a task that {name}", forward(text), NONE, said)
case("a task that is missing", lambda book: book.cells.remove(book["dense_forward"]), NONE,
     "there is no function called dense_forward")  # fmt: skip


@pytest.fixture(scope="module")
def given(assignment) -> dict:
    """The student's notebook."""
    return json.loads(source.notebook(assignment.source, assignment.exercise.tasks))


@pytest.mark.parametrize("name", CASES)
def test_an_honest_notebook_gets_its_points(name, given, assignment, kind):
    change, points, said = CASES[name]
    book = Book(copy.deepcopy(given))
    data = change(book) or book.bytes()
    settings = Settings(kind, seed=1, limits=LIMITS)
    found = grade_one(Submission("ada", lambda: data), assignment, settings)
    assert [task.points for task in found.tasks] == points, (found.message, found.failures)
    assert said in " ".join([found.message, *found.said, *found.noticed, *found.failures])


def test_there_are_enough_of_them():
    assert len(CASES) >= 60
