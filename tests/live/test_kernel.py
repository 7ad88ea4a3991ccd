"""What runs a page's cells: names stay, outputs show, an error is told from the cell's own line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "book" / "_ext" / "live_pages" / "python"
# The kernel takes IPython's place in its process, so that it gets one of its own.
HARNESS = """
import asyncio, json, sys
sys.path.insert(0, sys.argv[1])
import live_kernel
shown = []
kernel = live_kernel.Kernel(lambda form, text: shown.append([form, text]))
for number, cell in enumerate(json.loads(sys.argv[2]), 1):
    shown.append(["cell", str(asyncio.run(kernel.run(cell, f"<cell {number}>")))])
print(json.dumps(shown))
"""


def run(*cells: str) -> list[list[str]]:
    """What the cells show, in pairs of form and text; ["cell", "True"] ends one that ran."""
    command = [sys.executable, "-c", HARNESS, str(PYTHON), json.dumps(cells)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


WELL, ILL = ["cell", "True"], ["cell", "False"]


def test_names_stay_and_the_last_line_is_shown_unless_a_semicolon_ends_it() -> None:
    assert run("a = 2", "a + 1", "a + 1;", "_ + 1") == [
        WELL, ["text", "3"], WELL, WELL, ["text", "4"], WELL,
    ]  # fmt: skip


def test_what_is_printed_is_shown_as_it_comes_on_both_streams() -> None:
    shown = run("import sys\nprint('one')\nprint('two', file=sys.stderr)")
    assert "".join(text for form, text in shown if form == "stdout") == "one\n"
    assert "".join(text for form, text in shown if form == "stderr") == "two\n"


def test_an_error_is_told_from_the_cell_on_and_the_next_cell_runs() -> None:
    shown = run("def f(x):\n    return 1 / x", "f(0)", "'on'")
    (error,) = [text for form, text in shown if form == "error"]
    assert "ZeroDivisionError: division by zero" in error
    assert '"<cell 2>", line 1' in error
    assert '"<cell 1>", line 2' in error
    assert "return 1 / x" in error
    assert "live_kernel" not in error
    assert [pair for pair in shown if pair[0] == "cell"] == [WELL, ILL, WELL]


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


@pytest.mark.parametrize("part", ["figure", "backends.backend_svg"])  # it came along, or did not
def test_a_part_of_matplotlib_may_be_asked_for_first(part: str) -> None:
    first = f"import sys\nimport matplotlib.pyplot as plt\nimport matplotlib.{part} as part"
    one = "isinstance(plt.figure(), sys.modules['matplotlib.figure'].Figure)"
    shown = run(first, f"part is sys.modules['matplotlib.{part}'] and {one}")
    assert shown[1] == ["text", "True"]


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


def test_nothing_is_shown_of_what_is_captured() -> None:
    code = (
        "from IPython.utils.capture import capture_output\nwith capture_output():\n    print(1)\n2"
    )
    assert run(code) == [["text", "2"], WELL]


def test_a_cell_may_await() -> None:
    assert run("import asyncio\nawait asyncio.sleep(0)\n5") == [["text", "5"], WELL]


def test_a_place_that_is_named_is_shown_anew_in_its_place() -> None:
    code = "shown = display(1, display_id=True)\nshown.update(2)\ndisplay(3, display_id='x')"
    later = "from IPython.display import update_display\nupdate_display(4, display_id='x')"
    assert run(code + "\nNone", later) == [
        ["place", "nn-1"], ["text", "1"], ["renew", "nn-1"], ["text", "2"],
        ["place", "x"], ["text", "3"], WELL, ["renew", "x"], ["text", "4"], WELL,
    ]  # fmt: skip


def test_what_is_shown_is_cleared_at_once_or_with_what_comes_next() -> None:
    code = "from IPython.display import clear_output\nprint(1)\nclear_output()\nclear_output(True)"
    orders = [pair for pair in run(code) if pair[0] == "clear"]
    assert orders == [["clear", ""], ["clear", "wait"]]


def test_a_bar_that_is_written_over_ends_as_it_ended() -> None:
    loop = "for _ in tqdm(range(2000), mininterval=0):\n    pass\n"
    shown = run(f"from tqdm.auto import tqdm\n{loop}print('on')")
    bar = [text for form, text in shown if form == "stderr"]
    assert 2 <= len(bar) < 200  # not a message for each of two thousand steps
    assert "2000/2000" in "".join(bar)
    assert shown[-2][1] == "\n"
    assert "".join(text for form, text in shown if form == "stdout") == "on\n"


def test_a_line_that_is_printed_over_and_over_is_shown_now_and_then_and_as_it_ended() -> None:
    shown = run("for k in range(20_000):\n    print('\\r', k, end='')\nprint()\nprint('on')")
    texts = [text for form, text in shown if form == "stdout"]
    assert len(texts) < 1000
    assert not [text for form, text in shown if form == "note"]
    assert "".join(texts).endswith("19999\non\n")


def test_a_cell_warns_each_time_that_it_runs_and_says_where() -> None:
    shown = run(*["import warnings\nwarnings.warn('look out')"] * 2)
    told = "".join(text for form, text in shown if form == "stderr")
    assert told.count("UserWarning: look out") == 2
    assert "<cell 2>:2" in told


def test_a_question_to_the_reader_is_answered_in_one_sentence() -> None:
    ((form, told), _) = run("name = input('Who? ')")
    assert form == "error"
    assert told.splitlines()[-1].startswith("RuntimeError: input() waits for somebody who types")


@pytest.mark.parametrize("code", ["%timeit 1", "a = 1\n!pip install x"])
def test_a_command_to_ipython_is_named(code: str) -> None:
    ((_, told), _) = run(code)
    assert "is written for IPython" in told
    assert code.splitlines()[-1] in told


def test_a_very_long_output_is_cut_and_the_cell_says_how_much_is_missing() -> None:
    shown = run("for k in range(100_000):\n    print(k)", "'a' * 50_000_000", "print('on')")
    assert sum(len(text) for _, text in shown) < 1_000_000
    notes = [text for form, text in shown if form == "note"]
    assert "98,000 more lines" in notes[0]
    assert "1 more line " in notes[1]
    assert shown[-3:] == [["stdout", "on"], ["stdout", "\n"], WELL]


def test_a_very_large_table_is_not_shown() -> None:
    code = "from IPython.display import HTML\nHTML('x' * 50_000_000)"
    assert run(code)[0] == ["text", "An output of 50 MB is not shown."]


def test_a_picture_is_shown_as_one() -> None:
    shown = run("class P:\n    def _repr_png_(self):\n        return b'png'\n\nP()")
    assert shown[0] == ["html", '<img alt="" src="data:image/png;base64,cG5n">']


CLEAR = "from IPython.display import HTML, clear_output\n"


def test_a_flood_of_pieces_is_cut_and_the_page_told_once_and_at_once() -> None:
    shown = run(f"{CLEAR}for k in range(5000):\n    display(HTML('<b>x</b>'))\nprint('on')")
    kinds = [form for form, _ in shown]
    assert kinds.count("html") == 1000
    assert kinds.count("note") == 1
    assert kinds.index("note") < kinds.index("stdout")


def test_tables_are_cut_where_they_are_too_large_together() -> None:
    shown = run(f"{CLEAR}for k in range(20):\n    display(HTML('x' * 5_000_000))")
    assert [form for form, _ in shown if form != "cell"] == ["html"] * 4 + ["note"]


@pytest.mark.parametrize("wait", [True, False])
def test_of_states_that_clear_each_other_few_are_posted_and_the_last_one(wait: bool) -> None:
    loop = f"for k in range(20_000):\n    clear_output(wait={wait})\n    print('step', k)"
    shown = run(CLEAR + loop)
    assert len(shown) < 2000
    last = max(k for k, pair in enumerate(shown) if pair[0] == "clear")
    assert "".join(text for _, text in shown[last + 1 : -1]) == "step 19999\n"
    shown = run(f"{CLEAR}for k in range(20_000):\n    print('step', k)\n    clear_output(True)")
    assert len(shown) < 2000
    assert shown[-2] == ["clear", "wait"]
    assert "".join(text for _, text in shown[-4:-2]).endswith("step 19999\n")


def test_of_a_place_that_is_filled_over_and_over_the_last_state_is_shown() -> None:
    loop = "shown = display(0, display_id=True)\nfor k in range(20_000):\n    shown.update(k)"
    shown = run(loop + "\nprint('on')")
    assert len(shown) < 2000
    renewed = shown[max(k for k, (form, _) in enumerate(shown) if form == "renew") + 1]
    assert renewed == ["text", "19999"]
    assert "".join(text for form, text in shown if form == "stdout") == "on\n"


def test_what_is_cleared_takes_no_place_of_another_cell_with_it() -> None:
    flood = "for k in range(500):\n    display(HTML('x'))\n"
    update = "update_display(2, display_id='a')\nclear_output()\nprint('on')"
    setup = "from IPython.display import update_display\ndisplay(1, display_id='a')\nNone"
    shown = run(setup, CLEAR + flood + update)
    at = shown.index(["renew", "a"])
    assert shown[at + 1] == ["text", "2"]
    assert [form for form, _ in shown[at + 2 :]] == ["clear", "stdout", "cell"]


def test_a_few_lines_are_posted_before_what_takes_long() -> None:
    seen = "kernel = get_ipython().kernel\nlen(kernel.screen.flow.waiting)"
    lines = "for k in range(300):\n    print(k)\n"
    shown = run(f"from IPython import get_ipython\n{lines}{seen}")
    assert shown[-2] == ["text", "0"]
