"""A whole Jupyter in a real browser, from a plain web server, with the network cut off."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import live_lab
import nbformat
import pytest
from press import notebooks
from press.markdown import Cell

from tests.book.looking import FLAGS, Handler, browser, program, serve

from . import ROOT

__all__ = ["browser", "serve"]  # fixtures
SECOND = 1000  # milliseconds, as Playwright counts
PATIENCE = 120 * SECOND  # to start Python on a busy machine

CELLS = [
    "from IPython.display import HTML, Markdown, display\nimport sys\nsys.platform",
    "import matplotlib.pyplot as plt\nfrom course_nn import page\npage.style()\n"
    "plt.plot([1, 2])\nplt.show()",
    "Markdown('| a | b |\\n|---|---|\\n| 1 | 2 |')",
    "from tqdm.std import tqdm\nsum(tqdm(range(5)))",
    "import course_nn as nn\nimport numpy as np\nmodel = nn.Sequential([nn.Dense(2)])\n"
    "model.build((3,), rng=np.random.default_rng(0))\nmodel.save('m.safetensors')\n"
    "nn.Sequential.load('m.safetensors')",
    "%pip install nowhere-to-be-found",
    "from pyodide.http import pyfetch\nawait pyfetch('https://elsewhere.invalid/')",
]
WRONG = "def dense_forward(x, W, b):\n    return x @ W - b"


def app(folder: Path, **more: object) -> SimpleNamespace:
    """What the extension asks of Sphinx."""
    config = SimpleNamespace(live_lab=True)
    builder = SimpleNamespace(format="html")
    return SimpleNamespace(outdir=str(folder), config=config, builder=builder, **more)


def lay_out(folder: Path) -> None:
    """The notebooks of a small book."""
    target = folder / notebooks.FOLDER / "exercises"
    target.mkdir(parents=True)
    (folder / "_static").mkdir()
    shutil.copy(ROOT / "book/_static/favicon.svg", folder / "_static")
    shutil.copy(ROOT / "book/exercises/ex02_dense.ipynb", target)
    cells = [Cell(source, {}, place) for place, source in enumerate(CELLS)]
    made = notebooks.notebook(["# A page", *cells], "A page", "")  # with a cell that installs
    nbformat.write(made, folder / notebooks.FOLDER / "a page.ipynb")


# ---------------------------------------------------------------- the button and the folder


@pytest.mark.parametrize(("name", "up"), [("index", ""), ("exercises/ex02_dense", "../")])
def test_a_page_with_a_notebook_has_a_button_that_opens_it(tmp_path: Path, name, up) -> None:
    path = tmp_path / notebooks.FOLDER / f"{name}.ipynb"
    context: dict = {"header_buttons": [{"type": "link", "label": "a"}]}
    live_lab.offer(app(tmp_path), name, "", context, None)
    assert len(context["header_buttons"]) == 1  # it has none
    path.parent.mkdir(parents=True)
    path.touch()
    live_lab.offer(app(tmp_path), name, "", context, None)
    assert context["header_buttons"][0]["url"] == f"{up}_static/lab/open.html#{name}.ipynb"


def test_where_there_are_places_to_run_a_page_it_is_the_first_of_them(tmp_path: Path) -> None:
    (tmp_path / notebooks.FOLDER).mkdir()
    (tmp_path / notebooks.FOLDER / "a.ipynb").touch()
    group = {"type": "group", "label": "launch-buttons", "buttons": [{"text": "Binder"}]}
    live_lab.offer(app(tmp_path), "a", "", {"header_buttons": [group]}, None)
    assert [button["text"] for button in group["buttons"]] == ["Jupyter", "Binder"]


def test_it_is_built_again_only_when_what_it_is_made_of_has_changed(tmp_path, monkeypatch) -> None:
    built = []

    def build(target: Path, *_: object) -> None:
        built.append(target)
        target.mkdir()

    lay_out(tmp_path)
    (tmp_path / "_static/live/pyodide").mkdir(parents=True)  # as the pages have laid it
    monkeypatch.setattr(live_lab.site, "made_of", lambda: "this")
    monkeypatch.setattr(live_lab.site, "build", build)
    live_lab.place(app(tmp_path), None)
    live_lab.place(app(tmp_path), None)
    assert len(built) == 1
    assert (tmp_path / "_static/lab/files/a page.ipynb").is_file()
    shutil.rmtree(tmp_path / "_static/lab")
    monkeypatch.setattr(live_lab.site, "made_of", lambda: "that")
    live_lab.place(app(tmp_path), None)
    assert len(built) == 2


# ---------------------------------------------------------------- in the browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of notebooks, with the runtime and Jupyter in it."""
    from live_pages import runtime

    if not os.environ.get(runtime.FOLDER):
        pytest.skip(f"the browser's runtime is not here: name its folder by {runtime.FOLDER}")
    folder = tmp_path_factory.mktemp("book")
    lay_out(folder)
    runtime.place(folder / "_static/live/pyodide")
    live_lab.place(app(folder), None)
    return folder


class Lab:
    """Jupyter in a page, and all that it asked for elsewhere or complained of."""

    def __init__(self, browser, address: str) -> None:
        self.address, self.elsewhere, self.wrong = address, [], []
        self.browser, self.others, self.known = browser, ExitStack(), False
        self.begin(browser)

    def begin(self, browser) -> None:
        """A reader who has never been here."""
        context = browser.new_context(bypass_csp=False)
        self.others.callback(context.close)
        context.on("request", self.asked)  # no gate: through one, a worker may wait for ever
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self.told)
        context.on("response", self.answered)

    def close(self) -> None:
        self.others.close()

    def told(self, message) -> None:
        if "Content Security Policy" in message.text:
            self.wrong.append(message.text)

    def answered(self, response) -> None:
        # Whether a path in a traceback is a file of the reader's is asked under /api/.
        if response.status >= 400 and "/api/" not in response.url:
            self.wrong.append(response.url)

    def asked(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self, notebook: str) -> None:
        """Go the way of the button, until Python waits for a cell. On a busy machine a browser may
        wait for ever: once more, in a new one where nothing is kept yet."""
        from playwright.sync_api import TimeoutError as Late

        try:
            self.way(notebook, PATIENCE / 2)
        except Late:
            if not self.known:
                fresh = self.browser.browser_type.launch(executable_path=program(), args=FLAGS)
                self.others.callback(fresh.close)
                self.begin(fresh)
            self.way(notebook, PATIENCE)
        self.known = True

    def way(self, notebook: str, patience: float) -> None:
        """The same, once."""
        self.page.goto(f"{self.address}/_static/lab/open.html#{notebook}")
        self.page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=patience)
        self.page.get_by_text("Python (Pyodide) | Idle").wait_for(timeout=patience)

    def run(self, number: int, text: str | None = None):
        """Run a cell of code, counted from 0, with another text if one is given; its output."""
        cell = self.page.locator(".jp-NotebookPanel .jp-CodeCell").nth(number)
        cell.locator(".cm-content").click()
        if text is not None:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Control+Enter")
        cell.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\d")).wait_for()
        return cell.locator(".jp-OutputArea-output")


GUIDE = ROOT / "book" / "guide" / "instructors.md"


class Guarded(Handler):
    """Serves files under the headers that the guide recommends."""

    def end_headers(self) -> None:
        told = re.findall(r'^add_header (\S+) "(.*)" always;$', GUIDE.read_text(), re.M)
        assert len(told) == 5
        for name, value in told:
            self.send_header(name, value)
        super().end_headers()


@pytest.fixture(params=[Handler])
def lab(browser, folder: Path, serve, request: pytest.FixtureRequest) -> Iterator[Lab]:
    lab = Lab(browser, serve(folder, request.param))
    yield lab
    lab.close()
    assert not lab.elsewhere
    assert not lab.wrong


@pytest.mark.browser
def test_an_exercise_is_solved_checked_and_kept_in_the_browser(lab: Lab) -> None:
    lab.open("exercises/ex02_dense.ipynb")
    assert lab.page.locator("body").get_attribute("data-jp-theme-light") == "true"
    lab.run(0)
    lab.run(1, WRONG)
    told = lab.run(2).inner_text()
    assert "Task 2.1" in told
    assert "your y" in told
    lab.page.keyboard.press("Control+s")
    lab.page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    lab.page.reload()
    lab.page.get_by_text("return x @ W - b").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("lab", [Guarded], indirect=True)
def test_a_page_runs_in_the_dark_and_what_is_not_here_is_refused(lab: Lab) -> None:
    lab.page.add_init_script("localStorage.setItem('mode', 'dark')")  # as in the book
    lab.open("a page.ipynb")
    assert lab.page.locator("body").get_attribute("data-jp-theme-light") == "false"
    assert lab.run(0).count() == 0  # the package is there
    assert "emscripten" in lab.run(1).inner_text()
    assert lab.run(2).locator("img, svg").count() == 1
    assert lab.run(3).locator("td").count() == 2
    assert "10" in lab.run(4).last.inner_text()
    assert "Dense(units=2)" in lab.run(5).inner_text()
    assert "PyPI fallback is disabled" in lab.run(6).last.inner_text()
    assert "Failed to fetch" in lab.run(7).last.inner_text()
    # What asks elsewhere is refused by the page, and would be seen here.
    lab.wrong.clear()
    lab.page.evaluate("fetch('https://elsewhere.invalid/').catch(() => 0)")
    assert "elsewhere.invalid" in lab.wrong[0]
    lab.wrong.clear()


@pytest.mark.browser
def test_a_narrow_screen_is_left_to_the_notebook(lab: Lab) -> None:
    for width, state in [(1280, "visible"), (390, "hidden"), (390, "hidden")]:
        lab.page.set_viewport_size({"width": width, "height": 844})
        lab.open("exercises/ex02_dense.ipynb")  # the second time Jupyter finds it open
        files = lab.page.locator(".jp-DirListing")
        bar = lab.page.locator(".jp-SideBar.jp-mod-right")
        files.wait_for(state=state)
        bar.wait_for(state=state)
        cell = lab.page.locator(".jp-NotebookPanel .jp-CodeCell").first.bounding_box()
        assert cell["width"] > 280


@pytest.mark.browser
def test_a_book_without_python_says_what_is_missing(browser, serve, tmp_path, monkeypatch) -> None:
    lay_out(tmp_path)
    monkeypatch.setenv("COURSE_NN_PYODIDE", "")
    live_lab.place(app(tmp_path), None)
    page = browser.new_page()
    page.goto(f"{serve(tmp_path)}/_static/lab/open.html#a%20page.ipynb")
    page.get_by_text("built without Python for the browser: `make live`").wait_for()
    page.goto((tmp_path / "_static/lab/open.html").as_uri())
    page.get_by_text("where the book comes from a web server").wait_for()
    page.close()
