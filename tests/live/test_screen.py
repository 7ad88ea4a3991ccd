"""What a cell shows: what is too much for a page is cut, and the page is told."""

import pytest

from tests.live.cells import WELL, run


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
