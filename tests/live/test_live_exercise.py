"""What an exercise's page asks of Python: how tasks stand, and hints one after the other."""

import json

from .test_kernel import WELL, run

WRONG = "def relu(x):\n    return -x\n"
CHECK = "from course_nn.exercises import check\ncheck.relu(relu)"
ASK = '__import__("live_exercise").'


def test_a_report_says_how_each_task_stands() -> None:
    shown = run(WRONG + CHECK, f'{ASK}report("ex03_activations")')
    (told,) = [json.loads(text) for form, text in shown if form == "states"]
    assert (told["relu"], told["softplus"]) == ("wrong", "open")


def test_a_hint_is_the_one_that_is_asked_for_on_a_line_of_its_own() -> None:
    asked = [f'{ASK}hint("relu", {level})' for level in (0, 1, 0, 9)]
    shown = run(WRONG + CHECK, *asked)
    first, second, again, last = (t for form, t in shown if form == "stdout" and t.strip())
    assert first == again
    assert first.startswith("Step 1 of")
    assert second.startswith("Step 2 of")
    assert last.startswith("That was all")


def test_what_draws_is_loaded_without_a_word() -> None:
    assert run(f"{ASK}ready()") == [WELL]
    seen = run("", f"{ASK}ready()", "import sys\nprint('matplotlib.backends' in sys.modules)")
    assert [text.strip() for form, text in seen if form == "stdout" and text.strip()] == ["True"]
