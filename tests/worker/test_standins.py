"""What stands in for packages that are not here: quiet where it draws, plain where it computes."""

import importlib
import sys

import numpy as np
import pytest

from course_nn.worker import standins
from course_nn.worker.standins import Closed, Finder, NotAvailable, Progress, StandIn, standing_in


@pytest.fixture
def away(monkeypatch):
    """An import that finds what stands in first, though the package may be installed here."""
    roots = standins.QUIET | {"course_nn"}
    for name in [name for name in sys.modules if name.partition(".")[0] in roots]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    yield
    for name in [name for name, m in sys.modules.items() if isinstance(m, standins.Module)]:
        del sys.modules[name]


QUIET = {
    "draws": "import matplotlib.pyplot as plt\nplt.figure(dpi=3); plt.plot([1], [2]); plt.show()",
    "backend": "import matplotlib\nmatplotlib.use('Agg')\nmatplotlib.rcParams['font.size'] = 3",
    "style": "import matplotlib.pyplot as plt\nwith plt.style.context('x'):\n    plt.plot([1])",
    "axes": "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.set(title='x')",
    "four": "from matplotlib.pyplot import subplots as s\nf, ((a, b), (c, d)) = s(2, 2)\nd.plot(1)",
    "flat": (
        "import matplotlib.pyplot as plt\nf, axes = plt.subplots(2, 3, sharex=True)\n"
        "n = 0\nfor ax in axes.flat:\n    ax.imshow([[1]]); n += 1\nassert n == 6\n"
        "axes[1, 2].axis('off')\nassert axes.shape == (2, 3)"
    ),
    "row": "import matplotlib.pyplot as plt\nf, (a, b) = plt.subplots(1, 2)\na.plot([1])",
    "column": "import matplotlib.pyplot as plt\nf = plt.figure()\na, b = f.subplots(2)[1]",
    "line": "import matplotlib.pyplot as plt\nline, = plt.plot([1])\n[l] = plt.plot([1])",
    "three": "import matplotlib.pyplot as p\nn, bins, patches = p.hist([1])\na, *b = p.hist([1])",
    "animation": (
        "from matplotlib.animation import FuncAnimation\nfrom matplotlib import cm, animation\n"
        "a = FuncAnimation(None, lambda i: i, frames=3)\nclass Mine(FuncAnimation): pass"
    ),
    "mplot3d": "from mpl_toolkits.mplot3d import Axes3D\nisinstance(3, Axes3D)",
    "sums": "import matplotlib.pyplot as p\nx = 2 * p.gca().get_ylim()[1] + 1\nf'{x:.2f}'",
    "seaborn": "import seaborn as sns\nsns.set_theme()\nsns.heatmap([[1]], annot=True)",
    "pandas": "import pandas as pd\npd.set_option('x', 3)\npd.DataFrame({'a': [1]}).head()",
    "display": "from IPython.display import display, HTML, clear_output\ndisplay(HTML('<b>'))",
    "colab": "from google.colab import drive, files\ndrive.mount('/content/drive')",
    "widgets": (
        "import ipywidgets as w\nfrom ipywidgets import interact\n@interact(x=(0, 9))\n"
        "def show(x): return x\nassert show(3) == 3\n@interact\ndef more(x): return x\n"
        "assert more(3) == 3"
    ),
    "plotly": "import plotly.express as px\nimport plotly.graph_objects as go\ngo.Figure().show()",
    "PIL": "from PIL import Image\nImage.fromarray(3).save('x.png')",
    "typing": (
        "from jaxtyping import Float\nfrom typeguard import typechecked\nimport numpy as np\n"
        "@typechecked\ndef f(x: Float[np.ndarray, 'n d']) -> Float[np.ndarray, ''] | None:\n"
        "    return 3\nassert f(1) == 3"
    ),
    "more typing": (
        "from typing_extensions import TypeAlias, NotThere\nimport typing\nA: TypeAlias = int\n"
        "assert TypeAlias is typing.TypeAlias\ndef f(x: NotThere[A]): ..."
    ),
    "numba": (
        "from numba import njit, prange\n@njit(parallel=True)\ndef f(n):\n    s = 0\n"
        "    for i in prange(n): s += i\n    return s\nassert f(4) == 6"
    ),
    "vectorize": (
        "import numba as nb\nimport numpy as np\n@nb.vectorize(['f8(f8)'])\ndef f(x):\n"
        "    return x if x > 0 else 0.0\nassert f(np.array([-1.0, 2.0])).tolist() == [0, 2]"
    ),
    "icecream": "from icecream import ic\nassert ic(3) == 3\nic.disable()",
    "tqdm": (
        "from tqdm.auto import tqdm\ntqdm.write('hi'); tqdm.pandas(); tqdm._instances.clear()\n"
        "with tqdm(total=3) as bar:\n    bar.update(); bar.set_postfix(loss=1)\n"
        "    bar.format_dict['elapsed']\n    assert bar.n == 1"
    ),
    "tqdm's loops": (
        "from tqdm.contrib import tenumerate, tzip\n"
        "from tqdm.contrib.concurrent import thread_map\n"
        "assert list(tenumerate('ab', 1)) == [(1, 'a'), (2, 'b')]\n"
        "assert list(tzip('ab', 'cd')) == [('a', 'c'), ('b', 'd')]\n"
        "assert thread_map(str, [1, 2]) == ['1', '2']"
    ),
    "progressbar": (
        "import progressbar\nassert list(progressbar.progressbar(range(3))) == [0, 1, 2]\n"
        "assert list(progressbar.ProgressBar(max_value=3)(range(3))) == [0, 1, 2]"
    ),
    "another axis": "import matplotlib.pyplot as p\nassert p.gca() != p.gcf()\n{p.gca(): 1}",
    "pylab": "from pylab import *\nplot(linspace(0, 1, 3)); title('x'); show()\nassert pi > 3",
    "all of pyplot": "from matplotlib.pyplot import *\nfigure(); imshow([[1]]); colorbar()",
    "ours": "from course_nn.exercises import check\ncheck.dense_forward(len); check.hint('2.1')",
    "ours, judged": "import course_nn as nn\nassert nn.gradcheck.check_vjp(len, len, 3)",
    "ours, shown": "from course_nn import page, plot\nplot.show(page.figure())",
    "ours, imported": "import course_nn as nn, course_nn.layers\nfrom course_nn import ops\nnn.ops",
    "ours, a class": "import course_nn as nn\nclass Mine(nn.Layer):\n    pass\nMine()",
    "version": "import matplotlib, course_nn\nprint(matplotlib.__version__, course_nn.__version__)",
}


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("name", QUIET)
def test_what_draws_is_quiet(name):
    exec(QUIET[name], {"__name__": "away"})


PROGRESS = {
    "tqdm": "from tqdm import tqdm\nx = list(tqdm(range(3), desc='d'))",
    "module": "import tqdm\nx = [i for i in tqdm.tqdm(range(3))]",
    "notebook": "from tqdm.notebook import tqdm\nx = list(tqdm([0, 1, 2], total=3))",
    "auto": "from tqdm.auto import trange\nx = list(trange(3))",
    "bar": (
        "from tqdm import tqdm\nx = []\nwith tqdm(total=3) as bar:\n    for i in range(3):\n"
        "        x.append(bar.n); bar.update(1); bar.set_postfix(loss=i)"
    ),
    "named": (
        "from tqdm import tqdm\nx = []\nbar = tqdm(range(3))\nfor i in bar:\n"
        "    bar.set_description(f'{i}'); x.append(i)"
    ),
    "fast": "from fastprogress import progress_bar\nx = list(progress_bar(range(3)))",
    "rich": "from rich.progress import track\nx = list(track(range(3), description='d'))",
    "enumerated": "from tqdm import tqdm\nx = [i for i, _ in enumerate(tqdm('abc'))]",
}


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("name", PROGRESS)
def test_a_bar_of_progress_loops_truly(name):
    space: dict = {}
    exec(PROGRESS[name], space)
    assert space["x"] == [0, 1, 2]


def test_a_bar_has_the_length_of_what_it_loops_over():
    assert (len(Progress([1, 2])), len(Progress(total=5)), bool(Progress([]))) == (2, 5, True)


@pytest.mark.parametrize(
    "use", [float, int, np.asarray, np.float64, range, open, lambda s: s < 3, lambda s: [1][s]]
)
def test_a_stand_in_gives_no_numbers_and_says_so(use):
    with pytest.raises(NotAvailable) as raised:
        use(np.exp(StandIn("seaborn").data() * np.ones(2)))
    assert str(raised.value) == (
        "seaborn.data() has no numbers to give: seaborn is not available while grading, and what "
        "stands in for it computes nothing; whoever grades can allow it with --allow seaborn"
    )


PANDAS = [
    "for row in pd.DataFrame([1]).iterrows(): pass",
    "assert pd.DataFrame([1]).shape == (1,)",
    "assert pd.Series([1]).sum() != 3",
]


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("code", PANDAS)
def test_of_what_computes_nobody_may_think_that_it_is_empty_or_differs(code):
    with pytest.raises(NotAvailable, match="has no numbers to give: pandas is not available"):
        exec(f"import pandas as pd\n{code}", {})


def test_ours_answers_nothing():
    with pytest.raises(NotAvailable, match=r"course_nn.ops.dense is not .*: write the task with"):
        Closed("course_nn").ops.dense(3)


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "from course_nn.exercises.released.ex02_dense import f",
            "is not available while grading: w",
        ),
        (
            "import course_nn as nn; f = nn.exercises.released.ex02_dense.f",
            "is not available while",
        ),
        ("from course_nn.gradcheck import f", "computes nothing; write the task with NumPy"),
        ("from course_nn.plain.dense import f", "is not available while grading: write the task"),
    ],
)
def test_nothing_of_ours_stands_in_for_an_answer(line, said):
    space: dict = {}
    exec(line, space)
    with pytest.raises(NotAvailable, match=said):
        float(space["f"](3))


@pytest.mark.usefixtures("away")
def test_a_check_keeps_what_it_was_given():
    standins.offered.clear()
    exec("from course_nn.exercises import check as c\nc.softmax(len, 3)\nc.all()\nc.hint('2.1')")
    module = importlib.import_module("course_nn.exercises.check")
    module.relu(max)
    assert standins.offered == {"softmax": len, "relu": max}


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("name", ["cupy", "tensorflow.keras", "nowhere"])
def test_what_computes_is_not_here(name):
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)


def test_what_is_allowed_is_left_alone():
    assert Finder(["pandas"]).find_spec("pandas.core") is None
    assert Finder(["scipy"]).find_spec("pandas.core") is not None


def test_what_is_really_here_comes_first_and_nothing_stays():
    with standing_in():
        assert not isinstance(importlib.import_module("json"), standins.Module)
        assert isinstance(importlib.import_module("seaborn.objects"), standins.Module)
    assert not [name for name, module in sys.modules.items() if isinstance(module, standins.Module)]
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("seaborn")
    assert sys.breakpointhook is sys.__breakpointhook__
