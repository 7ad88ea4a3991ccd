"""What runs a page's cells: names stay, outputs show, and no cell ends it."""

import pytest

from tests.live.cells import WELL, run


def test_names_stay_and_the_last_line_is_shown_unless_a_semicolon_ends_it() -> None:
    assert run("a = 2", "a + 1", "a + 1;", "_ + 1") == [
        WELL, ["text", "3"], WELL, WELL, ["text", "4"], WELL,
    ]  # fmt: skip


def test_what_is_printed_is_shown_as_it_comes_on_both_streams() -> None:
    shown = run("import sys\nprint('one')\nprint('two', file=sys.stderr)")
    assert "".join(text for form, text in shown if form == "stdout") == "one\n"
    assert "".join(text for form, text in shown if form == "stderr") == "two\n"


@pytest.mark.parametrize("code", ["a = (", "raise SystemExit", "raise KeyboardInterrupt"])
def test_no_cell_ends_the_kernel(code: str) -> None:
    shown = run(code, "1")
    assert [pair[0] for pair in shown] == ["error", "cell", "text", "cell"]


def test_what_knows_a_form_is_shown_in_it() -> None:
    code = "from IPython.display import HTML, Markdown, display\ndisplay(HTML('<b>x</b>'), 3)\n"
    assert run(code + "Markdown('| a |\\n|---|\\n| 1 |')")[:2] == [
        ["html", "<b>x</b>"],
        ["text", "3"],
    ]
    table = run(code + "Markdown('| a |\\n|---|\\n| 1 |')")[2]
    assert table[0] == "html"
    assert "<td>1</td>" in table[1]


def test_a_class_is_shown_as_a_class() -> None:
    shown = run("class A:\n    def _repr_html_(self):\n        return 'x'", "A", "A()")
    assert [text for form, text in shown if form in ("text", "html")] == [
        "<class '__main__.A'>",
        "x",
    ]


def test_figures_are_drawn_for_the_page_where_they_are_shown_and_once() -> None:
    setup = "import matplotlib.pyplot as plt\nfrom course_nn import page\npage.style()"
    late = "import sys\n'matplotlib.figure' in sys.modules"
    shown = run(
        setup, late, "plt.plot([1, 2])\nplt.show()\nprint('after')", "plt.plot([2, 1]);", "1"
    )
    kinds = [form for form, _ in shown if form != "cell"]
    assert kinds == ["text", "svg", "stdout", "stdout", "svg", "text"]
    assert shown[1] == ["text", "False"]  # styled, and yet not imported
    assert "var(--nn-" in shown[3][1]


def test_a_check_shows_its_verdict_once_and_two_in_a_cell_both() -> None:
    wrong = "def dense_forward(x, W, b):\n    return x @ W - b\n"
    setup = "from course_nn.exercises import check\n" + wrong
    shown = run(
        setup + "check.dense_forward(dense_forward)", "check.dense_forward(dense_forward)\n" * 2
    )
    pages = [text for form, text in shown if form == "html"]
    assert len(pages) == 3
    assert all("Task 2.1" in page and "your y" in page for page in pages)


def test_what_a_cell_hands_to_the_text_of_the_page_is_not_shown() -> None:
    assert run("from course_nn import page\npage.glue('a', 3)") == [WELL]


def test_a_cell_may_await() -> None:
    assert run("import asyncio\nawait asyncio.sleep(0)\n5") == [["text", "5"], WELL]


def test_a_cell_warns_each_time_that_it_runs_and_says_where() -> None:
    shown = run(*["import warnings\nwarnings.warn('look out')"] * 2)
    told = "".join(text for form, text in shown if form == "stderr")
    assert told.count("UserWarning: look out") == 2
    assert "<cell 2>:2" in told


def test_a_picture_is_shown_as_one() -> None:
    shown = run("class P:\n    def _repr_png_(self):\n        return b'png'\n\nP()")
    assert shown[0] == ["html", '<img alt="" src="data:image/png;base64,cG5n">']


def test_the_last_values_have_the_names_that_a_notebook_has_for_them() -> None:
    shown = run(
        "1", "2", "3", "[_, __, ___]", "Out[2]", "Out", "del In, Out, _, __", "4", "5", "_, __"
    )
    assert shown[6] == ["text", "[3, 2, 1]"]
    assert shown[8] == ["text", "2"]
    assert shown[10][1].startswith("{1: 1, 2: 2")
    assert shown[-2] == ["text", "(5, 4)"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$a_1 * b_1$ and $c_1 * d < e$", r"<p>\(a_1 * b_1\) and \(c_1 * d &lt; e\)</p>"),
        ("$$\na \\\\ b\n$$", "<p>\\[\na \\\\ b\n\\]</p>"),
        ("it costs $3, not $5", "<p>it costs $3, not $5</p>"),
        ("`$x$` is $x$", r"<p><code>$x$</code> is \(x\)</p>"),
        ("| $a$ |\n|---|\n| 1 |", r"<th>\(a\)</th>"),
    ],
)
def test_formulas_in_a_text_are_left_to_the_page(text: str, shown: str) -> None:
    code = f"from IPython.display import Markdown\nMarkdown({text!r})"
    assert shown in run(code)[0][1]
