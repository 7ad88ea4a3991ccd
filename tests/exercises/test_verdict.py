"""A verdict reads well in a terminal, and draws itself in a notebook."""

import sys

import numpy as np
import pytest

from course_nn.exercises.check import check_task
from course_nn.exercises.compare import Comparison
from course_nn.exercises.task import Task
from course_nn.exercises.verdict import Verdict, shown


def wrong(a, b, r):
    return a - r * b, a * b


def test_a_passed_verdict_is_true_and_short(mixing: Task) -> None:
    verdict = Verdict(mixing)
    assert verdict
    assert verdict.passed
    assert str(verdict) == "✔ Task 9.1, mix: public checks passed; hidden checks remain"


def test_each_output_then_the_smallest_example_then_the_name(mixing: Task) -> None:
    verdict = check_task(mixing, wrong)
    assert not verdict
    lines = str(verdict).splitlines()
    assert lines[0].startswith("✘ Task 9.1, mix: s ✘ p ✔: s[")
    assert lines[1:] == [
        "  The smallest example that is wrong:",
        "    a = [[1]]",
        "    b = [[2]]",
        "    r = 0.5",
        "    your s = [[0]]",
        "    right s = [[2]]",
        "  What it looks like: in s, r * b is subtracted, not added.",
    ]
    assert not any("What it looks like" in line for line in verdict.lines(named=False))


def test_the_inputs_can_be_had_and_tried_again(mixing: Task) -> None:
    verdict = check_task(mixing, wrong)
    assert verdict.inputs["b"].tolist() == [[2.0]]
    s, _ = verdict.replay(wrong)
    assert s.tolist() == [[0.0]]


@pytest.mark.parametrize("fault", ["stub", "call", "structure", "purity", "property"])
def test_what_is_wrong_as_a_whole(mixing: Task, fault: str) -> None:
    verdict = Verdict(mixing, Comparison({}, fault, "it did this."))
    assert verdict.kind == fault
    assert str(verdict).startswith(f"{'○' if fault == 'stub' else '✘'} Task 9.1, mix: it did this.")
    assert "The smallest" not in str(verdict)


def test_in_a_notebook_it_draws_where_the_error_lies(mixing: Task) -> None:
    html = check_task(mixing, wrong)._repr_html_()
    assert 'alt="heat map of the error of s" src="data:image/png;base64,iVBORw0KGgo' in html
    assert "subtracted" not in html  # the name of the mistake only on request
    assert "check.hint(&quot;9.1&quot;)" in html


def test_without_matplotlib_the_text_remains(mixing: Task, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    html = check_task(mixing, wrong)._repr_html_()
    assert "your s = [[0]]" in html
    assert "<img" not in html


def test_the_students_text_cannot_be_html(mixing: Task) -> None:
    html = Verdict(mixing, Comparison({}, "call", "<script>alert(1)</script>"))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"), (3, "3"), (np.array([1.0, -2.5]), "[1, -2.5]"), (np.array(2.0), "2"),
        (np.array([-0.0, 0.0]), "[0, 0]"), (-0.0, "0"),
        (np.array([True]), "[ True]"), (np.array([1 / 3]), "[0.3333]"), (None, "None"),
    ],
)  # fmt: skip
def test_values_are_shown_in_few_characters(value, text) -> None:
    assert shown(value) == text


def test_a_large_array_is_cut() -> None:
    assert len(shown(np.random.default_rng(0).normal(size=(50, 50)))) < 500


def test_beside_a_wrong_dtype_no_case_is_said(mixing: Task) -> None:
    verdict = check_task(mixing, lambda a, b, r: (a.astype(float) + r * b, a * b))
    assert verdict.case == "float32"
    assert "It was seen with this case" not in str(verdict)


def test_what_is_wrong_in_the_same_words_is_said_once(mixing: Task) -> None:
    said = str(check_task(mixing, lambda a, b, r: (1.0, 1.0)))
    assert "s ✘ p ✘: s and p have shape (); expected (4, 3) = (N, D)." in said
    said = str(check_task(mixing, lambda a, b, r: (a + r * b + 1, a * b + 1)))
    assert "s[" in said.splitlines()[0]
    assert "; p[" in said.splitlines()[0]


@pytest.mark.parametrize("given", [lambda a, b, r: None, lambda a, b, r: (a, b, r)])
def test_where_the_form_is_wrong_no_numbers_are_shown(mixing: Task, given) -> None:
    verdict = check_task(mixing, given)
    assert verdict.kind == "structure"
    assert "The smallest example" not in str(verdict)
